"""Answering questions: names become ids, Cypher becomes a frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from atlasdb import catalog
from atlasdb.errors import NotFoundError, did_you_mean
from atlasdb.privacy import Keyring, bare_label
from atlasdb.store.base import Store

if TYPE_CHECKING:
    import pandas as pd

_COHORTS = ("cohort", "cohort_a", "cohort_b", "patients", "controls")
_SUBJECTS = "MATCH (s:Subject) RETURN s.id AS id ORDER BY id"
_ALL_COHORTS = "MATCH (k:Cohort) RETURN k.id AS id ORDER BY id"
_NAMES = {
    "region": "MATCH (r:Region) RETURN DISTINCT r.name AS name "
    "UNION MATCH (r:Neuron) RETURN DISTINCT r.name AS name "
    "UNION MATCH (r:Neuron) RETURN DISTINCT r.body_id AS name "
    "UNION MATCH (r:Region) RETURN DISTINCT r.id AS name "
    "UNION MATCH (r:Neuron) RETURN DISTINCT r.id AS name "
    "UNION MATCH (r:Area) RETURN DISTINCT r.id AS name",
    "condition": "MATCH (m:ActivationMap) RETURN DISTINCT m.condition AS name",
    "modality": "MATCH (g:Connectome) RETURN DISTINCT g.modality AS name",
    "connectome": "MATCH (g:Connectome) RETURN g.id AS name",
    "contrast": "MATCH (k:Contrast) RETURN k.id AS name",
    "prediction": "MATCH (k:Prediction) RETURN k.id AS name",
    "stimulation": "MATCH (x:Stimulation) RETURN x.id AS name",
}
_KIND = {"source": "region", "target": "region", "first": "modality"} | {
    "second": "modality",
    "tract_modality": "modality",
}
_MEMBERS = (
    "MATCH (s:Subject)-[:IN_COHORT]->(k:Cohort) WHERE k.id = $name "
    "RETURN s.id AS id ORDER BY id"
)


def query(
    store: Store, keyring: Keyring, name: str, parameters: Mapping[str, Any]
) -> pd.DataFrame:
    """Answer a named query; see `atlasdb.Atlas.query`."""
    question = catalog.load(name, store.dialect, store.has)
    values = question.bind(**parameters)
    if values.get("subject"):
        values["subject"] = subject_id(store, keyring, values["subject"])
    for parameter in _COHORTS:
        if values.get(parameter):
            cohort_members(store, values[parameter])
    asked = {k: v for k, v in values.items() if question.uses(k)}
    table = store.read(question.text, asked, trusted=True)
    if question.then is not None:
        if not table.num_rows:
            _names_are_known(store, question, values)
        from atlasdb import handover

        answer = handover.then(question.then, table.to_pandas(), values)
        table = pa.Table.from_pandas(answer, preserve_index=False)
    if not table.num_rows:
        _names_are_known(store, question, values)
    return question.frame(table)


def _names_are_known(
    store: Store, question: catalog.Query, values: Mapping[str, Any]
) -> None:
    """Refuse an empty answer to a name that is nowhere in the atlas: a slip."""
    for parameter in question.parameters:
        kind = _KIND.get(parameter.name, parameter.name)
        name = values[parameter.name]
        if kind not in _NAMES or not name or name == parameter.default:
            continue
        known = [k for k in _column(store, _NAMES[kind]) if k]
        if name not in known:
            raise NotFoundError(
                f"No {kind} '{name}' in this atlas.{did_you_mean(name, known)}"
            )


def cypher(
    store: Store, text: str, parameters: Mapping[str, Any], *, timeout_s: float | None
) -> pd.DataFrame:
    """Answer a query of the user's own; see `atlasdb.Atlas.cypher`."""
    table = store.read(text, parameters, timeout_s=timeout_s)
    frame: pd.DataFrame = table.to_pandas()
    return frame


def subject_id(store: Store, keyring: Keyring, label: str) -> str:
    """Find a subject by its id, or by the laboratory's label.

    Raises
    ------
    NotFoundError
        With the nearest names that there are.
    """
    ids = _column(store, _SUBJECTS)
    if label in ids:
        return label
    bare = bare_label(label)
    by_bare = {bare_label(i).lower(): i for i in ids}
    if bare.lower() in by_bare:
        return by_bare[bare.lower()]
    names = ids
    if keyring.exists:
        pseudonym = keyring.pseudonym(bare)
        if pseudonym in ids:
            return pseudonym
        known = keyring.labels()
        names = [known.get(i, i) for i in ids]
    raise NotFoundError(
        f"No subject '{label}' in this atlas, which has {len(ids)}."
        + (did_you_mean(label, names) or " 'atlasdb query subjects' lists them.")
    )


def cohort_members(store: Store, name: str) -> list[str]:
    """Give the ids of a cohort's subjects, sorted.

    Raises
    ------
    NotFoundError
        With the cohorts that there are.
    """
    members = _column(store, _MEMBERS, name=name)
    if not members:
        known = _column(store, _ALL_COHORTS)
        listed = ", ".join(f"'{k}'" for k in known) or "none"
        raise NotFoundError(f"No cohort '{name}' in this atlas. It has: {listed}.")
    return members


def _column(store: Store, text: str, **parameters: Any) -> list[str]:
    values: list[str] = store.read(text, parameters, trusted=True)[0].to_pylist()
    return values
