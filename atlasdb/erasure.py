"""Removing everything of one person: from the files, and so from the graph.

The graph is made anew afterwards: pages of a database keep what was deleted, and
parcellations, runs and comparisons that only this person brought must go too.
"""

from __future__ import annotations

import json

from atlasdb.files import Files, JournalLine
from atlasdb.store.base import Store
from atlasdb.upkeep import rebuild

_COMPARED = (
    "MATCH (r:Run)-[:USED]->(g:Connectome) WHERE g.subject = $subject "
    "RETURN DISTINCT r.id AS id "
    "UNION MATCH (r:Run)-[:USED]->(p:Connectome)-[:DERIVED_FROM]->(g:Connectome) "
    "WHERE g.subject = $subject RETURN DISTINCT r.id AS id "
    "UNION MATCH (r:Run)-[:USED]->(m:ActivationMap) WHERE m.subject = $subject "
    "RETURN DISTINCT r.id AS id"
)


def erase(store: Store, files: Files, subject: str) -> int:
    """Remove a subject and whatever was computed from the person.

    Comparisons, pooled connectomes with their measures, and classifiers that the
    person took part in are removed too: what they said holds no longer. So are notes
    that name the person.

    Returns
    -------
    int
        How many entries of the journal were removed.
    """
    table = store.read(_COMPARED, {"subject": subject}, trusted=True)
    compared = set(table.column("id").to_pylist())

    def concerned(line: JournalLine) -> bool:
        said = line.content
        if line.kind == "cypher":
            return subject in json.dumps(dict(said))
        return said.get("subject") == subject or said.get("key") in compared

    removed = files.remove(concerned)
    files.append({"kind": "erase"})
    rebuild(store, files)
    return removed
