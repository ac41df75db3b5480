"""Sensors see mixtures: what arrives everywhere at once is taken out.

Volume conduction has no delay, so it shows in what the past cannot predict. The
innovations of an autoregression are made uncorrelated by the symmetric matrix that
changes the channels least, and this matrix is applied to the recording.
"""

from __future__ import annotations

import numpy as np
import torch

from atlasdb.types import FloatArray
from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models.linear import moments, regress

_FLOOR = 0.01
"""Smallest variance of a direction, as a share of the mean: an average reference
leaves a direction without any."""


def unmixed(
    data: FloatArray, lengths: tuple[int, ...], order: int, prior: float
) -> FloatArray:
    """Make the innovations of the channels uncorrelated.

    Parameters
    ----------
    data : ndarray of float, shape (n_regions, n_times)
        Sensors.
    lengths : tuple of int
        Lengths of the contiguous pieces.
    order : int
        Lags of the autoregression.
    prior : float
        So many samples its prior weighs, that nothing is predictable.

    Returns
    -------
    ndarray of float, shape (n_regions, n_times)
        Channels in the same order, standardised.
    """
    windows = Windows.of([(data, lengths)], order, torch.device("cpu"))
    count = windows.n_known + windows.n_held_out
    coefficients, _ = regress(*moments(windows), prior / count)
    weights = coefficients[0].to(torch.float32)
    scatter = torch.zeros(len(data), len(data))
    for past, present, counts in windows.chunks():
        left = (present[0] - past[0].flatten(1) @ weights) * counts[0, :, None]
        scatter += left.mT @ left
    covariance = scatter.double().numpy() / data.shape[1]
    size, vectors = np.linalg.eigh(covariance)
    size = np.maximum(size, _FLOOR * max(float(size.mean()), 1e-12))
    turn = (vectors / np.sqrt(size)) @ vectors.T
    course = turn @ windows.series[0].double().numpy().T
    course -= course.mean(axis=1, keepdims=True)
    return np.asarray(course / course.std(axis=1, keepdims=True))
