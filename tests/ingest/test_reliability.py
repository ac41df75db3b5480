"""Two recordings of one simulated person agree as often as their reliability says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from atlasdb.analysis import agreement
from atlasdb.types import FloatArray
from atlasdb_ingest.learning import trainer
from atlasdb_ingest.learning.study import Study
from atlasdb_ingest.simulation import brains, dynamics, graphs
from atlasdb_ingest.types import Estimate, Timeseries

PEOPLE = 40
PAUSE = 20


def twice(series: FloatArray, n_times: int) -> tuple[FloatArray, FloatArray]:
    """Cut a long recording of one person into two, with a pause between them."""
    return series[:, :n_times], series[:, -n_times:]


def scans(n_regions: int) -> list[FloatArray]:
    n_volumes = 2 * 200 + PAUSE
    made = brains.scan(PEOPLE, n_regions, n_volumes, 3.0, 4, denoised=False)
    return list(made.series.double().numpy())


def autoregressions(n_regions: int) -> list[FloatArray]:
    wired = [
        graphs.random_directed(n_regions, 0.2, seed, feedback=0.3, low=0.1, high=0.4)
        for seed in range(PEOPLE)
    ]
    return [
        dynamics.var(weights, 2 * 200 + PAUSE, seed)
        for seed, weights in enumerate(wired)
    ]


def learned(data: FloatArray, model: str) -> Estimate:
    lagged = model == "linear"
    codes = tuple(f"r{k}" for k in range(len(data)))
    kind, sfreq = ("simulated", 1.0) if lagged else ("fmri", 1 / 3)
    course = stats.zscore(data, axis=1)
    one = Timeseries(course, sfreq, codes, kind, (data.shape[1],))
    study = Study(model, 0.0) if lagged else None
    (found,) = trainer.estimate([one], model=model, study=study)
    return found


@pytest.mark.parametrize(
    ("model", "people", "n_regions"),
    [
        ("amortised", scans, 10),
        ("amortised", scans, 5),
        ("fask", scans, 10),
        ("linear", autoregressions, 10),
    ],
)
def test_second_recordings_keep_what_the_first_promise(
    model: str, people: Callable[[int], list[FloatArray]], n_regions: int
) -> None:
    stated, observed = [], []
    for series in people(n_regions):
        one, other = (learned(data, model) for data in twice(series, 200))
        counts = one.probability + other.probability
        observed.append(agreement.same_direction(one.weight, other.weight, counts))
        stated += [one.reliability, other.reliability]
    assert abs(np.mean(stated) - np.mean(observed)) <= 0.05
    assert 0.6 < np.mean(observed) < 0.95


def one_of(data: FloatArray) -> Timeseries:
    codes = tuple(f"r{k}" for k in range(len(data)))
    course = stats.zscore(data, axis=1)
    return Timeseries(course, 1.0, codes, "simulated", (data.shape[1],))


def test_networks_promise_what_they_find_only_in_the_whole_recording() -> None:
    stated, observed = [], []
    for person in range(4):
        series, _ = dynamics.lorenz96(10, 2 * 300 + PAUSE, person, forcing=40.0)
        both = [one_of(data) for data in twice(series, 300)]
        one, other = trainer.estimate(both, model="mlp", study=Study("mlp", 0.016))
        counts = one.probability + other.probability
        observed.append(agreement.same_direction(one.weight, other.weight, counts))
        stated += [one.reliability, other.reliability]
    assert abs(np.mean(stated) - np.mean(observed)) <= 0.08
    assert 0.6 < np.mean(observed) < 0.95
