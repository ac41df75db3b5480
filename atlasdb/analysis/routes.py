"""Several routes between two nodes: the shortest, or those that carry most."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Literal

import numpy as np
import pandas as pd
from scipy.sparse import csgraph

from atlasdb.analysis import engine
from atlasdb.analysis.distances import trees
from atlasdb.analysis.network import (
    Network,
    Weights,
    checked,
    connected,
    costs,
    strengths,
)
from atlasdb.errors import InvalidDataError

By = Literal["cost", "share"]
COLUMNS = [
    "path",
    "step",
    "source",
    "target",
    "weight",
    "share",
    "cost",
    "total_cost",
    "strength",
]


def routes(
    network: Network, *, source: str, target: str, k: int = 5, by: str = "cost"
) -> pd.DataFrame:
    """Find the best paths from one node to another, none of which meets a node twice.

    Parameters
    ----------
    network : Network
    source, target : str
        Name or id of a node.
    k : int, default=5
        At most so many paths.
    by : {"cost", "share"}, default="cost"
        "cost": least sum of 1 / weight. "share": largest product of shares, where the
        share of a connection is its weight of all that its target receives.

    Returns
    -------
    pandas.DataFrame
        One row a step: ``path`` (1 for the best), ``step, source, target, weight,
        share, cost``; ``total_cost`` and ``strength``, the product of shares, are up
        to and with the step. Empty when no path leads there.
    """
    if by not in ("cost", "share"):
        raise InvalidDataError(f"by must be 'cost' or 'share', not '{by}'.")
    if k < 1:
        raise InvalidDataError(f"k must be at least 1, not {k}.")
    weights = checked(network.weights)
    first, last = network.find(source), network.find(target)
    if first == last:
        raise InvalidDataError(f"'{source}' and '{target}' are the same node.")
    shares = input_shares(weights)
    lengths = costs(weights) if by == "cost" else _logarithms(shares)
    rows = []
    for number, nodes in enumerate(_paths(lengths, first, last, k), start=1):
        total, strength = 0.0, 1.0
        for step, (i, j) in enumerate(pairwise(nodes), start=1):
            weight, share = float(weights[i, j]), float(shares[i, j])
            total, strength = total + 1 / weight, strength * share
            ends = (network.names[i], network.names[j])
            row = (number, step, *ends, weight, share, 1 / weight, total, strength)
            rows.append(row)
    kinds = dict.fromkeys(COLUMNS[4:], "float64") | dict.fromkeys(COLUMNS[:2], "int64")
    return pd.DataFrame(rows, columns=COLUMNS).astype(kinds)


def reach(network: Network, *, source: str) -> pd.DataFrame:
    """Give every node that a path leads to, nearest first.

    Returns
    -------
    pandas.DataFrame
        ``target``; ``steps`` and ``total_cost`` of the path of least cost; ``before``,
        the last node on it; ``id``.
    """
    first = network.find(source)
    distance, before = (rows[0] for rows in trees(network.weights, [first]))
    order = np.argsort(distance, kind="stable")
    steps = np.zeros(len(distance), dtype=np.int64)
    reached = [i for i in order[1:].tolist() if before[i] >= 0]
    for node in reached:  # what comes before a node is nearer, so is done already
        steps[node] = steps[before[node]] + 1
    return pd.DataFrame(
        {
            "target": network.names[reached],
            "steps": steps[reached],
            "total_cost": distance[reached],
            "before": network.names[before[reached]],
            "id": network.ids[reached],
        }
    )


def input_shares(weights: Weights) -> Weights:
    """Give each weight as a share of all that its target receives."""
    _, received = strengths(weights)
    shares = weights.copy()
    shares.data = weights.data / received[weights.indices]
    return shares


def _logarithms(shares: Weights) -> Weights:
    """Give lengths whose sum is least where the product of shares is largest."""
    lengths = shares.copy()
    lengths.data = np.maximum(-np.log(shares.data), 0.0)
    return lengths


def _paths(lengths: Weights, first: int, last: int, k: int) -> Iterator[list[int]]:
    reached = csgraph.breadth_first_order(connected(lengths), first)[0]
    if last not in reached:
        return
    package = engine.igraph()
    if package is not None:
        graph, long = engine.to_igraph(package, lengths)
        yield from graph.get_k_shortest_paths(first, to=last, k=k, weights=long)
        return
    import networkx as nx

    graph = nx.from_scipy_sparse_array(lengths, create_using=nx.DiGraph)
    yield from islice(nx.shortest_simple_paths(graph, first, last, "weight"), k)
