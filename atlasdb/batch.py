"""Rows on their way into a graph: one Arrow table for each label and type.

A batch is what one entry of the journal adds. Node tables have ``id`` and any of
the label's properties; relationship tables have ``source`` and ``target`` (ids) and
any of the type's properties. Rows are upserts: a property that a table does not
carry is left as it is. Columns have the types of `atlasdb.schema`, missing values
are null, never NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from atlasdb.errors import InvalidDataError
from atlasdb.schema import NODES, RELATIONSHIPS, PropertyType

ARROW: Mapping[PropertyType, Any] = {
    "str": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
}
Ends = tuple[str, str, str]
"""A relationship type between two labels: ``("OF_AREA", "Region", "Area")``."""


@dataclass
class Batch:
    """Node tables by label, relationship tables by type and the labels they join."""

    nodes: dict[str, pa.Table] = field(default_factory=dict)
    edges: dict[Ends, pa.Table] = field(default_factory=dict)

    def add_nodes(self, label: str, columns: Mapping[str, Sequence[Any]]) -> None:
        """Add rows of one label, given as columns of equal length."""
        types = {"id": "str"} | dict(NODES[label].properties)
        _extend(self.nodes, label, label, types, ("id",), columns)

    def add_edges(
        self, type: str, source: str, target: str, columns: Mapping[str, Sequence[Any]]
    ) -> None:
        """Add rows of one relationship type between two labels, as columns."""
        declared = RELATIONSHIPS[type]
        if (source, target) not in declared.ends:
            raise InvalidDataError(f"{type} does not join {source} to {target}.")
        types = {"source": "str", "target": "str"} | dict(declared.properties)
        key = (type, source, target)
        _extend(self.edges, key, type, types, ("source", "target"), columns)

    def extend(self, other: Batch) -> None:
        """Append the rows of another batch."""
        for label, table in other.nodes.items():
            self.nodes[label] = _concat(self.nodes.get(label), table)
        for ends, table in other.edges.items():
            self.edges[ends] = _concat(self.edges.get(ends), table)

    @property
    def n_rows(self) -> int:
        """Number of rows in all tables together."""
        tables = [*self.nodes.values(), *self.edges.values()]
        return sum(table.num_rows for table in tables)


def merged(batches: Iterable[Batch]) -> Batch:
    """Join batches into one, in order."""
    whole = Batch()
    for batch in batches:
        whole.extend(batch)
    return whole


def _extend(
    tables: dict[Any, pa.Table],
    key: Any,
    what: str,
    types: Mapping[str, str],
    needed: tuple[str, ...],
    columns: Mapping[str, Sequence[Any]],
) -> None:
    unknown = sorted(set(columns) - set(types))
    absent = [name for name in needed if name not in columns]
    if unknown or absent:
        raise InvalidDataError(
            f"{what} has no property {unknown}"
            if unknown
            else f"rows of {what} need {absent}"
        )
    arrays = {
        name: pa.array(values, type=ARROW[types[name]], from_pandas=True)
        for name, values in columns.items()
    }
    table = pa.table(arrays)
    if table.num_rows:
        tables[key] = _concat(tables.get(key), table)


def _concat(first: pa.Table | None, second: pa.Table) -> pa.Table:
    if first is None:
        return second
    if first.schema.names != second.schema.names:
        second_names, names = set(second.schema.names), first.schema.names
        if set(names) != second_names:
            raise InvalidDataError(
                "Rows of one table must carry the same columns in one batch: "
                f"{sorted(set(names) ^ second_names)} are in one part only."
            )
        second = second.select(names)
    return pa.concat_tables([first, second])
