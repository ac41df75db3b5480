"""Measures as tables: their columns, the engine they name, what cannot be measured."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.random_networks import array, network
from atlasdb.analysis import frames, measures
from atlasdb.analysis.network import Network, checked
from atlasdb.errors import InvalidDataError, NotFoundError

RING = np.array(
    [
        [0.0, 2.0, 0.0, 0.0],
        [0.0, 0.0, 2.0, 0.0],
        [0.0, 0.0, 0.0, 2.0],
        [1.0, 0.0, 0.0, 0.0],
    ]
)
NEEDED = {"paths": {"source": "n0"}}


def measured(name: str, graph: Network) -> pd.DataFrame:
    return measures.compute(measures.measure(name), graph, NEEDED.get(name, {}))


@pytest.mark.parametrize("name", measures.MEASURES)
def test_every_measure_says_what_computed_it(name: str, either_engine: str) -> None:
    frame = measured(name, network(RING))
    assert len(frame) > 0
    used = frame.attrs["engine"].split()[0]
    assert used in ("scipy", either_engine)


@pytest.mark.parametrize("name", measures.MEASURES)
def test_what_is_kept_of_a_measure_is_in_its_table(name: str) -> None:
    which = measures.measure(name)
    frame = measured(name, network(RING))
    assert {*which.nodes, *which.values} <= set(frame.columns)
    for value in which.values:
        assert frame[value].nunique(dropna=False) == 1
    if which.nodes:
        assert len(frame) == 4
        assert frame["id"].is_unique


@pytest.mark.parametrize("name", measures.MEASURES)
@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (np.zeros((4, 4)), "no connections between these 4"),
        (np.zeros((1, 1)), "at least two nodes, and there is one"),
        (RING - 1, "are negative, the least -1"),
        (np.where(RING > 0, np.inf, 0), "4 of 4 weights are infinite or missing"),
        (RING + np.eye(4), "4 nodes are connected to themselves"),
    ],
    ids=["no edges", "one node", "negative", "infinite", "self-loops"],
)
def test_what_cannot_be_measured_is_one_line(
    name: str, weights: np.ndarray, said: str
) -> None:
    with pytest.raises(InvalidDataError, match=said) as error:
        measured(name, network(weights))
    assert "\n" not in str(error.value)


def test_weights_of_another_shape_are_refused() -> None:
    with pytest.raises(InvalidDataError, match=r"shape \(2, 3\)"):
        checked(array(np.ones((2, 3))))


def test_an_unknown_measure_or_option_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(NotFoundError, match="Did you mean 'betweenness'"):
        measures.measure("betweeness")
    with pytest.raises(InvalidDataError, match="Did you mean 'alpha'"):
        measures.compute(measures.measure("pagerank"), network(RING), {"alhpa": 1})
    with pytest.raises(NotFoundError, match="Did you mean"):
        frames.pagerank(network(RING), start=["n00"])


def test_rows_are_in_one_order_also_where_values_are_tied() -> None:
    ring = np.roll(np.eye(4), 1, axis=1)
    assert list(frames.pagerank(network(ring))["name"]) == ["n0", "n1", "n2", "n3"]


def test_a_personalised_pagerank_is_largest_near_where_walks_start() -> None:
    score = frames.pagerank(network(RING), start="n2").set_index("name")["pagerank"]
    assert score.idxmax() == "n2"
    assert score["n3"] > score["n0"] > score["n1"]
    assert score.sum() == pytest.approx(1)


def test_a_hub_is_among_the_first_by_all_four_measures() -> None:
    rng = np.random.default_rng(0)
    weights = np.where(rng.random((20, 20)) < 0.1, rng.random((20, 20)), 0)
    weights[0], weights[:, 0] = 2.0, 2.0
    np.fill_diagonal(weights, 0)
    top = frames.hubs(network(weights)).iloc[0]
    assert (top["name"], top["n_top"]) == ("n0", 4)


def test_loops_that_are_planted_stand_out_from_chance() -> None:
    weights = np.zeros((30, 30))
    for i in range(0, 30, 3):
        weights[i, i + 1] = weights[i + 1, i + 2] = weights[i, i + 2] = 1.0
    found = frames.triads(network(weights), n_nulls=30).set_index("triad")
    assert found.loc["030T", "count"] == 10
    assert found.loc["030T", "z"] > 5
    assert found["count"].sum() == 30 * 29 * 28 / 6
    again = frames.triads(network(weights), n_nulls=30).set_index("triad")
    pd.testing.assert_frame_equal(found, again)
