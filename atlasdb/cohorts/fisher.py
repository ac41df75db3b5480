"""Correlations on the scale where their spread does not hang on their size."""

from __future__ import annotations

import numpy as np

from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray

CORRELATIONS = ("correlation", "partial correlation")
"""Units of values that Fisher's z belongs to."""
LARGEST_CORRELATION = 1 - 1e-6
"""A correlation of 1 or -1 is taken for this, whose z is 7.25."""


def fisher_z(r: FloatArray) -> FloatArray:
    """Give Fisher's z of correlations, for values in one of `CORRELATIONS` only.

    Parameters
    ----------
    r : ndarray of float
        Between -1 and 1; NaN stays NaN.

    Returns
    -------
    ndarray of float
        ``arctanh(r)``; -1 and 1 are taken for ``LARGEST_CORRELATION``.

    Raises
    ------
    InvalidDataError
        If something is no correlation.

    Examples
    --------
    >>> fisher_z(np.array([0.0, 0.5, 1.0])).round(2)
    array([0.  , 0.55, 7.25])
    """
    largest = float(np.nanmax(np.abs(r), initial=0.0))
    if largest > 1 + 1e-9:
        raise InvalidDataError(
            f"Fisher's z is for correlations, which lie between -1 and 1; one value is "
            f"{largest:g} in size. Leave values in other units as they are."
        )
    return np.arctanh(np.clip(r, -LARGEST_CORRELATION, LARGEST_CORRELATION))
