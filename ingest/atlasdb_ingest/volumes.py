"""From voxels to series of areas: the same space, the same grid, the mask.

Nothing is resampled unless it is asked for, and an image and an atlas that are not
known to be in one space are refused. Images are (x, y, z, n_volumes), series
(n_areas, n_volumes); positions are mm.
"""

from __future__ import annotations

import itertools
import warnings
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray
from atlasdb_ingest.areas import NATIVE, VolumeAtlas
from atlasdb_ingest.readers.volume import Volume

Grid = tuple[tuple[int, ...], FloatArray]
"""Shape of three axes and affine."""


def check_space(image: Volume, atlas: VolumeAtlas, space: str | None) -> None:
    """Refuse an image and an atlas that are not in one space.

    Parameters
    ----------
    image : Volume
        The recording. Its space is `space`, else the ``space-`` of its name; without
        either it is its person's own, unless its header says Talairach or MNI.
    atlas : VolumeAtlas
        Its space is the ``space-`` or ``tpl-`` of its name; without either, its header
        says whether it is a template's. Coordinates are a template's.
    space : str or None
        What the user says of the image.

    Raises
    ------
    InvalidDataError
        If the names differ, or one is in a template's space and the other is not. An
        atlas on the very grid of the recording is taken to be in its space, unless
        its name says otherwise.
    """
    own = space or image.entities.get("space")
    name = atlas.parcellation.name
    if own and atlas.space and own.lower() != atlas.space.lower():
        raise InvalidDataError(
            f"The recording is in space {own} and the parcellation '{name}' in "
            f"{atlas.space}; give both in one space."
        )
    native = own.lower() in NATIVE if own else not image.template
    by_name = atlas.space is not None or atlas.kind == "spheres"
    same = atlas.kind != "spheres" and same_grid(_grid(image), _atlas_grid(atlas))
    if native and atlas.template and (by_name or not same):
        raise InvalidDataError(
            f"The recording is in its own space{f' ({own})' if own else ''} and the "
            f"parcellation '{name}' in a template's; give a recording that was "
            "normalised to it (if this one was, say so with --image-space NAME)."
        )


def same_grid(a: Grid, b: Grid) -> bool:
    """Tell whether two grids have the same voxels, to a hundredth of one."""
    if a[0] != b[0]:
        return False
    size = np.linalg.norm(a[1][:3, :3], axis=0).min()
    corners = _corners(a[0])
    moved = corners @ (a[1] - b[1]).T
    return bool(np.abs(moved[:, :3]).max() <= 0.01 * size)


def on_grid(image: Volume, atlas: VolumeAtlas, resample: bool) -> VolumeAtlas:
    """Give an atlas on the grid of a recording.

    Parameters
    ----------
    image : Volume
        The recording.
    atlas : VolumeAtlas
        Labels, maps or spheres. Axes in another order or direction are turned, which
        changes no voxel; of spheres, each voxel goes to the nearest centre.
    resample : bool
        Whether to resample to the grid: labels by the nearest, maps linearly.

    Returns
    -------
    VolumeAtlas
        Of kind "labels" (values 1 to n_areas, in the order of the areas) or "maps".

    Raises
    ------
    InvalidDataError
        If they do not overlap, or the grids differ and `resample` is False.
    """
    shape, affine = _grid(image)
    name = atlas.parcellation.name
    if atlas.kind == "spheres":
        return _made(atlas, _paint(atlas, shape, affine), affine)
    if not _overlap(_grid(image), _atlas_grid(atlas)):
        raise InvalidDataError(
            f"The fields of view of the recording and the parcellation '{name}' do "
            "not overlap."
        )
    data, turned = _turn(atlas, affine)
    if not same_grid((shape, affine), (data.shape[:3], turned)):
        if not resample:
            raise InvalidDataError(
                f"The parcellation '{name}' is on another grid "
                f"({_describe(data.shape[:3], turned)}) than the recording "
                f"({_describe(shape, affine)}); give it on the same one, or "
                "--resample."
            )
        data = _resampled(data, turned, shape, affine, atlas.kind)
    if atlas.kind == "labels":
        values = np.array([int(a.code) for a in atlas.parcellation.areas])
        order = np.searchsorted(values, data) + 1
        data = np.where(data > 0, order, 0).astype(np.int32)
    return _made(atlas, data, affine)


def brain(
    data: NDArray[np.float32], given: NDArray[np.bool_] | None
) -> NDArray[np.bool_]:
    """Find the voxels that hold a signal: finite, and not constant over time.

    Parameters
    ----------
    data : ndarray, shape (x, y, z, n_volumes)
        The recording.
    given : ndarray of bool, shape (x, y, z), or None
        A mask of the brain.

    Raises
    ------
    InvalidDataError
        If no voxel is left.
    """
    low, high = data.min(axis=3), data.max(axis=3)  # NaN where any value is NaN
    inside: NDArray[np.bool_] = np.isfinite(low) & np.isfinite(high) & (low < high)
    if given is not None:
        inside &= given
    if not inside.any():
        raise InvalidDataError("No voxel of the recording holds a signal.")
    return inside


