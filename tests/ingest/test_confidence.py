"""How sure: p values that are honest, and what is made of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal, stats

from atlasdb_ingest.learning import confidence, partial, trainer
from atlasdb_ingest.types import Timeseries

PAIRS = ~np.eye(10, dtype=bool)


def independent(seed: int, modality: str, n_times: int = 300) -> Timeseries:
    """Smooth series that share nothing, each as smooth as it likes."""
    rng = np.random.default_rng(seed)
    rows = [
        signal.lfilter([1.0], [1.0, -a], rng.standard_normal(n_times + 100))[100:]
        for a in rng.uniform(0.0, 0.85, 10)
    ]
    data = stats.zscore(np.stack(rows), axis=1)
    return Timeseries(data, 10.0, tuple("abcdefghij"), modality, (n_times,))


@pytest.mark.parametrize(
    ("modality", "model", "n"),
    [("fmri", "fask", 20), ("simulated", "linear", 10), ("simulated", "mlp", 5)],
)
def test_where_nothing_is_joined_p_values_are_uniform(
    modality: str, model: str, n: int
) -> None:
    series = [independent(seed, modality) for seed in range(n)]
    found = trainer.estimate(series, model=model)
    p = np.concatenate([one.p[PAIRS] for one in found])
    assert 0.03 < (p < 0.05).mean() < 0.08
    assert (p < 0.001).mean() < 0.008
    assert 0.38 < (p < 0.5).mean() < 0.58
    assert sum(one.supported.any() for one in found) <= n // 5
    assert np.mean([one.probability[PAIRS].mean() for one in found]) < 0.1


def test_sensors_that_share_nothing_are_judged_with_more_caution() -> None:
    found = trainer.estimate(
        [independent(seed, "eeg") for seed in range(10)], model="linear"
    )
    p = np.concatenate([one.p[PAIRS] for one in found])
    assert 0.005 < (p < 0.05).mean() < 0.05
    assert (p < 0.001).mean() < 0.005
    assert sum(one.supported.any() for one in found) <= 2


def test_a_surrogate_keeps_every_course_and_parts_them() -> None:
    data = independent(0, "fmri").data
    for surrogate, apart in confidence.shifted(data, 3, 0):
        for row, moved in zip(data, surrogate, strict=True):
            np.testing.assert_array_equal(np.sort(row), np.sort(moved))
        assert not np.diag(apart).any()
        np.testing.assert_array_equal(apart, apart.T)


def test_one_region_shifted_against_the_rest_is_what_it_says() -> None:
    data = np.random.default_rng(0).standard_normal((5, 120))
    data[1] += data[0]
    shifts = confidence.far_shifts(5, 120, 3, 0)
    assert ((shifts > 6) & (shifts < 114)).all()
    seen = partial.alone(data, shifts)
    for region, shift in np.ndindex(shifts.shape):
        moved = data.copy()
        moved[region] = np.roll(data[region], shifts[region, shift])
        value = partial.connect(moved)[region]
        np.testing.assert_allclose(seen[region, shift], value, atol=1e-9)


def without_mean(data: np.ndarray) -> np.ndarray:
    unit = data.mean(axis=0) / np.linalg.norm(data.mean(axis=0))
    return data - np.outer(data @ unit, unit)


def test_a_mixture_that_is_always_0_does_not_hide_who_is_joined() -> None:
    rng = np.random.default_rng(2)
    data = rng.standard_normal((12, 400))
    for k in range(0, 12, 2):
        data[k + 1] += data[k]
    joined = np.zeros((12, 12), dtype=bool)
    joined[range(0, 12, 2), range(1, 12, 2)] = True
    value = partial.connect(without_mean(data))
    assert (
        value[joined].min() > value[~(joined | joined.T | np.eye(12, dtype=bool))].max()
    )
    left = trainer.estimate(
        [Timeseries(without_mean(data), 0.5, tuple("abcdefghijkl"), "fmri", (400,))],
        model="fask",
    )[0]
    found = left.supported | left.supported.T  # a pair, in its likelier direction
    assert found[joined].all()
    assert not found[~(joined | joined.T)].any()


def test_where_nothing_is_joined_taking_out_the_mean_joins_nobody() -> None:
    series = [independent(seed, "fmri") for seed in range(20)]
    found = trainer.estimate(
        [replace(one, data=without_mean(one.data)) for one in series], model="fask"
    )
    p = np.concatenate([one.p[PAIRS] for one in found])
    assert 0.02 < (p < 0.05).mean() < 0.09
    assert sum(one.supported.any() for one in found) <= 4


@given(st.lists(st.floats(0, 50), min_size=60, max_size=300), st.floats(0, 100))
@settings(max_examples=50)
def test_a_larger_statistic_never_has_a_larger_p(null: list[float], x: float) -> None:
    observed = np.array([[0.0, x], [x + 1.0, 0.0]])
    p = confidence.p_values(observed, np.array(null))
    assert 0 < p[1, 0] <= p[0, 1] <= 1
    assert np.isnan(p[0, 0])


def test_few_surrogates_reach_small_p_values_without_inventing_them() -> None:
    rng = np.random.default_rng(0)
    observed = rng.exponential(size=(60, 60))
    p = confidence.p_values(observed, rng.exponential(size=300))
    small = p[~np.eye(60, dtype=bool)]
    assert (small < 1e-3).mean() < 3e-3
    far = confidence.p_values(np.full((2, 2), 20.0), rng.exponential(size=300))
    assert far[0, 1] < 1e-4


def test_false_discoveries_are_adjusted_over_all_pairs_but_not_the_diagonal() -> None:
    p = np.array([[np.nan, 0.001], [0.5, np.nan]])
    q = confidence.false_discovery(p)
    assert q[0, 1] == pytest.approx(0.002)
    assert q[1, 0] == pytest.approx(0.5)
    assert np.isnan(q[0, 0])


def test_the_stated_probability_is_the_share_that_is_right() -> None:
    rng = np.random.default_rng(1)
    stated, true = [], []
    for _ in range(20):
        joined = rng.random((20, 20)) < 0.2
        effect = rng.laplace(scale=3.0, size=(20, 20))
        z = np.abs(rng.standard_normal((20, 20)) + effect * joined)
        p = 2 * stats.norm.sf(z)
        np.fill_diagonal(p, np.nan)
        stated.append(confidence.connected(p)[~np.eye(20, dtype=bool)])
        true.append(joined[~np.eye(20, dtype=bool)])
    probability, truth = np.concatenate(stated), np.concatenate(true)
    for low, high in ((0.0, 0.1), (0.1, 0.5), (0.5, 0.9), (0.9, 1.0)):
        inside = (probability >= low) & (probability <= high)
        assert abs(probability[inside].mean() - truth[inside].mean()) < 0.12


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_probability_falls_as_p_rises(seed: int) -> None:
    p = np.random.default_rng(seed).uniform(1e-12, 1, (6, 6))
    np.fill_diagonal(p, np.nan)
    probability = confidence.connected(p)
    pairs = ~np.eye(6, dtype=bool)
    order = np.argsort(p[pairs])
    assert (np.diff(probability[pairs][order]) <= 1e-9).all()
    assert (probability[pairs] >= 0).all()
    assert (probability[pairs] <= 1).all()


def test_agreement_is_one_for_equals_and_zero_for_opposites() -> None:
    a = np.array([1.0, -2.0, 3.0, 0.0])
    b = np.array([1.0, 2.0, 1.5, 0.0])
    np.testing.assert_allclose(confidence.agreement(a, b), [1.0, 0.0, 0.5, 0.0])
