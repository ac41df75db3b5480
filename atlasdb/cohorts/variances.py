"""Variances of many connections, told better together than each by itself.

With few people the variance of some connections is small by chance, and what is
divided by it looks certain. The variances of all connections are taken for draws around
a common one, which may grow with the size of the values; each that is smaller is moved
towards it, the more the fewer people there are. This is the empirical Bayes of
``squeezeVar`` in limma, after G. K. Smyth, "Linear models and empirical Bayes methods
for assessing differential expression in microarray experiments", 2004, with two
precautions. No variance is taken for smaller than it was found: some connections do
vary more, and would be called different for it. And variances of flat distributions
scatter less than those of normal ones, which must not be taken for their being alike.
"""

from __future__ import annotations

import numpy as np
from scipy import optimize, special, stats

from atlasdb.types import FloatArray

FEWEST = 10
"""From fewer variances nothing is learned about the others."""
_SMALLEST = 1e-5
"""Of the median variance; less is rounding."""
_ALIKE = 1e8
"""Degrees of freedom where all variances are one."""
_DEGREE = 4
"""Of the curve by which variances grow with the rank of the mean value."""


def flatness(y: FloatArray) -> float:
    """Give the mean excess kurtosis of columns, 0 at most.

    Parameters
    ----------
    y : ndarray, shape (n_people, n_columns)
        NaN where a person has no estimate.
    """
    n = (~np.isnan(y)).sum(axis=0)
    enough = y[:, n > 3]
    if not enough.size:
        return 0.0
    centred = enough - np.nanmean(enough, axis=0)
    scale = np.abs(centred).max(axis=0, initial=0.0, where=~np.isnan(centred))
    centred = centred[:, scale > 0] / scale[scale > 0]
    second = np.nanmean(centred**2, axis=0)
    raw = np.nanmean(centred**4, axis=0) / second**2 - 3
    m = n[n > 3][scale > 0]
    excess = (m - 1) / ((m - 2) * (m - 3)) * ((m + 1) * raw + 6)
    return min(float(excess.mean()), 0.0) if excess.size else 0.0


def prior(
    variance: FloatArray, df: FloatArray, level: FloatArray, flat: float = 0.0
) -> tuple[float, FloatArray]:
    """Learn what the variances of all connections have in common.

    Parameters
    ----------
    variance : ndarray, shape (n_connections,)
        Positive.
    df : ndarray, shape (n_connections,)
        Degrees of freedom that each was estimated with.
    level : ndarray, shape (n_connections,)
        Mean value of each.
    flat : float
        From `flatness`.

    Returns
    -------
    df : float
        Degrees of freedom that the common variance is worth; 0 where there are too few
        connections to learn from.
    variance : ndarray, shape (n_connections,)
        Common variance at each level.

    Notes
    -----
    The logarithms of the variances have the mean and the variance of that of an F
    distribution with ``df`` and the prior's degrees of freedom.
    """
    if len(variance) < FEWEST:
        return 0.0, variance
    least = _SMALLEST * float(np.median(variance))
    logs = np.log(np.maximum(variance, max(least, 1e-300)))
    half = df / 2
    centred = logs - special.digamma(half) + np.log(half)
    degree = _DEGREE if len(variance) >= 10 * FEWEST else 0
    rank = 2 * stats.rankdata(level) / len(level) - 1
    curve = np.polynomial.legendre.legvander(rank, degree)
    mean = curve @ np.linalg.lstsq(curve, centred, rcond=None)[0]
    spread = float(((centred - mean) ** 2).sum() / (len(logs) - degree - 1))
    more = spread - float(special.polygamma(1, half).mean()) * (1 + flat / 2)
    if more <= special.polygamma(1, _ALIKE / 2):
        return _ALIKE, np.exp(mean)

    def off(x: float) -> float:
        return float(special.polygamma(1, np.exp(x)) - more)

    half_prior = float(np.exp(optimize.brentq(off, -20.0, np.log(_ALIKE / 2))))
    common: FloatArray = np.exp(mean + special.digamma(half_prior) - np.log(half_prior))
    return 2 * half_prior, common


def squeezed(
    variance: FloatArray, df: FloatArray, level: FloatArray, flat: float = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Move small variances towards what all have in common.

    Parameters
    ----------
    variance, df, level, flat
        As for `prior`.

    Returns
    -------
    variance, df : ndarray, shape (n_connections,)
        Posterior variances, none smaller than it was, and the degrees of freedom that
        they are worth.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> few = np.full(1000, 3.0)
    >>> found, df = squeezed(rng.chisquare(3, 1000) / 3, few, rng.normal(size=1000))
    >>> bool(found.min() > 0.8), bool(df[0] > 50)
    (True, True)
    """
    more, common = prior(variance, df, level, flat)
    whole = df + more
    return np.maximum((df * variance + more * common) / whole, variance), whole
