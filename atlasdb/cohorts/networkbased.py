"""The network-based statistic: components of connections that differ together.

Connections whose statistic passes a threshold make a graph; its components are held
against the largest component of every shuffle, which controls the family-wise error
weakly (Zalesky, Fornito and Bullmore 2010). **A significant component licenses the
component, never its single connections**: some of those may differ in nothing.

In a directed graph, components are weakly connected: two connections belong together
if they share an area, whichever way they point, and i -> j and j -> i are two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from atlasdb.cohorts.arrays import Arrays, Block
from atlasdb.cohorts.corrections import by_largest
from atlasdb.cohorts.glm import Design, IntArray
from atlasdb.cohorts.network import Alternative, Network, joined, network
from atlasdb.cohorts.permutation import Progress, Statistics
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray

Size = Literal["extent", "intensity"]


@dataclass(frozen=True)
class Component:
    """Connections that hang together above the threshold.

    Attributes
    ----------
    label : int
        Its number in `NetworkTest.labels`; 1 is the largest.
    n_edges, n_nodes : int
    n_positive : int
        Connections with a positive statistic: a larger first group. The others are
        smaller; only a two-sided test has both in one component.
    statistic : float
        Extent or intensity.
    p : float
        Family-wise, over all components.
    """

    label: int
    n_edges: int
    n_nodes: int
    n_positive: int
    statistic: float
    p: float


@dataclass(frozen=True)
class NetworkTest:
    """What the network-based statistic found.

    Attributes
    ----------
    components : tuple of Component
        The largest first; none where no connection passes the threshold, which is an
        answer.
    labels : ndarray of int, shape (n_areas, n_areas)
        Component of each connection, 0 for none.
    statistic : ndarray, shape (n_areas, n_areas)
        t or F; NaN where a connection could not be tested.
    n_people : ndarray of int, shape (n_groups, n_areas, n_areas)
        People of each group who have the connection.
    null : ndarray, shape (n_permutations,)
        Largest component of each shuffle.
    exact : bool
        Whether all different shuffles were used.
    device : str
        Kind of device that the statistics of shuffles were computed on.
    """

    components: tuple[Component, ...]
    labels: IntArray
    statistic: FloatArray
    n_people: IntArray
    null: FloatArray
    exact: bool
    device: str

    @property
    def n_tested(self) -> int:
        """Entries of the matrix that were tested."""
        return int(np.isfinite(self.statistic).sum())


def network_based(
    weights: FloatArray,
    design: Design,
    *,
    threshold: float,
    alternative: Alternative = "two-sided",
    size: Size = "extent",
    directed: bool = True,
    n_permutations: int = 1000,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
) -> NetworkTest:
    """Find components of connections that differ, by the network-based statistic.

    Parameters
    ----------
    weights : ndarray, shape (n_rows, n_areas, n_areas)
        ``[row, source, target]``; NaN where there is no estimate, which is never
        taken for 0. The diagonal does not count.
    design : Design
    threshold : float
        Value of t or F that a connection must pass.
    alternative : {"two-sided", "greater", "less"}
        "greater": the first group is larger, or the correlation positive. F has no
        direction: leave it "two-sided".
    size : {"extent", "intensity"}
        A component's number of connections, or how far they pass the threshold,
        summed.
    directed : bool, default=True
        Whether ``[i, j]`` and ``[j, i]`` are two connections.
    n_permutations : int, default=1000
        If there are no more different ones, all are used once.
    seed : int, default=0
    device : str, default="auto"
        Where the statistics of shuffles are computed; see `arrays.chosen`.
    progress : callable, optional

    Returns
    -------
    NetworkTest

    Raises
    ------
    InvalidDataError
        If the threshold is not positive, weights are infinite or not symmetric where
        they should be, nothing can be tested, or there is no such device.
    """
    check_threshold(threshold)
    whole = network(
        weights,
        design,
        alternative=alternative,
        directed=directed,
        n_permutations=n_permutations,
        seed=seed,
        device=device,
    )
    fitted, where = whole.fitted, whole.where
    above = _Above(whole, threshold, size)
    null = whole.null(above.largest, progress)
    edges, labels, sizes = above.observed()
    p = by_largest(sizes, null)
    order = np.argsort(-sizes, kind="stable")
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(1, len(order) + 1)
    label = np.zeros(where.n, dtype=np.intp)
    label[fitted.columns[edges]] = rank[labels]
    positive = fitted.partial > 0
    parts = []
    for old in order:
        inside = edges[labels == old]
        ends = np.concatenate([whole.source[inside], whole.target[inside]])
        parts.append(
            Component(
                int(rank[old]),
                len(inside),
                len(np.unique(ends)),
                int(positive[inside].sum()),
                float(sizes[old]),
                float(p[old]),
            )
        )
    return NetworkTest(
        tuple(parts),
        where.matrix(label, fill=0),
        whole.statistic(),
        whole.n_people,
        null,
        fitted.shuffles.exact,
        fitted.arrays.device,
    )


def check_threshold(threshold: float) -> None:
    """Refuse a threshold that is not one."""
    if not 0 < threshold < np.inf:
        raise InvalidDataError(f"threshold must be positive, not {threshold:g}.")


class _Above:
    """The graph above a threshold, of many shuffles side by side."""

    def __init__(self, whole: Network, threshold: float, size: Size) -> None:
        fitted = whole.fitted
        self.whole, self.fitted = whole, fitted
        self.threshold = threshold
        self.intensity = size == "intensity"
        limit = fitted.partial_at(threshold)
        alike = (limit == limit[0]).all()
        self.limit: Statistics = limit[:1] if alike else limit
        precision = fitted.parts[0].residuals.dtype
        self.limit_there = fitted.arrays.put(self.limit.astype(precision))

    def observed(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Give the connections above the threshold as they are, and their components.

        Returns
        -------
        edges : ndarray of int
        labels : ndarray of int
            Component of each.
        sizes : ndarray
            Size of each component.
        """
        turned = self.whole.turned(self.fitted.partial)
        edges, strength = Arrays().passing(turned, self.limit)
        return edges, *self._components(edges, strength, 1)

    def largest(self, partial: Block) -> FloatArray:
        """Give the largest component of each row; 0 where there is none."""
        turned = self.whole.turned(partial)
        passing, strength = self.fitted.arrays.passing(turned, self.limit_there)
        labels, sizes = self._components(passing, strength, len(partial))
        largest = np.zeros(len(partial))
        np.maximum.at(largest, passing // len(self.fitted.columns), sizes[labels])
        return largest

    def _components(
        self, passing: IntArray, partial: Statistics, n: int
    ) -> tuple[IntArray, FloatArray]:
        """Give the component of each place in a block of n rows, and their sizes."""
        shuffle, edge = np.divmod(passing, len(self.fitted.columns))
        n_areas = self.whole.n_areas
        source = shuffle * n_areas + self.whole.source[edge]
        target = shuffle * n_areas + self.whole.target[edge]
        label = joined(n * n_areas, source, target)[source]
        used, labels = np.unique(label, return_inverse=True)
        weights = None
        if self.intensity:
            weights = self.fitted.statistic(partial, edge) - self.threshold
        sizes = np.bincount(labels, weights, minlength=len(used))
        return labels, sizes.astype(np.float64)
