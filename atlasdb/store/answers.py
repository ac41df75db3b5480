"""Answers of LadybugDB as plain Arrow columns: no internal ids, no odd widths.

Columns are string, int64, float64, bool, or lists and structs of them. A node or a
relationship becomes a struct of its properties: those that are set in at least one
row, in the order of the schema. There is no NaN: a number that is none is null.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from atlasdb.errors import StoreError
from atlasdb.schema import NODES, RELATIONSHIPS

_NAMES = ["id"]
_NAMES += [name for node in NODES.values() for name in node.properties]
_NAMES += [name for rel in RELATIONSHIPS.values() for name in rel.properties]
_ORDER = {name: place for place, name in enumerate(dict.fromkeys(_NAMES))}


def plain(table: pa.Table) -> pa.Table:
    """Give an answer of LadybugDB with plain columns.

    Raises
    ------
    StoreError
        If a whole number does not fit into 64 bits.
    """
    names = table.column_names
    return pa.table([_column(table.column(i)) for i in range(len(names))], names)


def property_maps(rows: Sequence[Any]) -> pa.Array:
    """Make a column of nodes or relationships: their properties as a struct.

    Parameters
    ----------
    rows : sequence of dict or None
        Properties that are set, by name; None for no node.

    Returns
    -------
    pyarrow.Array
        Of structs with the properties that any row has, in the order of the schema.

    Examples
    --------
    >>> property_maps([{"name": "V1", "id": "a"}, None]).to_pylist()
    [{'id': 'a', 'name': 'V1'}, None]
    """
    return pa.array([_ordered(row) for row in _aligned(rows)])


def _aligned(rows: Iterable[Any]) -> list[Any]:
    """Give every dict the same names, so that the order of none decides."""
    kept = list(rows)
    names = sorted({k for row in kept if row is not None for k in row}, key=_place)
    return [row if row is None else {k: row.get(k) for k in names} for row in kept]


def _place(name: str) -> tuple[int, str]:
    return _ORDER.get(name, len(_ORDER)), name


def _ordered(row: Any) -> Any:
    return row if row is None else {k: row[k] for k in sorted(row, key=_place)}


def _column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if _is_entity(kind):
        return pa.chunked_array([property_maps([_set(v) for v in column.to_pylist()])])
    if _holds_entity(kind):
        return pa.chunked_array([pa.array([_bare(v) for v in column.to_pylist()])])
    try:
        column = column.cast(_plain_type(kind))
    except pa.ArrowInvalid as error:
        raise StoreError(
            "A whole number of the answer does not fit into 64 bits. Sum real numbers: "
            "1.0 * x."
        ) from error
    return _without_nan(column)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_plain_type(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(f.name, _plain_type(f.type)) for f in kind])
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return pa.int64()
    if pa.types.is_floating(kind):
        return pa.float64()
    if pa.types.is_boolean(kind):
        return pa.bool_()
    return pa.string()


def _without_nan(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_floating(kind):
        nan = pc.is_nan(column)
        if pc.any(nan).as_py():
            return pc.if_else(nan, pa.scalar(None, kind), column)
    elif pa.types.is_nested(kind) and "double" in str(kind):
        rows = [_no_nan(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(rows, kind)])
    return column


def _no_nan(value: Any) -> Any:
    if isinstance(value, list):
        return [_no_nan(part) for part in value]
    if isinstance(value, dict):
        return {name: _no_nan(part) for name, part in value.items()}
    return None if isinstance(value, float) and value != value else value


def _is_entity(kind: pa.DataType) -> bool:
    return bool(pa.types.is_struct(kind) and kind.get_field_index("_ID") >= 0)


def _holds_entity(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _is_entity(kind.value_type) or _holds_entity(kind.value_type)
    return pa.types.is_struct(kind) and any(
        _is_entity(field.type) or _holds_entity(field.type) for field in kind
    )


def _set(value: Any) -> Any:
    """Give the properties of a node or relationship that are set."""
    if value is None:
        return None
    inner = ("_ID", "_LABEL", "_SRC", "_DST")
    return {k: v for k, v in value.items() if k not in inner and v is not None}


def _bare(value: Any) -> Any:
    """Strip nodes and relationships inside lists and maps."""
    if isinstance(value, list):
        parts = [_bare(part) for part in value]
        maps = [part for part in parts if isinstance(part, dict)]
        return _aligned(parts) if len(maps) == len(parts) else parts
    if isinstance(value, dict):
        if "_ID" in value:
            return _set(value)
        return {name: _bare(part) for name, part in value.items()}
    return None if isinstance(value, float) and value != value else value
