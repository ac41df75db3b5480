"""Two groups compared at every connection, with covariates.

Welch's test, alone or with moderated variances (`twogroups`), is by formula;
permutations of the linear model (`permutation`) and ranks ask less of the values. A
pair is not tested (NaN) where the people who have it are too few for its spread to be
told, or are told apart by the covariates.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from atlasdb.cohorts import contrasts, permutation, twogroups
from atlasdb.cohorts.corrections import q_values
from atlasdb.cohorts.patterns import by_people
from atlasdb.cohorts.permutation import Progress
from atlasdb.cohorts.power import detectable_effect
from atlasdb.cohorts.variances import flatness
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray

Test = Literal["welch", "moderated", "permutation", "rank"]
Correction = Literal["bh", "by", "fwe"]


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
    device: str = "auto",
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
    test : {"welch", "moderated", "permutation", "rank"}
        Welch's test; the same with the variances of all pairs moved together, which is
        surer and sees more in small groups; Freedman-Lane permutations of the linear
        model; or Mann and Whitney's test, which takes no covariates.
    correction : {"bh", "by", "fwe"}
        False discovery rate by Benjamini and Hochberg or by Benjamini and Yekutieli,
        or the largest statistic of every permutation. A permutation p is at least
        1 / (n_permutations + 1): with thousands of pairs a false discovery rate needs
        many more permutations than "fwe" does.
    n_permutations, seed, device, progress
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
    shape = y.shape[1:]
    found = compared(
        y.reshape(len(y), -1),
        len(weights_a),
        np.concatenate([covariates_a, covariates_b]),
        alpha=alpha,
        test=test,
        correction=correction,
        n_permutations=n_permutations,
        seed=seed,
        device=device,
        progress=progress,
    )
    return {k: v.reshape(shape) if v.ndim else v for k, v in found.items()}


def compared(
    y: FloatArray,
    n_a: int,
    covariates: FloatArray,
    *,
    alpha: float = 0.05,
    test: Test = "welch",
    correction: Correction = "bh",
    n_permutations: int = 5000,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
) -> dict[str, NDArray[Any]]:
    """Test every column; `edgewise` says what is returned.

    Parameters
    ----------
    y : ndarray, shape (n_subjects, n_columns)
        The first group first; NaN where a person has no estimate.
    n_a : int
        People of the first group.
    covariates : ndarray, shape (n_subjects, n_covariates)
    alpha, test, correction, n_permutations, seed, device, progress
        As for `edgewise`.

    Returns
    -------
    dict of ndarray, shape (n_columns,), or scalar
    """
    group = np.arange(len(y)) < n_a
    _refuse(y, alpha, test, correction)
    present = ~np.isnan(y)
    if test == "permutation":
        found = _permuted(y, group, covariates, n_permutations, seed, device, progress)
    else:
        found = by_formula(y, group, covariates, test)
    p = found["p"]
    result: dict[str, NDArray[Any]] = dict(found)
    result["q"] = q_values(p, "by" if correction == "by" else "bh")
    result |= {"n_a": present[group].sum(axis=0), "n_b": present[~group].sum(axis=0)}
    decides = result["p_fwe" if correction == "fwe" else "q"]
    result["significant"] = np.nan_to_num(decides, nan=1.0) < alpha
    n_b, n_tests = len(y) - n_a, int(np.isfinite(p).sum())
    for name, tests in (("", n_tests), ("_alone", 1)):
        effect = detectable_effect(n_a, n_b, alpha=alpha / max(tests, 1))
        result[f"detectable_effect{name}"] = np.array(effect)
    return result


_STATISTICS = ["mean_a", "mean_b", "effect", "effect_low", "effect_high"]
_STATISTICS += ["statistic", "df", "p"]


def _refuse(y: FloatArray, alpha: float, test: Test, correction: Correction) -> None:
    if not 0 < alpha < 1:
        raise InvalidDataError(f"alpha must lie between 0 and 1, not {alpha:g}.")
    if np.isinf(y).any():
        raise InvalidDataError(
            f"{int(np.isinf(y).sum())} weights are infinite. Repair them, or store "
            "them as missing."
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
    device: str,
    progress: Progress | None,
) -> dict[str, FloatArray]:
    labels = np.where(group, "a", "b").tolist()
    design = contrasts.between(labels, covariates)
    found = permutation.permuted(
        y,
        design,
        n_permutations=n_permutations,
        seed=seed,
        device=device,
        progress=progress,
    )
    found = {name: found[name] for name in (*_STATISTICS, "p_fwe") if name in found}
    tested = np.isfinite(found["p"])
    for name, rows in (("mean_a", group), ("mean_b", ~group)):
        found[name] = np.full(y.shape[1], np.nan)
        found[name][tested] = np.nanmean(y[np.ix_(rows, tested)], axis=0)
    return found


def by_formula(
    y: FloatArray, group: NDArray[np.bool_], covariates: FloatArray, test: Test
) -> dict[str, FloatArray]:
    """Test every column without shuffling, by Welch's test or by ranks.

    Parameters
    ----------
    y : ndarray, shape (n_subjects, n_columns)
    group : ndarray of bool, shape (n_subjects,)
        Who is in the first group.
    covariates : ndarray, shape (n_subjects, n_covariates)
    test : {"welch", "moderated", "rank"}

    Returns
    -------
    dict of ndarray, shape (n_columns,)
        As `twogroups.tested` gives them.

    Raises
    ------
    InvalidDataError
        If covariates are given to the rank test.
    """
    if test == "rank" and covariates.shape[1]:
        raise InvalidDataError(
            "The rank test cannot hold covariates constant. Leave them out, or use the "
            "permutation test."
        )
    flat = flatness(y) if test == "moderated" else None
    found = twogroups.tested(twogroups.fits(y, group, covariates), flat=flat)
    if test == "rank":
        present = ~np.isnan(y)
        tells = np.isfinite(found["p"])
        for columns in by_people(present):
            asked = columns[tells[columns]]
            if asked.size:
                rows = present[:, asked[0]]
                for name, values in _rank(y[np.ix_(rows, asked)], group[rows]).items():
                    found[name][asked] = values
    return found


def _rank(y: FloatArray, group: NDArray[np.bool_]) -> dict[str, FloatArray]:
    """Give Mann and Whitney's U and its p; exact for few people without ties."""
    found = stats.mannwhitneyu(y[group], y[~group], axis=0)
    statistic, p = (np.asarray(v, dtype=float) for v in (found.statistic, found.pvalue))
    none = np.full(y.shape[1], np.nan)
    return {"statistic": statistic, "df": none, "p": p}
