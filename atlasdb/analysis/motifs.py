"""Small patterns: clustering, reciprocity, triads, feed-forward loops.

Counts are sums of products of matrices: dense ones where they fit, which is quick for
connectomes between regions, sparse ones above.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import comb
from typing import Any

import numpy as np
from scipy import sparse

from atlasdb.analysis.network import Weights, checked, connected
from atlasdb.types import FloatArray

DENSE = 2_000
"""Up to so many nodes matrices are dense."""
WORK = 30_000_000
"""So many products of numbers are made and held at once where they are sparse."""
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
    census = dict.fromkeys(TRIADS, 0)

    def count(
        kind: str, x: Any, y: Any, twice: int, closed: list[tuple[str, Any, int]]
    ) -> None:
        """Count x then y where the ends are apart, and where a mask joins them."""
        every, joined, *sums = _sums(x, y, u, *(mask for _, mask, _ in closed))
        census[kind] = round((every - joined) / twice)
        for (other, _, times), found in zip(closed, sums, strict=True):
            census[other] = round(found / times)

    count("021D", a.T, a, 2, [("120D", m, 2)])
    count("021U", a, a.T, 2, [("120U", m, 2)])
    count("021C", a, a, 1, [("030T", a, 1), ("030C", a.T, 3), ("120C", m, 1)])
    count("111D", m, a.T, 1, [])
    count("111U", m, a, 1, [])
    count("201", m, m, 2, [("210", a, 1), ("300", m, 6)])
    # Of the n - 2 others, those that neither end of a pair is connected with.
    degree = np.asarray(u.sum(axis=1)).ravel()
    _, *common = _sums(u, u, a, m)
    for kind, pairs, both, twice in (
        ("012", lone, common[0], 1),
        ("102", mutual, common[1], 2),
    ):
        ends = pairs.tocoo()
        near = degree[ends.row] + degree[ends.col] - 2
        census[kind] = round(
            float(len(ends.data) * (n - 2) - near.sum() + both) / twice
        )
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


def _sums(x: Any, y: Any, *masks: Any) -> list[float]:
    """Sum ``x @ y`` off the diagonal, and where each mask of ones is."""
    found = [-float((x * y.T).sum())] + [0.0] * len(masks)
    for rows, product in _products(x, y):
        found[0] += float(product.sum())
        for number, mask in enumerate(masks, start=1):
            found[number] += float((mask[rows] * product).sum())
    return found


def _row_sums(x: Any, y: Any, mask: Any) -> FloatArray:
    """Give the sums of the rows of ``mask * (x @ y)``."""
    mask = mask if isinstance(mask, np.ndarray) else sparse.csr_array(mask)
    return np.concatenate(
        [
            np.asarray((mask[rows] * product).sum(axis=1), dtype=np.float64).ravel()
            for rows, product in _products(x, y)
        ]
    )


def _products(x: Any, y: Any) -> Iterator[tuple[slice, Any]]:
    """Give ``x @ y`` in pieces of rows, each of which fits in memory."""
    if isinstance(x, np.ndarray):
        yield slice(None), x @ y
        return
    x, y = sparse.csr_array(x), sparse.csr_array(y)
    work = np.append(0, np.cumsum(np.diff(y.indptr)[x.indices]))[x.indptr]
    first = 0
    while first < x.shape[0]:
        last = int(np.searchsorted(work, work[first] + WORK, side="right")) - 1
        rows = slice(first, max(last, first + 1))
        yield rows, x[rows] @ y
        first = rows.stop


def _sum(matrix: Weights, axis: int) -> FloatArray:
    return np.asarray(matrix.sum(axis=axis), dtype=np.float64).ravel()
