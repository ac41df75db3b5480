"""Telling two cohorts, or two conditions, apart: train, test on others, keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from atlasdb import clock, devices, reading
from atlasdb.atlas import Atlas
from atlasdb.cohorts import confounds
from atlasdb.errors import InvalidDataError
from atlasdb.rows.ids import classification_id, run_key
from atlasdb.types import ClassificationResult, Run
from atlasdb_ingest.entries import versions
from atlasdb_ingest.supervised import network, scores, selection, trial
from atlasdb_ingest.supervised.selection import Selection

if TYPE_CHECKING:
    import pandas as pd

METHOD_VERSION = 1
_BASELINES = {"diagnosis": "correlation", "condition": "amplitude"}
_COLUMNS = ["classifier", "accuracy", "balanced_accuracy", "auc", "auc_low", "auc_high"]
_COLUMNS += ["p", "n_permutations", "n_a", "n_b", "n_folds"]


def classify(
    atlas: Atlas,
    *cohorts: str,
    condition: tuple[str, str] | None = None,
    modality: str | None = None,
    folds: int = 5,
    permutations: int = 100,
    seed: int = 0,
    device: str = "auto",
    allow_confounded: bool = False,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Train classifiers, test them on people they have not seen, keep the result.

    Parameters
    ----------
    atlas : Atlas
        Open for writing.
    *cohorts : str
        Two, to tell them apart. One or two, whose people's responses are told apart.
    condition : (str, str), optional
        Two conditions of the activation maps, instead of a diagnosis.
    modality : str, optional
        Which recordings, where people have several kinds.
    folds : int, default=5
        Parts of the people; each is tested on once.
    permutations : int, default=100
        Shuffles of the labels; 0 gives no p. The network gets fewer where there are
        many people.
    seed : int, default=0
        Same seed, same result (on the CPU).
    device : str, default="auto"
        "auto" (CUDA, then MPS, then CPU), or a device that torch knows.
    allow_confounded : bool, default=False
        Go on where the cohorts come from different sites.
    progress : bool, optional
        Show a bar on stderr; by default only on a terminal.

    Returns
    -------
    pandas.DataFrame
        One row for each of ``network``, the baseline (``correlation``, or for
        conditions ``amplitude``) and ``majority``. ``attrs``: ``verdict``, a line that
        says whether the network beats the baseline; ``notes``, a tuple of lines;
        ``classification``, what the ids of the rows in the atlas begin with.

    Raises
    ------
    NotFoundError
        If there is no such cohort, condition or recording.
    InvalidDataError
        If people are too few, in both cohorts or from different sites, or recordings
        cannot be compared.
    """
    _check(cohorts, condition, folds, permutations)
    where = devices.choose(device)
    if where.type == "mps":  # has no double precision
        where = devices.choose("cpu")
    started = clock.now()
    found = (
        selection.of_conditions(atlas, cohorts, condition, modality)
        if condition
        else selection.of_cohorts(atlas, (cohorts[0], cohorts[1]), modality)
    )
    _enough(found, folds)
    notes = list(found.notes)
    if not condition:
        notes += _confounded(atlas, found, allow_confounded)
    target: Literal["diagnosis", "condition"]
    target = "condition" if condition else "diagnosis"
    params = {
        "target": target,
        "cohorts": list(cohorts),
        "classes": list(found.classes),
        "modality": found.alike["modality"],
        "folds": folds,
        "permutations": permutations,
        "version": METHOD_VERSION,
        **network.SETTINGS,
    }
    settings = {**params, "seed": seed, "used": sorted(found.sources)}
    key = run_key(["classify", settings])
    if not atlas.has(key):
        made, codes, left = selection.read(atlas, found)
        outcome = trial.run(
            found.design,
            made,
            baseline_name=_BASELINES[target],
            n_folds=folds,
            n_permutations=permutations,
            seed=seed,
            device=where,
            progress=progress,
        )
        run = Run(
            key,
            "classify",
            "classify",
            params,
            seed=seed,
            versions=versions(),
            device=where.type,
            started=started,
            ended=clock.now(),
        )
        people = np.array(found.subjects)[found.design.person]
        held = {
            "subject": people,
            "label": found.design.labels,
            "notes": np.array(left, dtype=np.str_),
        }
        result = ClassificationResult(
            run=run,
            target=target,
            cohorts=cohorts,
            classes=found.classes,
            modality=found.alike["modality"],
            table=outcome.table,
            arrays={
                "scores": held | outcome.logits,
                "model": {"codes": np.array(codes)} | outcome.model,
            },
            used=found.sources,
        )
        atlas.write_classification(result)
    frame = _answer(atlas, found, target, key, seed)
    frame.attrs["notes"] = (*notes, *frame.attrs["notes"])
    return frame


