"""A graph on a Neo4j server, by the official driver.

Writes are managed transactions: what a deadlock or a new leader undid is tried again.
A batch that fits one transaction is one. Of a larger one the big tables go ahead, out
of reach of every named query, and the last transaction adds what makes them visible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import neo4j
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from atlasdb.batch import ARROW, Batch, Ends
from atlasdb.errors import InvalidDataError, StoreError
from atlasdb.schema import (
    NODES,
    RELATIONSHIPS,
    SCHEMA_VERSION,
    WRITABLE_NODES,
    WRITABLE_RELATIONSHIPS,
)
from atlasdb.store import unwind
from atlasdb.store.checked import absent, bound, edge_rows, node_rows
from atlasdb.store.dialect import check_parameters, check_read, check_write
from atlasdb.store.records import table_of
from atlasdb.store.server import open_driver, plainly

ONE_TRANSACTION = 50_000
"""Rows that one transaction holds within the memory of a small server."""
LANES = 2
FETCH = 10_000
_META = (
    "MERGE (m:Meta {id: 'atlas'}) SET m.applied = $applied, m.schema_version = $version"
)
_T = TypeVar("_T")


class Neo4jStore:
    """A graph on a server.

    Parameters
    ----------
    url : str
        ``bolt://`` or ``neo4j://``, or their encrypted forms. Who asks is in the
        environment: see `atlasdb.store.server`.
    read_only : bool, default=False
        Nothing can be changed.

    Raises
    ------
    StoreError
        If no server answers, it refuses, or a newer atlasdb made the graph.
    """

    dialect = "neo4j"

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self.address = url
        self.read_only = read_only
        self._ready = False
        self._driver, self._database = open_driver(url)
        # A cluster's other members must have what this store has just written.
        self._bookmarks = neo4j.GraphDatabase.bookmark_manager()
        try:
            version = self._meta("schema_version")
            if version > SCHEMA_VERSION:
                raise StoreError(
                    f"{url} was made by a newer atlasdb (schema {version}, this one "
                    f"knows {SCHEMA_VERSION}). Upgrade: pip install --upgrade atlasdb"
                )
        except BaseException:
            self.close()
            raise

    def apply(self, batch: Batch, *, applied: int) -> None:
        """Upsert a batch and set ``Meta.applied``, in one step for every reader.

        Raises
        ------
        InvalidDataError
            If a row has no id, a relationship joins a node to itself or ends at a
            node that is not there, or a table does not fit the schema.
        """
        nodes = {label: node_rows(label, rows) for label, rows in batch.nodes.items()}
        edges = {ends: edge_rows(ends, rows) for ends, rows in batch.edges.items()}
        nodes = {label: rows for label, rows in nodes.items() if rows.num_rows}
        edges = {ends: rows for ends, rows in edges.items() if rows.num_rows}
        self._prepare()
        held: dict[str, tuple[str, ...]] = {}
        if batch.n_rows > ONE_TRANSACTION:
            held = self._send_ahead(nodes, edges)

        def finish(transaction: neo4j.ManagedTransaction) -> None:
            new: dict[str, pa.Array] = {}
            for label, rows in nodes.items():
                if label in held:
                    for statement in unwind.settle(label, rows, held[label]):
                        _run(transaction, statement)
                else:
                    new[label] = _upsert(transaction, label, rows)
            for ends, rows in edges.items():
                for statement in _joins(ends, rows, new):
                    _join(transaction, ends, statement)
            meta = {"applied": applied, "version": SCHEMA_VERSION}
            transaction.run(_META, meta).consume()

        self._write(finish)

    def applied(self) -> int:
        """Give ``Meta.applied``: 0 for an empty store."""
        return self._meta("applied")

    def read(
        self,
        text: str,
        parameters: Mapping[str, Any],
        *,
        timeout_s: float | None = None,
        trusted: bool = False,
    ) -> pa.Table:
        """Answer a read-only query.

        Raises
        ------
        InvalidDataError
            If the guard or the server refuses the text.
        StoreError
            If the answer takes longer than ``timeout_s``.
        """
        if trusted:
            check_parameters(text, parameters)
        else:
            check_read(text, parameters, self.dialect)
            self._refuse_changes(text, bound(parameters))
        names, rows = self._ask(text, bound(parameters), timeout_s)
        if not names:
            raise InvalidDataError("A question ends in RETURN, and is one statement.")
        return table_of(names, rows)

    def write(self, text: str, parameters: Mapping[str, Any], *, applied: int) -> int:
        """Run a user's own write; give how many nodes and relationships it changed."""
        check_write(text, parameters, self.dialect)
        values = bound(parameters)
        self._prepare()

        def change(transaction: neo4j.ManagedTransaction) -> int:
            before = _own_rows(transaction)
            transaction.run(text, values).consume()
            after = _own_rows(transaction)
            meta = {"applied": applied, "version": SCHEMA_VERSION}
            transaction.run(_META, meta).consume()
            keys = before.keys() | after.keys()
            return sum(before.get(key) != after.get(key) for key in keys)

        return self._write(change)

    def nodes(self, label: str) -> pa.Table:
        """All rows of a label, columns ``id`` and its properties, sorted by id."""
        if label not in NODES:
            raise InvalidDataError(f"There is no label {label}.")
        types = {"id": ARROW["str"]}
        types |= {name: ARROW[kind] for name, kind in NODES[label].properties.items()}
        values = ", ".join(f"v.`{name}`" for name in types)
        return self._rows(f"MATCH (v:`{label}`) RETURN {values}", types, ["id"])

    def edges(self, ends: Ends) -> pa.Table:
        """All rows of a type between two labels, sorted by source, target, key."""
        kind, source, target = ends
        declared = RELATIONSHIPS[kind]
        types = dict.fromkeys(("source", "target"), ARROW["str"])
        types |= {name: ARROW[kind] for name, kind in declared.properties.items()}
        values = ", ".join(["a.id", "b.id", *(f"r.`{n}`" for n in declared.properties)])
        text = f"MATCH (a:`{source}`)-[r:`{kind}`]->(b:`{target}`) RETURN {values}"
        return self._rows(text, types, ["source", "target", *declared.key])

    def clear(self) -> None:
        """Remove all nodes of our labels, and make the schema anew."""
        self._must_write()
        # What is half removed must not pass for whole: its state goes first.
        for text in (
            "MATCH (m:Meta) DETACH DELETE m",
            *(
                f"MATCH (:`{source}`)-[r:`{rel.type}`]->(:`{target}`) "
                "CALL (r) { DELETE r } IN TRANSACTIONS OF 20000 ROWS"
                for rel in RELATIONSHIPS.values()
                for source, target in rel.ends
            ),
            *(
                f"MATCH (v:`{label}`) "
                "CALL (v) { DETACH DELETE v } IN TRANSACTIONS OF 2000 ROWS"
                for label in NODES
            ),
        ):
            with self._session() as session:
                session.run(text).consume()
        self._ready = False
        self._prepare()

    def delete(self, label: str, ids: list[str]) -> None:
        """Remove nodes by id with their relationships; ids that are not there, too."""
        if label not in NODES:
            raise InvalidDataError(f"There is no label {label}.")
        self._must_write()
        text = (
            f"UNWIND $ids AS id MATCH (v:`{label}` {{id: id}}) "
            "CALL (v) { DETACH DELETE v } IN TRANSACTIONS OF 200 ROWS"
        )
        with self._session() as session:
            session.run(text, {"ids": list(ids)}).consume()

    def close(self) -> None:
        """Let go of the connections; safe to call twice."""
        self._driver.close()
        self._ready = False

    @contextmanager
    def _session(
        self, mode: str = neo4j.WRITE_ACCESS, timeout_s: float | None = None
    ) -> Iterator[neo4j.Session]:
        with (
            plainly(self.address, database=self._database, timeout_s=timeout_s),
            self._driver.session(
                database=self._database,
                default_access_mode=mode,
                bookmark_manager=self._bookmarks,
                fetch_size=FETCH,
            ) as session,
        ):
            yield session

    def _must_write(self) -> None:
        if self.read_only:
            raise StoreError(f"{self.address} is open for reading only.")

    def _write(self, work: Callable[[neo4j.ManagedTransaction], _T]) -> _T:
        self._must_write()
        with self._session() as session:
            return session.execute_write(work)

    def _ask(
        self, text: str, parameters: dict[str, Any], timeout_s: float | None = None
    ) -> tuple[list[str], list[list[Any]]]:
        """Give the names of the columns, and the rows."""

        def get(
            transaction: neo4j.ManagedTransaction,
        ) -> tuple[list[str], list[list[Any]]]:
            result = transaction.run(text, parameters)
            return list(result.keys()), result.values()

        limited = neo4j.unit_of_work(timeout=timeout_s)(get)
        with self._session(neo4j.READ_ACCESS, timeout_s) as session:
            return session.execute_read(limited)

    def _rows(
        self, text: str, types: Mapping[str, pa.DataType], order: list[str]
    ) -> pa.Table:
        _, rows = self._ask(text, {})
        values = zip(*rows, strict=True) if rows else [()] * len(types)
        arrays = [
            pa.array(column, kind)
            for column, kind in zip(values, types.values(), strict=True)
        ]
        table = pa.table(arrays, list(types))
        return table.sort_by([(name, "ascending") for name in order])

    def _meta(self, name: str) -> int:
        _, rows = self._ask(f"MATCH (m:Meta {{id: 'atlas'}}) RETURN m.{name}", {})
        return int(rows[0][0]) if rows and rows[0][0] is not None else 0

    def _refuse_changes(self, text: str, parameters: dict[str, Any]) -> None:
        """Let the server itself say that a text only reads, without running it."""
        with self._session(neo4j.READ_ACCESS) as session:
            summary = session.run(f"EXPLAIN\n{text}", parameters).consume()
        if summary.query_type != "r":
            raise InvalidDataError(
                "The statement changes the graph. Writing needs --write (write=True)."
                if "w" in (summary.query_type or "")
                else "The statement administrates the server. Ask about the graph: "
                "MATCH and RETURN."
            )
        for operator in _operators(summary.plan):
            if operator.startswith(("LoadCSV", "ProcedureCall")):
                raise InvalidDataError(
                    f"A question must not use {operator.partition('@')[0]}: it may "
                    "reach beyond the graph. MATCH and RETURN instead."
                )

    def _prepare(self) -> None:
        """Make constraints and indexes that are missing, and wait for them."""
        self._must_write()
        if self._ready:
            return
        with self._session() as session:
            found = {r[0] for r in session.run("SHOW INDEXES YIELD name").values()}
            wanted = {
                name: text for name, text in _schema().items() if name not in found
            }
            for text in wanted.values():
                session.run(text).consume()
            if wanted:
                session.run("CALL db.awaitIndexes(120)").consume()
        self._ready = True

    def _send_ahead(
        self, nodes: dict[str, pa.Table], edges: dict[Ends, pa.Table]
    ) -> dict[str, tuple[str, ...]]:
        """Write the big tables in transactions of their own, and drop them from both.

        Returns
        -------
        dict
            Labels written, with the properties that are held back.
        """
        big = {ends for ends, rows in edges.items() if rows.num_rows > unwind.CHUNK}
        labels = {label for ends in big for label in ends[1:] if label in nodes}
        labels |= {k for k, rows in nodes.items() if rows.num_rows > unwind.CHUNK}
        held: dict[str, tuple[str, ...]] = {}
        new: dict[str, pa.Array] = {}
        for label in sorted(labels):
            rows = nodes[label]
            held[label] = tuple({"is_current"} & set(rows.column_names))
            parts = []
            for start in range(0, rows.num_rows, ONE_TRANSACTION):
                part = rows.slice(start, ONE_TRANSACTION)

                def put(
                    transaction: neo4j.ManagedTransaction,
                    label: str = label,
                    part: pa.Table = part,
                ) -> pa.Array:
                    return _upsert(transaction, label, part, held=held[label])

                parts.append(self._write(put))
            new[label] = pa.concat_arrays(parts)
            if not held[label]:
                del nodes[label]
        for ends in sorted(big):
            self._send_edges(ends, edges.pop(ends), new)
        return held

    def _send_edges(
        self, ends: Ends, rows: pa.Table, new: Mapping[str, pa.Array]
    ) -> None:
        for part, fresh in _parted(rows, ends, new):
            spelling = unwind.Spelling(part)
            one_label = ends[1] == ends[2]
            pieces = (
                unwind.lanes(part, LANES) if one_label else [list(unwind.slices(part))]
            )

            def send(
                lane: list[pa.Table],
                spelling: unwind.Spelling = spelling,
                fresh: bool = fresh,
            ) -> None:
                for piece in lane:
                    statement = unwind.join(ends, piece, spelling, new=fresh)

                    def put(
                        transaction: neo4j.ManagedTransaction,
                        statement: unwind.Statement = statement,
                    ) -> None:
                        _join(transaction, ends, statement)

                    self._write(put)

            with ThreadPoolExecutor(LANES) as pool:
                list(pool.map(send, pieces))


