"""What a store must do, and how an address becomes one.

A store holds one graph that is made from an atlas's files. It knows tables, not
brains. Reads give Arrow tables; a write is a `Batch`, all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from atlasdb.batch import Batch, Ends
from atlasdb.errors import InvalidDataError

SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")


class Store(Protocol):
    """A place for one property graph."""

    dialect: str
    """``"ladybug"`` or ``"neo4j"``: the folder of queries written for it alone."""
    address: str
    """Where it is, without secrets."""

    def apply(self, batch: Batch, *, applied: int) -> None:
        """Upsert a batch and set ``Meta.applied``, in one step for every reader.

        ``applied`` is the number of journal entries that the graph now holds.
        """

    def applied(self) -> int:
        """Give ``Meta.applied``: 0 for an empty store."""

    def read(
        self,
        text: str,
        parameters: Mapping[str, Any],
        *,
        timeout_s: float | None = None,
        trusted: bool = False,
    ) -> pa.Table:
        """Answer a read-only query.

        Text that is not ``trusted`` (a user's own) passes the guard first: what would
        write, reach files or answer differently on another store is refused.
        Nodes and relationships come back as maps of their properties that are set.
        """

    def write(self, text: str, parameters: Mapping[str, Any], *, applied: int) -> int:
        """Run a user's own write, guarded; give the number of changes."""

    def nodes(self, label: str) -> pa.Table:
        """All rows of a label, columns ``id`` and its properties, sorted by id."""

    def edges(self, ends: Ends) -> pa.Table:
        """All rows of a type between two labels, sorted by source, target, key."""

    def has(self, plugin: str) -> bool:
        """Tell whether the database has a plugin, such as ``"gds"``."""

    def clear(self) -> None:
        """Remove everything, and make the schema anew."""

    def delete(self, label: str, ids: list[str]) -> None:
        """Remove nodes by id with their relationships (for erasing a subject)."""

    def close(self) -> None:
        """Let go of locks and connections; safe to call twice."""


def is_server(url: str) -> bool:
    """Tell whether an atlas address names a server rather than a folder.

    Examples
    --------
    >>> is_server("bolt://localhost"), is_server("./atlas")
    (True, False)
    """
    scheme, separator, _ = url.partition("://")
    if not separator:
        return False
    if scheme not in SCHEMES:
        raise InvalidDataError(
            f"No backend for {scheme}://. Use a folder for the embedded store, or one "
            "of: " + ", ".join(f"{s}://" for s in SCHEMES) + "."
        )
    return True


def open_store(url: str, *, read_only: bool = False) -> Store:
    """Open the store behind an atlas address.

    Parameters
    ----------
    url : str
        A folder, or ``bolt://`` or ``neo4j://`` and their encrypted forms.
    read_only : bool, default=False
        Open for reading: many may do so at once, and nothing can be changed.

    Returns
    -------
    Store
        Open; close it, or use it in a ``with`` through `atlasdb.connect`.

    Raises
    ------
    StoreError
        If it is held by a writer, cannot be reached, or is of a newer version.
    """
    if is_server(url):
        from atlasdb.store.neo4j import Neo4jStore

        return Neo4jStore(url, read_only=read_only)
    from atlasdb.store.embedded import EmbeddedStore

    return EmbeddedStore(Path(url), read_only=read_only)
