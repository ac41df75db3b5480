"""From voxels to areas: label images, probabilistic atlases, coordinates, names.

Codes of areas are the labels of a 3-D image, and 1 to n for maps, coordinates and
names alone. Positions are millimetres (RAS). Areas are in the order of the labels.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError
from atlasdb.types import Area, FloatArray, Parcellation
from atlasdb_ingest import labels as names
from atlasdb_ingest.readers.volume import entities, open_volume, read_data

BUILT_IN = ("power-2011", "dosenbach-2010", "seitzman-2018")
"""Coordinates in MNI space that nilearn brings along."""
MAX_AREAS = 5000
_NAMING = ("atlas", "seg", "scale", "desc")


@dataclass(frozen=True, eq=False)
class VolumeAtlas:
    """A parcellation with what its areas are in space.

    Attributes
    ----------
    kind : {"labels", "maps", "spheres"}
        What ``data`` holds: labels (x, y, z), weights (x, y, z, n_areas), or
        centres in mm (n_areas, 3) of spheres of ``radius`` mm (n_areas,).
    space : str or None
        Name of its space, where its file name says it.
    template : bool
        Whether it is in a template's space, by name or by header.
    """

    parcellation: Parcellation
    kind: Literal["labels", "maps", "spheres"]
    data: NDArray[np.int32] | NDArray[np.float32] | FloatArray
    affine: FloatArray
    space: str | None = None
    template: bool = False
    radius: FloatArray | None = None
    notes: tuple[str, ...] = ()


def volume_parcellation(
    image: Path | str,
    labels: Path | None = None,
    name: str | None = None,
    radius: float = 5.0,
) -> VolumeAtlas:
    """Make a parcellation of a label image, probability maps or coordinates.

    Parameters
    ----------
    image : Path or str
        A 3-D image of labels (whole numbers, 0 is nothing, gaps are fine), a 4-D
        image with one map an area, a CSV or TSV with columns ``x, y, z`` and
        optionally ``name, network``, or one of `BUILT_IN`.
    labels : Path, optional
        Names of the areas: a table with an index and a name column (BIDS
        ``dseg.tsv`` and the like), or text lines ``index name``, or names alone in
        the order of the labels. A ``dseg.tsv`` beside a BIDS-named image is found.
    name : str, optional
        Name of the parcellation; by default that of the file or its ``atlas-``.
    radius : float, default=5.0
        Of spheres around coordinates, mm.

    Returns
    -------
    VolumeAtlas
        The same object for the same files, as long as the process lives.

    Raises
    ------
    NotFoundError
        If a file is not there.
    InvalidDataError
        If the image holds no labels or maps, or the names do not fit it.
    """
    if str(image).lower() in BUILT_IN:
        return _built_in(str(image).lower(), name, radius)
    path = Path(image)
    found = labels or beside(path)
    stamps = tuple(
        (p.stat().st_mtime_ns, p.stat().st_size) if p is not None and p.exists() else 0
        for p in (path, found)
    )
    return _cached(path, found, name, radius, stamps)


def named_parcellation(
    name: str,
    n_areas: int,
    area_names: Sequence[str] | None = None,
    kind: Literal["volume", "surface", "sensors", "cells"] = "volume",
) -> Parcellation:
    """Make a parcellation of which only the number of areas is known, or their names.

    Parameters
    ----------
    name : str
        Name of the parcellation.
    n_areas : int
        Number of areas; their codes are ``"1"`` to ``str(n_areas)``.
    area_names : sequence of str, optional
        Names in the order of the rows; by default the codes.
    kind : str, default="volume"
        What it divides.

    Returns
    -------
    Parcellation
        Equal for equal names, on every machine.

    Examples
    --------
    >>> p = named_parcellation("AAL2 94", 2, ["Precentral_L", "Precentral_R"])
    >>> p.id, [(a.code, a.hemisphere) for a in p.areas]
    ('aal2-94', [('1', 'L'), ('2', 'R')])
    """
    codes = [str(i) for i in range(1, n_areas + 1)]
    given = names.unique(list(area_names) if area_names else codes, codes)
    areas = tuple(
        Area(code, label, names.hemisphere(label))
        for code, label in zip(codes, given, strict=True)
    )
    digest = _digest("named", *given)
    return Parcellation(slug(name), name, kind, areas, n_areas, digest)


def slug(name: str) -> str:
    """Give the id of a name: lower case, words joined by hyphens.

    Examples
    --------
    >>> slug("AAL2 (94)"), slug("Schaefer2018_7n")
    ('aal2-94', 'schaefer2018_7n')
    """
    made = re.sub(r"[^a-z0-9_.]+", "-", name.lower()).strip("-.")
    if not made:
        raise InvalidDataError(f"'{name}' is no name for a parcellation.")
    return made


def beside(image: Path) -> Path | None:
    """Find the names that BIDS keeps beside an atlas image: its ``dseg.tsv``.

    Parameters
    ----------
    image : Path
        Named by BIDS, such as ``tpl-X_atlas-Y_res-02_dseg.nii.gz``.

    Returns
    -------
    Path or None
        The table whose entities are all those of the image, the most specific one.
    """
    own = entities(image.name)
    if own.get("suffix") not in ("dseg", "probseg") or not image.parent.is_dir():
        return None
    fitting: list[tuple[int, Path]] = []
    for folder in (image.parent, image.parent.parent):
        for table in sorted(folder.glob("*_dseg.tsv")):
            theirs = entities(table.name)
            theirs.pop("suffix", None)
            if theirs and theirs.items() <= own.items():
                fitting.append((len(theirs), table))
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


@lru_cache(maxsize=8)
def _cached(
    path: Path, labels: Path | None, name: str | None, radius: float, stamps: object
) -> VolumeAtlas:
    """Read an atlas once a process; ``stamps`` change with the files."""
    if path.name.lower().endswith((".nii", ".nii.gz", ".hdr", ".img")):
        return _from_image(path, labels, name)
    if path.suffix.lower() in (".csv", ".tsv"):
        return _from_table(path, name, radius)
    raise InvalidDataError(
        f"'{path.name}' is no parcellation: give a NIfTI image, a CSV or TSV with "
        f"columns x, y, z, or one of {', '.join(BUILT_IN)}."
    )


def _from_image(path: Path, labels: Path | None, name: str | None) -> VolumeAtlas:
    volume = open_volume(path)
    data = read_data(volume)
    affine = volume.affine
    if len(volume.shape) == 4:
        maps = np.nan_to_num(data, posinf=0.0, neginf=0.0)
        if maps.min() < 0:
            raise InvalidDataError(f"{path.name}: its maps have negative values.")
        values = np.arange(1, maps.shape[3] + 1)
        _check_number(len(values), path)
        total = maps.reshape(-1, maps.shape[3]).sum(axis=0, dtype=np.float64)
        if not total.all():
            empty = int(np.flatnonzero(total == 0)[0]) + 1
            raise InvalidDataError(f"{path.name}: map {empty} is empty.")
        kind: Literal["labels", "maps"] = "maps"
        content: NDArray[np.int32] | NDArray[np.float32] = maps
        shapes = _map_shapes(maps, affine)
    else:
        whole = _whole(data, path)
        values = np.unique(whole[whole != 0])
        _check_number(len(values), path)
        kind, content = "labels", whole
        shapes = _label_shapes(whole, values, affine)
    codes = [str(v) for v in values]
    table, notes = names.read(labels, [int(v) for v in values], path.name)
    areas = tuple(
        _area(code, row, centre, volume_mm3, left)
        for code, row, (centre, volume_mm3, left) in zip(
            codes, table, shapes, strict=True
        )
    )
    known = {k: v for k, v in volume.entities.items() if k in _NAMING}
    by_name = "-".join(known.values()) if "atlas" in known else _stem(path)
    space = volume.entities.get("space") or volume.entities.get("tpl")
    digest = _digest(kind, content, affine.round(4) + 0.0, *[a.name for a in areas])
    chosen = name or by_name
    made = Parcellation(
        slug(chosen), chosen, "volume", areas, len(areas), digest, space=space
    )
    return VolumeAtlas(
        made,
        kind,
        content,
        affine,
        space,
        volume.template or _is_template(space),
        notes=(*notes, *_flipped(areas)),
    )


def _whole(data: NDArray[np.float32], path: Path) -> NDArray[np.int32]:
    """Give labels as whole numbers; anything else is no label image."""
    finite = np.nan_to_num(data, posinf=0.0, neginf=0.0)
    whole = np.rint(finite)
    if np.abs(whole - finite).max() > 1e-3:
        raise InvalidDataError(
            f"{path.name} is no label image: its values are not whole numbers."
        )
    if whole.min() < 0 or whole.max() >= 2**24:
        raise InvalidDataError(
            f"{path.name}: labels from {whole.min():g} to {whole.max():g} cannot be "
            "used; they must be 0 (nothing) or positive, below 16,777,216."
        )
    return whole.astype(np.int32)


def _check_number(n_areas: int, path: Path) -> None:
    if not 2 <= n_areas <= MAX_AREAS:
        raise InvalidDataError(
            f"{path.name} has {n_areas} areas; 2 to {MAX_AREAS} are needed."
        )


Shape = tuple[FloatArray, float, float]
"""Centroid in mm, volume in mm3, and which part of it lies to the left of x = 0."""


def _label_shapes(
    labels: NDArray[np.int32], values: NDArray[np.int32], affine: FloatArray
) -> list[Shape]:
    where = np.nonzero(labels)
    position = np.searchsorted(values, labels[where])
    xyz = np.column_stack(where) @ affine[:3, :3].T + affine[:3, 3]
    n = np.bincount(position)
    centre = np.stack([np.bincount(position, xyz[:, k]) / n for k in range(3)], axis=1)
    left = np.bincount(position, xyz[:, 0] < 0) / n
    voxel = abs(np.linalg.det(affine[:3, :3]))
    return [
        (c, float(k * voxel), float(f)) for c, k, f in zip(centre, n, left, strict=True)
    ]


def _map_shapes(maps: NDArray[np.float32], affine: FloatArray) -> list[Shape]:
    grid = np.indices(maps.shape[:3]).reshape(3, -1).T
    xyz = grid @ affine[:3, :3].T + affine[:3, 3]
    flat = maps.reshape(-1, maps.shape[3]).astype(np.float64)
    share = flat / flat.sum(axis=0)
    centre = share.T @ xyz
    left = share.T @ (xyz[:, 0] < 0)
    voxel = abs(np.linalg.det(affine[:3, :3]))
    volume = (flat / flat.max(axis=0)).sum(axis=0) * voxel
    return [
        (c, float(v), float(f)) for c, v, f in zip(centre, volume, left, strict=True)
    ]


def _area(
    code: str,
    row: names.Label,
    centre: FloatArray,
    volume_mm3: float | None,
    left: float,
) -> Area:
    """Put together what is known of one area."""
    side = row.hemisphere or names.hemisphere(row.name)
    if side is None:
        side = "L" if left > 0.8 else "R" if left < 0.2 else "M"
    x, y, z = (round(float(v), 3) + 0.0 for v in centre)
    volume_mm3 = None if volume_mm3 is None else round(volume_mm3, 3)
    return Area(
        code, row.name, side, "leaf", row.network, x, y, z, volume_mm3=volume_mm3
    )


def _flipped(areas: Sequence[Area]) -> tuple[str, ...]:
    """Notice an image that has left and right the wrong way round."""
    named = [
        (side, a.x_mm)
        for a in areas
        if (side := names.hemisphere(a.name)) in ("L", "R") and a.x_mm is not None
    ]
    wrong = sum((side == "L") == (x > 0) for side, x in named)
    if len(named) < 4 or wrong < 0.8 * len(named):
        return ()
    return (
        f"{wrong} of {len(named)} areas lie on the other side than their names say: "
        "the atlas image may have left and right the wrong way round.",
    )


def _from_table(path: Path, name: str | None, radius: float) -> VolumeAtlas:
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
    return _spheres(name or _stem(path), xyz, rows, radius, space)


def _built_in(built_in: str, name: str | None, radius: float) -> VolumeAtlas:
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
    _check_number(len(xyz), Path(name))
    areas = tuple(
        _area(str(i + 1), row, centre, None, 0.5 if abs(centre[0]) <= 2 else side)
        for i, (row, centre) in enumerate(zip(rows, xyz, strict=True))
        for side in [float(centre[0] < 0)]
    )
    digest = _digest(
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
        template=space is None or _is_template(space),
        radius=np.full(len(xyz), radius),
        notes=_flipped(areas),
    )


def _is_template(space: str | None) -> bool:
    return space is not None and space.lower() not in NATIVE


NATIVE = ("t1w", "t2w", "func", "bold", "boldref", "orig", "individual", "scanner")
"""Values of ``space-`` that mean one person's own space."""


def _stem(path: Path) -> str:
    return re.sub(r"(\.nii)?(\.gz)?(\.hdr|\.img|\.csv|\.tsv)?$", "", path.name)


def _digest(*parts: str | NDArray[np.generic]) -> str:
    made = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            made.update(part.encode() + b"\0")
        else:
            made.update(str((part.shape, part.dtype.str)).encode())
            made.update(np.ascontiguousarray(part).data)
    return made.hexdigest()
