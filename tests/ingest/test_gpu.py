"""The accelerator gives the edges that the CPU gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from scipy import stats

from atlasdb_ingest import models
from atlasdb_ingest.learning import amortise, trainer
from atlasdb_ingest.learning.pairs import describe
from atlasdb_ingest.learning.reader import Reader, probability
from atlasdb_ingest.simulation import dynamics, graphs
from atlasdb_ingest.simulation.brains import scan
from atlasdb_ingest.types import Timeseries

LAGGED = [name for name in models.names() if models.load(name).ENGINE == "lagged"]


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@needs_cuda
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
    for name in ("weight", "probability", "direction"):
        one, other = getattr(slow, name)[pairs], getattr(fast, name)[pairs]
        assert np.corrcoef(one, other)[0, 1] > 0.98, name
    assert (slow.supported != fast.supported)[pairs].mean() < 0.03


@needs_cuda
def test_a_network_trained_on_the_gpu_reads_brains_as_one_trained_on_the_cpu(
    tmp_path: Path,
) -> None:
    series = scan(20, 10, 240, 2.0, 987_654).series
    forth = []
    for where in ("cpu", "cuda"):
        out = tmp_path / f"{where}.safetensors"
        amortise.train(out, n_groups=4, n_steps=60, device=where)
        reader = Reader.of(load_file(out))
        with torch.no_grad():
            forth.append(probability(reader(describe(series, 2.0))).numpy())
    pairs = np.broadcast_to(~np.eye(10, dtype=bool), forth[0].shape)
    assert np.corrcoef(forth[0][pairs], forth[1][pairs])[0, 1] > 0.9
