"""What areas are called: from tables of labels, whatever their columns are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from atlasdb.errors import InvalidDataError, NotFoundError

if TYPE_CHECKING:
    import pandas as pd

Side = Literal["L", "R", "M"]
INDEX = ("index", "id", "label_id", "roi_id", "value", "code", "number", "no", "label")
NAME: tuple[str, ...] = (
    "name", "label", "region", "roi", "roi_name", "label_name", "region_name",
    "roi name", "regionname", "area", "structure_name", "abbreviation",
)  # fmt: skip
SIDE = ("hemisphere", "hemi", "side")
NETWORK = ("network", "network_label", "network_name", "system", "community", "net")
_SIDES: Mapping[str, Side] = {
    "l": "L", "left": "L", "lh": "L", "r": "R", "right": "R", "rh": "R",
    "m": "M", "b": "M", "both": "M", "bilateral": "M", "midline": "M", "mid": "M",
}  # fmt: skip


@dataclass(frozen=True)
class Label:
    """The name of an area, and what a table says beside it."""

    name: str
    hemisphere: Side | None = None
    network: str | None = None


def hemisphere(name: str) -> Side | None:
    """Read the hemisphere off a name, where it says one.

    Examples
    --------
    >>> [hemisphere(n) for n in ("Precentral_L", "ctx-rh-cuneus", "Left Amygdala")]
    ['L', 'R', 'L']
    >>> [hemisphere(n) for n in ("Vermis_3", "7Networks_LH_Vis_1", "Lingual")]
    [None, 'L', None]
    """
    words = [w for w in re.split(r"[^A-Za-z0-9]+", name) if w]
    found = {
        _SIDES[w.lower()]
        for i, w in enumerate(words)
        if w in ("L", "R", "LH", "RH", "lh", "rh", "Left", "Right", "left", "right")
        or (w in ("l", "r") and i in (0, len(words) - 1) and len(words) > 1)
    }
    return found.pop() if len(found) == 1 else None


def unique(given: Sequence[str], codes: Sequence[str]) -> list[str]:
    """Make names unique by adding the code to those that stand twice.

    Examples
    --------
    >>> unique(["insula", "insula", "pons"], ["1", "2", "3"])
    ['insula 1', 'insula 2', 'pons']
    """
    times = Counter(given)
    return [
        f"{n} {c}" if times[n] > 1 else n for n, c in zip(given, codes, strict=True)
    ]


def read(
    path: Path | None, values: Sequence[int], image: str
) -> tuple[list[Label], tuple[str, ...]]:
    """Read the names of the labels of an image.

    Parameters
    ----------
    path : Path or None
        Table or text of names; without one, areas are called ``label 7``.
    values : sequence of int
        Labels that the image has, in order.
    image : str
        Name of the image, for messages.

    Returns
    -------
    labels : list of Label
        One for each value.
    notes : tuple of str
        What did not fit.

    Raises
    ------
    NotFoundError
        If the file is not there.
    InvalidDataError
        If it has no names, or none for any label of the image.
    """
    if path is None:
        note = f"No names for the areas of {image} (--labels FILE gives them)."
        return [Label(f"label {v}") for v in values], (note,)
    by_value = by_index(path, values)
    present = [v for v in values if v in by_value]
    if not present:
        raise InvalidDataError(
            f"{path.name} names none of the labels of {image}: it has "
            f"{_some(by_value)}, the image {_some(values)}."
        )
    notes = []
    unused = [label.name for v, label in by_value.items() if v not in set(values)]
    unused = [n for n in unused if n.lower() not in ("background", "unknown", "???")]
    if unused:
        notes.append(
            f"{len(unused)} names of {path.name} have no voxels in the image and are "
            f"left out: {_list(unused)}."
        )
    nameless = [v for v in values if v not in by_value]
    if nameless:
        notes.append(
            f"{len(nameless)} labels of {image} have no name in {path.name}: "
            f"{_list(nameless)}."
        )
    found = [by_value.get(v, Label(f"label {v}")) for v in values]
    return _told_apart(found, [str(v) for v in values]), tuple(notes)


def from_frame(frame: pd.DataFrame, codes: Sequence[str]) -> list[Label]:
    """Read names, hemispheres and networks of a table with one row an area.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns are found by name, whatever their case.
    codes : sequence of str
        Codes of the rows: names where the table has none.
    """
    columns = {str(c).strip().lower(): c for c in reversed(list(frame.columns))}
    name = next((columns[k] for k in NAME if k in columns), None)
    side = next((columns[k] for k in SIDE if k in columns), None)
    network = next((columns[k] for k in NETWORK if k in columns), None)
    rows = []
    for i, code in enumerate(codes):
        text = _cell(frame, i, name) or f"ROI {code}"
        at = (_cell(frame, i, side) or "").lower()
        rows.append(Label(text, _SIDES.get(at), _cell(frame, i, network)))
    return _told_apart(rows, codes)


def _told_apart(rows: Sequence[Label], codes: Sequence[str]) -> list[Label]:
    """Make names unique: by the hemisphere where that is what differs."""
    times = Counter(row.name for row in rows)
    sided = [
        f"{r.name}_{r.hemisphere}" if times[r.name] > 1 and r.hemisphere else r.name
        for r in rows
    ]
    return [
        Label(text, row.hemisphere, row.network)
        for text, row in zip(unique(sided, codes), rows, strict=True)
    ]


def by_index(path: Path, values: Sequence[int]) -> dict[int, Label]:
    """Read names by label, from a table with a header or from plain lines.

    Names without an index are those of ``values``, in order.
    """
    from atlasdb_ingest.readers.table import read_table

    if not path.exists():
        raise NotFoundError(f"There is no file {path}.")
    if path.suffix.lower() in (".csv", ".tsv"):
        frame = read_table(path)
        if str(frame.columns[0]) != "0":
            return _by_header(frame, path)
        lines = [[str(cell) for cell in row] for row in frame.to_numpy().tolist()]
    else:
        lines = _plain(path)
    return _by_place(lines, values, path)


def _by_header(frame: pd.DataFrame, path: Path) -> dict[int, Label]:
    import pandas as pd

    columns = {str(c).strip().lower(): c for c in reversed(list(frame.columns))}
    for key in INDEX:
        if key in columns:
            index = pd.to_numeric(frame[columns[key]], errors="coerce")
            if index.notna().all() and (index % 1 == 0).all():
                rest = frame.drop(columns=columns[key])
                lowered = {str(c).strip().lower() for c in rest.columns}
                if not lowered & set(NAME):
                    continue
                rows = from_frame(rest, [str(int(v)) for v in index])
                return dict(zip((int(v) for v in index), rows, strict=True))
    raise InvalidDataError(
        f"{path.name} needs an index and a name column (such as index and name); it "
        f"has: {', '.join(str(c) for c in frame.columns[:12])}."
    )


def _plain(path: Path) -> list[list[str]]:
    """Split lines of ``index name`` or ``name``; names may hold blanks."""
    try:
        text = path.read_bytes()[: 1 << 24].decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise InvalidDataError(f"{path.name} cannot be read.") from error
    rows = []
    for line in text.splitlines():
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        cells = [c for c in re.split(r"[\t,;]+", bare) if c.strip()]
        if len(cells) == 1:
            cells = bare.split()
            numbered = cells[0].isdigit() and len(cells) > 1
            if numbered and not all(_numeric(c) for c in cells[2:]):
                cells = [cells[0], " ".join(cells[1:])]
            elif not numbered and not cells[-1].isdigit():
                cells = [bare]
        rows.append([c.strip() for c in cells])
    if not rows:
        raise InvalidDataError(f"{path.name} holds no names.")
    return rows


def _by_place(
    rows: Sequence[Sequence[str]], values: Sequence[int], path: Path
) -> dict[int, Label]:
    """Tell index and name apart by what stands in the columns."""
    if _is_heading(rows):
        rows = rows[1:]
    width = min(len(row) for row in rows)
    whole = [k for k in range(width) if all(re.fullmatch(r"\d+", r[k]) for r in rows)]
    text = [k for k in range(width) if not all(_numeric(r[k]) for r in rows)]
    if not text:
        raise InvalidDataError(f"{path.name} holds no names.")
    wanted = set(values)
    if whole and _names_end_in_numbers(rows, whole, text, values):
        rows, whole, text = [[" ".join(row)] for row in rows], [], [0]
    indices: list[int]
    if whole:
        best = max(whole, key=lambda k: len(wanted & {int(r[k]) for r in rows}))
        indices = [int(row[best]) for row in rows]
        name = max(text, key=lambda k: (len({r[k] for r in rows}), _size(rows, k)))
    else:
        name = text[0]
        start = rows[0][name].lower() in ("background", "unknown", "???")
        rows = rows[1:] if start else rows
        if len(rows) != len(values):
            raise InvalidDataError(
                f"{path.name} has {len(rows)} names without an index and the image "
                f"has {len(values)} labels; add an index column."
            )
        indices = list(values)
    return {i: Label(row[name]) for i, row in zip(indices, rows, strict=True)}


def _names_end_in_numbers(
    rows: Sequence[Sequence[str]],
    whole: Sequence[int],
    text: Sequence[int],
    values: Sequence[int],
) -> bool:
    """Tell ``Network 0``, a name, from a name with its label beside it."""
    if len(rows) != len(values) or {len(row) for row in rows} != {2} or 0 not in text:
        return False
    labels = {int(row[whole[0]]) for row in rows}
    return not set(values) <= labels and len({row[0] for row in rows}) < len(rows)


def _size(rows: Sequence[Sequence[str]], column: int) -> int:
    """Count the letters of a column: names are longer than their abbreviations."""
    return sum(len(row[column]) for row in rows)


def _is_heading(rows: Sequence[Sequence[str]]) -> bool:
    first = [c.lower() for c in rows[0]]
    return (
        len(rows) > 1
        and bool(set(first) & set(INDEX))
        and not any(map(_numeric, first))
    )


def _cell(frame: pd.DataFrame, row: int, column: Any) -> str | None:
    import pandas as pd

    if column is None:
        return None
    value = cast(Any, frame[column].iloc[row])
    if isinstance(value, str):
        return value.strip() or None
    return None if pd.isna(value) else str(value)


def _numeric(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _some(values: Any) -> str:
    listed = sorted(values)
    return f"{len(listed)} from {listed[0]} to {listed[-1]}" if listed else "none"


def _list(items: Sequence[object], most: int = 8) -> str:
    text = ", ".join(str(i) for i in items[:most])
    return text + (f" and {len(items) - most} more" if len(items) > most else "")
