"""Whose recordings, or whose responses, are told apart: found in an atlas and read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlasdb import members, reading
from atlasdb.atlas import Atlas
from atlasdb.cohorts import design
from atlasdb.errors import InvalidDataError, NotFoundError, did_you_mean
from atlasdb.types import FloatArray
from atlasdb_ingest.supervised import features
from atlasdb_ingest.supervised.splits import Design

_RECORDINGS_ALIKE = [
    *("modality", "task", "condition", "band", "parcellation"),
    *("method", "engine", "unit", "settings"),
]
_MAPS_ALIKE = ("modality", "task", "measure", "unit", "parcellation", "t0_ms", "dt_ms")
_HINT = "Ingest all with the same settings."
FEWEST_REGIONS = 3


@dataclass(frozen=True, eq=False)
class Selection:
    """What is told apart, before it is read.

    Attributes
    ----------
    subjects : tuple of str
        People by id; ``design.person`` counts them.
    classes : (str, str)
        Names of the cohorts, or of the conditions.
    sources : tuple of str
        Ids of the connectomes or activation maps, one for each example.
    alike : mapping
        Properties that all of them share.
    case : ndarray of int, shape (n_sources,)
        Which case of ``design`` each belongs to: a person's sessions are one case.
    notes : tuple of str
        What was left out.
    """

    subjects: tuple[str, ...]
    classes: tuple[str, str]
    sources: tuple[str, ...]
    alike: Mapping[str, Any]
    case: NDArray[np.int64]
    design: Design
    notes: tuple[str, ...] = ()


def of_cohorts(
    atlas: Atlas, cohorts: tuple[str, str], modality: str | None
) -> Selection:
    """Find the recordings of two cohorts' people: all sessions of each.

    Parameters
    ----------
    atlas : Atlas
    cohorts : (str, str)
        Names.
    modality : str or None
        Which recordings, where people have several kinds.

    Returns
    -------
    Selection

    Raises
    ------
    NotFoundError
        If there is no such cohort, or somebody has no recording.
    InvalidDataError
        If somebody is in both cohorts, or recordings were not made alike.
    """
    who = design.groups(cohorts, *(atlas.cohort(name) for name in cohorts))
    rows = atlas.store.nodes("Connectome").to_pylist()
    both = " and ".join(cohorts)
    found = members.of_each(rows, who.subjects, both, modality, "recording")
    chosen = [
        row for own in found.values() for row in sorted(own, key=itemgetter("id"))
    ]
    members.made_alike(chosen, _RECORDINGS_ALIKE, "recordings", _HINT)
    order = {name: i for i, name in enumerate(who.subjects)}
    people = np.array([order[row["subject"]] for row in chosen])
    labels = (np.arange(len(who.subjects)) < len(who.a)).astype(np.int64)
    own = Design(np.arange(len(labels)), labels, within=False)
    ids = tuple(row["id"] for row in chosen)
    return Selection(who.subjects, cohorts, ids, chosen[0], people, own)


def of_conditions(
    atlas: Atlas,
    cohorts: Sequence[str],
    conditions: tuple[str, str],
    modality: str | None,
) -> Selection:
    """Find the responses to two conditions of everybody who has both.

    Parameters
    ----------
    atlas : Atlas
    cohorts : sequence of str
        Whose people.
    conditions : (str, str)
    modality : str or None
        Which responses, where people have several kinds.

    Returns
    -------
    Selection

    Raises
    ------
    NotFoundError
        If there is no such cohort, condition or response.
    InvalidDataError
        If responses were not made alike.
    """
    people = sorted({s for name in cohorts for s in atlas.cohort(name)})
    rows = [
        row
        for row in atlas.store.nodes("ActivationMap").to_pylist()
        if row["is_current"]
        and row["subject"] in set(people)
        and modality in (None, row["modality"])
    ]
    known = sorted({row["condition"] for row in rows})
    for name in conditions:
        if name not in known:
            listed = ", ".join(f"'{k}'" for k in known) or "none"
            raise NotFoundError(
                f"No activation map of the condition '{name}' of the people of "
                f"{' and '.join(cohorts)}. There are: {listed}."
                + did_you_mean(name, known)
            )
    held = {(row["subject"], row["condition"]) for row in rows}
    both = [s for s in people if all((s, name) in held for name in conditions)]
    chosen = [
        row for row in rows if row["subject"] in both and row["condition"] in conditions
    ]
    chosen.sort(key=lambda row: (row["subject"], row["condition"], row["id"]))
    if not chosen:
        raise NotFoundError(f"Nobody has responses to both {' and '.join(conditions)}.")
    members.made_alike(chosen, _MAPS_ALIKE, "activation maps", _HINT)
    cases = [(s, name) for s in both for name in conditions]
    place = {case: i for i, case in enumerate(cases)}
    case = np.array([place[row["subject"], row["condition"]] for row in chosen])
    own = Design(
        np.array([both.index(s) for s, _ in cases]),
        np.array([int(name == conditions[0]) for _, name in cases]),
        within=True,
    )
    left = len(people) - len(both)
    notes = (f"{left} of {len(people)} people lack a condition and are left out.",)
    ids = tuple(row["id"] for row in chosen)
    return Selection(
        tuple(both), conditions, ids, chosen[0], case, own, notes if left else ()
    )


def read(
    atlas: Atlas, selection: Selection
) -> tuple[features.Features, tuple[str, ...], tuple[str, ...]]:
    """Read the recordings or responses, on the regions that all of them have.

    Returns
    -------
    features : Features
    codes : tuple of str
        Of the regions.
    notes : tuple of str
        What was left out.

    Raises
    ------
    InvalidDataError
        If there are no series, too few common regions, or a constant one.
    """
    atlas.require_files()
    within = selection.design.within
    stored = [
        _response(atlas, name) if within else _series(atlas, name)
        for name in selection.sources
    ]
    codes = [[str(code) for code in one["codes"]] for one in stored]
    shared = [code for code in codes[0] if all(code in own for own in codes[1:])]
    if len(shared) < FEWEST_REGIONS:
        raise InvalidDataError(
            f"The recordings have {len(shared)} regions in common; telling them apart "
            f"needs at least {FEWEST_REGIONS}. Ingest all with the same parcellation."
        )
    every = len(set().union(*codes))
    left = every - len(shared)
    notes = (f"{left} of {every} regions are left out: not all recordings have them.",)
    data = []
    for i, one in enumerate(stored):
        rows = [codes[i].index(code) for code in shared]
        data.append(_finite(one["data"][rows], shared, selection, i))
    if within:
        shapes = Counter(one.shape[1] for one in data)
        if len(shapes) > 1:
            listed = ", ".join(f"{v} ({n})" for v, n in shapes.most_common(4))
            raise InvalidDataError(
                f"These activation maps have unequal numbers of times: {listed}. "
                "Ingest all with the same window."
            )
        alike = selection.alike
        made = features.of_maps(data, alike["t0_ms"], alike["dt_ms"] or 0.0)
    else:
        rates = [float(one["sfreq"]) for one in stored]
        made = features.of_series(data, rates, [one["lengths"] for one in stored])
    return made.averaged(selection.case), tuple(shared), notes if left else ()


def _series(atlas: Atlas, connectome: str) -> dict[str, Any]:
    try:
        path = reading.artifact(atlas.store, "Connectome", connectome, "series")
    except NotFoundError as error:
        raise InvalidDataError(
            f"{connectome} has no stored series: only recordings can be told apart, "
            "not imported matrices. Say which recordings with --modality."
        ) from error
    found: dict[str, Any] = atlas.files.arrays(path)
    matrices = reading.matrices_of(atlas.store, atlas.files, connectome)
    return found | {"codes": matrices["codes"]}


def _response(atlas: Atlas, activation: str) -> dict[str, Any]:
    path = reading.artifact(atlas.store, "ActivationMap", activation, "map")
    return dict(atlas.files.arrays(path))


def _finite(
    data: FloatArray, codes: Sequence[str], selection: Selection, example: int
) -> FloatArray:
    """Refuse what no classifier can look at."""
    name = selection.sources[example]
    values = np.asarray(data, dtype=np.float64)
    wrong = ~np.isfinite(values).all(axis=1)
    if wrong.any():
        code = codes[int(wrong.argmax())]
        raise InvalidDataError(
            f"Region {code} of {name} has values that are not finite. Ingest it again, "
            "or take the person out of the cohort."
        )
    if not selection.design.within:
        still = np.ptp(values, axis=1) == 0
        if still.any():
            code = codes[int(still.argmax())]
            raise InvalidDataError(
                f"Region {code} of {name} is constant. Leave the region out when "
                "ingesting, or take the person out of the cohort."
            )
    return values