def _check(
    cohorts: Sequence[str],
    condition: tuple[str, str] | None,
    folds: int,
    permutations: int,
) -> None:
    if condition is None and len(cohorts) != 2:
        raise InvalidDataError(
            f"Two cohorts can be told apart, not {len(cohorts)}. Name two, or two "
            "conditions with --condition A,B."
        )
    if condition is not None and len(cohorts) not in (1, 2):
        raise InvalidDataError(
            f"Conditions are told apart in one cohort or two, not {len(cohorts)}."
        )
    if condition is not None and condition[0] == condition[1]:
        raise InvalidDataError(f"'{condition[0]}' cannot be told from itself.")
    if len(set(cohorts)) < len(cohorts):
        raise InvalidDataError(f"The cohort {cohorts[0]} is named twice.")
    if folds < 2:
        raise InvalidDataError(f"At least 2 folds are needed, not {folds}.")
    if permutations < 0:
        raise InvalidDataError(f"permutations must be at least 0, not {permutations}.")


def _enough(found: Selection, folds: int) -> None:
    """Refuse classes that cannot be in every fold."""
    for name, label in zip(found.classes, (1, 0), strict=True):
        n = int((found.design.labels == label).sum())
        if n < folds:
            raise InvalidDataError(
                f"{name} has {n} people, fewer than {folds} folds. Add people, or ask "
                "for fewer with --folds."
            )


def _confounded(atlas: Atlas, found: Selection, allow: bool) -> list[str]:
    labels = found.design.labels
    people = np.array(found.subjects)
    subjects = {row["id"]: row for row in atlas.store.nodes("Subject").to_pylist()}
    recordings = {row["id"]: row for row in atlas.store.nodes("Recording").to_pylist()}
    derived = atlas.store.edges(("DERIVED_FROM", "Connectome", "Recording")).to_pylist()
    recorded = {row["source"]: recordings[row["target"]] for row in derived}
    for source, person in zip(found.sources, found.case.tolist(), strict=True):
        made_of = recorded.get(source, {})
        for name in ("duration_s", "mean_fd_mm"):
            subjects[people[person]][name] = made_of.get(name)
    groups = (people[labels == 1].tolist(), people[labels == 0].tolist())
    line = confounds.differing(found.classes, groups, subjects, allow=allow)
    return [line] if line else []


def _answer(
    atlas: Atlas, found: Selection, target: str, key: str, seed: int
) -> pd.DataFrame:
    """Read back what is in the atlas, and say which classifier is better."""
    import pandas as pd

    prefix = classification_id(found.classes, target, key)
    rows = {
        row["kind"]: row | {"classifier": row["kind"]}
        for row in atlas.store.nodes("Classifier").to_pylist()
        if row["id"].startswith(f"{prefix}/")
    }
    names = ("network", _BASELINES[target], "majority")
    frame = pd.DataFrame([rows[name] for name in names], columns=_COLUMNS)
    for name in ("auc_low", "auc_high", "p"):
        frame[name] = frame[name].astype(float)
    path = reading.artifact(atlas.store, "Classifier", f"{prefix}/network", "scores")
    stored = atlas.files.arrays(path)
    drawn = scores.resampled(found.design, seed)
    apart = scores.difference(
        found.design, stored["network"], stored[_BASELINES[target]], drawn
    )
    interval = f"AUC {apart.auc:+.3f}, 95 % from {apart.low:+.3f} to {apart.high:+.3f}"
    frame.attrs = {
        "classification": prefix,
        "notes": stored["notes"].tolist(),
        "verdict": (
            f"The network beats the baseline on these people ({interval})."
            if apart.better
            else f"The network does not beat the baseline ({interval}): use the "
            "baseline."
        ),
    }
    return frame
