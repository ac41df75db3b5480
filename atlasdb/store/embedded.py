"""The default store: LadybugDB in the folder of the atlas, without a server.

One writer or many readers hold the folder at a time (`atlasdb.store.lock`); the
engine's own reading beside a writer is not relied on. Each write is one transaction.
What a killed writer left is recovered by whoever opens the folder next.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa

from atlasdb.batch import ARROW, Batch, Ends
from atlasdb.errors import InvalidDataError, NotFoundError, StoreError
from atlasdb.schema import (
    NODES,
    RELATIONSHIPS,
    WRITABLE_NODES,
    WRITABLE_RELATIONSHIPS,
)
from atlasdb.store import bulk, tables
from atlasdb.store.answers import plain
from atlasdb.store.checked import bound
from atlasdb.store.dialect import check_parameters, check_read, check_write
from atlasdb.store.lock import FolderLock

GRAPH_NAME = "graph.lbug"
# The engine maps 8 TB for a graph unless told otherwise: 15 of them fill a process.
MAX_GRAPH_BYTES = 1 << 36
# Address space, not memory: only what a query needs is taken of it.
POOL_BYTES = 3 << 30
# Putting the log into the graph file costs more than writing it: not after each
# subject. It must not be switched off: a COPY is in no log, and a kill would lose it.
LOG_BYTES = 1 << 30
_log = logging.getLogger("atlasdb")


class EmbeddedStore:
    """A graph in a folder.

    Parameters
    ----------
    folder : Path
        Made where it is not there, unless ``read_only``.
    read_only : bool, default=False
        Share the folder with other readers; nothing can be changed.

    Raises
    ------
    NotFoundError
        If there is no graph to read.
    StoreError
        If others hold the folder, it cannot be written to, the graph cannot be read,
        or a newer atlasdb made it.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as name:
    ...     store = EmbeddedStore(Path(name) / "atlas")
    ...     store.apply(Batch(), applied=3)
    ...     store.applied()
    ...     store.close()
    3
    """

    dialect = "ladybug"

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.address = str(folder)
        self.read_only = read_only
        self._folder = folder
        self._graph = folder / GRAPH_NAME
        self._guard = threading.RLock()
        self._database: Any = None
        self._connection: Any = None
        self._lock: FolderLock | None = None
        if read_only:
            self._open_to_read()
        else:
            self._open_to_write()

    def apply(self, batch: Batch, *, applied: int) -> None:
        """Upsert a batch and set ``Meta.applied``, in one transaction."""
        with self._guard:
            self._must_write()
            with _said(self.address):
                copy = bulk.copies(self._connection, batch)
                size = bulk.n_bytes(batch)
                tables.need_room(self._graph, size, undo=copy, address=self.address)
            undo = self._undoable() if copy else nullcontext()
            with undo, self._writing() as connection:
                bulk.load(connection, batch, copy=copy)
                tables.set_applied(connection, applied)

    def applied(self) -> int:
        """Give ``Meta.applied``: 0 for an empty store."""
        with self._asking() as connection:
            return tables.applied(connection)

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
            If the guard refuses the text, or the engine cannot understand it.
        StoreError
            If the answer takes longer than ``timeout_s``.
        """
        if trusted:
            check_parameters(text, parameters)
        else:
            check_read(text, parameters, self.dialect)
        with self._asking(timeout_s) as connection:
            return plain(_ask(connection, text, parameters))

    def write(self, text: str, parameters: Mapping[str, Any], *, applied: int) -> int:
        """Run a user's own write; give how many nodes and relationships it changed."""
        check_write(text, parameters, self.dialect)
        with self._writing() as connection:
            before = _own_rows(connection)
            _execute(connection, text, parameters)
            after = _own_rows(connection)
            tables.set_applied(connection, applied)
        return sum(before.get(k) != after.get(k) for k in before.keys() | after.keys())

    def nodes(self, label: str) -> pa.Table:
        """All rows of a label, columns ``id`` and its properties, sorted by id."""
        names = ["id", *NODES[label].properties]
        values = ", ".join(f"v.`{name}` AS c{i}" for i, name in enumerate(names))
        text = f"MATCH (v:`{label}`) RETURN {values}"
        types = {"id": ARROW["str"]}
        types |= {name: ARROW[kind] for name, kind in NODES[label].properties.items()}
        return self._rows(text, types, ["id"])

    def edges(self, ends: Ends) -> pa.Table:
        """All rows of a type between two labels, sorted by source, target, key."""
        kind, source, target = ends
        declared = RELATIONSHIPS[kind]
        values = ["a.id AS c0", "b.id AS c1"]
        values += [
            f"r.`{name}` AS c{i}" for i, name in enumerate(declared.properties, 2)
        ]
        text = (
            f"MATCH (a:`{source}`)-[r:`{kind}`]->(b:`{target}`) "
            f"RETURN {', '.join(values)}"
        )
        types = dict.fromkeys(("source", "target"), ARROW["str"])
        types |= {name: ARROW[kind] for name, kind in declared.properties.items()}
        return self._rows(text, types, ["source", "target", *declared.key])

    def has(self, plugin: str) -> bool:
        """Tell whether there is a plugin: there never is, none is downloaded."""
        return False

    def clear(self) -> None:
        """Remove everything, and make the schema anew."""
        with self._guard:
            self._must_write()
            with _said(self.address):
                self._shut()
                tables.remove(self._graph)
                self._connect(read_only=False)
                tables.ensure(self._connection)

    def delete(self, label: str, ids: list[str]) -> None:
        """Remove nodes by id with their relationships; ids that are not there, too."""
        if label not in NODES:
            raise InvalidDataError(f"There is no label {label}.")
        rows = pa.table({"c0": pa.array(ids, pa.string())})
        with self._writing() as connection:
            if rows.num_rows:
                connection.execute(
                    f"LOAD FROM $rows MATCH (v:`{label}` {{id: c0}}) DETACH DELETE v",
                    {"rows": rows.combine_chunks()},
                )

    def close(self) -> None:
        """Write everything into the one file and let go; safe to call twice."""
        with self._guard:
            try:
                if self._connection is not None and not self.read_only:
                    with _said(self.address):
                        self._connection.execute("CHECKPOINT")
            finally:
                self._shut()
                if self._lock is not None:
                    self._lock.release()

    def _open_to_write(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"{self.address} cannot be made a folder ({error.strerror}). Name "
                "another place for the atlas."
            ) from error
        self._lock = FolderLock(self._folder, exclusive=True)
        try:
            with _said(self.address):
                if tables.restore(self._graph):
                    self._warn()
            self._connect(read_only=False)
            with _said(self.address):
                tables.refuse_newer(self._connection, self.address)
                tables.ensure(self._connection)
        except BaseException:
            self._shut()
            self._lock.release()
            raise

    def _open_to_read(self) -> None:
        if not self._graph.exists():
            raise NotFoundError(
                f"No atlas in {self.address}: run 'atlasdb ingest' first, or name the "
                "folder of one with --atlas."
            )
        if tables.unfinished(self._graph) or not self._opened_to_read():
            # A writer must open it once: to finish what a killed one left, or to add
            # the columns of a newer schema.
            EmbeddedStore(self._folder).close()
            if not self._opened_to_read():
                raise StoreError(f"{self.address} changed while it was opened. Retry.")

    def _opened_to_read(self) -> bool:
        """Open for reading; False, and closed, where a writer must open it first."""
        self._lock = FolderLock(self._folder, exclusive=False)
        ready = False
        try:
            self._connect(read_only=True)
            with _said(self.address):
                tables.refuse_newer(self._connection, self.address)
                ready = not tables.missing(self._connection)
        except tables.PendingError:
            ready = False
        finally:
            if not ready:
                self._shut()
                self._lock.release()
        return ready

    def _connect(self, *, read_only: bool) -> None:
        # Imported late: the command line starts faster without it.
        import ladybug

        def opened(*, strict: bool) -> Any:
            return ladybug.Database(
                str(self._graph),
                read_only=read_only,
                buffer_pool_size=POOL_BYTES,
                max_db_size=MAX_GRAPH_BYTES,
                checkpoint_threshold=LOG_BYTES,
                throw_on_wal_replay_failure=strict,
            )

        try:
            with _said(self.address):
                try:
                    database = opened(strict=True)
                except RuntimeError as error:
                    if not tables.is_torn_log(str(error)):
                        raise
                    self._warn()
                    database = opened(strict=False)
                self._database = database
                self._connection = ladybug.Connection(database)
        except InvalidDataError as error:
            raise StoreError(f"{self.address} cannot be opened: {error}") from error

    def _warn(self) -> None:
        _log.warning(
            "%s: the last write was cut off before it was finished; the graph is as it "
            "was before it.",
            self.address,
        )

    def _shut(self) -> None:
        connection, self._connection = self._connection, None
        database, self._database = self._database, None
        if connection is not None:
            connection.close()
        if database is not None:
            database.close()

    def _must_write(self) -> None:
        if self._connection is None:
            raise StoreError(f"{self.address} is closed.")
        if self.read_only:
            raise StoreError(f"{self.address} is open for reading only.")

    def _rows(
        self, text: str, types: Mapping[str, pa.DataType], order: list[str]
    ) -> pa.Table:
        with self._asking() as connection:
            found = connection.execute(text).get_as_arrow()
        schema = pa.schema(list(types.items()))
        table = found.rename_columns(list(types)).cast(schema)
        return table.sort_by([(name, "ascending") for name in order])

    @contextmanager
    def _asking(self, timeout_s: float | None = None) -> Iterator[Any]:
        """Hold a transaction in which the engine refuses every write."""
        with self._guard:
            connection = self._connection
            if connection is None:
                raise StoreError(f"{self.address} is closed.")
            with _said(self.address, timeout_s):
                connection.set_query_timeout(_milliseconds(timeout_s))
                connection.execute("BEGIN TRANSACTION READ ONLY")
                try:
                    yield connection
                finally:
                    connection.set_query_timeout(0)
                    _end(connection)

    @contextmanager
    def _undoable(self) -> Iterator[None]:
        """Keep the graph as it is beside it, until what is written is whole."""
        with _said(self.address):
            self._connection.execute("CHECKPOINT")
            tables.keep_undo(self._graph)
        try:
            yield
        except BaseException:
            self._shut()
            with _said(self.address):
                tables.restore(self._graph)
            self._connect(read_only=False)
            raise
        with _said(self.address):
            tables.drop_undo(self._graph)

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        """Hold a transaction: all of it stays, or nothing."""
        with self._guard:
            self._must_write()
            connection = self._connection
            with _said(self.address):
                connection.execute("BEGIN TRANSACTION")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    _end(connection)
                    raise


