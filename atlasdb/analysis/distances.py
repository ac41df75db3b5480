"""Measures of distance: betweenness, closeness, efficiency.

The length of a connection is 1 / weight, that of a path the sum of its connections'.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csgraph

from atlasdb.analysis import engine
from atlasdb.analysis.network import Weights, checked, costs
from atlasdb.types import FloatArray

BLOCK = 8_000_000
"""So many distances are held at once."""


def betweenness(weights: Weights) -> FloatArray:
    """Give the share of shortest paths that lead through each node.

    Parameters
    ----------
    weights : sparse array, shape (n, n)
        ``[source, target]``.

    Returns
    -------
    ndarray, shape (n,)
        Between 0 and 1: of the (n - 1)(n - 2) ordered pairs of other nodes, as
        networkx has it. The Brain Connectivity Toolbox counts the pairs instead.

    Notes
    -----
    By igraph where it is installed, else by networkx.
    """
    weights = checked(weights)
    n = weights.shape[0]
    package = engine.igraph()
    if package is None:
        import networkx as nx

        graph = engine.to_networkx(weights)
        shares = nx.betweenness_centrality(graph, weight="cost")
        return np.array([shares[i] for i in range(n)], dtype=np.float64)
    graph, strong = engine.to_igraph(package, weights)
    counts = np.array(graph.betweenness(directed=True, weights=1 / strong))
    return counts / max((n - 1) * (n - 2), 1)


def closeness(weights: Weights) -> tuple[FloatArray, FloatArray]:
    """Give how near each node is to those that reach it, and to those it reaches.

    Returns
    -------
    incoming, outgoing : ndarray, shape (n,)
        1 / mean distance, times the share of the other nodes that take part, as
        `networkx.closeness_centrality` has it (which gives the incoming one).
    """
    weights = checked(weights)
    n = weights.shape[0]
    total = np.zeros((2, n))
    reached = np.zeros((2, n))
    for first, block in _distances(weights):
        finite = np.isfinite(block)
        known = np.where(finite, block, 0.0)
        rows = slice(first, first + len(block))
        total[0] += known.sum(axis=0)
        reached[0] += finite.sum(axis=0)
        total[1, rows] = known.sum(axis=1)
        reached[1, rows] = finite.sum(axis=1)
    others = reached - 1  # a node reaches itself
    near = np.divide(others, total, out=np.zeros((2, n)), where=total > 0)
    near *= others / (n - 1)
    return near[0], near[1]


def global_efficiency(weights: Weights) -> float:
    """Give the mean of 1 / distance over ordered pairs, 0 where there is no path.

    In units of the weights, as ``efficiency_wei`` of the Brain Connectivity Toolbox.
    """
    weights = checked(weights)
    n = weights.shape[0]
    total = 0.0
    for _, block in _distances(weights):
        with np.errstate(divide="ignore"):
            inverse = 1 / block
        total += float(inverse[block > 0].sum())
    return total / (n * (n - 1))


def local_efficiency(weights: Weights) -> FloatArray:
    """Give how well the neighbours of each node reach one another without it.

    Returns
    -------
    ndarray, shape (n,)
        In units of the weights, as ``efficiency_wei(..., local=True)`` of the Brain
        Connectivity Toolbox: each pair of neighbours counts by the strength of its
        connections with the node.
    """
    weights = checked(weights)
    roots = weights.copy()
    roots.data = np.cbrt(weights.data)
    back = roots.T.tocsr()
    lengths = costs(roots)
    found = np.zeros(weights.shape[0])
    for node in range(weights.shape[0]):
        sends = roots.indices[roots.indptr[node] : roots.indptr[node + 1]]
        gets = back.indices[back.indptr[node] : back.indptr[node + 1]]
        near = np.union1d(sends, gets)
        if len(near) < 2:
            continue
        sums = np.zeros(len(near))
        degree = np.zeros(len(near))
        for matrix, there in ((roots, sends), (back, gets)):
            places = np.searchsorted(near, there)
            start = matrix.indptr[node]
            sums[places] += matrix.data[start : start + len(there)]
            degree[places] += 1
        distance = csgraph.dijkstra(lengths[near][:, near])
        inverse = np.zeros_like(distance)
        np.divide(1.0, distance, out=inverse, where=distance > 0)
        inverse += inverse.T
        pairs = degree.sum() ** 2 - (degree**2).sum()
        found[node] = (sums @ inverse @ sums) / 2 / pairs
    return found


def trees(
    weights: Weights, sources: list[int]
) -> tuple[FloatArray, np.ndarray[tuple[int, int], np.dtype[np.int32]]]:
    """Find the shortest paths from each source to every node.

    Returns
    -------
    distance : ndarray, shape (n_sources, n)
        Infinite where no path leads.
    before : ndarray of int, shape (n_sources, n)
        The node before each on its path, negative where there is none.
    """
    weights = checked(weights)
    distance, before = csgraph.dijkstra(
        costs(weights), indices=np.array(sources), return_predecessors=True
    )
    return distance, before


def _distances(weights: Weights) -> Iterator[tuple[int, FloatArray]]:
    """Give blocks of rows of the distance matrix, each with its first row's number."""
    lengths = costs(weights)
    n = weights.shape[0]
    step = max(1, BLOCK // n)
    for first in range(0, n, step):
        rows = np.arange(first, min(first + step, n))
        yield first, csgraph.dijkstra(lengths, indices=rows)
