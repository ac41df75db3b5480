"""Batches into Neo4j, so that no reader sees half of one.

What fits is one transaction. Of a larger batch the big tables go ahead, in
transactions of their own and with ``is_current`` false in what is new: no named query
reaches them. The last transaction writes everything else, and what was held back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import neo4j
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atlasdb.batch import Batch, Ends
from atlasdb.store import unwind
from atlasdb.store.checked import absent, edge_rows, node_rows

ONE_TRANSACTION = 50_000
"""Rows that one transaction holds within the memory of a small server."""
BIG = 15_000
"""Rows from which a table goes ahead, when the batch is more than one transaction."""
LANES = 2
"""Connections that big tables are sent by, at the same time."""
HELD = "is_current"
Work = Callable[[neo4j.ManagedTransaction], Any]
Write = Callable[[Work], Any]


def load(write: Write, batch: Batch, finish: Work) -> None:
    """Upsert a batch.

    Parameters
    ----------
    write : callable
        Runs a function in a transaction, again where it was undone.
    batch : Batch
        Any rows.
    finish : callable
        What the last transaction does besides.

    Raises
    ------
    InvalidDataError
        If a row has no id, a relationship joins a node to itself or ends at a node
        that is not there, or a table does not fit the schema.
    """
    nodes = {label: node_rows(label, rows) for label, rows in batch.nodes.items()}
    edges = {ends: edge_rows(ends, rows) for ends, rows in batch.edges.items()}
    nodes = {label: rows for label, rows in nodes.items() if rows.num_rows}
    edges = {ends: rows for ends, rows in edges.items() if rows.num_rows}
    ahead: dict[str, pa.Array] = {}
    if batch.n_rows > ONE_TRANSACTION:
        ahead = _send_nodes(write, nodes, _labels_ahead(nodes, edges))
        for ends in [e for e, rows in edges.items() if rows.num_rows > BIG]:
            _send_edges(write, ends, edges.pop(ends), ahead)

    def last(transaction: neo4j.ManagedTransaction) -> None:
        new = dict(ahead)
        for label, rows in nodes.items():
            if label not in ahead:
                new[label] = _upsert(transaction, label, rows)
            elif HELD in rows.column_names:
                for statement in unwind.settle(label, rows, HELD):
                    _run(transaction, statement)
        for ends, rows in edges.items():
            for part, fresh in _parted(ends, rows, new):
                spelling = unwind.Spelling(part)
                for piece in unwind.slices(part):
                    _join(transaction, ends, piece, spelling, fresh)
        finish(transaction)

    write(last)


def _labels_ahead(
    nodes: Mapping[str, pa.Table], edges: Mapping[Ends, pa.Table]
) -> list[str]:
    """Name the labels that are big, or that big relationships need."""
    big = {label for label, rows in nodes.items() if rows.num_rows > BIG}
    for ends, rows in edges.items():
        if rows.num_rows > BIG:
            big |= {label for label in ends[1:] if label in nodes}
    return sorted(big)


def _send_nodes(
    write: Write, nodes: Mapping[str, pa.Table], labels: list[str]
) -> dict[str, pa.Array]:
    """Write nodes ahead; give the ids that are new."""
    new: dict[str, pa.Array] = {}
    for label in labels:
        rows = nodes[label]
        held = HELD if HELD in rows.column_names else None
        parts = []
        for start in range(0, rows.num_rows, ONE_TRANSACTION):
            part = rows.slice(start, ONE_TRANSACTION)

            def put(
                transaction: neo4j.ManagedTransaction,
                label: str = label,
                part: pa.Table = part,
                held: str | None = held,
            ) -> pa.Array:
                return _upsert(transaction, label, part, held)

            parts.append(write(put))
        new[label] = pa.concat_arrays(parts)
    return new


def _send_edges(
    write: Write, ends: Ends, rows: pa.Table, new: Mapping[str, pa.Array]
) -> None:
    """Write relationships ahead, a transaction for each piece."""
    for part, fresh in _parted(ends, rows, new):
        spelling = unwind.Spelling(part)
        alone = ends[1] != ends[2]
        lanes = [list(unwind.slices(part))] if alone else unwind.lanes(part, LANES)

        def send(
            lane: list[pa.Table],
            spelling: unwind.Spelling = spelling,
            fresh: bool = fresh,
        ) -> None:
            for piece in lane:

                def put(
                    transaction: neo4j.ManagedTransaction, piece: pa.Table = piece
                ) -> None:
                    _join(transaction, ends, piece, spelling, fresh)

                write(put)

        with ThreadPoolExecutor(LANES) as pool:
            list(pool.map(send, lanes))


def _run(
    transaction: neo4j.ManagedTransaction, statement: unwind.Statement
) -> neo4j.Record:
    return transaction.run(statement.text, statement.parameters).single(strict=True)


def _upsert(
    transaction: neo4j.ManagedTransaction,
    label: str,
    rows: pa.Table,
    held: str | None = None,
) -> pa.Array:
    """Write nodes; give the ids that nobody had before."""
    fresh: list[int] = []
    start = 0
    for statement in unwind.upsert_nodes(label, rows, held):
        result = transaction.run(statement.text, statement.parameters)
        found = result.single(strict=True)["fresh"]
        # Another writer may have made some in between: then all may have relationships.
        if result.consume().counters.nodes_created == len(found):
            fresh += [start + i for i in found]
        start += statement.parameters["rows"]
    return rows.column("id").combine_chunks().take(pa.array(fresh, pa.int64()))


def _join(
    transaction: neo4j.ManagedTransaction,
    ends: Ends,
    rows: pa.Table,
    spelling: unwind.Spelling,
    fresh: bool,
) -> None:
    """Write relationships, between nodes that must be there."""
    statement = unwind.join(ends, rows, spelling, new=fresh)
    done = _run(transaction, statement)["n"]
    if done == rows.num_rows:
        return
    if "nodes" in statement.parameters:
        text = f"UNWIND $nodes AS id MATCH (v:`{ends[1]}` {{id: id}}) RETURN v.id"
        names = statement.parameters["nodes"]
        there = pa.array(transaction.run(text, {"nodes": names}).value(), pa.string())
        both = pc.and_(*(pc.is_in(rows[end], there) for end in ("source", "target")))
        done = pc.sum(both).as_py()
    raise absent(ends, rows.num_rows - done)


def _parted(
    ends: Ends, rows: pa.Table, new: Mapping[str, pa.Array]
) -> Iterator[tuple[pa.Table, bool]]:
    """Part relationships with a new end, which cannot exist, from all others."""
    fresh = np.zeros(rows.num_rows, dtype=bool)
    for column, label in (("source", ends[1]), ("target", ends[2])):
        if label in new and len(new[label]):
            fresh |= pc.is_in(rows.column(column), value_set=new[label]).to_numpy()
    for mask, is_new in ((fresh, True), (~fresh, False)):
        if mask.all():
            yield rows, is_new
        elif mask.any():
            yield rows.filter(pa.array(mask)), is_new
