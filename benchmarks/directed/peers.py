"""Reference peers in a few lines of numpy each, ``[source, target]``.

Where a statistic tells direction only, it is multiplied with the size of the partial
correlation, as our own closed form is.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from directed.known import Array, System
from directed.method import Found, Method

_MOST_LAGS = 8


def partial(data: Array) -> Array:
    """Size of the partial correlation, shrunk by Ledoit and Wolf."""
    from sklearn.covariance import ledoit_wolf

    inverse = np.linalg.inv(ledoit_wolf(data.T)[0])
    scale = np.sqrt(np.diagonal(inverse))
    value = np.abs(inverse / np.outer(scale, scale))
    np.fill_diagonal(value, 0.0)
    return np.asarray(value)


def correlation(data: Array, system: System) -> Found:
    return Found(np.abs(np.corrcoef(data)))


def partial_correlation(data: Array, system: System) -> Found:
    return Found(partial(data))


def lag_correlation(data: Array, system: System) -> Found:
    score = np.zeros((len(data), len(data)))
    for lag in range(1, system.lags + 1):
        n = data.shape[1] - lag
        score = np.maximum(score, np.abs(data[:, :-lag] @ data[:, lag:].T) / n)
    return Found(score)


def patel(data: Array, system: System) -> Found:
    """Patel's tau: who is active more rarely, and then with the other, drives it."""
    low, high = np.percentile(data, [10, 90], axis=1, keepdims=True)
    active = np.clip((data - low) / (high - low), 0.0, 1.0)
    n = data.shape[1]
    both = active @ active.T / n
    alone = active @ (1 - active).T / n
    more, less = both + alone, both + alone.T
    lead = np.where(more < less, 1 - more / less, less / more - 1)
    return Found(partial(data) * (1 + lead) / 2)


def pairwise(data: Array, system: System) -> Found:
    """Pairwise likelihood ratio of LiNGAM, by its tanh approximation."""
    n = data.shape[1]
    bent = data @ np.tanh(data).T / n
    ratio = np.corrcoef(data) * (bent - bent.T)
    return Found(partial(data) * (1 + np.tanh(np.sqrt(n) * ratio)) / 2)


def past(data: Array, order: int) -> tuple[Array, Array]:
    """Lagged predictors (lag by lag) and what they predict, times first."""
    n_times = data.shape[1]
    lagged = [data[:, order - k : n_times - k] for k in range(1, order + 1)]
    return np.concatenate(lagged).T, data[:, order:].T


def fitted(data: Array, orders: range) -> tuple[Array, Array, Array, int]:
    """Fit the vector autoregression of the order that BIC prefers.

    Returns coefficients (d, n), the inverse of the predictors' moments (d, d), the
    residual covariance and the order.
    """
    n_regions, n_times = data.shape
    best: tuple[float, Array, Array, Array, int] | None = None
    for order in orders:
        if order > orders[0] and n_regions * order > n_times / 3:
            break
        before, now = past(data, order)
        inverse = np.linalg.pinv(before.T @ before, hermitian=True)
        weights = inverse @ (before.T @ now)
        residual = now - before @ weights
        covariance = residual.T @ residual / len(now)
        bic = len(now) * np.linalg.slogdet(covariance)[1]
        bic += order * n_regions**2 * np.log(len(now))
        if best is None or bic < best[0]:
            best = float(bic), weights, inverse, covariance, order
    if best is None:
        raise ValueError("no order to choose from")
    return best[1:]


def granger(data: Array, system: System) -> Found:
    """Conditional Granger causality with its F test, order by BIC."""
    return _granger(data, range(1, _MOST_LAGS + 1))


def granger_given(data: Array, system: System) -> Found:
    """The same with the lags that our engine takes."""
    return _granger(data, range(system.lags, system.lags + 1))


def _granger(data: Array, orders: range) -> Found:
    weights, inverse, covariance, order = fitted(data, orders)
    n_regions, n_times = data.shape
    n = n_times - order
    free = n - n_regions * order
    error = n * np.diagonal(covariance)
    statistic = np.zeros((n_regions, n_regions))
    for source in range(n_regions):
        rows = source + n_regions * np.arange(order)
        part = weights[rows]
        more = (part * np.linalg.solve(inverse[np.ix_(rows, rows)], part)).sum(axis=0)
        statistic[source] = (more / order) / (error / free)
    p = stats.f.sf(statistic, order, free)
    return Found(statistic, p=np.asarray(p))


def coherence(data: Array, system: System) -> Found:
    """Partial directed coherence, the mean of its square over frequencies."""
    weights, _, _, order = fitted(data, range(1, _MOST_LAGS + 1))
    n_regions = len(data)
    lagged = weights.reshape(order, n_regions, n_regions)
    score = np.zeros((n_regions, n_regions))
    for frequency in np.linspace(0.005, 0.495, 50):
        turn = np.exp(-2j * np.pi * frequency * np.arange(1, order + 1))
        transfer = np.eye(n_regions) - np.tensordot(turn, lagged, 1)
        power = np.abs(transfer) ** 2
        score += power / power.sum(axis=1, keepdims=True)
    return Found(score / 50)


PEERS = (
    Method("correlation", correlation, slow=True, fast=False, quick=True),
    Method(
        "partial correlation",
        partial_correlation,
        slow=True,
        fast=False,
        quick=True,
        needs="sklearn",
    ),
    Method("lag correlation", lag_correlation),
    Method(
        "pcorr x Patel tau", patel, slow=True, fast=False, quick=True, needs="sklearn"
    ),
    Method(
        "pcorr x pairwise LiNGAM",
        pairwise,
        slow=True,
        fast=False,
        quick=True,
        needs="sklearn",
    ),
    Method("MVGC, BIC order", granger, quick=True),
    Method("MVGC, our order", granger_given, slow=False),
    Method("PDC", coherence, most_regions=100),
)
