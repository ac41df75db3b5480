"""Atlases that are images: labels in three axes, or one map an area in four."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

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
from atlasdb_ingest.readers.volume import open_volume, read_data

_NAMING = ("atlas", "seg", "scale", "desc")


def from_image(path: Path, labels: Path | None, name: str | None) -> VolumeAtlas:
    """Read an atlas that is an image.

    Parameters
    ----------
    path : Path
        NIfTI image of labels (3-D) or maps (4-D).
    labels : Path or None
        Names of the areas.
    name : str or None
        Of the parcellation; by default the BIDS entities ``atlas, seg, scale, desc``
        of the file's name, joined, or else that name.

    Raises
    ------
    NotFoundError
        If a file is not there.
    InvalidDataError
        If the values are no labels or maps, or the names do not fit them.
    """
    volume = open_volume(path)
    data = read_data(volume)
    affine = volume.affine
    if len(volume.shape) == 4:
        maps = np.nan_to_num(data, posinf=0.0, neginf=0.0)
        if maps.min() < 0:
            raise InvalidDataError(f"{path.name}: its maps have negative values.")
        values = np.arange(1, maps.shape[3] + 1)
        check_number(len(values), path)
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
        check_number(len(values), path)
        kind, content = "labels", whole
        shapes = _label_shapes(whole, values, affine)
    codes = [str(v) for v in values]
    table, notes = names.read(labels, [int(v) for v in values], path.name)
    areas = tuple(
        area_of(code, row, centre, volume_mm3, left)
        for code, row, (centre, volume_mm3, left) in zip(
            codes, table, shapes, strict=True
        )
    )
    known = {k: v for k, v in volume.entities.items() if k in _NAMING}
    by_name = "-".join(known.values()) if "atlas" in known else stem(path)
    space = volume.entities.get("space") or volume.entities.get("tpl")
    digest = digest_of(kind, content, affine.round(4) + 0.0, *[a.name for a in areas])
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
        volume.template or is_template(space),
        notes=(*notes, *flipped(areas)),
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
