"""Connectome-based predictive modelling: sums over connections that go with a score.

In the training cases, the connections that go with the score are chosen by the p of
their correlation, those that rise with it and those that fall; a person's two sums
over them predict the score by a straight line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from atlasdb.cohorts.folds import Whole
from atlasdb.types import FloatArray

_AT_ONCE = 20_000
"""Values whose correlations are in memory together."""


@dataclass(frozen=True, eq=False)
class Sums:
    """The values of all cases, laid out for choosing among them.

    Attributes
    ----------
    values : ndarray of float32, shape (n_values, n_cases)
        Centred.
    threshold : float
        Values of smaller p are chosen.
    """

    values: NDArray[np.float32]
    threshold: float

    @classmethod
    def of(cls, values: FloatArray, threshold: float) -> Sums:
        """Lay the values out; they are (n_cases, n_values), centred."""
        return cls(np.ascontiguousarray(values.T, dtype=np.float32), threshold)

    def held_out(
        self, target: FloatArray, fold: Whole, base: FloatArray, taken: Whole
    ) -> tuple[FloatArray, NDArray[np.int8]]:
        """Predict each fold from the others.

        Parameters
        ----------
        target : ndarray, shape (n_cases,)
        fold : ndarray of int, shape (n_cases,)
        base : ndarray, shape (n_cases, n_columns)
            The constant and the confounds, which are regressed out of the values and
            the target on the training cases.
        taken : ndarray of int, shape (n_cases,)
            Whose values each case has; the order where nobody is exchanged.

        Returns
        -------
        predicted : ndarray, shape (n_cases,)
            Of the target without the confounds; 0 where nothing was chosen.
        chosen : ndarray of int8, shape (n_folds, n_values)
            1 where a value rises with the target, -1 where it falls, else 0.
        """
        n_folds = int(fold.max()) + 1
        train = [np.flatnonzero(fold != k) for k in range(n_folds)]
        fitted = [np.linalg.pinv(base[rows]) for rows in train]
        left = np.zeros((len(target), n_folds))
        for k, rows in enumerate(train):
            left[rows, k] = target[rows] - base[rows] @ (fitted[k] @ target[rows])
        chosen = self._chosen(left, train, base, taken)
        predicted = np.zeros(len(target))
        for k, rows in enumerate(train):
            sums = np.column_stack(
                [
                    self.values[chosen[k] == sign].sum(axis=0, dtype=np.float64)[taken]
                    for sign in (1, -1)
                ]
            )
            sums -= base @ (fitted[k] @ sums[rows])
            size = np.sqrt((sums[rows] ** 2).sum(axis=0))
            sums /= np.where(size > 0, size, 1.0)
            slopes = np.linalg.lstsq(sums[rows], left[rows, k], rcond=1e-8)[0]
            test = fold == k
            predicted[test] = sums[test] @ slopes
        return predicted, chosen

    def _chosen(
        self,
        left: FloatArray,
        train: list[NDArray[np.intp]],
        base: FloatArray,
        taken: Whole,
    ) -> NDArray[np.int8]:
        """Correlate every value with the target in every training set."""
        n_cases, n_folds = left.shape
        columns, n_held, limit = [], [], []
        for k, rows in enumerate(train):
            axes, size, _ = np.linalg.svd(base[rows], full_matrices=False)
            held = np.zeros((n_cases, int((size > 1e-10 * size[0]).sum())))
            held[rows] = axes[:, : held.shape[1]]
            norm = float(np.sqrt(left[:, k] @ left[:, k]))
            columns.append(np.column_stack([left[:, k] / (norm or 1.0), held]))
            n_held.append(held.shape[1])
            df = len(rows) - held.shape[1] - 1
            t = stats.t.isf(self.threshold / 2, df)
            limit.append(t / np.sqrt(df + t**2))
        inside = np.zeros((n_cases, n_folds), dtype=np.float32)
        for k, rows in enumerate(train):
            inside[rows, k] = 1
        together = np.column_stack(columns)
        weights = np.zeros(together.shape, dtype=np.float32)
        weights[taken] = together  # the same as exchanging the columns of the values
        inside[taken] = inside.copy()
        start = np.concatenate([[0], np.cumsum(np.array(n_held) + 1)])
        chosen = np.zeros((n_folds, len(self.values)), dtype=np.int8)
        for first in range(0, len(self.values), _AT_ONCE):
            part = self.values[first : first + _AT_ONCE]
            products = weights.T @ part.T
            squares = inside.T @ (part * part).T
            for k in range(n_folds):
                along = products[start[k]]
                held_part = products[start[k] + 1 : start[k + 1]]
                free = squares[k] - (held_part**2).sum(axis=0)
                tells = free > 1e-5 * squares[k]
                passes = tells & (along**2 > limit[k] ** 2 * free)
                chosen[k, first : first + len(part)] = np.sign(along) * passes
        return chosen
