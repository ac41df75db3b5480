"""Many tests at once: the false discovery rate."""

from __future__ import annotations

import numpy as np
from scipy import stats

from atlasdb.types import FloatArray


def q_values(p: FloatArray) -> FloatArray:
    """Adjust p for the tests made beside it (Benjamini and Hochberg).

    Parameters
    ----------
    p : ndarray of float
        NaN where nothing was tested.

    Returns
    -------
    ndarray of float
        Of the same shape, NaN in the same places. A matrix that holds each test
        twice gives the same q as one half of it.

    Examples
    --------
    >>> q_values(np.array([0.01, np.nan, 0.04])).round(3)
    array([0.02,  nan, 0.04])
    """
    q = np.full(p.shape, np.nan)
    tested = np.isfinite(p)
    if tested.any():
        q[tested] = stats.false_discovery_control(p[tested], method="bh")
    return q
