"""Sensors see mixtures and add noise: few of the connections called are false."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from atlasdb.types import FloatArray
from atlasdb_ingest.learning import leakage, noise, trainer
from atlasdb_ingest.learning.study import Study
from atlasdb_ingest.simulation import graphs
from atlasdb_ingest.types import Estimate, Timeseries

N_TIMES = 4000


def rhythms(seed: int, n_regions: int = 16) -> tuple[FloatArray, FloatArray]:
    """Sources with rhythms of their own, few of which drive one another."""
    rng = np.random.default_rng(seed)
    weights = graphs.random_directed(
        n_regions, 0.1, seed, low=0.06, high=0.12, feedback=0.2, negative=0.3
    )
    turn, width = rng.uniform(0.2, 1.2, n_regions), rng.uniform(0.8, 0.93, n_regions)
    series = rng.standard_normal((N_TIMES + 300, n_regions))
    for t in range(2, len(series)):
        own = 2 * width * np.cos(turn) * series[t - 1] - width**2 * series[t - 2]
        series[t] += own + series[t - 1] @ weights
    return stats.zscore(series[300:].T, axis=1), weights != 0


def sensors(series: FloatArray, seed: int, reach: float, added: float) -> FloatArray:
    """Mix sources into near sensors, on half a sphere, and add noise of sensors."""
    rng = np.random.default_rng([seed, 1])
    n_regions = len(series)
    place = np.arange(n_regions) + 0.5
    up = 1 - 1.2 * place / n_regions
    flat, around = np.sqrt(1 - up**2), np.pi * (1 + 5**0.5) * place
    at = np.stack([flat * np.cos(around), flat * np.sin(around), up], axis=1)
    at = at[rng.permutation(n_regions)]
    apart = np.linalg.norm(at[:, None] - at, axis=2)
    seen = np.exp(-((apart / reach) ** 2)) @ series
    return seen + added * seen.std() * rng.standard_normal(seen.shape)


def estimate(data: FloatArray, *, sources: bool = False) -> Estimate:
    codes = tuple(f"e{k}" for k in range(len(data)))
    course = stats.zscore(data, axis=1)
    one = Timeseries(course, 128.0, codes, "eeg", (N_TIMES,), sources)
    (found,) = trainer.estimate([one], model="linear", study=Study("linear", 0.0))
    return found


def called(data: FloatArray) -> np.ndarray:
    return estimate(data).supported


@pytest.mark.parametrize(("reach", "power"), [(0.05, 0.5), (0.5, 0.4), (0.6, 0.3)])
def test_few_connections_are_false_however_much_is_drowned(
    reach: float, power: float
) -> None:
    n_false = n_called = n_right = n_there = 0
    for seed in range(4):
        series, wired = rhythms(seed)
        found = called(sensors(series, seed, reach, 0.15))
        n_false += int((found & ~wired).sum())
        n_called += int(found.sum())
        n_right += int((found & wired).sum())
        n_there += int(wired.sum())
    assert n_false <= max(2, 0.25 * n_called)
    assert n_right >= power * n_there


def test_nothing_is_taken_out_of_series_that_are_said_to_be_sources() -> None:
    series, _ = rhythms(0)
    mixed = sensors(series, 0, 0.5, 0.0)
    taken, left = estimate(mixed), estimate(mixed, sources=True)
    assert "leakage" in taken.params
    assert "leakage" not in left.params
    assert np.nansum(left.supported) > 2 * np.nansum(taken.supported)


def test_noise_is_seen_where_it_is_and_not_where_it_is_none() -> None:
    series, _ = rhythms(0)
    seen = (sensors(series, 0, 0.5, added) for added in (0.0, 0.3))
    silent, loud = (
        np.diag(leakage.unmixed(stats.zscore(x, axis=1), (N_TIMES,), 8, 10.0).noise)
        for x in seen
    )
    assert silent.max() < 0.01
    assert loud.min() > 10 * silent.max()


def test_a_source_is_doubted_where_the_mixture_that_tells_it_apart_is_drowned() -> None:
    one = 1 / np.sqrt(2)
    vectors = torch.tensor([[one, one, 0], [one, -one, 0], [0, 0, 1.0]]).double()
    size = torch.tensor([2.0, 0.02, 1.0]).double()
    straight = torch.eye(3).double()
    clear, dim, dark = (
        noise.mixed(size, vectors, straight, level) for level in (0.0, 0.01, 0.02)
    )
    assert not clear.any()
    assert 0 < dim[0, 1] < dark[0, 1]
    assert dark[0, 1] == dark[1, 0] >= 0.9
    assert dark[2, :2].max() < 1e-9


def test_series_that_are_no_mixtures_are_left_alone() -> None:
    data = rhythms(0)[0]
    found = leakage.untouched(data)
    assert np.array_equal(found.data, data)
    assert not found.doubt.any()
    assert not found.noise.any()
