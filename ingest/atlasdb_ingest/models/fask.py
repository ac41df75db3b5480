"""Contemporaneous connections of slow series: partial correlation with a direction.

A volume is slower than the brain and the haemodynamic response is slower still, so
the past says nothing about direction in fMRI. The shape of the joint distribution
does, where activity is rare and strong: when the source is active the target
follows, when the target is active the source need not be. This is the left-right
rule of FASK in closed form.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from atlasdb.types import FloatArray

ENGINE: Final = "contemporaneous"
UNIT: Final = "partial correlation"
SETTINGS: Final[dict[str, float | int]] = {"version": 1, "ridge": 0.3, "slope": 1.0}


def connect(data: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Estimate connections and their direction.

    Parameters
    ----------
    data : ndarray of float, shape (n_regions, n_times)
        Series.

    Returns
    -------
    value : ndarray of float, shape (n_regions, n_regions)
        Partial correlation; symmetric, 0 on the diagonal.
    direction : ndarray of float, shape (n_regions, n_regions)
        Between 0 and 1, large where the row drives the column, 0.5 where nothing
        can be told; with its transpose it makes 1.
    """
    course = _standardised(data)
    lead = left_right(course) * np.sqrt(course.shape[1]) * SETTINGS["slope"]
    return partial_correlation(course, SETTINGS["ridge"]), special.expit(lead)


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
    course = _standardised(data)
    n_regions, n_times = course.shape
    ridged = course @ course.T / n_times + SETTINGS["ridge"] * np.eye(n_regions)
    inverse = np.linalg.inv(ridged)
    place = np.arange(n_times)
    found = np.zeros((*shifts.shape, n_regions))
    for region in range(n_regions):
        rest = np.arange(n_regions) != region
        moved = course[region, (place - shifts[region][:, None]) % n_times]
        shared = moved @ course[rest].T / n_times
        # The inverse for the rest, then with the shifted region put back.
        column = inverse[rest, region]
        others = inverse[np.ix_(rest, rest)]
        others = others - np.outer(column, column) / inverse[region, region]
        pull = shared @ others
        own = 1.0 / (1.0 + SETTINGS["ridge"] - (pull * shared).sum(axis=1))
        size = np.diagonal(others) + own[:, None] * pull**2
        found[region][:, rest] = np.sqrt(own)[:, None] * pull / np.sqrt(size)
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
    floor = SETTINGS["ridge"] * np.where(size > 0, size, 1.0)
    return np.asarray(np.linalg.inv(covariance + np.diag(floor)))


def _standardised(data: FloatArray) -> FloatArray:
    """Rows of zero mean and unit variance; constant rows become 0."""
    centred = data - data.mean(axis=-1, keepdims=True)
    scale = centred.std(axis=-1, keepdims=True)
    return np.asarray(centred / np.where(scale > 0, scale, 1.0))


def partial_correlation(data: FloatArray, ridge: float) -> FloatArray:
    """Correlate each pair of regions with all others held constant.

    Parameters
    ----------
    data : ndarray of float, shape (..., n_regions, n_times)
        Standardised series.
    ridge : float
        Added to the diagonal of the correlation matrix. It is fixed: one that adapts
        to the data adapts to surrogates too, and their p values are then wrong.

    Returns
    -------
    ndarray of float, shape (..., n_regions, n_regions)
        Symmetric, the diagonal is 0.
    """
    n_regions, n_times = data.shape[-2:]
    correlation = data @ np.swapaxes(data, -1, -2) / n_times
    precision = np.linalg.inv(correlation + ridge * np.eye(n_regions))
    scale = np.sqrt(np.diagonal(precision, axis1=-2, axis2=-1))
    value = -precision / (scale[..., :, None] * scale[..., None, :])
    value = (value + np.swapaxes(value, -1, -2)) / 2
    place = np.arange(n_regions)
    value[..., place, place] = 0.0
    return np.asarray(value)


def left_right(data: FloatArray) -> FloatArray:
    """Tell which of two regions leads, by who follows whom when active.

    Parameters
    ----------
    data : ndarray of float, shape (n_regions, n_times)
        Standardised series.

    Returns
    -------
    ndarray of float, shape (n_regions, n_regions)
        Antisymmetric; above 0 where the row drives the column.
    """
    active = (data > 0).astype(np.float64)
    together = (active * data) @ data.T
    power = active @ (data * data).T
    scale = np.sqrt(np.diagonal(power)[:, None] * power)
    follows = together / np.where(scale > 0, scale, 1.0)
    # Of two regions that oppose each other, the sign tells the other way round.
    return np.asarray((follows - follows.T) * np.sign(data @ data.T))
