"""Edges as sparse arrays: nodes numbered, one connectome at a time.

Beside its edges the rows hold one row for each connectome that was asked for, its
``source`` empty, so that one without any edge is not passed over unseen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from atlasdb.errors import InvalidDataError, NotFoundError, did_you_mean


@dataclass(frozen=True, eq=False)
class Edges:
    """One connectome's connections, nodes in the order of their ids.

    Attributes
    ----------
    ids, names : ndarray of str, shape (n_nodes,)
    source, target : ndarray of int, shape (n_edges,)
        Sorted, as ``rows`` are.
    """

    ids: NDArray[np.object_]
    names: NDArray[np.object_]
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    rows: pd.DataFrame

    def matrix(self, column: str) -> sparse.csr_array[np.float64]:
        """Give one column as a sparse ``[source, target]`` matrix."""
        values = self.rows[column].to_numpy(dtype=np.float64)
        n = len(self.ids)
        where = (self.source, self.target)
        return sparse.coo_array((values, where), shape=(n, n)).tocsr()


def only_one(rows: pd.DataFrame) -> None:
    """Refuse the rows of several connectomes."""
    connectomes = sorted(rows["connectome"].unique())
    if len(connectomes) > 1:
        raise InvalidDataError(
            f"{len(connectomes)} connectomes fit: {', '.join(connectomes[:6])}. Name "
            "one with --connectome, or its kind with --modality."
        )


def one_connectome(rows: pd.DataFrame) -> Edges:
    """Read a query's rows as arrays, nodes numbered.

    Raises
    ------
    InvalidDataError
        If the rows are of several connectomes: quantities must not be mixed.
    """
    only_one(rows)
    rows = rows[rows["source"] != ""]
    both = pd.concat(
        [
            rows[["source", "source_name"]].set_axis(["id", "name"], axis=1),
            rows[["target", "target_name"]].set_axis(["id", "name"], axis=1),
        ]
    )
    nodes = both.drop_duplicates("id").sort_values("id")
    ids = nodes["id"].to_numpy(dtype=object)
    index = pd.Index(ids)
    names = nodes["name"].to_numpy(dtype=object)
    source = index.get_indexer(rows["source"]).astype(np.int64)
    target = index.get_indexer(rows["target"]).astype(np.int64)
    order = np.lexsort((target, source))  # sums must not depend on the store's order
    return Edges(ids, names, source[order], target[order], rows.iloc[order])


def find(ids: NDArray[np.object_], names: NDArray[np.object_], name: str) -> int:
    """Give the number of a node: by its name, its id, or its id in the connectome.

    Raises
    ------
    NotFoundError
        If there is none, with the nearest names that there are.
    InvalidDataError
        If several have the name.
    """
    short = np.array([node.rpartition("/")[2] for node in ids], dtype=object)
    for known in (names, ids, short):
        places = np.flatnonzero(known == name)
        if len(places) == 1:
            return int(places[0])
        if len(places) > 1:
            listed = ", ".join(str(ids[i]) for i in places[:4])
            raise InvalidDataError(
                f"{len(places)} are named '{name}': {listed}. Give the id."
            )
    raise NotFoundError(
        f"No region or neuron '{name}' among the {len(ids)} here."
        + did_you_mean(name, [str(n) for n in names])
    )
