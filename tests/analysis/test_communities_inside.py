"""Of the groupings that a database has found the best by its directions is kept."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.random_networks import FEW, graph, matrices
from atlasdb.analysis.communities import adjusted_rand
from atlasdb.analysis.questions import communities_inside
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray


def rows(weights: FloatArray, found: NDArray[np.int64], key: str = "g") -> pd.DataFrame:
    """Give what a database answers about groupings ``found[run, node]``."""
    n = len(weights)
    runs = [
        pd.DataFrame(
            {
                "connectome": key,
                "run": run,
                "id": [f"{key}/{i:02d}" for i in range(n)],
                "name": [f"n{i}" for i in range(n)],
                "community": one,
                "sent": weights.sum(axis=1),
                "received": weights.sum(axis=0),
                "within": (weights * (one[:, None] == one)).sum(axis=1),
            }
        )
        for run, one in enumerate(found)
    ]
    asked = runs[0].head(1).assign(id="", name="", community=0, sent=0.0)
    everything = pd.concat([*runs, asked])
    return everything.sample(frac=1, random_state=0, ignore_index=True)


@FEW
@given(matrices(), st.integers(0, 2**32), st.sampled_from([0.5, 1.0, 2.0]))
def test_the_best_is_kept_with_its_directed_modularity(
    weights: FloatArray, seed: int, resolution: float
) -> None:
    found = np.random.default_rng(seed).integers(0, 4, (5, len(weights)))

    def quality(one: NDArray[np.int64]) -> float:
        groups = [set(np.flatnonzero(one == k).tolist()) for k in np.unique(one)]
        return float(
            nx.community.modularity(graph(weights), groups, resolution=resolution)
        )

    answer = communities_inside(rows(weights, found), resolution=resolution)
    kept = answer.sort_values("id")["community"].to_numpy()
    assert answer["modularity"].iloc[0] == pytest.approx(quality(kept))
    assert quality(kept) == pytest.approx(max(quality(one) for one in found))
    pairs = [adjusted_rand(found[i], found[j]) for i in range(5) for j in range(i)]
    assert answer["stability"].iloc[0] == pytest.approx(np.mean(pairs))


def test_communities_are_numbered_from_the_largest() -> None:
    weights = np.ones((5, 5)) - np.eye(5)
    answer = communities_inside(rows(weights, np.array([[7, 7, 3, 3, 3]])))
    assert answer["community"].tolist() == [1, 1, 1, 2, 2]
    assert answer["name"].tolist() == ["n2", "n3", "n4", "n0", "n1"]
    assert set(answer["method"]) == {"leiden (gds)"}


def test_a_connectome_without_connections_has_no_communities() -> None:
    one = rows(np.ones((2, 2)), np.array([[0, 1]]))
    answer = communities_inside(one[one["id"] == ""])
    assert answer.empty
    assert answer.columns[0] == "name"


def test_rows_of_two_connectomes_are_refused() -> None:
    both = [rows(np.ones((2, 2)), np.array([[0, 1]]), key) for key in "ab"]
    with pytest.raises(InvalidDataError, match="2 connectomes fit"):
        communities_inside(pd.concat(both))


@pytest.mark.parametrize("resolution", [0.0, -1.0])
def test_a_resolution_out_of_range_is_refused(resolution: float) -> None:
    with pytest.raises(InvalidDataError, match="resolution must be above 0"):
        communities_inside(
            rows(np.ones((2, 2)), np.array([[0, 1]])), resolution=resolution
        )
