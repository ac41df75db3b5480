"""Plain tables of text: CSV and its relatives, TSV, the first sheet of a workbook.

Every cell stays text, stripped, so that ids keep their zeros.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlasdb.errors import InvalidDataError, NotFoundError

_LARGEST_BYTES = 256 * 1024 * 1024
_MOST_COLUMNS = 10_000


@dataclass(frozen=True)
class Sheet:
    """Columns of text by name, all of one length."""

    name: str
    columns: dict[str, list[str]]

    @property
    def n_rows(self) -> int:
        """Number of rows under the header."""
        return len(next(iter(self.columns.values()), []))

    def named(self, name: str) -> str | None:
        """Give the column of a name, whatever its capitals, if there is just one."""
        if name in self.columns:
            return name
        same = [c for c in self.columns if c.lower() == name.lower()]
        return same[0] if len(same) == 1 else None


def read_sheet(path: Path) -> Sheet:
    """Read a table with one line of column names.

    Parameters
    ----------
    path : Path
        ``.tsv``, ``.csv``, ``.txt`` (tab, comma or semicolon, whichever the header
        has) or ``.xlsx``; UTF-8 with or without a byte-order mark, or Latin-1.

    Returns
    -------
    Sheet
        Stripped text; empty rows are left out.

    Raises
    ------
    NotFoundError
        If there is no such file.
    InvalidDataError
        If it is not a table: no header, a name twice, a row that is too long.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not there"
        raise NotFoundError(f"The table {path} {what}. Give a CSV, TSV or xlsx file.")
    try:
        size = path.stat().st_size
        if size > _LARGEST_BYTES:
            raise InvalidDataError(
                f"{path.name} has {size / 1e6:.0f} MB; a table of at most "
                f"{_LARGEST_BYTES / 1e6:.0f} MB can be read."
            )
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            rows = _workbook(path)
        else:
            rows = _text(path)
    except (OSError, UnicodeError, csv.Error, MemoryError) as error:
        raise InvalidDataError(
            f"{path.name} cannot be read as a table ({type(error).__name__}). Give a "
            "CSV, TSV or xlsx file with a line of column names."
        ) from error
    return _columns(path.name, rows)


def _text(path: Path) -> list[list[str]]:
    content = path.read_bytes()
    if b"\0" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidDataError(
            f"{path.name} is not a text table. Give a CSV, TSV or xlsx file."
        )
    text = _decoded(content)
    head = text.lstrip("\r\n").partition("\n")[0]
    separator = "\t" if path.suffix.lower() == ".tsv" else None
    if separator is None or separator not in head:
        separator = max("\t,;", key=head.count)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _workbook(path: Path) -> list[list[str]]:
    import warnings

    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles, which are not read
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            sheet = book.worksheets[0]
            rows = [
                [_cell(value) for value in row]
                for row in sheet.iter_rows(values_only=True)
            ]
            book.close()
    except Exception as error:  # openpyxl lets zip, XML and key errors through
        raise InvalidDataError(
            f"{path.name} cannot be read as an Excel workbook "
            f"({type(error).__name__}). Save it as CSV."
        ) from error
    return rows


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _columns(name: str, rows: list[list[str]]) -> Sheet:
    lines = [[cell.strip() for cell in row] for row in rows]
    lines = [line for line in lines if any(line)]
    if not lines:
        raise InvalidDataError(f"{name} is empty. It needs a line of column names.")
    header, *body = lines
    header = [" ".join(column.split()) for column in header]
    while header and not header[-1]:
        header.pop()
    if len(header) > _MOST_COLUMNS:
        raise InvalidDataError(f"{name} has {len(header)} columns: not such a table.")
    twice = [column for column, n in Counter(header).items() if column and n > 1]
    if twice:
        raise InvalidDataError(
            f"{name} has the column '{twice[0]}' twice. Rename one of them."
        )
    for number, line in enumerate(body, start=2):
        if any(line[len(header) :]):
            raise InvalidDataError(
                f"{name}: row {number} has {len(line)} cells, the header "
                f"{len(header)}. Quote cells that hold the separator."
            )
    return Sheet(
        name,
        {
            column: [line[at] if at < len(line) else "" for line in body]
            for at, column in enumerate(header)
            if column  # an index without a name, as pandas writes it, says nothing
        },
    )
