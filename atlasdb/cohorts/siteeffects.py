"""What each site does to what it measures: estimated on some, taken out of any.

A site shifts and stretches every value. Both are held together over all values by
empirical Bayes, as `fit` says. `harmonise` says what cannot be estimated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from atlasdb.cohorts.design import FEWEST
from atlasdb.cohorts.patterns import by_people
from atlasdb.errors import InvalidDataError, did_you_mean
from atlasdb.types import FloatArray

_SETTLED = 1e-8
_MOST_ROUNDS = 1000


@dataclass(frozen=True, eq=False)
class SiteEffects:
    """What each site does to each value, in units of the pooled spread.

    Attributes
    ----------
    sites : tuple of str
    n_train : ndarray of int, shape (n_sites,)
        People whom each site was estimated from.
    mean, scale : ndarray, shape (n_values,)
        Mean over the sites, and standard deviation within them.
    coefficients : ndarray, shape (n_columns, n_values)
        Of the covariates, which are kept.
    centre : ndarray, shape (n_columns,)
        What is subtracted from the covariates.
    shift, stretch : ndarray, shape (n_sites, n_values)
        Posterior means of the shift and of the ratio of variances; NaN where there
        is none.
    """

    sites: tuple[str, ...]
    n_train: NDArray[np.int64]
    mean: FloatArray
    scale: FloatArray
    coefficients: FloatArray
    centre: FloatArray
    shift: FloatArray
    stretch: FloatArray


def fit(
    values: FloatArray, sites: Sequence[str], covariates: FloatArray
) -> SiteEffects:
    """Estimate what each site does, on the people given.

    Parameters
    ----------
    values : ndarray, shape (n_people, ...)
    sites : sequence of str
    covariates : ndarray, shape (n_people, n_columns)

    Returns
    -------
    SiteEffects

    Raises
    ------
    InvalidDataError
        If there is one site only, or the covariates cannot be told from the sites.

    Notes
    -----
    The model and the posterior are those of [1]_ with parametric priors, which [2]_
    brought to connectivity; the estimates agree with those of neuroCombat where
    everybody has every value. In place of its fixed tolerance, the posterior is
    iterated until it is settled to 1e-8.

    References
    ----------
    .. [1] W. E. Johnson, C. Li and A. Rabinovic, "Adjusting batch effects in
       microarray expression data using empirical Bayes methods", Biostatistics 8(1),
       118-127, 2007. doi:10.1093/biostatistics/kxj037
    .. [2] M. Yu et al., "Statistical harmonization corrects site effects in functional
       connectivity measurements from multi-site fMRI data", Hum. Brain Mapp., 2018.
    """
    where = sites_known(sites, len(values))
    names, at = np.unique(where, return_inverse=True)
    y = values.reshape(len(values), -1)
    if len(names) < 2:
        raise InvalidDataError(
            f"Everybody in the training set was recorded at {names[0]}: there is no "
            "difference between sites to take out. Leave the harmonisation out."
        )
    if y.shape[1] < 2:
        raise InvalidDataError(
            "ComBat learns from many values how much sites differ, and was given "
            f"{y.shape[1]}. Hold the site constant as a covariate instead."
        )
    centre = covariates.mean(axis=0)
    held = covariates - centre
    if not _separable(at, held):
        raise InvalidDataError(
            "The covariates cannot be told from the sites in the training set of "
            f"{len(y)} people at {len(names)} sites: a covariate must vary within "
            "sites. Leave it out."
        )
    mean, scale = np.full((2, y.shape[1]), np.nan)
    coefficients = np.full((held.shape[1], y.shape[1]), np.nan)
    present = np.isfinite(y)
    for columns in by_people(present):
        rows = present[:, columns[0]]
        there, of_rows = np.unique(at[rows], return_inverse=True)
        if not rows.any() or not _separable(of_rows, held[rows]):
            continue
        part = y[np.ix_(rows, columns)]
        base = np.column_stack([np.eye(len(there))[of_rows], held[rows]])
        found = np.linalg.lstsq(base, part, rcond=None)[0]
        share = np.bincount(of_rows) / rows.sum()
        mean[columns] = share @ found[: len(there)]
        coefficients[:, columns] = found[len(there) :]
        spread = np.sqrt(((part - base @ found) ** 2).mean(axis=0))
        varies = spread > 1e-10 * np.abs(part).max(axis=0)
        scale[columns] = np.where(varies, spread, np.nan)
    none = np.empty((0, y.shape[1]))
    effects = SiteEffects(
        (), np.array([], np.int64), mean, scale, coefficients, centre, none, none
    )
    for i, name in enumerate(names.tolist()):
        effects = added(effects, name, y[at == i], covariates[at == i])
    return effects


def apply(
    effects: SiteEffects,
    values: FloatArray,
    sites: Sequence[str],
    covariates: FloatArray,
) -> FloatArray:
    """Take the effects of sites out of people's values, also of people not seen.

    Parameters
    ----------
    effects : SiteEffects
        From `fit`.
    values : ndarray, shape (n_people, ...)
    sites : sequence of str
    covariates : ndarray, shape (n_people, n_columns)

    Returns
    -------
    ndarray, shape (n_people, ...)

    Raises
    ------
    InvalidDataError
        If a site is not among those estimated.
    """
    where = sites_known(sites, len(values))
    unseen_of(effects, where, None)
    at = [effects.sites.index(site) for site in where.tolist()]
    y = values.reshape(len(values), -1)
    kept = effects.mean + (covariates - effects.centre) @ effects.coefficients
    left = (y - kept) / effects.scale
    left = (left - effects.shift[at]) / np.sqrt(effects.stretch[at])
    return np.asarray(left * effects.scale + kept).reshape(values.shape)


def sites_known(sites: Sequence[str], n_people: int) -> NDArray[np.object_]:
    """Give the site of each person; refuse where one is not known."""
    where = np.array(list(sites), dtype=object)
    if len(where) != n_people:
        raise InvalidDataError(
            f"{len(where)} sites were given for {n_people} people. Give one each."
        )
    without = sum(not isinstance(site, str) or not site for site in where)
    if without:
        raise InvalidDataError(
            f"The site of {without} of {n_people} people is not known. Add it, or "
            "leave them out."
        )
    return where


def unseen_of(
    effects: SiteEffects, where: NDArray[np.object_], fewest: int | None
) -> tuple[str, ...]:
    """Give sites nobody of the training set is from; refuse those too small."""
    counts = Counter(site for site in where.tolist() if site not in effects.sites)
    for site, n in sorted(counts.items()):
        if fewest is None or n < fewest:
            more = "" if fewest is None else f", fewer than the {fewest} asked for"
            raise InvalidDataError(
                f"Nobody in the training set was recorded at {site}, where {n} of "
                f"the people are from{more}: what the site does cannot be estimated. "
                "Add people of the training set from there, or leave it out."
                + did_you_mean(site, effects.sites)
            )
    return tuple(sorted(counts))


def added(
    effects: SiteEffects, site: str, values: FloatArray, covariates: FloatArray
) -> SiteEffects:
    """Estimate one more site from the people given, who are all from there."""
    y = values.reshape(len(values), -1)
    kept = effects.mean + (covariates - effects.centre) @ effects.coefficients
    shift, stretch = _posterior((y - kept) / effects.scale)
    return replace(
        effects,
        sites=(*effects.sites, site),
        n_train=np.append(effects.n_train, len(y)),
        shift=np.vstack([effects.shift, shift]),
        stretch=np.vstack([effects.stretch, stretch]),
    )


def _separable(at: NDArray[np.intp], held: FloatArray) -> bool:
    """Whether sites and covariates can be told apart and people are enough."""
    n_sites = int(at.max()) + 1
    scale = np.abs(held).max(axis=0, initial=0.0)
    used = held[:, scale > 0] / scale[scale > 0]
    alone = int(np.linalg.matrix_rank(used - used.mean(axis=0))) if used.size else 0
    both = int(np.linalg.matrix_rank(np.column_stack([np.eye(n_sites)[at], used])))
    return both == n_sites + alone and len(at) - both >= FEWEST - 1


def _posterior(left: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the shift and stretch of a site; left is (n_people, n_values)."""
    known = np.isfinite(left)
    n = known.sum(axis=0)
    shift = np.where(known, left, 0.0).sum(axis=0) / np.maximum(n, 1)
    squares = (np.where(known, left - shift, 0.0) ** 2).sum(axis=0)
    told, seen = n > 1, n > 0
    variance = squares[told] / (n[told] - 1)
    found = np.where(seen, 1.0, np.nan)
    if seen.sum() < 2:
        return np.full(n.shape, np.nan), np.full(n.shape, np.nan)
    centre, spread = shift[seen].mean(), shift[seen].var(ddof=1)

    def shifted(stretch: FloatArray) -> FloatArray:
        return np.asarray(
            (spread * n * shift + stretch * centre) / (spread * n + stretch)
        )

    if told.sum() < 2:
        return shifted(found), found
    m, s2 = variance.mean(), variance.var(ddof=1)
    if s2 <= 1e-12 * m**2:  # the prior is a point
        found[told] = max(m, 1e-12)
        return shifted(found), found
    a, b = (2 * s2 + m**2) / s2, (m * s2 + m**3) / s2
    found[told] = variance
    for _ in range(_MOST_ROUNDS):
        before = found[told]
        off = squares + n * (shifted(found) - shift) ** 2
        found[told] = (0.5 * off[told] + b) / (n[told] / 2 + a - 1)
        if np.abs(found[told] - before).max() <= _SETTLED * found[told].max():
            break
    return shifted(found), found
