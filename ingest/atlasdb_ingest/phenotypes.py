"""What a cell of a phenotype table means: a number, a code, a category, nothing.

No value that is not understood is stored, and none is repeated in a message unless
it is a category.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from atlasdb.errors import InvalidDataError
from atlasdb_ingest.readers.sheet import Sheet

_MISSING = {"", "n/a", "na", "#n/a", "nan", "null", "-9999", "-999", "."}
_UNSAID = {"u", "unknown", "not reported", "prefer not to say"}
_SEX = {
    "M": {"m", "male", "man", "boy", "1"},
    "F": {"f", "female", "woman", "girl", "2"},
    "O": {"o", "other", "x", "intersex", "nonbinary", "non-binary", "nb"},
}
_HAND = {
    "R": {"r", "right", "right-handed"},
    "L": {"l", "left", "left-handed"},
    "A": {"a", "ambi", "ambidextrous", "mixed", "both", "l->r", "r->l"},
}
_OLDEST_STATED = 89
_SERIAL = re.compile(r"\d{4}")
_LONGEST_CATEGORY = 64
_MANY_ROWS = 20
"""So many rows without two alike hold names or notes, not categories."""


def values(sheet: Sheet, column: str, name: str) -> list[str | float | None]:
    """Read the column of a property of `Subject`, row by row.

    Raises
    ------
    InvalidDataError
        If a cell is not what the property needs.
    """
    meant: list[str | float | None] = []
    for row, cell in enumerate(sheet.columns[column]):
        where = f"{sheet.name}: column '{column}', row {row + 2}"
        if is_missing(cell) or (name == "sex" and cell.lower() in _UNSAID):
            meant.append(None)
        elif name == "age_years":
            meant.append(_age(cell, where))
        elif name == "sex":
            meant.append(_code(cell, _SEX, where, "M, F or O"))
        elif name == "handedness":
            meant.append(_code(cell, _HAND, where, "R, L or A"))
        elif name == "scanner" and _SERIAL.search(cell):
            raise InvalidDataError(
                f"{where}: looks like the serial number of a device, which is not "
                "stored. Name scanners by letters or short numbers."
            )
        else:
            meant.append(category(cell, sheet, column))
    if name in ("species", "diagnosis", "site", "scanner"):
        check_repeats(meant, sheet, column)
    return meant


def _age(cell: str, where: str) -> float:
    match = re.fullmatch(r"(\d+(?:[.,]\d+)?)\s*(\+?)", cell)
    if not match:
        raise InvalidDataError(f"{where}: not an age in years, such as 24 or 16.8.")
    age = float(match[1].replace(",", "."))
    if age > 150:
        raise InvalidDataError(
            f"{where}: {age:g} is not an age in years. Leave the cell empty where the "
            "age is not known."
        )
    return 90.0 if age > _OLDEST_STATED or (match[2] and age == 89) else age


def _code(cell: str, codes: Mapping[str, set[str]], where: str, known: str) -> str:
    value = whole_number(cell)
    text = cell.lower() if value is None else str(value)
    for code, spellings in codes.items():
        if text in spellings:
            return code
    raise InvalidDataError(f"{where}: not one of {known}. Recode the column.")


def category(cell: str, sheet: Sheet, column: str) -> str:
    """Give a short category as it is, whole numbers without a point; refuse text."""
    value = whole_number(cell)
    if len(cell) > _LONGEST_CATEGORY or not cell.isprintable():
        raise InvalidDataError(
            f"{sheet.name}: column '{column}' holds a text of {len(cell)} characters. "
            f"Only short categories (at most {_LONGEST_CATEGORY} characters in one "
            "line) are stored, never free text."
        )
    return cell if value is None or "." not in cell else str(value)


def check_repeats(values: Sequence[object], sheet: Sheet, column: str) -> None:
    """Refuse a column of many rows in which no two are alike."""
    there = [v for v in values if v is not None]
    if len(there) >= _MANY_ROWS and len(set(there)) == len(there):
        raise InvalidDataError(
            f"{sheet.name}: column '{column}' says something else in each of "
            f"{len(there)} rows: those are names or notes, not categories."
        )


def is_missing(cell: str) -> bool:
    """Tell whether a cell says nothing: empty, or one of the usual codes."""
    value = whole_number(cell)
    return (cell.lower() if value is None else str(value)) in _MISSING


def whole_number(text: str) -> int | None:
    """Value of a whole number, however it is written."""
    match = re.fullmatch(r"(-?\d{1,18})(?:\.0*)?", text)
    return int(match[1]) if match else None
