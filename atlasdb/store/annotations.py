"""What people wrote themselves into a Neo4j graph, held to the schema.

The embedded store's tables refuse what they do not know; a server takes anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import neo4j

from atlasdb.errors import InvalidDataError
from atlasdb.schema import (
    NODES,
    RELATIONSHIPS,
    WRITABLE_NODES,
    WRITABLE_RELATIONSHIPS,
)


def own_rows(transaction: neo4j.ManagedTransaction) -> dict[tuple[Any, ...], Any]:
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
