"""The accelerator gives the edges that the CPU gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from atlasdb_ingest import models
from atlasdb_ingest.learning import trainer
from atlasdb_ingest.simulation import dynamics, graphs
from atlasdb_ingest.types import Timeseries

LAGGED = [name for name in models.names() if models.load(name).ENGINE == "lagged"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("model", LAGGED)
def test_the_gpu_finds_the_same_connections(model: str) -> None:
    weights = graphs.random_directed(10, 0.2, 0)
    data = stats.zscore(dynamics.var(weights, 600, 0), axis=1)
    series = Timeseries(data, 1.0, tuple(map(str, range(10))), "simulated", (600,))
    (slow,), (fast,) = (
        trainer.estimate([series], model=model, device=where)
        for where in ("cpu", "cuda")
    )
    pairs = ~np.eye(10, dtype=bool)
    assert fast.device == "cuda"
    assert np.corrcoef(slow.weight[pairs], fast.weight[pairs])[0, 1] > 0.98
