"""From the nouns to rows: how an entry, or a comparison, looks in the graph."""

from __future__ import annotations

from collections.abc import Sequence

from atlasdb.batch import Batch
from atlasdb.errors import InvalidDataError
from atlasdb.rows.activation import add_map
from atlasdb.rows.connectome import add_connectivity, add_neurons
from atlasdb.rows.contrast import contrast_batch
from atlasdb.rows.ids import connectome_id, map_id
from atlasdb.rows.measure import measure_batch
from atlasdb.rows.prediction import prediction_batch
from atlasdb.rows.shared import (
    StoredArrays,
    add_artifact,
    add_parcellation,
    add_recording,
    add_run,
    add_subject,
    link,
    place_of,
    stored_as,
)
from atlasdb.rows.stimulation import stimulation_batch
from atlasdb.types import ClassificationResult, Entry, PoolResult

__all__ = [
    "StoredArrays",
    "classification_batch",
    "contrast_batch",
    "entry_batch",
    "measure_batch",
    "pool_batch",
    "prediction_batch",
    "stimulation_batch",
]


def entry_batch(
    entry: Entry, stored: Sequence[StoredArrays], *, code_version: str
) -> Batch:
    """Give the rows of one entry.

    Parameters
    ----------
    entry : Entry
        What was ingested.
    stored : sequence of StoredArrays
        The files of arrays that go with it: ``matrix``, ``model``, ``series``,
        ``neuropil``, or ``map-<i>`` for its i-th map.
    code_version : str
        Version of atlasdb, kept in the Run.

    Returns
    -------
    Batch
        Whole rows: every property is given, or null.
    """
    batch = Batch()
    subject, run, parcellation = entry.subject.id, entry.run.key, entry.parcellation
    add_subject(batch, entry.subject)
    add_run(batch, entry.run, code_version=code_version)
    recording = add_recording(batch, entry)
    if parcellation is not None:
        add_parcellation(batch, parcellation)
        link(batch, "USED", "Run", "Parcellation", run, parcellation.id)
    connectome = connectome_id(entry)
    if connectome is not None:
        if entry.connectivity is not None:
            if parcellation is None:
                raise InvalidDataError(
                    "A connectome between areas needs their parcellation."
                )
            own = place_of(entry) | {"level": ["subject"], "subject": [subject]}
            own["settings"] = [entry.settings]
            graph = entry.connectivity
            add_connectivity(batch, connectome, graph, parcellation, own)
        elif entry.neurons is not None:
            add_neurons(batch, connectome, entry, entry.neurons)
        link(batch, "HAS_CONNECTOME", "Subject", "Connectome", subject, connectome)
        link(batch, "GENERATED_BY", "Connectome", "Run", connectome, run)
        if recording:
            ends = ("Connectome", "Recording")
            link(batch, "DERIVED_FROM", *ends, connectome, recording)
    for activation in entry.maps:
        add_map(batch, entry, activation, recording)
    for file in stored:
        kind, _, number = file.name.partition("-")
        add_artifact(batch, file, kind)
        if number:
            owner = map_id(entry, entry.maps[int(number)])
            stored_as(batch, "ActivationMap", owner, file, kind)
        elif connectome is not None:
            stored_as(batch, "Connectome", connectome, file, kind)
    return batch


def pool_batch(
    connectome: str, result: PoolResult, stored: StoredArrays, *, code_version: str
) -> Batch:
    """Give the rows of a connectome that the people of a cohort have in common."""
    batch = Batch()
    add_run(batch, result.run, code_version=code_version)
    own = {"level": ["cohort"], "cohort": [result.cohort]}
    own["settings"] = [result.settings]
    graph, parcellation = result.connectivity, result.parcellation
    add_connectivity(batch, connectome, graph, parcellation, own)
    link(batch, "HAS_CONNECTOME", "Cohort", "Connectome", result.cohort, connectome)
    link(batch, "GENERATED_BY", "Connectome", "Run", connectome, result.run.key)
    members = list(result.connectomes)
    ends = {"source": [connectome] * len(members), "target": members}
    batch.add_edges("DERIVED_FROM", "Connectome", "Connectome", ends)
    used = {"source": [result.run.key] * len(members), "target": members}
    batch.add_edges("USED", "Run", "Connectome", used)
    add_artifact(batch, stored, "matrix")
    stored_as(batch, "Connectome", connectome, stored, "matrix")
    return batch


def classification_batch(
    classification: str,
    result: ClassificationResult,
    stored: Sequence[StoredArrays],
    *,
    code_version: str,
) -> Batch:
    """Give the rows of classifiers that were tried on the same people.

    Parameters
    ----------
    classification : str
        What their ids begin with.
    result : ClassificationResult
    stored : sequence of StoredArrays
        The files ``scores`` and ``model``.
    code_version : str
        Version of atlasdb, kept in the Run.

    Returns
    -------
    Batch
    """
    batch = Batch()
    key = result.run.key
    add_run(batch, result.run, code_version=code_version)
    kinds = list(result.table["kind"])
    ids = [f"{classification}/{kind}" for kind in kinds]
    same = {
        "target": result.target,
        "class_a": result.classes[0],
        "class_b": result.classes[1],
        "cohorts": ",".join(result.cohorts),
        "modality": result.modality,
        "seed": result.run.seed,
    }
    columns = {name: [value] * len(ids) for name, value in same.items()}
    batch.add_nodes("Classifier", {"id": ids} | columns | dict(result.table))
    sides = ["a", "b"] if result.target == "diagnosis" else [None] * len(result.cohorts)
    for classifier in ids:
        link(batch, "GENERATED_BY", "Classifier", "Run", classifier, key)
        for side, cohort in zip(sides, result.cohorts, strict=True):
            ends = {"source": [classifier], "target": [cohort], "side": [side]}
            batch.add_edges("COMPARES", "Classifier", "Cohort", ends)
    label = "Connectome" if result.target == "diagnosis" else "ActivationMap"
    used = {"source": [key] * len(result.used), "target": list(result.used)}
    batch.add_edges("USED", "Run", label, used)
    for file in stored:
        add_artifact(batch, file, file.name)
        for classifier in ids:
            stored_as(batch, "Classifier", classifier, file, file.name)
    return batch
