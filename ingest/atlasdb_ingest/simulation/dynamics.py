"""Activity on a graph that is known: series of shape (n_regions, n_times).

``weights[source, target]`` goes in, and no model here ever uses it the other way
round: the truth of a simulation is what was put in.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray


def var(
    weights: FloatArray,
    n_times: int,
    seed: int = 0,
    *,
    order: int = 3,
    decay: float = 0.4,
    radius: float = 0.9,
    burn_in: int = 200,
) -> FloatArray:
    """Run a linear autoregressive system: each connection acts at one lag.

    Parameters
    ----------
    weights : ndarray of float, shape (n_regions, n_regions)
        Connections, rows are sources.
    n_times : int
        Samples to keep.
    seed : int, default=0
        Same seed, same series.
    order : int, default=3
        A connection has one lag between 1 and `order`, drawn at random.
    decay : float, default=0.4
        How much of itself a region carries from one sample to the next.
    radius : float, default=0.9
        Where the system would grow without end, all coefficients are shrunk until
        its spectral radius is this.
    burn_in : int, default=200
        Samples to throw away first.

    Returns
    -------
    ndarray of float, shape (n_regions, n_times)
        Series driven by white noise of unit variance.
    """
    rng = np.random.default_rng(seed)
    n_regions = len(weights)
    lag = rng.integers(0, order, weights.shape)
    lagged = np.zeros((order, n_regions, n_regions))
    for k in range(order):
        lagged[k] = np.where(lag == k, weights, 0.0).T
    lagged[0] += decay * np.eye(n_regions)
    companion = np.eye(n_regions * order, k=-n_regions)
    companion[:n_regions] = np.concatenate(list(lagged), axis=1)
    largest = float(np.abs(np.linalg.eigvals(companion)).max())
    shrink = min(1.0, radius / largest)
    for k in range(order):
        lagged[k] *= shrink ** (k + 1)
    series = rng.standard_normal((burn_in + n_times, n_regions))
    for t in range(order, len(series)):
        for k in range(order):
            series[t] += lagged[k] @ series[t - 1 - k]
    return np.ascontiguousarray(series[burn_in:].T)


def lorenz96(
    n_regions: int,
    n_times: int,
    seed: int = 0,
    *,
    forcing: float = 10.0,
    dt: float = 0.05,
    noise: float = 0.1,
) -> tuple[FloatArray, FloatArray]:
    """Run the Lorenz-96 system: chaotic, and nonlinear in every connection.

    Parameters
    ----------
    n_regions : int
        Number of regions, at least 4.
    n_times : int
        Samples to keep.
    seed : int, default=0
        Same seed, same series.
    forcing : float, default=10.0
        Larger is more chaotic.
    dt : float, default=0.05
        Time between samples.
    noise : float, default=0.1
        Standard deviation of what is added to each sample.

    Returns
    -------
    series : ndarray of float, shape (n_regions, n_times)
        Regions in random order.
    weights : ndarray of float, shape (n_regions, n_regions)
        1 where the source drives the target, 0 elsewhere and on the diagonal.

    Raises
    ------
    InvalidDataError
        If there are fewer than 4 regions.
    """
    if n_regions < 4:
        raise InvalidDataError(
            f"Lorenz-96 needs at least 4 regions, found {n_regions}. Ask for more."
        )
    rng = np.random.default_rng(seed)

    def slope(x: FloatArray) -> FloatArray:
        ahead = np.roll(x, -1) - np.roll(x, 2)
        return np.asarray(ahead * np.roll(x, 1) - x + forcing)

    inner = max(1, round(dt / 0.01))
    step = dt / inner
    state = forcing + rng.standard_normal(n_regions)
    burn_in = 500
    series = np.empty((burn_in + n_times, n_regions))
    for t in range(len(series)):
        for _ in range(inner):
            k1 = slope(state)
            k2 = slope(state + 0.5 * step * k1)
            k3 = slope(state + 0.5 * step * k2)
            k4 = slope(state + step * k3)
            state = state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        series[t] = state
    kept = series[burn_in:].T + noise * rng.standard_normal((n_regions, n_times))
    truth = np.zeros((n_regions, n_regions))
    place = np.arange(n_regions)
    for offset in (1, -1, -2):
        truth[(place + offset) % n_regions, place] = 1.0
    order = rng.permutation(n_regions)
    return np.ascontiguousarray(kept[order]), truth[np.ix_(order, order)]


def neural(
    weights: FloatArray,
    duration_s: float,
    seed: int = 0,
    *,
    dt: float = 0.1,
    time_constant_s: float = 0.05,
    on_s: float = 2.5,
    off_s: float = 10.0,
    noise: float = 0.05,
) -> FloatArray:
    """Run neural activity that brief outside events drive, region by region.

    Each region has its own events: on for `on_s` seconds on average, then off for
    `off_s`. Rare events make activity skewed, as in resting fMRI simulations. The
    linear system is solved exactly between samples, so `dt` may be longer than the
    time constant.

    Parameters
    ----------
    weights : ndarray of float, shape ([n_spans,] n_regions, n_regions)
        Connections, rows are sources; each region decays to itself at rate 1. Where
        they change, those of equal spans of the time, one after the other.
    duration_s : float
        Length, s.
    seed : int, default=0
        Same seed, same activity.
    dt : float, default=0.1
        Time between samples, s.
    time_constant_s : float, default=0.05
        Neural time constant, s.
    on_s, off_s : float, default=2.5, 10.0
        Mean length of an event and of the pause before the next, s.
    noise : float, default=0.05
        Standard deviation of what is added to the input.

    Returns
    -------
    ndarray of float, shape (n_regions, n_times)
        Activity, a.u.

    Raises
    ------
    InvalidDataError
        If the system would grow without end.
    """
    rng = np.random.default_rng(seed)
    spans = weights.reshape(-1, *weights.shape[-2:])
    n_spans, n_regions, _ = spans.shape
    n_times = round(duration_s / dt)
    rates = (np.swapaxes(spans, 1, 2) - np.eye(n_regions)) / time_constant_s
    if float(np.linalg.eigvals(rates).real.max()) >= 0:
        raise InvalidDataError(
            "The graph has feedback so strong that activity grows without end: "
            "give smaller weights."
        )
    step = linalg.expm(rates * dt)
    drive = np.linalg.solve(rates, step - np.eye(n_regions)) / time_constant_s
    on = rng.random(n_regions) < on_s / (on_s + off_s)
    switch = rng.random((n_times, n_regions))
    series = np.empty((n_times, n_regions))
    state = np.zeros(n_regions)
    leave, enter = 1 - np.exp(-dt / on_s), 1 - np.exp(-dt / off_s)
    for t in range(n_times):
        on = np.where(on, switch[t] >= leave, switch[t] < enter)
        pushed = on + noise * rng.standard_normal(n_regions)
        span = t * n_spans // n_times
        state = step[span] @ state + drive[span] @ pushed
        series[t] = state
    return np.ascontiguousarray(series.T)
