"""Adding to an atlas: files first, then the journal's line, then the graph."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from atlasdb import __version__
from atlasdb.batch import Batch, merged
from atlasdb.errors import InvalidDataError, StoreError
from atlasdb.files import Files, pack
from atlasdb.rows import (
    StoredArrays,
    classification_batch,
    contrast_batch,
    entry_batch,
    measure_batch,
    pool_batch,
    prediction_batch,
    stimulation_batch,
)
from atlasdb.rows.ids import (
    classification_id,
    contrast_id,
    prediction_id,
    slug,
    stimulation_id,
)
from atlasdb.rows.shared import add_subject
from atlasdb.schema import NODES
from atlasdb.store.base import Store
from atlasdb.types import (
    Area,
    ClassificationResult,
    Connectivity,
    ContrastResult,
    Entry,
    MeasureResult,
    Parcellation,
    PoolResult,
    PredictionResult,
    StimulationResult,
    Subject,
)

if TYPE_CHECKING:
    import pandas as pd

_SAME_RECORDING = ["subject", "session", "task", "run", "modality", "condition"]
_SLOT = {
    "Connectome": [*_SAME_RECORDING, "cohort", "band", "parcellation", "variant"],
    "ActivationMap": [*_SAME_RECORDING, "measure", "parcellation"],
}
"""What must be equal for a new one to take the place of the current one."""


def write(store: Store, files: Files, entries: Sequence[Entry]) -> int:
    """Add the entries whose run is not there yet; give how many that were."""
    known = files.keys()
    new = list({e.run.key: e for e in entries if e.run.key not in known}.values())
    if not new:
        return 0
    _same_atlas(store, files)
    new = _same_parcellations(store, new)
    people = _people(store, [entry.subject for entry in new])
    current = {label: _current(store, label) for label in _SLOT}
    lines: list[dict[str, Any]] = []
    batches = []
    for entry in new:
        entry = replace(entry, subject=people[entry.subject.id])
        path = f"{slug(entry.subject.id)}/{entry.run.key[:16]}"
        arrays = dict(entry.arrays) | _own_arrays(entry)
        stored = [_stored(name, path, group) for name, group in arrays.items()]
        batch = entry_batch(entry, stored, code_version=__version__)
        for label, slots in current.items():
            _supersede(batch, label, slots)
        files.save(path, batch, arrays)
        line = {"kind": "run", "key": entry.run.key, "path": path}
        lines.append(line | {"subject": entry.subject.id})
        batches.append(batch)
    written = files.append(*lines)
    store.apply(merged(batches), applied=written[-1].n)
    return len(new)


def describe(store: Store, files: Files, subjects: Sequence[Subject]) -> int:
    """Update what is known of subjects that are in the atlas already."""
    stored = _rows_by_id(store, "Subject")
    cohorts = set(_members(store))
    changed = []
    for subject in _people(store, subjects).values():
        before = stored.get(subject.id)
        if before is None:
            continue
        same = all(getattr(subject, name) == before[name] for name in _KNOWN)
        placed = subject.cohort is None or (subject.id, subject.cohort) in cohorts
        if not (same and placed):
            changed.append(subject)
    if not changed:
        return 0
    batches = []
    lines = []
    for subject in changed:
        batch = Batch()
        add_subject(batch, subject)
        text = repr(sorted(asdict(subject).items(), key=str)).encode()
        key = pack({"subject": np.frombuffer(text, dtype=np.uint8)})[0]
        path = f"{slug(subject.id)}/{key[:16]}"
        files.save(path, batch, {})
        lines.append({"kind": "run", "key": key, "path": path, "subject": subject.id})
        batches.append(batch)
    written = files.append(*lines)
    store.apply(merged(batches), applied=written[-1].n)
    return len(changed)


def write_contrast(store: Store, files: Files, result: ContrastResult) -> str:
    """Add a comparison, unless the same one is there; give its id."""
    key = result.run.key
    contrast = contrast_id(result.groups, result.question, result.target, key)
    if key in files:
        return contrast
    folder = slug(result.subject) if result.subject else "contrasts"
    path = f"{folder}/{key[:16]}"
    stored = _stored("matrix", path, result.arrays)
    batch = contrast_batch(contrast, result, stored, code_version=__version__)
    files.save(path, batch, {"matrix": result.arrays})
    own = {"subject": result.subject} if result.subject else {}
    (line,) = files.append({"kind": "run", "key": key, "path": path} | own)
    store.apply(batch, applied=line.n)
    return contrast


def write_pool(store: Store, files: Files, result: PoolResult) -> str:
    """Add the connectome of a cohort, unless the same one is there; give its id."""
    graph = result.connectivity
    kind = f"{slug(graph.modality)}-{slug(graph.method)}-pool-{result.run.key[:8]}"
    connectome = f"cohort-{slug(result.cohort)}/{kind}"
    if result.run.key in files:
        return connectome
    path = f"cohorts/{result.run.key[:16]}"
    arrays = {"matrix": _matrices(graph)}
    stored = _stored("matrix", path, arrays["matrix"])
    batch = pool_batch(connectome, result, stored, code_version=__version__)
    _supersede(batch, "Connectome", _current(store, "Connectome"))
    files.save(path, batch, arrays)
    (line,) = files.append({"kind": "run", "key": result.run.key, "path": path})
    store.apply(batch, applied=line.n)
    return connectome


def write_classification(
    store: Store, files: Files, result: ClassificationResult
) -> str:
    """Add classifiers, unless the same ones are there; give what their ids begin with.

    Their scores name people by pseudonym, in a file and nowhere in the graph.
    """
    classification = classification_id(result.classes, result.target, result.run.key)
    if result.run.key in files:
        return classification
    path = f"classifiers/{result.run.key[:16]}"
    stored = [_stored(name, path, group) for name, group in result.arrays.items()]
    batch = classification_batch(
        classification, result, stored, code_version=__version__
    )
    files.save(path, batch, result.arrays)
    (line,) = files.append({"kind": "run", "key": result.run.key, "path": path})
    store.apply(batch, applied=line.n)
    return classification


def write_prediction(store: Store, files: Files, result: PredictionResult) -> str:
    """Add a prediction, unless the same one is there; give what its ids begin with.

    What was predicted of whom is in a file, by pseudonym, and nowhere in the graph.
    """
    prediction = prediction_id(result.groups, result.target, result.run.key)
    if result.run.key in files:
        return prediction
    path = f"predictions/{result.run.key[:16]}"
    stored = [_stored(name, path, group) for name, group in result.arrays.items()]
    batch = prediction_batch(prediction, result, stored, code_version=__version__)
    files.save(path, batch, result.arrays)
    (line,) = files.append({"kind": "run", "key": result.run.key, "path": path})
    store.apply(batch, applied=line.n)
    return prediction


def write_stimulation(store: Store, files: Files, result: StimulationResult) -> str:
    """Add a simulated stimulation, unless the same one is there; give its id."""
    key = result.run.key
    stimulation = stimulation_id(result.connectome, key)
    if key in files:
        return stimulation
    _same_atlas(store, files)
    path = f"{slug(result.subject)}/{key[:16]}"
    stored = [_stored(name, path, group) for name, group in result.arrays.items()]
    batch = stimulation_batch(result, stored, code_version=__version__)
    files.save(path, batch, result.arrays)
    line = {"kind": "run", "key": key, "path": path, "subject": result.subject}
    (written,) = files.append(line)
    store.apply(batch, applied=written.n)
    return stimulation


def write_measures(store: Store, files: Files, results: Sequence[MeasureResult]) -> int:
    """Keep measures of connectomes; give how many of them changed anything.

    A measure that was made before is made again where another has taken its place.
    """
    _same_atlas(store, files)
    known = files.keys()
    tables = {label: store.nodes(label) for label in {r.label for r in results}}
    lines: list[dict[str, Any]] = []
    batches = []
    for result in results:
        table = tables[result.label]
        before = table.filter(pc.equal(table.column("connectome"), result.connectome))
        batch = measure_batch(result, before, code_version=__version__)
        if result.run.key in known:
            if batch.nodes.get(result.label, before).equals(before):
                continue
            again = f"{result.run.key} {files.last() + len(lines)}"
            key = hashlib.sha256(again.encode()).hexdigest()
            result = replace(result, run=replace(result.run, key=key))
            batch = measure_batch(result, before, code_version=__version__)
        path = f"{slug(result.subject or 'cohorts')}/{result.run.key[:16]}"
        files.save(path, batch, {})
        line = {"kind": "run", "key": result.run.key, "path": path}
        lines.append(line | ({"subject": result.subject} if result.subject else {}))
        batches.append(batch)
    if lines:
        written = files.append(*lines)
        store.apply(merged(batches), applied=written[-1].n)
    return len(lines)


def write_cypher(
    store: Store, files: Files, text: str, parameters: Mapping[str, Any]
) -> pd.DataFrame:
    """Make a user's own change, and keep its text for a rebuild."""
    import pandas as pd

    _same_atlas(store, files)
    changes = store.write(text, parameters, applied=files.last() + 1)
    files.append({"kind": "cypher", "text": text, "parameters": dict(parameters)})
    return pd.DataFrame({"changes": [changes]})


