"""Differences planted into a study in which nothing differs: where, and which way."""

from __future__ import annotations

import dataclasses

import numpy as np

from atlasdb.cohorts.glm import Design, IntArray, basis, left
from atlasdb.cohorts.permutation import Fit
from atlasdb.types import FloatArray


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


def without_difference(fitted: Fit, n: int, seed: int) -> Fit:
    """Take out the difference that a study has itself, and give it n shuffles.

    Parameters
    ----------
    fitted : Fit
    n : int
        Where there are fewer shuffles, they are used again.
    seed : int
    """
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


def patterns(design: Design, n: int, rng: np.random.Generator) -> FloatArray:
    """Choose how people differ: the one way of a t, any of those that an F sees.

    Parameters
    ----------
    design : Design
    n : int
        How many patterns.
    rng : Generator

    Returns
    -------
    ndarray, shape (n, n_rows)
    """
    if design.is_t:
        return np.repeat(design.tested.T, n, axis=0)
    space = basis(left(design.tested, basis(design.held)))
    ways: FloatArray = rng.normal(size=(n, space.shape[1])) @ space.T
    return ways


def toward(
    fitted: Fit, planted: IntArray, pattern: FloatArray, n_true: int
) -> tuple[FloatArray, FloatArray]:
    """Say how the shuffles lie to what is planted.

    Parameters
    ----------
    fitted : Fit
    planted : ndarray of int, shape (n_shuffles, n_edges)
        Connections, in the order of the fit.
    pattern : ndarray, shape (n_shuffles, n_rows)
        How people differ in them.
    n_true : int
        So many shuffles are cohorts whose people do differ, and are compared as they
        are; the labels of the others are shuffled after planting.

    Returns
    -------
    along, overlap : ndarray, shape (n_shuffles, n_edges)
        Partial correlation of the connection, before planting, with the direction
        that the pattern has among the tested columns; and how much of the pattern
        they see.
    """
    ends = np.cumsum([len(part.columns) for part in fitted.parts])
    number = np.searchsorted(ends, planted, side="right")
    along, overlap = np.empty((2, *planted.shape))
    for k in np.unique(number):
        part, first = fitted.parts[k], ends[k] - len(fitted.parts[k].columns)
        rows = np.flatnonzero((number == k).any(axis=1))
        ways = pattern[np.ix_(rows, part.rows)] @ part.tested
        ways /= np.sqrt((ways**2).sum(axis=1, keepdims=True))
        whole = ways @ part.tested.T
        tested, held = (
            [fitted.shuffles.weights(part, column, rows) for column in columns.T]
            for columns in (part.tested, part.held)
        )
        seen = np.stack([(moved * whole).sum(axis=1) for moved in tested], axis=1)
        true = rows < n_true
        seen[true] = ways[true]
        if fitted.design.is_t:  # has one direction, and its sign
            size = seen[:, 0]
            way = np.ones_like(seen)
        else:
            size = np.sqrt((seen**2).sum(axis=1))
            way = seen / np.maximum(size, 1e-12)[:, None]
        moved = sum(w * way[:, [j]] for j, w in enumerate(tested))
        for edge in range(planted.shape[1]):
            at = number[rows, edge] == k
            residuals = part.residuals[:, planted[rows[at], edge] - first]
            found = np.einsum("sr,rs->s", moved[at], residuals)
            rest = np.ones(len(found))
            for w in held:
                rest -= np.einsum("sr,rs->s", w[at], residuals) ** 2
            along[rows[at], edge] = found / np.sqrt(np.maximum(rest, 1e-6))
            overlap[rows[at], edge] = size[at]
    return along, overlap
