"""Rich clubs: whether the strongest connections are those between hubs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atlasdb.analysis.network import Weights, checked
from atlasdb.analysis.nulls import nulls
from atlasdb.types import FloatArray


def rich_club(weights: Weights, *, n_nulls: int = 100, seed: int = 0) -> pd.DataFrame:
    """Compare the weight within clubs of hubs with that of random networks.

    Parameters
    ----------
    weights : sparse array, shape (n, n)
        ``[source, target]``.
    n_nulls : int, default=100
        Random networks with the same degrees and weights.
    seed : int, default=0
        Of the random networks.

    Returns
    -------
    pandas.DataFrame
        One row for each ``degree`` that occurs: the club are the nodes with at least
        so many connections, in and out (``n_nodes``, ``n_connections`` between them).
        ``coefficient`` is their weight of the largest weight that so many connections
        could have, as ``rich_club_wd`` of the Brain Connectivity Toolbox;
        ``null_mean``, of the random networks that have a
        connection there; ``ratio`` of the two, above 1 for a rich club; and ``p``, the
        share of random networks with as large a coefficient.
    """
    weights = checked(weights)
    edges = weights.tocoo()
    n = weights.shape[0]
    degree = np.bincount(edges.row, minlength=n) + np.bincount(edges.col, minlength=n)
    levels = np.unique(degree[degree > 0])
    club = np.minimum(degree[edges.row], degree[edges.col])
    inside = len(club) - np.searchsorted(np.sort(club), levels)
    levels, inside = levels[inside > 0], inside[inside > 0]
    found = _coefficients(weights, degree, levels)
    random = np.array(
        [_coefficients(w, degree, levels) for w in nulls(weights, n_nulls, seed)]
    )
    there = np.isfinite(random)  # a random network may have no connection in a club
    mean = np.full(len(levels), np.nan)
    total = np.where(there, random, 0.0).sum(axis=0)
    np.divide(total, there.sum(axis=0), out=mean, where=there.any(axis=0))
    as_large = (random >= found * (1 - 1e-12)).sum(axis=0)
    return pd.DataFrame(
        {
            "degree": levels,
            "n_nodes": n - np.searchsorted(np.sort(degree), levels),
            "n_connections": inside,
            "coefficient": found,
            "null_mean": mean,
            "ratio": found / mean,
            "p": (1 + as_large) / (1 + n_nulls),
        }
    )


def _coefficients(
    weights: Weights, degree: NDArray[np.int64], levels: NDArray[np.int64]
) -> FloatArray:
    """Give the weight in each club, of the most that its connections could have."""
    edges = weights.tocoo()
    club = np.minimum(degree[edges.row], degree[edges.col])
    order = np.argsort(club, kind="stable")
    first = np.searchsorted(club[order], levels)
    above = np.append(np.cumsum(edges.data[order][::-1])[::-1], 0.0)
    best = np.append(0.0, np.cumsum(np.sort(edges.data)[::-1]))
    most = best[len(club) - first]
    share = np.full(len(levels), np.nan)
    np.divide(above[first], most, out=share, where=most > 0)
    return share
