"""How often two estimates of one connectome agree in direction, now and next time.

Every ordered pair counts with its probability of being a connection, so a pair that
is joined both ways counts as two connections. Its direction is the order that is the
stronger one of the two. Where one of the estimates tells no direction, the pair counts
half: a coin.
"""

from __future__ import annotations

from collections.abc import Callable

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
    return _carried(share, _counted(first + second, counts), _longer)


def redrawn_reliability(
    found: FloatArray, again: FloatArray, counts: FloatArray
) -> float:
    """Tell from redrawn recordings how often a second one would have one direction.

    A recording is redrawn by a model that predicts as well as it can. Such a model
    keeps, of what differs between the two orders of a pair, the share s that would
    return in a second recording; new errors come on top. What was found and what is
    found again then correlate by r, with r² = s² / (s² + 1 - s).

    Parameters
    ----------
    found : ndarray of float, shape (n_regions, n_regions)
        Strengths in the recording.
    again : ndarray of float, shape (n_draws, n_regions, n_regions)
        Strengths in the recordings that were drawn from what it said.
    counts : ndarray of float, shape (n_regions, n_regions)
        The probabilities of the recording, as in `same_direction`.

    Returns
    -------
    float
        As `reliability` gives it.

    Examples
    --------
    >>> one = np.triu(np.ones((9, 9)), 1)
    >>> redrawn_reliability(one, np.stack([one, one]), one)
    1.0
    """
    share = float(np.mean([same_direction(found, one, counts) for one in again]))
    if np.isnan(share):
        return share
    return _carried(share, _counted(found + again.sum(0), counts), _returning)


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


def _carried(
    share: float, counted: FloatArray, rule: Callable[[FloatArray], FloatArray]
) -> float:
    """Apply a rule to a share, and give back what its curvature costs on average."""
    pairs = np.triu(counted + counted.T, 1)
    n_pairs = pairs.sum() ** 2 / (pairs**2).sum() / _SHARED
    spread = np.sqrt(share * (1 - share) / n_pairs)
    usual = _SHARES @ rule(np.clip(share + spread * _POINTS, 0, 1))
    return float(np.clip(2 * rule(np.asarray(share)) - usual, 0, 1))


def _returning(share: FloatArray) -> FloatArray:
    """Give the share of equal signs in two recordings, from that in redrawn ones."""
    found = np.sin(np.pi * (share - 0.5))
    kept = 2 * found / (np.abs(found) + np.sqrt(4 - 3 * found**2))
    return np.asarray(0.5 + np.arcsin(kept) / np.pi)


def _longer(share: FloatArray) -> FloatArray:
    """Give the share of equal signs at twice the length."""
    half = np.sin(np.pi * (share - 0.5))
    whole = 2 * half / (1 + np.abs(half))
    return np.asarray(0.5 + np.arcsin(whole) / np.pi)
