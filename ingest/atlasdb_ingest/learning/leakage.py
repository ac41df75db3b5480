"""Sensors see mixtures: what arrives everywhere at once is taken out.

Volume conduction has no delay, so it shows in what the past cannot predict. The
innovations of an autoregression are made uncorrelated by the symmetric matrix that
changes the channels least. Uncorrelated they stay under every rotation; of these, the
one is taken in which few channels drive one another, near the symmetric one: sources
that were mixed seem to drive each other everywhere, sources that were not do so
rarely. What noise has drowned cannot be unmixed; how much that may be is told too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy import optimize

from atlasdb.types import FloatArray
from atlasdb_ingest.learning import noise as noises
from atlasdb_ingest.learning import partial
from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models.linear import moments, regress

_FLOOR = 0.01
"""Smallest variance of a direction, as a share of the mean: an average reference
leaves a direction without any."""
_TURN = 0.03
"""Angles, rad, by which two channels are expected to be turned into one another."""
_JOINED = 0.05
_REACH = 0.2
"""Share of the pairs that is expected to be connected, and how strongly: standard
deviation of a coefficient, in units of the innovations."""
_STEPS = 150
_MISSED = 0.15
"""Share of a source that is left in another, in units of the tangent of the angle by
which their channels were not orthogonal: what is left where sources were known to be
mixed, by distance and by a head."""
_REFERRED = 2.0
"""The same of each mixture that the recording lacks, in shares of an equal part: a
reference to the average takes from each channel an equal part of all, and leaves open
how the rest is turned."""


@dataclass(frozen=True, eq=False)
class Unmixed:
    """Sensors with the mixture taken out.

    Attributes
    ----------
    data : ndarray of float, shape (n_regions, n_times)
        Channels in the same order, standardised.
    doubt : ndarray of float, shape (n_regions, n_regions)
        Variance of the share of one channel's innovations that may still be in
        another one; symmetric, 0 on the diagonal.
    noise : ndarray of float, shape (n_regions, n_regions)
        Covariance of the noise that sensors may have added to the channels.
    mixing : ndarray of float, shape (n_regions, n_regions)
        What makes the recording of the channels again.
    """

    data: FloatArray
    doubt: FloatArray
    noise: FloatArray
    mixing: FloatArray


def unmixed(
    data: FloatArray, lengths: tuple[int, ...], order: int, prior: float
) -> Unmixed:
    """Make the innovations of the channels uncorrelated, and connections rare.

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
    Unmixed
    """
    windows = Windows.of([(data, lengths)], order, torch.device("cpu"))
    count = windows.n_known + windows.n_held_out
    coefficients, inverse = regress(*moments(windows), prior / count)
    weights = coefficients[0].to(torch.float32)
    scatter = torch.zeros(len(data), len(data))
    for past, present, counts in windows.chunks():
        left = (present[0] - past[0].flatten(1) @ weights) * counts[0, :, None]
        scatter += left.mT @ left
    scatter = scatter.double() / data.shape[1]
    size, vectors = torch.linalg.eigh(scatter)
    size = size.clamp_min(_FLOOR * max(float(size.mean()), 1e-12)).sqrt()
    apart, back = (vectors / size) @ vectors.mT, (vectors * size) @ vectors.mT
    shape = (len(data), order, len(data))
    lagged = coefficients[0].reshape(shape).permute(1, 2, 0)
    blocks = inverse[0].reshape(*shape, order) / count.cpu().double()
    spread = torch.einsum("akbl,ai,bi->ikl", blocks, back, back)
    turn = _rotation(apart @ lagged @ back, torch.linalg.pinv(spread, hermitian=True))
    apart = turn @ apart
    sensors = windows.series[0].cpu().double()
    there = (sensors @ vectors).var(0) > noises.THERE
    course = (apart @ sensors.mT).numpy()
    course -= course.mean(axis=1, keepdims=True)
    scale = course.std(axis=1, keepdims=True)
    channels = apart @ vectors[:, there] @ vectors[:, there].mT
    ways = channels / channels.norm(dim=1, keepdim=True)
    noise = noises.level(sensors, scatter, torch.cat([vectors[:, there].mT, ways]))
    doubt = _doubt(scatter, apart @ scatter @ apart.mT, int(count))
    doubt += noises.mixed(size[there].square(), vectors[:, there], turn, noise)
    added = channels.numpy() / scale
    there_only = vectors[:, there] @ vectors[:, there].mT
    mixing = (there_only @ torch.linalg.inv(apart)).numpy() * scale[:, 0]
    allowed = doubt.numpy() + referred(data), noise * added @ added.T
    return Unmixed(course / scale, *allowed, mixing)


def untouched(data: FloatArray) -> Unmixed:
    """Take series as they are, that are no mixtures but for a reference."""
    none, lacking = np.zeros((len(data), len(data))), partial.absent(data)
    mixing = np.eye(len(data)) - lacking @ lacking.T
    return Unmixed(data, referred(data), none, mixing)


def referred(data: FloatArray) -> FloatArray:
    """Tell how much of each region an average reference may have put into each other.

    Parameters
    ----------
    data : ndarray of float, shape (n_regions, n_times)
        Series.

    Returns
    -------
    ndarray of float, shape (n_regions, n_regions)
        Variances as in `Unmixed`; 0 where no mixture of regions is constant.
    """
    n_regions, lacking = partial.absent(data).shape
    apart = 1.0 - np.eye(n_regions)
    return np.asarray((_REFERRED * lacking / n_regions) ** 2 * apart)


def _doubt(before: torch.Tensor, after: torch.Tensor, n: int) -> torch.Tensor:
    """Tell how much of each channel may still be in each other one.

    Parameters
    ----------
    before, after : Tensor, shape (n_regions, n_regions)
        Moments of the innovations as they were recorded, and as they are now.
    n : int
        Samples.

    Returns
    -------
    Tensor, shape (n_regions, n_regions)
        Variances: of estimation; of what is still correlated; of what was taken out
        and may have been misplaced.
    """
    shared = _cosines(before).square()
    turned = _MISSED**2 * shared / (1 - shared).clamp_min(1e-4)
    found = 1 / n + _cosines(after).square() + turned
    return found.fill_diagonal_(0.0)


def _cosines(moments: torch.Tensor) -> torch.Tensor:
    size = moments.diagonal().clamp_min(1e-12).sqrt()
    return (moments / (size[:, None] * size)).clamp(-1.0, 1.0)


def _rotation(lagged: torch.Tensor, precision: torch.Tensor) -> torch.Tensor:
    """Find the rotation in which most channels do not drive each other.

    The most probable one, where each ordered pair is either unconnected, and its
    coefficients are errors of estimation, or connected, and they are wider by
    `_REACH`; and each plane is turned by about `_TURN`.

    Parameters
    ----------
    lagged : Tensor, shape (order, n_regions, n_regions)
        Autoregression with innovations of unit variance, rows are targets.
    precision : Tensor, shape (n_regions, order, order)
        Inverse covariance of the coefficients of one source.

    Returns
    -------
    Tensor, shape (n_regions, n_regions)
        To be applied to the channels from the left.
    """
    n_regions = lagged.shape[1]
    wider = 1 + _REACH**2 * torch.linalg.eigvalsh(precision).clamp_min(0.0)
    shrunk, cost = (1 / wider).mean(-1), wider.log().sum(-1) / 2
    pairs = 1 - torch.eye(n_regions, dtype=lagged.dtype)
    rows, columns = torch.triu_indices(n_regions, n_regions, 1)

    def planes(angles: torch.Tensor) -> torch.Tensor:
        upper = torch.zeros_like(pairs).index_put((rows, columns), angles)
        return upper - upper.mT

    def loss(given: FloatArray) -> tuple[float, FloatArray]:
        angles = torch.from_numpy(given).requires_grad_()
        turn = torch.matrix_exp(planes(angles))
        seen = turn @ lagged @ turn.mT
        misfit = torch.einsum("kts,skl,lts->ts", seen, precision, seen) / 2
        nothing = math.log(1 - _JOINED) - misfit
        something = math.log(_JOINED) - misfit * shrunk - cost
        fit = (torch.logaddexp(nothing, something) * pairs).sum()
        total = angles.square().sum() / (2 * _TURN**2) - fit
        (slope,) = torch.autograd.grad(total, angles)
        return float(total.detach()), slope.numpy()

    start = np.zeros(len(rows))
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}
    )
    return torch.matrix_exp(planes(torch.from_numpy(found.x)))
