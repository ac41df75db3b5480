"""Graph measures give the numbers of networkx and the Brain Connectivity Toolbox."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from analysis.random_networks import FEW, FEWER, array, graph, matrices
from atlasdb.analysis import communities as groups
from atlasdb.analysis import distances, motifs
from atlasdb.analysis.centrality import scores
from atlasdb.analysis.nulls import nulls
from atlasdb.analysis.richclub import rich_club

Matrix = NDArray[np.float64]


@pytest.fixture(scope="module")
def bct() -> Any:
    """The Brain Connectivity Toolbox in Python, of the extra ``test``."""
    return pytest.importorskip("bct", reason="bctpy is not installed")


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    """Let the toolbox divide by zero: it means to."""
    with np.errstate(all="ignore"):
        yield


def lengths(weights: Matrix) -> Matrix:
    return np.divide(1, weights, out=np.zeros_like(weights), where=weights > 0)


@FEW
@given(matrices())
def test_pagerank_is_that_of_both(bct: Any, weights: Matrix) -> None:
    ours = scores(array(weights))
    theirs = nx.pagerank(graph(weights), tol=1e-13, max_iter=1000)
    assert_allclose(ours, list(theirs.values()), atol=1e-9)
    # The toolbox divides columns by their sums: its matrices are the other way round.
    assert_allclose(ours, bct.pagerank_centrality(weights.T, 0.85).ravel(), atol=1e-9)


@FEW
@given(matrices())
def test_personalised_pagerank_is_that_of_both(bct: Any, weights: Matrix) -> None:
    personal = np.zeros(len(weights))
    personal[:2] = 1, 3
    ours = scores(array(weights), personal=personal)
    mapping = dict(enumerate(personal))
    theirs = nx.pagerank(
        graph(weights), personalization=mapping, tol=1e-13, max_iter=1000
    )
    assert_allclose(ours, list(theirs.values()), atol=1e-9)
    toolbox = bct.pagerank_centrality(weights.T, 0.85, falff=personal)
    assert_allclose(ours, toolbox.ravel(), atol=1e-9)


@FEW
@given(weights=matrices())
def test_betweenness_is_that_of_both(
    bct: Any, either_engine: str, weights: Matrix
) -> None:
    ours = distances.betweenness(array(weights))
    theirs = nx.betweenness_centrality(graph(weights), weight="cost")
    assert_allclose(ours, list(theirs.values()), atol=1e-12)
    n = len(weights)
    counts = bct.betweenness_wei(lengths(weights))
    assert_allclose(ours * (n - 1) * (n - 2), counts, atol=1e-9)


@FEW
@given(matrices())
def test_closeness_is_that_of_networkx_both_ways(weights: Matrix) -> None:
    incoming, outgoing = distances.closeness(array(weights))
    for ours, directed in (
        (incoming, graph(weights)),
        (outgoing, graph(weights).reverse()),
    ):
        theirs = nx.closeness_centrality(directed, distance="cost")
        assert_allclose(ours, list(theirs.values()), rtol=1e-9)


@FEW
@given(matrices())
def test_efficiency_is_that_of_the_toolbox(bct: Any, weights: Matrix) -> None:
    whole = distances.global_efficiency(array(weights))
    assert_allclose(whole, bct.efficiency_wei(weights))
    local = distances.local_efficiency(array(weights))
    assert_allclose(local, bct.efficiency_wei(weights, local=True), atol=1e-12)


@FEW
@given(matrices())
def test_clustering_is_that_of_both(bct: Any, weights: Matrix) -> None:
    ours = motifs.clustering(array(weights))
    theirs = nx.clustering(graph(weights), weight="weight")
    assert_allclose(ours, list(theirs.values()), atol=1e-12)
    toolbox = bct.clustering_coef_wd(weights / weights.max())
    assert_allclose(ours, toolbox, atol=1e-12)


@FEW
@given(matrices())
def test_reciprocity_is_that_of_networkx_and_its_definition(weights: Matrix) -> None:
    binary, weighted = motifs.reciprocity(array(weights))
    assert binary == pytest.approx(nx.overall_reciprocity(graph(weights)))
    returned = np.minimum(weights, weights.T).sum() / weights.sum()
    assert weighted == pytest.approx(returned)


@pytest.mark.parametrize("dense", [2000, 2])
@FEW
@given(weights=matrices())
def test_the_triad_census_is_that_of_networkx(dense: int, weights: Matrix) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(motifs, "DENSE", dense)
        patch.setattr(motifs, "WORK", 20)
        census = motifs.triads(array(weights))
        sparse_clustering = motifs.clustering(array(weights))
        sparse_loops = motifs.feed_forward(array(weights))
    assert census == nx.triadic_census(graph(weights))
    assert_allclose(sparse_clustering, motifs.clustering(array(weights)), atol=1e-12)
    assert_allclose(sparse_loops, motifs.feed_forward(array(weights)))


@FEW
@given(matrices())
def test_feed_forward_loops_are_those_one_finds_by_looking(weights: Matrix) -> None:
    counts = np.zeros((3, len(weights)))
    for i, j, k in permutations(range(len(weights)), 3):
        if weights[i, j] and weights[j, k] and weights[i, k]:
            counts[[0, 1, 2], [i, j, k]] += 1
    assert_allclose(motifs.feed_forward(array(weights)), counts)


@FEW
@given(weights=matrices())
def test_communities_have_the_modularity_that_networkx_gives_them(
    either_engine: str, weights: Matrix
) -> None:
    found = groups.communities(array(weights), n_runs=3)
    members = [
        set(np.flatnonzero(found.membership == number))
        for number in np.unique(found.membership)
    ]
    theirs = nx.community.modularity(graph(weights), members)
    assert found.modularity == pytest.approx(theirs, abs=1e-12)
    assert found.method == {"igraph": "leiden", "networkx": "louvain"}[either_engine]
    sizes = [len(m) for m in members]
    assert sizes == sorted(sizes, reverse=True)


def test_planted_communities_are_found_and_every_run_agrees(
    either_engine: str,
) -> None:
    rng = np.random.default_rng(0)
    block = np.repeat([0, 1, 2], 10)
    weights = rng.random((30, 30)) * np.where(block[:, None] == block, 1.0, 0.05)
    np.fill_diagonal(weights, 0)
    found = groups.communities(array(weights))
    assert groups.adjusted_rand(found.membership, block) == 1
    assert found.stability == 1
    again = groups.communities(array(weights))
    np.testing.assert_array_equal(found.membership, again.membership)


def test_communities_of_a_network_without_any_are_not_stable(
    either_engine: str,
) -> None:
    weights = np.random.default_rng(1).random((40, 40))
    np.fill_diagonal(weights, 0)
    assert groups.communities(array(weights)).stability < 0.9


@FEW
@given(matrices())
def test_participation_is_that_of_the_toolbox(bct: Any, weights: Matrix) -> None:
    member = np.arange(len(weights)) % 3 + 1
    outgoing, incoming = groups.participation(array(weights), member)
    for ours, degree in ((outgoing, "out"), (incoming, "in")):
        theirs = bct.participation_coef(weights, member, degree)
        assert_allclose(ours, theirs, atol=1e-12)


@FEW
@given(matrices())
def test_modularity_is_that_of_the_toolbox(bct: Any, weights: Matrix) -> None:
    member = np.arange(len(weights)) % 3 + 1
    _, reached = bct.modularity_dir(weights, kci=member)
    ours = groups.modularity(array(weights), member)
    assert ours == pytest.approx(reached, abs=1e-9)


@FEWER
@given(matrices())
def test_the_rich_club_coefficient_is_that_of_the_toolbox(
    bct: Any, weights: Matrix
) -> None:
    table = rich_club(array(weights), n_nulls=2)
    theirs = bct.rich_club_wd(weights)[table["degree"] - 1]
    known = np.isfinite(theirs)  # it gives no number for the whole network
    assert_allclose(table["coefficient"][known], theirs[known])
    assert_allclose(table["coefficient"][~known], 1)


@FEWER
@given(matrices())
def test_random_networks_keep_degrees_weights_and_what_is_sent(
    weights: Matrix,
) -> None:
    for null in nulls(array(weights), 3, seed=0):
        found = null.toarray()
        for axis in (0, 1):
            assert_allclose((found > 0).sum(axis), (weights > 0).sum(axis))
        assert_allclose(np.sort(found[found > 0]), np.sort(weights[weights > 0]))
        assert_allclose(found.sum(axis=1), weights.sum(axis=1))
        assert not found.diagonal().any()


def test_random_networks_forget_which_pairs_were_connected() -> None:
    rng = np.random.default_rng(0)
    weights = np.where(rng.random((60, 60)) < 0.2, rng.random((60, 60)), 0)
    np.fill_diagonal(weights, 0)
    (null,) = nulls(array(weights), 1, seed=0)
    kept = ((null.toarray() > 0) & (weights > 0)).sum() / (weights > 0).sum()
    assert kept == pytest.approx(0.2, abs=0.05)  # as chance would have it


def test_every_network_of_the_same_degrees_is_equally_likely() -> None:
    ring = np.roll(np.eye(4), 1, axis=1)  # 9 ways to send 4 nodes to one another
    seen: dict[bytes, int] = {}
    n = 450
    for null in nulls(array(ring), n, seed=0):
        key = null.toarray().tobytes()
        seen[key] = seen.get(key, 0) + 1
    assert len(seen) == 9
    assert max(seen.values()) < 1.5 * n / 9
    assert min(seen.values()) > 0.5 * n / 9


def test_a_planted_rich_club_is_found_and_none_where_there_is_none() -> None:
    rng = np.random.default_rng(0)
    n = 60
    hub = np.arange(n) < 10
    chance = np.where(hub[:, None] | hub, 0.5, 0.1)
    weights = np.where(rng.random((n, n)) < chance, rng.random((n, n)), 0)
    np.fill_diagonal(weights, 0)
    plain = rich_club(array(weights), n_nulls=50)
    weights[np.ix_(hub, hub)] *= 5
    rich = rich_club(array(weights), n_nulls=50)
    club = rich["n_nodes"].between(5, 10)
    assert club.any()
    assert (rich["p"][club] < 0.05).all()
    assert (rich["ratio"][club] > 1).all()
    assert (plain["p"][plain["n_nodes"].between(5, 10)] > 0.05).mean() > 0.7
