"""Shuffles that leave a null hypothesis unchanged: all of them, or some drawn.

A shuffle says which residual each row receives, within the blocks of the design, or
which signs are flipped. Two shuffles that give every row the residuals of people with
the same row in the design are the same shuffle. Where there are no more different ones
than were asked for, all are used once and the p value is exact.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from atlasdb.cohorts.glm import Design, IntArray, Part
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray


@dataclass(frozen=True)
class Shuffles:
    """Shuffles of the rows of one design, without the one that changes nothing.

    Attributes
    ----------
    order : ndarray of int, shape (n_shuffles, n_rows)
        Row of the residual that each position receives; signs -1 and 1 where the
        design flips signs.
    position : ndarray of int, shape (n_rows,)
        Row of each position; rows of a block stand together.
    exact : bool
        Whether these are all there are.
    signs : bool
    """

    order: IntArray
    position: IntArray
    exact: bool
    signs: bool

    @property
    def n(self) -> int:
        """How many."""
        return len(self.order)

    def weights(
        self, part: Part, column: FloatArray, which: slice | IntArray
    ) -> FloatArray:
        """Move a column of the design to the residuals that its rows receive.

        Parameters
        ----------
        part : Part
        column : ndarray, shape (n_part_rows,)
        which : slice or ndarray of int
            Of the shuffles.

        Returns
        -------
        ndarray, shape (n_which, n_part_rows)
            Its product with the residuals is the column's with the shuffled ones.
            People without an estimate are passed over, in the order of the shuffle.
        """
        order = self.order[which]
        if self.signs:
            return order[:, part.rows] * column
        n = order.shape[1]
        place = np.full(n, -1)
        place[part.rows] = np.arange(len(part.rows))
        position = place[self.position]
        received = place[order]
        if len(part.rows) < n:
            position = position[position >= 0]
            received = received[received >= 0].reshape(len(order), -1)
        moved = np.empty(received.shape)
        values = np.broadcast_to(column[position], received.shape)
        np.put_along_axis(moved, received, values, axis=1)
        return moved


def n_distinct(design: Design) -> int:
    """Count the shuffles that differ, with the one that changes nothing.

    Examples
    --------
    >>> from atlasdb.cohorts import contrasts
    >>> n_distinct(contrasts.between("aaabbb"))
    20
    >>> n_distinct(contrasts.paired(5))
    32
    """
    if design.signs:
        return int(2**design.n_rows)
    kinds = _kinds(design)
    ways = 1
    for block in np.unique(design.blocks):
        sizes = np.unique(kinds[design.blocks == block], return_counts=True)[1]
        ways *= math.factorial(int(sizes.sum()))
        for size in sizes:
            ways //= math.factorial(int(size))
    return ways


def shuffles(
    design: Design, n_permutations: int, seed: int, *, complete: bool = True
) -> Shuffles:
    """Give all shuffles, where there are no more than asked for, or draw some.

    Parameters
    ----------
    design : Design
    n_permutations : int
    seed : int
        The same seed gives the same shuffles on every machine.
    complete : bool, default=True
        Whether everybody has every connection. Where estimates are missing shuffles
        are always drawn, since those that differ are others at each connection.

    Raises
    ------
    InvalidDataError
        If fewer than 1 is asked for.
    """
    if n_permutations < 1:
        raise InvalidDataError(
            f"{n_permutations} permutations cannot give a p value; ask for 1000."
        )
    position = np.argsort(design.blocks, kind="stable")
    ways = n_distinct(design)
    if complete and ways - 1 <= n_permutations:
        every = list(_signs(design.n_rows) if design.signs else _orders(design))
        order = np.array(every[1:], dtype=np.intp).reshape(-1, design.n_rows)
        if not design.signs:
            order = order[:, position]
        return Shuffles(order, position, True, design.signs)
    rng = np.random.default_rng(seed)
    size = (n_permutations, design.n_rows)
    if design.signs:
        order = 2 * rng.integers(0, 2, size) - 1
        return Shuffles(order, position, False, True)
    order = np.empty(size, dtype=np.intp)
    start = 0
    for n in np.bincount(design.blocks):
        rows = position[start : start + n]
        order[:, start : start + n] = rng.permuted(np.tile(rows, (size[0], 1)), axis=1)
        start += n
    return Shuffles(order, position, False, False)


def _kinds(design: Design) -> IntArray:
    """Give rows of the design that are the same the same number."""
    whole = np.hstack([design.tested, design.held])
    kinds: IntArray = np.unique(whole, axis=0, return_inverse=True)[1].ravel()
    return kinds


def _signs(n: int) -> Iterator[tuple[int, ...]]:
    return itertools.product((1, -1), repeat=n)


def _orders(design: Design) -> Iterator[IntArray]:
    """Give each different shuffle once, by row, the one that changes nothing first."""
    kinds = _kinds(design)
    blocks = [np.flatnonzero(design.blocks == b) for b in np.unique(design.blocks)]
    ways = [list(_arrangements(tuple(kinds[rows]))) for rows in blocks]
    for chosen in itertools.product(*ways):
        order = np.empty(design.n_rows, dtype=np.intp)
        for rows, arrangement in zip(blocks, chosen, strict=True):
            given = np.argsort(kinds[rows], kind="stable")
            order[rows[given]] = rows[np.argsort(arrangement, kind="stable")]
        yield order


def _arrangements(kinds: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Give the different orders of things, some alike; as they are comes first."""
    if not kinds:
        yield ()
        return
    for first in dict.fromkeys(kinds):
        at = kinds.index(first)
        for rest in _arrangements(kinds[:at] + kinds[at + 1 :]):
            yield (first, *rest)
