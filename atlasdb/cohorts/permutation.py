"""Freedman-Lane permutations of a linear model at every connection at once.

What the held columns leave is shuffled, what they fit is added back, and the full model
is fitted again (Freedman and Lane 1983; Winkler and others 2014). Because
only what the held columns leave counts in the second fit, a shuffle is a product of a
row of weights with the residuals, and many shuffles are one product of matrices, in
blocks that bound the memory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from atlasdb.cohorts.corrections import by_largest, q_values
from atlasdb.cohorts.glm import Design, IntArray, Part, parts
from atlasdb.cohorts.shuffling import Shuffles, shuffles
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray

Progress = Callable[[int, int], None]
"""Called with how many shuffles are done, and of how many."""
Statistics = NDArray[Any]

BLOCK = 1 << 23
"""Statistics of one block of shuffles at most; 32 MB in single precision."""
SMALL = 1 << 26
"""Up to so many statistics in all, double precision costs nothing."""


@dataclass(frozen=True)
class Fit:
    """A design fitted at every connection that can be tested, and its shuffles.

    Attributes
    ----------
    design : Design
    parts : tuple of Part
    columns : ndarray of int, shape (n_tested,)
        Connections, in the order of the parts; all that follows is in this order.
    df, size, partial : ndarray, shape (n_tested,)
        Degrees of freedom, squared length of the tested column, and the partial
        correlation (partial R2 where several columns are tested).
    shuffles : Shuffles
    """

    design: Design
    parts: tuple[Part, ...]
    columns: IntArray
    df: FloatArray
    size: FloatArray
    partial: FloatArray
    shuffles: Shuffles

    def statistic(self, partial: Statistics, which: Any = slice(None)) -> Statistics:
        """Turn partial correlations into t, and partial R2 into F."""
        df = self.df[which]
        if self.design.is_t:
            t: Statistics = partial * np.sqrt(df / np.maximum(1 - partial**2, 1e-12))
            return t
        k = self.design.tested.shape[1]
        f: Statistics = partial / k * df / np.maximum(1 - partial, 1e-12)
        return f

    def partial_at(self, statistic: float) -> FloatArray:
        """Give the partial correlation or R2 at which t or F has this value."""
        k = self.design.tested.shape[1]
        ratio = statistic * (abs(statistic) if self.design.is_t else k)
        share: FloatArray = ratio / (self.df + abs(ratio))
        return np.sign(share) * np.sqrt(abs(share)) if self.design.is_t else share

    def spread(self, values: NDArray[Any], n: int) -> NDArray[Any]:
        """Put values of tested connections among all; NaN where nothing was tested."""
        whole = np.full(n, np.nan)
        whole[self.columns] = values
        return whole


def fit(y: FloatArray, design: Design, n_permutations: int, seed: int) -> Fit:
    """Fit a design and choose the shuffles.

    Parameters
    ----------
    y : ndarray, shape (n_rows, n_connections)
        NaN where there is no estimate; infinite values are refused.
    design : Design
    n_permutations : int
        If there are no more different ones, all are used once.
    seed : int

    Raises
    ------
    InvalidDataError
        If values are infinite, rows are not those of the design, or nothing can be
        tested.
    """
    if len(y) != design.n_rows:
        raise InvalidDataError(
            f"There are {len(y)} matrices for {design.n_rows} rows of the design."
        )
    if np.isinf(y).any():
        raise InvalidDataError(
            f"{int(np.isinf(y).sum())} weights are infinite. Repair them, or store "
            "them as missing."
        )
    complete = not np.isnan(y).any()
    drawn = shuffles(design, n_permutations, seed, complete=complete)
    dtype: Any = np.float64 if y.shape[1] * drawn.n <= SMALL else np.float32
    fitted: list[Part] = []
    partial = []
    for part in parts(y, design):
        r = part.tested.T @ part.residuals
        partial.append(r[0] if design.is_t else (r**2).sum(axis=0))
        kept = part.residuals.astype(dtype)
        fitted.append(dataclasses.replace(part, residuals=kept))
    if not fitted:
        raise InvalidDataError(
            f"None of {y.shape[1]} connections can be tested: too few people have "
            "them, or their values are all alike."
        )
    sizes = [len(p.columns) for p in fitted]
    return Fit(
        design,
        tuple(fitted),
        np.concatenate([p.columns for p in fitted]),
        np.repeat([float(p.df) for p in fitted], sizes),
        np.repeat([p.size for p in fitted], sizes),
        np.clip(np.concatenate(partial), -1.0, 1.0),
        drawn,
    )


def shuffled(fitted: Fit, progress: Progress | None = None) -> Iterator[Statistics]:
    """Give the partial correlations of all shuffles, block by block.

    Parameters
    ----------
    fitted : Fit
    progress : callable, optional

    Yields
    ------
    ndarray, shape (n_block, n_tested)
        Partial correlations, or partial R2; overwritten by the next block.
    """
    n, total = len(fitted.columns), fitted.shuffles.n
    block = max(1, BLOCK // n)
    dtype = fitted.parts[0].residuals.dtype
    room, spare = (np.empty((min(block, total), n), dtype=dtype) for _ in range(2))
    for start in range(0, total, block):
        which = slice(start, min(start + block, total))
        found, rest = (m[: which.stop - start] for m in (room, spare))
        at = 0
        for part in fitted.parts:
            to = slice(at, at + len(part.columns))
            _partial(fitted, part, which, found[:, to], rest[:, to])
            at = to.stop
        yield found
        if progress is not None:
            progress(which.stop, total)


def _partial(
    fitted: Fit, part: Part, which: slice, found: Statistics, rest: Statistics
) -> None:
    """Write the statistics of one part; `rest` is room of the same shape."""

    def product(column: FloatArray, out: Statistics) -> None:
        weights = fitted.shuffles.weights(part, column, which).astype(out.dtype)
        np.matmul(weights, part.residuals, out=out)

    product(part.tested[:, 0], found)
    if not fitted.design.is_t:
        np.square(found, out=found)
        for column in part.tested.T[1:]:
            product(column, rest)
            found += np.square(rest, out=rest)
    if not part.held.shape[1]:
        return
    left = np.ones_like(found)
    for column in part.held.T:
        product(column, rest)
        left -= np.square(rest, out=rest)
    np.maximum(left, 1e-6, out=left)
    if fitted.design.is_t:
        np.sqrt(left, out=left)
    found /= left


def permuted(
    y: FloatArray,
    design: Design,
    *,
    n_permutations: int = 1000,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, FloatArray]:
    """Test every connection by permutation, two-sided where there is a direction.

    Parameters
    ----------
    y : ndarray, shape (n_rows, n_connections)
        NaN where there is no estimate.
    design : Design
    n_permutations : int, default=1000
        If there are no more different ones, all are used once.
    seed : int, default=0
    progress : callable, optional

    Returns
    -------
    dict of ndarray, shape (n_connections,)
        ``statistic`` (t or F), ``df``, ``effect`` (called `Design.effect`),
        ``effect_low, effect_high`` (95 %, of Hedges' g between two groups), ``p`` by
        permutation of each connection by itself, ``p_model`` by the t or F
        distribution, ``p_fwe`` by the largest statistic of all connections, ``q``
        (Benjamini and Hochberg, of p); NaN where nothing was tested. ``n_permutations``
        and ``exact``: scalars.

    Raises
    ------
    InvalidDataError
        If nothing can be tested.
    """
    fitted = fit(y, design, n_permutations, seed)
    n, m = y.shape[1], fitted.shuffles.n
    tie = 1e-5
    reached = np.zeros(len(fitted.columns), dtype=np.int64)
    largest = np.empty(m)
    limit = np.abs(fitted.partial) * (1 - tie)
    done = 0
    for block in shuffled(fitted, progress):
        size = np.abs(block, out=block)
        reached += (size >= limit.astype(size.dtype)).sum(axis=0)
        to = slice(done, done + len(size))
        if (fitted.df == fitted.df[0]).all():
            largest[to] = fitted.statistic(size.max(axis=1), 0)
        else:
            largest[to] = fitted.statistic(size).max(axis=1)
        done = to.stop
    statistic = np.asarray(fitted.statistic(fitted.partial), dtype=np.float64)
    p = (reached + 1) / (m + 1)
    found = effects(fitted, statistic) | {
        "statistic": statistic,
        "df": fitted.df,
        "p": p,
        "p_model": tail(fitted, statistic),
        "p_fwe": by_largest(np.abs(statistic), largest, tie=tie),
        "q": q_values(p),
    }
    whole = {name: fitted.spread(values, n) for name, values in found.items()}
    exact = np.array(fitted.shuffles.exact)
    return whole | {"n_permutations": np.array(m), "exact": exact}


def tail(
    fitted: Fit, statistic: FloatArray, df: FloatArray | None = None
) -> FloatArray:
    """Give p by the t or F distribution, two-sided where there is a direction."""
    df = fitted.df if df is None else df
    if fitted.design.is_t:
        return np.asarray(2 * stats.t.sf(np.abs(statistic), df))
    k = fitted.design.tested.shape[1]
    return np.asarray(stats.f.sf(statistic, k, df))


def effects(fitted: Fit, statistic: FloatArray) -> dict[str, FloatArray]:
    """Give standardised effects; Hedges' correction for small samples."""
    if not fitted.design.effect.startswith("hedges"):
        return {"effect": fitted.partial}
    rows = np.repeat([len(p.rows) for p in fitted.parts], _lengths(fitted))
    if fitted.design.signs:
        df = rows - 1
        return {"effect": statistic / np.sqrt(fitted.size) * (1 - 3 / (4 * df - 1))}
    effect = statistic / np.sqrt(fitted.size) * (1 - 3 / (4 * (rows - 2) - 1))
    first = [int((fitted.design.labels[p.rows] == 0).sum()) for p in fitted.parts]
    n_a = np.repeat(first, _lengths(fitted))
    error = np.sqrt(rows / (n_a * (rows - n_a)) + effect**2 / (2 * rows))
    low, high = effect - 1.96 * error, effect + 1.96 * error
    return {"effect": effect, "effect_low": low, "effect_high": high}


def _lengths(fitted: Fit) -> list[int]:
    return [len(p.columns) for p in fitted.parts]
