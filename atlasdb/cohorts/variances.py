"""Variances of many connections, told better together than each by itself.

With few people the variance of some connections is small by chance, and what is
divided by it looks certain. The variances of all connections are taken for draws around
a common one; each is moved towards it, the more the fewer people there are. This is the
empirical Bayes of ``squeezeVar`` in limma, after G. K. Smyth, "Linear models and
empirical Bayes methods for assessing differential expression in microarray
experiments", 2004.
"""

from __future__ import annotations

import numpy as np
from scipy import optimize, special

from atlasdb.types import FloatArray

FEWEST = 10
"""From fewer variances nothing is learned about the others."""
_SMALLEST = 1e-5
"""Of the median variance; less is rounding."""
_ALIKE = 1e10
"""Degrees of freedom where all variances are one."""


def prior(variance: FloatArray, df: FloatArray) -> tuple[float, float]:
    """Learn what the variances of all connections have in common.

    Parameters
    ----------
    variance : ndarray, shape (n_connections,)
        Positive.
    df : ndarray, shape (n_connections,)
        Degrees of freedom that each was estimated with.

    Returns
    -------
    df, variance : float
        Degrees of freedom that the common variance is worth, and the variance; 0
        degrees where there are too few to learn from.

    Notes
    -----
    The logarithms of the variances have the mean and the variance of that of an F
    distribution with ``df`` and the prior's degrees of freedom.
    """
    if len(variance) < FEWEST:
        return 0.0, 1.0
    least = _SMALLEST * float(np.median(variance))
    logs = np.log(np.maximum(variance, max(least, 1e-300)))
    half = df / 2
    centred = logs - special.digamma(half) + np.log(half)
    mean = float(centred.mean())
    more = float(centred.var(ddof=1) - special.polygamma(1, half).mean())
    if more <= special.polygamma(1, _ALIKE / 2):
        return _ALIKE, float(np.exp(mean))

    def off(x: float) -> float:
        return float(special.polygamma(1, np.exp(x)) - more)

    half_prior = float(np.exp(optimize.brentq(off, -20.0, np.log(_ALIKE / 2))))
    scale = np.exp(mean + special.digamma(half_prior) - np.log(half_prior))
    return 2 * half_prior, float(scale)


def squeezed(variance: FloatArray, df: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Move every variance towards what all have in common.

    Parameters
    ----------
    variance, df : ndarray, shape (n_connections,)
        As for `prior`.

    Returns
    -------
    variance, df : ndarray, shape (n_connections,)
        Posterior variances, and the degrees of freedom that they are worth.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> few = np.full(1000, 3.0)
    >>> found, df = squeezed(rng.chisquare(3, 1000) / 3, few)
    >>> bool(found.std() < 0.1), bool(df[0] > 50)
    (True, True)
    """
    more, common = prior(variance, df)
    whole = df + more
    return (df * variance + more * common) / whole, whole
