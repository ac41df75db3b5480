"""Batches into LadybugDB by its bulk ways, inside a transaction that the caller holds.

What is new goes in by ``COPY`` or ``CREATE`` from Arrow, the rest by ``SET`` and
``MERGE``. A relationship one of whose ends is new is new itself. Only Arrow tables
are handed to the engine: pandas frames end the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from atlasdb.batch import Batch, Ends
from atlasdb.errors import StoreError
from atlasdb.schema import RELATIONSHIPS
from atlasdb.store.checked import absent, edge_rows, node_rows

COPY_FROM = 20_000
"""Rows from which ``COPY`` is quicker than ``CREATE``, into a table that is empty.

A ``COPY`` writes the graph file at once, and adding to relationships that are there
already costs it more than the log of a ``CREATE`` does.
"""
COPY_PIECE = 1_000_000
"""Rows that one ``COPY`` takes at most: it sorts them in memory."""
COPY_ALWAYS_FROM = 1_000_000
"""Rows from which ``CREATE`` would need more memory than is sure to be there."""
COMPARE_FROM = 1_000
"""Rows from which relationships between old nodes are compared before they change."""


def copies(connection: Any, batch: Batch) -> bool:
    """Tell whether a batch is large enough for ``COPY``."""
    if any(rows.num_rows >= COPY_FROM for rows in batch.nodes.values()):
        return True
    return any(
        rows.num_rows >= COPY_ALWAYS_FROM
        or (rows.num_rows >= COPY_FROM and not _any(connection, ends))
        for ends, rows in batch.edges.items()
    )


def n_bytes(batch: Batch) -> int:
    """Give the size of a batch in memory, bytes."""
    rows = [*batch.nodes.values(), *batch.edges.values()]
    return sum(table.nbytes for table in rows)


def load(connection: Any, batch: Batch, *, copy: bool) -> None:
    """Upsert the nodes of a batch, then its relationships.

    Parameters
    ----------
    copy : bool
        Whether ``COPY`` may be used: it is in no log, so that a kill while it is
        committed leaves a part of the transaction. The caller keeps a way back.

    Raises
    ------
    InvalidDataError
        If a row has no id, a relationship joins a node to itself or ends at a node
        that is not there, or a table does not fit the schema.
    """
    new: dict[str, pa.Array] = {}
    for label, rows in batch.nodes.items():
        table = node_rows(label, rows)
        if table.num_rows:
            new[label] = _upsert_nodes(connection, label, table, copy)
    for ends, rows in batch.edges.items():
        table = edge_rows(ends, rows)
        if table.num_rows:
            _upsert_edges(connection, ends, table, new, copy)


def _upsert_nodes(connection: Any, label: str, table: pa.Table, copy: bool) -> pa.Array:
    """Write nodes; give the ids that are new."""
    ids = table.column("id")
    held = connection.execute(f"MATCH (v:`{label}`) RETURN count(*) AS n").get_next()
    if held[0]:
        known = connection.execute(
            f"LOAD FROM $rows MATCH (v:`{label}` {{id: c0}}) RETURN c0",
            {"rows": solid(pa.table({"c0": ids}))},
        ).get_as_arrow()
        old = pc.is_in(ids, value_set=known.column("c0"))
    else:
        old = pa.chunked_array([pa.repeat(False, table.num_rows)])
    fresh, stale = table.filter(pc.invert(old)), table.filter(old)
    if copy and fresh.num_rows >= COPY_FROM:
        columns = ", ".join(f"`{name}`" for name in fresh.column_names)
        _copy(connection, f"COPY `{label}`({columns}) FROM $rows", fresh)
    elif fresh.num_rows:
        _run(connection, f"CREATE (v:`{label}` {{{_pairs(fresh)}}})", fresh)
    if stale.num_rows and stale.num_columns > 1:
        values = _settings("v", stale, ["id"])
        _run(connection, f"MATCH (v:`{label}` {{id: c0}}) SET {values}", stale)
    return fresh.column("id").combine_chunks()


def _upsert_edges(
    connection: Any,
    ends: Ends,
    table: pa.Table,
    new: Mapping[str, pa.Array],
    copy: bool,
) -> None:
    kind, source, target = ends
    fresh, stale = _split(table, ends, new)
    if stale.num_rows >= COMPARE_FROM:
        again, stale = _changed(connection, ends, stale), stale.slice(0, 0)
        fresh = pa.concat_tables([fresh, again], promote_options="default")
    if copy and (
        fresh.num_rows >= COPY_ALWAYS_FROM
        or (fresh.num_rows >= COPY_FROM and not _any(connection, ends))
    ):
        _refuse_unknown(connection, ends, fresh, new)
        columns = ", ".join(f"`{name}`" for name in fresh.column_names[2:])
        into = f"`{kind}`({columns})" if columns else f"`{kind}`"
        text = f"COPY {into} FROM $rows (from='{source}', to='{target}')"
        for start in range(0, fresh.num_rows, COPY_PIECE):
            _copy(connection, text, fresh.slice(start, COPY_PIECE))
    elif fresh.num_rows:
        values = _pairs(fresh, skip=2)
        _join(connection, ends, f"CREATE (a)-[:`{kind}` {{{values}}}]->(b)", fresh)
    if stale.num_rows:
        key = RELATIONSHIPS[kind].key
        places = {name: f"c{i}" for i, name in enumerate(stale.column_names)}
        same = ", ".join(f"`{name}`: {places[name]}" for name in key)
        values = _settings("r", stale, ["source", "target", *key])
        text = f"MERGE (a)-[r:`{kind}` {{{same}}}]->(b)"
        _join(connection, ends, f"{text} SET {values}" if values else text, stale)


def _any(connection: Any, ends: Ends) -> bool:
    """Tell whether there is a relationship of a type between two labels."""
    kind, source, target = ends
    text = f"MATCH (:`{source}`)-[:`{kind}`]->(:`{target}`) RETURN 1 LIMIT 1"
    return bool(connection.execute(text).has_next())


def _changed(connection: Any, ends: Ends, table: pa.Table) -> pa.Table:
    """Delete the relationships that change; give them, and the new ones, to create.

    Setting properties of many relationships takes kilobytes and much time for each;
    writing them anew does not. Rows that are there as they are need nothing at all.
    """
    kind, source, target = ends
    declared = RELATIONSHIPS[kind]
    key = ["source", "target", *declared.key]
    values = [f"r.`{name}` AS c{i}" for i, name in enumerate(declared.properties, 2)]
    held = connection.execute(
        f"LOAD FROM $rows MATCH (a:`{source}` {{id: c0}}) "
        f"MATCH (a)-[r:`{kind}`]->(b:`{target}`) "
        f"RETURN {', '.join(['a.id AS c0', 'b.id AS c1', *values])}",
        {"rows": solid(pa.table({"c0": pc.unique(table.column("source"))}))},
    ).get_as_arrow()
    held = held.rename_columns(["source", "target", *declared.properties])
    carried = [name for name in table.column_names if name not in key]
    other = [name for name in held.column_names if name not in table.column_names]
    both = table.append_column("row", pa.array(np.arange(table.num_rows))).join(
        held.append_column("there", pa.repeat(True, held.num_rows)),
        keys=key,
        right_suffix=" before",
    )
    same = pc.fill_null(both.column("there"), False)
    for name in carried:
        new, old = both.column(name), both.column(f"{name} before")
        equal = pc.fill_null(pc.equal(new, old), False)
        unset = pc.and_(pc.is_null(new), pc.is_null(old))
        same = pc.and_(same, pc.or_(equal, unset))
    both = both.filter(pc.invert(same)).sort_by("row")
    gone = both.filter(pc.fill_null(both.column("there"), False)).select(key)
    if gone.num_rows:
        places = {name: f"c{i}" for i, name in enumerate(key)}
        same_key = ", ".join(f"`{name}`: {places[name]}" for name in declared.key)
        _run(
            connection,
            f"MATCH (a:`{source}` {{id: c0}}) MATCH (b:`{target}` {{id: c1}}) "
            f"MATCH (a)-[r:`{kind}` {{{same_key}}}]->(b) DELETE r",
            gone,
        )
    return both.select([*table.column_names, *other])


def _split(
    table: pa.Table, ends: Ends, new: Mapping[str, pa.Array]
) -> tuple[pa.Table, pa.Table]:
    """Part relationships with a new end, which cannot exist, from all others."""
    mask: NDArray[np.bool_] = np.zeros(table.num_rows, dtype=bool)
    for column, label in (("source", ends[1]), ("target", ends[2])):
        if label in new and len(new[label]) and not mask.all():
            found = pc.is_in(table.column(column), value_set=new[label])
            mask |= found.to_numpy()
    if mask.all():
        return table, table.slice(0, 0)
    return table.filter(pa.array(mask)), table.filter(pa.array(~mask))


def _refuse_unknown(
    connection: Any, ends: Ends, table: pa.Table, new: Mapping[str, pa.Array]
) -> None:
    """Refuse relationships that end at a node that is not there."""
    for column, label in (("source", ends[1]), ("target", ends[2])):
        ids = pc.unique(table.column(column))
        if label in new:
            ids = ids.filter(pc.invert(pc.is_in(ids, value_set=new[label])))
        if len(ids):
            known = connection.execute(
                f"LOAD FROM $rows MATCH (v:`{label}` {{id: c0}}) RETURN c0",
                {"rows": solid(pa.table({"c0": ids}))},
            ).get_as_arrow()
            if known.num_rows < len(ids):
                raise absent(ends, len(ids) - known.num_rows)


def _join(connection: Any, ends: Ends, text: str, table: pa.Table) -> None:
    """Write one relationship for each row, between two nodes that must be there."""
    _, source, target = ends
    # With a comma instead of two MATCH the engine runs out of memory.
    query = (
        f"LOAD FROM $rows MATCH (a:`{source}` {{id: c0}}) "
        f"MATCH (b:`{target}` {{id: c1}}) {text} RETURN count(*) AS n"
    )
    done = connection.execute(query, {"rows": solid(_numbered(table))}).get_next()[0]
    if done != table.num_rows:
        raise absent(ends, table.num_rows - done)


def _run(connection: Any, text: str, table: pa.Table) -> None:
    text = f"LOAD FROM $rows {text} RETURN count(*) AS n"
    done = connection.execute(text, {"rows": solid(_numbered(table))}).get_next()[0]
    _whole(done, table)


def _copy(connection: Any, text: str, table: pa.Table) -> None:
    said = connection.execute(text, {"rows": solid(table)}).get_next()[0]
    _whole(int(said.split(" ")[0]), table)


def _whole(done: int, table: pa.Table) -> None:
    """Stop where the engine took other rows than it was given."""
    if done != table.num_rows:
        raise StoreError(
            f"LadybugDB took {done} of {table.num_rows} rows; nothing was changed. "
            "Report it, please."
        )


def solid(table: pa.Table) -> pa.Table:
    """Give a table without empty chunks: LadybugDB stops reading at the first."""
    parts = [part for part in table.to_batches() if part.num_rows]
    return pa.Table.from_batches(parts, table.schema)


def _numbered(table: pa.Table) -> pa.Table:
    """Name columns c0, c1, ...: property names may be words of the language."""
    return table.rename_columns([f"c{i}" for i in range(table.num_columns)])


def _pairs(table: pa.Table, skip: int = 0) -> str:
    names = list(enumerate(table.column_names))[skip:]
    return ", ".join(f"`{name}`: c{i}" for i, name in names)


def _settings(variable: str, table: pa.Table, key: list[str]) -> str:
    return ", ".join(
        f"{variable}.`{name}` = c{i}"
        for i, name in enumerate(table.column_names)
        if name not in key
    )
