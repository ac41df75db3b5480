"""How a text table is written: what separates its cells, and what names its columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

MISSING = ("", "n/a", "na", "nan", "-nan", "null", "none", "#n/a")


@dataclass(frozen=True)
class Names:
    """Names of columns, and whether they stand in a comment above the rows."""

    cells: list[str]
    from_comment: bool


def separator_of(lines: Sequence[str], kind: str) -> str:
    """Find the sign between cells: the one that all rows have; "" is white space."""
    wanted = "\t" if kind == ".tsv" else "," if kind == ".csv" else ""
    some = lines[:20]
    for sign in ("\t", ";", ","):  # one that stands equally often in every row
        counts = {len(cells(line, sign)) for line in some}
        if len(counts) == 1 and max(counts) > 1 and (sign != "," or kind != ".tsv"):
            return sign
    if wanted and any(len(cells(line, wanted)) > 1 for line in some):
        return wanted
    return wanted if _one_word(some) else ""


def _one_word(lines: Sequence[str]) -> bool:
    """Tell whether rows are names with blanks rather than cells between blanks."""
    return any(not _is_number(cell) for cell in lines[-1].split())


def cells(line: str, separator: str) -> list[str]:
    """Split a line at a separator; "" is any white space."""
    if not separator:
        return line.split()
    if '"' in line:
        return [c.strip() for c in next(csv.reader([line], delimiter=separator))]
    return [c.strip() for c in line.split(separator)]


def names_of(
    rows: list[list[str]],
    comments: list[str],
    separator: str,
    header: bool | None,
) -> Names | None:
    """Find the names of the columns: the first row, or a comment of equal width."""
    if header is False:
        return None
    if header or _is_header(rows):
        return Names(rows[0], from_comment=False)
    for comment in reversed(comments):
        found = cells(comment, separator)
        if len(found) == len(rows[0]) > 1 and not any(map(_is_number, found)):
            return Names(found, from_comment=True)
    return None


def _is_header(rows: list[list[str]]) -> bool:
    """Tell a row of names from a row of data by the rows below it."""
    first, below = rows[0], rows[1:]
    if not below:
        return not any(map(_is_number, first)) and not all(map(_is_missing, first))
    numbered = first[1:] if first[0] == "" else first
    for start in (0, 1):
        counted = [str(i) for i in range(start, start + len(numbered))]
        if len(numbered) > 1 and numbered == counted:
            whole = all(_is_whole(cell) for row in below for cell in row)
            return first[0] == "" or not whole  # whole numbers may be data
    texts = True
    for k in range(min(len(first), *(len(r) for r in below))):
        column = [row[k] for row in below if not _is_missing(row[k])]
        if column and all(map(_is_number, column)):
            texts = False
            if not _is_number(first[k]) and not _is_missing(first[k]):
                return True
    return texts and len(first) > 1


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return cell.lower() not in MISSING


def _is_whole(cell: str) -> bool:
    return cell.lstrip("+-").isdigit()


def _is_missing(cell: str) -> bool:
    return cell.lower() in MISSING


def decimal_commas(lines: Sequence[str]) -> bool:
    """Tell whether numbers are written with a comma, as in 1,5."""
    some = "\n".join(lines[:50])
    return re.search(r"\d,\d", some) is not None and not re.search(r"\d\.\d", some)
