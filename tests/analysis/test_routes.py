"""Several paths between two nodes: shortest by cost, strongest by input shares."""

from __future__ import annotations

import math
from itertools import islice, pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.random_networks import FEW, graph, matrices, network
from atlasdb.analysis.routes import reach, routes
from atlasdb.errors import InvalidDataError, NotFoundError

Matrix = NDArray[np.float64]


@FEW
@given(weights=matrices(), data=st.data())
def test_the_shortest_paths_are_those_of_networkx(
    either_engine: str, weights: Matrix, data: st.DataObject
) -> None:
    whole = graph(weights)
    last = data.draw(st.integers(1, len(weights) - 1))
    found = routes(network(weights), source="n0", target=f"n{last}", k=4)
    theirs = []
    if nx.has_path(whole, 0, last):
        paths = nx.shortest_simple_paths(whole, 0, last, weight="cost")
        theirs = [nx.path_weight(whole, p, "cost") for p in islice(paths, 4)]
    np.testing.assert_allclose(found.groupby("path")["total_cost"].last(), theirs)


@FEW
@given(weights=matrices())
def test_the_strongest_paths_have_the_largest_products_of_shares(
    either_engine: str, weights: Matrix
) -> None:
    received = weights.sum(axis=0)
    shares = np.divide(weights, received, out=0 * weights, where=received > 0)
    best = sorted(
        (
            math.prod(shares[i, j] for i, j in pairwise(path))
            for path in nx.all_simple_paths(graph(weights), 0, 1, cutoff=None)
        )
        if len(weights) <= 6
        else [],
        reverse=True,
    )[:3]
    found = routes(network(weights), source="n0", target="n1", k=3, by="share")
    strength = found.groupby("path")["strength"].last()
    assert list(strength) == sorted(strength, reverse=True)
    if best:
        np.testing.assert_allclose(strength, best)


@FEW
@given(matrices())
def test_every_node_in_reach_is_as_far_as_networkx_says(weights: Matrix) -> None:
    found = reach(network(weights), source="n0").set_index("target")
    theirs = nx.single_source_dijkstra_path_length(graph(weights), 0, weight="cost")
    del theirs[0]
    assert set(found.index) == {f"n{i}" for i in theirs}
    for node, cost in theirs.items():
        assert found.loc[f"n{node}", "total_cost"] == pytest.approx(cost)
    assert found["total_cost"].is_monotonic_increasing
    for _, row in found.iterrows():
        before = 0 if row["before"] == "n0" else found.loc[row["before"], "steps"]
        assert row["steps"] == before + 1


def test_a_path_that_is_not_there_is_no_row(either_engine: str) -> None:
    weights = np.array([[0.0, 1.0], [0.0, 0.0]])
    assert routes(network(weights), source="n1", target="n0").empty
    assert reach(network(weights), source="n1").empty


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"target": "n0"}, "same node"),
        ({"target": "n1", "k": 0}, "k must be at least 1"),
        ({"target": "n1", "by": "luck"}, "'cost' or 'share'"),
    ],
)
def test_what_cannot_be_asked_of_paths_is_one_line(
    asked: dict[str, Any], said: str
) -> None:
    weights = np.array([[0.0, 1.0], [0.0, 0.0]])
    with pytest.raises(InvalidDataError, match=said):
        routes(network(weights), source="n0", **asked)


def test_an_unknown_region_is_answered_with_the_nearest_name() -> None:
    weights = np.array([[0.0, 1.0], [0.0, 0.0]])
    with pytest.raises(NotFoundError, match="Did you mean 'n1'"):
        routes(network(weights), source="n0", target="nn1")
