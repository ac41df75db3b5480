"""The baseline: a logistic regression with a ridge on plain numbers.

Numbers are centred and brought to one common scale, both taken from the training
examples. They are of one kind, and giving each a scale of its own would make as much
of those that only noise moves: on simulated people that is a weaker baseline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlasdb.types import FloatArray

STRENGTH = 10.0
"""Inverse of the ridge, where examples have a mean square of 1."""


@dataclass(frozen=True, eq=False)
class Logistic:
    """A fitted logistic regression: the logit is ``x @ weights + bias``."""

    weights: FloatArray
    bias: float

    def logits(self, plain: FloatArray) -> FloatArray:
        """Give the logit of each example, (n_examples, n_numbers) to (n_examples,)."""
        found: FloatArray = plain @ self.weights + self.bias
        return found


def fit(plain: FloatArray, labels: NDArray[np.int64], weight: FloatArray) -> Logistic:
    """Fit on training examples, which also say how numbers are standardised.

    Parameters
    ----------
    plain : ndarray, shape (n_examples, n_numbers)
        Of the training examples.
    labels : ndarray of int, shape (n_examples,)
        1 or 0; both must be there.
    weight : ndarray, shape (n_examples,)
        How much an example counts; those of value 0 are left out.

    Returns
    -------
    Logistic
    """
    from sklearn.linear_model import LogisticRegression

    x, y, w = plain[weight > 0], labels[weight > 0], weight[weight > 0]
    mean = x.mean(axis=0)
    x = x - mean
    scale = float(np.sqrt((x**2).sum(axis=1).mean())) or 1.0
    x = x / scale
    # The same fit in the space that the examples span, which is far smaller.
    size, axes = np.linalg.eigh(x @ x.T)
    kept = size > 1e-10 * size[-1]
    turned = axes[:, kept] * np.sqrt(size[kept])
    model = LogisticRegression(C=STRENGTH, max_iter=1000)
    model.fit(turned, y, sample_weight=w)
    back = x.T @ (axes[:, kept] / np.sqrt(size[kept]))
    weights = back @ model.coef_[0] / scale
    return Logistic(weights, float(model.intercept_[0] - mean @ weights))
