"""Welch's test at every connection, with covariates and with moderated variances.

The difference is the group's coefficient in a linear model with the covariates; its
variance is estimated for each group by itself. Without covariates this is Welch's test
to the last digit. With them, a group's residuals count as many degrees of freedom as
the fit has left them. The degrees of freedom of the statistic are Satterthwaite's.

Moderated, the variances of each group are moved together over all connections
(`variances`). Welch's test by itself fails in the far tails that thousands of
connections need where one group is small: among 13,000 connections of 5 people against
29 in which nothing differed it found some in nearly every study.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from atlasdb.cohorts.patterns import by_people
from atlasdb.cohorts.variances import squeezed
from atlasdb.types import FloatArray

LEAST_FREEDOM = 0.5
"""So many degrees of freedom the fit must leave each group to tell its spread."""
_FITTED = [
    "mean_a",
    "mean_b",
    "difference",
    "s2_a",
    "s2_b",
    "share_a",
    "share_b",
    "df_a",
    "df_b",
    "pooled",
    "n_a",
    "n_b",
]


def fits(
    y: FloatArray, group: NDArray[np.bool_], covariates: FloatArray
) -> dict[str, FloatArray]:
    """Fit the linear model at every column to those who have it.

    Parameters
    ----------
    y : ndarray, shape (n_people, n_columns)
        NaN where a person has no estimate.
    group : ndarray of bool, shape (n_people,)
        Who is in the first group.
    covariates : ndarray, shape (n_people, n_covariates)

    Returns
    -------
    dict of ndarray, shape (n_columns,)
        ``mean_a, mean_b``; ``difference``, adjusted for covariates; variances ``s2``
        of each group with their degrees of freedom ``df``, and ``share``, what the
        variance of the difference has of them; ``pooled`` variance; ``n``. NaN where
        nothing can be told.
    """
    found = {name: np.full(y.shape[1], np.nan) for name in _FITTED}
    present = ~np.isnan(y)
    for columns in by_people(present):
        rows = present[:, columns[0]]
        if min(rows[group].sum(), rows[~group].sum()) < 2:
            continue
        some = y[np.ix_(rows, columns)]
        for name, values in _fit(some, group[rows], covariates[rows]).items():
            found[name][columns] = values
    return found


def _fit(
    y: FloatArray, group: NDArray[np.bool_], covariates: FloatArray
) -> dict[str, FloatArray | float]:
    """Fit columns that the same people have."""
    n_a, n_b = int(group.sum()), int((~group).sum())
    means = {"mean_a": y[group].mean(axis=0), "mean_b": y[~group].mean(axis=0)}
    q = _held(covariates)
    g = group - q @ (q.T @ group)
    size = g @ g
    if size < 1e-8 * n_a * n_b / (n_a + n_b):  # the covariates tell the groups apart
        return dict(means)
    leverage = (q**2).sum(axis=1) + g**2 / size
    freedoms = [float((1 - leverage[rows]).sum()) for rows in (group, ~group)]
    if min(freedoms) < LEAST_FREEDOM:
        return dict(means)
    y_left = y - q @ (q.T @ y)
    difference = g @ y_left / size
    residuals = y_left - np.outer(g, difference)
    found: dict[str, FloatArray | float] = dict(means)
    for name, rows, freedom in zip("ab", (group, ~group), freedoms, strict=True):
        found[f"s2_{name}"] = (residuals[rows] ** 2).sum(axis=0) / freedom
        found[f"share_{name}"] = float((g[rows] ** 2).sum() / size**2)
        found[f"df_{name}"] = freedom
    pooled = (residuals**2).sum(axis=0) / (len(y) - q.shape[1] - 1)
    scale = np.abs(y).max(axis=0) ** 2
    variance = found["share_a"] * found["s2_a"] + found["share_b"] * found["s2_b"]
    tells = variance > 1e-24 * np.maximum(scale, 1e-300)  # else all values are alike
    found |= {"pooled": np.where(tells, pooled, np.nan), "difference": difference}
    return found | {"n_a": float(n_a), "n_b": float(n_b)}


def tested(
    fitted: dict[str, FloatArray], *, flat: float | None
) -> dict[str, FloatArray]:
    """Test the differences.

    Parameters
    ----------
    fitted : dict of ndarray
        From `fits`.
    flat : float or None
        Where it is given, from `variances.flatness`, the variances of each group are
        moved together.

    Returns
    -------
    dict of ndarray, shape (n_columns,)
        ``mean_a, mean_b, effect, effect_low, effect_high, statistic, df, p``.
    """
    tells = np.isfinite(fitted["pooled"])
    some = {name: values[tells] for name, values in fitted.items()}
    n_a, n_b = some["n_a"], some["n_b"]
    n = n_a + n_b
    level = (n_a * some["mean_a"] + n_b * some["mean_b"]) / n
    variance = np.zeros(int(tells.sum()))
    spread = np.zeros(len(variance))
    for name in "ab":
        s2, df = some[f"s2_{name}"], some[f"df_{name}"]
        if flat is not None:
            s2, df = squeezed(s2, df, level, flat)
        part = some[f"share_{name}"] * s2
        variance += part
        spread += part**2 / df
    difference = some["difference"]
    pooled = some["pooled"]
    if flat is not None:
        pooled = squeezed(pooled, n - 2, level, flat)[0]
    statistic = difference / np.sqrt(variance)
    df = variance**2 / spread
    effect = difference / np.sqrt(pooled) * (1 - 3 / (4 * (n - 2) - 1))
    error = np.sqrt(n / (n_a * n_b) + effect**2 / (2 * n))
    columns = {
        "effect": effect,
        "effect_low": effect - 1.96 * error,
        "effect_high": effect + 1.96 * error,
        "statistic": statistic,
        "df": df,
        "p": 2 * stats.t.sf(np.abs(statistic), df),
    }
    found = {name: fitted[name] for name in ("mean_a", "mean_b")}
    for name, values in columns.items():
        found[name] = np.full(len(tells), np.nan)
        found[name][tells] = values
    return found


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
