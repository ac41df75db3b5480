"""The scale on which weights are compared: that on which they are least skewed.

Weights that cannot be negative lie close to 0 with a long tail to the right. A t test
of them finds differences where a small group has no large value by chance, and one
patient has many connections that no control has. Powers below 1 take the tail back.
"""

from __future__ import annotations

import numpy as np
from scipy import optimize

from atlasdb.types import FloatArray

LITTLE = 0.2
"""Values whose mean skewness is smaller are left as they are."""
LEAST = 0.02
"""No power is smaller."""
FEWEST = 10
"""Of fewer columns the skewness cannot be told."""
_ENOUGH = 4000
"""Columns to look at."""


def power(values: FloatArray) -> float:
    """Choose the power in which values are least skewed, not looking at groups.

    Parameters
    ----------
    values : ndarray, shape (n_people, n_columns)
        NaN where a value lacks.

    Returns
    -------
    float
        Between 0.02, nearly the logarithm, and 1; 1 where a value is negative or the
        skewness is small.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> power(rng.normal(10, 1, (30, 500)))
    1.0
    >>> power(rng.normal(10, 1, (30, 500)) ** 2) < 0.7
    True
    """
    if values.shape[1] < FEWEST:
        return 1.0
    some = values[:, :: max(1, values.shape[1] // _ENOUGH)]
    if np.nanmin(values, initial=0.0) < 0 or skewness(some) < LITTLE:
        return 1.0
    if skewness(some**LEAST) > 0:
        return LEAST
    root = optimize.brentq(lambda x: skewness(some**x), LEAST, 1.0, xtol=0.002)
    return round(float(root), 2)


def skewness(values: FloatArray) -> float:
    """Give the mean over columns of the skewness of their values."""
    n = (~np.isnan(values)).sum(axis=0)
    values = values[:, n > 2]
    if not values.size:
        return 0.0
    centred = values - np.nanmean(values, axis=0)
    second = np.nanmean(centred**2, axis=0)
    scale = np.nanmax(np.abs(values), axis=0)
    varies = second > (1e-9 * scale) ** 2
    if not varies.any():
        return 0.0
    third = np.nanmean(centred[:, varies] ** 3, axis=0)
    return float((third / second[varies] ** 1.5).mean())
