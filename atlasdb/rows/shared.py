"""Rows of what many entries share: subjects, runs, recordings, parcellations."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from atlasdb.batch import Batch
from atlasdb.errors import InvalidDataError
from atlasdb.rows.ids import area_id, recording_id
from atlasdb.types import Entry, Parcellation, Run, Subject


@dataclass(frozen=True)
class StoredArrays:
    """One file of arrays that an entry keeps: its name, path, hash, size, shape."""

    name: str
    path: str
    sha256: str
    bytes: int
    shape: str


def add_parcellation(batch: Batch, parcellation: Parcellation) -> None:
    """Add a parcellation and the areas that are used of it."""
    names = "id name version kind species space license sha256 n_areas"
    row: dict[str, Any] = {
        name: [getattr(parcellation, name)] for name in names.split()
    }
    batch.add_nodes("Parcellation", row)
    areas = parcellation.areas
    if not areas:
        return
    names = "code name hemisphere level network x_mm y_mm z_mm volume_mm3"
    columns: dict[str, list[Any]] = {
        name: [getattr(area, name) for area in areas] for name in names.split()
    }
    columns["id"] = [area_id(parcellation.id, area.code) for area in areas]
    if len(set(columns["id"])) < len(areas):
        raise InvalidDataError(
            f"The parcellation {parcellation.name} has two areas of one code: codes "
            "must differ in more than case."
        )
    columns["parcellation"] = [parcellation.id] * len(areas)
    batch.add_nodes("Area", columns)
    edges = {"source": columns["id"], "target": [parcellation.id] * len(areas)}
    batch.add_edges("IN_PARCELLATION", "Area", "Parcellation", edges)


def add_run(batch: Batch, run: Run, *, code_version: str) -> None:
    """Add the node that says how something was made."""
    batch.add_nodes(
        "Run",
        {
            "id": [run.key],
            "kind": [run.kind],
            "status": ["done"],
            "started": [run.started],
            "ended": [run.ended],
            "command": [run.command],
            "params": [json.dumps(dict(run.params), sort_keys=True, default=str)],
            "seed": [run.seed],
            "versions": [json.dumps(dict(run.versions), sort_keys=True)],
            "code_version": [code_version],
            "device": [run.device],
        },
    )


def add_artifact(batch: Batch, file: StoredArrays, kind: str) -> None:
    """Add the node of one file of arrays."""
    row: dict[str, Any] = {"id": [file.path], "kind": [kind], "path": [file.path]}
    row |= {"sha256": [file.sha256], "bytes": [file.bytes], "shape": [file.shape]}
    batch.add_nodes("Artifact", row)


def link(
    batch: Batch, type: str, source: str, target: str, source_id: str, target_id: str
) -> None:
    """Add one relationship without properties."""
    ids = {"source": [source_id], "target": [target_id]}
    batch.add_edges(type, source, target, ids)


def add_subject(batch: Batch, subject: Subject) -> None:
    """Add a person or animal, and the cohort."""
    row = {name: [value] for name, value in asdict(subject).items() if name != "cohort"}
    batch.add_nodes("Subject", row)
    if subject.cohort is not None:
        batch.add_nodes("Cohort", {"id": [subject.cohort]})
        link(batch, "IN_COHORT", "Subject", "Cohort", subject.id, subject.cohort)


def place_of(entry: Entry) -> dict[str, list[Any]]:
    """Session, task and run: what a connectome and a map take from the recording."""
    recording = entry.recording
    names = ("session", "task", "run")
    return {name: [getattr(recording, name, None)] for name in names}


def add_recording(batch: Batch, entry: Entry) -> str | None:
    """Add the node of the recording, if there is one; give its id."""
    recording, key = entry.recording, recording_id(entry)
    if recording is None or key is None:
        return None
    row: dict[str, Any] = {name: [value] for name, value in asdict(recording).items()}
    batch.add_nodes("Recording", row | {"id": [key]})
    link(batch, "HAS_RECORDING", "Subject", "Recording", entry.subject.id, key)
    link(batch, "USED", "Run", "Recording", entry.run.key, key)
    return key


def stored_as(
    batch: Batch, label: str, owner: str, file: StoredArrays, role: str
) -> None:
    """Say which file of arrays belongs to a node, and what it is to it."""
    columns = {"source": [owner], "target": [file.path], "role": [role]}
    batch.add_edges("STORED_AS", label, "Artifact", columns)
