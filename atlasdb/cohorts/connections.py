"""From matrices of a cohort to columns of connections, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlasdb.cohorts.glm import IntArray
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray


@dataclass(frozen=True)
class Connections:
    """Which connection of which areas a column is.

    Attributes
    ----------
    n_areas : int
    source, target : ndarray of int, shape (n_connections,)
        All ordered pairs of two areas; where direction does not count, those with
        ``source < target``.
    directed : bool
    """

    n_areas: int
    source: IntArray
    target: IntArray
    directed: bool

    @property
    def n(self) -> int:
        """How many."""
        return len(self.source)

    def matrix(self, values: NDArray[Any], fill: Any = np.nan) -> NDArray[Any]:
        """Put values at ``[source, target]``, and both ways where no direction counts.

        Parameters
        ----------
        values : ndarray, shape (n_connections,)
        fill : scalar
            For the diagonal.

        Returns
        -------
        ndarray, shape (n_areas, n_areas)
        """
        whole = np.full((self.n_areas, self.n_areas), fill, dtype=values.dtype)
        whole[self.source, self.target] = values
        if not self.directed:
            whole[self.target, self.source] = values
        return whole


def connections(
    weights: FloatArray, *, directed: bool
) -> tuple[FloatArray, Connections]:
    """Give one column for each connection between two areas.

    Parameters
    ----------
    weights : ndarray, shape (n_rows, n_areas, n_areas)
        ``[row, source, target]``; NaN where there is no estimate.
    directed : bool
        Whether ``[i, j]`` and ``[j, i]`` are two connections. If not, they must be
        equal.

    Returns
    -------
    y : ndarray, shape (n_rows, n_connections)
    where : Connections

    Raises
    ------
    InvalidDataError
        If matrices are not square, or not symmetric where direction does not count.
    """
    if weights.ndim != 3 or weights.shape[1] != weights.shape[2]:
        raise InvalidDataError(
            f"weights have shape {weights.shape}; this needs "
            "(n_people, n_areas, n_areas)."
        )
    n = weights.shape[1]
    if directed:
        source, target = np.nonzero(~np.eye(n, dtype=bool))
    else:
        source, target = np.triu_indices(n, 1)
    y = weights[:, source, target].astype(np.float64)
    if not directed:
        back = weights[:, target, source]
        if not np.allclose(y, back, equal_nan=True, rtol=1e-5, atol=0):
            n_bad = int((~np.isclose(y, back, equal_nan=True)).any(axis=1).sum())
            raise InvalidDataError(
                f"{n_bad} of {len(y)} matrices are not symmetric, so they have a "
                "direction. Test them directed, or average both directions first."
            )
    return y, Connections(n, source, target, directed)
