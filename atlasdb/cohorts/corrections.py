"""Many tests at once: false discovery rates and family-wise errors."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import stats

from atlasdb.types import FloatArray

Rate = Literal["bh", "by"]


def q_values(p: FloatArray, method: Rate = "bh") -> FloatArray:
    """Adjust the p values of what was tested, to control false discoveries.

    Parameters
    ----------
    p : ndarray
        NaN where nothing was tested; it does not count.
    method : {"bh", "by"}
        Benjamini and Hochberg (1995), for tests that are independent or go together;
        Benjamini and Yekutieli (2001), for any dependence, at a price.

    Returns
    -------
    ndarray
        NaN where p is.

    Examples
    --------
    >>> q_values(np.array([0.01, 0.02, np.nan])).round(3)
    array([0.02, 0.02,  nan])
    """
    q = np.full(p.shape, np.nan)
    tested = np.isfinite(p)
    if tested.any():
        q[tested] = stats.false_discovery_control(p[tested], method=method)
    return q


def by_largest(
    observed: FloatArray, largest: FloatArray, *, tie: float = 1e-5
) -> FloatArray:
    """Give p values from the largest statistic of every shuffle.

    The chance that the largest of all is as large as this one under the null: it
    controls the family-wise error in the strong sense where shuffling leaves the null
    of every subset unchanged (Westfall and Young 1993).

    Parameters
    ----------
    observed : ndarray
        NaN where nothing was tested.
    largest : ndarray, shape (n_shuffles,)
    tie : float
        Statistics that differ by this share count as equal, against the finding:
        shuffles are computed in single precision.

    Returns
    -------
    ndarray
        ``(b + 1) / (m + 1)``, where b of m shuffles reach the observed (Phipson and
        Smyth 2010); NaN where `observed` is.
    """
    ranked = np.sort(largest)
    limit = observed - tie * np.abs(observed)
    reached = len(ranked) - np.searchsorted(ranked, limit, side="left")
    p: FloatArray = np.where(
        np.isnan(observed), np.nan, (reached + 1) / (len(ranked) + 1)
    )
    return p
