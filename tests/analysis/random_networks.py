"""Random directed weighted networks, drawn for the tests of graph measures."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse

from atlasdb.analysis.network import Network, Weights

FEW = settings(max_examples=25)
FEWER = settings(max_examples=10)


@st.composite
def matrices(draw: st.DrawFn, least: int = 3) -> NDArray[np.float64]:
    """Draw ``[source, target]`` weights, sparse or nearly full; no two are equal."""
    n = draw(st.integers(least, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    there = rng.random((n, n)) < draw(st.floats(0.15, 1.0))
    weights = np.where(there, 3 * rng.random((n, n)), 0.0)
    weights[0, 1] = 1.5
    np.fill_diagonal(weights, 0)
    return weights


def array(weights: NDArray[np.float64]) -> Weights:
    return sparse.csr_array(weights)


def graph(weights: NDArray[np.float64]) -> nx.DiGraph:
    """Give the networkx graph, with ``cost`` as the inverse of ``weight``."""
    made = nx.from_numpy_array(weights, create_using=nx.DiGraph)
    for _, _, data in made.edges(data=True):
        data["cost"] = 1 / data["weight"]
    return made


def network(weights: NDArray[np.float64]) -> Network:
    names = np.array([f"n{i}" for i in range(len(weights))], dtype=object)
    return Network(names, names, array(weights), "g")
