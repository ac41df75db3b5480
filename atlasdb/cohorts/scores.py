"""How well something is predicted: one number for a whole set of held-out cases."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from atlasdb.types import FloatArray


def auc(logits: FloatArray, labels: NDArray[Any]) -> FloatArray:
    """Give the area under the ROC curve along the last axis; ties count half.

    Parameters
    ----------
    logits : ndarray, shape (..., n_cases)
    labels : ndarray of int, shape (..., n_cases)
        1 or 0.

    Returns
    -------
    ndarray, shape (...)

    Examples
    --------
    >>> auc(np.array([0.1, 0.9, 0.4]), np.array([0, 1, 1])).round(2)
    np.float64(1.0)
    """
    ranks = stats.rankdata(logits, axis=-1)
    n_first = labels.sum(axis=-1)
    n_second = labels.shape[-1] - n_first
    over = (ranks * labels).sum(axis=-1) - n_first * (n_first + 1) / 2
    found: FloatArray = over / (n_first * n_second)
    return found


def pearson(predicted: FloatArray, target: FloatArray) -> float:
    """Give the correlation of two columns; 0 where one does not vary.

    Examples
    --------
    >>> round(pearson(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0])), 2)
    0.98
    >>> pearson(np.ones(3), np.array([1.0, 2.0, 3.0]))
    0.0
    """
    a, b = predicted - predicted.mean(), target - target.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 0.0


def r2(predicted: FloatArray, target: FloatArray) -> float:
    """Give the share of the squares that is predicted; negative where 0 does better.

    Parameters
    ----------
    predicted, target : ndarray, shape (n_cases,)
        Both less what the mean of the training cases predicts.

    Examples
    --------
    >>> r2(np.array([1.0, 0.0, -1.0]), np.array([-1.0, 0.0, 1.0]))
    -3.0
    """
    return 1 - float(((target - predicted) ** 2).sum() / (target @ target))
