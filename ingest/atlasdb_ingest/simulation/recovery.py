"""How much of what was planted came back: one figure for finding, one for direction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from atlasdb.types import FloatArray


def average_precision(planted: NDArray[np.bool_], scores: FloatArray) -> float:
    """Give the area under the precision-recall curve of all ordered pairs.

    Parameters
    ----------
    planted : ndarray of bool, shape (n_regions, n_regions)
        True where the source drives the target.
    scores : ndarray of float, shape (n_regions, n_regions)
        Larger where a connection is more likely; NaN counts as least likely. The
        diagonals are ignored.

    Returns
    -------
    float
        1 where every planted connection comes before all others; the share of pairs
        that are planted where the order says nothing. NaN if nothing was planted.

    Examples
    --------
    >>> planted = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=bool)
    >>> average_precision(planted, planted * 0.7)
    1.0
    """
    apart = ~np.eye(len(planted), dtype=bool)
    truth = planted[apart]
    if not truth.any():
        return float("nan")
    score = np.nan_to_num(scores[apart], nan=-np.inf, neginf=-np.inf)
    order = np.argsort(-score, kind="stable")
    score, hit = score[order], truth[order].cumsum()
    last = np.append(score[1:] != score[:-1], True)  # equal scores are one step
    hit, n = hit[last], (np.arange(score.size) + 1)[last]
    gained = np.diff(hit, prepend=0)
    return float((gained * hit / n).sum() / truth.sum())


def direction_accuracy(planted: NDArray[np.bool_], scores: FloatArray) -> float:
    """Give the share of one-way connections whose direction scores higher.

    Parameters and shapes are those of `average_precision`. A tie counts half, so that
    0.5 is a coin; NaN if nothing was planted in one direction only.
    """
    source, target = np.nonzero(planted & ~planted.T)
    if not source.size:
        return float("nan")
    there, back = scores[source, target], scores[target, source]
    return float(np.mean((there > back) + 0.5 * (there == back)))


def pooled(probabilities: Sequence[FloatArray]) -> FloatArray:
    """Pool people: the mean of their log odds, as a probability.

    Parameters
    ----------
    probabilities : sequence of ndarray, shape (n_regions, n_regions)
        P(source drives target) of each person.

    Returns
    -------
    ndarray of float, shape (n_regions, n_regions)
        NaN where nobody has an estimate.
    """
    clipped = np.clip(np.stack(probabilities), 1e-6, 1 - 1e-6)
    odds = np.log(clipped / (1 - clipped))
    known = np.isfinite(odds)
    total = np.where(known, odds, 0.0).sum(axis=0)
    n = known.sum(axis=0)
    mean = np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0)
    return np.asarray(1 / (1 + np.exp(-mean)))
