"""Routes through a connectome."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.sparse import csgraph

from atlasdb.analysis.edges import find, one_connectome

_COLUMNS = ["step", "source", "target", "weight", "cost", "total_cost"]


def shortest_path(rows: pd.DataFrame, *, source: str, target: str) -> pd.DataFrame:
    """Find the path of least cost, the sum of 1 / weight (Dijkstra's algorithm).

    Parameters
    ----------
    rows : pandas.DataFrame
        Edges of one connectome.
    source, target : str
        Name or id of a node.

    Returns
    -------
    pandas.DataFrame
        One row a step: ``step, source, target, weight, cost, total_cost``; empty when
        no path leads there.

    Raises
    ------
    NotFoundError
        If there is no such node.
    """
    asked = (rows["weight"] > 0) | (rows["source"] == "")
    edges = one_connectome(rows[asked])
    first = find(edges.ids, edges.names, source)
    last = find(edges.ids, edges.names, target)
    _, before = csgraph.dijkstra(
        edges.matrix("cost"), indices=np.array(first), return_predecessors=True
    )
    if first == last or before[last] < 0:
        return pd.DataFrame({name: [] for name in _COLUMNS})
    nodes = [last]
    while nodes[-1] != first:
        nodes.append(int(before[nodes[-1]]))
    nodes.reverse()
    weight, cost = edges.matrix("weight"), edges.matrix("cost")
    steps = list(pairwise(nodes))
    costs = [float(cost[i, j]) for i, j in steps]
    return pd.DataFrame(
        {
            "step": range(1, len(steps) + 1),
            "source": [edges.names[i] for i, _ in steps],
            "target": [edges.names[j] for _, j in steps],
            "weight": [float(weight[i, j]) for i, j in steps],
            "cost": costs,
            "total_cost": np.cumsum(costs),
        }
    )
