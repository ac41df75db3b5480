"""The edge-wise comparison never invents a statistic where people are too few."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlasdb.cohorts.edgewise import detectable_effect, edgewise
from atlasdb.errors import InvalidDataError


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1), st.integers(2, 7), st.integers(2, 7))
def test_holes_and_covariates_of_any_kind_give_a_test_or_none(
    seed: int, n_a: int, n_b: int
) -> None:
    rng = np.random.default_rng(seed)
    n = n_a + n_b
    y = rng.normal(size=(n, 3, 3))
    y[rng.random(y.shape) < 0.3] = np.nan
    held = rng.integers(0, 2, (n, rng.integers(0, 4))).astype(float)
    found = edgewise(y[:n_a], y[n_a:], held[:n_a], held[n_a:])
    tested = np.isfinite(found["p"])
    for name in ("statistic", "effect", "effect_low", "effect_high", "df", "q"):
        np.testing.assert_array_equal(np.isfinite(found[name]), tested)
    assert (np.abs(found["statistic"][tested]) < 1e4).all()
    assert (found["df"][tested] < n - 1).all()
    assert not found["significant"][~tested].any()
    assert (found["n_a"] <= n_a).all()


def test_a_pair_whose_people_the_covariate_tells_apart_is_not_tested() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=(12, 2, 2))
    sex = np.array([0.0, 1.0] * 6)[:, None]
    y[:6:2, 0, 1] = np.nan  # of the first group only sex 1 is left, of the second
    y[7::2, 0, 1] = np.nan  # only sex 0
    found = edgewise(y[:6], y[6:], sex[:6], sex[6:])
    assert np.isnan(found["p"][0, 1])
    assert found["n_a"][0, 1] == found["n_b"][0, 1] == 3
    assert np.isfinite(found["mean_a"][0, 1])
    assert np.isfinite(found["p"][1, 0])


@pytest.mark.parametrize("factor", [1e-9, 1.0, 1e12])
def test_the_unit_of_a_covariate_does_not_matter(factor: float) -> None:
    rng = np.random.default_rng(1)
    y, age = rng.normal(size=(20, 3, 3)), rng.normal(40, 8, (20, 1))
    one = edgewise(y[:9], y[9:], age[:9], age[9:])
    held = age * factor
    other = edgewise(y[:9], y[9:], held[:9], held[9:])
    np.testing.assert_allclose(one["p"], other["p"])


def test_a_covariate_given_twice_or_constant_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    y, age = rng.normal(size=(20, 3, 3)), rng.normal(40, 8, (20, 1))
    one = edgewise(y[:9], y[9:], age[:9], age[9:])
    held = np.hstack([age, age, np.full((20, 1), 7.0)])
    other = edgewise(y[:9], y[9:], held[:9], held[9:])
    np.testing.assert_allclose(one["p"], other["p"])
    np.testing.assert_allclose(one["effect"], other["effect"])


def test_pairs_are_tested_each_by_itself() -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(size=(16, 4, 4))
    y[rng.random(y.shape) < 0.1] = np.nan
    age = rng.normal(40, 8, (16, 1))
    whole = edgewise(y[:8], y[8:], age[:8], age[8:])
    for i, j in ((0, 1), (3, 2)):
        one = y[:, i : i + 1, j : j + 1]
        alone = edgewise(one[:8], one[8:], age[:8], age[8:])
        np.testing.assert_allclose(alone["p"][0, 0], whole["p"][i, j])


def test_many_tests_need_a_larger_effect_than_one() -> None:
    y = np.random.default_rng(4).normal(size=(20, 10, 10))
    none = np.empty((10, 0))
    found = edgewise(y[:10], y[10:], none, none)
    assert found["detectable_effect_alone"] < found["detectable_effect"]
    assert found["detectable_effect_alone"] == detectable_effect(10, 10, alpha=0.05)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, float("nan")])
def test_a_rate_that_is_none_is_refused(alpha: float) -> None:
    y, none = np.zeros((3, 2, 2)), np.empty((3, 0))
    with pytest.raises(InvalidDataError, match="alpha"):
        edgewise(y, y, none, none, alpha=alpha)


@pytest.mark.parametrize(("n_a", "n_b"), [(2, 2), (3, 3), (3, 500), (500, 500)])
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 13340, 1e-12])
def test_some_effect_is_detectable_or_none_at_all(
    n_a: int, n_b: int, alpha: float
) -> None:
    effect = detectable_effect(n_a, n_b, alpha=alpha)
    assert effect > 0
    assert effect >= detectable_effect(n_a + 1, n_b + 1, alpha=alpha)
