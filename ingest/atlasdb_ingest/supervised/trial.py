"""One trial: network and baseline on the same folds, and on labels that say nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm.auto import tqdm

from atlasdb.cohorts.scores import auc
from atlasdb.types import FloatArray
from atlasdb_ingest.learning.progress import hidden
from atlasdb_ingest.supervised import baseline, network, scores, splits
from atlasdb_ingest.supervised.features import Features
from atlasdb_ingest.supervised.splits import Design, Whole

ALLOWED = 2e8
"""Cube of the number of cases, times permutations of the network: at most this."""
FEWEST_PERMUTATIONS = 19
"""Unless these are more, for a p of 0.05."""
_FOLDS, _SHUFFLES, _STARTS = 2, 3, 4
"""What a seed is for."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came out.

    Attributes
    ----------
    table : dict of str to list
        As `atlasdb.types.ClassificationResult` wants it.
    logits : dict of str to ndarray, shape (n_cases,)
        Of the network and the baseline, when the case was held out.
    model : dict of ndarray
        Weights of both, trained on everybody.
    """

    table: dict[str, list[Any]]
    logits: dict[str, FloatArray]
    model: dict[str, NDArray[Any]]


def run(
    design: Design,
    features: Features,
    *,
    baseline_name: str,
    n_folds: int,
    n_permutations: int,
    seed: int,
    device: torch.device,
    progress: bool | None = None,
) -> Outcome:
    """Train, test on people held out, and test labels that were shuffled.

    Parameters
    ----------
    design : Design
    features : Features
        Of the cases.
    baseline_name : str
        What the baseline is called.
    n_folds, n_permutations, seed : int
    device : torch.device
    progress : bool, optional
        Show a bar on stderr; by default only on a terminal.

    Returns
    -------
    Outcome
    """
    labellings = [design.labels]
    labellings += [
        splits.shuffled(design, [seed, _SHUFFLES, i]) for i in range(n_permutations)
    ]
    folds = [
        splits.folds(design, labels, n_folds, [seed, _FOLDS, i])
        for i, labels in enumerate(labellings)
    ]
    n_network = network_permutations(len(design.labels), n_permutations)
    plain = np.stack(
        [
            _baseline(design, features.plain, labels, fold)
            for labels, fold in zip(labellings, folds, strict=True)
        ]
    )
    grams = network.Grams.of(features, device)
    few = slice(0, n_network + 1)
    starts = np.random.default_rng([seed, _STARTS]).integers(
        2**31, size=network.N_STARTS
    )
    deep = _network(design, grams, labellings[few], folds[few], starts, progress)
    drawn = scores.resampled(design, seed)
    rows = [
        {"kind": "network"} | _row(design, deep, labellings, drawn),
        {"kind": baseline_name} | _row(design, plain, labellings, drawn),
        {"kind": "majority"} | _majority(design, folds[0]),
    ]
    n_first = int(design.labels.sum())
    sizes = {"n_a": n_first, "n_b": len(design.labels) - n_first, "n_folds": n_folds}
    table = {name: [row[name] for row in rows] for name in rows[0]}
    table |= {name: [value] * len(rows) for name, value in sizes.items()}
    logits = {"network": deep[0], baseline_name: plain[0]}
    return Outcome(table, logits, _model(design, features, grams, starts))


def network_permutations(n_cases: int, asked: int) -> int:
    """Give how many permutations the network gets, of those asked for.

    Examples
    --------
    >>> network_permutations(40, 100), network_permutations(200, 100)
    (100, 25)
    """
    return min(asked, max(FEWEST_PERMUTATIONS, int(ALLOWED / n_cases**3)))


def _baseline(
    design: Design, plain: FloatArray, labels: Whole, fold: Whole
) -> FloatArray:
    """Give the logit of each case when it was held out."""
    found = np.empty(len(labels))
    for k in np.unique(fold):
        fitted = baseline.fit(plain, labels, design.weights(labels, fold != k))
        out = fold == k
        found[out] = fitted.logits(plain)[out]
    return found


def _network(
    design: Design,
    grams: network.Grams,
    labellings: Sequence[Whole],
    folds: Sequence[Whole],
    starts: Whole,
    progress: bool | None,
) -> FloatArray:
    """Give the mean logit over starts of each case when it was held out.

    Returns
    -------
    ndarray, shape (n_labellings, n_cases)
    """
    n_folds, n_starts = int(folds[0].max()) + 1, len(starts)
    weights = np.stack(
        [
            design.weights(labels, fold != k)
            for labels, fold in zip(labellings, folds, strict=True)
            for k in range(n_folds)
        ]
    )
    with tqdm(
        total=len(weights) * n_starts, disable=hidden(progress), leave=False
    ) as bar:
        said = network.held_out(
            grams,
            np.repeat(np.stack(labellings), n_folds * n_starts, axis=0),
            np.repeat(weights, n_starts, axis=0),
            np.tile(starts, len(weights)),
            bar.update,
        )
    said = said.reshape(len(labellings), n_folds, n_starts, -1).mean(axis=2)
    found = np.empty((len(labellings), len(design.labels)))
    for i, fold in enumerate(folds):
        for k in range(n_folds):
            out = fold == k
            found[i, out] = said[i, k][out]
    return found


def _row(
    design: Design, logits: FloatArray, labellings: Sequence[Whole], drawn: Whole
) -> dict[str, Any]:
    """Score the first row of logits; the others are those of shuffled labels."""
    accuracy, balanced = scores.accuracies(logits[0], design.labels)
    areas = auc(logits, np.stack(labellings[: len(logits)]))
    low, high = scores.interval(design, logits[0], drawn)
    n = len(areas) - 1
    as_large = int((areas[1:] >= areas[0]).sum())
    return {
        "accuracy": accuracy,
        "balanced_accuracy": balanced,
        "auc": float(areas[0]),
        "auc_low": low,
        "auc_high": high,
        "p": (as_large + 1) / (n + 1) if n else None,
        "n_permutations": n,
    }


def _majority(design: Design, fold: Whole) -> dict[str, Any]:
    """Score whoever always names the larger class of the training people."""
    said = np.empty(len(fold))
    for k in np.unique(fold):
        said[fold == k] = design.labels[fold != k].mean() - 0.5
    accuracy, balanced = scores.accuracies(said, design.labels)
    return {
        "accuracy": accuracy,
        "balanced_accuracy": balanced,
        "auc": 0.5,
        "auc_low": None,
        "auc_high": None,
        "p": None,
        "n_permutations": 0,
    }


def _model(
    design: Design, features: Features, grams: network.Grams, starts: Whole
) -> dict[str, NDArray[Any]]:
    labels = design.labels
    everybody = design.weights(labels, np.ones(len(labels), dtype=bool))
    plain = baseline.fit(features.plain, labels, everybody)
    return {
        "edges": np.array(features.edges),
        "scale": np.array(features.scale),
        "baseline_weights": plain.weights.astype(np.float32),
        "baseline_bias": np.array(plain.bias, dtype=np.float32),
        **network.trained(features, grams, labels, everybody, starts),
    }
