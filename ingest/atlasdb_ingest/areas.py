"""What atlases of every kind have in common: areas in space, names, a hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError
from atlasdb.types import Area, FloatArray, Parcellation
from atlasdb_ingest import labels as names

MAX_AREAS = 5000
NATIVE = ("t1w", "t2w", "func", "bold", "boldref", "orig", "individual", "scanner")
"""Values of ``space-`` that mean one person's own space."""


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


def check_number(n_areas: int, path: Path) -> None:
    """Refuse a parcellation of less than 2 or more than `MAX_AREAS` areas."""
    if not 2 <= n_areas <= MAX_AREAS:
        raise InvalidDataError(
            f"{path.name} has {n_areas} areas; 2 to {MAX_AREAS} are needed."
        )


def area_of(
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


def flipped(areas: Sequence[Area]) -> tuple[str, ...]:
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


def is_template(space: str | None) -> bool:
    """Tell whether a space is named, and is not one person's own."""
    return space is not None and space.lower() not in NATIVE


def stem(path: Path) -> str:
    """Give a file name without the endings of images and tables."""
    return re.sub(r"(\.nii)?(\.gz)?(\.hdr|\.img|\.csv|\.tsv)?$", "", path.name)


def digest_of(*parts: str | NDArray[np.generic]) -> str:
    """Hash text and arrays, in order (SHA-256, hexadecimal)."""
    made = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            made.update(part.encode() + b"\0")
        else:
            made.update(str((part.shape, part.dtype.str)).encode())
            made.update(np.ascontiguousarray(part).data)
    return made.hexdigest()
