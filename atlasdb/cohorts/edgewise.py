"""Two groups compared at every connection, with covariates.

Welch's test is the default; permutations of the linear model (`permutation`) and ranks
ask less of the values. In Welch's test the difference is the group's coefficient in a
linear model with the covariates; its variance is estimated for each group by itself.
Without covariates this is Welch's test to the last digit. With them, a group's
residuals count as many degrees of freedom as the fit has left them. The degrees of
freedom of the statistic are Satterthwaite's. A pair is not tested (NaN) where the
people who have it are too few for its spread to be told, or are told apart by the
covariates.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from atlasdb.cohorts import contrasts, permutation
from atlasdb.cohorts.corrections import q_values
from atlasdb.cohorts.patterns import by_people
from atlasdb.cohorts.permutation import Progress
from atlasdb.cohorts.power import detectable_effect
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray

Test = Literal["welch", "permutation", "rank"]
Correction = Literal["bh", "by", "fwe"]

LEAST_FREEDOM = 0.5
"""So many degrees of freedom the fit must leave each group to tell its spread."""


def edgewise(
    weights_a: FloatArray,
    weights_b: FloatArray,
    covariates_a: FloatArray,
    covariates_b: FloatArray,
    *,
    alpha: float = 0.05,
    test: Test = "welch",
    correction: Correction = "bh",
    n_permutations: int = 5000,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, NDArray[Any]]:
    """Test every ordered pair.

    Parameters
    ----------
    weights_a, weights_b : ndarray, shape (n_subjects, n_areas, n_areas)
        ``[subject, source, target]``; NaN where a person has no estimate.
    covariates_a, covariates_b : ndarray, shape (n_subjects, n_columns)
        What to hold constant.
    alpha : float, default=0.05
        False discovery rate, or family-wise error, over the pairs tested.
    test : {"welch", "permutation", "rank"}
        Welch's test; Freedman-Lane permutations of the linear model; or Mann and
        Whitney's test, which takes no covariates.
    correction : {"bh", "by", "fwe"}
        False discovery rate by Benjamini and Hochberg or by Benjamini and Yekutieli,
        or the largest statistic of every permutation. A permutation p is at least
        1 / (n_permutations + 1): with thousands of pairs a false discovery rate needs
        many more permutations than "fwe" does.
    n_permutations, seed, progress
        Of the permutation test.

    Returns
    -------
    dict of ndarray
        ``mean_a, mean_b, effect, effect_low, effect_high, statistic, df, p, q``
        (n_areas, n_areas), NaN where a pair could not be tested; ``significant``
        bool, ``n_a, n_b`` int: people with an estimate. ``effect`` is Hedges' g of the
        difference a - b with its 95 % interval. With permutations, ``p_fwe``. Scalars:
        ``detectable_effect``, the g that one pair shows in 8 of 10 such studies after
        Bonferroni correction, and ``detectable_effect_alone``, where no other pair is
        tested.

    Raises
    ------
    InvalidDataError
        If ``alpha`` is not between 0 and 1, weights are infinite, or the test does not
        go with the covariates or the correction.
    """
    y = np.concatenate([weights_a, weights_b])
    n, n_areas = len(y), y.shape[1]
    y = y.reshape(n, -1)
    group = np.arange(n) < len(weights_a)
    covariates = np.concatenate([covariates_a, covariates_b])
    _refuse(y, covariates, alpha, test, correction)
    present = ~np.isnan(y)
    if test == "permutation":
        found = _permuted(y, group, covariates, n_permutations, seed, progress)
    else:
        found = _by_formula(y, group, covariates, ranks=test == "rank")
    p = found["p"]
    found["q"] = q_values(p, "by" if correction == "by" else "bh")
    counts = {"n_a": present[group].sum(axis=0), "n_b": present[~group].sum(axis=0)}
    result: dict[str, NDArray[Any]] = {
        name: values.reshape(n_areas, n_areas)
        for name, values in (found | counts).items()
    }
    decides = result["p_fwe" if correction == "fwe" else "q"]
    result["significant"] = np.nan_to_num(decides, nan=1.0) < alpha
    n_a, n_tests = len(weights_a), int(np.isfinite(p).sum())
    for name, tests in (("", n_tests), ("_alone", 1)):
        effect = detectable_effect(n_a, n - n_a, alpha=alpha / max(tests, 1))
        result[f"detectable_effect{name}"] = np.array(effect)
    return result


_STATISTICS = ["mean_a", "mean_b", "effect", "effect_low", "effect_high"]
_STATISTICS += ["statistic", "df", "p"]


def _refuse(
    y: FloatArray,
    covariates: FloatArray,
    alpha: float,
    test: Test,
    correction: Correction,
) -> None:
    if not 0 < alpha < 1:
        raise InvalidDataError(f"alpha must lie between 0 and 1, not {alpha:g}.")
    if np.isinf(y).any():
        raise InvalidDataError(
            f"{int(np.isinf(y).sum())} weights are infinite. Repair them, or store "
            "them as missing."
        )
    if test == "rank" and covariates.shape[1]:
        raise InvalidDataError(
            "The rank test cannot hold covariates constant. Leave them out, or use the "
            "permutation test."
        )
    if correction == "fwe" and test != "permutation":
        raise InvalidDataError(
            f"The family-wise correction needs permutations, not the {test} test. Use "
            "the permutation test, or correct by 'bh' or 'by'."
        )


def _permuted(
    y: FloatArray,
    group: NDArray[np.bool_],
    covariates: FloatArray,
    n_permutations: int,
    seed: int,
    progress: Progress | None,
) -> dict[str, FloatArray]:
    labels = np.where(group, "a", "b").tolist()
    design = contrasts.between(labels, covariates)
    found = permutation.permuted(
        y, design, n_permutations=n_permutations, seed=seed, progress=progress
    )
    found = {name: found[name] for name in (*_STATISTICS, "p_fwe") if name in found}
    tested = np.isfinite(found["p"])
    for name, rows in (("mean_a", group), ("mean_b", ~group)):
        found[name] = np.full(y.shape[1], np.nan)
        found[name][tested] = np.nanmean(y[np.ix_(rows, tested)], axis=0)
    return found


def _by_formula(
    y: FloatArray, group: NDArray[np.bool_], covariates: FloatArray, *, ranks: bool
) -> dict[str, FloatArray]:
    found = {name: np.full(y.shape[1], np.nan) for name in _STATISTICS}
    present = ~np.isnan(y)
    for pairs in by_people(present):
        rows = present[:, pairs[0]]
        if min(rows[group].sum(), rows[~group].sum()) < 2:
            continue
        some = y[np.ix_(rows, pairs)]
        values = _welch(some, group[rows], covariates[rows])
        if ranks and "p" in values:
            values |= _rank(some, group[rows], np.isfinite(values["p"]))
        for name, numbers in values.items():
            found[name][pairs] = numbers
    return found


def _rank(
    y: FloatArray, group: NDArray[np.bool_], tells: NDArray[np.bool_]
) -> dict[str, FloatArray]:
    """Give Mann and Whitney's U and its p; exact for few people without ties."""
    statistic, p = (np.full(y.shape[1], np.nan) for _ in range(2))
    if tells.any():
        found = stats.mannwhitneyu(y[group][:, tells], y[~group][:, tells], axis=0)
        statistic[tells], p[tells] = found.statistic, found.pvalue
    return {"statistic": statistic, "df": np.full(y.shape[1], np.nan), "p": p}


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
