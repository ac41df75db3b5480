"""Lists of connections and tables of neurons, by the column names of the field.

Ids are text or whole numbers, never floating point: 64-bit ids stay whole. Columns
are found by the names that neuPrint, Codex (FlyWire), networkx and plain tables use.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from atlasdb.errors import InvalidDataError, NotFoundError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

_SOURCE = "bodyid_pre pre_root_id pre_pt_root_id source pre presynaptic from src sender"
_TARGET = "bodyid_post post_root_id post_pt_root_id target post postsynaptic to dst"
_WEIGHT = "weight syn_count synapses synapse_count n_syn n_synapses count w strength"
SOURCE = [*_SOURCE.split(), "pre_id", "source_id", "cell1", "neuron1", "node1", "u"]
TARGET = [*_TARGET.split(), "receiver", "post_id", "target_id", "cell2", "neuron2"]
TARGET += ["node2", "v"]
WEIGHT = [*_WEIGHT.split(), "number", "nsyn", "nbr", "num_synapses", "value"]
NEUROPIL = ["roi", "neuropil", "region", "brain_region"]
TRANSMITTER = ["nt_type", "predictednt", "transmitter", "neurotransmitter", "nt"]

_TEXT = (".csv", ".tsv", ".txt", ".edgelist")


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


def column(
    frame: pd.DataFrame, known: Sequence[str], asked: str | None, option: str
) -> str | None:
    """Find a column: the one asked for, or the first that has a known name.

    Raises
    ------
    InvalidDataError
        If the one asked for is not there; the line names those that are.
    """
    names = [str(name) for name in frame.columns]
    if asked is not None:
        if asked in names:
            return asked
        raise InvalidDataError(
            f"{option} {asked}: there is no such column.{did_you_mean(asked, names)} "
            f"There are: {', '.join(names[:20])}."
        )
    lower = {name.lower().replace(" ", "_"): name for name in names}
    return next((lower[k] for k in known if k in lower), None)


def where(frame: pd.DataFrame, conditions: Mapping[str, str]) -> pd.DataFrame:
    """Keep the rows whose columns have the values asked for, letter for letter."""
    for name, value in conditions.items():
        found = column(frame, [], name, "--where")
        kept = frame[frame[found].astype(str).str.strip() == value]
        if kept.empty:
            values = sorted({str(v) for v in frame[found].unique()[:200]})[:8]
            raise InvalidDataError(
                f"--where {name}={value}: no row has this value. Values are: "
                f"{', '.join(values)}."
            )
        frame = kept
    return frame


def ids(values: pd.Series[Any], path: Path) -> np.ndarray[Any, Any]:
    """Give ids as text, whole: never through floating point.

    Raises
    ------
    InvalidDataError
        If one is blank, or the file holds them as floating point above 2^53.
    """
    if values.dtype.kind == "f":
        whole = values.to_numpy()
        if not np.isfinite(whole).all() or (np.abs(whole) >= 2**53).any():
            raise InvalidDataError(
                f"{path.name} holds ids as floating point, which cuts 64-bit ids. "
                "Write them as whole numbers or text."
            )
        return whole.astype(np.int64).astype(str)
    text = values.astype(str).str.strip().to_numpy(dtype=str)
    blank = np.flatnonzero((text == "") | (text == "nan") | (text == "None"))
    if len(blank):
        raise InvalidDataError(
            f"{path.name}: row {int(values.index[blank[0]]) + 1} has no id."
        )
    return text


def weights(values: pd.Series[Any], path: Path) -> np.ndarray[Any, Any]:
    """Give weights as numbers, 0 or more.

    Raises
    ------
    InvalidDataError
        With the number of the first row whose weight cannot be used.
    """
    import pandas as pd

    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(numbers) | (numbers < 0))
    if len(bad):
        row = int(values.index[bad[0]]) + 1
        raise InvalidDataError(
            f"{path.name}: the weight '{values.iloc[bad[0]]}' in row {row} is not a "
            "number of synapses; weights are finite and at least 0."
        )
    return numbers
