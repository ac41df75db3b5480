"""Directed graphs to plant: ``weights[source, target]``, zero where none."""

from __future__ import annotations

import numpy as np

from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray


def random_directed(
    n_regions: int,
    density: float = 0.15,
    seed: int = 0,
    *,
    feedback: float = 0.0,
    negative: float = 0.0,
    low: float = 0.2,
    high: float = 0.6,
) -> FloatArray:
    """Draw a directed graph whose region order says nothing about direction.

    Connections point forward in a hidden order of the regions; some pairs get a
    second connection back.

    Parameters
    ----------
    n_regions : int
        Number of regions, at least 2.
    density : float, default=0.15
        Share of the pairs of regions that are joined.
    seed : int, default=0
        Same seed, same graph.
    feedback : float, default=0.0
        Share of the joined pairs that are joined in both directions.
    negative : float, default=0.0
        Share of the connections that inhibit.
    low, high : float, default=0.2, 0.6
        Strengths are uniform between them.

    Returns
    -------
    ndarray of float, shape (n_regions, n_regions)
        Weights, rows are sources; the diagonal is 0.

    Raises
    ------
    InvalidDataError
        If a number lies outside its range.
    """
    if n_regions < 2:
        raise InvalidDataError(
            f"A graph needs at least 2 regions, found {n_regions}. Ask for more."
        )
    shares = {"density": density, "feedback": feedback, "negative": negative}
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise InvalidDataError(
                f"{name} must lie between 0 and 1, found {share}. Give a share."
            )
    rng = np.random.default_rng(seed)
    order = rng.permutation(n_regions)
    row, column = np.triu_indices(n_regions, 1)
    n_joined = max(1, round(density * row.size))
    joined = rng.choice(row.size, n_joined, replace=False)
    back = rng.random(n_joined) < feedback
    source = np.concatenate([row[joined], column[joined][back]])
    target = np.concatenate([column[joined], row[joined][back]])
    sign = np.where(rng.random(source.size) < negative, -1.0, 1.0)
    weights = np.zeros((n_regions, n_regions))
    weights[order[source], order[target]] = sign * rng.uniform(low, high, source.size)
    return weights
