"""Lists of connections and tables of neurons, every cell as it is written."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb_ingest.readers.edge_columns import SOURCE, TARGET, WEIGHT

if TYPE_CHECKING:
    import pandas as pd

_DATA = re.compile(r"\{.*\}\s*$")
_LISTS = (".edgelist", ".edges", ".ssv")
_TEXT = (".csv", ".tsv", ".txt", *_LISTS)


def read_rows(path: Path, *, header: bool | None = None) -> pd.DataFrame:
    """Read a table of connections or neurons, every cell as it is written.

    Parameters
    ----------
    path : Path
        CSV, TSV or text (also with ``.gz``), Parquet, Feather, xlsx or GraphML (its
        connections).
    header : bool, optional
        Whether the first row of a text names the columns; found out if not given.

    Returns
    -------
    pandas.DataFrame
        Text columns are stripped of blanks; columns without a header are named
        ``source, target, weight`` and then by number.

    Raises
    ------
    NotFoundError
        If the file is not there.
    InvalidDataError
        If it cannot be read.
    """
    import pandas as pd

    if not path.is_file():
        raise NotFoundError(f"There is no file {path}.")
    suffixes = [s.lower() for s in path.suffixes]
    kind = suffixes[-1] if suffixes else ""
    packed = kind == ".gz"
    if packed:
        kind = suffixes[-2] if len(suffixes) > 1 else ""
    try:
        if kind == ".parquet":
            frame = pd.read_parquet(path)
        elif kind in (".feather", ".arrow"):
            frame = pd.read_feather(path)
        elif kind == ".xlsx":
            frame = pd.read_excel(path, dtype=object)
        elif kind == ".graphml":
            frame = _graphml(path)
        elif kind in _TEXT:
            frame = _text(path, packed, header)
        else:
            raise InvalidDataError(
                f"{path.name}: '{kind}' is not a kind of edge list that can be read; "
                "give CSV, TSV, text, Parquet, Feather, xlsx or GraphML."
            )
    except InvalidDataError:
        raise
    except MemoryError as error:
        raise InvalidDataError(f"{path.name} is larger than memory.") from error
    except Exception as error:  # each reader raises kinds of its own
        raise InvalidDataError(
            f"{path.name} is damaged, or not what its name says."
        ) from error
    frame.columns = pd.Index([str(c).strip() for c in frame.columns])
    if frame.empty:
        raise InvalidDataError(f"{path.name} has no rows.")
    return frame


def _text(path: Path, packed: bool, header: bool | None) -> pd.DataFrame:
    import pandas as pd

    with path.open("rb") as raw:
        stream: Any = gzip.GzipFile(fileobj=raw) if packed else raw
        start = stream.read(1 << 16)
    if b"\0" in start:
        raise InvalidDataError(f"{path.name} is not text, though its name says so.")
    encoding = "utf-8-sig" if _is_utf8(start) else "latin-1"
    lines = start.decode(encoding, errors="replace").splitlines()[:50]
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    if not lines:
        raise InvalidDataError(f"{path.name} is empty.")
    if all(_DATA.search(line) for line in lines):
        return _networkx(path)
    separator = _separator(lines)
    rows = [_cells(line, separator) for line in lines[:20]]
    if header is None:
        header = _has_header(rows)
    try:
        frame: pd.DataFrame = pd.read_csv(
            path,
            sep=separator or r"\s+",
            header=0 if header else None,
            dtype=str,
            encoding=encoding,
            comment="#",
            keep_default_na=False,
            skipinitialspace=True,
            compression="gzip" if packed else None,
            engine="c",
        )
    except pd.errors.ParserError as error:
        raise InvalidDataError(
            f"{path.name}: {_first_line(error)}. Every row needs as many cells as "
            "the first."
        ) from error
    if not header:
        names = ["source", "target", "weight"]
        frame.columns = pd.Index(
            [names[i] if i < 3 else str(i + 1) for i in range(frame.shape[1])]
        )
    stripped: pd.DataFrame = frame.apply(lambda column: column.str.strip())
    return stripped


def _networkx(path: Path) -> pd.DataFrame:
    """Read lines of ``source target {'weight': 3}``, as networkx writes them."""
    import networkx as nx
    import pandas as pd

    graph = nx.read_edgelist(path, create_using=nx.MultiDiGraph)
    return pd.DataFrame(
        [{"source": u, "target": v, **data} for u, v, data in graph.edges(data=True)]
    ).astype(str)


def is_list(path: Path) -> bool:
    """Tell a list of connections from a matrix, by its name or its first rows.

    A matrix of two or three columns has no more rows than that and a header.
    """
    suffixes = [s.lower() for s in path.suffixes if s.lower() != ".gz"]
    kind = suffixes[-1] if suffixes else ""
    if kind in _LISTS:
        return True
    if kind not in _TEXT or not path.is_file():
        return False
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opened(path, "rb") as stream:
            start = stream.read(1 << 16)
    except (OSError, EOFError):
        return False
    lines = [line for line in start.decode("latin-1").splitlines() if line.strip()]
    lines = [line for line in lines[:50] if not line.startswith("#")]
    if not lines:
        return False
    separator = _separator(lines)
    rows = [_cells(line, separator) for line in lines]
    first = {cell.lower() for cell in rows[0]}
    if first & set(SOURCE) and first & set(TARGET) and first & set(WEIGHT):
        return True
    return len(rows) > 4 and {len(row) for row in rows} <= {2, 3}


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1].removeprefix("Error tokenizing data. ")


def _is_utf8(start: bytes) -> bool:
    try:
        start[: start.rfind(b"\n") + 1].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _separator(lines: Sequence[str]) -> str:
    for sign in ("\t", ",", ";"):
        counts = {len(_cells(line, sign)) for line in lines}
        if max(counts) > 1 and min(counts) > 1:
            return sign
    return ""


def _cells(line: str, separator: str) -> list[str]:
    if not separator:
        return line.split()
    found = next(csv.reader(io.StringIO(line), delimiter=separator), [])
    return [cell.strip() for cell in found]


def _has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Tell names of columns from a first connection.

    Known names decide. Otherwise a first row is a header if it has text where the
    rows below have numbers.
    """
    first = [cell.lower() for cell in rows[0]]
    if (
        set(first) & {*SOURCE, *TARGET} - {"u", "v"}
        or len(set(first) & {"u", "v"}) == 2
    ):
        return True
    below = rows[1:]
    return any(
        not _number(cell) and all(_number(row[i]) for row in below if i < len(row))
        for i, cell in enumerate(rows[0])
        if below
    )


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _graphml(path: Path) -> pd.DataFrame:
    import networkx as nx
    import pandas as pd

    graph = nx.read_graphml(path)
    if not graph.is_directed():
        raise InvalidDataError(
            f"{path.name} is an undirected graph; neurons need directed connections."
        )
    rows = [
        {"source": str(u), "target": str(v), **{k: str(x) for k, x in data.items()}}
        for u, v, data in graph.edges(data=True)
    ]
    return pd.DataFrame(rows)
