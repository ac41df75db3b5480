"""Constraints and indexes of a Neo4j graph, made from the schema."""

from __future__ import annotations

import neo4j

from atlasdb.schema import NODES

WAIT_S = 120


def ensure(session: neo4j.Session) -> None:
    """Make those that are missing, and wait until they are ready."""
    found = {row[0] for row in session.run("SHOW INDEXES YIELD name").values()}
    wanted = {name: text for name, text in statements().items() if name not in found}
    for text in wanted.values():
        session.run(text).consume()
    if wanted:
        session.run("CALL db.awaitIndexes($wait)", {"wait": WAIT_S}).consume()


def statements() -> dict[str, str]:
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
