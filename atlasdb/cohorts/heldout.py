"""People who were held out: what is predicted of them, and how well.

Beside what a model says of their connections stand the mean of the training people,
and what the confounds say by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlasdb.cohorts import scores
from atlasdb.cohorts.cpm import Sums
from atlasdb.cohorts.folds import Whole
from atlasdb.cohorts.ridge import Ridge
from atlasdb.types import FloatArray

Measured = dict[str, tuple[float, float, float]]
"""By name of a score: that of the model, of the mean, and of the confounds."""


@dataclass(frozen=True)
class Score:
    """How well held-out people are predicted.

    Attributes
    ----------
    value : float
        Mean over the repetitions.
    baseline : float
        Of what knows nobody's connections: the mean of the training people.
    confounds : float or None
        Of a prediction from the confounds alone.
    p : float or None
        Share of exchanges that do as well, ``(b + 1) / (m + 1)``.
    """

    value: float
    baseline: float
    confounds: float | None
    p: float | None


@dataclass(frozen=True, eq=False)
class HeldOut:
    """One dealing of the folds: every case when it was held out.

    Attributes
    ----------
    predicted : ndarray, shape (n_cases,)
        Of the target without the confounds.
    mean : ndarray, shape (n_cases,)
        Of the target of the training cases.
    said : ndarray, shape (n_cases,)
        What the confounds say of the target.
    learned : ndarray, shape (n_folds, ...)
        What the model learned, a row for each fold.
    """

    predicted: FloatArray
    mean: FloatArray
    said: FloatArray
    learned: NDArray[np.float64] | NDArray[np.int8]


def hold_out(
    learner: Ridge | Sums,
    target: FloatArray,
    fold: Whole,
    base: FloatArray,
    who: Whole,
    taken: Whole,
    seed: list[int],
) -> HeldOut:
    """Predict each fold from the others.

    Parameters
    ----------
    learner : Ridge or Sums
    target : ndarray, shape (n_cases,)
    fold, who : ndarray of int, shape (n_cases,)
        Fold and person of each case.
    base : ndarray, shape (n_cases, n_columns)
        The constant and the confounds.
    taken : ndarray of int, shape (n_cases,)
        Whose values each case has; the order where nobody is exchanged.
    seed : list of int
    """
    mean, said = np.empty((2, len(target)))
    for k in np.unique(fold):
        train = fold != k
        mean[~train] = target[train].mean()
        said[~train] = base[~train] @ (np.linalg.pinv(base[train]) @ target[train])
    learned: NDArray[np.float64] | NDArray[np.int8]
    if isinstance(learner, Ridge):
        rng = np.random.default_rng(seed)
        predicted, learned = learner.held_out(target, fold, base, who, taken, rng)
    else:
        predicted, learned = learner.held_out(target, fold, base, taken)
    return HeldOut(predicted, mean, said, learned)


def measured(
    held: HeldOut, target: FloatArray, who: Whole, *, groups: bool
) -> Measured:
    """Score what was predicted, the mean, and the confounds.

    Of people, where all cases of a person have the same target, else of cases.

    Parameters
    ----------
    held : HeldOut
    target : ndarray, shape (n_cases,)
    who : ndarray of int, shape (n_cases,)
    groups : bool
        Whether the target says which of two groups.
    """
    columns = [held.predicted, held.mean, held.said, target]
    if _same(target, who):
        n = np.bincount(who)
        columns = [np.bincount(who, column) / n for column in columns]
    predicted, mean, said, wanted = columns
    beyond = said - mean  # the mean is low where those held out are high
    if groups:
        labels = wanted.astype(np.int64)
        found = float(scores.auc(predicted, labels))
        return {"auc": (found, 0.5, float(scores.auc(beyond, labels)))}
    left = wanted - said
    return {
        "r": (scores.pearson(predicted, left), 0.0, scores.pearson(beyond, wanted)),
        "r2": (
            scores.r2(predicted, left),
            scores.r2(mean - said, left),
            scores.r2(beyond, wanted - mean),
        ),
        "mae": (
            float(np.abs(left - predicted).mean()),
            float(np.abs(wanted - mean).mean()),
            float(np.abs(left).mean()),
        ),
    }


def taken_together(
    scored: list[Measured], null: FloatArray, *, confounded: bool
) -> dict[str, Score]:
    """Take repetitions together, and say how often chance does as well.

    Parameters
    ----------
    scored : list of dict
        One for each dealing of the folds.
    null : ndarray, shape (n_permutations, n_scores)
        Of exchanged people, in the order of the scores.
    confounded : bool
        Whether there are confounds.
    """
    made = {}
    for column, name in enumerate(scored[0]):
        value, baseline, alone = np.mean([s[name] for s in scored], axis=0).tolist()
        p = None
        if len(null):
            sign = -1 if name == "mae" else 1
            as_good = int((sign * (null[:, column] - value) >= -1e-12).sum())
            p = (as_good + 1) / (len(null) + 1)
        made[name] = Score(value, baseline, alone if confounded else None, p)
    return made


def _same(target: FloatArray, who: Whole) -> bool:
    """Whether all cases of a person have the same target."""
    first = np.empty(int(who.max()) + 1)
    first[who] = target
    return bool((first[who] == target).all())
