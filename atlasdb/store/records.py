"""Answers of a Neo4j server as plain Arrow columns, like the embedded store's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from neo4j.graph import Node, Path, Relationship

from atlasdb.errors import InvalidDataError
from atlasdb.store.answers import property_maps

_PLAIN = (str, int, float, bool, type(None))


def table_of(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Make a table of the rows of an answer.

    Parameters
    ----------
    names : sequence of str
        Of the columns.
    rows : sequence of sequence
        As the driver gives them.

    Returns
    -------
    pyarrow.Table
        Columns of string, int64, float64, bool, lists and structs. A column without
        any value has the type null.

    Raises
    ------
    InvalidDataError
        If a column holds values of unlike types.
    """
    if not rows:
        return pa.table([pa.nulls(0)] * len(names), list(names))
    columns = zip(*rows, strict=True)
    arrays = [_array(name, column) for name, column in zip(names, columns, strict=True)]
    return pa.table(arrays, list(names))


def _array(name: str, column: tuple[Any, ...]) -> pa.Array:
    kinds = set(map(type, column))
    if float in kinds:
        column = tuple(None if value != value else value for value in column)
    if not kinds <= set(_PLAIN):
        if all(isinstance(value, (Node, Relationship, type(None))) for value in column):
            return property_maps([_plain(value) for value in column])
        column = tuple(_plain(value) for value in column)
    try:
        return pa.array(column)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InvalidDataError(
            f"The column {name} holds values of unlike types. RETURN them as columns "
            "of their own."
        ) from error


def _plain(value: Any) -> Any:
    """Give a value of plain types; temporal ones as text."""
    if isinstance(value, float):
        return None if value != value else value
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, (Node, Relationship)):
        return dict(value.items())
    if isinstance(value, Path):
        return {
            "_NODES": [_plain(node) for node in value.nodes],
            "_RELS": [_plain(rel) for rel in value.relationships],
        }
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return str(value)
