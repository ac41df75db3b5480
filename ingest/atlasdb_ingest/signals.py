"""Cleaning of electrical recordings: filter, bad channels, re-reference, resample.

Arrays are ``(n_channels, n_times)``, voltages are in volts, frequencies in hertz.
Pieces are runs of samples that are contiguous in time: nothing is filtered over their
edges. No function changes its input.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray

ORDER = 4
LOUD = 5.0
"""A channel this many times as large as the median channel is bad, ..."""
QUIET = 0.05
"""... or this small."""
ALONE = 0.15
"""A channel whose largest correlation is below this is bad, where others have more."""


def bandpass(
    data: FloatArray,
    sfreq: float,
    *,
    l_freq: float = 1.0,
    h_freq: float = 45.0,
    lengths: Sequence[int] | None = None,
) -> FloatArray:
    """Keep one frequency band, without shifting the signal in time.

    Parameters
    ----------
    data : ndarray, shape (n_channels, n_times)
        V.
    sfreq : float
        Sampling frequency, Hz.
    l_freq, h_freq : float
        Edges of the band, Hz: where half of the amplitude passes. 0 for no edge.
    lengths : sequence of int, optional
        Samples of the pieces; default: one piece.

    Returns
    -------
    ndarray, shape (n_channels, n_times)
        Filtered copy, V, by a Butterworth filter applied forwards and backwards.

    Raises
    ------
    InvalidDataError
        If the band does not lie between 0 and the Nyquist frequency.

    Examples
    --------
    >>> t = np.arange(0, 10, 1 / 250)
    >>> slow, fast = np.sin(2 * np.pi * 10 * t), np.sin(2 * np.pi * 100 * t)
    >>> kept = bandpass((slow + fast)[None], 250.0)
    >>> bool(np.corrcoef(kept[0], slow)[0, 1] > 0.99)
    True
    """
    from scipy import signal

    nyquist = sfreq / 2
    if not (0 <= l_freq < nyquist and (h_freq == 0 or l_freq < h_freq < nyquist)):
        raise InvalidDataError(
            f"The band {l_freq:g}-{h_freq:g} Hz does not fit a recording sampled at "
            f"{sfreq:g} Hz: edges must lie between 0 and {nyquist:g} Hz, in order."
        )
    if l_freq and h_freq:
        kind, edges = "bandpass", (l_freq, h_freq)
    elif l_freq or h_freq:
        kind, edges = ("highpass", l_freq) if l_freq else ("lowpass", h_freq)
    else:
        return data.copy()
    sos = signal.butter(ORDER, edges, kind, fs=sfreq, output="sos")
    return _by_piece(sos, data, lengths)


def evoked_band(
    data: FloatArray, sfreq: float, l_freq: float, h_freq: float, lengths: Sequence[int]
) -> FloatArray:
    """Keep the band of evoked responses by MNE's default filter, piece by piece.

    It is a zero-phase FIR filter whose gain is 1 within the band: slow responses keep
    their size. ``l_freq`` 0 is no edge.
    """
    import warnings

    import mne

    filtered = np.empty_like(data)
    start = 0
    for length in lengths:
        piece = data[:, start : start + length].astype(np.float64)
        with warnings.catch_warnings():  # short pieces make MNE speak of distortion
            warnings.simplefilter("ignore")
            filtered[:, start : start + length] = mne.filter.filter_data(
                piece, sfreq, l_freq or None, h_freq, verbose="CRITICAL"
            )
        start += length
    return filtered


def notch(
    data: FloatArray, sfreq: float, freq: float, lengths: Sequence[int] | None = None
) -> FloatArray:
    """Take out one frequency and its multiples below the Nyquist frequency."""
    from scipy import signal

    if not 0 < freq < sfreq / 2:
        raise InvalidDataError(
            f"A notch at {freq:g} Hz does not fit a recording sampled at {sfreq:g} Hz."
        )
    cleaned = data
    for harmonic in np.arange(freq, sfreq / 2 - 1, freq):
        b, a = signal.iirnotch(harmonic, 30.0, fs=sfreq)
        cleaned = _by_piece(signal.tf2sos(b, a), cleaned, lengths)
    return cleaned


def _by_piece(
    sos: FloatArray, data: FloatArray, lengths: Sequence[int] | None
) -> FloatArray:
    from scipy import signal

    filtered = np.empty_like(data)
    start = 0
    for length in lengths or (data.shape[1],):
        piece = data[:, start : start + length]
        pad = min(3 * (2 * len(sos) + 1) * 20, length - 1)
        filtered[:, start : start + length] = signal.sosfiltfilt(
            sos, piece - piece.mean(axis=1, keepdims=True), axis=-1, padlen=max(pad, 0)
        )
        start += length
    return filtered


def bad_channels(data: FloatArray) -> NDArray[np.bool_]:
    """Find channels that do not record what their neighbours do.

    A channel is bad if its robust spread is zero, a twentieth or five times that of the
    median channel; or if, in a recording in which channels share much, it shares
    nothing with any other.

    Parameters
    ----------
    data : ndarray, shape (n_channels, n_times)
        Band-passed.

    Returns
    -------
    ndarray of bool, shape (n_channels,)
    """
    centre = np.median(data, axis=1, keepdims=True)
    spread = np.median(np.abs(data - centre), axis=1)
    typical = float(np.median(spread[spread > 0])) if (spread > 0).any() else 0.0
    bad = (spread <= QUIET * typical) | (spread > LOUD * typical)
    good = np.flatnonzero(~bad)
    if len(good) >= 8:
        shared = np.abs(np.corrcoef(data[good]))
        np.fill_diagonal(shared, 0)
        largest = shared.max(axis=1)
        if np.median(largest) > 0.4:
            bad[good[largest < ALONE]] = True
    return np.asarray(bad, dtype=np.bool_)


def rereference(
    data: FloatArray, names: Sequence[str], reference: str = "average"
) -> FloatArray:
    """Subtract the reference from every channel.

    Parameters
    ----------
    data : ndarray, shape (n_channels, n_times)
    names : sequence of str
        Channel names.
    reference : str
        ``"average"``, ``"none"``, or channels with commas, whose mean it is.

    Raises
    ------
    InvalidDataError
        If a channel is not there.
    """
    if reference == "none":
        return data.copy()
    if reference == "average":
        rows = list(range(len(names)))
    else:
        lower = [name.lower() for name in names]
        asked = [word.strip() for word in reference.split(",")]
        missing = [word for word in asked if word.lower() not in lower]
        if missing:
            raise InvalidDataError(
                f"--reference {reference}: there is no channel {missing[0]}. "
                f"There are: {', '.join(names[:12])}."
            )
        rows = [lower.index(word.lower()) for word in asked]
    referenced: FloatArray = data - data[rows].mean(axis=0, keepdims=True)
    return referenced


def resample(
    data: FloatArray, sfreq: float, new: float, lengths: Sequence[int]
) -> tuple[FloatArray, tuple[int, ...], float]:
    """Lower the sampling frequency, piece by piece; never raise it.

    Returns
    -------
    data, lengths, sfreq
        As they are when ``new`` is not lower.
    """
    if new >= sfreq:
        return data, tuple(lengths), sfreq
    from fractions import Fraction

    from scipy import signal

    ratio = Fraction(new / sfreq).limit_denominator(1000)
    pieces = []
    start = 0
    for length in lengths:
        piece = data[:, start : start + length]
        pieces.append(
            signal.resample_poly(
                piece, ratio.numerator, ratio.denominator, axis=1, padtype="line"
            )
        )
        start += length
    joined = np.concatenate(pieces, axis=1)
    return joined, tuple(p.shape[1] for p in pieces), sfreq * float(ratio)


def zscore(data: FloatArray) -> FloatArray:
    """Give each channel mean 0 and standard deviation 1."""
    centred = data - data.mean(axis=1, keepdims=True)
    scored: FloatArray = centred / centred.std(axis=1, keepdims=True)
    return scored
