"""Graph measures agree with networkx on random directed weighted graphs."""

from __future__ import annotations

from random import Random

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlasdb import handover
from atlasdb.analysis.centrality import hubs, pagerank
from atlasdb.analysis.paths import shortest_path
from atlasdb.analysis.tables import in_cohorts, strongest
from atlasdb.errors import InvalidDataError, NotFoundError

FEW = settings(max_examples=40)


@st.composite
def edges(draw: st.DrawFn) -> pd.DataFrame:
    """Draw the rows of one connectome: no self-loops, one edge a pair."""
    n = draw(st.integers(2, 12))
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, unique=True))
    weight = [draw(st.floats(0.01, 100)) for _ in chosen]
    return frame(
        [(f"n{i}", f"n{j}", w) for (i, j), w in zip(chosen, weight, strict=True)]
    )


def frame(rows: list[tuple[str, str, float]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["source", "target", "weight"])
    return table.assign(
        connectome="g",
        source_name=table["source"],
        target_name=table["target"],
        cost=1 / table["weight"],
    )


def graph(rows: pd.DataFrame) -> nx.DiGraph:
    return nx.from_pandas_edgelist(
        rows, edge_attr=["weight", "cost"], create_using=nx.DiGraph
    )


@FEW
@given(edges(), st.floats(0.1, 0.95))
def test_pagerank_is_that_of_networkx(rows: pd.DataFrame, alpha: float) -> None:
    ours = pagerank(rows, alpha=alpha, limit=100).set_index("id")["score"]
    theirs = nx.pagerank(graph(rows), alpha=alpha, tol=1e-12, max_iter=1000)
    for node, score in theirs.items():
        assert ours[node] == pytest.approx(score, abs=1e-9)
    assert ours.sum() == pytest.approx(1)


@FEW
@given(edges(), st.data())
def test_the_shortest_path_is_as_short_as_that_of_networkx(
    rows: pd.DataFrame, data: st.DataObject
) -> None:
    whole = graph(rows)
    source = data.draw(st.sampled_from(sorted(whole)))
    target = data.draw(st.sampled_from(sorted(set(whole) - {source})))
    path = shortest_path(rows, source=source, target=target)
    if not nx.has_path(whole, source, target):
        assert path.empty
        return
    cost = nx.dijkstra_path_length(whole, source, target, weight="cost")
    assert path["total_cost"].iloc[-1] == pytest.approx(cost)
    assert path["source"].iloc[0] == source
    assert path["target"].iloc[-1] == target
    assert list(path["source"][1:]) == list(path["target"][:-1])


@FEW
@given(edges())
def test_strength_is_what_is_sent_and_received(rows: pd.DataFrame) -> None:
    ranked = hubs(rows, limit=100).set_index("id")
    whole = graph(rows)
    for node in whole:
        sent = whole.out_degree(node, weight="weight")
        assert ranked.loc[node, "out_strength"] == pytest.approx(sent)
        assert ranked.loc[node, "in_degree"] == whole.in_degree(node)
    assert list(ranked["strength"]) == sorted(ranked["strength"], reverse=True)


@FEW
@given(edges())
def test_turning_every_edge_round_swaps_what_is_sent_and_received(
    rows: pd.DataFrame,
) -> None:
    turned = rows.rename(
        columns={
            "source": "target",
            "target": "source",
            "source_name": "target_name",
            "target_name": "source_name",
        }
    )
    first = hubs(rows, limit=100).set_index("id")
    second = hubs(turned, limit=100).set_index("id").loc[first.index]
    np.testing.assert_allclose(first["in_strength"], second["out_strength"])


def test_rows_of_two_connectomes_are_refused() -> None:
    rows = pd.concat(
        [frame([("a", "b", 1.0)]), frame([("a", "b", 1.0)]).assign(connectome="h")]
    )
    for function in (pagerank, hubs):
        with pytest.raises(InvalidDataError, match="--modality"):
            function(rows)


def test_a_connectome_without_edges_is_not_passed_over() -> None:
    other = frame([("", "", 0.0)]).assign(connectome="h", cost=0.0)
    rows = pd.concat([frame([("a", "b", 1.0)]), other])
    with pytest.raises(InvalidDataError, match="g, h"):
        pagerank(rows)
    assert pagerank(rows[rows["connectome"] == "h"]).empty
    assert hubs(rows[rows["connectome"] == "h"]).empty


@FEW
@given(edges(), st.randoms())
def test_the_order_of_the_rows_does_not_matter_to_the_last_bit(
    rows: pd.DataFrame, random: Random
) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)
    for function in (pagerank, hubs):
        one, other = function(rows), function(rows.iloc[order])
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_ties_of_the_strongest_are_decided_by_names() -> None:
    rows = frame([("b", "c", 1.0), ("a", "c", 1.0), ("a", "b", 2.0)])
    found = strongest(rows, limit=2)
    assert list(zip(found["source"], found["target"], strict=True)) == [
        ("a", "b"),
        ("a", "c"),
    ]


def test_a_mean_over_people_takes_every_estimate_and_counts_them() -> None:
    rows = pd.DataFrame(
        {
            "cohort": ["x"] * 4,
            "modality": ["eeg"] * 4,
            "parcellation": ["cap"] * 4,
            "connectome": ["a", "b", "c", "d"],
            "weight": [0.1, 0.2, 0.6, None],
            "supported": [False, False, True, None],
        }
    )
    row = in_cohorts(rows).loc[0]
    assert (row["n_total"], row["n_present"], row["n_supported"]) == (4, 3, 1)
    assert row["mean_weight"] == pytest.approx(0.3)
    assert row["sd_weight"] == pytest.approx(np.std([0.1, 0.2, 0.6], ddof=1))


def test_a_name_that_two_neurons_share_needs_an_id() -> None:
    rows = frame([("a1", "b", 1.0), ("a2", "b", 1.0)])
    rows["source_name"] = "A"
    with pytest.raises(InvalidDataError, match="a1, a2"):
        shortest_path(rows, source="A", target="b")
    assert len(shortest_path(rows, source="a1", target="b")) == 1


@pytest.mark.parametrize("alpha", [-0.1, 1.0, 2.0])
def test_a_damping_factor_out_of_range_is_refused(alpha: float) -> None:
    with pytest.raises(InvalidDataError, match="alpha"):
        pagerank(frame([("a", "b", 1.0)]), alpha=alpha)


def test_an_unknown_analysis_is_refused() -> None:
    with pytest.raises(NotFoundError, match="pagerank"):
        handover.then("page_rank", frame([("a", "b", 1.0)]), {})
