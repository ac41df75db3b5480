"""Both stores give one answer to every named question, also where much is tied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import pytest

import atlasdb
import cohort_study
import small_study
import tied_study
from atlasdb import catalog
from atlasdb.types import Entry

pytestmark = pytest.mark.neo4j
MEASURES = ("betweenness", "communities", "rich_club", "strongest_paths")
PEOPLE = ("p1", "one", "two", "fly", "worm", "ill3")
CONDITIONS = {"p1": ["target"], "one": ["face"], "two": ["face", "target"]}
REGIONS = {"p1": ["Fz"], "one": ["twin", "area 2"], "fly": ["A", "B"], "worm": ["2"]}
ENDS = {
    "p1": [("Fz", "Pz"), ("Frontal_L", "Vermis")],
    "one": [("area 0", "area 5")],
    "fly": [("B", "D")],
    "worm": [("AVAL", "VD01"), ("AVAL", "nobody")],
    "ill3": [("Hub", "Area_1")],
}


def ways(query: catalog.Query) -> list[dict[str, Any]]:
    """Give many ways to ask one question."""
    names = {p.name: p for p in query.parameters}
    people: list[dict[str, Any]] = [{"subject": name} for name in PEOPLE]
    if "subject" not in names:
        people = [{}]
    elif not names["subject"].required:
        people.append({})
    asked = [
        given | other
        for given in people
        for other in others(set(names), given.get("subject"))
    ]
    for name in {"supported", "current", "significant"} & set(names):
        asked = [a | {name: v} for a in asked for v in (True, False)]
    if query.name == "same-direction":
        asked = [a | {"first": "fmri", "second": "dwi"} for a in asked]
        asked = [a | {"min_direction": 0.0} for a in asked]
    if "limit" in names:
        asked += [a | {"limit": 3} for a in asked]
    if "n_nulls" in names:
        asked = [a | {"n_nulls": 3} for a in asked]
    if query.then in ("pagerank", "hubs", "shortest_path", *MEASURES):
        asked = [a | {"modality": m} for a in asked for m in ("fmri", "em", "eeg")]
    return asked


def others(names: set[str], subject: str | None) -> list[dict[str, Any]]:
    """Give values of the other parameters that fit to a subject."""
    if names >= {"cohort", "min_weight"}:
        return [{"cohort": "patients"}]
    if names == {"cohort", "modality"}:
        return [{"cohort": "twice"}, {"cohort": "patients"}]
    if "package" in names:
        return [{"package": "torch", "version": "2.2.0"}]
    if "condition" in names:
        return [{"condition": c} for c in CONDITIONS.get(subject or "", ["face"])]
    if "region" in names:
        return [{"region": r} for r in REGIONS.get(subject or "", ["Fz"])]
    if "source" in names:
        known = [pair for pairs in ENDS.values() for pair in pairs]
        chosen = ENDS.get(subject, known[:1]) if subject else known
        return [{"source": a, "target": b} for a, b in chosen]
    return [{}]


@pytest.fixture(scope="module")
def pair(
    opened: Callable[[str, Sequence[Entry]], atlasdb.Atlas],
) -> tuple[atlasdb.Atlas, atlasdb.Atlas]:
    """One study on both stores."""
    entries = [*small_study.entries(), *small_study.two_sessions()]
    entries += [*tied_study.entries(), *cohort_study.entries()]
    both = opened("embedded", entries), opened("neo4j", entries)
    for atlas in both:
        cohort_study.ask_everything(atlas)
    return both


@pytest.mark.parametrize("name", catalog.names())
def test_both_stores_give_identical_frames(
    name: str, pair: tuple[atlasdb.Atlas, atlasdb.Atlas]
) -> None:
    query = catalog.load(name)
    server = pair[1].store
    exact = catalog.load(name, server.dialect, server.has).needs is None
    searched = name == "communities" and not exact
    most = 0
    for parameters in ways(query):
        one, other = (answer(atlas, name, parameters) for atlas in pair)
        if isinstance(one, str) or isinstance(other, str):
            assert one == other
            continue
        if name in ("contrasts", "differences"):  # made at different times
            one, other = (
                f.drop(columns="started", errors="ignore") for f in (one, other)
            )
        if searched:
            assert_as_good(one, other)
        else:
            pd.testing.assert_frame_equal(one, other, check_exact=exact)
        most = max(most, len(one))
    assert most > 0


def assert_as_good(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Compare what two searches found: of groupings the best is not always found."""
    assert list(one.columns) == list(other.columns)
    assert one.dtypes.tolist() == other.dtypes.tolist()
    assert len(one) == len(other)
    assert (other["modularity"].to_numpy() > one["modularity"].to_numpy() - 0.02).all()


def answer(
    atlas: atlasdb.Atlas, name: str, parameters: dict[str, Any]
) -> pd.DataFrame | str:
    """Give the answer, or the line that says why there is none."""
    try:
        return atlas.query(name, **parameters)
    except atlasdb.AtlasError as error:
        return str(error)
