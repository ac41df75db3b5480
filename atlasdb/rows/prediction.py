"""Rows of a prediction: how well it went, beside its baselines, and by what."""

from __future__ import annotations

from collections.abc import Sequence

from atlasdb.batch import Batch
from atlasdb.rows.shared import StoredArrays, add_artifact, add_run, link, stored_as
from atlasdb.types import PredictionResult

_SAME_NAMES = (
    "target modality parcellation quantity n_left_out n_folds n_repeats "
    "n_permutations threshold scale"
)


def prediction_batch(
    prediction: str,
    result: PredictionResult,
    stored: Sequence[StoredArrays],
    *,
    code_version: str,
) -> Batch:
    """Give the rows of a prediction.

    Parameters
    ----------
    prediction : str
        What the ids of the model and its baselines begin with.
    result : PredictionResult
    stored : sequence of StoredArrays
        The files ``matrix`` and ``scores``.
    code_version : str
        Version of atlasdb, kept in the Run.

    Returns
    -------
    Batch
    """
    batch = Batch()
    key = result.run.key
    add_run(batch, result.run, code_version=code_version)
    ids = [f"{prediction}/{kind}" for kind in result.table["kind"]]
    groups = result.target == "groups"
    same = {name: getattr(result, name) for name in _SAME_NAMES.split()} | {
        "score": None if groups else result.groups[1],
        "class_a": result.groups[0] if groups else None,
        "class_b": result.groups[1] if groups else None,
        "n": sum(result.n),
        "n_a": result.n[0] if groups else None,
        "n_b": result.n[1] if groups else None,
        "cohorts": ",".join(result.cohorts),
        "confounds": ",".join(result.confounds) or None,
        "seed": result.run.seed,
    }
    columns = {name: [value] * len(ids) for name, value in same.items()}
    batch.add_nodes("Prediction", {"id": ids} | columns | dict(result.table))
    sided = groups and result.groups == result.cohorts
    sides = ["a", "b"] if sided else [None] * len(result.cohorts)
    for one in ids:
        link(batch, "GENERATED_BY", "Prediction", "Run", one, key)
        for side, cohort in zip(sides, result.cohorts, strict=True):
            ends = {"source": [one], "target": [cohort], "side": [side]}
            batch.add_edges("PREDICTS", "Prediction", "Cohort", ends)
    link(batch, "USED", "Run", "Parcellation", key, result.parcellation)
    used = {"source": [key] * len(result.used), "target": list(result.used)}
    batch.add_edges("USED", "Run", "Connectome", used)
    n = len(result.connections["source"])
    if n:
        whose = {"prediction": [ids[0]] * n}
        batch.add_edges("INFORMS", "Area", "Area", dict(result.connections) | whose)
    for file in stored:
        add_artifact(batch, file, file.name)
        stored_as(batch, "Prediction", ids[0], file, file.name)
    return batch
