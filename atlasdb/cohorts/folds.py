"""Folds that never divide a person, and people whose values are exchanged whole.

A case is one row of the data: a person, or one session of a person.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from atlasdb.cohorts.design import FEWEST
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray

Whole = NDArray[np.int64]


def deal(
    person: Whole, target: FloatArray, n_folds: int, rng: np.random.Generator
) -> Whole:
    """Deal people out to folds, so that folds are alike in the target.

    Parameters
    ----------
    person : ndarray of int, shape (n_cases,)
        Whose each case is, 0, 1, ...
    target : ndarray, shape (n_cases,)
        A score, or 0 and 1.
    n_folds : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (n_cases,)
        The fold of each case; all cases of a person have the same.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> fold = deal(np.array([0, 0, 1, 2, 3]), np.array([0, 0, 0, 1, 1.0]), 2, rng)
    >>> bool(fold[0] == fold[1]), bool(fold[0] != fold[2]), bool(fold[3] != fold[4])
    (True, True, True)
    """
    n = np.bincount(person)
    mean = np.bincount(person, target) / n
    order = np.lexsort((rng.random(len(n)), mean))
    n_blocks = -(-len(n) // n_folds)
    dealt = rng.permuted(np.tile(np.arange(n_folds), (n_blocks, 1)), axis=1).ravel()
    fold = np.empty(len(n), dtype=np.int64)
    fold[order] = dealt[: len(n)]
    return fold[person]


def exchanged(person: Whole, rng: np.random.Generator) -> Whole:
    """Exchange people whole, each with one of as many cases.

    Parameters
    ----------
    person : ndarray of int, shape (n_cases,)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (n_cases,)
        Where the values of each case are taken from. Somebody with a number of cases
        that nobody else has stays in place.
    """
    n = np.bincount(person)
    first = np.argsort(person, kind="stable")
    start = np.concatenate([[0], np.cumsum(n)[:-1]])
    taken = np.empty(len(person), dtype=np.int64)
    for size in np.unique(n):
        people = np.flatnonzero(n == size)
        places = first[start[people][:, None] + np.arange(size)]
        taken[places] = places[rng.permutation(len(people))]
    return taken


def exchangeable(person: Whole) -> int:
    """Count the people who can be exchanged with somebody."""
    n = np.bincount(person)
    sizes, counts = np.unique(n, return_counts=True)
    return int(counts[counts > 1].sum()) if sizes.size else 0


def enough(
    target: FloatArray, who: Whole, n_folds: int, n_columns: int, groups: bool
) -> None:
    """Refuse people too few to be dealt out, or to be told apart from confounds.

    Parameters
    ----------
    target : ndarray, shape (n_cases,)
    who : ndarray of int, shape (n_cases,)
        Whose each case is, 0, 1, ...
    n_folds, n_columns : int
        Folds, and columns of confounds.
    groups : bool
        Whether the target says which of two groups.

    Raises
    ------
    InvalidDataError
        If they are too few, or everybody has the same target.
    """
    if len(np.unique(target)) < 2:
        raise InvalidDataError(
            f"Everybody has the same target, {target[0]:g}: nothing can be predicted."
        )
    parts = {"": np.ones(len(target), dtype=bool)}
    if groups:
        parts = {f" in group {label}": target == label for label in (1, 0)}
    for name, part in parts.items():
        n = len(np.unique(who[part]))
        if n < n_folds:
            raise InvalidDataError(
                f"There are {n} people{name}, fewer than {n_folds} folds. Add people, "
                "or ask for fewer folds."
            )
    n_people = int(who.max()) + 1
    n_train = n_people - -(-n_people // n_folds)
    if n_train - n_columns - 2 < FEWEST:
        raise InvalidDataError(
            f"{n_people} people in {n_folds} folds are too few for {n_columns} columns "
            "of confounds. Add people, or hold less constant."
        )
