"""Rows of simulated stimulation: what acting on each region would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from atlasdb.batch import Batch
from atlasdb.rows.ids import region_ids, stimulation_id
from atlasdb.rows.shared import StoredArrays, add_artifact, add_run, link
from atlasdb.types import StimulationResult


def stimulation_batch(
    result: StimulationResult, stored: Sequence[StoredArrays], *, code_version: str
) -> Batch:
    """Give the rows of one simulated stimulation.

    Node and relationships say by a property of their own that they are simulated:
    whoever reads one of them alone must see it.
    """
    batch = Batch()
    key = result.run.key
    stimulation = stimulation_id(result.connectome, key)
    add_run(batch, result.run, code_version=code_version)
    names = "subject connectome goal budget horizon n_rollouts fit_score"
    row: dict[str, Any] = {name: [getattr(result, name)] for name in names.split()}
    row |= {"id": [stimulation], "linear_fit_score": [result.linear_fit_score]}
    row |= {"seed": [result.run.seed], "simulated": [True]}
    batch.add_nodes("Stimulation", row)
    n = len(result.codes)
    rank = np.empty(n, dtype=np.int64)
    rank[np.argsort(-result.reduction, kind="stable")] = np.arange(1, n + 1)
    columns: dict[str, Any] = {
        "source": [stimulation] * n,
        "target": region_ids(result.connectome, result.codes),
        "rank": rank,
        "reduction": result.reduction,
        "reduction_low": result.reduction_low,
        "reduction_high": result.reduction_high,
        "simulated": [True] * n,
    }
    batch.add_edges("STIMULATES", "Stimulation", "Region", columns)
    link(batch, "GENERATED_BY", "Stimulation", "Run", stimulation, key)
    link(batch, "USED", "Run", "Connectome", key, result.connectome)
    for file in stored:
        add_artifact(batch, file, file.name)
        ends = {"source": [stimulation], "target": [file.path], "role": [file.name]}
        batch.add_edges("STORED_AS", "Stimulation", "Artifact", ends)
    return batch
