"""Freedman-Lane permutations of a linear model at every connection at once.

What the held columns leave is shuffled, what they fit is added back, and the full model
is fitted again (Freedman and Lane 1983; Winkler and others 2014). Because
only what the held columns leave counts in the second fit, a shuffle is a product of a
row of weights with the residuals, and many shuffles are one product of matrices, in
blocks that bound the memory. They may be computed on an accelerator (`arrays`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from atlasdb.cohorts.arrays import Arrays, Block, chosen
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
    arrays : Arrays
        What the statistics of shuffles are computed in.
    """

    design: Design
    parts: tuple[Part, ...]
    columns: IntArray
    df: FloatArray
    size: FloatArray
    partial: FloatArray
    shuffles: Shuffles
    arrays: Arrays

    def statistic(self, partial: Statistics, which: Any = slice(None)) -> Statistics:
        """Turn partial correlations into t, and partial R2 into F."""
        statistic: Statistics = self.design.statistic(partial, self.df[which])
        return statistic

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


def fit(
    y: FloatArray,
    design: Design,
    n_permutations: int,
    seed: int,
    device: str = "cpu",
) -> Fit:
    """Fit a design and choose the shuffles.

    Parameters
    ----------
    y : ndarray, shape (n_rows, n_connections)
        NaN where there is no estimate; infinite values are refused.
    design : Design
    n_permutations : int
        If there are no more different ones, all are used once.
    seed : int
    device : str, default="cpu"
        Where the statistics of shuffles are computed; see `arrays.chosen`.

    Raises
    ------
    InvalidDataError
        If values are infinite, rows are not those of the design, nothing can be
        tested, or there is no such device.
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
    n_statistics = y.shape[1] * drawn.n
    where = chosen(device, n_statistics)
    dtype = where.dtype(n_statistics)
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
        where,
    )


def shuffled(
    fitted: Fit, progress: Progress | None = None
) -> Iterator[tuple[slice, Block]]:
    """Give the partial correlations of all shuffles, block by block.

    Parameters
    ----------
    fitted : Fit
    progress : callable, optional

    Yields
    ------
    which : slice
        Of the shuffles.
    block : array of `Fit.arrays`, shape (n_block, n_tested)
        Partial correlations, or partial R2; overwritten by the next block.
    """
    n, total = len(fitted.columns), fitted.shuffles.n
    block = max(1, BLOCK // n)
    dtype = fitted.parts[0].residuals.dtype
    shape = (min(block, total), n)
    room, spare = (fitted.arrays.empty(shape, dtype) for _ in range(2))
    residuals = [fitted.arrays.put(part.residuals) for part in fitted.parts]
    for start in range(0, total, block):
        which = slice(start, min(start + block, total))
        found, rest = (m[: which.stop - start] for m in (room, spare))
        at = 0
        for part, rows in zip(fitted.parts, residuals, strict=True):
            to = slice(at, at + len(part.columns))
            _partial(fitted, part, rows, which, found[:, to], rest[:, to])
            at = to.stop
        yield which, found
        if progress is not None:
            progress(which.stop, total)


def _partial(
    fitted: Fit, part: Part, residuals: Any, which: slice, found: Block, rest: Block
) -> None:
    """Write the statistics of one part; `rest` is room of the same shape."""
    arrays, lib = fitted.arrays, fitted.arrays.lib
    dtype = part.residuals.dtype

    def product(column: FloatArray, out: Block) -> None:
        weights = fitted.shuffles.weights(part, column, which).astype(dtype)
        arrays.product(arrays.put(weights), residuals, out)

    product(part.tested[:, 0], found)
    if not fitted.design.is_t:
        lib.square(found, out=found)
        for column in part.tested.T[1:]:
            product(column, rest)
            found += lib.square(rest, out=rest)
    if not part.held.shape[1]:
        return
    left = lib.ones_like(found)
    for column in part.held.T:
        product(column, rest)
        left -= lib.square(rest, out=rest)
    lib.clip(left, 1e-6, None, out=left)
    if fitted.design.is_t:
        lib.sqrt(left, out=left)
    found /= left


def permuted(
    y: FloatArray,
    design: Design,
    *,
    n_permutations: int = 1000,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
) -> dict[str, NDArray[Any]]:
    """Test every connection by permutation, two-sided where there is a direction.

    Parameters
    ----------
    y : ndarray, shape (n_rows, n_connections)
        NaN where there is no estimate.
    design : Design
    n_permutations : int, default=1000
        If there are no more different ones, all are used once.
    seed : int, default=0
    device : str, default="auto"
        Where the statistics of shuffles are computed; see `arrays.chosen`.
    progress : callable, optional

    Returns
    -------
    dict of ndarray, shape (n_connections,)
        ``statistic`` (t or F), ``df``, ``effect`` (called `Design.effect`),
        ``effect_low, effect_high`` (95 %, of Hedges' g between two groups), ``p`` by
        permutation of each connection by itself, ``p_model`` by the t or F
        distribution, ``p_fwe`` by the largest statistic of all connections, ``q``
        (Benjamini and Hochberg, of p); NaN where nothing was tested. Scalars:
        ``n_permutations``, ``exact`` and ``device``.

    Raises
    ------
    InvalidDataError
        If nothing can be tested, or there is no such device.
    """
    fitted = fit(y, design, n_permutations, seed, device)
    arrays, n, m = fitted.arrays, y.shape[1], fitted.shuffles.n
    tie = 1e-5
    reached: Any = 0
    largest = np.empty(m)
    limit = np.abs(fitted.partial) * (1 - tie)
    limits = arrays.put(limit.astype(fitted.parts[0].residuals.dtype))
    alike = (fitted.df == fitted.df[0]).all()
    df = arrays.put(fitted.df)
    for which, block in shuffled(fitted, progress):
        size = arrays.lib.abs(block, out=block)
        reached = reached + (size >= limits).sum(axis=0)
        if not alike:
            size = design.statistic(size, df)
        largest[which] = arrays.numbers(arrays.lib.amax(size, axis=1))
    if alike:
        largest = fitted.statistic(largest, 0)
    statistic = np.asarray(fitted.statistic(fitted.partial), dtype=np.float64)
    p = (arrays.numbers(reached) + 1) / (m + 1)
    found = effects(fitted, statistic) | {
        "statistic": statistic,
        "df": fitted.df,
        "p": p,
        "p_model": tail(fitted, statistic),
        "p_fwe": by_largest(np.abs(statistic), largest, tie=tie),
        "q": q_values(p),
    }
    whole = {name: fitted.spread(values, n) for name, values in found.items()}
    return whole | {
        "n_permutations": np.array(m),
        "exact": np.array(fitted.shuffles.exact),
        "device": np.array(arrays.device),
    }


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
