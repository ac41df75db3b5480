"""Thousands of connections in few people: what is found, and what is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from atlasdb.cohorts import contrasts, scales, variances
from atlasdb.cohorts.corrections import q_values
from atlasdb.cohorts.edgewise import compared
from atlasdb.cohorts.parametric import parametric


def lognormal(n: int, k: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    spread = 0.6 * np.exp(0.25 * rng.normal(size=k))
    return np.exp(rng.normal(-3, 1, k) + spread * rng.normal(size=(n, k)))


def findings(y: np.ndarray, n_a: int) -> np.ndarray:
    scaled = y ** scales.power(y)
    found = compared(scaled, n_a, np.empty((len(y), 0)), test="moderated")
    return found["q"] < 0.05


def test_a_small_group_that_differs_in_nothing_differs_in_nothing() -> None:
    ours, theirs = [], []
    for seed in range(20):
        y = lognormal(34, 2000, seed)
        ours.append(findings(y, 5).any())
        welch = stats.ttest_ind(y[:5], y[5:], equal_var=False).pvalue
        theirs.append((q_values(welch) < 0.05).any())
    assert sum(ours) <= 3
    assert sum(theirs) >= 15


def test_more_of_what_differs_is_found_than_by_each_connection_alone() -> None:
    ours, theirs = [], []
    for seed in range(5):
        y = lognormal(24, 2000, seed)
        y[:12, :100] *= np.exp(1.2)
        ours.append(findings(y, 12)[:100].mean())
        welch = stats.ttest_ind(y[:12], y[12:], equal_var=False).pvalue
        theirs.append((q_values(welch)[:100] < 0.05).mean())
    assert np.mean(ours) > 1.5 * np.mean(theirs)


@pytest.mark.parametrize("worth", [4.0, 40.0])
def test_what_variances_have_in_common_is_learned(worth: float) -> None:
    rng = np.random.default_rng(1)
    true = 2.5 * worth / rng.chisquare(worth, 20_000)
    df = np.full(20_000, 7.0)
    seen = true * rng.chisquare(7, 20_000) / 7
    found, common = variances.prior(seen, df, rng.normal(size=20_000))
    assert found == pytest.approx(worth, rel=0.15)
    assert common.mean() == pytest.approx(2.5, rel=0.05)


def test_a_variance_that_grows_with_the_value_is_compared_with_its_like() -> None:
    rng = np.random.default_rng(2)
    level = rng.uniform(0, 4, 5000)
    seen = np.exp(level) * rng.chisquare(8, 5000) / 8
    worth, common = variances.prior(seen, np.full(5000, 8.0), level)
    assert worth > 100
    assert np.abs(np.log(common) - level).max() < 0.3


@given(st.integers(0, 2**32 - 1), st.integers(12, 300), st.integers(2, 30))
def test_no_variance_gets_smaller_and_all_are_worth_more(
    seed: int, k: int, df: int
) -> None:
    rng = np.random.default_rng(seed)
    seen = np.exp(3 * rng.normal(size=k))
    own = np.full(k, float(df))
    found, worth = variances.squeezed(seen, own, rng.normal(size=k))
    assert (found >= seen).all()
    assert (worth >= own).all()
    assert np.isfinite(found).all()


def test_few_connections_are_each_their_own_measure() -> None:
    y = np.random.default_rng(3).normal(size=(12, 5))
    none = np.empty((12, 0))
    for name in ("statistic", "p", "effect"):
        alone, together = (
            compared(y, 6, none, test=test)[name] for test in ("welch", "moderated")
        )
        np.testing.assert_array_equal(alone, together)


def test_scores_and_several_groups_are_moderated_by_the_same_rule() -> None:
    rng = np.random.default_rng(4)
    y = rng.normal(size=(15, 400))
    score = rng.normal(size=15)
    design = contrasts.score(score)
    plain, found = (parametric(y, design, moderated=m) for m in (False, True))
    rest = y - y.mean(axis=0)
    x = score - score.mean()
    slope = x @ rest / (x @ x)
    s2 = ((rest - np.outer(x, slope)) ** 2).sum(axis=0) / 13
    level, flat = y.mean(axis=0), variances.flatness(y)
    better, df = variances.squeezed(s2, np.full(400, 13.0), level, flat)
    t = slope * np.sqrt(x @ x) / np.sqrt(better)
    np.testing.assert_allclose(found["statistic"], t)
    np.testing.assert_allclose(found["p"], 2 * stats.t.sf(np.abs(t), df))
    np.testing.assert_allclose(plain["statistic"], slope * np.sqrt(x @ x / s2))


@given(st.integers(0, 2**32 - 1))
def test_the_scale_does_not_depend_on_the_order_of_people(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = rng.gamma(rng.uniform(0.5, 5), size=(20, 40))
    y[rng.random(y.shape) < 0.1] = 0.0
    y[rng.random(y.shape) < 0.1] = np.nan
    power = scales.power(y)
    assert scales.power(rng.permutation(y)) == power
    assert scales.LEAST <= power <= 1


def test_signed_values_stay_as_they_are() -> None:
    y = lognormal(20, 100, 0)
    assert scales.power(y) < 0.2
    y[0, 0] = -1e-9
    assert scales.power(y) == 1


def test_holes_and_constant_connections_do_no_harm() -> None:
    y = lognormal(20, 100, 1)
    y[:, 3] = 0.5
    y[4, :10] = np.nan
    y[:, 7] = np.nan
    found = compared(y ** scales.power(y), 10, np.empty((20, 0)), test="moderated")
    assert np.isnan(found["p"][[3, 7]]).all()
    assert np.isfinite(np.delete(found["p"], [3, 7])).all()