def area_series(
    data: NDArray[np.float32], inside: NDArray[np.bool_], atlas: VolumeAtlas
) -> FloatArray:
    """Give the series of each area: the mean of its voxels, or the fit of its map.

    Parameters
    ----------
    data : ndarray, shape (x, y, z, n_volumes)
        The recording.
    inside : ndarray of bool, shape (x, y, z)
        Voxels that count.
    atlas : VolumeAtlas
        From `on_grid`.

    Returns
    -------
    ndarray, shape (n_areas, n_volumes)
        NaN for areas without voxels. Maps are fitted together, by least squares.
    """
    from scipy import sparse

    n_areas = atlas.parcellation.n_areas
    series = np.full((n_areas, data.shape[3]), np.nan)
    if atlas.kind == "labels":
        used = inside & (atlas.data > 0)
        label = atlas.data[used].astype(np.int64) - 1
        n = np.bincount(label, minlength=n_areas)
        share = 1.0 / n[label]
        mean = sparse.csr_array(
            (share, (label, np.arange(len(label)))), shape=(n_areas, len(label))
        )
        series[n > 0] = (mean @ data[used])[n > 0]
        return series
    weights = atlas.data[inside].astype(np.float64)
    seen = weights.max(axis=0) > 0
    if seen.any():
        series[seen] = np.linalg.lstsq(weights[:, seen], data[inside], rcond=None)[0]
    return series


def _made(
    atlas: VolumeAtlas,
    data: NDArray[np.int32] | NDArray[np.float32],
    affine: FloatArray,
) -> VolumeAtlas:
    return VolumeAtlas(
        atlas.parcellation,
        "maps" if atlas.kind == "maps" else "labels",
        data,
        affine,
        atlas.space,
        atlas.template,
        notes=atlas.notes,
    )


def _paint(
    atlas: VolumeAtlas, shape: tuple[int, ...], affine: FloatArray
) -> NDArray[np.int32]:
    """Give each voxel to the nearest centre within the radius.

    A centre whose sphere holds no voxel's middle has the voxel that it lies in.
    """
    from scipy.spatial import KDTree

    grid = np.indices(shape).reshape(3, -1)
    xyz = grid.T @ affine[:3, :3].T + affine[:3, 3]
    radius = np.asarray(atlas.radius)
    distance, nearest = KDTree(atlas.data).query(xyz, distance_upper_bound=radius.max())
    labels = np.where(np.isfinite(distance), nearest + 1, 0).reshape(shape)
    inverse = np.linalg.inv(affine)
    own = np.rint(atlas.data @ inverse[:3, :3].T + inverse[:3, 3]).astype(np.int64)
    for area in np.setdiff1d(np.arange(len(own)), np.unique(labels) - 1):
        if ((own[area] >= 0) & (own[area] < shape)).all():
            labels[tuple(own[area])] = area + 1
    return labels.astype(np.int32)


def _turn(
    atlas: VolumeAtlas, affine: FloatArray
) -> tuple[NDArray[np.int32] | NDArray[np.float32], FloatArray]:
    """Put the axes of an atlas in the order and direction of another affine."""
    orientations: Any = import_module("nibabel.orientations")  # has no types
    turn = orientations.ornt_transform(
        orientations.io_orientation(atlas.affine), orientations.io_orientation(affine)
    )
    data = orientations.apply_orientation(atlas.data, turn)
    step = orientations.inv_ornt_aff(turn, atlas.data.shape[:3])
    return data, atlas.affine @ step


def _resampled(
    data: NDArray[np.int32] | NDArray[np.float32],
    affine: FloatArray,
    shape: tuple[int, ...],
    target: FloatArray,
    kind: str,
) -> NDArray[np.int32] | NDArray[np.float32]:
    from nilearn import image

    nifti1: Any = import_module("nibabel.nifti1")  # has no types

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of dtypes and headers
        made = image.resample_img(
            nifti1.Nifti1Image(data, affine, dtype=data.dtype),
            target_affine=target,
            target_shape=shape,
            interpolation="nearest" if kind == "labels" else "linear",
            force_resample=True,
            copy_header=True,
        )
    values = np.asarray(made.dataobj)
    if kind == "labels":
        return values.astype(np.int32)
    return values.astype(np.float32)


def _grid(image: Volume) -> Grid:
    return image.shape[:3], image.affine


def _atlas_grid(atlas: VolumeAtlas) -> Grid:
    return atlas.data.shape[:3], atlas.affine


def _corners(shape: tuple[int, ...]) -> FloatArray:
    ends = [(-0.5, n - 0.5) for n in shape]
    return np.array([(*corner, 1.0) for corner in itertools.product(*ends)])


def _overlap(a: Grid, b: Grid) -> bool:
    boxes = [(_corners(shape) @ affine.T)[:, :3] for shape, affine in (a, b)]
    low = np.maximum(boxes[0].min(axis=0), boxes[1].min(axis=0))
    high = np.minimum(boxes[0].max(axis=0), boxes[1].max(axis=0))
    return bool((high > low).all())


def _describe(shape: tuple[int, ...], affine: FloatArray) -> str:
    size = np.linalg.norm(affine[:3, :3], axis=0)
    return f"{' x '.join(map(str, shape))} voxels of {size.mean():.3g} mm"
