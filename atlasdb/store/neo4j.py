"""A graph on a Neo4j server, by the official driver.

Writes are managed transactions: what a deadlock or a new leader undid is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import neo4j
import pyarrow as pa

from atlasdb.batch import ARROW, Batch, Ends
from atlasdb.errors import InvalidDataError, StoreError
from atlasdb.schema import NODES, RELATIONSHIPS, SCHEMA_VERSION
from atlasdb.store import constraints
from atlasdb.store.annotations import own_rows
from atlasdb.store.checked import bound
from atlasdb.store.dialect import check_parameters, check_read, check_write
from atlasdb.store.loading import load
from atlasdb.store.records import table_of
from atlasdb.store.server import open_driver, plainly

FETCH = 10_000
"""Rows that the server sends at once."""
_META = (
    "MERGE (m:Meta {id: 'atlas'}) SET m.applied = $applied, m.schema_version = $version"
)
_REACHING = ("LoadCSV", "ProcedureCall", "Show", "Terminate")
"""Operators of a plan that read, or end, more than the graph."""
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
        self._plugins: dict[str, bool] = {}
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
        self._prepare()

        def finish(transaction: neo4j.ManagedTransaction) -> None:
            _note(transaction, applied)

        load(self._write, batch, finish)

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
            before = own_rows(transaction)
            transaction.run(text, values).consume()
            after = own_rows(transaction)
            _note(transaction, applied)
            keys = before.keys() | after.keys()
            return sum(before.get(key) != after.get(key) for key in keys)

        return self._write(change)

    def has(self, plugin: str) -> bool:
        """Tell whether the server has a plugin: whether it says its version."""
        if plugin not in self._plugins:
            text = "SHOW FUNCTIONS YIELD name WHERE name = $name RETURN count(*) AS n"
            _, rows = self._ask(text, {"name": f"{plugin}.version"}, None)
            self._plugins[plugin] = rows[0][0] > 0
        return self._plugins[plugin]

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
                "CALL (r) { DELETE r } IN TRANSACTIONS OF 2500 ROWS"
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
            "CALL (v) { DETACH DELETE v } IN TRANSACTIONS OF 25 ROWS"
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
            if operator.startswith(_REACHING):
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
            constraints.ensure(session)
        self._ready = True


def _note(transaction: neo4j.ManagedTransaction, applied: int) -> None:
    """Set how many journal entries the graph holds."""
    meta = {"applied": applied, "version": SCHEMA_VERSION}
    transaction.run(_META, meta).consume()


def _operators(plan: Any) -> Iterator[str]:
    """Give the operators of a plan, whichever way the driver shows it."""
    if plan:
        yield str(plan.get("operatorType", ""))
        for child in plan.get("children", ()):
            yield from _operators(child)
