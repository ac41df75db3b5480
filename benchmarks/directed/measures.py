"""How good an estimate is, given what was planted.

Everything is ``[source, target]``; the diagonal never counts.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from atlasdb_ingest.simulation.recovery import average_precision, direction_accuracy
from directed.known import Array, Truth

__all__ = [
    "average_precision",
    "calibration",
    "delivered",
    "direction_accuracy",
    "direction_pairs",
    "existence_pairs",
    "expected_error",
    "false_discovery",
]
_BINS = 10
Bins = list[tuple[int, float, float]]
"""Of each bin: how many, mean probability, share that is true."""


def existence_pairs(probability: Array, truth: Truth) -> tuple[Array, Truth]:
    """Give P(source -> target) of every ordered pair, and whether it is so."""
    pairs = ~np.eye(len(truth), dtype=bool) & np.isfinite(probability)
    return probability[pairs], truth[pairs]


def direction_pairs(direction: Array, truth: Truth) -> tuple[Array, Truth]:
    """Give P(-> | joined) of one-way connections, in both orders.

    In one order only, every answer would be "yes", and a method that is never sure
    would look badly calibrated.
    """
    pairs = (truth ^ truth.T) & np.isfinite(direction)
    return direction[pairs], truth[pairs]


def calibration(pairs: Iterable[tuple[Array, Truth]]) -> Bins:
    """Sort probabilities into ten bins of equal width."""
    known = list(pairs)
    said = np.concatenate([p for p, _ in known]) if known else np.empty(0)
    true = np.concatenate([t for _, t in known]) if known else np.empty(0)
    place = np.minimum((said * _BINS).astype(np.int64), _BINS - 1)
    bins: Bins = []
    for k in range(_BINS):
        here = place == k
        if here.any():
            bins.append(
                (int(here.sum()), float(said[here].mean()), float(true[here].mean()))
            )
    return bins


def expected_error(bins: Bins) -> float:
    """Give the mean distance between what was said and what was so (ECE)."""
    total = sum(n for n, _, _ in bins)
    if not total:
        return float("nan")
    return sum(n * abs(said - so) for n, said, so in bins) / total


def false_discovery(p: Array) -> NDArray[np.bool_]:
    """Choose pairs at a false discovery rate of 5 %, by Benjamini and Hochberg."""
    chosen = np.zeros(p.shape, dtype=bool)
    pairs = ~np.eye(len(p), dtype=bool) & np.isfinite(p)
    if pairs.any():
        chosen[pairs] = stats.false_discovery_control(p[pairs]) < 0.05
    return chosen


def delivered(chosen: NDArray[np.bool_], truth: Truth) -> tuple[int, int, float, float]:
    """Count what was delivered, and what of it is false: a reversed one is.

    Returns
    -------
    n, n_false : int
        Connections delivered, and how many of them are not there.
    false, found : float
        Shares: of those delivered, and of those planted (NaN if none was).
    """
    chosen = chosen & ~np.eye(len(truth), dtype=bool)
    n, n_false = int(chosen.sum()), int((chosen & ~truth).sum())
    n_true = int(truth.sum())
    found = (n - n_false) / n_true if n_true else float("nan")
    return n, n_false, n_false / max(1, n), found
