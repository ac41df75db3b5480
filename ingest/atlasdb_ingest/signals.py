"""Voltages of channels: filter, bad channels, reference, resampling, pieces.

Every function gives new signals and leaves those it was given as they are. Nothing
reaches over a break in time: filters and resampling work on each contiguous run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray
from atlasdb_ingest import courses

FLAT_V = 1e-7
"""A channel that varies less than this (standard deviation) is flat."""
DEVIANT = 5.0
"""Robust standard deviations of log amplitude beyond which a channel is deviant."""
FOLD = 3.0
"""It must also differ by this factor: channels of an even cap differ little."""
ALONE = 0.4
"""Share of the usual correlation with the best-correlated channel."""
CONDUCTED = 0.5
"""Where channels usually correlate less than this, nothing is judged by it."""
_WINDOWS = 120


@dataclass(frozen=True, eq=False)
class Signals:
    """Voltages with their breaks.

    Attributes
    ----------
    data : ndarray, shape (n_channels, n_times)
        Volts.
    sfreq : float
        Samples a second.
    names : tuple of str
        Of the channels.
    runs : tuple of int
        Lengths of what is contiguous in time; they sum to n_times.
    bad : ndarray of bool, shape (n_times,)
        Samples that are marked as unusable: filtered through, never learned from.
    """

    data: FloatArray
    sfreq: float
    names: tuple[str, ...]
    runs: tuple[int, ...]
    bad: NDArray[np.bool_]

    def each_run(self) -> list[slice]:
        """Give the samples of each run."""
        edges = np.concatenate([[0], np.cumsum(self.runs)])
        return [slice(int(a), int(b)) for a, b in pairwise(edges)]

    def without(self, names: Sequence[str]) -> Signals:
        """Leave out channels."""
        keep = [i for i, name in enumerate(self.names) if name not in set(names)]
        return replace(
            self, data=self.data[keep], names=tuple(self.names[i] for i in keep)
        )


def bandpass(
    signals: Signals, l_freq: float, h_freq: float
) -> tuple[Signals, tuple[str, ...]]:
    """Filter with MNE's zero-phase FIR.

    The upper transition ends at 50 Hz at the latest where the band itself ends below
    it, so that no line noise is left. A run that is shorter than the filter of the
    lower edge gets a straight line taken out in its place.

    Parameters
    ----------
    signals : Signals
    l_freq, h_freq : float
        Edges of the band, Hz; 0 is none.

    Returns
    -------
    Signals
    tuple of str
        Notes.

    Raises
    ------
    InvalidDataError
        If the band is empty, or above half of the sampling frequency.
    """
    notes: tuple[str, ...] = ()
    nyquist = signals.sfreq / 2
    if h_freq > 0.9 * nyquist:
        lowered = 0.8 * nyquist
        notes += (
            f"The upper edge of the band is {lowered:g} Hz in place of {h_freq:g} Hz: "
            f"{signals.sfreq:g} samples a second hold no more.",
        )
        h_freq = lowered
    upper = h_freq or nyquist
    if not 0 <= l_freq < upper or not h_freq >= 0:  # so that NaN is refused too
        raise InvalidDataError(
            f"A band from {l_freq:g} to {upper:g} Hz is empty; the lower edge must be "
            "0 or more, and below the upper one."
        )
    low_width = min(max(0.25 * l_freq, 2.0), l_freq) if l_freq else np.inf
    high_width = min(max(0.25 * h_freq, 2.0), nyquist - h_freq)
    if h_freq < 50:
        high_width = min(high_width, max(50 - h_freq, 2.0))
    data = np.empty_like(signals.data)
    short = 0
    for run in signals.each_run():
        part = signals.data[:, run]
        n = part.shape[1] - 2
        low: float | None = l_freq or None
        if low and n < 3.3 / low_width * signals.sfreq:
            low, part = None, _detrended(part)
            short += 1
        high: float | None = h_freq or None
        if high and n < 3.3 / high_width * signals.sfreq:
            data[:, run] = _smoothed(part, signals.sfreq, high)
        else:
            data[:, run] = _fir(part, signals.sfreq, low, high, low_width, high_width)
    if short:
        what = "The recording is" if len(signals.runs) == 1 else f"{short} pieces are"
        notes += (
            f"{what} too short for a filter at {l_freq:g} Hz: a straight line is taken "
            "out instead.",
        )
    return replace(signals, data=data), notes


def _fir(
    data: FloatArray,
    sfreq: float,
    low: float | None,
    high: float | None,
    low_width: float,
    high_width: float,
) -> FloatArray:
    if low is None and high is None:
        return data
    from mne.filter import filter_data

    filtered: FloatArray = filter_data(
        np.ascontiguousarray(data),
        sfreq,
        low,
        high,
        l_trans_bandwidth=low_width if low else "auto",
        h_trans_bandwidth=high_width if high else "auto",
        verbose="ERROR",
    )
    return filtered


def _smoothed(data: FloatArray, sfreq: float, high: float) -> FloatArray:
    """Low-pass what is shorter than any FIR filter, forwards and backwards."""
    from scipy import signal

    sections = signal.butter(4, high, fs=sfreq, output="sos")
    pad = max(min(3 * (2 * len(sections) + 1), data.shape[1] - 1), 0)
    return np.asarray(signal.sosfiltfilt(sections, data, axis=1, padlen=pad))


def _detrended(data: FloatArray) -> FloatArray:
    from scipy import signal

    return np.asarray(signal.detrend(data, axis=1))


def notch(signals: Signals, freq: float, h_freq: float) -> Signals:
    """Take out a frequency and its multiples up to `h_freq`.

    Parameters
    ----------
    signals : Signals
    freq : float
        Of the power line, Hz; notches of 2 Hz, zero-phase.
    h_freq : float
        Upper edge of the band that matters; 0 is the Nyquist frequency.

    Raises
    ------
    InvalidDataError
        If the frequency is not between 0 and Nyquist's.
    """
    from scipy import signal

    nyquist = signals.sfreq / 2
    if not 0 < freq < nyquist:
        raise InvalidDataError(
            f"A notch at {freq:g} Hz is not between 0 and {nyquist:g} Hz, half the "
            "sampling frequency."
        )
    data = signals.data.copy()
    top = min(max(h_freq or nyquist, freq) + 5.0, 0.99 * nyquist)
    for multiple in np.arange(freq, max(top, freq * 1.01), freq):
        b, a = signal.iirnotch(multiple, multiple / 2.0, fs=signals.sfreq)
        for run in signals.each_run():
            pad = min(int(signals.sfreq), run.stop - run.start - 1)
            data[:, run] = signal.filtfilt(b, a, data[:, run], axis=1, padlen=pad)
    return replace(signals, data=data)


def line_frequency(signals: Signals) -> float | None:
    """Give the power line's frequency where it stands out, 50 or 60 Hz.

    It stands out where the median channel has ten times the power of 3 to 6 Hz away.
    """
    from scipy import signal

    longest = max(signals.each_run(), key=lambda run: run.stop - run.start)
    part = signals.data[:, longest]
    n = int(4 * signals.sfreq)
    if part.shape[1] < n or signals.sfreq < 140:
        return None
    freqs, power = signal.welch(part[:, : 30 * n], signals.sfreq, nperseg=n)
    away = {}
    for line in (50.0, 60.0):
        distance = np.abs(freqs - line)
        peak = power[:, distance <= 0.5].max(axis=1)
        around = np.median(power[:, (distance >= 3) & (distance <= 6)], axis=1)
        away[line] = float(np.median(peak / np.maximum(around, 1e-300)))
    best = max(away, key=lambda line: away[line])
    return best if away[best] > 10 else None


def resample(signals: Signals, sfreq: float) -> Signals:
    """Give fewer samples a second; what is slower already is left as it is."""
    if sfreq >= signals.sfreq:
        return signals
    from mne.filter import resample as by_fft

    ratio = sfreq / signals.sfreq
    parts, marks = [], []
    for run in signals.each_run():
        if round((run.stop - run.start) * ratio) < 1:
            continue
        part: FloatArray = by_fft(
            np.ascontiguousarray(signals.data[:, run]),
            up=sfreq,
            down=signals.sfreq,
            verbose="ERROR",
        )
        mark = np.zeros(part.shape[1], dtype=np.bool_)
        where = np.flatnonzero(signals.bad[run]) * ratio
        for side in (np.floor, np.ceil):
            mark[np.clip(side(where).astype(int), 0, len(mark) - 1)] = True
        parts.append(part)
        marks.append(mark)
    return replace(
        signals,
        data=np.concatenate(parts, axis=1),
        sfreq=float(sfreq),
        runs=tuple(p.shape[1] for p in parts),
        bad=np.concatenate(marks),
    )


def bad_channels(signals: Signals) -> dict[str, str]:
    """Find channels that record something else than the others do.

    Flat: standard deviation below 0.1 uV, or unchanged for half of the time. One jump:
    a thousandth of the time holds most of the variance. A copy: correlated to 1 - 1e-6
    with a channel before it, as bridged electrodes are. Deviant:
    the amplitude (interquartile range) is more than 5 robust standard deviations from
    the median channel's on a logarithmic scale, and at least 3 times as large or
    small. Alone: over one-second windows, the median of its largest correlation with
    any other channel is below 0.4 of what is usual in the recording; looked at only
    where channels usually correlate above 0.5, as they do in one head.

    Parameters
    ----------
    signals : Signals
        Band-passed, not re-referenced.

    Returns
    -------
    dict of str to str
        Names, and what is wrong: "flat", "one jump", "a copy of Cz", "deviant
        amplitude", "like no other".
    """
    data = signals.data[:, ~signals.bad]
    found: dict[str, str] = {}
    flat = data.std(axis=1) < FLAT_V
    flat |= (np.diff(data, axis=1) == 0).mean(axis=1) > 0.5
    found |= {n: "flat" for n, f in zip(signals.names, flat, strict=True) if f}
    rest = np.flatnonzero(~flat)
    if not rest.size:
        return found
    jumps = courses.momentary(data[rest])
    found |= {signals.names[i]: "one jump" for i in rest[jumps]}
    rest = rest[~jumps]
    twice = courses.copies(data[rest]) if rest.size else {}
    found |= {
        signals.names[rest[i]]: f"a copy of {signals.names[rest[k]]}"
        for i, k in twice.items()
    }
    rest = np.delete(rest, list(twice))
    if len(rest) < 4:
        return found
    high, low = np.percentile(data[rest], [75, 25], axis=1)
    size = np.log(np.maximum(high - low, 1e-12))
    away = size - np.median(size)
    scale = 1.4826 * np.median(np.abs(away))
    deviant = (np.abs(away) > DEVIANT * scale) & (np.abs(away) > np.log(FOLD))
    found |= {signals.names[i]: "deviant amplitude" for i in rest[deviant]}
    rest = rest[~deviant]
    if len(rest) < 4:
        return found
    best = _best_correlation(data[rest], signals.sfreq)
    usual = float(np.median(best))
    if usual > CONDUCTED:
        alone = rest[best < ALONE * usual]
        found |= {signals.names[i]: "like no other" for i in alone}
    return found


def _best_correlation(data: FloatArray, sfreq: float) -> FloatArray:
    """Give each channel's largest correlation with another: median over windows."""
    n = min(max(int(sfreq), 8), data.shape[1])
    starts = np.arange(0, data.shape[1] - n + 1, n)
    if len(starts) > _WINDOWS:
        starts = starts[np.linspace(0, len(starts) - 1, _WINDOWS).astype(int)]
    windows = np.stack([data[:, s : s + n] for s in starts])
    windows = windows - windows.mean(axis=2, keepdims=True)
    norm = np.linalg.norm(windows, axis=2, keepdims=True)
    windows = windows / np.where(norm > 0, norm, 1.0)
    r = np.abs(windows @ windows.transpose(0, 2, 1))
    r[:, np.arange(len(data)), np.arange(len(data))] = 0.0
    return np.asarray(np.median(r.max(axis=2), axis=0))