def _end(connection: Any) -> None:
    """Leave a transaction, also one that an error has ended already."""
    try:
        connection.execute("ROLLBACK")
    except RuntimeError as error:
        if "transaction" not in str(error):
            raise


def _milliseconds(timeout_s: float | None) -> int:
    return 0 if timeout_s is None else max(1, round(timeout_s * 1000))


def _ask(connection: Any, text: str, parameters: Mapping[str, Any]) -> pa.Table:
    result = _execute(connection, text, parameters)
    if isinstance(result, list) or not result.get_column_names():
        raise InvalidDataError("A question ends in RETURN, and is one statement.")
    return result.get_as_arrow()


def _execute(connection: Any, text: str, parameters: Mapping[str, Any]) -> Any:
    try:
        return connection.execute(text, bound(parameters))
    except InvalidDataError:
        raise
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise InvalidDataError(
            f"The statement cannot be answered: {str(error).splitlines()[0]}"
        ) from error


def _own_rows(connection: Any) -> dict[tuple[Any, ...], Any]:
    """Give what people wrote themselves, by key: properties of each.

    Raises
    ------
    InvalidDataError
        If two nodes are joined twice.
    """
    held: dict[tuple[Any, ...], Any] = {}
    for label in WRITABLE_NODES:
        values = ", ".join(f"v.`{name}`" for name in NODES[label].properties)
        text = f"MATCH (v:`{label}`) RETURN v.id, {values}"
        for id_, *rest in connection.execute(text).get_all():
            held[label, id_] = rest
    for kind in WRITABLE_RELATIONSHIPS:
        for source, target in RELATIONSHIPS[kind].ends:
            values = ", ".join(f"r.`{name}`" for name in RELATIONSHIPS[kind].properties)
            text = (
                f"MATCH (a:`{source}`)-[r:`{kind}`]->(b:`{target}`) "
                f"RETURN a.id, b.id, {values}"
            )
            for start, end, *rest in connection.execute(text).get_all():
                key = (kind, target, start, end)
                if key in held:
                    raise InvalidDataError(
                        f"{kind} would join two nodes twice. MERGE it instead."
                    )
                held[key] = rest
    return held


@contextmanager
def _said(address: str, timeout_s: float | None = None) -> Iterator[None]:
    """Turn the engine's errors into ours, in one line."""
    try:
        yield
    except RuntimeError as error:
        raise tables.translated(error, address, timeout_s) from error
    except OSError as error:
        raise StoreError(f"{address}: {error.strerror}.") from error
