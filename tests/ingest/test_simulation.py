"""Simulated brains: the truth that goes in is the truth that comes out."""

from __future__ import annotations

import numpy as np
import pytest

from atlasdb.errors import InvalidDataError
from atlasdb_ingest.simulation import dynamics, graphs, haemodynamics


def test_a_graph_has_the_density_and_the_signs_that_were_asked_for() -> None:
    weights = graphs.random_directed(20, 0.2, 1, negative=0.5)
    joined = (weights != 0) | (weights.T != 0)
    assert joined[np.triu_indices(20, 1)].sum() == round(0.2 * 190)
    assert not np.diag(weights).any()
    assert 0.2 < (weights[weights != 0] < 0).mean() < 0.8


def test_without_feedback_a_graph_has_no_cycle() -> None:
    weights = graphs.random_directed(12, 0.4, 3)
    power = np.linalg.matrix_power((weights != 0).astype(int), 12)
    assert not power.any()


def test_with_feedback_some_pairs_drive_each_other() -> None:
    weights = graphs.random_directed(12, 0.4, 3, feedback=1.0)
    np.testing.assert_array_equal(weights != 0, weights.T != 0)


def test_the_order_of_the_regions_says_nothing_about_direction() -> None:
    forward = [
        np.triu(graphs.random_directed(10, 0.5, seed) != 0).sum() for seed in range(20)
    ]
    total = 20 * round(0.5 * 45)
    assert 0.35 < sum(forward) / total < 0.65


def test_the_same_seed_makes_the_same_brain() -> None:
    weights = graphs.random_directed(5, 0.3, 7)
    np.testing.assert_array_equal(weights, graphs.random_directed(5, 0.3, 7))
    first = haemodynamics.bold(dynamics.neural(weights, 60.0, 1), 2.0, 1)
    again = haemodynamics.bold(dynamics.neural(weights, 60.0, 1), 2.0, 1)
    np.testing.assert_array_equal(first, again)


def test_in_an_autoregression_the_source_comes_before_the_target() -> None:
    weights = np.zeros((2, 2))
    weights[0, 1] = 0.6
    source, target = dynamics.var(weights, 4000, 0, order=1)
    after = np.corrcoef(source[:-1], target[1:])[0, 1]
    before = np.corrcoef(source[1:], target[:-1])[0, 1]
    assert after > before + 0.2


def test_a_strong_graph_does_not_make_an_autoregression_explode() -> None:
    weights = graphs.random_directed(10, 1.0, 0, feedback=1.0, low=2.0, high=3.0)
    assert np.isfinite(dynamics.var(weights, 500, 0)).all()


def test_lorenz_96_has_three_sources_for_each_region() -> None:
    series, weights = dynamics.lorenz96(8, 300, 0)
    assert series.shape == (8, 300)
    np.testing.assert_array_equal((weights != 0).sum(axis=0), 3)


def test_activity_flows_along_the_graph_and_not_against_it() -> None:
    weights = np.zeros((3, 3))
    weights[0, 1] = 0.6
    alone = dynamics.neural(np.zeros((3, 3)), 300.0, 2)
    joined = dynamics.neural(weights, 300.0, 2)
    np.testing.assert_allclose(joined[[0, 2]], alone[[0, 2]], atol=1e-9)
    assert joined[1].mean() > alone[1].mean() + 0.05


def test_connections_that_change_are_those_of_their_span() -> None:
    apart = np.zeros((3, 3))
    weights = apart.copy()
    weights[0, 1] = 0.6
    alone = dynamics.neural(apart, 300.0, 2)
    joined = dynamics.neural(weights, 300.0, 2)
    later = dynamics.neural(np.stack([apart, weights]), 300.0, 2)
    np.testing.assert_array_equal(later[:, :1500], alone[:, :1500])
    # A second after the change, nothing is left of what was before.
    np.testing.assert_allclose(later[:, 1510:], joined[:, 1510:], atol=1e-6)


def test_bold_rises_after_activity_and_comes_back() -> None:
    activity = np.zeros((1, 400))
    activity[0, 50:70] = 1.0
    seen = haemodynamics.bold(activity, 1.0, 0, noise=0.0, variability=0.0)[0]
    assert 2 <= int(seen.argmax()) - 5 <= 8
    assert seen.max() > 0.002
    assert abs(seen[-1]) < 0.2 * seen.max()


def test_bold_of_any_activity_stays_finite() -> None:
    activity = 20 * np.random.default_rng(0).standard_normal((5, 3000))
    assert np.isfinite(haemodynamics.bold(activity, 2.0)).all()


@pytest.mark.parametrize("size", [0, 1])
def test_a_graph_of_less_than_two_regions_is_refused(size: int) -> None:
    with pytest.raises(InvalidDataError, match="at least 2"):
        graphs.random_directed(size)


def test_impossible_simulations_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="density"):
        graphs.random_directed(5, 1.5)
    with pytest.raises(InvalidDataError, match="grows without end"):
        dynamics.neural(2.0 * (1 - np.eye(3)), 10.0)
    with pytest.raises(InvalidDataError, match="shorter than the step"):
        haemodynamics.bold(np.zeros((2, 50)), 0.01)
    with pytest.raises(InvalidDataError, match="at least 4"):
        dynamics.lorenz96(3, 100)
