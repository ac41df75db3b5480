"""Lag windows of many recordings at once, none of which reaches over an edge.

Recordings of unequal length share one padded tensor; rows say which samples can be
predicted. Nothing of one recording depends on the others beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from atlasdb.types import FloatArray

_BLOCKS, _HELD_OUT = 10, (3, 8)
"""Of ten blocks in time, two are held out: near the middle of each half."""
Piece = tuple[FloatArray, tuple[int, ...]]
"""Data of shape (n_regions, n_times), and the lengths of its contiguous pieces."""


@dataclass(frozen=True, eq=False)
class Windows:
    """Samples with the past that may predict them.

    Attributes
    ----------
    series : Tensor, shape (n_series, n_times, n_regions)
        Standardised, padded with 0 at the end.
    known, held_out : Tensor of int64, shape (n_series, n)
        Samples to train and to test on, padded by repetition.
    n_known, n_held_out : Tensor of int64, shape (n_series,)
        How many of them are no padding.
    order : int
        Number of lags.
    """

    series: torch.Tensor
    known: torch.Tensor
    held_out: torch.Tensor
    n_known: torch.Tensor
    n_held_out: torch.Tensor
    order: int

    @classmethod
    def of(cls, pieces: Sequence[Piece], order: int, device: torch.device) -> Windows:
        """Lay recordings of equal number of regions side by side.

        Parameters
        ----------
        pieces : sequence of (ndarray, tuple of int)
            Data ``(n_regions, n_times)``, and lengths of its contiguous pieces.
        order : int
            Number of lags.
        device : torch.device
            Where the tensors live.

        Returns
        -------
        Windows
            In the order of `pieces`.
        """
        n_times = max(data.shape[1] for data, _ in pieces)
        series = np.zeros((len(pieces), n_times, len(pieces[0][0])), dtype=np.float32)
        rows = []
        for k, (data, lengths) in enumerate(pieces):
            scale = data.std(axis=1, keepdims=True)
            course = data - data.mean(axis=1, keepdims=True)
            series[k, : data.shape[1]] = (course / np.where(scale > 0, scale, 1.0)).T
            rows.append(predictable(lengths, order))
        tested = [
            np.isin(np.arange(one.size) * _BLOCKS // max(1, one.size), _HELD_OUT)
            for one in rows
        ]
        known = [one[~t] for one, t in zip(rows, tested, strict=True)]
        held_out = [one[t] for one, t in zip(rows, tested, strict=True)]

        def stacked(parts: list[np.ndarray]) -> torch.Tensor:
            longest = max(part.size for part in parts)
            padded = np.stack([np.resize(part, longest) for part in parts])
            return torch.from_numpy(padded).to(device)

        def counts(parts: list[np.ndarray]) -> torch.Tensor:
            return torch.tensor([part.size for part in parts], device=device)

        return cls(
            torch.from_numpy(series).to(device),
            stacked(known),
            stacked(held_out),
            counts(known),
            counts(held_out),
            order,
        )

    def at(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Give the past of samples, and the samples.

        Parameters
        ----------
        rows : Tensor of int64, shape (n_series, n)
            Samples, as in `known`.

        Returns
        -------
        past : Tensor, shape (n_series, n, n_regions, order)
            Lag 1 first.
        present : Tensor, shape (n_series, n, n_regions)
            What there is to predict.
        """
        which = torch.arange(len(rows), device=rows.device)
        lags = torch.arange(1, self.order + 1, device=rows.device)
        past = self.series[which[:, None, None], rows[..., None] - lags]
        return past.transpose(-1, -2), self.series[which[:, None], rows]

    def chunks(
        self, which: str = "all", n: int = 2048
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Walk through the samples: past, present, and 1 for those that count.

        Parameters
        ----------
        which : {"all", "known", "held_out"}
            Samples to walk through.
        n : int, default=2048
            At most so many at a time.
        """
        groups = {
            "known": [(self.known, self.n_known)],
            "held_out": [(self.held_out, self.n_held_out)],
        }
        groups["all"] = groups["known"] + groups["held_out"]
        for rows, count in groups[which]:
            for start in range(0, rows.shape[1], n):
                part = rows[:, start : start + n]
                place = torch.arange(start, start + part.shape[1], device=rows.device)
                yield *self.at(part), (place < count[:, None]).to(self.series.dtype)

    def draw(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """Draw `n` training rows of each series, at the same places in all."""
        return self._placed(torch.rand(n, generator=generator).to(self.known.device))

    def some(self, n: int) -> torch.Tensor:
        """Give `n` samples of each series, spread over its training rows.

        Short series have fewer and repeat them: how many there are must not depend on
        what else is in the batch.
        """
        return self._placed(torch.arange(n, device=self.known.device) / n)

    def _placed(self, share: torch.Tensor) -> torch.Tensor:
        """Give the training rows at shares of their number, from 0 to below 1."""
        return self.known.gather(1, (share * self.n_known[:, None]).long())


def predictable(lengths: Sequence[int], order: int) -> np.ndarray:
    """Give the samples whose past lies in the same contiguous piece.

    Parameters
    ----------
    lengths : sequence of int
        Lengths of the pieces.
    order : int
        Number of lags.

    Returns
    -------
    ndarray of int64
        Indices, ascending.

    Examples
    --------
    >>> predictable((4, 3), 2).tolist()
    [2, 3, 6]
    """
    edges = np.concatenate([[0], np.cumsum(np.asarray(lengths, dtype=np.int64))])
    inside = [np.arange(first + order, last) for first, last in pairwise(edges)]
    return np.concatenate([np.empty(0, dtype=np.int64), *inside])


def halves(data: FloatArray, lengths: Sequence[int]) -> tuple[Piece, Piece]:
    """Cut a recording in the middle; its pieces stay pieces."""
    middle = data.shape[1] // 2
    first, second, passed = [], [], 0
    for length in lengths:
        before = min(max(middle - passed, 0), length)
        first += [before] if before else []
        second += [length - before] if length > before else []
        passed += length
    return (data[:, :middle], tuple(first)), (data[:, middle:], tuple(second))
