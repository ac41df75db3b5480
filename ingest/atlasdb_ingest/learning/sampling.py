"""Whether a recording is sampled as fast as lags can be learned from.

Lags reach back a fixed number of samples. Where samples follow each other much faster
than the signal changes, all lags together hold one moment of it: the past of every
region then stands in for that of every other one, and connections are found that are
none.
"""

from __future__ import annotations

import numpy as np

from atlasdb_ingest.types import SENSORS, Timeseries

FASTEST_HZ = 256.0
"""Sensors are not learned from faster: the lags would reach back less than 45 ms."""
_BAND = 0.25
"""Share of the spectrum that must not hold everything."""
_REST = 2e-3
"""Share of the power that the rest must have, in the median region."""
_SEGMENT = 256
_SHORTEST = 64
_ENOUGH = 2.5
"""Samples for each period of the fastest that there is."""


def trouble(series: Timeseries, order: int) -> str | None:
    """Say why lags cannot be learned at this sampling rate; None if they can.

    Parameters
    ----------
    series : Timeseries
        One recording.
    order : int
        Number of lags.
    """
    sfreq = series.sfreq
    if series.modality in SENSORS and sfreq > FASTEST_HZ:
        return (
            f"At {sfreq:g} samples a second, {order} lags reach back "
            f"{1e3 * order / sfreq:.0f} ms, and delays between sensors are longer. "
            "Resample to about 128 Hz."
        )
    fastest = _fastest(series)
    if fastest is None or fastest >= _BAND * sfreq / 2:
        return None
    return (
        f"The series change no faster than {fastest:.3g} Hz and have {sfreq:g} samples "
        f"a second: {order} lags hold one moment, from which nothing can be learned. "
        f"Resample to about {_ENOUGH * fastest:.3g} Hz, or take less out by filters."
    )


def _fastest(series: Timeseries) -> float | None:
    """Give the frequency, Hz, below which the power is; None if it cannot be told."""
    from scipy import signal

    edges = np.concatenate([[0], np.cumsum(series.lengths)])
    longest = int(np.argmax(series.lengths))
    piece = series.data[:, edges[longest] : edges[longest + 1]]
    if piece.shape[1] < _SHORTEST:
        return None
    n = min(_SEGMENT, piece.shape[1])
    freqs, power = signal.welch(piece, series.sfreq, nperseg=n, axis=1)
    total = power.sum(axis=1, keepdims=True)
    above = 1 - np.cumsum(power, axis=1) / np.where(total > 0, total, 1.0)
    rest = np.median(above, axis=0)
    return float(freqs[int(np.argmax(rest < _REST))])
