"""How large a difference in a network a study can see, by its own people.

What the covariates and the groups leave of a study is shuffled into cohorts in which
nothing differs. Into each a component of random connected connections is planted, with
one standardised difference; the network-based statistic sees it if a significant
component holds at least half of what was planted. The largest components under shuffled
labels are those of the planted cohorts, so they grow with the difference too. Only t
values are simulated, not matrices: a difference adds a known number to them.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from atlasdb.cohorts.corrections import by_largest
from atlasdb.cohorts.design import FEWEST
from atlasdb.cohorts.glm import Design, IntArray
from atlasdb.cohorts.network import Alternative, Network, joined, network
from atlasdb.cohorts.networkbased import check_threshold
from atlasdb.cohorts.permutation import Fit, Progress, shuffled
from atlasdb.cohorts.power import POWER
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray

LARGEST = 8.0
"""No difference is larger than so many standard deviations."""
SHAPES = 40
"""Components that are planted in turn."""


@dataclass(frozen=True)
class PlantedStudy:
    """A study's own null cohorts, ready to have a difference planted.

    Attributes
    ----------
    study : Network
        Without a difference.
    planted : ndarray of int, shape (n_cohorts, n_edges)
        Which connections of each.
    partial : ndarray, shape (n_cohorts, n_edges)
        Their partial correlations with the group, before planting.
    overlap : ndarray, shape (n_cohorts,)
        Correlation of the shuffled with the true labels; 1 in cohorts whose labels are
        true.
    shuffle, edge : ndarray of int
        Where the other connections above the threshold are.
    n_true : int
        Cohorts whose labels are true; they come first.
    threshold, alpha
        Of the test.
    """

    study: Network
    planted: IntArray
    partial: FloatArray
    overlap: FloatArray
    shuffle: IntArray
    edge: IntArray
    n_true: int
    threshold: float
    alpha: float

    def power(self, effect: float) -> float:
        """Give the share of cohorts in which a planted difference is seen.

        Parameters
        ----------
        effect : float
            In standard deviations of what the covariates leave.
        """
        n_all, n_edges = self.planted.shape
        passing = self._above(effect)
        row, _ = np.nonzero(passing)
        shuffle = np.concatenate([row, self.shuffle])
        edge = np.concatenate([self.planted[passing], self.edge])
        study, n_areas = self.study, self.study.n_areas
        source = shuffle * n_areas + study.source[edge]
        target = shuffle * n_areas + study.target[edge]
        label = joined(n_all * n_areas, source, target)[source]
        size = np.bincount(label)
        largest = np.zeros(n_all)
        np.maximum.at(largest, shuffle, size[label])
        p = by_largest(size.astype(float), largest[self.n_true :], tie=0.0)
        significant = p <= self.alpha
        inside = np.bincount(label[: len(row)], minlength=len(size))
        seen = significant & (2 * inside >= n_edges)
        found = np.zeros(n_all, dtype=bool)
        found[shuffle[seen[label]]] = True
        return float(found[: self.n_true].mean())

    def detectable_effect(self) -> float:
        """Give the difference that 8 of 10 such studies see; infinite where none is."""

        def short(effect: float) -> float:
            return self.power(effect) - POWER + 1e-9

        if short(LARGEST) < 0:
            return math.inf
        if short(0.0) >= 0:
            return 0.0
        return float(optimize.bisect(short, 0.0, LARGEST, xtol=0.01))

    def people_needed(self, effect: float) -> int:
        """Give the people in each of two equal groups that see a smaller effect.

        Parameters
        ----------
        effect : float
            In standard deviations; its sign does not matter.

        Returns
        -------
        int
            Per group, at least 3. A t value grows with the effect times the root of
            the people, so the study's own detectable effect is scaled; how large
            components get by chance is taken from the study as it is.

        Raises
        ------
        InvalidDataError
            If the effect is 0, or the study sees none at this threshold.
        """
        own = self.detectable_effect()
        if not effect or math.isinf(own):
            raise InvalidDataError(
                f"No number of people sees an effect of {effect:g} standard deviations "
                f"in {self.planted.shape[1]} connections at the threshold "
                f"{self.threshold:g}. Take a larger effect, or another threshold."
            )
        n_a, n_b = np.bincount(self.study.fitted.design.labels)
        per_group = float(2 * n_a * n_b / (n_a + n_b))
        return max(FEWEST, math.ceil(per_group * (own / effect) ** 2))

    def _above(self, effect: float) -> NDArray[np.bool_]:
        """Say which planted connections pass, (n_cohorts, n_edges)."""
        fitted = self.study.fitted
        df, size = (v[self.planted] for v in (fitted.df, fitted.size))
        added = effect * np.sqrt(size / df)
        signed = -added if self.study.alternative == "less" else added
        sum_ = self.partial + signed * self.overlap[:, None]
        true = np.arange(len(sum_))[:, None] < self.n_true
        length = np.where(true, 1 - self.partial**2 + sum_**2, 1 + added**2)
        partial = np.clip(sum_ / np.sqrt(length), -1, 1)
        turned = self.study.turned(partial)
        limit = fitted.partial_at(self.threshold)[self.planted]
        passing: NDArray[np.bool_] = turned > limit
        return passing


def plant(
    weights: FloatArray,
    design: Design,
    *,
    n_edges: int,
    threshold: float,
    alternative: Alternative = "two-sided",
    directed: bool = True,
    alpha: float = 0.05,
    n_cohorts: int = 300,
    n_permutations: int = 1000,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
) -> PlantedStudy:
    """Make null cohorts of a study's own people, to plant differences into.

    Parameters
    ----------
    weights : ndarray, shape (n_people, n_areas, n_areas)
        ``[person, source, target]``; NaN where there is no estimate.
    design : Design
        Of two groups.
    n_edges : int
        Connections of the component that differs.
    threshold, alternative, directed
        As for `networkbased.network_based`; the extent is what counts.
    alpha : float, default=0.05
        Level of the test.
    n_cohorts, n_permutations : int
        Cohorts with a difference, and shuffles that say how large components get.
    seed : int, default=0
    device : str, default="auto"
        Where the statistics of shuffles are computed; see `arrays.chosen`.
    progress : callable, optional
        Called with how many cohorts and shuffles are done, and of how many.

    Returns
    -------
    PlantedStudy

    Raises
    ------
    InvalidDataError
        If the design does not compare two groups, or there are fewer connections.

    Notes
    -----
    Where a component of this size is about as large as 1 in 20 shuffles give, power
    hangs on few shuffles: ask for more permutations there.
    """
    if design.effect != "hedges_g":
        raise InvalidDataError(
            "The power of a network needs two groups of people; use contrasts.between."
        )
    check_threshold(threshold)
    n = n_cohorts + n_permutations
    study = network(
        weights,
        design,
        alternative=alternative,
        directed=directed,
        n_permutations=n,
        seed=seed,
        device=device,
    )
    study = dataclasses.replace(study, fitted=_null(study.fitted, n, seed))
    fitted = study.fitted
    if not 1 <= n_edges <= len(fitted.columns):
        raise InvalidDataError(
            f"A component of {n_edges} connections cannot be planted; "
            f"{len(fitted.columns)} can be tested."
        )
    rng = np.random.default_rng(seed)
    shapes = np.array(
        [connected(study.source, study.target, n_edges, rng) for _ in range(SHAPES)]
    )
    planted = shapes[np.arange(fitted.shuffles.n) % SHAPES]
    partial = np.empty(planted.shape)
    limit = fitted.partial_at(threshold)
    shuffle, edge = [], []
    for which, computed in shuffled(fitted, progress):
        block, mine = fitted.arrays.numbers(computed), planted[which]
        partial[which] = np.take_along_axis(block, mine, axis=1)
        turned = study.turned(block).copy()
        np.put_along_axis(turned, mine, -1.0, axis=1)
        rows, columns = np.nonzero(turned > limit)
        shuffle.append(rows + which.start)
        edge.append(columns)
    return PlantedStudy(
        study,
        planted,
        partial,
        _overlap(fitted, n_cohorts),
        np.concatenate(shuffle),
        np.concatenate(edge),
        n_cohorts,
        threshold,
        alpha,
    )


def connected(
    source: IntArray, target: IntArray, n_edges: int, rng: np.random.Generator
) -> IntArray:
    """Choose random connections that hang together, one beside another.

    Parameters
    ----------
    source, target : ndarray of int, shape (n_connections,)
        Ends of the connections to choose from.
    n_edges : int
        How many; any others are taken where no neighbour is left.
    rng : Generator

    Returns
    -------
    ndarray of int, shape (n_edges,)
    """
    chosen = np.zeros(len(source), dtype=bool)
    chosen[rng.integers(len(source))] = True
    reached = np.zeros(max(source.max(), target.max()) + 1, dtype=bool)
    for _ in range(n_edges - 1):
        reached[source[chosen]] = reached[target[chosen]] = True
        beside = np.flatnonzero((reached[source] | reached[target]) & ~chosen)
        others = beside if beside.size else np.flatnonzero(~chosen)
        chosen[rng.choice(others)] = True
    return np.flatnonzero(chosen)


def _null(fitted: Fit, n: int, seed: int) -> Fit:
    """Take out the difference that a study has itself, and give it n shuffles."""
    parts = []
    for part in fitted.parts:
        rest = part.residuals - part.tested @ (part.tested.T @ part.residuals)
        rest /= np.maximum(np.sqrt((rest**2).sum(axis=0)), 1e-12)
        rest = rest.astype(part.residuals.dtype)
        parts.append(dataclasses.replace(part, residuals=rest))
    drawn = fitted.shuffles
    if drawn.n < n:  # a small study has few; use them again
        again = np.random.default_rng(seed).integers(0, max(drawn.n, 1), n)
        drawn = dataclasses.replace(drawn, order=drawn.order[again])
    return dataclasses.replace(fitted, parts=tuple(parts), shuffles=drawn)


def _overlap(fitted: Fit, n_true: int) -> FloatArray:
    """Correlate shuffled labels with the true ones, in those who have most."""
    part = max(fitted.parts, key=lambda p: len(p.rows))
    column = part.tested[:, 0]
    weights = fitted.shuffles.weights(part, column, slice(None))
    overlap: FloatArray = weights @ column
    overlap[:n_true] = 1.0
    return overlap
