"""What a region's course must not be: constant, all in one moment, or another's copy.

Rows are regions, all finite. Nothing here depends on the unit of a row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from atlasdb.types import FloatArray

_NOTHING = 1e-12
"""Of what a region's values are, its variation is rounding below this share."""
_MOMENT = 1e-3
"""Share of the samples that a moment is; one sample at least."""
_MOST = 0.5
"""Share of the variance that no moment may hold."""
_FEW = 50
"""Of fewer samples, one may."""
_SAME = 1e-6
"""Courses are the same where 1 - abs(correlation) is less."""


def constant(data: FloatArray) -> NDArray[np.bool_]:
    """Tell which regions do not vary.

    Parameters
    ----------
    data : ndarray of float, shape (n_regions, n_times)
        Series in any unit.

    Returns
    -------
    ndarray of bool, shape (n_regions,)

    Examples
    --------
    >>> constant(np.array([[1e4, 1e4, 1e4], [0.0, 1e-9, 0.0]])).tolist()
    [True, False]
    """
    span, size = np.ptp(data, axis=1), np.abs(data).max(axis=1)
    return np.asarray(span <= _NOTHING * size, dtype=np.bool_)


def standardised(data: FloatArray) -> FloatArray:
    """Give rows mean 0 and deviation 1, of whatever size they are; none is constant."""
    # Squares of very large or very small numbers would not be finite.
    scaled = data / np.abs(data).max(axis=1, keepdims=True)
    centred = scaled - scaled.mean(axis=1, keepdims=True)
    return np.asarray(centred / centred.std(axis=1, keepdims=True))


def momentary(data: FloatArray) -> NDArray[np.bool_]:
    """Tell which regions owe most of their variance to a thousandth of the time.

    A jump of an electrode or a damaged volume: all the rest of the course is then
    next to nothing, and what the region seems to share is where the jumps are.

    Parameters
    ----------
    data : ndarray of float, shape (n_regions, n_times)
        Series in any unit, none constant.

    Returns
    -------
    ndarray of bool, shape (n_regions,)
    """
    n_times = data.shape[1]
    if n_times < _FEW:
        return np.zeros(len(data), dtype=np.bool_)
    power = standardised(data) ** 2
    few = max(1, round(_MOMENT * n_times))
    largest = np.partition(power, n_times - few, axis=1)[:, n_times - few :]
    return np.asarray(largest.sum(axis=1) > _MOST * n_times, dtype=np.bool_)


def copies(data: FloatArray) -> dict[int, int]:
    """Find regions with the course of another one, its negative and multiples too.

    Parameters
    ----------
    data : ndarray of float, shape (n_regions, n_times)
        Series in any unit, none constant.

    Returns
    -------
    dict of int to int
        Row of a copy, and the first row that has its course.

    Examples
    --------
    >>> copies(np.array([[1.0, 2.0, 4.0], [0.0, 1.0, 0.0], [-2.0, -4.0, -8.0]]))
    {2: 0}
    """
    if not len(data):
        return {}
    course = standardised(data)
    same = np.abs(course @ course.T) > (1 - _SAME) * data.shape[1]
    first = same.argmax(axis=1)
    return {row: int(k) for row, k in enumerate(first) if k < row}