def _schema() -> dict[str, str]:
    """Give the statements that make the schema, by the name of the index."""
    statements = {}
    for label, node in NODES.items():
        name = f"atlasdb_{label.lower()}_id"
        statements[name] = (
            f"CREATE CONSTRAINT `{name}` IF NOT EXISTS "
            f"FOR (v:`{label}`) REQUIRE v.id IS UNIQUE"
        )
        for property_ in node.indexed:
            name = f"atlasdb_{label.lower()}_{property_}"
            statements[name] = (
                f"CREATE INDEX `{name}` IF NOT EXISTS "
                f"FOR (v:`{label}`) ON (v.`{property_}`)"
            )
    return statements


def _run(
    transaction: neo4j.ManagedTransaction, statement: unwind.Statement
) -> neo4j.Record:
    return transaction.run(statement.text, statement.parameters).single(strict=True)


def _upsert(
    transaction: neo4j.ManagedTransaction,
    label: str,
    rows: pa.Table,
    *,
    held: tuple[str, ...] = (),
) -> pa.Array:
    """Write nodes; give the ids that nobody had before."""
    fresh: list[int] = []
    statements = unwind.upsert_nodes(label, rows, held=held)
    for place, statement in enumerate(statements):
        result = transaction.run(statement.text, statement.parameters)
        found = result.single(strict=True)["fresh"]
        # Another writer may have made some in between: then all may have relationships.
        if result.consume().counters.nodes_created == len(found):
            fresh += [place * unwind.CHUNK + i for i in found]
    return rows.column("id").combine_chunks().take(pa.array(fresh, pa.int64()))


