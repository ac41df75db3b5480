"""Atlases that are coordinates: a table of them, or one that nilearn brings along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray, Parcellation
from atlasdb_ingest import labels as names
from atlasdb_ingest.areas import (
    VolumeAtlas,
    area_of,
    check_number,
    digest_of,
    flipped,
    is_template,
    slug,
    stem,
)
from atlasdb_ingest.readers.volume import entities

BUILT_IN = ("power-2011", "dosenbach-2010", "seitzman-2018")
"""Coordinates in MNI space that nilearn brings along."""


def from_table(path: Path, name: str | None, radius: float) -> VolumeAtlas:
    """Read a table of coordinates.

    Parameters
    ----------
    path : Path
        CSV or TSV with columns ``x, y, z`` (mm) and optionally ``name, network``.
    name : str or None
        Of the parcellation; by default that of the file.
    radius : float
        Of the spheres, mm.

    Raises
    ------
    InvalidDataError
        If columns are missing or coordinates are not numbers.
    """
    from atlasdb_ingest.readers.table import read_table

    frame = read_table(path)
    columns = {str(c).strip().lower().removesuffix("_mm"): c for c in frame.columns}
    if not {"x", "y", "z"} <= columns.keys():
        raise InvalidDataError(
            f"{path.name} has no columns x, y, z with coordinates in mm; it has: "
            f"{', '.join(str(c) for c in frame.columns[:12])}."
        )
    try:
        xyz = frame[[columns[k] for k in "xyz"]].to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(f"{path.name}: coordinates must be numbers.") from error
    rows = names.from_frame(frame, [str(i + 1) for i in range(len(frame))])
    own = entities(path.name)
    space = own.get("space") or own.get("tpl")
    return _spheres(name or stem(path), xyz, rows, radius, space)


def from_built_in(built_in: str, name: str | None, radius: float) -> VolumeAtlas:
    """Take coordinates in MNI space that nilearn brings along, by name."""
    from nilearn import datasets

    fetch = getattr(datasets, "fetch_coords_" + built_in.replace("-", "_"))
    bunch = fetch()
    rois = bunch["rois"]
    xyz = np.column_stack([rois[k] for k in rois.columns if str(k).lower() in "xyz"])
    n = len(xyz)
    networks: list[str | None] = [str(x) for x in bunch.get("networks", [])]
    given = bunch.get("labels", bunch.get("regions"))
    codes = [str(i + 1) for i in range(n)]
    text = [str(x) for x in given] if given is not None else [f"ROI {c}" for c in codes]
    rows = [
        names.Label(label, None, network)
        for label, network in zip(
            names.unique(text, codes), networks or [None] * n, strict=True
        )
    ]
    made = _spheres(name or built_in, xyz, rows, radius, None)
    return replace(made, template=True)


def _spheres(
    name: str,
    xyz: FloatArray,
    rows: Sequence[names.Label],
    radius: float,
    space: str | None,
) -> VolumeAtlas:
    """Make areas of centres; on one grid, a voxel is of the nearest centre."""
    if not np.isfinite(xyz).all() or np.abs(xyz).max() > 1000:
        raise InvalidDataError(f"Coordinates of '{name}' must be finite numbers of mm.")
    if not 0 < radius <= 50:
        raise InvalidDataError(f"--radius {radius:g} mm: it must be above 0, up to 50.")
    check_number(len(xyz), Path(name))
    areas = tuple(
        area_of(str(i + 1), row, centre, None, 0.5 if abs(centre[0]) <= 2 else side)
        for i, (row, centre) in enumerate(zip(rows, xyz, strict=True))
        for side in [float(centre[0] < 0)]
    )
    digest = digest_of(
        "spheres", xyz.round(4) + 0.0, *[a.name for a in areas], f"{radius:g}"
    )
    made = Parcellation(
        slug(name), name, "volume", areas, len(areas), digest, space=space
    )
    return VolumeAtlas(
        made,
        "spheres",
        np.asarray(xyz, dtype=np.float64),
        np.eye(4),
        space,
        template=space is None or is_template(space),
        radius=np.full(len(xyz), radius),
        notes=flipped(areas),
    )
