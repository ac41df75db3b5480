"""Numbers and tables from the files that laboratories keep them in.

`read_array` gives numbers, `read_named` numbers with the names beside them, and
`read_table` a table as it is written. CSV, TSV, TXT and 1D (also with ``.gz``),
NPY, NPZ and MAT (version 5 and 7.3). What a file declares is checked before its
data are read, nothing is unpickled, and every failure is one line.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb.types import FloatArray
from atlasdb_ingest.readers.dialect import (
    Names,
    cells,
    decimal_commas,
    names_of,
    separator_of,
)
from atlasdb_ingest.readers.limits import as_numbers, check_size, choose

if TYPE_CHECKING:
    import pandas as pd

TEXT = (".csv", ".tsv", ".txt", ".1d", ".dat")
"""Endings of text tables; each may be followed by ``.gz``."""
MAX_TEXT_BYTES = 1 << 29
MAX_COLUMNS = 100_000


@dataclass(frozen=True, eq=False)
class NamedArray:
    """Numbers, and the names that a text table gives its columns and rows."""

    data: FloatArray
    columns: tuple[str, ...] | None = None
    rows: tuple[str, ...] | None = None


def read_array(path: Path, variable: str | None = None) -> FloatArray:
    """Read the numbers of a file.

    Parameters
    ----------
    path : Path
        CSV, TSV, TXT, 1D, NPY, NPZ or MAT.
    variable : str, optional
        Which array of a MAT or NPZ file; needed if there is more than one.
        ``a.b`` is field ``b`` of structure ``a``.

    Returns
    -------
    ndarray of float
        As it is written (MATLAB's orientation for MAT); blank cells are NaN. Header
        rows and a column of row names are left out.

    Raises
    ------
    NotFoundError
        If the file or the variable is not there; the line names those that are.
    InvalidDataError
        If it is not numeric, damaged, or larger than it may be.
    """
    return read_named(path, variable).data


def read_named(path: Path, variable: str | None = None) -> NamedArray:
    """Read the numbers of a file with the names of its columns and rows.

    Parameters, errors and ``data`` are those of `read_array`. ``columns`` and
    ``rows`` are None where the file has no names.
    """
    kind = _kind(path)
    if kind in TEXT:
        if variable is not None:
            raise InvalidDataError(
                f"{path.name} is one table and has no variable '{variable}'; "
                "leave out --variable."
            )
        return _numeric(read_table(path), path)
    if kind == ".mat":
        from atlasdb_ingest.readers import matlab

        return NamedArray(matlab.read(path, variable))
    return NamedArray(_numpy(path, kind, variable))


def read_table(path: Path, header: bool | None = None) -> pd.DataFrame:
    """Read a text table: CSV, TSV, TXT or 1D, separated by what separates it.

    Parameters
    ----------
    path : Path
        UTF-8, or Latin-1 where it is not.
    header : bool, optional
        Whether the first row names the columns; found out if not given.

    Returns
    -------
    pandas.DataFrame
        Columns named by the header (text), or numbered from 0 (int) without one.
        Blank cells and ``n/a`` are missing.

    Raises
    ------
    NotFoundError
        If the file is not there.
    InvalidDataError
        If it is empty, binary, too large, or its rows differ in length.
    """
    import pandas as pd

    kind = _kind(path)
    if kind not in TEXT:
        raise InvalidDataError(f"{path.name} is not a text table (CSV, TSV, TXT, 1D).")
    comments, lines = _lines(_text(path), path)
    separator = separator_of(lines, kind)
    rows = [cells(line, separator) for line in lines[:50]]
    names = names_of(rows, comments, separator, header)
    if names is not None and not names.from_comment:
        lines = lines[1:]
    if not lines:
        raise InvalidDataError(f"{path.name} has a header and no rows.")
    width = len(cells(lines[0], separator))
    _check_widths(lines, separator, width, path)
    if names is not None and len(names.cells) == width - 1:
        names = Names(["", *names.cells], names.from_comment)  # R's row names
    if names is not None and len(names.cells) != width:
        raise InvalidDataError(
            f"{path.name} has {len(names.cells)} names in its header and {width} "
            "cells in a row."
        )
    decimal = "," if separator == ";" and decimal_commas(lines) else "."
    try:
        frame = pd.read_csv(
            io.StringIO("\n".join(lines)),
            sep=separator or r"\s+",
            header=None,
            decimal=decimal,
            na_values=["n/a", "N/A", "-nan", "none"],
            skip_blank_lines=False,
            skipinitialspace=True,
            low_memory=False,
        )
    except (ValueError, OverflowError, MemoryError, pd.errors.ParserError) as error:
        raise InvalidDataError(f"{path.name} is not a table that can be read.") from (
            error
        )
    if names is not None:
        frame.columns = pd.Index(names.cells)
    return frame


def _kind(path: Path) -> str:
    """Give the ending that says how to read a file, which must be there."""
    if not path.exists():
        raise NotFoundError(f"There is no file {path}.")
    if not path.is_file():
        raise InvalidDataError(f"{path} is not a file.")
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes[-1:] == [".gz"] and suffixes[-2:-1] and suffixes[-2] in TEXT:
        return suffixes[-2]
    kind = suffixes[-1] if suffixes else ""
    if kind not in (*TEXT, ".npy", ".npz", ".mat"):
        raise InvalidDataError(
            f"{path.name}: '{kind}' is not a kind of table that can be read; give "
            "CSV, TSV, TXT, 1D, NPY, NPZ or MAT."
        )
    return kind


def _text(path: Path) -> str:
    try:
        if path.suffix.lower() == ".gz":
            with gzip.open(path) as stream:
                raw = stream.read(MAX_TEXT_BYTES + 1)
        else:
            with path.open("rb") as stream:
                raw = stream.read(MAX_TEXT_BYTES + 1)
    except Exception as error:  # zlib.error is no OSError
        raise InvalidDataError(f"{path.name} is damaged and cannot be read.") from error
    if len(raw) > MAX_TEXT_BYTES:
        raise InvalidDataError(
            f"{path.name} holds more than {MAX_TEXT_BYTES >> 20} MiB of text; give "
            "it as NPY."
        )
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace")
    if b"\0" in raw:
        raise InvalidDataError(f"{path.name} is not text, though its name says so.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _lines(text: str, path: Path) -> tuple[list[str], list[str]]:
    """Split text into the comments above and the rows; blank lines are nothing."""
    comments: list[str] = []
    rows: list[str] = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        bare = line.strip(" ")
        if bare.startswith("#"):
            if not rows:
                comments.append(bare.lstrip("#").strip())
        elif bare.strip() or (rows and bare):  # tabs alone are a row of blanks
            rows.append(line)
    if not rows:
        raise InvalidDataError(f"{path.name} is empty.")
    return comments, rows


def _check_widths(lines: Sequence[str], separator: str, width: int, path: Path) -> None:
    """Refuse rows of unequal length: a cut file would look like missing values."""
    if width > MAX_COLUMNS:
        raise InvalidDataError(
            f"{path.name} has {width} columns; more than {MAX_COLUMNS} is no table of "
            "regions."
        )
    for number, line in enumerate(lines, 1):
        found = len(cells(line, separator))
        if found != width:
            raise InvalidDataError(
                f"{path.name}: row {number} has {found} cells and the first has "
                f"{width}; the file is cut or damaged."
            )


def _numeric(frame: pd.DataFrame, path: Path) -> NamedArray:
    """Turn a table into numbers; a first column of names gives the rows' names."""
    import pandas as pd

    named = not isinstance(frame.columns[0], (int, np.integer))
    rows: tuple[str, ...] | None = None
    numbers = [
        pd.to_numeric(frame.iloc[:, k], errors="coerce") for k in range(frame.shape[1])
    ]
    first = frame.iloc[:, 0]
    is_names = bool((numbers[0].isna() & first.notna()).all()) and len(numbers) > 1
    if is_names or (named and str(frame.columns[0]) in ("", "Unnamed: 0")):
        rows = tuple(str(x) for x in first)
        frame, numbers = frame.iloc[:, 1:], numbers[1:]
    for k, column in enumerate(numbers):
        wrong = column.isna() & frame.iloc[:, k].notna()
        if wrong.any():
            where = f"'{frame.columns[k]}'" if named else f"{k + 1}"
            raise InvalidDataError(
                f"{path.name}: column {where} holds text in row "
                f"{int(np.flatnonzero(wrong)[0]) + 1}; only numbers can be used."
            )
    data = np.column_stack([c.to_numpy(np.float64, na_value=np.nan) for c in numbers])
    columns = tuple(str(c) for c in frame.columns) if named else None
    return NamedArray(data, columns, rows)


def _numpy(path: Path, kind: str, variable: str | None) -> FloatArray:
    """Read NPY or one member of NPZ, never by unpickling."""
    import zipfile

    try:
        if kind == ".npy":
            if variable is not None:
                raise InvalidDataError(
                    f"{path.name} is one array and has no variable '{variable}'; "
                    "leave out --variable."
                )
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
            return as_numbers(mapped, path)
        with zipfile.ZipFile(path) as archive:
            sizes = {i.filename: i.file_size for i in archive.infolist()}
        with np.load(path, allow_pickle=False) as arrays:
            listed = {name: "" for name in arrays.files}
            name = choose(variable, listed, path)
            check_size(sizes.get(f"{name}.npy", 0), path.stat().st_size, path)
            return as_numbers(arrays[name], path)
    except (InvalidDataError, NotFoundError):
        raise
    except Exception as error:  # even the tokenizer's own
        raise InvalidDataError(
            f"{path.name} is damaged, or holds objects instead of numbers."
        ) from error
