"""A score, or which of two groups, predicted from people's connections.

Everything that is learned is learned on other people than it is tested on: which
connections count, how strongly, and what confounds do to values and score. All
sessions of a person are in one fold. A permutation exchanges whole people after the
confounds are taken out of their values, so that score, confounds and folds stay
together and only the connections lose their meaning.

Harmonise sites by giving them as confounds here: ComBat on everybody would have seen
the people who are tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from atlasdb.cohorts import folds
from atlasdb.cohorts.cpm import Sums
from atlasdb.cohorts.folds import Whole
from atlasdb.cohorts.heldout import (
    HeldOut,
    Measured,
    Score,
    hold_out,
    measured,
    taken_together,
)
from atlasdb.cohorts.permutation import Progress
from atlasdb.cohorts.ridge import Ridge
from atlasdb.errors import InvalidDataError, did_you_mean
from atlasdb.types import FloatArray

Model = Literal["cpm", "ridge"]
MODELS: tuple[Model, ...] = ("cpm", "ridge")
_FOLDS, _EXCHANGES, _INNER = 1, 2, 3
"""What a seed is for."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What came out.

    Attributes
    ----------
    model : {"cpm", "ridge"}
    target : {"score", "groups"}
    scores : dict of str to Score
        For a score ``r`` and ``r2``, of what the confounds leave of it, and ``mae``,
        the mean error, in its unit; ``r2`` is 0 where the confounds alone (without
        them, the mean) predict as well, and can be negative. For groups ``auc``. Of
        people, where all sessions of a person have the same target, else of cases.
    predicted : ndarray, shape (n_cases,)
        When the case was held out, mean over the repetitions; without the confounds.
    rises, falls : ndarray, shape (n_values,)
        Share of all folds in which the value was chosen as going with the target or
        against it; NaN for values that somebody lacks.
    weights : ndarray, shape (n_values,)
        ridge: mean over all folds. cpm: None. NaN for values that somebody lacks.
    n_values, n_left_out : int
        Values used, and those left out because somebody lacks them.
    n_people, n_exchangeable : int
        People, and those who can be exchanged with somebody of as many sessions.
    n_empty : int
        cpm: folds in which no value was chosen, and the mean was predicted.
    n_folds, n_repeats, n_permutations : int
    """

    model: Model
    target: Literal["score", "groups"]
    scores: dict[str, Score]
    predicted: FloatArray
    rises: FloatArray
    falls: FloatArray
    weights: FloatArray | None
    n_values: int
    n_left_out: int
    n_people: int
    n_exchangeable: int
    n_empty: int
    n_folds: int
    n_repeats: int
    n_permutations: int


def predict(
    values: FloatArray,
    target: FloatArray,
    person: NDArray[np.int64],
    confounds: FloatArray,
    *,
    model: Model = "ridge",
    n_folds: int = 10,
    n_repeats: int = 3,
    n_permutations: int = 100,
    threshold: float = 0.01,
    seed: int = 0,
    progress: Progress | None = None,
) -> Prediction:
    """Predict everybody from others, and say how surely better than by chance.

    Parameters
    ----------
    values : ndarray, shape (n_cases, n_values)
        Connections of each case, of one kind and unit; each pair once.
    target : ndarray, shape (n_cases,)
        A score; or 0 and 1, which is taken for two groups.
    person : ndarray of int, shape (n_cases,)
        Whose each case is: equal for the sessions of a person.
    confounds : ndarray, shape (n_cases, n_columns)
        Regressed out of values and score; without columns where there are none.
    model : {"ridge", "cpm"}
        All connections with small weights, whose strength is chosen in inner folds;
        or sums over those that correlate with the target [1]_.
    n_folds, n_repeats : int, default=10, 3
        Parts of the people, and how often people are dealt out anew.
    n_permutations : int, default=100
        Exchanges of people; 0 gives no p.
    threshold : float, default=0.01
        cpm: a connection is chosen when the p of its correlation is smaller. ridge
        uses all; chosen are called that share of them whose spread between people
        moves the prediction most.
    seed : int, default=0
        Same seed, same result.
    progress : callable, optional
        Called with how many exchanges are done, and of how many.

    Returns
    -------
    Prediction

    Raises
    ------
    InvalidDataError
        If people are too few, nothing is left to learn from, or arrays do not fit.

    Notes
    -----
    Where nothing is to be found, held-out ``r`` and ``auc`` lie a little below 0 and
    0.5: people who are held out pull the mean of the others away from them. Judge
    them by ``p``, whose exchanges lie as low.

    References
    ----------
    .. [1] X. Shen et al., "Using connectome-based predictive modeling to predict
       individual behavior from brain connectivity", Nat. Protoc. 12(3), 506-518, 2017.
       doi:10.1038/nprot.2016.178
    """
    _check(values, target, person, confounds, model, n_folds, n_repeats)
    if n_permutations < 0 or not 0 < threshold < 1:
        raise InvalidDataError(
            f"permutations must be at least 0, not {n_permutations}, and the threshold "
            f"between 0 and 1, not {threshold:g}."
        )
    _, who = np.unique(person, return_inverse=True)
    n_people = int(who.max()) + 1
    groups = bool(np.isin(target, (0, 1)).all())
    n_confounds = confounds.shape[1]
    folds.enough(target, who, n_folds, n_confounds, groups)
    movable = folds.exchangeable(who)
    if n_permutations and not movable:
        raise InvalidDataError(
            f"No two of {n_people} people have as many sessions, so that nobody can be "
            "exchanged. Give one session each, or ask for no permutations."
        )
    whole: NDArray[np.bool_] = np.all(np.isfinite(values), axis=0)
    if not whole.any():
        raise InvalidDataError(
            f"Each of {values.shape[1]} connections is missing for somebody. Leave "
            "out the people with most holes."
        )
    base = _base(confounds)
    learner = _learner(model, values[:, whole], base, threshold)
    dealt = [
        folds.deal(who, target, n_folds, np.random.default_rng([seed, _FOLDS, i]))
        for i in range(n_repeats)
    ]

    def tried(taken: Whole, *more: int) -> tuple[list[HeldOut], list[Measured]]:
        runs = [
            hold_out(learner, target, fold, base, who, taken, [seed, _INNER, i, *more])
            for i, fold in enumerate(dealt)
        ]
        return runs, [measured(run, target, who, groups=groups) for run in runs]

    runs, scored = tried(np.arange(len(who)))
    null = []
    for m in range(n_permutations):
        taken = folds.exchanged(who, np.random.default_rng([seed, _EXCHANGES, m]))
        _, again = tried(taken, m)
        null.append([np.mean([s[name][0] for s in again]) for name in scored[0]])
        if progress:
            progress(m + 1, n_permutations)
    learned = np.concatenate([run.learned for run in runs])
    weights = None
    if isinstance(learner, Ridge):
        centred = _free(values[:, whole], base)
        rises, falls = _moving(learned, centred, threshold)
        weights = _spread((learned.mean(axis=0) @ centred), whole)
    else:
        rises, falls = ((learned == sign).mean(axis=0) for sign in (1, -1))
    return Prediction(
        model=model,
        target="groups" if groups else "score",
        scores=taken_together(scored, np.array(null), confounded=n_confounds > 0),
        predicted=np.mean([run.predicted for run in runs], axis=0),
        rises=_spread(rises, whole),
        falls=_spread(falls, whole),
        weights=weights,
        n_values=int(whole.sum()),
        n_left_out=int((~whole).sum()),
        n_people=n_people,
        n_exchangeable=movable,
        n_empty=0 if weights is not None else int((~learned.any(axis=1)).sum()),
        n_folds=n_folds,
        n_repeats=n_repeats,
        n_permutations=n_permutations,
    )


def _learner(
    model: Model, values: FloatArray, base: FloatArray, threshold: float
) -> Ridge | Sums:
    free = _free(values, base)
    return Ridge.of(free) if model == "ridge" else Sums.of(free, threshold)


def _free(values: FloatArray, base: FloatArray) -> FloatArray:
    """Take the confounds out of values by all cases.

    They are taken out again on each training set, which by itself comes to the same;
    this is what makes people exchangeable.
    """
    return np.asarray(values - base @ (np.linalg.pinv(base) @ values))


def _moving(
    learned: FloatArray, centred: FloatArray, share: float
) -> tuple[FloatArray, FloatArray]:
    """Say how often each value is among those that move the prediction most."""
    n = centred.shape[1]
    n_chosen = max(1, round(share * n))
    size = centred.std(axis=0)
    rises, falls = np.zeros((2, n))
    for coefficients in learned:
        moves = (coefficients @ centred) * size
        chosen = np.argpartition(np.abs(moves), n - n_chosen)[n - n_chosen :]
        rises[chosen] += moves[chosen] > 0
        falls[chosen] += moves[chosen] < 0
    return rises / len(learned), falls / len(learned)


def _base(confounds: FloatArray) -> FloatArray:
    """Put the constant beside the confounds, centred and of one scale."""
    centred = confounds - confounds.mean(axis=0)
    scale = np.abs(centred).max(axis=0, initial=0.0)
    varies = scale > 1e-12 * np.abs(confounds).max(axis=0, initial=0.0)
    return np.column_stack(
        [np.ones(len(confounds)), centred[:, varies] / scale[varies]]
    )


def _spread(found: FloatArray, whole: NDArray[np.bool_]) -> FloatArray:
    spread = np.full(len(whole), np.nan)
    spread[whole] = found
    return spread


def _check(
    values: FloatArray,
    target: FloatArray,
    person: NDArray[np.int64],
    confounds: FloatArray,
    model: str,
    n_folds: int,
    n_repeats: int,
) -> None:
    if model not in MODELS:
        raise InvalidDataError(
            f"No model named '{model}'. There are: {', '.join(MODELS)}."
            + did_you_mean(model, MODELS)
        )
    sizes = {len(values), len(target), len(person), len(confounds)}
    if len(sizes) > 1 or values.ndim != 2 or confounds.ndim != 2:
        raise InvalidDataError(
            f"values {values.shape}, target {target.shape}, person {person.shape} and "
            f"confounds {confounds.shape} do not fit one another. Give a row a case."
        )
    for name, column in (("target", target), ("confounds", confounds)):
        unknown = int((~np.isfinite(column)).sum())
        if unknown:
            raise InvalidDataError(
                f"{unknown} of the {name} are not known. Leave these people out."
            )
    if n_folds < 2 or n_repeats < 1:
        raise InvalidDataError(
            f"At least 2 folds and 1 repetition are needed, not {n_folds} and "
            f"{n_repeats}."
        )