_KNOWN = [
    name for name in NODES["Subject"].properties if name in Subject.__annotations__
]


def _people(store: Store, subjects: Sequence[Subject]) -> dict[str, Subject]:
    """Complete each subject with what the atlas knows: a blank removes nothing."""
    stored = _rows_by_id(store, "Subject")
    people: dict[str, Subject] = {}
    for subject in subjects:
        earlier = people.get(subject.id)
        known: dict[str, Any] = {}
        for name in _KNOWN:
            if getattr(subject, name) is None:
                before = stored.get(subject.id, {}).get(name)
                known[name] = getattr(earlier, name, None) or before
        people[subject.id] = replace(subject, **known)
    return people


def _rows_by_id(store: Store, label: str) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in store.nodes(label).to_pylist()}


def _members(store: Store) -> list[tuple[str, str]]:
    table = store.edges(("IN_COHORT", "Subject", "Cohort"))
    sources, targets = table.column("source"), table.column("target")
    return list(zip(sources.to_pylist(), targets.to_pylist(), strict=True))


Slots = dict[tuple[Any, ...], dict[str, Any]]


def _current(store: Store, label: str) -> Slots:
    table = store.nodes(label)
    table = table.filter(pc.equal(table.column("is_current"), pa.scalar(True)))
    return {_slot(label, row): row for row in table.to_pylist()}


