"""Noise of sensors: how much of it there may be, and which mixtures it has drowned.

Each sensor adds noise of its own that no past predicts. Where sources reach nearly the
same sensors, little tells them apart, and noise hides that little first.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy import signal

_SEGMENT = 128
_BANDS = 8
_USUAL = 0.1
"""Of the innovations of a source, what its power does not fall below at any frequency,
as a share: rhythms have valleys this deep without any noise of sensors."""
_MORE = 2.0
"""The share of a source that is where another one was drowned, in units of what noise
that is equal in all sensors, and mixtures that are mutual, would leave there."""
THERE = 1e-6
"""Power of a mixture that varies, where a sensor has 1."""


def level(course: torch.Tensor, scatter: torch.Tensor, ways: torch.Tensor) -> float:
    """Find how much noise sensors may have: as much as the quietest mixture allows.

    No mixture has less power at any frequency than its noise, which is white. Of what
    is left in the valley of a spectrum, the share that is usual without noise is taken
    off: a mixture without any valley is nothing but noise.

    Parameters
    ----------
    course : Tensor of float64, shape (n_times, n_regions)
        Sensors, standardised.
    scatter : Tensor, shape (n_regions, n_regions)
        Moments of their innovations.
    ways : Tensor, shape (n, n_regions)
        Mixtures to look at, of unit length, all of which vary.

    Returns
    -------
    float
        Variance of the noise of a sensor.
    """
    part = (ways @ course.mT).numpy()
    n = min(_SEGMENT, part.shape[1])
    power = signal.welch(part, 1.0, nperseg=n, axis=1)[1][:, 1:-1] / 2
    bands = np.array_split(power, _BANDS, axis=1)
    floor = np.stack([band.mean(axis=1) for band in bands]).min(axis=0)
    least = int(floor.argmin())
    new = float(ways[least] @ scatter @ ways[least])
    return max(0.0, (float(floor[least]) - _USUAL * new) / (1 - _USUAL))


def mixed(
    size: torch.Tensor, vectors: torch.Tensor, turn: torch.Tensor, noise: float
) -> torch.Tensor:
    """Tell how much of each source noise leaves in each other one.

    What is drowned of a source is missing in its channel, and others in its place.

    Parameters
    ----------
    size : Tensor, shape (n,)
        Variances of the innovations along `vectors`.
    vectors : Tensor, shape (n_regions, n)
        Mixtures that vary, orthonormal columns.
    turn : Tensor, shape (n_regions, n_regions)
        Rotation that follows.
    noise : float
        Variance of the noise of a sensor.

    Returns
    -------
    Tensor, shape (n_regions, n_regions)
        Squared shares, symmetric, 0 on the diagonal.
    """
    lost = 1 - (1 - noise / size).clamp(0.0, 1.0).sqrt()
    seen = torch.eye(len(turn), dtype=turn.dtype) - (vectors * lost) @ vectors.mT
    seen = turn @ seen @ turn.mT
    share = (_MORE * seen / seen.diagonal().clamp_min(1e-3)[:, None]).square()
    return ((share + share.mT) / 2).fill_diagonal_(0.0)
