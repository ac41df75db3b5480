"""Small patterns: clustering, reciprocity, triads, feed-forward loops.

Counts are sums of products of matrices: dense ones where they fit, which is quick for
connectomes between regions, sparse ones above.
"""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
from scipy import sparse

from atlasdb.analysis.network import Weights, checked, connected
from atlasdb.types import FloatArray

DENSE = 2_000
"""Up to so many nodes matrices are dense."""
TRIADS = [
    "003",
    "012",
    "102",
    "021D",
    "021U",
    "021C",
    "111D",
    "111U",
    "030T",
    "030C",
    "201",
    "120D",
    "120U",
    "120C",
    "210",
    "300",
]
"""Names by mutual, asymmetric and null pairs, as in `networkx.triadic_census`."""


def clustering(weights: Weights) -> FloatArray:
    """Give the share of possible triangles around each node, by their intensity.

    Parameters
    ----------
    weights : sparse array, shape (n, n)
        ``[source, target]``; divided by the largest one here.

    Returns
    -------
    ndarray, shape (n,)
        As ``clustering_coef_wd`` of the Brain Connectivity Toolbox on weights divided
        by the largest, and as `networkx.clustering`.
    """
    weights = checked(weights)
    roots = weights.copy()
    roots.data = np.cbrt(weights.data / weights.data.max())
    both = _matrix(sparse.csr_array(roots + roots.T))
    cycles = _row_sums(both, both, both.T) / 2
    there = connected(weights)
    degree = _sum(there, 0) + _sum(there, 1)
    mutual = _sum(sparse.csr_array(there * there.T), 1)
    possible = degree * (degree - 1) - 2 * mutual
    return np.divide(cycles, possible, out=np.zeros(len(degree)), where=possible > 0)


def reciprocity(weights: Weights) -> tuple[float, float]:
    """Give the share of connections, and of weight, that is returned.

    Returns
    -------
    binary : float
        Connections with one in the other direction, of all connections.
    weighted : float
        Sum of the smaller weight of each direction, of the sum of weights: 1 when
        every connection is returned with the same weight.
    """
    weights = checked(weights)
    there = connected(weights)
    binary = float((there * there.T).sum() / weights.nnz)
    smaller = weights.minimum(sparse.csr_array(weights.T))
    return binary, float(smaller.sum() / weights.sum())


def triads(weights: Weights) -> dict[str, int]:
    """Count the sets of three nodes by how they are connected, in 16 kinds.

    Returns
    -------
    dict of str to int
        Keys as in `TRIADS`; as `networkx.triadic_census`.
    """
    there = connected(checked(weights))
    n = there.shape[0]
    mutual = sparse.csr_array(there * there.T)
    lone = sparse.csr_array(there - mutual)
    lone.eliminate_zeros()
    a, m = _matrix(lone), _matrix(mutual)
    u = _matrix(sparse.csr_array(lone + lone.T + mutual))
    products = {
        "021D": (a.T @ a, 2),
        "021U": (a @ a.T, 2),
        "021C": (a @ a, 1),
        "111D": (m @ a.T, 1),
        "111U": (m @ a, 1),
        "201": (m @ m, 2),
    }
    census = dict.fromkeys(TRIADS, 0)
    for kind, (product, twice) in products.items():
        apart = product.sum() - product.diagonal().sum() - _total(u, product)
        census[kind] = round(float(apart) / twice)
    census["030T"] = round(_total(a, products["021C"][0]))
    census["030C"] = round(_total(a.T, products["021C"][0]) / 3)
    census["120D"] = round(_total(m, products["021D"][0]) / 2)
    census["120U"] = round(_total(m, products["021U"][0]) / 2)
    census["120C"] = round(_total(m, products["021C"][0]))
    census["210"] = round(_total(a, products["201"][0]))
    census["300"] = round(_total(m, products["201"][0]) / 6)
    # Of the n - 2 others, those that neither end of a pair is connected with.
    degree = np.asarray(u.sum(axis=1)).ravel()
    common = u @ u
    for kind, pairs, twice in (("012", lone, 1), ("102", mutual, 2)):
        ends = pairs.tocoo()
        near = degree[ends.row] + degree[ends.col] - 2
        apart = len(ends.data) * (n - 2) - near.sum() + _total(_matrix(pairs), common)
        census[kind] = round(float(apart) / twice)
    census["003"] = comb(n, 3) - sum(census.values())
    return census


def feed_forward(weights: Weights) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Count the feed-forward loops that each node starts, relays and ends.

    A loop is three connections, source to middle, middle to target and source to
    target, whatever other connections the three nodes have.

    Returns
    -------
    source, middle, target : ndarray, shape (n,)
    """
    a = _matrix(connected(checked(weights)))
    starts = _row_sums(a, a, a)
    ends = _row_sums(a.T, a.T, a.T)
    relays = _row_sums(a, a.T, a.T)
    return starts, relays, ends


def _matrix(there: Weights) -> Any:
    """Give a dense matrix where that is the quicker way."""
    return there.toarray() if there.shape[0] <= DENSE else there


def _total(mask: Any, product: Any) -> float:
    """Sum a product of matrices where a mask of ones is."""
    return float((mask * product).sum())


def _row_sums(x: Any, y: Any, mask: Any) -> FloatArray:
    """Give the sums of rows of ``mask * (x @ y)``, in pieces that fit in memory."""
    if isinstance(x, np.ndarray):
        return np.asarray((mask * (x @ y)).sum(axis=1), dtype=np.float64)
    x, mask = sparse.csr_array(x), sparse.csr_array(mask)
    y = sparse.csr_array(y)
    rows = []
    for first in range(0, x.shape[0], DENSE):
        piece = slice(first, first + DENSE)
        rows.append(_sum(sparse.csr_array(mask[piece] * (x[piece] @ y)), 1))
    return np.concatenate(rows)


def _sum(matrix: Weights, axis: int) -> FloatArray:
    return np.asarray(matrix.sum(axis=axis), dtype=np.float64).ravel()
