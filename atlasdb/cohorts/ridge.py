"""A ridge on all values at once, by way of the products between people.

With far more values than people, everything that the fit needs is the matrix of inner
products between people, so that its cost does not depend on the number of values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlasdb.cohorts import folds
from atlasdb.cohorts.folds import Whole
from atlasdb.types import FloatArray

STRENGTHS = np.logspace(-3, 3, 7)
"""Strengths to choose from, in units of the mean eigenvalue of the products."""
N_INNER = 5
"""Folds inside the training set, in which the strength is chosen."""


@dataclass(frozen=True, eq=False)
class Ridge:
    """Products between cases, from which any subset can be trained.

    Attributes
    ----------
    products : ndarray, shape (n_cases, n_cases)
    """

    products: FloatArray

    @classmethod
    def of(cls, values: FloatArray) -> Ridge:
        """Take the products; values is (n_cases, n_values), centred."""
        return cls(np.asarray(values @ values.T, dtype=np.float64))

    def held_out(
        self,
        target: FloatArray,
        fold: Whole,
        base: FloatArray,
        person: Whole,
        taken: Whole,
        rng: np.random.Generator,
    ) -> tuple[FloatArray, FloatArray]:
        """Predict each fold from the others.

        Parameters
        ----------
        target : ndarray, shape (n_cases,)
        fold, person : ndarray of int, shape (n_cases,)
        base : ndarray, shape (n_cases, n_columns)
            The constant and the confounds, which are regressed out of the values on
            the training cases.
        taken : ndarray of int, shape (n_cases,)
            Whose values each case has; the order where nobody is exchanged.
        rng : numpy.random.Generator
            Deals the inner folds.

        Returns
        -------
        predicted : ndarray, shape (n_cases,)
            Of the target without the confounds.
        coefficients : ndarray, shape (n_folds, n_cases)
            Of the training cases' values, whose sum the weights are.
        """
        products = self.products[np.ix_(taken, taken)]
        predicted = np.empty(len(target))
        coefficients = np.zeros((int(fold.max()) + 1, len(target)))
        for k in range(len(coefficients)):
            train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            if not test.size:
                continue
            fitted = np.linalg.pinv(base[train])
            free = products - base @ (fitted @ products[train])
            free = free[:, train] - (free[:, train] @ fitted.T) @ base[train].T
            _, who = np.unique(person[train], return_inverse=True)
            inner = folds.deal(who, target[train], N_INNER, rng)
            alpha = _fit(free[train], target[train], base[train], inner)
            predicted[test] = free[test] @ alpha
            coefficients[k, train] = alpha - fitted.T @ (base[train].T @ alpha)
        return predicted, coefficients


def _fit(
    products: FloatArray, target: FloatArray, base: FloatArray, inner: Whole
) -> FloatArray:
    """Choose the strength by the error in inner folds, then fit on all of them.

    The error of a fold that is left out follows from the fit to everybody: it is what
    the fit leaves, divided by what the fold's own cases do not say of themselves.
    Constant and confounds count as unpenalised columns, so they too are fitted anew.
    """
    size, axes = np.linalg.eigh((products + products.T) / 2)
    size = np.maximum(size, 0.0)
    strengths = STRENGTHS * (size.mean() or 1.0)
    held = _orthonormal(base)
    own = axes.T @ (target - held @ (held.T @ target))
    shares = size / (size + strengths[:, None])  # (n_strengths, n_cases)
    left = target - held @ (held.T @ target) - (shares * own) @ axes.T
    error = np.zeros(len(strengths))
    for k in np.unique(inner):
        rows = inner == k
        part = axes[rows]
        hat = (part * shares[:, None, :]) @ part.T + held[rows] @ held[rows].T
        free = (1 + 1e-9) * np.eye(int(rows.sum())) - hat
        error += (np.linalg.solve(free, left[:, rows, None]) ** 2).sum(axis=(1, 2))
    best = strengths[int(np.argmin(error))]
    return np.asarray(axes @ (own / (size + best)))


def _orthonormal(base: FloatArray) -> NDArray[np.float64]:
    left, size, _ = np.linalg.svd(base, full_matrices=False)
    return np.asarray(left[:, size > 1e-10 * size[0]])
