"""Two groups compared at every connection: Welch's test with covariates.

The difference is the group's coefficient in a linear model with the covariates; its
variance is estimated for each group by itself. Without covariates this is Welch's
test to the last digit. With them, a group's residuals count as many degrees of freedom
as the fit has left them. The degrees of freedom of the statistic are Satterthwaite's.
A pair is not tested (NaN) where the people who have it are too few for its spread to
be told, or are told apart by the covariates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from atlasdb.cohorts.multiplicity import q_values
from atlasdb.cohorts.patterns import by_people
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray

POWER = 0.8
LEAST_FREEDOM = 0.5
"""So many degrees of freedom the fit must leave each group to tell its spread."""


def edgewise(
    weights_a: FloatArray,
    weights_b: FloatArray,
    covariates_a: FloatArray,
    covariates_b: FloatArray,
    *,
    alpha: float = 0.05,
) -> dict[str, NDArray[Any]]:
    """Test every ordered pair.

    Parameters
    ----------
    weights_a, weights_b : ndarray, shape (n_subjects, n_areas, n_areas)
        ``[subject, source, target]``; NaN where a person has no estimate.
    covariates_a, covariates_b : ndarray, shape (n_subjects, n_columns)
        What to hold constant.
    alpha : float, default=0.05
        False discovery rate (Benjamini and Hochberg) over the pairs tested.

    Returns
    -------
    dict of ndarray
        ``mean_a, mean_b, effect, effect_low, effect_high, statistic, df, p, q``
        (n_areas, n_areas), NaN where a pair could not be tested; ``significant``
        bool, ``n_a, n_b`` int: people with an estimate. ``effect`` is Hedges' g of the
        difference a - b with its 95 % interval. Scalars: ``detectable_effect``, the g
        that one pair shows in 8 of 10 such studies after Bonferroni correction, and
        ``detectable_effect_alone``, where no other pair is tested.

    Raises
    ------
    InvalidDataError
        If ``alpha`` is not between 0 and 1.
    """
    if not 0 < alpha < 1:
        raise InvalidDataError(f"alpha must lie between 0 and 1, not {alpha:g}.")
    y = np.concatenate([weights_a, weights_b])
    n, n_areas = len(y), y.shape[1]
    y = y.reshape(n, -1)
    group = np.arange(n) < len(weights_a)
    covariates = np.concatenate([covariates_a, covariates_b])
    present = np.isfinite(y)
    found = {name: np.full(y.shape[1], np.nan) for name in _STATISTICS}
    for pairs in by_people(present):
        rows = present[:, pairs[0]]
        if min(rows[group].sum(), rows[~group].sum()) < 2:
            continue
        tested = _welch(y[np.ix_(rows, pairs)], group[rows], covariates[rows])
        for name, values in tested.items():
            found[name][pairs] = values
    p = found["p"]
    found["q"] = q_values(p)
    counts = {"n_a": present[group].sum(axis=0), "n_b": present[~group].sum(axis=0)}
    result: dict[str, NDArray[Any]] = {
        name: values.reshape(n_areas, n_areas)
        for name, values in (found | counts).items()
    }
    result["significant"] = np.nan_to_num(result["q"], nan=1.0) < alpha
    n_a, n_tests = len(weights_a), int(np.isfinite(p).sum())
    for name, tests in (("", n_tests), ("_alone", 1)):
        effect = detectable_effect(n_a, n - n_a, alpha=alpha / max(tests, 1))
        result[f"detectable_effect{name}"] = np.array(effect)
    return result


_STATISTICS = ["mean_a", "mean_b", "effect", "effect_low", "effect_high"]
_STATISTICS += ["statistic", "df", "p"]


def _welch(
    y: FloatArray, group: NDArray[np.bool_], covariates: FloatArray
) -> dict[str, FloatArray]:
    """Test pairs that the same people have; y is (n_subjects, n_pairs)."""
    n_a, n_b = int(group.sum()), int((~group).sum())
    means = {"mean_a": y[group].mean(axis=0), "mean_b": y[~group].mean(axis=0)}
    q = _held(covariates)
    g = group - q @ (q.T @ group)
    size = g @ g
    if size < 1e-8 * n_a * n_b / (n_a + n_b):  # the covariates tell the groups apart
        return means
    leverage = (q**2).sum(axis=1) + g**2 / size
    freedoms = [float((1 - leverage[rows]).sum()) for rows in (group, ~group)]
    if min(freedoms) < LEAST_FREEDOM:
        return means
    y_left = y - q @ (q.T @ y)
    difference = g @ y_left / size
    residuals = y_left - np.outer(g, difference)
    variance = np.zeros(y.shape[1])
    spread = np.zeros(y.shape[1])
    for rows, freedom in zip((group, ~group), freedoms, strict=True):
        s2 = (residuals[rows] ** 2).sum(axis=0) / freedom
        part = (g[rows] ** 2).sum() / size**2 * s2
        variance += part
        spread += part**2 / freedom
    pooled = (residuals**2).sum(axis=0) / (len(y) - q.shape[1] - 1)
    scale = np.abs(y).max(axis=0) ** 2
    tells = variance > 1e-24 * np.maximum(scale, 1e-300)  # else all values are alike
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(tells, difference / np.sqrt(variance), np.nan)
        df = np.where(tells, variance**2 / spread, np.nan)
        effect = np.where(tells, difference / np.sqrt(pooled), np.nan)
    effect = effect * (1 - 3 / (4 * (n_a + n_b - 2) - 1))
    error = np.sqrt((n_a + n_b) / (n_a * n_b) + effect**2 / (2 * (n_a + n_b)))
    return means | {
        "effect": effect,
        "effect_low": effect - 1.96 * error,
        "effect_high": effect + 1.96 * error,
        "statistic": statistic,
        "df": df,
        "p": 2 * stats.t.sf(np.abs(statistic), df),
    }


def _held(covariates: FloatArray) -> FloatArray:
    """Give an orthonormal basis of the constant and the covariates."""
    centred = covariates - covariates.mean(axis=0)
    scale = np.abs(centred).max(axis=0, initial=0.0)
    varies = scale > 1e-12 * np.abs(covariates).max(axis=0, initial=0.0)
    base = np.column_stack(
        [np.ones(len(covariates)), centred[:, varies] / scale[varies]]
    )
    left, size, _ = np.linalg.svd(base, full_matrices=False)
    basis: FloatArray = left[:, size > 1e-10 * size[0]]
    return basis


def detectable_effect(n_a: int, n_b: int, *, alpha: float) -> float:
    """Give the standardised difference that a two-sided t test sees in 8 of 10 studies.

    Parameters
    ----------
    n_a, n_b : int
        People in each group.
    alpha : float
        Level of the test.

    Returns
    -------
    float
        In standard deviations; infinite where no effect would do.

    Examples
    --------
    >>> round(detectable_effect(64, 64, alpha=0.05), 2)
    0.5
    >>> round(detectable_effect(12, 12, alpha=0.05 / 90), 2)
    2.03
    """
    df = n_a + n_b - 2
    root = np.sqrt(n_a * n_b / (n_a + n_b))
    limit = stats.t.isf(alpha / 2, df)

    def missed(d: float) -> float:
        seen = stats.nct.sf(limit, df, d * root)
        wrong_way = stats.nct.cdf(-limit, df, d * root)  # NaN where it is nearly 0
        return float(seen + np.nan_to_num(wrong_way, nan=0.0)) - POWER

    upper = 1.0
    while missed(upper) < 0:
        upper *= 2
        if upper > 1e3:
            return float("inf")
    return float(optimize.brentq(missed, 0.0, upper))
