"""How large a difference in a network a study can see, by its own people.

What the covariates and the groups, or the score, leave of a study is shuffled into
cohorts in which nothing differs. Into each a component of random connected connections
is planted, with one standardised difference; the network-based statistic sees it if a
significant component holds at least half of what was planted. The largest components
under shuffled labels are those of the planted cohorts, so they grow with the difference
too. Only t and F values are simulated, not matrices: a difference adds a known number
to them. Sizes are those of `power.detectable`: standardised differences, partial
correlations, or partial eta squared, where all connections of a component share one
pattern of groups, drawn at random.
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
from atlasdb.cohorts.permutation import Progress, shuffled
from atlasdb.cohorts.planting import connected, patterns, toward, without_difference
from atlasdb.cohorts.power import POWER, require_finite
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray

LARGEST = 8.0
"""No difference is larger than so many standard deviations."""
LARGEST_SHARE = 0.999
"""No partial correlation, and no partial eta squared, is larger."""
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
    along, beside : ndarray, shape (n_cohorts, n_edges)
        Before planting: their partial correlations with what will be planted, and the
        partial R2 with what else is tested.
    overlap : ndarray, shape (n_cohorts, n_edges)
        How much shuffled labels see of what is planted; 1 where labels are true.
    shuffle, edge : ndarray of int
        Where the other connections above the threshold are.
    n_true : int
        Cohorts whose labels are true; they come first.
    threshold, alpha
        Of the test.
    """

    study: Network
    planted: IntArray
    along: FloatArray
    beside: FloatArray
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
            In what ``design.effect`` names: standard deviations of what the covariates
            leave, partial correlation, or partial eta squared.

        Raises
        ------
        InvalidDataError
            If it is no finite number.
        """
        require_finite(effect)
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

        most, exact = (LARGEST, 0.01) if self._in_deviations else (LARGEST_SHARE, 1e-3)
        if short(most) < 0:
            return math.inf
        if short(0.0) >= 0:
            return 0.0
        return float(optimize.bisect(short, 0.0, most, xtol=exact))

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
            If the effect is 0 or no finite number, the study sees none at this
            threshold, or it does not compare two groups.
        """
        require_finite(effect)
        if self.study.fitted.design.effect != "hedges_g":
            raise InvalidDataError(
                "How many people a network needs is reckoned for two groups of people; "
                "use contrasts.between."
            )
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
        added = self._added(effect)
        signed = -added if self.study.alternative == "less" else added
        sum_ = self.along + signed * self.overlap
        before, share = (self.beside + part**2 for part in (self.along, sum_))
        true = np.arange(len(sum_))[:, None] < self.n_true
        length = np.where(true, 1 - before + share, 1 + added**2)
        partial = np.clip(share / length, 0, 1)
        if fitted.design.is_t:
            partial = np.sign(sum_) * np.sqrt(partial)
        turned = self.study.turned(partial)
        limit = fitted.partial_at(self.threshold)[self.planted]
        passing: NDArray[np.bool_] = turned > limit
        return passing

    @property
    def _in_deviations(self) -> bool:
        return self.study.fitted.design.effect.startswith("hedges")

    def _added(self, effect: float) -> FloatArray:
        """Give the length of what is planted, (n_cohorts, n_edges); chance's is 1."""
        fitted = self.study.fitted
        if self._in_deviations:
            df, size = (v[self.planted] for v in (fitted.df, fitted.size))
            return np.asarray(effect * np.sqrt(size / df))
        share = min(effect**2 if fitted.design.is_t else effect, LARGEST_SHARE)
        return np.full(self.planted.shape, np.sqrt(share / (1 - share)))


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
        If there are fewer connections, or they cannot be tested.

    Notes
    -----
    Where a component of this size is about as large as 1 in 20 shuffles give, power
    hangs on few shuffles: ask for more permutations there.
    """
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
    study = dataclasses.replace(study, fitted=without_difference(study.fitted, n, seed))
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
    turn = np.arange(fitted.shuffles.n) % SHAPES
    planted, pattern = shapes[turn], patterns(design, SHAPES, rng)[turn]
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
    along, overlap = toward(fitted, planted, pattern, n_cohorts)
    share = partial**2 if design.is_t else partial
    return PlantedStudy(
        study,
        planted,
        along,
        np.maximum(share - along**2, 0.0),
        overlap,
        np.concatenate(shuffle),
        np.concatenate(edge),
        n_cohorts,
        threshold,
        alpha,
    )
