"""The direction of slow series in closed form: who leads when activity is strong.

A volume is slower than the brain and the haemodynamic response is slower still, so
the past says nothing about direction in fMRI. The shape of the joint distribution
does, where activity is rare and strong: when the source is active the target
follows, when the target is active the source need not be. This is the left-right
rule of FASK (Sanchez-Romero et al. 2019) in closed form; it needs no training.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import special

from atlasdb.types import FloatArray
from atlasdb_ingest.learning import partial
from atlasdb_ingest.types import Reading

ENGINE: Final = "contemporaneous"
UNIT: Final = "partial correlation"
MEANING: Final = (
    "Directions come from a closed form that needs skewed activity; their "
    "probabilities are not calibrated."
)
_SLOPE = 1.0
SETTINGS: Final[dict[str, float | int | str]] = {
    "version": 1,
    "ridge": partial.RIDGE,
    "slope": _SLOPE,
}


def read(data: FloatArray, sfreq: float) -> Reading:
    """Tell who leads.

    Parameters
    ----------
    data : ndarray of float, shape (n_regions, n_times)
        Series.
    sfreq : float
        Hz; the rule does not depend on it.

    Returns
    -------
    Reading
        Direction: between 0 and 1, large where the row drives the column, 0.5 where
        nothing can be told; with its transpose it makes 1.
    """
    course = partial.standardised(data)
    lead = left_right(course) * np.sqrt(course.shape[1]) * _SLOPE
    return Reading(direction=np.asarray(special.expit(lead)))


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
