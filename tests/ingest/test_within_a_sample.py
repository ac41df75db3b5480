"""What is passed on between two samples is not taken for a connection."""

from __future__ import annotations

import numpy as np
import torch
from scipy import linalg

from atlasdb_ingest.learning import learned, trainer
from atlasdb_ingest.learning.study import Study
from atlasdb_ingest.simulation import dynamics
from atlasdb_ingest.types import Timeseries

CPU = torch.device("cpu")


def flow(rates: np.ndarray, n_times: int, seed: int) -> np.ndarray:
    """Sample dx = x rates dt + noise once in a unit of time."""
    n, often = len(rates), 10
    step = linalg.expm(rates / often)
    rng = np.random.default_rng(seed)
    x, course = np.zeros(n), np.empty((n, n_times))
    for t in range(n_times * often):
        x = x @ step + rng.standard_normal(n) / np.sqrt(often)
        course[:, t // often] = x
    return course


def test_a_region_moves_the_next_but_one_before_the_next_sample() -> None:
    rates = -np.eye(3) + np.diag([0.9, 0.9], k=1)
    course = flow(rates, 8000, 0)
    seen = learned.learn([(course, (8000,))], 1, Study("linear", 0.0), 0, CPU)
    evidence, direct = seen.evidence()[0], seen.direct()[0]
    assert evidence[0, 2] > 50  # it is there, and no connection
    assert direct[0, 2] < 0.7
    assert direct[0, 1] > 0.95
    assert direct[1, 2] > 0.95


def test_chaos_that_is_sampled_coarsely_shows_its_own_connections_only() -> None:
    course, truth = dynamics.lorenz96(10, 1500, 0, forcing=40.0)
    codes = tuple(f"x{k}" for k in range(10))
    series = Timeseries(course, 1.0, codes, "simulated", (1500,))
    (found,) = trainer.estimate([series], study=Study("mlp", 0.016))
    joined = truth != 0
    assert (found.supported & joined).sum() > 0.85 * joined.sum()
    assert not (found.supported & ~joined).any()
