"""Who has an estimate of what: values that the same people have, taken together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def by_people(present: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Group the values that exactly the same people have.

    Parameters
    ----------
    present : ndarray of bool, shape (n_people, n_values)

    Returns
    -------
    list of ndarray of int
        Columns of each group; every column is in one.

    Examples
    --------
    >>> by_people(np.array([[True, True, True], [True, False, True]]))[-1]
    array([0, 2])
    """
    if present.all():
        return [np.arange(present.shape[1])] if present.size else []
    bits = np.ascontiguousarray(np.packbits(present, axis=0).T)
    key = bits.view(np.dtype((np.void, bits.shape[1]))).ravel()
    _, which, size = np.unique(key, return_inverse=True, return_counts=True)
    order = np.argsort(which, kind="stable")
    return np.split(order, np.cumsum(size)[:-1])
