"""Rows of graph measures: properties of regions or neurons, and who measured them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from atlasdb.batch import ARROW, Batch
from atlasdb.rows.shared import add_run, link
from atlasdb.schema import NODES
from atlasdb.types import MeasureResult


def measure_batch(
    result: MeasureResult, before: pa.Table, *, code_version: str
) -> Batch:
    """Give the rows of one measure of one connectome.

    Parameters
    ----------
    result : MeasureResult
        What was measured.
    before : pyarrow.Table
        Rows of the connectome's regions or neurons as they are: whole ones, of which
        only the measured properties change.
    code_version : str
        Version of atlasdb, kept in the Run.
    """
    batch = Batch()
    key = result.run.key
    add_run(batch, result.run, code_version=code_version)
    link(batch, "USED", "Run", "Connectome", key, result.connectome)
    metrics = [*result.nodes, *result.values]
    edges = {
        "source": [result.connectome] * len(metrics),
        "target": [key] * len(metrics),
        "metric": metrics,
        "value": [None] * len(result.nodes) + list(result.values.values()),
    }
    batch.add_edges("MEASURED", "Connectome", "Run", edges)
    if result.nodes:
        batch.nodes[result.label] = _changed(result, before)
    return batch


def _changed(result: MeasureResult, before: pa.Table) -> pa.Table:
    places = pc.index_in(before.column("id"), value_set=pa.array(result.ids.tolist()))
    table = before
    for name, values in result.nodes.items():
        column = pa.array(values, type=ARROW[NODES[result.label].properties[name]])
        at = table.column_names.index(name)
        table = table.set_column(at, name, column.take(places.combine_chunks()))
    return table
