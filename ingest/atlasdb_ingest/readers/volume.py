"""Opening NIfTI images: the header is checked before any voxel is read.

Positions are millimetres (RAS), times seconds. What a header declares decides
whether its data are read at all; what is read is checked for values that cannot be.
Free text of the header is never looked at.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb.types import FloatArray
from atlasdb_ingest.readers.limits import check_size

ENDINGS = (".nii", ".nii.gz", ".hdr", ".img")
TEMPLATE_CODES = (3, 4)
"""Codes of sform and qform that mean Talairach and MNI space."""
_SECONDS = {"sec": 1.0, "msec": 1e-3, "usec": 1e-6}


@dataclass(frozen=True, eq=False)
class Volume:
    """An image whose header is sound and whose data are not read yet.

    Attributes
    ----------
    path : Path
        Where it is.
    shape : tuple of int
        Three or four axes.
    affine : ndarray, shape (4, 4)
        Voxel to mm (sform, else qform), RAS.
    template : bool
        Whether the header says that it is in Talairach or MNI space.
    entities : dict of str to str
        BIDS entities of its name, such as ``{"sub": "01", "space": "T1w"}``.
    """

    path: Path
    image: Any
    shape: tuple[int, ...]
    affine: FloatArray
    template: bool
    entities: dict[str, str]


def open_volume(path: Path, *, axes: tuple[int, ...] = (3, 4)) -> Volume:
    """Open a NIfTI image by its header alone.

    Parameters
    ----------
    path : Path
        ``.nii``, ``.nii.gz`` or a ``.hdr``/``.img`` pair.
    axes : tuple of int, default=(3, 4)
        How many axes it may have; axes of length 1 at the end do not count.

    Returns
    -------
    Volume
        Its data are read by `read_data`.

    Raises
    ------
    NotFoundError
        If there is no such file.
    InvalidDataError
        If it is no NIfTI image, cut short, declares more data than it can hold, or
        has another number of axes.
    """
    import nibabel

    if not path.exists():
        raise NotFoundError(f"There is no file {path}.")
    if not path.is_file():
        raise InvalidDataError(f"{path} is not a file.")
    if not path.name.lower().endswith(ENDINGS):
        raise InvalidDataError(f"{path.name} is not a NIfTI image (.nii or .nii.gz).")
    try:
        image: Any = nibabel.load(path)
        header = image.header
        shape = tuple(int(n) for n in image.shape)
    except Exception as error:  # nibabel raises seven kinds
        raise InvalidDataError(
            f"{path.name} is not a NIfTI image that can be read."
        ) from error
    if not isinstance(image, nibabel.nifti1.Nifti1Pair):
        raise InvalidDataError(
            f"{path.name} is a {type(image).__name__}, not a NIfTI volume; give its "
            "series as a table to 'ingest timeseries'."
        )
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) not in axes or min(shape) < 1:
        wanted = " or ".join(f"{n}-D" for n in axes)
        raise InvalidDataError(
            f"{path.name} is a {len(shape)}-D image "
            f"({' x '.join(map(str, shape))}); a {wanted} one is needed."
        )
    _check_bytes(path, image, shape)
    affine = np.asarray(image.affine, dtype=np.float64)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise InvalidDataError(
            f"{path.name}: its header does not say where its voxels are."
        )
    codes = int(header["sform_code"]) or int(header["qform_code"])
    return Volume(
        path, image, shape, affine, codes in TEMPLATE_CODES, entities(path.name)
    )


def _check_bytes(path: Path, image: Any, shape: tuple[int, ...]) -> None:
    """Compare what the header declares with the size of the file."""
    stored = Path(image.file_map["image"].filename).stat().st_size
    n_voxels = math.prod(shape)
    declared = n_voxels * image.header.get_data_dtype().itemsize
    check_size(max(declared, n_voxels * 4), stored, path)
    if not path.name.lower().endswith(".gz"):
        offset = int(image.dataobj.offset)
        if stored < declared + offset:
            raise InvalidDataError(
                f"{path.name} is cut short: its header declares {declared + offset:,} "
                f"bytes and it has {stored:,}."
            )


def read_data(volume: Volume) -> NDArray[np.float32]:
    """Read the values of an image.

    Parameters
    ----------
    volume : Volume
        From `open_volume`.

    Returns
    -------
    ndarray of float32, with the volume's shape
        Scaled as the header says; NaN and infinity stand where they stood.

    Raises
    ------
    InvalidDataError
        If the data are cut, damaged, complex or colours, or if none is finite or all
        are equal.
    """
    path = volume.path
    if volume.image.header.get_data_dtype().kind not in "biuf":
        raise InvalidDataError(f"{path.name} holds no plain numbers.")
    try:
        data = np.asarray(volume.image.dataobj, dtype=np.float32)
    except Exception as error:  # nibabel raises many kinds
        raise InvalidDataError(f"{path.name} is cut short or damaged.") from error
    data = data.reshape(volume.shape)
    finite = np.isfinite(data)
    if not finite.any():
        raise InvalidDataError(f"{path.name} holds no finite value.")
    values = data if finite.all() else data[finite]
    if values.min() == values.max():
        raise InvalidDataError(f"{path.name} holds one value everywhere.")
    return data


def repetition_time(volume: Volume) -> tuple[float | None, str]:
    """Find the repetition time in the header of a 4-D image.

    Parameters
    ----------
    volume : Volume
        From `open_volume`.

    Returns
    -------
    seconds : float or None
        None where the header gives none that can be believed.
    found : str
        What the header says, for a message.
    """
    zooms = volume.image.header.get_zooms()
    value = float(zooms[3]) if len(zooms) > 3 else 0.0
    unit = volume.image.header.get_xyzt_units()[1]
    found = f"{value:g} {unit}" if unit != "unknown" else f"{value:g} without a unit"
    if unit == "unknown" and value == 1:
        return None, found  # what is written where nobody set it
    if unit not in (*_SECONDS, "unknown"):
        return None, found
    seconds = value * _SECONDS.get(unit, 1.0)
    return (seconds if plausible(seconds) else None), found


def plausible(seconds: float) -> bool:
    """Tell whether a repetition time (s) can be one: 0.05 to 30 s.

    Examples
    --------
    >>> plausible(2.0), plausible(2000.0), plausible(0.0)
    (True, False, False)
    """
    return bool(0.05 <= seconds <= 30)


def entities(name: str) -> dict[str, str]:
    """Split a BIDS file name into its entities; the last word is its ``suffix``.

    Examples
    --------
    >>> entities("sub-01_task-rest_space-T1w_bold.nii.gz")
    {'sub': '01', 'task': 'rest', 'space': 'T1w', 'suffix': 'bold'}
    """
    stem = re.sub(r"(\.[a-zA-Z][a-zA-Z0-9]*){1,2}$", "", name)
    parts = [part.partition("-") for part in stem.split("_")]
    found = {key: value for key, dash, value in parts if dash and key and value}
    if found and not parts[-1][1]:
        found["suffix"] = parts[-1][0]
    return found
