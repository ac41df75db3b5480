"""Batches as Cypher statements for Neo4j: parameters by column, one row for each i.

Rows go as columns, because a column of few values is sent as these values and one
byte for each row: packing values one by one is what costs most on the client's side.
Relationships between nodes of one label find each node once, not once for each row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from atlasdb.batch import Ends
from atlasdb.schema import RELATIONSHIPS

CHUNK = 2_500
"""Rows of one statement: with 15,000 the server needed twice the time for each."""
CODES = 256
CODED_FROM = 1_000
"""Rows from which columns are looked through for few values."""


@dataclass(frozen=True)
class Statement:
    """Cypher with its parameters: ``rows`` is the number of them, and others."""

    text: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Column:
    """How the value of row ``i`` is written in Cypher, and the parameters for it."""

    expression: str
    parameters: dict[str, Any]


class Spelling:
    """How the columns of a table are written, the same for all of its pieces.

    Parameters
    ----------
    table : pyarrow.Table
        The whole of it: a text that changed from piece to piece would be planned
        anew each time.
    """

    def __init__(self, table: pa.Table) -> None:
        self._few = {name: _few(table.column(name)) for name in table.column_names}

    def columns(self, piece: pa.Table) -> dict[str, Column]:
        """Write the columns of some rows of the table."""
        return {
            name: _column(f"p{i}", piece.column(name), self._few[name])
            for i, name in enumerate(piece.column_names)
        }


def upsert_nodes(
    label: str, table: pa.Table, held: str | None = None
) -> Iterator[Statement]:
    """Write nodes; each statement answers with the rows that were ``fresh``.

    Parameters
    ----------
    label : str
        Of the schema.
    table : pyarrow.Table
        Checked rows.
    held : str, optional
        A truth that is false in new nodes, until `settle` sets it.
    """
    carried = table.select([name for name in table.column_names if name != held])
    spelling = Spelling(carried)
    for piece in slices(carried):
        written = spelling.columns(piece)
        values = _settings("n", written, ("id",))
        key = written["id"].expression
        text = (
            "UNWIND range(0, $rows - 1) AS i "
            f"OPTIONAL MATCH (o:`{label}` {{id: {key}}}) WITH i, o IS NULL AS fresh "
            f"MERGE (n:`{label}` {{id: {key}}}) "
            + (f"ON CREATE SET n.`{held}` = false " if held else "")
            + (f"SET {values} " if values else "")
            + "RETURN collect(CASE WHEN fresh THEN i END) AS fresh"
        )
        yield _statement(text, piece, written.values())


def settle(label: str, table: pa.Table, held: str) -> Iterator[Statement]:
    """Set the truth that was held back."""
    table = table.select(["id", held])
    spelling = Spelling(table)
    for piece in slices(table):
        written = spelling.columns(piece)
        text = (
            "UNWIND range(0, $rows - 1) AS i "
            f"MATCH (n:`{label}` {{id: {written['id'].expression}}}) "
            f"SET {_settings('n', written, ('id',))} RETURN count(*) AS n"
        )
        yield _statement(text, piece, written.values())


def join(ends: Ends, piece: pa.Table, spelling: Spelling, *, new: bool) -> Statement:
    """Write relationships.

    Parameters
    ----------
    ends : tuple of str
        Type and labels.
    piece : pyarrow.Table
        Checked rows, of the table that `spelling` was made of.
    spelling : Spelling
        How its columns are written.
    new : bool
        None of them is there, so that nothing needs to be looked for.
    """
    kind, source, target = ends
    written = spelling.columns(piece)
    start, end = written.pop("source"), written.pop("target")
    if source == target:
        names = pc.unique(
            pa.chunked_array(
                [*piece.column("source").chunks, *piece.column("target").chunks]
            )
        )
        start = _place("s", piece.column("source"), names)
        end = _place("t", piece.column("target"), names)
        text = (
            "UNWIND range(0, size($nodes) - 1) AS k "
            f"MATCH (n:`{source}` {{id: $nodes[k]}}) WITH n ORDER BY k "
            "WITH collect(n) AS nodes WHERE size(nodes) = size($nodes) "
            "UNWIND range(0, $rows - 1) AS i "
            f"WITH nodes[{start.expression}] AS a, nodes[{end.expression}] AS b, i "
        )
        found = Column("", {"nodes": names.to_pylist()})
    else:
        text = (
            "UNWIND range(0, $rows - 1) AS i "
            f"MATCH (a:`{source}` {{id: {start.expression}}}) "
            f"MATCH (b:`{target}` {{id: {end.expression}}}) "
        )
        found = Column("", {})
    key = RELATIONSHIPS[kind].key
    told = written if new else {name: written[name] for name in key}
    pattern = ", ".join(f"`{name}`: {told[name].expression}" for name in told)
    text += f"{'CREATE' if new else 'MERGE'} (a)-[r:`{kind}` {{{pattern}}}]->(b) "
    values = "" if new else _settings("r", written, key)
    text += (f"SET {values} " if values else "") + "RETURN count(*) AS n"
    return _statement(text, piece, [found, start, end, *written.values()])


def slices(table: pa.Table) -> Iterator[pa.Table]:
    """Cut a table into pieces of one statement each."""
    for start in range(0, table.num_rows, CHUNK):
        yield table.slice(start, CHUNK)


def lanes(table: pa.Table, n: int) -> list[list[pa.Table]]:
    """Part relationships so that no two lanes touch one node.

    Lanes can be written at the same time without waiting for each other's locks.

    Parameters
    ----------
    table : pyarrow.Table
        Rows with ``source`` and ``target``, ids of one label.
    n : int
        Number of lanes.

    Returns
    -------
    list of list of pyarrow.Table
        Pieces of one statement each; a lane may be empty.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    names = pc.unique(
        pa.chunked_array([*table["source"].chunks, *table["target"].chunks])
    )
    source = pc.index_in(table["source"], value_set=names).to_numpy()
    target = pc.index_in(table["target"], value_set=names).to_numpy()
    pairs = coo_array(
        (np.ones(len(source), dtype=np.int8), (source, target)),
        shape=(len(names), len(names)),
    )
    _, part = connected_components(pairs, directed=False)
    parts = part[source]
    order = np.argsort(parts, kind="stable")
    cuts = np.flatnonzero(np.diff(parts[order])) + 1
    found: list[list[pa.Table]] = [[] for _ in range(n)]
    load = [0] * n
    ordered = table.take(order)
    for start, stop in _groups([0, *cuts.tolist(), len(order)]):
        lane = load.index(min(load))
        load[lane] += stop - start
        found[lane] += slices(ordered.slice(start, stop - start))
    return found


