"""LadybugDB's tables from the schema, its state in ``Meta``, and its errors in ours."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from atlasdb.errors import AtlasError, InvalidDataError, StoreError
from atlasdb.schema import NODES, RELATIONSHIPS, SCHEMA_VERSION, PropertyType

_TYPES: dict[PropertyType, str] = {
    "str": "STRING",
    "int": "INT64",
    "float": "DOUBLE",
    "bool": "BOOL",
}
_MISUSE = ("Parser", "Binder", "Catalog", "Conversion", "Overflow", "Runtime")


class PendingError(StoreError):
    """A killed writer's checkpoint must be finished by a writer first."""


def missing(connection: Any) -> list[str]:
    """Give the statements that make a graph fit the schema: none where it does."""
    found = connection.execute("CALL show_tables() RETURN name").get_all()
    tables = {row[0] for row in found}
    statements: list[str] = []
    for label, node in NODES.items():
        if label in tables:
            statements += _absent_columns(connection, label, node.properties)
        else:
            columns = _columns({"id": "str"} | dict(node.properties))
            statements.append(
                f"CREATE NODE TABLE `{label}` ({columns}, PRIMARY KEY(`id`))"
            )
    for kind, rel in RELATIONSHIPS.items():
        if kind in tables:
            text = f"CALL show_connection('{kind}') RETURN *"
            held = {tuple(row[:2]) for row in connection.execute(text).get_all()}
            statements += [
                f"ALTER TABLE `{kind}` ADD FROM `{source}` TO `{target}`"
                for source, target in rel.ends
                if (source, target) not in held
            ]
            statements += _absent_columns(connection, kind, rel.properties)
        else:
            parts = [f"FROM `{source}` TO `{target}`" for source, target in rel.ends]
            parts += [_columns(rel.properties)] if rel.properties else []
            statements.append(f"CREATE REL TABLE `{kind}` ({', '.join(parts)})")
    return statements


def ensure(connection: Any) -> None:
    """Make the tables and columns that are missing, all of them or none."""
    statements = missing(connection)
    if statements:
        connection.execute("BEGIN TRANSACTION")
        for statement in statements:
            connection.execute(statement)
        connection.execute("COMMIT")


def applied(connection: Any) -> int:
    """Give ``Meta.applied``, 0 where it is not set."""
    return _meta(connection, "applied")


def set_applied(connection: Any, n: int) -> None:
    """Set ``Meta.applied`` and the version of the schema."""
    connection.execute(
        "MERGE (m:Meta {id: 'atlas'}) SET m.applied = $n, m.schema_version = $version",
        {"n": n, "version": SCHEMA_VERSION},
    )


def refuse_newer(connection: Any, address: str) -> None:
    """Refuse a graph whose schema a newer atlasdb made.

    Raises
    ------
    StoreError
        If it is.
    """
    held = {
        r[0] for r in connection.execute("CALL show_tables() RETURN name").get_all()
    }
    version = _meta(connection, "schema_version") if "Meta" in held else 0
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{address} was made by a newer atlasdb (schema {version}, this one knows "
            f"{SCHEMA_VERSION}). Upgrade: pip install --upgrade atlasdb"
        )


def is_torn_log(message: str) -> bool:
    """Tell whether the engine refuses a log whose end was never written."""
    return any(
        part in message for part in ("WAL file is corrupted", "WAL record", ".wal")
    )


def unfinished(graph: Path) -> bool:
    """Tell whether a killed writer left something that only a writer can put right."""
    return any(path.stat().st_size for path in _besides(graph))


def need_room(graph: Path, n_bytes: int, *, undo: bool, address: str) -> None:
    """Refuse to begin what the disk has no room for.

    A disk that is full in the middle ends the process: the engine cannot even close.

    Parameters
    ----------
    n_bytes : int
        Size of what is to be written, as it is in memory; its log takes thrice that.
    undo : bool
        Whether a copy of the graph is kept meanwhile.

    Raises
    ------
    StoreError
        If less is free than that.
    """
    needed = 4 * n_bytes + (1 << 23) + (graph.stat().st_size if undo else 0)
    free = shutil.disk_usage(graph.parent).free
    if free < needed:
        raise StoreError(
            f"{address} needs about {needed / 1e6:.0f} MB, and its disk has "
            f"{free / 1e6:.0f} MB left. Free some space and do the same again."
        )


