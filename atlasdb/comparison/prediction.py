"""Predicting a score, or which group, of people held out; and keeping how that went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from atlasdb import clock, writing
from atlasdb.cohorts import scales
from atlasdb.cohorts.connections import connections
from atlasdb.cohorts.permutation import Progress
from atlasdb.cohorts.prediction import Model, predict
from atlasdb.comparison import properties
from atlasdb.comparison.outcome import frame, kept, made_by
from atlasdb.comparison.people import People, people
from atlasdb.comparison.question import Question, settled
from atlasdb.comparison.study import Study, study
from atlasdb.errors import InvalidDataError
from atlasdb.files import Files
from atlasdb.privacy import Keyring
from atlasdb.store.base import Store
from atlasdb.types import FloatArray

if TYPE_CHECKING:
    import pandas as pd

OPTIONS = (
    "by",
    "score",
    "quantity",
    "seed",
    "modality",
    "session",
    "task",
    "parcellation",
    "method",
    "allow_mixed",
    "allow_confounded",
)
"""Of a question, those that a prediction has."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How people are held out and learned from; `Atlas.predict` says what is what."""

    model: Model = "ridge"
    folds: int = 10
    repeats: int = 3
    permutations: int = 1000
    threshold: float = 0.01


def predicted(
    store: Store,
    files: Files,
    keyring: Keyring,
    names: Sequence[str],
    question: Question,
    plan: Plan,
    *,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Predict a score, or which of two groups; see `atlasdb.Atlas.predict`.

    Parameters
    ----------
    store, files, keyring : Store, Files, Keyring
    names : sequence of str
        Cohorts.
    question : Question
        Whose connectomes; its covariates are the confounds.
    plan : Plan
    progress : callable, optional
    """
    started = clock.now()
    known = properties(store, question)
    who = _held_out(store, keyring, names, question, known)
    settled(question, two_groups=who.two_groups)
    rows = [r for r in store.nodes("Connectome").to_pylist() if r["is_current"]]
    found = study(store, files, who, question, rows, known, tested=False)
    target, named = _target(found)
    for name, count in zip(*named, strict=False):
        if count < plan.folds:
            raise InvalidDataError(
                f"{name} has {count} people, fewer than {plan.folds} folds. Add "
                "people, or ask for fewer with --folds."
            )
    y, where = connections(found.weights, directed=found.directed)
    _, person = np.unique(found.who, return_inverse=True)
    scale = scales.power(y)
    made = predict(
        y if scale == 1 else y**scale,
        target,
        person.astype(np.int64),
        found.covariates,
        model=plan.model,
        n_folds=plan.folds,
        n_repeats=plan.repeats,
        n_permutations=plan.permutations,
        threshold=plan.threshold,
        seed=question.seed,
        progress=progress,
    )
    run = made_by(found, target, question, vars(plan), names, started)
    result = kept(found, where, made, named, question, run, plan.threshold, scale)
    prefix = writing.write_prediction(store, files, result)
    return frame(found, made, result, f"{prefix}/{made.model}")


def _held_out(
    store: Store,
    keyring: Keyring,
    names: Sequence[str],
    question: Question,
    known: dict[str, dict[str, Any]],
) -> People:
    """Find out who is predicted, and what of them."""
    if len(names) == 1 and not (question.score or question.by):
        raise InvalidDataError(
            f"One cohort, {names[0]}, was named. Name another to tell it from, or say "
            "what to predict: --score or --by."
        )
    who = people(store, keyring, names, question, known)
    if who.kind == "patient":
        raise InvalidDataError(
            f"{names[0]} is one person, and a prediction learns from people. Name "
            "cohorts."
        )
    if who.kind == "groups" and not who.two_groups:
        raise InvalidDataError(
            f"There are {len(who.groups)} groups, {', '.join(who.groups[:5])}; people "
            "are told to be of one of two. Name two."
        )
    return who


def _target(
    found: Study,
) -> tuple[FloatArray, tuple[tuple[str, str], tuple[int, ...]]]:
    """Give what is predicted of each measurement; its names, and how many people.

    The first group is predicted high. A score of 0 and 1 makes two groups.
    """
    first, second = found.people.groups
    n = found.n
    if found.scores is not None:
        values = found.scores
        if not np.isin(values, (0, 1)).all() or np.ptp(values) == 0:
            return values, ((first, second), n)
        n_high = len({w for w, v in zip(found.who, values, strict=True) if v == 1})
        names = (f"{second} 1", f"{second} 0")
        return values, (names, (n_high, sum(n) - n_high))
    group = dict(zip(found.people.subjects, found.people.labels, strict=True))
    high = np.array([1.0 - group[who] for who in found.who])
    return high, ((first, second), n)