def _slot(label: str, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _SLOT[label])


def _supersede(batch: Batch, label: str, slots: Slots) -> None:
    """Let new connectomes and maps take the place of the current ones."""
    if label not in batch.nodes:
        return
    for row in batch.nodes[label].to_pylist():
        slot = _slot(label, row)
        before = slots.get(slot)
        if before is not None:
            columns = {name: [value] for name, value in before.items()}
            batch.add_nodes(label, columns | {"is_current": [False]})
            if label == "Connectome":
                ends = {"source": [row["id"]], "target": [before["id"]]}
                batch.add_edges("REPLACES", label, label, ends)
        slots[slot] = row


def _own_arrays(entry: Entry) -> dict[str, dict[str, NDArray[Any]]]:
    """Arrays that every entry keeps: full matrices, neuropils, maps."""
    arrays: dict[str, dict[str, NDArray[Any]]] = {}
    graph = entry.connectivity
    if graph is not None:
        arrays["matrix"] = _matrices(graph)
    if entry.neurons is not None and entry.neurons.by_neuropil is not None:
        columns = entry.neurons.by_neuropil
        group = {name: np.asarray(columns[name]) for name in columns}
        arrays["neuropil"] = group | {"body_ids": entry.neurons.body_ids}
    for number, activation in enumerate(entry.maps):
        group = {"codes": np.array(activation.codes), "data": activation.data}
        if activation.volume is not None and activation.affine is not None:
            group |= {"volume": activation.volume, "affine": activation.affine}
        arrays[f"map-{number}"] = group
    return arrays


def _matrices(graph: Connectivity) -> dict[str, NDArray[Any]]:
    names = "value probability direction supported p q stability lag_ms length_mm"
    group: dict[str, NDArray[Any]] = {
        "codes": np.array(graph.codes),
        "weight": graph.weights,
    }
    for name in names.split():
        matrix = getattr(graph, name)
        if matrix is not None:
            group[name] = matrix
    return group


def _stored(name: str, path: str, arrays: Mapping[str, NDArray[Any]]) -> StoredArrays:
    digest, size = pack(arrays)
    main = next(
        (arrays[k] for k in ("weight", "data", "statistic") if k in arrays),
        next(iter(arrays.values())),
    )
    shape = "x".join(str(n) for n in main.shape)
    return StoredArrays(name, f"{path}/{name}.npz", digest, size, shape)


def _same_atlas(store: Store, files: Files) -> None:
    """Refuse to write beside a graph that was made from other files."""
    if files.atlas() is None and store.applied() > 0:
        raise StoreError(
            f"The graph at {store.address} was made from files that are not in "
            f"{files.folder}. Name their folder with --files or $ATLASDB_FILES."
        )


def _same_parcellations(store: Store, entries: Sequence[Entry]) -> list[Entry]:
    """Let one name stand for one parcellation.

    An entry that knows the areas by name only takes those of the atlas, when all of
    its names are theirs; other areas under a name that is taken are refused.
    """
    known = _rows_by_id(store, "Parcellation")
    shared = []
    for entry in entries:
        parcellation = entry.parcellation
        before = known.get(parcellation.id) if parcellation else None
        if parcellation is not None and before is None:
            known[parcellation.id] = asdict(parcellation)
        elif parcellation is not None and before is not None:
            if before["sha256"] != parcellation.sha256:
                parcellation = _adopted(store, parcellation, before)
            entry = replace(entry, parcellation=parcellation)
        shared.append(entry)
    return shared


def _adopted(
    store: Store, parcellation: Parcellation, before: Mapping[str, Any]
) -> Parcellation:
    rows = store.nodes("Area").to_pylist()
    names = {r["code"]: r for r in rows if r["parcellation"] == parcellation.id}
    same = all(
        area.code in names and area.name == names[area.code]["name"]
        for area in parcellation.areas
    )
    if not same or parcellation.n_areas != before["n_areas"]:
        raise InvalidDataError(
            f"The atlas has a parcellation named {parcellation.id} with other areas "
            "already. Give this one a name of its own with --parcellation-name."
        )
    own = {field.name for field in fields(Area)}
    areas = tuple(
        Area(**{k: v for k, v in names[area.code].items() if k in own})
        for area in parcellation.areas
    )
    kept = {k: before[k] for k in ("name", "kind", "version", "species", "space")}
    return replace(
        parcellation,
        areas=areas,
        sha256=before["sha256"],
        license=before["license"],
        **kept,
    )
