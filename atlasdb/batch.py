"""Rows on their way into a graph: one Arrow table for each label and type.

A batch is what one entry of the journal adds. Node tables have ``id`` and any of
the label's properties; relationship tables have ``source`` and ``target`` (ids) and
any of the type's properties. Rows are upserts: a property that a table does not
carry is left as it is. `Batch.add_nodes` and `Batch.add_edges` make whole rows: every
property, in the order of `atlasdb.schema`, null where nothing is given, never NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from atlasdb.errors import InvalidDataError
from atlasdb.schema import NODES, RELATIONSHIPS, PropertyType

ARROW: Mapping[PropertyType, Any] = {
    "str": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
}
_OF_ONE_ENTRY = {
    "CONNECTS_TO",
    "HAS_REGION",
    "HAS_NEURON",
    "OF_AREA",
}
"""Tables whose rows belong to one connectome: no two entries share one."""
Ends = tuple[str, str, str]
"""A relationship type between two labels: ``("OF_AREA", "Region", "Area")``."""


@dataclass
class Batch:
    """Node tables by label, relationship tables by type and the labels they join."""

    nodes: dict[str, pa.Table] = field(default_factory=dict)
    edges: dict[Ends, pa.Table] = field(default_factory=dict)

    def add_nodes(self, label: str, columns: Mapping[str, Any]) -> None:
        """Add rows of one label, given as columns of equal length."""
        types: dict[str, PropertyType] = {"id": "str", **NODES[label].properties}
        _extend(self.nodes, label, label, types, ("id",), columns)

    def add_edges(
        self, type: str, source: str, target: str, columns: Mapping[str, Any]
    ) -> None:
        """Add rows of one relationship type between two labels, as columns."""
        declared = RELATIONSHIPS[type]
        if (source, target) not in declared.ends:
            raise InvalidDataError(f"{type} does not join {source} to {target}.")
        types: dict[str, PropertyType] = {
            "source": "str",
            "target": "str",
            **declared.properties,
        }
        key = (type, source, target)
        _extend(self.edges, key, type, types, ("source", "target"), columns)

    @property
    def n_rows(self) -> int:
        """Number of rows in all tables together."""
        tables = [*self.nodes.values(), *self.edges.values()]
        return sum(table.num_rows for table in tables)


def merged(batches: Iterable[Batch]) -> Batch:
    """Join batches into one, in order: of rows with one key, the last stays."""
    parts = list(batches)
    whole = Batch()
    for label in dict.fromkeys(label for part in parts for label in part.nodes):
        tables = [part.nodes[label] for part in parts if label in part.nodes]
        table = pa.concat_tables(tables)
        unique = label in _OF_ONE_ENTRY
        whole.nodes[label] = table if unique else last_rows(table, ["id"])
    for ends in dict.fromkeys(ends for part in parts for ends in part.edges):
        tables = [part.edges[ends] for part in parts if ends in part.edges]
        key = ["source", "target", *RELATIONSHIPS[ends[0]].key]
        table = pa.concat_tables(tables)
        unique = ends[0] in _OF_ONE_ENTRY
        whole.edges[ends] = table if unique else last_rows(table, key)
    return whole


def last_rows(table: pa.Table, key: list[str]) -> pa.Table:
    """Keep the last row of each key, in the order of the rows."""
    codes = np.zeros(table.num_rows, dtype=np.int64)
    for name in key:
        column = table.column(name).combine_chunks()
        coded = column.dictionary_encode(null_encoding="encode")
        codes = codes * len(coded.dictionary) + coded.indices.to_numpy()
    _, first = np.unique(codes[::-1], return_index=True)
    if len(first) == table.num_rows:
        return table
    return table.take(np.sort(table.num_rows - 1 - first))


def _extend(
    tables: dict[Any, pa.Table],
    key: Any,
    what: str,
    types: Mapping[str, PropertyType],
    needed: tuple[str, ...],
    columns: Mapping[str, Any],
) -> None:
    unknown = sorted(set(columns) - set(types))
    absent = [name for name in needed if name not in columns]
    if unknown or absent:
        raise InvalidDataError(
            f"{what} has no property {unknown}"
            if unknown
            else f"rows of {what} need {absent}"
        )
    n_rows = len(columns[needed[0]])
    arrays = {
        name: pa.array(columns[name], type=ARROW[kind], from_pandas=True)
        if name in columns
        else pa.nulls(n_rows, ARROW[kind])
        for name, kind in types.items()
    }
    table = pa.table(arrays)
    if table.num_rows:
        before = tables.get(key)
        tables[key] = pa.concat_tables([before, table]) if before else table
