"""Evoked responses: what electrodes do after an event, averaged over trials.

The test of each electrode is over all times after the event at once: the largest |t|
over time against its distribution when the signs of whole trials are flipped, so that
looking for the peak costs nothing of its honesty.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy import stats

from atlasdb.types import ActivationMap, FloatArray

FEWEST = 5
"""So many trials make the smallest average that is kept."""
N_FLIPS = 999


def conditions(labels: Sequence[str]) -> dict[str, str]:
    """Give the labels that name a condition: those that occur often enough.

    A label that occurs once or twice may be a remark about a person; it goes no
    further.

    Examples
    --------
    >>> conditions(["go"] * 5 + ["patient woke up"])
    {'go': 'go'}
    """
    counts = Counter(labels)
    kept: dict[str, str] = {}
    for label, count in counts.items():
        clean = re.sub(r"[^A-Za-z0-9 _.+/-]", "", label).strip()[:40]
        if count >= FEWEST and clean:
            kept[label] = clean
    return kept


def evoked(
    data: FloatArray,
    sfreq: float,
    marks: Sequence[tuple[int, str]],
    codes: Sequence[str],
    *,
    lengths: Sequence[int],
    tmin: float = -0.2,
    tmax: float = 0.8,
    reject_uv: float = 150.0,
) -> tuple[list[ActivationMap], list[str]]:
    """Average the trials of each condition.

    Parameters
    ----------
    data : ndarray, shape (n_channels, n_times)
        Filtered and referenced, V.
    sfreq : float
        Hz.
    marks : sequence of (int, str)
        Sample and label of each event.
    codes : sequence of str
        Area codes of the channels.
    lengths : sequence of int
        Samples of contiguous pieces: a trial lies within one.
    tmin, tmax : float
        Ends of a trial, s after the event; the mean before it is subtracted.
    reject_uv : float
        A trial with a larger peak-to-peak amplitude at any electrode is left out, µV.

    Returns
    -------
    maps, notes
        One map for each condition with at least five good trials, µV.
    """
    first, last = round(tmin * sfreq), round(tmax * sfreq)
    step = max(1, int(sfreq // 250))
    edges = np.concatenate([[0], np.cumsum(lengths)])
    known = conditions([label for _, label in marks])
    maps, notes = [], []
    for label, condition in known.items():
        trials = []
        n_all = 0
        for sample, mark in marks:
            if mark != label:
                continue
            n_all += 1
            piece = int(np.searchsorted(edges, sample, side="right")) - 1
            inside = 0 <= piece < len(lengths) and (
                sample + first >= edges[piece] and sample + last < edges[piece + 1]
            )
            if not inside:
                continue
            trial = data[:, sample + first : sample + last + 1] * 1e6
            trial = trial - trial[:, : max(-first, 1)].mean(axis=1, keepdims=True)
            if np.ptp(trial, axis=1).max() <= reject_uv:
                trials.append(trial[:, ::step])
        if len(trials) < FEWEST:
            notes.append(
                f"{condition}: {len(trials)} of {n_all} trials are whole and below "
                f"{reject_uv:g} uV; at least {FEWEST} are needed for a response."
            )
            continue
        stack = np.stack(trials)
        t0_ms, dt_ms = first / sfreq * 1000, step / sfreq * 1000
        times = t0_ms + dt_ms * np.arange(stack.shape[2])
        z, p = _tested(stack[:, :, times > 0])
        maps.append(
            ActivationMap(
                codes=tuple(codes),
                data=stack.mean(axis=0),
                modality="eeg",
                condition=condition,
                measure="erp",
                unit="uV",
                t0_ms=t0_ms,
                dt_ms=dt_ms,
                n_trials=len(trials),
                z=z,
                p=p,
                q=stats.false_discovery_control(p),
            )
        )
    return maps, notes


def _tested(after: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Test each electrode by flipping the signs of trials.

    Parameters
    ----------
    after : ndarray, shape (n_trials, n_channels, n_times)

    Returns
    -------
    z, p : ndarray, shape (n_channels,)
        z has the sign of the response at its largest |t|.
    """
    n = len(after)
    flat = after.reshape(n, -1)
    squares = (flat**2).sum(axis=0)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(N_FLIPS, n))

    def largest(mean: FloatArray) -> FloatArray:
        variance = np.maximum(squares - n * mean**2, 1e-12 * (squares + 1e-300))
        t = mean / np.sqrt(variance / (n - 1) / n)
        shape = (*mean.shape[:-1], after.shape[1], after.shape[2])
        return np.asarray(t.reshape(shape))

    observed = largest(flat.mean(axis=0))
    place = np.abs(observed).argmax(axis=1)
    peak = observed[np.arange(len(place)), place]
    exceeded = np.ones(len(place))
    for block in np.array_split(signs, 20):
        null = np.abs(largest(block @ flat / n)).max(axis=2)
        exceeded += (null >= np.abs(peak)).sum(axis=0)
    p = exceeded / (N_FLIPS + 1)
    return np.sign(peak) * stats.norm.isf(p / 2), p