def _joins(
    ends: Ends, rows: pa.Table, new: Mapping[str, pa.Array]
) -> Iterator[unwind.Statement]:
    for part, fresh in _parted(rows, ends, new):
        spelling = unwind.Spelling(part)
        for piece in unwind.slices(part):
            yield unwind.join(ends, piece, spelling, new=fresh)


def _join(
    transaction: neo4j.ManagedTransaction, ends: Ends, statement: unwind.Statement
) -> None:
    rows = statement.rows
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
    rows: pa.Table, ends: Ends, new: Mapping[str, pa.Array]
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


def _operators(plan: Any) -> Iterator[str]:
    """Give the operators of a plan, whichever way the driver shows it."""
    if plan:
        yield str(plan.get("operatorType", ""))
        for child in plan.get("children", ()):
            yield from _operators(child)


def _own_rows(transaction: neo4j.ManagedTransaction) -> dict[tuple[Any, ...], Any]:
    """Give what people wrote themselves, by key: properties of each.

    Raises
    ------
    InvalidDataError
        If it does not fit the schema, or two nodes are joined twice.
    """
    held: dict[tuple[Any, ...], Any] = {}
    for label in WRITABLE_NODES:
        known = {"id": "str", **NODES[label].properties}
        text = f"MATCH (v:`{label}`) RETURN v.id, properties(v)"
        for id_, values in transaction.run(text).values():
            _fit(label, values, known)
            if id_ is None:
                raise InvalidDataError(f"A {label} needs an id: give it one, as text.")
            held[label, id_] = values
    for kind in WRITABLE_RELATIONSHIPS:
        for source, target in RELATIONSHIPS[kind].ends:
            text = (
                f"MATCH (a:`{source}`)-[r:`{kind}`]->(b:`{target}`) "
                "RETURN a.id, b.id, properties(r)"
            )
            for start, end, values in transaction.run(text).values():
                _fit(kind, values, RELATIONSHIPS[kind].properties)
                key = (kind, target, start, end)
                if key in held:
                    raise InvalidDataError(
                        f"{kind} would join two nodes twice. MERGE it instead."
                    )
                held[key] = values
    return held


def _fit(what: str, values: Mapping[str, Any], known: Mapping[str, str]) -> None:
    for name, value in values.items():
        if name not in known:
            raise InvalidDataError(f"{what} has no property {name}.")
        if known[name] == "str" and not isinstance(value, str):
            raise InvalidDataError(f"{what}.{name} must be text.")
