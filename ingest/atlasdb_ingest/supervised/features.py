"""What is learned from: products of the courses of all pairs, by band or by time.

A recording of any length becomes numbers of one size. ``plain`` is what the baseline
sees. ``banks`` are elementary numbers of which the network mixes its own: a bank has
the shape (n_parts, n_examples, n_numbers), and its parts are bands of frequency, or
windows of time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from atlasdb.types import FloatArray

BANDS = (0.0, 1 / 16, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 3 / 4, 1.0)
"""Edges of the bands, as shares of the lowest Nyquist frequency among the people."""
WINDOWS = 16
"""At most so many windows of time divide the response to a condition."""
LARGEST = 0.999
"""Correlations are not taken for larger: Fisher's z of 1 is infinite."""
LEAST = 1e-3
"""Share of power that is added to every band: one that a filter emptied stays small."""


@dataclass(frozen=True, eq=False)
class Features:
    """What examples look like to the classifiers.

    Attributes
    ----------
    plain : ndarray, shape (n_examples, n_numbers)
        What the baseline sees.
    banks : mapping of str to ndarray, shape (n_parts, n_examples, n_numbers)
        What the network mixes; all have the same number of parts.
    squared : bool
        Whether parts are mixed with squared gains: filters act on both courses of a
        product, and once on the course itself.
    edges : tuple of float
        Of the parts: Hz, or seconds after the event.
    scale : float
        What numbers were divided by.
    """

    plain: FloatArray
    banks: Mapping[str, NDArray[np.float32]]
    squared: bool
    edges: tuple[float, ...]
    scale: float = 1.0

    def averaged(self, case: NDArray[np.int64]) -> Features:
        """Average the examples of each case: the sessions of a person are one.

        Parameters
        ----------
        case : ndarray of int, shape (n_examples,)
            From 0 on, none left out.

        Returns
        -------
        Features
            Of the cases.
        """
        share = np.eye(int(case.max()) + 1)[case].T
        share /= share.sum(axis=1, keepdims=True)
        banks = {
            name: np.stack([(share @ part).astype(np.float32) for part in bank])
            for name, bank in self.banks.items()
        }
        return replace(self, plain=share @ self.plain, banks=banks)


def of_series(
    series: Sequence[FloatArray],
    sfreqs: Sequence[float],
    lengths: Sequence[Sequence[int]],
) -> Features:
    """Take the products of the courses of all pairs of regions.

    Parameters
    ----------
    series : sequence of ndarray, shape (n_regions, n_times)
        One recording each, of equal regions and any length; no constant row.
    sfreqs : sequence of float
        Samples a second.
    lengths : sequence of sequence of int
        Pieces that are contiguous in time.

    Returns
    -------
    Features
        ``plain``: Fisher's z of the correlations of pairs. Banks, by band, of courses
        that were given a flat spectrum, so that slow activity does not drown the
        rest: ``together``, what a pair shares at the same time; ``apart``, what it
        shares a quarter of a cycle apart, positive where the first leads. And
        ``power``, the log share of power that a region has in the band.
    """
    edges = np.array(BANDS) * min(sfreqs) / 2
    n, n_regions = len(series), len(series[0])
    row, column = np.triu_indices(n_regions, 1)
    n_bands = len(edges) - 1
    width = np.diff(edges) / edges[-1]
    together = np.empty((n_bands, n, row.size), dtype=np.float32)
    apart = np.empty_like(together)
    power = np.empty((n_bands, n, n_regions), dtype=np.float32)
    plain = np.empty((n, row.size))
    for i, (data, sfreq, pieces) in enumerate(
        zip(series, sfreqs, lengths, strict=True)
    ):
        found = products(standard(data), sfreq, pieces, edges)
        share = found.real[:, range(n_regions), range(n_regions)] + LEAST
        power[:, i] = np.log(share)
        found *= width[:, None, None]
        found /= np.sqrt(share[:, :, None] * share[:, None])
        together[:, i] = found.real[:, row, column]
        apart[:, i] = found.imag[:, row, column]
        plain[i] = fisher(np.atleast_2d(np.corrcoef(data))[row, column])
    banks = {"together": together, "apart": apart, "power": power}
    return Features(plain, banks, True, tuple(edges.tolist()))


def of_maps(maps: Sequence[FloatArray], t0_ms: float | None, dt_ms: float) -> Features:
    """Take the responses of regions, averaged in windows of time.

    Parameters
    ----------
    maps : sequence of ndarray, shape (n_regions, n_times)
        Of one shape and unit.
    t0_ms : float or None
        Time of the first column, None for a map without a course.
    dt_ms : float
        Between columns.

    Returns
    -------
    Features
        ``plain``: the responses of all regions in all windows. One bank,
        ``response``, by window.
    """
    n_times = maps[0].shape[1]
    cuts = np.linspace(0, n_times, min(WINDOWS, n_times) + 1).round().astype(int)
    windows = [
        np.stack([data[:, a:b].mean(axis=1) for data in maps])
        for a, b in pairwise(cuts.tolist())
    ]
    response = np.stack(windows)
    scale = float(response.std()) or 1.0  # volts are small numbers
    edges = ((t0_ms or 0.0) + dt_ms * cuts) / 1e3
    plain = np.concatenate(windows, axis=1) / scale
    bank = (response / scale).astype(np.float32)
    return Features(plain, {"response": bank}, False, tuple(edges.tolist()), scale)


def products(
    data: FloatArray, sfreq: float, lengths: Sequence[int], edges: FloatArray
) -> NDArray[np.complex128]:
    """Multiply the courses of all pairs over time, band by band.

    Parameters
    ----------
    data : ndarray, shape (n_regions, n_times)
        Standardised courses.
    sfreq : float
        Samples a second.
    lengths : sequence of int
        Pieces that are contiguous in time; no product reaches over an edge.
    edges : ndarray, shape (n_bands + 1,)
        Of the bands, Hz. What lies above the last is left out.

    Returns
    -------
    ndarray of complex, shape (n_bands, n_regions, n_regions)
        Cross-spectrum by band. A filter with gain ``g`` in each band has the product
        ``sum(g**2 * found.real)`` of its courses at the same time: no course has to
        be filtered, and length does not matter.
    """
    n_regions, n_times = data.shape
    found = np.zeros((len(edges) - 1, n_regions, n_regions), dtype=np.complex128)
    start = 0
    for length in lengths:
        spectrum = np.fft.rfft(data[:, start : start + length], axis=1)
        start += length
        freqs = np.fft.rfftfreq(length, 1 / sfreq)
        twice = np.full(freqs.size, 2.0)
        twice[0] = 1.0
        if length % 2 == 0:
            twice[-1] = 1.0
        for band, (low, high) in enumerate(pairwise(edges.tolist())):
            last = band == len(found) - 1
            top = freqs <= high * (1 + 1e-9) if last else freqs < high
            held = (freqs >= low) & top
            part = spectrum[:, held]
            found[band] += (part * twice[held]) @ part.conj().T / length
    found /= n_times
    return found


def standard(data: FloatArray) -> FloatArray:
    """Give courses of mean 0 and deviation 1."""
    centred = data - data.mean(axis=1, keepdims=True)
    scaled: FloatArray = centred / centred.std(axis=1, keepdims=True)
    return scaled


def fisher(correlation: FloatArray) -> FloatArray:
    """Give Fisher's z of correlations."""
    z: FloatArray = np.arctanh(np.clip(correlation, -LARGEST, LARGEST))
    return z
