"""Components without a threshold: every connection borrows from those it hangs with.

A connection's score sums, over all heights up to its own statistic, the extent of the
component it belongs to there: sum of extent^E x height^H x step. This is threshold-free
cluster enhancement (Smith and Nichols 2009) with connections as neighbours where they
share an area, the threshold-free network-based statistic (Baggio and others 2018). The
exponents are those of Smith and Nichols, E = 0.5 and H = 2; MRtrix3 takes 0.4 and 3.
The largest score of every shuffle controls the family-wise error. In a directed graph
the components are weakly connected, as in `networkbased`.

A score borrows: a connection that differs in nothing can pass beside strong neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atlasdb.cohorts.arrays import Block
from atlasdb.cohorts.corrections import by_largest
from atlasdb.cohorts.glm import Design, IntArray
from atlasdb.cohorts.network import Alternative, Network, joined, network
from atlasdb.cohorts.permutation import Progress, Statistics
from atlasdb.types import FloatArray

STEP = 0.1
"""Heights at which components are measured lie so far apart, in units of t or F."""
HIGHEST = 1_000
"""So many heights at most; a larger statistic counts as the highest."""
AT_ONCE = 2**15
"""Areas of all shuffles that are scored side by side, at most."""


@dataclass(frozen=True)
class Enhanced:
    """What threshold-free enhancement found.

    Attributes
    ----------
    score, p_fwe, statistic : ndarray, shape (n_areas, n_areas)
        NaN where a connection could not be tested. A connection whose statistic does
        not point the way asked for has score 0.
    n_people : ndarray of int, shape (n_groups, n_areas, n_areas)
    null : ndarray, shape (n_permutations,)
        Largest score of each shuffle.
    exact : bool
        Whether all different shuffles were used.
    device : str
        Kind of device that the statistics of shuffles were computed on.
    """

    score: FloatArray
    p_fwe: FloatArray
    statistic: FloatArray
    n_people: IntArray
    null: FloatArray
    exact: bool
    device: str


def threshold_free(
    weights: FloatArray,
    design: Design,
    *,
    alternative: Alternative = "two-sided",
    directed: bool = True,
    extent: float = 0.5,
    height: float = 2.0,
    n_permutations: int = 1000,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
) -> Enhanced:
    """Enhance connections that hang together, and test each against the largest.

    Parameters
    ----------
    weights : ndarray, shape (n_rows, n_areas, n_areas)
        ``[row, source, target]``; NaN where there is no estimate.
    design : Design
    alternative : {"two-sided", "greater", "less"}
        As for `networkbased.network_based`.
    directed : bool, default=True
    extent, height : float
        The exponents E and H.
    n_permutations : int, default=1000
        If there are no more different ones, all are used once.
    seed : int, default=0
    device : str, default="auto"
        Where the statistics of shuffles are computed; see `arrays.chosen`. Scores are
        computed on the CPU.
    progress : callable, optional

    Returns
    -------
    Enhanced

    Raises
    ------
    InvalidDataError
        As for `networkbased.network_based`.
    """
    whole = network(
        weights,
        design,
        alternative=alternative,
        directed=directed,
        n_permutations=n_permutations,
        seed=seed,
        device=device,
    )
    fitted = whole.fitted
    levels = _Levels(whole, extent, height)
    null = whole.null(levels.largest, progress)
    score = levels.scores(fitted.partial[None])[0]
    return Enhanced(
        whole.matrix(score),
        whole.matrix(by_largest(score, null)),
        whole.statistic(),
        whole.n_people,
        null,
        fitted.shuffles.exact,
        fitted.arrays.device,
    )


class _Levels:
    """Scores of many shuffles side by side, going down through the heights once.

    Components only grow on the way down: each connection joins two of them once, at
    its own height. On the way up again, a component's sum is its own part and the sum
    of the one it became below.
    """

    def __init__(self, whole: Network, extent: float, height: float) -> None:
        self.whole = whole
        self.extent = extent
        self.height = height

    def largest(self, block: Block) -> FloatArray:
        """Give the largest score of each row, some rows at a time."""
        partial = self.whole.fitted.arrays.numbers(block)
        n = max(1, len(partial) * self.whole.n_areas // AT_ONCE)
        some = [self.scores(p).max(axis=1) for p in np.array_split(partial, n)]
        return np.concatenate(some)

    def scores(self, partial: Statistics) -> FloatArray:
        """Give the score of every connection, (n_shuffles, n_tested)."""
        turned = self.whole.turned(partial)
        steps = self.whole.fitted.statistic(turned) / STEP * (1 + 1e-6)
        level = np.clip(steps, 0, HIGHEST).astype(np.int16).ravel()
        passing = np.flatnonzero(level)
        level = level[passing]
        order = np.argsort(-level, kind="stable")
        passing, level = passing[order], level[order]
        shuffle, edge = np.divmod(passing, partial.shape[1])
        first = shuffle * self.whole.n_areas
        source = first + self.whole.source[edge]
        target = first + self.whole.target[edge]
        score = np.zeros(partial.shape)
        if passing.size:
            n = len(partial) * self.whole.n_areas
            score.ravel()[passing] = self._sums(n, source, target, level)
        return score

    def _sums(
        self, n: int, source: IntArray, target: IntArray, level: Statistics
    ) -> FloatArray:
        """Give the score of each connection; the highest come first."""
        top = int(level[0])
        ends = np.searchsorted(-level, -np.arange(top, 0, -1), side="right")
        label: IntArray = np.arange(n)
        count: Statistics = np.zeros(n)
        down: list[tuple[slice, IntArray, IntArray, FloatArray]] = []
        start = 0
        for at, end in zip(range(top, 0, -1), ends, strict=True):
            new = slice(start, int(end))
            joins = label[source[new]], label[target[new]]
            merged = joined(len(count), *joins).astype(np.intp)
            inside = merged[joins[0]]
            n_left = int(merged.max()) + 1
            new_count = np.bincount(inside, minlength=n_left)
            count = np.bincount(merged, count, n_left) + new_count
            label = merged[label]
            gain = count**self.extent * (at * STEP) ** self.height * STEP
            down.append((new, merged, inside, gain))
            start = new.stop
        found = np.empty(len(level))
        below = np.zeros(len(down[-1][3]))
        for new, merged, inside, gain in reversed(down):
            total = gain + below
            found[new] = total[inside]
            below = total[merged]
        return found
