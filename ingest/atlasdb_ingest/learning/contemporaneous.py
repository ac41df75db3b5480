"""The engine for slow series: what regions share at the same time, and who leads.

The settings are fixed numbers, never fitted to a recording: what depends on the
length or the motion of one person would depend on the diagnosis too.
"""

from __future__ import annotations

import numpy as np

from atlasdb.analysis import agreement
from atlasdb.cohorts import posterior
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray
from atlasdb_ingest.learning import confidence, partial
from atlasdb_ingest.learning.familiar import strange
from atlasdb_ingest.models import ContemporaneousModel, amortised
from atlasdb_ingest.types import Estimate, Timeseries

MIN_TIMES = 20
_NULL = 20_000
"""Surrogate values to pool, at least; never fewer than 10 shifts of each region."""
FIT_METRIC = "held-out log-likelihood gain over independence, nats/sample/region"


def estimate(series: Timeseries, model: ContemporaneousModel, seed: int) -> Estimate:
    """Estimate one connectome.

    Parameters
    ----------
    series : Timeseries
        One recording.
    model : module
        A module of `atlasdb_ingest.models` whose ``ENGINE`` is "contemporaneous".
    seed : int
        Seed of the surrogates.

    Returns
    -------
    Estimate
        Weight is ``|value|`` x direction. Where the model gives no probability of its
        own, it is P(connected) x direction.

    Raises
    ------
    InvalidDataError
        If the series is too short.
    """
    n_regions, n_times = series.data.shape
    if n_times < MIN_TIMES:
        raise InvalidDataError(
            f"{n_times} time points are too few to estimate connections: at least "
            f"{MIN_TIMES} are needed. Leave this recording out."
        )
    value = partial.connect(series.data)
    reading = model.read(series.data, series.sfreq)
    direction = reading.direction.copy()
    spread = _spread(series.data)
    n_surrogates = int(np.clip(np.ceil(_NULL / n_regions**2), 10, 250))
    null = _chance(series.data, spread, n_surrogates, seed)
    p = confidence.p_values(_evidence(value) / spread, null)
    q = confidence.false_discovery(p)
    if reading.probability is None:
        # What is tested is the pair: it is found in its likelier direction.
        probability = confidence.connected(p) * direction
        supported = (q < 0.05) & (direction > 0.5)
    else:
        probability = reading.probability.copy()
        supported = posterior.discoveries(probability)
    halves = np.array_split(series.data, 2, axis=1)
    first, second = (
        np.abs(partial.connect(half)) * model.read(half, series.sfreq).direction
        for half in halves
    )
    params: dict[str, float | int | str] = dict(model.SETTINGS)
    strength = agreement.strengths(first, second)
    params["strength_reliability"] = agreement.full_length(strength)
    score, told = reading.ood_score, reading.withheld is None
    if score is None:
        score = amortised.unlike(series.data, series.sfreq)
    if score is None:
        params["caution"] = (
            "without the trained network nothing tells whether the recording is like "
            "the simulated brains"
        )
    elif (why := strange(score)) is not None:
        params["caution"] = reading.withheld or f"{why}: directions may be wrong"
    for matrix in (value, direction, probability):
        np.fill_diagonal(matrix, np.nan)
    stability = confidence.agreement(first, second)
    np.fill_diagonal(stability, np.nan)
    return Estimate(
        weight=np.abs(value) * direction,
        value=value,
        probability=probability,
        direction=direction,
        p=p,
        q=q,
        stability=stability,
        supported=supported,
        engine=model.ENGINE,
        method=model.__name__.rpartition(".")[2],
        unit=model.UNIT,
        n=n_times,
        fit_score=_gain(halves[0], halves[1]),
        fit_metric=FIT_METRIC,
        reliability=agreement.reliability(first, second, probability) if told else 0.5,
        device="cpu",
        ood_score=score,
        params={**params, "n_surrogates": n_surrogates},
    )


def _chance(
    data: FloatArray, spread: FloatArray, n_surrogates: int, seed: int
) -> FloatArray:
    """Give the evidence that surrogates hold, of all pairs together."""
    n_regions, n_times = data.shape
    course = partial.standardised(data)
    lost = partial.absent(course)
    if lost.size:
        # One region moved alone would break what holds between all of them.
        parts = []
        for moved, apart in confidence.shifted(course, n_surrogates, seed):
            value = partial.connect(moved - lost @ (lost.T @ moved))
            parts.append((_evidence(value) / spread)[apart])
        return np.concatenate(parts)
    shifts = confidence.far_shifts(n_regions, n_times, n_surrogates, seed)
    chance = _evidence(partial.alone(data, shifts)) / spread[:, None]
    return np.swapaxes(chance, 1, 2)[~np.eye(n_regions, dtype=bool)].ravel()


def _evidence(value: FloatArray) -> FloatArray:
    return np.abs(np.arctanh(np.clip(value, -0.999999, 0.999999)))


def _spread(data: FloatArray) -> FloatArray:
    """Give the standard error of a correlation of two series that share nothing.

    Slow series have fewer independent samples than volumes; how many fewer differs
    from pair to pair, and would make the pooled null too narrow for some of them.
    """
    n_times = data.shape[1]
    n_lags = min(n_times // 4, 100)
    centred = data - data.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(centred, 2 * n_times, axis=1)) ** 2
    course = np.fft.irfft(power, axis=1)[:, : n_lags + 1]
    course = course / np.where(course[:, :1] > 0, course[:, :1], 1.0)
    shared = course[:, 1:] @ course[:, 1:].T
    return np.asarray(np.sqrt(np.maximum(1.0 + 2.0 * shared, 0.5) / n_times))


def _gain(first: FloatArray, second: FloatArray) -> float:
    """Log-likelihood of each half under the graph of the other, over independence."""
    gains = []
    for known, held_out in ((first, second), (second, first)):
        precision = partial.precision(known)
        scale = held_out - held_out.mean(axis=1, keepdims=True)
        scatter = scale @ scale.T / scale.shape[1]
        alone = 1.0 / np.diagonal(np.linalg.inv(precision))
        together = np.linalg.slogdet(precision)[1] - np.sum(precision * scatter)
        apart = np.log(alone).sum() - alone @ np.diagonal(scatter)
        gains.append(0.5 * (together - apart) / len(precision))
    return float(np.mean(gains))
