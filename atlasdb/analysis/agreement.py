"""How often two estimates of one connectome agree in direction, now and next time.

Every ordered pair counts with its probability of being a connection, so a pair that
is joined both ways counts as two connections. Its direction is the order that is the
stronger one of the two. Where one of the estimates tells no direction, the pair counts
half: a coin.
"""

from __future__ import annotations

import numpy as np

from atlasdb.types import FloatArray

_SHARED = 2.0
"""Pairs that share a region are wrong together: so many are worth one on its own."""
_POINTS, _SHARES = np.polynomial.hermite_e.hermegauss(15)
_SHARES = _SHARES / _SHARES.sum()


def same_direction(first: FloatArray, second: FloatArray, counts: FloatArray) -> float:
    """Give the share of connections that have one direction in two estimates.

    Parameters
    ----------
    first, second : ndarray of float, shape (n_regions, n_regions)
        Strengths of at least 0, rows are sources; NaN where there is no estimate.
    counts : ndarray of float, shape (n_regions, n_regions)
        How much each ordered pair counts: the probability that it is a connection,
        of two recordings the sum of both. NaN counts nothing.

    Returns
    -------
    float
        Between 0 and 1, 0.5 is a coin; NaN if nothing counts.

    Examples
    --------
    >>> one = np.array([[0.0, 0.9], [0.1, 0.0]])
    >>> same_direction(one, one, one), same_direction(one, one.T, one)
    (1.0, 0.0)
    """
    a, b = first - first.T, second - second.T
    counted = _counted(a + b, counts)
    total = counted.sum()
    if total == 0:
        return float("nan")
    alike = (1 + np.sign(a) * np.sign(b)) / 2
    return min(1.0, float((counted * np.nan_to_num(alike)).sum() / total))


def reliability(first: FloatArray, second: FloatArray, counts: FloatArray) -> float:
    """Tell from two halves how often a second recording would have one direction.

    The share that agrees is turned into the correlation that two normal variables
    with so many equal signs have, carried to full length by Spearman and Brown, and
    turned back. Halves that agree by chance gain less there than those that disagree
    by chance lose; what that costs on average is given back.

    Parameters
    ----------
    first, second : ndarray of float, shape (n_regions, n_regions)
        Strengths in the two halves.
    counts : ndarray of float, shape (n_regions, n_regions)
        The probabilities of the whole, as in `same_direction`.

    Returns
    -------
    float
        Expected `same_direction` of this recording and another one of the same
        length, between 0 and 1. Below 0.5 the halves contradict each other; NaN if
        nothing counts.

    Examples
    --------
    >>> one = np.triu(np.ones((9, 9)), 1)
    >>> reliability(one, one, one)
    1.0
    """
    share = same_direction(first, second, counts)
    if np.isnan(share):
        return share
    counted = _counted(first + second, counts)
    pairs = np.triu(counted + counted.T, 1)
    n_pairs = pairs.sum() ** 2 / (pairs**2).sum() / _SHARED
    spread = np.sqrt(share * (1 - share) / n_pairs)
    usual = _SHARES @ _longer(np.clip(share + spread * _POINTS, 0, 1))
    return float(np.clip(2 * _longer(share) - usual, 0, 1))


def full_length(correlation: float) -> float:
    """Carry a correlation of two halves to full length, by Spearman and Brown.

    Examples
    --------
    >>> full_length(0.5), full_length(-0.5)
    (0.6666666666666666, -0.6666666666666666)
    """
    return 2 * correlation / (1 + abs(correlation))


def strengths(first: FloatArray, second: FloatArray) -> float:
    """Correlate the strengths of two estimates over all ordered pairs that both have.

    Returns
    -------
    float
        Pearson correlation; 0 where one of them is constant.
    """
    known = np.isfinite(first) & np.isfinite(second) & ~np.eye(len(first), dtype=bool)
    a, b = first[known], second[known]
    if a.size < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _counted(estimates: FloatArray, counts: FloatArray) -> FloatArray:
    """Give what counts, 0 on the diagonal and where an estimate is missing."""
    known = np.isfinite(estimates) & np.isfinite(estimates.T)
    np.fill_diagonal(known, False)
    return np.where(known, np.nan_to_num(counts), 0.0)


def _longer(share: FloatArray | float) -> FloatArray:
    """Give the share of equal signs at twice the length."""
    half = np.sin(np.pi * (np.asarray(share) - 0.5))
    whole = 2 * half / (1 + np.abs(half))
    return np.asarray(0.5 + np.arcsin(whole) / np.pi)
