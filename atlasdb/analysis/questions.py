"""Answers that named queries hand over to graph measures: rows in, tables out.

The rows are edges of one connectome, but for `communities_inside`; nodes without any
do not take part. Where there are none the answer has no rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from atlasdb.analysis import communities as groups
from atlasdb.analysis import frames, routes
from atlasdb.analysis.edges import only_one
from atlasdb.analysis.network import Network, network

MEMBERS = ["name", "community", "modularity", "stability", "method", "id"]


def betweenness(rows: pd.DataFrame, *, limit: int = 20) -> pd.DataFrame:
    """Rank nodes by betweenness: ``name, betweenness, engine, id``."""
    columns = ["name", "betweenness", "engine", "id"]
    return _answer(rows, frames.betweenness, columns, limit)


def communities(
    rows: pd.DataFrame, *, resolution: float = 1.0, seed: int = 0, limit: int = 1000
) -> pd.DataFrame:
    """List the communities: ``name, community, modularity, stability, method, id``."""
    groups.check_resolution(resolution)

    def found(graph: Network) -> pd.DataFrame:
        return frames.communities(graph, resolution=resolution, seed=seed)

    return _answer(rows, found, MEMBERS, limit)


def communities_inside(
    rows: pd.DataFrame, *, resolution: float = 1.0, limit: int = 1000
) -> pd.DataFrame:
    """List the best of the groupings that a database has found, as `communities` does.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row a node and run: ``connectome, run, id, name, community``, the sums of
        weights that it has ``sent`` and ``received``, and sent ``within`` its
        community; and a row without id for each connectome that was asked for.
    resolution : float, default=1
        That they were found with.
    limit : int, default=1000
        Number of rows.

    Raises
    ------
    InvalidDataError
        If the rows are of several connectomes, or resolution is out of range.
    """
    groups.check_resolution(resolution)
    only_one(rows)
    placed = rows[rows["id"] != ""].sort_values(["run", "id"])
    if placed.empty:
        return pd.DataFrame({name: [] for name in MEMBERS})
    found, quality = [], []
    for _, run in placed.groupby("run"):
        membership = groups.numbered(run["community"].to_numpy(np.int64))
        found.append(membership)
        value = groups.modularity_of(
            float(run["within"].sum()),
            run["sent"].to_numpy(np.float64),
            run["received"].to_numpy(np.float64),
            membership,
            resolution=resolution,
        )
        quality.append(value)
    nodes = placed[placed["run"] == placed["run"].iloc[0]]
    names, ids = (nodes[name].to_numpy(dtype=object) for name in ("name", "id"))
    kept = groups.best(found, quality, "leiden (gds)")
    return frames.members(kept, names, ids)[MEMBERS].head(limit)


def rich_club(rows: pd.DataFrame, *, n_nulls: int = 100, seed: int = 0) -> pd.DataFrame:
    """Give the rich-club coefficient by degree, as `richclub.rich_club` does."""
    columns = ["degree", "n_nodes", "n_connections", "coefficient", "null_mean"]

    def found(graph: Network) -> pd.DataFrame:
        return frames.rich_club(graph, n_nulls=n_nulls, seed=seed)

    return _answer(rows, found, [*columns, "ratio", "p"])


def strongest_paths(
    rows: pd.DataFrame, *, source: str, target: str, by: str = "share", k: int = 5
) -> pd.DataFrame:
    """Give the best routes between two nodes, as `routes.routes` does."""

    def found(graph: Network) -> pd.DataFrame:
        return frames.paths(graph, source=source, target=target, by=by, k=k)

    return _answer(rows, found, [*routes.COLUMNS, "engine"])


def _answer(
    rows: pd.DataFrame,
    measured: Callable[[Network], pd.DataFrame],
    columns: Sequence[str],
    limit: int = 1000,
) -> pd.DataFrame:
    graph = network(rows[(rows["weight"] > 0) | (rows["source"] == "")])
    if not graph.weights.nnz:
        return pd.DataFrame({name: [] for name in columns})
    frame = measured(graph)
    named: dict[str, Any] = {"engine": frame.attrs["engine"]}
    return frame.assign(**named)[list(columns)].head(limit)
