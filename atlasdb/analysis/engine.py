"""What does the work where scipy does not: igraph, or networkx in its absence.

igraph is many times faster and an extra, because its wheel is under the GPL. The
answers of both agree, except that igraph finds communities by the Leiden algorithm and
networkx by the Louvain algorithm; every answer names the one that gave it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np
from scipy import sparse

from atlasdb.types import FloatArray

OLDEST = 1
"""Version of igraph from which on it finds communities of directed graphs."""


def igraph() -> Any | None:
    """Give the package igraph, None where it is absent or too old."""
    try:
        package = import_module("igraph")
    except ImportError:
        return None
    return package if int(package.__version__.split(".")[0]) >= OLDEST else None


def name() -> str:
    """Name the engine and its version, such as ``"igraph 1.0.0"``."""
    package = "networkx" if igraph() is None else "igraph"
    return f"{package} {version(package)}"


def to_igraph(package: Any, weights: sparse.csr_array[Any]) -> tuple[Any, FloatArray]:
    """Make an igraph graph; give it and the weights of its edges, in order."""
    edges = weights.tocoo()
    ends = np.column_stack([edges.row, edges.col])
    n = weights.shape[0]
    return package.Graph(n=n, edges=ends, directed=True), edges.data


def to_networkx(weights: sparse.csr_array[Any]) -> Any:
    """Make a networkx graph with ``weight`` and ``cost``, its inverse."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(range(weights.shape[0]))
    edges = weights.tocoo()
    ends = zip(edges.row.tolist(), edges.col.tolist(), edges.data.tolist(), strict=True)
    graph.add_edges_from((i, j, {"weight": w, "cost": 1 / w}) for i, j, w in ends)
    return graph


@contextmanager
def seeded(package: Any, seed: int) -> Iterator[None]:
    """Let igraph draw its random numbers from a seed of one's own."""
    package.set_random_number_generator(random.Random(seed))
    try:
        yield
    finally:
        package.set_random_number_generator(random)
