"""Constraints and indexes of a Neo4j graph, made from the schema."""

from __future__ import annotations

import neo4j

from atlasdb.schema import NODES

WAIT_S = 120
Place = tuple[str, str]
"""A label and a property."""


def ensure(session: neo4j.Session) -> None:
    """Make those that are missing, and wait until they are ready."""
    rows = session.run("SHOW INDEXES YIELD labelsOrTypes, properties").values()
    found = {(*labels, *properties) for labels, properties in rows if labels}
    wanted = [text for place, text in statements().items() if place not in found]
    for text in wanted:
        session.run(text).consume()
    if wanted:
        session.run("CALL db.awaitIndexes($wait)", {"wait": WAIT_S}).consume()


def statements() -> dict[Place, str]:
    """Give the statements that make the schema, by label and property.

    Examples
    --------
    >>> statements()["Region", "name"]
    'CREATE INDEX `atlasdb_region_name` IF NOT EXISTS FOR (v:`Region`) ON (v.`name`)'
    """
    made: dict[Place, str] = {}
    for label, node in NODES.items():
        made[label, "id"] = (
            f"CREATE CONSTRAINT `atlasdb_{label.lower()}_id` IF NOT EXISTS "
            f"FOR (v:`{label}`) REQUIRE v.id IS UNIQUE"
        )
        for name in node.indexed:
            made[label, name] = (
                f"CREATE INDEX `atlasdb_{label.lower()}_{name}` IF NOT EXISTS "
                f"FOR (v:`{label}`) ON (v.`{name}`)"
            )
    return made
