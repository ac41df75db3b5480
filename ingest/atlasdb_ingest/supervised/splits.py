"""Folds that never divide a person, and labels that say nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Design:
    """Who is told apart from whom.

    A case is what gets one score: a person of a cohort, or a person under one
    condition.

    Attributes
    ----------
    person : ndarray of int, shape (n_cases,)
        Of each case.
    labels : ndarray of int, shape (n_cases,)
        1 for the first class, 0 for the second.
    within : bool
        Whether every person has a case of each class.
    """

    person: Whole
    labels: Whole
    within: bool

    def weights(self, labels: Whole, train: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Let both classes count alike.

        Parameters
        ----------
        labels : ndarray of int, shape (n_cases,)
        train : ndarray of bool, shape (n_cases,)
            Cases to learn from.

        Returns
        -------
        ndarray, shape (n_cases,)
            Mean 1 over the training cases, 0 elsewhere.
        """
        weight = np.zeros(len(labels))
        for label in (0, 1):
            held = train & (labels == label)
            weight[held] = train.sum() / (2 * held.sum())
        return weight


def folds(design: Design, labels: Whole, n_folds: int, seed: Sequence[int]) -> Whole:
    """Deal people out to folds, each class evenly.

    Parameters
    ----------
    design : Design
    labels : ndarray of int, shape (n_cases,)
        Of the cases; may be shuffled ones.
    n_folds : int
    seed : sequence of int

    Returns
    -------
    ndarray of int, shape (n_cases,)
        The fold in which a case is held out. All cases of a person have the same.
    """
    rng = np.random.default_rng(seed)
    n_people = int(design.person.max()) + 1
    kind = np.zeros(n_people)
    if not design.within:
        kind[design.person] = labels
    order = np.concatenate(
        [rng.permutation(np.flatnonzero(kind == k)) for k in np.unique(kind)]
    )
    fold = np.empty(n_people, dtype=np.int64)
    fold[order] = np.arange(n_people) % n_folds
    return fold[design.person]


def shuffled(design: Design, seed: Sequence[int]) -> Whole:
    """Give labels that say nothing: between people, or within each of them.

    Parameters
    ----------
    design : Design
    seed : sequence of int

    Returns
    -------
    ndarray of int, shape (n_cases,)
        As many of each class as before.
    """
    rng = np.random.default_rng(seed)
    if design.within:
        turned = rng.integers(0, 2, int(design.person.max()) + 1)
        return np.asarray(design.labels ^ turned[design.person])
    return rng.permutation(design.labels)
