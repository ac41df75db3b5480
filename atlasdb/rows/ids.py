"""Ids are made here and nowhere else: lower-case, by what they stand for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from atlasdb.types import ActivationMap, Entry


def slug(text: str) -> str:
    """Make a lower-case id of a name.

    Examples
    --------
    >>> slug("S2 nomatch,")
    's2-nomatch'
    """
    return re.sub(r"[^a-z0-9.+]+", "-", text.lower()).strip("-") or "unnamed"


def run_key(stated: Any) -> str:
    """Give the key of a run: the hash of everything that decides its answer.

    Parameters
    ----------
    stated : dict or list
        Of what JSON has; the order of names does not matter.

    Examples
    --------
    >>> run_key({"seed": 0, "n": 2}) == run_key({"n": 2, "seed": 0})
    True
    """
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()


def connectome_id(entry: Entry) -> str | None:
    """Give the id of an entry's connectome: subject, modality, method, key."""
    graph = entry.connectivity or entry.neurons
    if graph is None:
        return None
    kind = f"{slug(graph.modality)}-{slug(graph.method)}-{entry.run.key[:8]}"
    return f"{entry.subject.id.lower()}/{kind}"


def map_id(entry: Entry, activation: ActivationMap) -> str:
    """Give the id of one of an entry's activation maps."""
    kind = f"{activation.measure}-{slug(activation.condition)}-{entry.run.key[:8]}"
    return f"{entry.subject.id.lower()}/{slug(activation.modality)}-{kind}"


def area_id(parcellation: str, code: str) -> str:
    """Give the id of an area: parcellation and code."""
    return f"{parcellation}/{code.lower()}"


def region_ids(connectome: str, codes: Sequence[str]) -> list[str]:
    """Give the ids of regions: the connectome and the area's code."""
    return [f"{connectome}/{code.lower()}" for code in codes]


def contrast_id(groups: Sequence[str], question: str, target: str, key: str) -> str:
    """Give the id of a comparison: who, of what, and the run's key."""
    between = "-by-" if question == "score" else "-vs-"
    return f"{between.join(slug(name) for name in groups[:3])}/{target}-{key[:8]}"


def prediction_id(groups: Sequence[str], target: str, key: str) -> str:
    """Give what the ids of a prediction and its baselines begin with."""
    return contrast_id(groups, target, "prediction", key)


def component_id(contrast: str, label: int) -> str:
    """Give the id of a component: the comparison and its number, 1 for the largest."""
    return f"{contrast}/{label}"


def stimulation_id(connectome: str, key: str) -> str:
    """Give the id of a simulated stimulation: the connectome and the run's key."""
    return f"{connectome}/stimulation-{key[:8]}"


def recording_id(entry: Entry) -> str | None:
    """Give the id of an entry's recording: subject, modality, content."""
    recording = entry.recording
    if recording is None:
        return None
    kind = f"{slug(recording.modality)}-{recording.sha256[:12]}"
    return f"{entry.subject.id.lower()}/{kind}"


def classification_id(classes: Sequence[str], target: str, key: str) -> str:
    """Give what the ids of the classifiers of one run begin with."""
    return f"{'-vs-'.join(slug(name) for name in classes)}/{target}-{key[:8]}"
