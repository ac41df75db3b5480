"""What many probabilities say together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from atlasdb.types import FloatArray

_SURE = 1e-4
"""No one person is believed to be surer than this."""


def discoveries(probability: FloatArray, false: float = 0.1) -> NDArray[np.bool_]:
    """Choose the most probable connections, of which a share is expected to be false.

    Parameters
    ----------
    probability : ndarray of float, shape (n_regions, n_regions)
        P(source -> target); the diagonal and NaN do not count.
    false : float, default=0.1
        Share that may be false: the mean of ``1 - probability`` of what is chosen.

    Returns
    -------
    ndarray of bool, shape (n_regions, n_regions)
        The largest such set.

    Examples
    --------
    >>> discoveries(np.array([[0.0, 0.99], [0.2, 0.0]]))
    array([[False,  True],
           [False, False]])
    """
    chosen = np.zeros(probability.shape, dtype=bool)
    counts = np.isfinite(probability) & ~np.eye(len(probability), dtype=bool)
    place = np.argwhere(counts)
    known = probability[place[:, 0], place[:, 1]]
    order = np.argsort(-known, kind="stable")
    expected = np.cumsum(1.0 - known[order]) / np.arange(1, order.size + 1)
    n = int(np.searchsorted(expected, false, side="right"))
    chosen[tuple(place[order[:n]].T)] = True
    return chosen


def common(probability: FloatArray) -> FloatArray:
    """Give the probability of which people's log-odds are the mean.

    Parameters
    ----------
    probability : ndarray of float, shape (n_people, ...)
        NaN where a person has no estimate.

    Returns
    -------
    ndarray of float
        NaN where nobody has one. It speaks of the typical person: it does not grow
        surer with the number of people, who need not share a connection.

    Examples
    --------
    >>> common(np.array([[0.9], [0.5], [np.nan]])).round(2)
    array([0.75])
    """
    known = np.isfinite(probability)
    odds = special.logit(np.clip(probability, _SURE, 1 - _SURE))
    n = known.sum(axis=0)
    mean = np.where(known, odds, 0.0).sum(axis=0) / np.maximum(n, 1)
    return np.asarray(np.where(n > 0, special.expit(mean), np.nan))
