"""Communities: groups of nodes with more weight between them than chance would give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from atlasdb.analysis import engine
from atlasdb.analysis.network import Weights, checked, strengths
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray

Membership = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Partition:
    """The best partition of several runs, and how far the runs agree.

    Attributes
    ----------
    membership : ndarray of int, shape (n,)
        Community of each node, numbered from 1, the largest first.
    modularity : float
        Directed modularity of the partition.
    stability : float
        Mean adjusted Rand index between two runs: 1 when all found the same, 0 when
        they agree as chance would. NaN for one run.
    method : str
        "leiden" or "louvain".
    """

    membership: Membership
    modularity: float
    stability: float
    method: str


def communities(
    weights: Weights, *, resolution: float = 1.0, n_runs: int = 10, seed: int = 0
) -> Partition:
    """Find communities by directed modularity.

    Parameters
    ----------
    weights : sparse array, shape (n, n)
        ``[source, target]``.
    resolution : float, default=1
        Above 1 for smaller communities.
    n_runs : int, default=10
        Runs from different seeds; the partition of largest modularity is kept.
    seed : int, default=0
        Of the first run.

    Notes
    -----
    By the Leiden algorithm of igraph where it is installed, else by the Louvain
    algorithm of networkx.
    """
    if n_runs < 1:
        raise InvalidDataError(f"n_runs must be at least 1, not {n_runs}.")
    check_resolution(resolution)
    weights = checked(weights)
    seeds = range(seed, seed + n_runs)
    leiden = engine.igraph() is not None
    found = list((_leiden if leiden else _louvain)(weights, resolution, seeds))
    quality = [modularity(weights, one, resolution=resolution) for one in found]
    return best(found, quality, "leiden" if leiden else "louvain")


def check_resolution(resolution: float) -> None:
    """Refuse a resolution that is out of range."""
    if not (resolution > 0 and np.isfinite(resolution)):
        raise InvalidDataError(f"resolution must be above 0, not {resolution:g}.")


def best(
    found: Sequence[Membership], quality: Sequence[float], method: str
) -> Partition:
    """Keep the partition of largest modularity, the first of equals."""
    # Equal partitions differ in the last digits where sums were made in another order.
    first = int(np.argmax(np.round(quality, 12)))
    agreement = [adjusted_rand(a, b) for a, b in combinations(found, 2)]
    return Partition(
        membership=found[first],
        modularity=quality[first],
        stability=float(np.mean(agreement)) if agreement else float("nan"),
        method=method,
    )


def modularity(
    weights: Weights, membership: Membership, *, resolution: float = 1.0
) -> float:
    """Give the directed modularity of a partition.

    The share of weight within communities, less what it would be if nodes sent and
    received as much but to and from anybody.
    """
    edges = weights.tocoo()
    within = edges.data[membership[edges.row] == membership[edges.col]].sum()
    return modularity_of(within, *strengths(weights), membership, resolution=resolution)


def modularity_of(
    within: float,
    sent: FloatArray,
    received: FloatArray,
    membership: Membership,
    *,
    resolution: float = 1.0,
) -> float:
    """Give the directed modularity from the weight within communities.

    Parameters
    ----------
    within : float
        Sum of the weights that do not leave their community.
    sent, received : ndarray, shape (n,)
        Sums of each node's weights.
    membership : ndarray of int, shape (n,)
        At least 0.
    resolution : float, default=1
        As the partition was asked for.
    """
    total = sent.sum()
    by_sent = np.bincount(membership, sent)
    by_received = np.bincount(membership, received)
    return float(within / total - resolution * (by_sent @ by_received) / total**2)


def participation(
    weights: Weights, membership: Membership
) -> tuple[FloatArray, FloatArray]:
    """Give how evenly each node's weight is spread over the communities.

    Returns
    -------
    outgoing, incoming : ndarray, shape (n,)
        1 - the sum of squared shares of weight by community: 0 when all of it is with
        one community, or when there is none. As ``participation_coef`` of the Brain
        Connectivity Toolbox with degree "out" and "in".
    """
    weights = checked(weights)
    n = weights.shape[0]
    _, number = np.unique(membership, return_inverse=True)
    member = sparse.csr_array((np.ones(n), (np.arange(n), number)))
    outgoing, incoming = (
        _spread(sparse.csr_array(matrix @ member)) for matrix in (weights, weights.T)
    )
    return outgoing, incoming


def adjusted_rand(one: Membership, other: Membership) -> float:
    """Give the adjusted Rand index of two partitions: 1 when they are the same.

    Examples
    --------
    >>> adjusted_rand(np.array([1, 1, 2, 2]), np.array([5, 5, 3, 3]))
    1.0
    """
    n = len(one)
    _, a = np.unique(one, return_inverse=True)
    _, b = np.unique(other, return_inverse=True)
    _, cells = np.unique(a * (b.max() + 1) + b, return_counts=True)
    together, in_a, in_b = (
        float((c * (c - 1) / 2).sum()) for c in (cells, np.bincount(a), np.bincount(b))
    )
    chance = in_a * in_b / (n * (n - 1) / 2)
    most = (in_a + in_b) / 2
    return 1.0 if most == chance else (together - chance) / (most - chance)


def numbered(membership: NDArray[np.int64]) -> Membership:
    """Give communities numbers from 1, the largest first, then by first node."""
    _, first, number, size = np.unique(
        membership, return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.empty(len(size), dtype=np.int64)
    rank[np.lexsort((first, -size))] = np.arange(1, len(size) + 1)
    return rank[number]


def _spread(by_community: Weights) -> FloatArray:
    total = np.asarray(by_community.sum(axis=1)).ravel()
    squares = np.asarray((by_community * by_community).sum(axis=1)).ravel()
    spread = np.zeros(len(total))
    np.divide(squares, total**2, out=spread, where=total > 0)
    return np.where(total > 0, 1 - spread, 0.0)


def _leiden(weights: Weights, resolution: float, seeds: range) -> Iterator[Membership]:
    package = engine.igraph()
    assert package is not None
    graph, strong = engine.to_igraph(package, weights)
    sent, received = strengths(weights)
    for seed in seeds:
        with engine.seeded(package, seed):
            found = graph.community_leiden(
                objective_function="modularity",
                weights=strong,
                node_weights=sent.tolist(),
                node_in_weights=received.tolist(),
                resolution=resolution,
                n_iterations=-1,
            )
        yield numbered(np.array(found.membership))


def _louvain(weights: Weights, resolution: float, seeds: range) -> Iterator[Membership]:
    import networkx as nx

    graph = engine.to_networkx(weights)
    for seed in seeds:
        found = nx.community.louvain_communities(
            graph, weight="weight", resolution=resolution, seed=seed
        )
        membership = np.zeros(weights.shape[0], dtype=np.int64)
        for number, nodes in enumerate(found):
            membership[list(nodes)] = number
        yield numbered(membership)
