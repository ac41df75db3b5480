"""How well classes are told apart, how surely, and whether one way is better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlasdb.cohorts.scores import auc
from atlasdb.types import FloatArray
from atlasdb_ingest.supervised.splits import Design, Whole

N_RESAMPLES = 2000


def accuracies(logits: FloatArray, labels: Whole) -> tuple[float, float]:
    """Give the share of cases that are right, and its mean over the classes."""
    right = (logits > 0) == (labels == 1)
    each = [float(right[labels == label].mean()) for label in (0, 1)]
    return float(right.mean()), float(np.mean(each))


def resampled(design: Design, seed: int) -> Whole:
    """Draw people with replacement, each class as large as it is.

    Returns
    -------
    ndarray of int, shape (N_RESAMPLES, n_cases)
        Cases that each resample holds.
    """
    rng = np.random.default_rng([seed, 1])
    if design.within:
        n_people = int(design.person.max()) + 1
        first, second = np.empty((2, n_people), dtype=np.int64)
        for place, label in ((first, 1), (second, 0)):
            cases = np.flatnonzero(design.labels == label)
            place[design.person[cases]] = cases
        drawn = rng.integers(0, n_people, (N_RESAMPLES, n_people))
        return np.concatenate([first[drawn], second[drawn]], axis=1)
    parts = []
    for label in (1, 0):
        cases = np.flatnonzero(design.labels == label)
        parts.append(cases[rng.integers(0, len(cases), (N_RESAMPLES, len(cases)))])
    return np.concatenate(parts, axis=1)


@dataclass(frozen=True)
class Difference:
    """The AUC of the network less that of the baseline, with its 95 % interval."""

    auc: float
    low: float
    high: float

    @property
    def better(self) -> bool:
        """Whether the network is better beyond what people drawn anew would change."""
        return self.low > 0


def interval(
    design: Design, logits: FloatArray, drawn: NDArray[np.int64]
) -> tuple[float, float]:
    """Give the 95 % interval of the AUC over people drawn with replacement."""
    low, high = np.quantile(auc(logits[drawn], design.labels[drawn]), [0.025, 0.975])
    return float(low), float(high)


def difference(
    design: Design, network: FloatArray, baseline: FloatArray, drawn: NDArray[np.int64]
) -> Difference:
    """Compare two classifiers on the same people, who are drawn together."""
    labels = design.labels
    apart = auc(network[drawn], labels[drawn]) - auc(baseline[drawn], labels[drawn])
    low, high = np.quantile(apart, [0.025, 0.975])
    whole = float(auc(network, labels) - auc(baseline, labels))
    return Difference(whole, float(low), float(high))
