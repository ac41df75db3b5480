"""From neural activity to what an fMRI scanner sees of it."""

from __future__ import annotations

import numpy as np

from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray


def bold(
    activity: FloatArray,
    tr: float,
    seed: int = 0,
    *,
    dt: float = 0.1,
    efficacy: float = 0.5,
    variability: float = 0.1,
    noise: float = 0.1,
) -> FloatArray:
    """Turn activity into BOLD by the balloon model, region by region.

    Parameters
    ----------
    activity : ndarray of float, shape (n_regions, n_times)
        Neural activity, about 0 to 1, at intervals of `dt`.
    tr : float
        Time between volumes, s; a multiple of `dt`.
    seed : int, default=0
        Same seed, same haemodynamics and noise.
    dt : float, default=0.1
        Time between samples of `activity`, s.
    efficacy : float, default=0.5
        How strongly activity makes blood flow.
    variability : float, default=0.1
        How much the speed of the response differs between regions: coefficient of
        variation of signal decay, autoregulation and transit time.
    noise : float, default=0.1
        Measurement noise, as a share of the standard deviation of the region.

    Returns
    -------
    ndarray of float, shape (n_regions, n_volumes)
        Relative signal change with noise.

    Raises
    ------
    InvalidDataError
        If `tr` is shorter than `dt`.
    """
    every = round(tr / dt)
    if every < 1:
        raise InvalidDataError(
            f"TR {tr} s is shorter than the step of the activity, {dt} s. "
            "Give a longer TR or simulate with a smaller step."
        )
    rng = np.random.default_rng(seed)
    n_regions, n_times = activity.shape
    spread = np.exp(variability * rng.standard_normal((3, n_regions)))
    decay, feedback = 0.65 * spread[0], 0.41 * spread[1]
    transit, stiffness, extraction = 0.98 * spread[2], 0.32, 0.34
    signal = np.zeros(n_regions)
    log_flow, log_volume, log_content = np.zeros((3, n_regions))
    seen = np.empty((n_times // every, n_regions))
    for t in range(len(seen) * every):
        flow, volume, content = np.exp((log_flow, log_volume, log_content))
        outflow = volume ** (1 / stiffness)
        extracted = 1 - (1 - extraction) ** (1 / flow)
        # In logarithms, and flow bounded, so that all three stay positive.
        log_flow = np.clip(log_flow + dt * signal / flow, -1.0, 1.5)
        log_volume = log_volume + dt * (flow - outflow) / (transit * volume)
        log_content = log_content + dt / transit * (
            flow * extracted / (extraction * content) - outflow / volume
        )
        demand = efficacy * activity[:, t]
        signal = signal + dt * (demand - decay * signal - feedback * (flow - 1))
        if (t + 1) % every == 0:
            volume, content = np.exp((log_volume, log_content))
            seen[t // every] = 0.02 * (
                7 * extraction * (1 - content)
                + 2 * (1 - content / volume)
                + (2 * extraction - 0.2) * (1 - volume)
            )
    series = np.ascontiguousarray(seen.T)
    scale = noise * series.std(axis=1, keepdims=True)
    return np.asarray(series + scale * rng.standard_normal(series.shape))