def _groups(bounds: list[int]) -> Iterator[tuple[int, int]]:
    """Put neighbouring parts together while they fit into one statement."""
    start = 0
    for stop, after in zip(bounds[1:], [*bounds[2:], None], strict=True):
        if after is None or after - start > CHUNK:
            yield start, stop
            start = stop


def _few(column: pa.ChunkedArray) -> pa.Array | None:
    """Give the values of a column that has few of them."""
    if len(column) < CODED_FROM:
        return None
    values = pc.unique(column)
    return values if len(values) <= CODES else None


def _column(name: str, column: pa.ChunkedArray, few: pa.Array | None) -> Column:
    if few is None:
        return Column(f"${name}[i]", {name: column.to_pylist()})
    if len(few) == 1:
        return Column(f"${name}", {name: few[0].as_py()})
    codes = pc.index_in(column, value_set=few).to_numpy()
    parameters = {name: few.to_pylist(), f"{name}i": _bytes(codes)}
    return Column(f"${name}[${name}i[i] + 128]", parameters)


def _place(name: str, ids: pa.ChunkedArray, nodes: pa.Array) -> Column:
    """Write ids as places in a list of nodes."""
    places = pc.index_in(ids, value_set=nodes).to_numpy()
    if len(nodes) <= CODES:
        return Column(f"${name}[i] + 128", {name: _bytes(places)})
    return Column(f"${name}[i]", {name: places.tolist()})


def _bytes(codes: NDArray[Any]) -> bytes:
    """Write numbers from 0 to 255 as bytes, which Cypher reads as -128 to 127."""
    return (codes.astype(np.int64) - 128).astype(np.int8).tobytes()


def _settings(
    variable: str, written: Mapping[str, Column], key: tuple[str, ...]
) -> str:
    return ", ".join(
        f"{variable}.`{name}` = {column.expression}"
        for name, column in written.items()
        if name not in key
    )


def _statement(text: str, piece: pa.Table, written: Iterable[Column]) -> Statement:
    parameters: dict[str, Any] = {"rows": piece.num_rows}
    for column in written:
        parameters |= column.parameters
    return Statement(text, parameters)
