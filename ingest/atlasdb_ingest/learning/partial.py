"""Partial correlation with a fixed ridge: the strength of slow series.

The same in both directions. The ridge is a fixed number: one that adapts to the data
adapts to surrogates too, and their p values are then wrong. A mixture of regions that
is always 0, as an average reference or the regression of their mean leaves it, counts
as nothing: the inverse of a correlation matrix would hold it for the surest of all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from atlasdb.types import FloatArray

RIDGE = 0.3
"""Added to the diagonal of the correlation matrix."""
_NOTHING = 1e-6
"""Power of a mixture that is always 0, where a region has 1."""
_ROOM = 1_000_000
"""Samples of shifted series that are held at once."""


def connect(data: FloatArray) -> FloatArray:
    """Correlate each pair of regions with all others held constant.

    Parameters
    ----------
    data : ndarray of float, shape (n_regions, n_times)
        Series in any unit.

    Returns
    -------
    ndarray of float, shape (n_regions, n_regions)
        Symmetric, the diagonal is 0.
    """
    course = standardised(data)
    n_regions, n_times = course.shape
    correlation = course @ course.T / n_times
    inverse = np.linalg.inv(correlation + RIDGE * np.eye(n_regions))
    lost = absent(course)
    inverse -= lost @ lost.T / RIDGE
    scale = np.sqrt(np.diagonal(inverse))
    value = -inverse / np.outer(scale, scale)
    value = (value + value.T) / 2
    np.fill_diagonal(value, 0.0)
    return np.asarray(value)


def absent(data: FloatArray) -> FloatArray:
    """Find mixtures of regions that are always 0.

    Parameters
    ----------
    data : ndarray of float, shape (n_regions, n_times)
        Series in any unit.

    Returns
    -------
    ndarray of float, shape (n_regions, n_mixtures)
        Orthonormal weights of standardised regions, as columns. None where samples are
        few, and mixtures 0 by chance, or where a region is constant.
    """
    course = standardised(data)
    n_regions, n_times = course.shape
    power, mixtures = np.linalg.eigh(course @ course.T / n_times)
    tells = n_times > 2 * n_regions and bool((course != 0).any(axis=1).all())
    return np.asarray(mixtures[:, (power < _NOTHING) & tells])


def alone(data: FloatArray, shifts: NDArray[np.int64]) -> FloatArray:
    """Estimate what a region that runs at another time seems to share with the rest.

    The others stay as they are: where they share much among themselves, as brains do,
    less is left to find by chance than among regions that all run apart.

    Parameters
    ----------
    data : ndarray of float, shape (n_regions, n_times)
        Series.
    shifts : ndarray of int, shape (n_regions, n)
        Samples by which each region is shifted, round the end, each in its turn.

    Returns
    -------
    ndarray of float, shape (n_regions, n, n_regions)
        Partial correlation of the shifted region with each other one; 0 with itself.
    """
    course = standardised(data)
    n_regions, n_times = course.shape
    ridged = course @ course.T / n_times + RIDGE * np.eye(n_regions)
    inverse = np.linalg.inv(ridged)
    size = np.diagonal(inverse)
    place = np.arange(n_times)
    found = np.zeros((*shifts.shape, n_regions))
    at_once = max(1, _ROOM // (n_times * shifts.shape[1]))
    for start in range(0, n_regions, at_once):
        which = np.arange(start, min(start + at_once, n_regions))
        own_place = np.arange(which.size)
        late = (place - shifts[which][:, :, None]) % n_times
        moved = course[which[:, None, None], late]
        shared = moved.reshape(-1, n_times) @ course.T / n_times
        shared = shared.reshape(*moved.shape[:2], n_regions)
        shared[own_place, :, which] = 0.0
        # The inverse for the rest, then with the shifted region put back.
        column = inverse[which][:, None]
        gone = size[which][:, None, None]
        pull = shared @ inverse
        pull -= (shared * column).sum(axis=2, keepdims=True) * column / gone
        pull[own_place, :, which] = 0.0
        own = 1.0 / (1.0 + RIDGE - (pull * shared).sum(axis=2, keepdims=True))
        others = size - column**2 / gone + own * pull**2
        others[own_place, :, which] = 1.0
        found[which] = np.sqrt(own) * pull / np.sqrt(others)
    return found


def precision(data: FloatArray) -> FloatArray:
    """Inverse of the covariance, with the ridge that `connect` uses.

    Parameters
    ----------
    data : ndarray of float, shape (n_regions, n_times)
        Series.

    Returns
    -------
    ndarray of float, shape (n_regions, n_regions)
        In units of one over those of `data`, squared.
    """
    covariance = np.atleast_2d(np.cov(data, bias=True))
    size = np.diagonal(covariance)
    floor = RIDGE * np.where(size > 0, size, 1.0)
    return np.asarray(np.linalg.inv(covariance + np.diag(floor)))


def standardised(data: FloatArray) -> FloatArray:
    """Rows of zero mean and unit variance; constant rows become 0."""
    centred = data - data.mean(axis=-1, keepdims=True)
    scale = centred.std(axis=-1, keepdims=True)
    return np.asarray(centred / np.where(scale > 0, scale, 1.0))
