"""Arrays from MATLAB files: version 5 (and 4) by SciPy, version 7.3 by h5py.

Shapes are MATLAB's: what MATLAB calls 205 x 116 is ``(205, 116)`` here.
"""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb.types import FloatArray
from atlasdb_ingest.readers.limits import as_numbers, check_size, choose
from atlasdb_ingest.readers.matlab_structure import check_matlab5

NOT_NUMBERS = ("cell", "struct", "object", "char", "function", "opaque", "unknown")


def read(path: Path, variable: str | None = None) -> FloatArray:
    """Read one variable of a MATLAB file.

    Parameters
    ----------
    path : Path
        MAT file of version 4, 5 or 7.3.
    variable : str, optional
        Its name, or ``structure.field``; needed if there are several.

    Returns
    -------
    ndarray of float
        In MATLAB's shape; sparse matrices are filled.

    Raises
    ------
    NotFoundError
        If the variable is not there; the line names those that are.
    InvalidDataError
        If the file is damaged, too large, or the variable is not numeric.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(1024)
        if b"\x89HDF\r\n\x1a\n" in start or start.startswith(b"MATLAB 7.3"):
            return _hdf5(path, variable)
        return _classic(path, variable)
    except (InvalidDataError, NotFoundError):
        raise
    except Exception as error:  # scipy raises many kinds
        raise InvalidDataError(
            f"{path.name} is not a MATLAB file that can be read, or it is cut."
        ) from error


def _classic(path: Path, variable: str | None) -> FloatArray:
    from scipy import io

    check_matlab5(path)  # a damaged one can end SciPy's process
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of variables that are not asked for
        found = {n: (shape, kind) for n, shape, kind in io.whosmat(str(path))}
        name, _, field = (variable or "").partition(".")
        if field and found.get(name, ((), ""))[1] == "struct":
            parts = io.loadmat(str(path), variable_names=[name], simplify_cells=True)
            return as_numbers(_field(parts[name], field, path), path)
        numeric = {
            n: _times(s) for n, (s, kind) in found.items() if kind not in NOT_NUMBERS
        }
        others = {n: str(k) for n, (_, k) in found.items() if k in NOT_NUMBERS}
        if variable in others:
            raise InvalidDataError(
                f"{path.name}: variable '{variable}' is a {others[variable]}, not an "
                "array of numbers; name a field as --variable structure.field."
            )
        name = choose(variable, numeric or others, path)
        shape = found[name][0]
        check_size(math.prod(shape) * 8, path.stat().st_size, path)
        value: Any = io.loadmat(str(path), variable_names=[name])[name]
    if hasattr(value, "toarray"):
        value = value.toarray()
    return as_numbers(value, path)


def _field(value: Any, field: str, path: Path) -> Any:
    for part in field.split("."):
        if not isinstance(value, dict) or part not in value:
            there = ", ".join(value) if isinstance(value, dict) else "no fields"
            raise NotFoundError(f"{path.name} has no field '{part}'; it has: {there}.")
        value = value[part]
    return value


def _hdf5(path: Path, variable: str | None) -> FloatArray:
    import h5py

    with h5py.File(path, "r") as file:
        there: dict[str, str] = {}

        def visit(name: str, item: Any) -> None:
            inside = name.startswith("#") or "MATLAB_sparse" in item.parent.attrs
            is_array = isinstance(item, h5py.Dataset) and item.dtype.kind in "biuf"
            text = item.attrs.get("MATLAB_class") in (b"char", "char")
            if "MATLAB_sparse" in item.attrs:
                there[name.replace("/", ".")] = "sparse"
            elif is_array and not inside and not text:
                there[name.replace("/", ".")] = _times(item.shape[::-1])

        file.visititems(visit)
        name = choose(variable, there, path)
        item = file[name.replace(".", "/")]
        if "MATLAB_sparse" in item.attrs:
            return _sparse(item, path)
        check_size(item.size * 8, path.stat().st_size, path)
        if "MATLAB_empty" in item.attrs:
            raise InvalidDataError(f"{path.name}: variable '{name}' is empty.")
        return as_numbers(np.asarray(item).T, path)


def _sparse(item: Any, path: Path) -> FloatArray:
    from scipy import sparse

    columns = np.asarray(item["jc"])
    shape = (int(item.attrs["MATLAB_sparse"]), len(columns) - 1)
    check_size(math.prod(shape) * 8, path.stat().st_size, path)
    if "data" not in item:
        return np.zeros(shape)
    parts = (np.asarray(item["data"]), np.asarray(item["ir"]), columns)
    return as_numbers(sparse.csc_array(parts, shape=shape).toarray(), path)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
