"""Removing everything of one person: from the graph, and from the files."""

from __future__ import annotations

from atlasdb.batch import Batch
from atlasdb.files import Files
from atlasdb.store.base import Store

_OF_SUBJECT = {
    "Region": "MATCH (g:Connectome)-[:HAS_REGION]->(x:Region) "
    "WHERE g.subject = $subject RETURN x.id AS id",
    "Neuron": "MATCH (g:Connectome)-[:HAS_NEURON]->(x:Neuron) "
    "WHERE g.subject = $subject RETURN x.id AS id",
    "Run": "MATCH (g:Connectome)-[:GENERATED_BY]->(x:Run) "
    "WHERE g.subject = $subject RETURN x.id AS id",
    "Artifact": "MATCH (g:Connectome)-[:STORED_AS]->(x:Artifact) "
    "WHERE g.subject = $subject RETURN x.id AS id",
    "ActivationMap": "MATCH (x:ActivationMap) "
    "WHERE x.subject = $subject RETURN x.id AS id",
    "Recording": "MATCH (s:Subject)-[:HAS_RECORDING]->(x:Recording) "
    "WHERE s.id = $subject RETURN x.id AS id",
    "Connectome": "MATCH (x:Connectome) WHERE x.subject = $subject RETURN x.id AS id",
    "Subject": "MATCH (x:Subject) WHERE x.id = $subject RETURN x.id AS id",
}
_MAP_FILES = (
    "MATCH (m:ActivationMap)-[:STORED_AS]->(x:Artifact) "
    "WHERE m.subject = $subject RETURN x.id AS id"
)
_CONTRASTS = (
    "MATCH (k:Contrast)-[:GENERATED_BY]->(r:Run)-[:USED]->(g:Connectome) "
    "WHERE g.subject = $subject RETURN DISTINCT k.id AS id, r.id AS run"
)


def erase(store: Store, files: Files, subject: str) -> int:
    """Remove a subject and whatever was computed from the person; give the rows.

    Comparisons that the person took part in are removed too: what they said holds no
    longer. Their line in the journal says only that somebody was erased.
    """
    found = {
        label: set(_ids(store, text, subject)) for label, text in _OF_SUBJECT.items()
    }
    found["Artifact"] |= set(_ids(store, _MAP_FILES, subject))
    table = store.read(_CONTRASTS, {"subject": subject}, trusted=True)
    found["Contrast"] = set(table.column("id").to_pylist())
    runs = set(table.column("run").to_pylist())
    found["Run"] |= runs
    paths = [
        line.content["path"]
        for line in files.lines()
        if line.kind == "run"
        and (line.content.get("subject") == subject or line.content["key"] in runs)
    ]
    files.remove(paths)
    (line,) = files.append({"kind": "erase"})
    for label, ids in found.items():
        if ids:
            store.delete(label, sorted(ids))
    store.apply(Batch(), applied=line.n)
    return sum(len(ids) for ids in found.values())


def _ids(store: Store, text: str, subject: str) -> list[str]:
    table = store.read(text, {"subject": subject}, trusted=True)
    ids: list[str] = table.column("id").to_pylist()
    return ids
