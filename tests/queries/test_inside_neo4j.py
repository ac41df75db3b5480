"""What Neo4j's own algorithms (GDS) answer is what the portable queries answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import pytest

import atlasdb
import small_study
import tied_study
from atlasdb import catalog
from atlasdb.types import Entry

pytestmark = pytest.mark.neo4j
Opened = Callable[[str, Sequence[Entry]], atlasdb.Atlas]
ASKED = [
    {"subject": "p1", "modality": "eeg"},
    {"subject": "p1", "modality": "fmri", "alpha": 0.5},
    {"subject": "p1", "modality": "fmri", "supported": False},
    {"subject": "p1", "modality": "em"},
    {"subject": "one", "modality": "fmri"},
    {"subject": "fly"},
    {"subject": "worm", "alpha": 0.0},
    {"subject": "worm", "limit": 2},
]


@pytest.fixture(scope="module")
def pair(opened: Opened) -> tuple[atlasdb.Atlas, atlasdb.Atlas]:
    """One study in a folder, and on a server that has GDS."""
    entries = [*small_study.entries(), *tied_study.entries()]
    server = opened("neo4j", entries)
    if not server.store.has("gds"):
        pytest.skip("the Neo4j server has no GDS")
    return opened("embedded", entries), server


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_pagerank_is_the_same(
    asked: dict[str, object], pair: tuple[atlasdb.Atlas, atlasdb.Atlas]
) -> None:
    portable, inside = (atlas.query("pagerank", **asked) for atlas in pair)
    pd.testing.assert_frame_equal(portable, inside, check_exact=False, atol=1e-6)


def test_it_is_the_server_that_computes(
    pair: tuple[atlasdb.Atlas, atlasdb.Atlas],
) -> None:
    _, server = pair
    query = catalog.load("pagerank", server.store.dialect, server.store.has)
    assert query.needs == "gds"
    assert "gds.pageRank" in query.text
    assert catalog.load("pagerank", server.store.dialect, lambda _: False).needs is None


def test_of_several_connectomes_neither_makes_a_mixture(
    pair: tuple[atlasdb.Atlas, atlasdb.Atlas],
) -> None:
    said = []
    for atlas in pair:
        with pytest.raises(atlasdb.InvalidDataError, match="--connectome") as error:
            atlas.query("pagerank", subject="p1")
        said.append(str(error.value))
    assert said[0] == said[1]


def test_a_damping_factor_out_of_range_is_refused_alike(
    pair: tuple[atlasdb.Atlas, atlasdb.Atlas],
) -> None:
    for atlas in pair:
        with pytest.raises(atlasdb.InvalidDataError, match="alpha must be"):
            atlas.query("pagerank", subject="fly", alpha=1.0)


def test_nothing_is_left_in_the_servers_memory(
    pair: tuple[atlasdb.Atlas, atlasdb.Atlas],
) -> None:
    _, server = pair
    server.query("pagerank", subject="fly")
    left = server.store.read(
        "CALL gds.graph.list() YIELD graphName RETURN graphName", {}, trusted=True
    )
    assert left.num_rows == 0
