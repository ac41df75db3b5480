"""From a prediction to a part of the graph, and to rows that people read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atlasdb import clock
from atlasdb.cohorts.connections import Connections
from atlasdb.cohorts.prediction import Prediction
from atlasdb.comparison.question import Question
from atlasdb.comparison.study import Study
from atlasdb.rows.ids import area_id, run_key
from atlasdb.types import FloatArray, PredictionResult, Run

if TYPE_CHECKING:
    import pandas as pd

METHOD_VERSION = 1
OFTEN = 0.5
"""Connections that are chosen in so many of the folds are kept in the graph."""
_MEASURES = {"score": ("r", "r2", "mae"), "groups": ("auc",)}
"""The first is what p is of."""


def kept(
    found: Study,
    where: Connections,
    made: Prediction,
    named: tuple[tuple[str, str], tuple[int, ...]],
    question: Question,
    run: Run,
    threshold: float,
    scale: float,
) -> PredictionResult:
    """Make what goes into the graph.

    Parameters
    ----------
    found : Study
    where : Connections
    made : Prediction
    named : tuple
        Groups, or cohort and score; and how many people.
    question : Question
    run : Run
    threshold : float
        By which connections were chosen.
    scale : float
        Power in which the connections were taken.
    """
    groups, n = named
    return PredictionResult(
        run=run,
        target=made.target,
        groups=groups,
        n=n,
        cohorts=found.people.cohorts,
        modality=str(found.chosen[0]["modality"]),
        parcellation=found.parcellation,
        quantity=question.quantity,
        confounds=question.covariates,
        table=_table(made),
        connections=_often(found, where, made),
        arrays={
            "matrix": _matrices(found, where, made),
            "scores": {"subject": np.array(found.who), "predicted": made.predicted},
        },
        used=tuple(str(row["id"]) for row in found.chosen),
        n_left_out=made.n_left_out,
        n_folds=made.n_folds,
        n_repeats=made.n_repeats,
        n_permutations=made.n_permutations,
        threshold=threshold,
        scale=scale,
    )


def made_by(
    found: Study,
    target: FloatArray,
    question: Question,
    plan: Mapping[str, Any],
    names: Sequence[str],
    started: str,
) -> Run:
    """Say how it was made; the key holds everything that decides the answer.

    Parameters
    ----------
    found : Study
    target : ndarray, shape (n_measurements,)
    question : Question
    plan : mapping
        How people are held out and learned from.
    names : sequence of str
        Cohorts, as they were asked about.
    started : str
    """
    asked = ("by", "score", "quantity", *question.which, "allow_mixed")
    said = {name: getattr(question, name) for name in asked}
    params = {k: v for k, v in said.items() if v} | dict(plan)
    params |= {"names": list(names), "confounds": list(question.covariates)}
    stated = params | {
        "seed": question.seed,
        "connectomes": [str(row["id"]) for row in found.chosen],
        "held": hashlib.sha256(found.covariates.tobytes()).hexdigest(),
        "target": hashlib.sha256(target.tobytes()).hexdigest(),
        "version": METHOD_VERSION,
    }
    return Run(
        key=run_key(stated),
        kind="predict",
        command="predict",
        params=params,
        seed=question.seed,
        started=started,
        ended=clock.now(),
    )


def _table(made: Prediction) -> dict[str, list[Any]]:
    """Give one row for the model and each baseline."""
    main = _MEASURES[made.target][0]
    kinds = [made.model, "confounds", "mean"]
    rows = {
        name: [score.value, score.confounds, score.baseline]
        for name, score in made.scores.items()
    }
    if "r2" in rows:
        rows["r2"][2] = 0.0  # beyond itself, not beyond the confounds
    table: dict[str, list[Any]] = {"kind": kinds}
    table |= {k: rows.get(k, [None] * 3) for k in ("r", "r2", "mae", "auc")}
    table |= {
        "p": [made.scores[main].p, None, None],
        "n_connections": [made.n_values, 0, 0],
    }
    if made.scores[main].confounds is None:
        return {name: [column[0], column[2]] for name, column in table.items()}
    return table


def _often(
    found: Study, where: Connections, made: Prediction
) -> dict[str, NDArray[Any]]:
    """Give the connections that were chosen often, with their usual sign."""
    rises, falls = np.nan_to_num(made.rises), np.nan_to_num(made.falls)
    stability = np.maximum(rises, falls)
    rows = stability >= OFTEN
    ids = [area_id(found.parcellation, code) for code in found.codes]
    names = np.array(ids, dtype=object)
    weights = np.full(where.n, np.nan) if made.weights is None else made.weights
    return {
        "source": names[where.source[rows]],
        "target": names[where.target[rows]],
        "sign": np.where(rises >= falls, 1, -1)[rows],
        "stability": stability[rows],
        "weight": weights[rows],
    }


def _matrices(
    found: Study, where: Connections, made: Prediction
) -> dict[str, NDArray[Any]]:
    columns = {"rises": made.rises, "falls": made.falls}
    if made.weights is not None:
        columns["weight"] = made.weights
    whole = {name: where.matrix(values) for name, values in columns.items()}
    return whole | {"codes": np.array(found.codes)}


def frame(
    found: Study, made: Prediction, result: PredictionResult, name: str
) -> pd.DataFrame:
    """Give one row for the model and each baseline; what was asked in ``attrs``.

    Parameters
    ----------
    found : Study
    made : Prediction
    result : PredictionResult
    name : str
        Its id.
    """
    import pandas as pd

    rows = pd.DataFrame(dict(result.table))
    shown = ["kind", *_MEASURES[made.target], "p", "n_connections"]
    rows = rows[shown].astype({c: "float64" for c in shown[1:-1]})
    rows.insert(len(shown) - 1, "n", made.n_people)
    notes = list(found.notes)
    if result.scale != 1:
        notes.append(
            f"Weights are taken as their power {result.scale:g}, where they are least "
            "skewed; nobody's score or group is looked at for that."
        )
    if result.confounds and not np.ptp(found.covariates, axis=0).any():
        notes.append("The confounds are the same in everybody: nothing is taken out.")
    if made.n_left_out:
        notes.append(
            f"{made.n_left_out} connections lack in somebody, and are not used."
        )
    if made.n_exchangeable < made.n_people and made.n_permutations:
        notes.append(
            f"{made.n_people - made.n_exchangeable} people have a number of sessions "
            "that nobody else has, and are not exchanged."
        )
    if made.n_empty:
        notes.append(
            f"No connection was chosen in {made.n_empty} of "
            f"{made.n_folds * made.n_repeats} folds, where the mean was predicted."
        )
    rows.attrs = {
        "prediction": name,
        "target": made.target,
        "groups": result.groups,
        "n": result.n,
        "n_folds": made.n_folds,
        "n_repeats": made.n_repeats,
        "n_permutations": made.n_permutations,
        "n_often": len(result.connections["source"]),
        "notes": tuple(notes),
    }
    return rows