def rereference(signals: Signals, reference: Sequence[str] | None) -> Signals:
    """Subtract the mean of channels, of all where none are named.

    Parameters
    ----------
    signals : Signals
    reference : sequence of str or None
        Names of channels, which are then left out; None: the average of all.
    """
    if reference is None:
        return replace(signals, data=signals.data - signals.data.mean(axis=0))
    rows = [signals.names.index(name) for name in reference]
    moved = replace(signals, data=signals.data - signals.data[rows].mean(axis=0))
    return moved.without(reference)


def pieces(signals: Signals, min_samples: int) -> tuple[FloatArray, tuple[int, ...]]:
    """Give what is neither bad nor too short, and the lengths of its pieces."""
    parts = []
    for run in signals.each_run():
        good = np.concatenate([[False], ~signals.bad[run], [False]])
        edges = np.flatnonzero(np.diff(good.astype(int))).reshape(-1, 2)
        parts += [
            signals.data[:, run.start + a : run.start + b]
            for a, b in edges
            if b - a >= min_samples
        ]
    if not parts:
        return signals.data[:, :0], ()
    return np.concatenate(parts, axis=1), tuple(p.shape[1] for p in parts)


def zscore(data: FloatArray) -> FloatArray:
    """Give every row mean 0 and standard deviation 1; no row may be constant."""
    centred = data - data.mean(axis=1, keepdims=True)
    scored: FloatArray = centred / centred.std(axis=1, keepdims=True)
    return scored
