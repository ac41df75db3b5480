"""What Neo4j's own algorithms (GDS) answer is what the portable queries answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import pytest

import atlasdb
import grouped_study
import small_study
import tied_study
from atlasdb import catalog
from atlasdb.analysis.communities import adjusted_rand
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
CLEAR = [
    {"subject": "clear-cells"},
    {"subject": "clear-areas", "supported": False},
    {"subject": "clear-areas", "seed": 2**53},
    {"subject": "clear-cells", "seed": -1, "resolution": 0.5},
    {"subject": "clear-cells", "resolution": 1e6},  # each on its own
    {"subject": "p1", "modality": "em"},  # has none
    {"subject": "clear-areas", "limit": 5},
]
FAINT = [
    {"subject": "faint"},
    {"subject": "faint", "resolution": 2.0, "seed": 3},
    {"subject": "none"},
    {"subject": "none", "resolution": 2.0},
    {"subject": "one", "modality": "fmri"},
    {"subject": "fly"},
]


@pytest.fixture(scope="module")
def pair(opened: Opened) -> tuple[atlasdb.Atlas, atlasdb.Atlas]:
    """One study in a folder, and on a server that has GDS."""
    entries = [*small_study.entries(), *tied_study.entries()]
    entries += grouped_study.entries()
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


@pytest.mark.parametrize("asked", CLEAR, ids=str)
def test_clear_communities_are_the_same(
    asked: dict[str, object], pair: tuple[atlasdb.Atlas, atlasdb.Atlas]
) -> None:
    portable, inside = (atlas.query("communities", **asked) for atlas in pair)
    same = ["name", "community", "modularity", "id"]
    pd.testing.assert_frame_equal(portable[same], inside[same], check_exact=False)
    assert list(inside.columns) == list(portable.columns)
    assert set(inside["method"]) <= {"leiden (gds)"}


@pytest.mark.parametrize("asked", FAINT, ids=str)
def test_faint_communities_are_as_good(
    asked: dict[str, object], pair: tuple[atlasdb.Atlas, atlasdb.Atlas]
) -> None:
    portable, inside = (atlas.query("communities", **asked) for atlas in pair)
    assert sorted(portable["id"]) == sorted(inside["id"])
    assert inside["modularity"].iloc[0] > portable["modularity"].iloc[0] - 0.02
    sizes = inside["community"].value_counts(sort=False)
    assert sizes.is_monotonic_decreasing
    assert sizes.index.tolist() == list(range(1, len(sizes) + 1))


def test_runs_inside_the_server_differ_where_communities_are_not_clear(
    pair: tuple[atlasdb.Atlas, atlasdb.Atlas],
) -> None:
    portable, inside = (atlas.query("communities", subject="none") for atlas in pair)
    assert inside["stability"].iloc[0] < 0.9
    assert abs(inside["stability"].iloc[0] - portable["stability"].iloc[0]) < 0.3


def test_the_seed_decides_what_the_server_finds(
    pair: tuple[atlasdb.Atlas, atlasdb.Atlas],
) -> None:
    _, server = pair
    first, again, other = (
        server.query("communities", subject="none", seed=seed) for seed in (1, 1, 100)
    )
    pd.testing.assert_frame_equal(first, again, check_exact=False)
    both = first.merge(other, on="id")
    assert adjusted_rand(*(both[f"community_{s}"].to_numpy() for s in "xy")) < 1


@pytest.mark.parametrize(
    ("name", "procedure"),
    [("pagerank", "gds.pageRank"), ("communities", "gds.leiden")],
)
def test_it_is_the_server_that_computes(
    name: str, procedure: str, pair: tuple[atlasdb.Atlas, atlasdb.Atlas]
) -> None:
    _, server = pair
    query = catalog.load(name, server.store.dialect, server.store.has)
    assert query.needs == "gds"
    assert procedure in query.text
    portable = catalog.load(name, server.store.dialect, lambda _: False)
    assert portable.needs is None
    promised = [(c.name, c.kind) for c in portable.columns]
    assert [(c.name, c.kind) for c in query.columns] == promised
    assert query.parameters == portable.parameters


@pytest.mark.parametrize("name", ["pagerank", "communities"])
def test_of_several_connectomes_neither_makes_a_mixture(
    name: str, pair: tuple[atlasdb.Atlas, atlasdb.Atlas]
) -> None:
    said = []
    for atlas in pair:
        with pytest.raises(atlasdb.InvalidDataError, match="--connectome") as error:
            atlas.query(name, subject="p1")
        said.append(str(error.value))
    assert said[0] == said[1]


def test_a_damping_factor_out_of_range_is_refused_alike(
    pair: tuple[atlasdb.Atlas, atlasdb.Atlas],
) -> None:
    for atlas in pair:
        with pytest.raises(atlasdb.InvalidDataError, match="alpha must be"):
            atlas.query("pagerank", subject="fly", alpha=1.0)


@pytest.mark.parametrize("resolution", [0.0, -1.0])
@pytest.mark.parametrize("subject", ["fly", "p1"])
def test_a_resolution_out_of_range_is_refused_alike(
    subject: str, resolution: float, pair: tuple[atlasdb.Atlas, atlasdb.Atlas]
) -> None:
    asked = {"subject": subject, "modality": "em", "resolution": resolution}
    for atlas in pair:
        with pytest.raises(atlasdb.InvalidDataError, match="resolution must be above"):
            atlas.query("communities", **asked)


@pytest.mark.parametrize("name", ["pagerank", "communities"])
def test_nothing_is_left_in_the_servers_memory(
    name: str, pair: tuple[atlasdb.Atlas, atlasdb.Atlas]
) -> None:
    _, server = pair
    server.query(name, subject="fly")
    with pytest.raises(atlasdb.InvalidDataError):
        server.query(name, subject="p1")
    left = server.store.read(
        "CALL gds.graph.list() YIELD graphName RETURN graphName", {}, trusted=True
    )
    assert left.num_rows == 0
