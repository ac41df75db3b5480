"""What a file may declare, and which of its arrays is meant: the same for all kinds."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb.types import FloatArray


def choose(variable: str | None, there: dict[str, str], path: Path) -> str:
    """Pick an array of a file by name, or the only one.

    Parameters
    ----------
    variable : str or None
        The name that was asked for.
    there : dict of str to str
        What there is: names and a word on each, such as its shape.
    path : Path
        The file, for the message.

    Raises
    ------
    NotFoundError
        If the name is not there, or none was given and there are several.
    """
    listed = ", ".join(f"{n} ({w})" if w else n for n, w in list(there.items())[:12])
    listed = listed or "none"
    if variable is not None and variable in there:
        return variable
    if variable is not None:
        raise NotFoundError(
            f"{path.name} has no variable '{variable}'; it has: {listed}."
        )
    if len(there) != 1:
        raise NotFoundError(
            f"{path.name} has several variables; choose one with --variable: {listed}."
            if there
            else f"{path.name} has no variable with numbers in it."
        )
    return next(iter(there))


def check_size(declared: int, stored: int, path: Path) -> None:
    """Refuse data that would be far larger in memory than the file is.

    Parameters
    ----------
    declared, stored : int
        Bytes that the data will take, and that the file has.
    path : Path
        The file, for the message.

    Raises
    ------
    InvalidDataError
        If it is above 8 GiB, or above 512 MiB and 200 times the size of the file.
    """
    ratio = declared / max(stored, 1)
    if declared > 8 << 30 or (declared > 1 << 29 and ratio > 200):
        raise InvalidDataError(
            f"{path.name} has {stored:,} bytes and declares {declared:,} bytes of "
            "data; it is refused as damaged or malicious."
        )


def as_numbers(array: Any, path: Path) -> FloatArray:
    """Give an array as floats, refusing what is not real numbers.

    Raises
    ------
    InvalidDataError
        If the array is empty, complex, or not numeric.
    """
    values = np.asarray(array)
    if values.dtype.kind == "c":
        raise InvalidDataError(f"{path.name} holds complex numbers; give real ones.")
    if values.dtype.kind not in "biuf" or values.dtype.fields:
        raise InvalidDataError(f"{path.name} holds no numbers.")
    if math.prod(values.shape) == 0:
        raise InvalidDataError(f"{path.name} holds an empty array.")
    return np.array(values, dtype=np.float64)
