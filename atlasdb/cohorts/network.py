"""What tests of networks share: a design fitted to matrices, and the largest of chance.

Connections hang together where they share an area, whichever way they point. The
largest of every shuffle is what a network is held against.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from atlasdb.cohorts.arrays import Block
from atlasdb.cohorts.connections import Connections, connections
from atlasdb.cohorts.glm import Design, IntArray
from atlasdb.cohorts.permutation import Fit, Progress, Statistics, fit, shuffled
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray

Alternative = Literal["two-sided", "greater", "less"]


@dataclass(frozen=True)
class Network:
    """A design fitted at every connection of a set of matrices.

    Attributes
    ----------
    fitted : Fit
    where : Connections
    n_people : ndarray of int, shape (n_groups, n_areas, n_areas)
        People of each group who have the connection.
    alternative : {"two-sided", "greater", "less"}
    """

    fitted: Fit
    where: Connections
    n_people: IntArray
    alternative: Alternative

    @property
    def n_areas(self) -> int:
        """Areas of the matrices."""
        return self.where.n_areas

    @cached_property
    def source(self) -> IntArray:
        """Where each tested connection begins, shape (n_tested,)."""
        return self.where.source[self.fitted.columns]

    @cached_property
    def target(self) -> IntArray:
        """Where each tested connection ends, shape (n_tested,)."""
        return self.where.target[self.fitted.columns]

    def turned(self, partial: Block) -> Block:
        """Turn statistics, numpy's or torch's, so that what is asked for is large."""
        if self.alternative == "greater":
            return partial
        return -partial if self.alternative == "less" else abs(partial)

    def null(
        self, largest: Callable[[Block], FloatArray], progress: Progress | None
    ) -> FloatArray:
        """Give the largest of every shuffle.

        Parameters
        ----------
        largest : callable
            Takes a block as `permutation.shuffled` gives it; gives a number for each
            row.
        progress : callable, optional

        Returns
        -------
        ndarray, shape (n_shuffles,)
        """
        null = np.empty(self.fitted.shuffles.n)
        for which, block in shuffled(self.fitted, progress):
            null[which] = largest(block)
        return null

    def matrix(self, values: Statistics) -> FloatArray:
        """Put values of tested connections into a matrix; NaN elsewhere."""
        return self.where.matrix(self.fitted.spread(values, self.where.n))

    def statistic(self) -> FloatArray:
        """Give t or F, (n_areas, n_areas)."""
        return self.matrix(np.asarray(self.fitted.statistic(self.fitted.partial)))


def network(
    weights: FloatArray,
    design: Design,
    *,
    alternative: Alternative,
    directed: bool,
    n_permutations: int,
    seed: int,
    device: str,
) -> Network:
    """Fit a design to matrices, and choose the shuffles.

    Parameters
    ----------
    weights : ndarray, shape (n_rows, n_areas, n_areas)
        ``[row, source, target]``; NaN where there is no estimate.
    design : Design
    alternative, directed, n_permutations, seed, device
        As for `networkbased.network_based`.

    Raises
    ------
    InvalidDataError
        If a direction is asked for where there is none, weights cannot be compared, or
        there is no such device.
    """
    _checked(design, alternative)
    y, where = connections(weights, directed=directed)
    fitted = fit(y, design, n_permutations, seed, device)
    known = ~np.isnan(y)
    groups = range(int(design.labels.max()) + 1)
    counts = [known[design.labels == g].sum(axis=0) for g in groups]
    n_people = np.stack([where.matrix(count, fill=0) for count in counts])
    return Network(fitted, where, n_people, alternative)


def _checked(design: Design, alternative: Alternative) -> None:
    """Refuse a direction where there is none."""
    if not design.is_t and alternative != "two-sided":
        raise InvalidDataError(
            f"Several columns are tested at once, which has no direction "
            f"'{alternative}'. Compare two groups, or ask two-sided."
        )


def joined(n: int, source: IntArray, target: IntArray) -> NDArray[np.int32]:
    """Give the components of a graph whose direction does not count.

    Parameters
    ----------
    n : int
        Nodes.
    source, target : ndarray of int
        Ends of its edges.

    Returns
    -------
    ndarray of int, shape (n,)
        Component of each node.
    """
    ones = np.ones(len(source), dtype=np.int8)
    graph = sparse.coo_array((ones, (source, target)), shape=(n, n))
    label: NDArray[np.int32] = csgraph.connected_components(graph, directed=False)[1]
    return label
