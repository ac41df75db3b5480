"""The general linear model at every connection: what is tested, what is held constant.

A design says which columns are tested, which are held constant, and whose values may be
exchanged when nothing is true. Every connection is fitted to the people who have it;
connections that the same people have share one fit. The statistic is the partial
correlation r with one tested column, and the partial R2 with several; t and F follow
from them by the degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from atlasdb.cohorts.design import FEWEST
from atlasdb.cohorts.patterns import by_people
from atlasdb.types import FloatArray

IntArray = NDArray[np.intp]
AT_ONCE = 20_000
"""Connections of one part at most, so that few copies of the data are held."""
Effect = Literal["hedges_g", "hedges_g_paired", "partial_r", "partial_eta2"]


@dataclass(frozen=True)
class Design:
    """Columns of a linear model; `contrasts` makes it.

    Attributes
    ----------
    tested : ndarray, shape (n_rows, n_tested)
    held : ndarray, shape (n_rows, n_held)
        With the constant, where it is held.
    effect : str
        What the size of an effect is called here.
    blocks : ndarray of int, shape (n_rows,)
        Values are exchanged within a block only. One block: exchanged freely.
    signs : bool
        Whether signs are flipped instead: rows are differences within people.
    labels : ndarray of int, shape (n_rows,)
        Groups whose people are counted.
    """

    tested: FloatArray
    held: FloatArray
    effect: Effect
    blocks: IntArray
    labels: IntArray
    signs: bool = False

    @property
    def n_rows(self) -> int:
        """People, or rows of repeated measurements."""
        return len(self.tested)

    @property
    def is_t(self) -> bool:
        """Whether one column is tested, so that the effect has a direction."""
        return bool(self.tested.shape[1] == 1)

    def statistic(self, partial: Any, df: Any) -> Any:
        """Turn partial correlations into t, and partial R2 into F.

        Parameters
        ----------
        partial, df : array
            Of numpy or of torch; degrees of freedom of the full model.
        """
        if self.is_t:
            return partial * (df / (1 - partial**2).clip(1e-12)) ** 0.5
        return partial / self.tested.shape[1] * df / (1 - partial).clip(1e-12)

    @property
    def kept(self) -> FloatArray:
        """Held columns whose sums no shuffle changes: the constant of every block."""
        if self.signs:
            return np.empty((self.n_rows, 0))
        return indicators(self.blocks, 0)


@dataclass(frozen=True)
class Part:
    """Connections that the same people have, fitted to the held columns.

    Attributes
    ----------
    columns : ndarray of int
        Which connections.
    rows : ndarray of int
        Which people.
    residuals : ndarray, shape (n_rows, n_columns)
        What the held columns leave, each of length 1.
    tested, held : ndarray, shape (n_rows, ...)
        Orthonormal; `tested` is what the held columns leave of it, `held` is without
        what no shuffle changes.
    df : int
        Degrees of freedom of the full model.
    size : float
        Squared length of the tested column; the standardised effect is t / sqrt(size).
    """

    columns: IntArray
    rows: IntArray
    residuals: FloatArray
    tested: FloatArray
    held: FloatArray
    df: int
    size: float


def parts(y: FloatArray, design: Design) -> Iterator[Part]:
    """Fit the held columns at every connection that can be tested.

    Parameters
    ----------
    y : ndarray, shape (n_rows, n_connections)
        NaN where there is no estimate.
    design : Design

    Yields
    ------
    Part
        A connection is in none where fewer than 3 people differ from its median, where
        a group has fewer than 2, where the covariates tell the groups of those who
        have it apart, or where the model leaves fewer than 3 degrees of freedom.
    """
    present = ~np.isnan(y)
    for columns in by_people(present):
        rows = np.flatnonzero(present[:, columns[0]])
        groups = np.bincount(design.labels[rows], minlength=design.labels.max() + 1)
        if len(rows) < FEWEST or groups.min() < 2:
            continue
        raw, kept = design.tested[rows], basis(design.kept[rows])
        held = design.held[rows]
        moved = basis(left(held, kept), 1e-8 * float(np.linalg.norm(held)))
        tested = left(left(raw, kept), moved)
        size = float((tested**2).sum())
        spread = raw if design.signs else raw - raw.mean(axis=0)
        space = basis(tested, 1e-4 * np.sqrt((spread**2).sum(axis=0)).max())
        df = len(rows) - kept.shape[1] - moved.shape[1] - space.shape[1]
        if space.shape[1] < design.tested.shape[1] or df < FEWEST:
            continue
        if design.is_t:  # keeps the sign of the column
            space = tested / np.sqrt(size)
        for start in range(0, len(columns), AT_ONCE):
            some = columns[start : start + AT_ONCE]
            tells, unit = _residuals(y[np.ix_(rows, some)], kept, moved)
            if tells.any():
                yield Part(some[tells], rows, unit, space, moved, df, size)


def _residuals(
    y: FloatArray, kept: FloatArray, moved: FloatArray
) -> tuple[NDArray[np.bool_], FloatArray]:
    """Say which connections vary, and give what held columns leave of those."""
    scale = np.abs(y).max(axis=0)
    scaled = y / np.maximum(scale, 1e-300)  # no square and no median overflows
    tells = (scaled != np.median(scaled, axis=0)).sum(axis=0) >= FEWEST
    rest = left(left(scaled[:, tells], kept), moved)
    length = np.sqrt((rest**2).sum(axis=0))
    varies = length > 1e-12 * np.sqrt(len(y))
    tells[tells] = varies
    return tells, rest[:, varies] / length[varies]


def basis(columns: FloatArray, least: float | None = None) -> FloatArray:
    """Give an orthonormal basis of columns, without those that say nothing new.

    Parameters
    ----------
    columns : ndarray, shape (n_rows, n_columns)
    least : float, optional
        Shorter directions do not count; a 1e-10th of the longest when not given.
    """
    if not columns.size:
        return np.empty((len(columns), 0))
    axes, length, _ = np.linalg.svd(columns, full_matrices=False)
    limit = 1e-10 * length[0] if least is None else least
    chosen: FloatArray = axes[:, length > max(limit, 1e-300)]
    return chosen


def left(y: FloatArray, held: FloatArray) -> FloatArray:
    """Give what an orthonormal basis leaves of y."""
    rest: FloatArray = y - held @ (held.T @ y)
    return rest


def indicators(coded: IntArray, first: int) -> FloatArray:
    """Give columns of 0 and 1 for the levels from the first on."""
    levels = np.arange(first, coded.max() + 1)
    columns: FloatArray = (coded[:, None] == levels).astype(np.float64)
    return columns
