"""How often two estimates of one connectome agree in direction, now and next time.

Every ordered pair counts with its probability of being a connection, so a pair that
is joined both ways counts as two connections. Its direction is the order that is the
stronger one of the two. Where one of the estimates tells no direction, the pair counts
half: a coin.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from atlasdb.types import FloatArray

_SHARED = 2.0
"""Pairs that share a region are wrong together: so many are worth one on its own."""
_CERTAIN = 8.0
"""Errors: a difference of so many has one sign, however large it is."""
_SEEN = 0.25
"""Power of the probability by which a pair tells what true differences there are. By
1, pairs that are called by chance would be taken for what they seem; by 0, all that is
surely nothing would count as much as what is asked about."""
_POINTS_SEEN, _ROUNDS = 161, 200
"""Differences that are told apart, and steps to the distribution of true ones."""
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
    return _carried(share, _counted(first + second, counts))


def doubted_reliability(
    found: FloatArray, restarted: FloatArray, drawn: FloatArray, counts: FloatArray
) -> float:
    """Tell from its errors how often a second recording would have one direction.

    Estimates err because a recording is short, which recordings that are drawn from
    one world tell, and because a model that is no world settles here or there, which
    another start tells; the larger one of the two is taken. What was found is what is
    there and such an error. How often which true differences between the two orders
    of a pair occur is fitted to what was found in all pairs; from it follows, pair by
    pair, how probable the direction found is in a second recording.

    Parameters
    ----------
    found : ndarray of float, shape (n_regions, n_regions)
        Strengths in the recording.
    restarted : ndarray of float, shape (n_regions, n_regions)
        The same, trained from another start.
    drawn : ndarray of float, shape (2, n_regions, n_regions)
        Strengths in two recordings of one world, as long as this one.
    counts : ndarray of float, shape (n_regions, n_regions)
        The probabilities of the recording, as in `same_direction`.

    Returns
    -------
    float
        As `reliability` gives it, at least 0.5; NaN if nothing counts.

    Notes
    -----
    Differences are of the roots of strengths: their errors are about alike, however
    strong a connection is. Errors of what counts and of what does not are two sizes.
    They are told by mean absolute deviations, as few are large. The distribution of
    true differences is the one of largest likelihood (Kiefer and Wolfowitz 1956),
    symmetric around 0, on a grid.

    Examples
    --------
    >>> one = np.triu(np.ones((9, 9)), 1)
    >>> round(doubted_reliability(one, one, np.stack([one, one]), one), 9)
    1.0
    """
    counted = _counted(found + restarted + drawn.sum(0), counts)
    pairs = np.triu(np.isfinite(found + found.T), 1)
    weight = (counted + counted.T)[pairs]
    if not weight.sum() > 0:
        return float("nan")
    every = np.nan_to_num(np.stack([found, restarted, *drawn]))
    roots = np.sqrt(every)
    whole, other, one, two = (roots - roots.transpose(0, 2, 1))[:, pairs]
    likely = np.clip(weight / 2, 0.0, 1.0)
    error = np.maximum(_spread(one - two, likely), _spread(other - whole, likely))
    least = 1e-9 * np.abs(whole).max() + 1e-300
    size = np.minimum(np.abs(whole) / np.maximum(error, least), _CERTAIN)
    kept = np.where(size > 0, returning(size, likely**_SEEN), 0.5)
    return min(1.0, float(weight @ kept / weight.sum()))


def _spread(difference: FloatArray, likely: FloatArray) -> FloatArray:
    """Give the deviation of one of two estimates, as likely as each is a connection."""
    size = np.abs(difference) * np.sqrt(np.pi) / 2
    there, not_there = (
        (share @ size) / max(share.sum(), 1e-12) for share in (likely, 1 - likely)
    )
    return np.asarray(likely * there + (1 - likely) * not_there)


def returning(size: FloatArray, counts: FloatArray) -> FloatArray:
    """Give the probability that the sign of a difference would be found again.

    Parameters
    ----------
    size : ndarray of float, shape (n,)
        Differences without their signs, in units of the deviation of their errors.
    counts : ndarray of float, shape (n,)
        How much each says of the true differences.

    Returns
    -------
    ndarray of float, shape (n,)
        Between 0.5 and 1.
    """
    places = np.linspace(0.0, _CERTAIN, _POINTS_SEEN)
    there = np.linspace(0.0, 1.25 * _CERTAIN, 81)
    right = np.exp(-((places[:, None] - there) ** 2) / 2)
    wrong = np.exp(-((places[:, None] + there) ** 2) / 2)
    likely = right + wrong
    nearest = np.rint(np.minimum(size, _CERTAIN) / places[1]).astype(np.int64)
    share = np.bincount(nearest, counts, _POINTS_SEEN) / counts.sum()
    prior = np.full(there.size, 1 / there.size)
    for _ in range(_ROUNDS):
        prior = prior * ((share / (likely @ prior)) @ likely)
    again = special.ndtr(there)
    kept = (right * again + wrong * (1 - again)) @ prior / (likely @ prior)
    return np.asarray(np.interp(size, places, kept))


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


def _carried(share: float, counted: FloatArray) -> float:
    """Carry a share to full length, and give back what curvature costs on average."""
    pairs = np.triu(counted + counted.T, 1)
    n_pairs = pairs.sum() ** 2 / (pairs**2).sum() / _SHARED
    spread = np.sqrt(share * (1 - share) / n_pairs)
    usual = _SHARES @ _longer(np.clip(share + spread * _POINTS, 0, 1))
    return float(np.clip(2 * _longer(np.asarray(share)) - usual, 0, 1))


def _longer(share: FloatArray) -> FloatArray:
    """Give the share of equal signs at twice the length."""
    half = np.sin(np.pi * (share - 0.5))
    whole = 2 * half / (1 + np.abs(half))
    return np.asarray(0.5 + np.arcsin(whole) / np.pi)