def keep_undo(graph: Path) -> None:
    """Copy a graph whose log is empty, to go back to it after a kill."""
    part = graph.with_name(f"{graph.name}.part")
    try:
        shutil.copyfile(graph, part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    part.replace(_undo(graph))


def drop_undo(graph: Path) -> None:
    """Forget the way back: what was to be written is there."""
    _undo(graph).unlink(missing_ok=True)


def restore(graph: Path) -> bool:
    """Go back to the kept graph, if a writer was killed before it was done.

    Returns
    -------
    bool
        Whether there was one.
    """
    undo = _undo(graph)
    graph.with_name(f"{graph.name}.part").unlink(missing_ok=True)
    if not undo.exists():
        return False
    for path in _besides(graph):
        if path != undo:
            path.unlink(missing_ok=True)
    undo.replace(graph)
    return True


def remove(graph: Path) -> None:
    """Delete a graph, its log first: a log must never meet another graph."""
    for path in _besides(graph):
        path.unlink(missing_ok=True)
    graph.unlink(missing_ok=True)


def translated(error: Exception, address: str, timeout_s: float | None) -> AtlasError:
    """Say an error of the engine in one line.

    Returns
    -------
    AtlasError
        InvalidDataError for what a statement did wrong, else StoreError.
    """
    text = " ".join(str(error).splitlines()[:1]) or type(error).__name__
    if "Interrupted" in text:
        return StoreError(
            f"The answer took longer than {timeout_s:g} s. Ask for less, or raise the "
            "time limit."
            if timeout_s is not None
            else "The query was interrupted."
        )
    if "different version" in text:
        return StoreError(
            f"{address} was made by a newer atlasdb ({text.partition('. ')[2]}). "
            "Upgrade: pip install --upgrade atlasdb"
        )
    if "not a valid Lbug database" in text:
        return StoreError(
            f"The graph in {address} cannot be read. Delete its graph.lbug and run "
            "'atlasdb rebuild': the graph is made from the files."
        )
    if "duplicated primary key" in text:
        return InvalidDataError(
            f"There is a node of this id already ({text.partition('value ')[2]}). "
            "MERGE it, or take another id."
        )
    if "connected edges" in text:
        return InvalidDataError("The node has relationships: use DETACH DELETE.")
    if text.startswith("Buffer manager"):
        return StoreError("The query needs more memory than there is. Ask for less.")
    if "recovery is pending" in text:
        return PendingError(
            f"{address} was left unfinished, and cannot be put right without the right "
            "to write there. Copy it to a folder of your own."
        )
    kind, _, rest = text.partition(" exception: ")
    if rest and kind in _MISUSE:
        return InvalidDataError(f"The statement cannot be answered: {rest}")
    return StoreError(f"{address}: {text}")


def _meta(connection: Any, name: str) -> int:
    text = f"MATCH (m:Meta {{id: 'atlas'}}) RETURN m.{name}"
    rows = connection.execute(text).get_all()
    return int(rows[0][0]) if rows and rows[0][0] is not None else 0


def _columns(properties: Any) -> str:
    return ", ".join(f"`{name}` {_TYPES[kind]}" for name, kind in properties.items())


def _absent_columns(connection: Any, table: str, properties: Any) -> list[str]:
    text = f"CALL table_info('{table}') RETURN name"
    held = {row[0] for row in connection.execute(text).get_all()}
    return [
        f"ALTER TABLE `{table}` ADD IF NOT EXISTS `{name}` {_TYPES[kind]}"
        for name, kind in properties.items()
        if name not in held
    ]


def _undo(graph: Path) -> Path:
    return graph.with_name(f"{graph.name}.undo")


def _besides(graph: Path) -> Iterator[Path]:
    yield from graph.parent.glob(f"{graph.name}.*")
