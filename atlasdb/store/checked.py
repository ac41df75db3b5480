"""What every store asks of rows and parameters before it hands them to its engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from atlasdb.batch import ARROW, Ends, last_rows
from atlasdb.errors import InvalidDataError
from atlasdb.schema import NODES, RELATIONSHIPS, PropertyType


def node_rows(label: str, table: pa.Table) -> pa.Table:
    """Give rows of a label with the schema's types, the last one of each id.

    Raises
    ------
    InvalidDataError
        If the label or a column is unknown, a value has another type, or an id is
        missing.
    """
    if label not in NODES:
        raise InvalidDataError(f"There is no label {label}.")
    return _rows(label, table, {"id": "str", **NODES[label].properties}, ["id"])


def edge_rows(ends: Ends, table: pa.Table) -> pa.Table:
    """Give rows of a relationship type, the last one of each key.

    Raises
    ------
    InvalidDataError
        Also if the type does not join these labels, or a row joins a node to itself.
    """
    kind, source, target = ends
    if kind not in RELATIONSHIPS or (source, target) not in RELATIONSHIPS[kind].ends:
        raise InvalidDataError(f"{kind} does not join {source} to {target}.")
    declared = RELATIONSHIPS[kind]
    types: dict[str, PropertyType] = {"source": "str", "target": "str"}
    types.update(declared.properties)
    rows = _rows(kind, table, types, ["source", "target", *declared.key])
    if source == target:
        loops = pc.equal(rows.column("source"), rows.column("target"))
        if pc.any(loops).as_py():
            raise InvalidDataError(
                f"A {kind} joins a {source} to itself. Leave such rows out."
            )
    return rows


def absent(ends: Ends, n: int) -> InvalidDataError:
    """Say that relationships end at nodes that are not there."""
    kind, source, target = ends
    return InvalidDataError(
        f"{n} rows of {kind} name a {source} or {target} that is not in the graph. "
        "Add the nodes first."
    )


def bound(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Give parameters of the types that every store knows: no numpy scalars.

    Raises
    ------
    InvalidDataError
        If a value is none of text, number, truth, list and map, or a whole number
        does not fit into 64 bits.

    Examples
    --------
    >>> import numpy as np
    >>> bound({"limit": np.int64(3), "names": ("V1", None)})
    {'limit': 3, 'names': ['V1', None]}
    """
    return {name: _value(name, value) for name, value in parameters.items()}


def _value(name: str, value: Any) -> Any:
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if value is None or isinstance(value, (str, bool, float)):
        return value
    if isinstance(value, int):
        if -(2**63) <= value < 2**63:
            return value
        raise InvalidDataError(f"${name} does not fit into 64 bits.")
    if isinstance(value, (list, tuple)):
        return [_value(name, part) for part in value]
    if isinstance(value, Mapping):
        return {str(key): _value(name, part) for key, part in value.items()}
    raise InvalidDataError(
        f"${name} is a {type(value).__name__}. Give text, a number, true or false, or "
        "a list or map of them."
    )


def _rows(
    what: str, table: pa.Table, types: Mapping[str, PropertyType], key: list[str]
) -> pa.Table:
    unknown = sorted(set(table.column_names) - set(types))
    missing = sorted(set(key) - set(table.column_names))
    if unknown or missing:
        raise InvalidDataError(
            f"{what} has no property {unknown}."
            if unknown
            else f"Rows of {what} need {missing}."
        )
    fields = [(n, ARROW[types[n]]) for n in types if n in table.column_names]
    try:
        table = table.select([name for name, _ in fields]).cast(pa.schema(fields))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidDataError(f"{what} holds wrong types: {reason}") from error
    for name in key:
        if table.column(name).null_count:
            raise InvalidDataError(f"A row of {what} has no {name}.")
    for i, (name, kind) in enumerate(fields):
        column = table.column(i)
        if kind == pa.float64() and pc.any(pc.is_nan(column)).as_py():
            number = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
            table = table.set_column(i, name, number)
    return last_rows(table, key)
