"""Which nodes matter: PageRank and strength."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from atlasdb.analysis.edges import one_connectome, only_one
from atlasdb.errors import AtlasError, InvalidDataError
from atlasdb.types import FloatArray


def pagerank(
    rows: pd.DataFrame, *, alpha: float = 0.85, limit: int = 20
) -> pd.DataFrame:
    """Rank nodes by PageRank, weighted, as `networkx.pagerank` defines it.

    Parameters
    ----------
    rows : pandas.DataFrame
        Edges of one connectome.
    alpha : float, default=0.85
        Damping factor, 0 to 1.
    limit : int, default=20
        Number of rows.

    Returns
    -------
    pandas.DataFrame
        Columns ``name, score, id``, largest score first. Nodes without any
        connection do not take part.
    """
    edges = one_connectome(rows)
    _damps(alpha)
    if edges.rows.empty:
        return pd.DataFrame({"name": [], "score": [], "id": []})
    score = scores(edges.matrix("weight"), alpha=alpha)
    ranked = pd.DataFrame({"name": edges.names, "score": score, "id": edges.ids})
    return _first(ranked, "score", limit)


def pagerank_scores(
    rows: pd.DataFrame, *, alpha: float = 0.85, limit: int = 20
) -> pd.DataFrame:
    """Rank nodes whose scores a database has computed, made to sum to 1.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``connectome, name, score, id``, and a row without id for each connectome that
        was asked for.
    alpha : float, default=0.85
        Damping factor that they were computed with, 0 to 1.
    limit : int, default=20
        Number of rows.

    Raises
    ------
    InvalidDataError
        If the rows are of several connectomes, or alpha is out of range.
    """
    only_one(rows)
    _damps(alpha)
    ranked = rows[rows["id"] != ""][["name", "score", "id"]]
    if ranked.empty:
        return ranked
    ranked = ranked.assign(score=ranked["score"] / ranked["score"].sum())
    # Equal scores differ in their last digits: they must be in the order of the ids.
    ranked["rounded"] = ranked["score"].round(9)
    return _first(ranked, "rounded", limit).drop(columns="rounded")


def scores(
    weights: sparse.csr_array[Any],
    *,
    alpha: float = 0.85,
    personal: FloatArray | None = None,
    tol: float = 1e-12,
    max_iter: int = 1000,
) -> FloatArray:
    """Give the PageRank of each node by power iteration.

    Parameters
    ----------
    weights : sparse array, shape (n, n)
        ``[source, target]``, at least 0.
    alpha : float
        Damping factor.
    personal : ndarray, shape (n,), optional
        How often a walk starts anew at each node; default: everywhere as often.
    tol : float
        Stop when no score changes by more in one step, summed over nodes.
    max_iter : int
        Give up after so many steps.

    Returns
    -------
    ndarray, shape (n,)
        Sums to 1. A node that sends nothing spreads its score over the nodes that
        walks start from, as in networkx and the Brain Connectivity Toolbox.

    Examples
    --------
    >>> from scipy import sparse
    >>> scores(sparse.csr_array([[0.0, 1.0], [1.0, 0.0]]))
    array([0.5, 0.5])
    """
    _damps(alpha)
    n = weights.shape[0]
    sent = np.asarray(weights.sum(axis=1)).ravel()
    share = np.divide(1.0, sent, out=np.zeros(n), where=sent > 0)
    step = (sparse.diags_array(share) @ weights).T.tocsr()
    dangling = sent == 0
    start = np.full(n, 1 / n) if personal is None else personal / personal.sum()
    x: FloatArray = start
    for _ in range(max_iter):
        before = x
        x = alpha * (step @ x + before[dangling].sum() * start) + (1 - alpha) * start
        if np.abs(x - before).sum() < tol:
            return x
    raise AtlasError(f"PageRank did not settle in {max_iter} steps at alpha {alpha:g}.")


def hubs(rows: pd.DataFrame, *, limit: int = 20) -> pd.DataFrame:
    """Rank nodes by strength: the sum of the weights that they send and receive.

    Returns
    -------
    pandas.DataFrame
        Columns ``name, strength, out_strength, in_strength, out_degree, in_degree,
        id``, largest strength first.
    """
    columns = ["name", "strength", "out_strength", "in_strength"]
    columns += ["out_degree", "in_degree", "id"]
    edges = one_connectome(rows)
    if edges.rows.empty:
        return pd.DataFrame({name: [] for name in columns})
    n = len(edges.ids)
    weight = edges.rows["weight"].to_numpy(dtype=np.float64)
    sent = np.bincount(edges.source, weight, minlength=n)
    received = np.bincount(edges.target, weight, minlength=n)
    ranked = pd.DataFrame(
        {
            "name": edges.names,
            "strength": sent + received,
            "out_strength": sent,
            "in_strength": received,
            "out_degree": np.bincount(edges.source, minlength=n),
            "in_degree": np.bincount(edges.target, minlength=n),
            "id": edges.ids,
        }
    )
    return _first(ranked, "strength", limit)


def _damps(alpha: float) -> None:
    """Refuse a damping factor that is out of range."""
    if not 0 <= alpha < 1:
        raise InvalidDataError(f"alpha must be at least 0 and below 1, not {alpha:g}.")


def _first(ranked: pd.DataFrame, by: str, limit: int) -> pd.DataFrame:
    ordered = ranked.sort_values([by, "id"], ascending=[False, True])
    return ordered.head(limit).reset_index(drop=True)
