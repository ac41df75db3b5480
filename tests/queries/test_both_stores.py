"""Both stores give one answer to every named question, also where much is tied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import pytest

import atlasdb
import small_study
import tied_study
from atlasdb import catalog
from atlasdb.types import Entry

pytestmark = pytest.mark.neo4j
PEOPLE = ("p1", "one", "two", "fly", "worm")
OTHERS: dict[str, list[dict[str, Any]]] = {
    "condition": [{"condition": "face"}, {"condition": "target"}],
    "region": [{"region": name} for name in ("twin", "A", "Fz", "area 2")],
    "source": [
        {"source": "area 0", "target": "area 5"},
        {"source": "Fz", "target": "Pz"},
        {"source": "B", "target": "D"},
        {"source": "Frontal_L", "target": "Vermis"},
    ],
    "package": [{"package": "torch", "version": "2.2.0"}],
}


def ways(query: catalog.Query) -> list[dict[str, Any]]:
    """Give many ways to ask one question."""
    names = {p.name for p in query.parameters}
    asked: list[dict[str, Any]] = [{}]
    if "subject" in names:
        asked = [{"subject": name} for name in PEOPLE]
        needed = next(p for p in query.parameters if p.name == "subject").required
        asked += [] if needed else [{}]
    for name, values in OTHERS.items():
        if name in names:
            asked = [a | v for a in asked for v in values]
    for name in {"supported", "current", "significant"} & names:
        asked = [a | {name: v} for a in asked for v in (True, False)]
    if query.name == "same-direction":
        asked = [a | {"first": "fmri", "second": "dwi"} for a in asked]
        asked = [a | {"min_direction": 0.0} for a in asked]
    if "limit" in names:
        asked = [a | {"limit": n} for a in asked for n in (3, 1000)]
    if query.then in ("pagerank", "hubs", "shortest_path"):
        asked = [a | {"modality": m} for a in asked for m in ("fmri", "em", "eeg")]
    return asked


@pytest.fixture(scope="module")
def pair(
    opened: Callable[[str, Sequence[Entry]], atlasdb.Atlas],
) -> tuple[atlasdb.Atlas, atlasdb.Atlas]:
    """One study on both stores."""
    entries = [*small_study.entries(), *tied_study.entries()]
    both = opened("embedded", entries), opened("neo4j", entries)
    for atlas in both:
        atlas.compare("patients", "controls", modality="eeg")
    return both


@pytest.mark.parametrize("name", catalog.names())
def test_both_stores_give_identical_frames(
    name: str, pair: tuple[atlasdb.Atlas, atlasdb.Atlas]
) -> None:
    query = catalog.load(name)
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
        pd.testing.assert_frame_equal(one, other, check_exact=True)
        most = max(most, len(one))
    assert most > 0


def answer(
    atlas: atlasdb.Atlas, name: str, parameters: dict[str, Any]
) -> pd.DataFrame | str:
    """Give the answer, or the line that says why there is none."""
    try:
        return atlas.query(name, **parameters)
    except atlasdb.AtlasError as error:
        return str(error)
