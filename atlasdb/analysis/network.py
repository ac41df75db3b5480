"""A connectome as a sparse matrix: what every graph measure takes.

``weights[source, target]`` is above 0 where source drives target; where there is no
connection nothing is stored. The length of a connection is 1 / weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from atlasdb.analysis.edges import find, one_connectome
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray

Weights = sparse.csr_array[Any]


@dataclass(frozen=True, eq=False)
class Network:
    """One connectome's weights and whose they are.

    Attributes
    ----------
    ids, names : ndarray of str, shape (n_nodes,)
        Of regions or neurons, in the order of the rows of ``weights``.
    weights : sparse array, shape (n_nodes, n_nodes)
    connectome : str
        Key of the connectome.
    """

    ids: NDArray[np.object_]
    names: NDArray[np.object_]
    weights: Weights
    connectome: str = ""

    def find(self, name: str) -> int:
        """Give the row of a node by name or id; see `atlasdb.analysis.edges.find`."""
        return find(self.ids, self.names, name)

    def frame(self, **columns: NDArray[Any]) -> pd.DataFrame:
        """Give one row a node: ``name``, the columns, ``id``; largest first.

        Ties are decided by ids, so that rows have one order everywhere.
        """
        table = pd.DataFrame({"name": self.names} | columns | {"id": self.ids})
        first = next(iter(columns))
        order = table.sort_values([first, "id"], ascending=[False, True])
        return order.reset_index(drop=True)


def network(rows: pd.DataFrame) -> Network:
    """Make a network of a query's rows, which must be of one connectome.

    Nodes without any connection are not among the rows, and do not take part.
    """
    edges = one_connectome(rows)
    connectome = str(rows["connectome"].iloc[0]) if len(rows) else ""
    return Network(edges.ids, edges.names, edges.matrix("weight"), connectome)


def checked(weights: Weights) -> Weights:
    """Give weights that a measure can be computed of: connections only, sorted.

    Parameters
    ----------
    weights : sparse array, shape (n, n)
        ``[source, target]``; 0 is no connection.

    Raises
    ------
    InvalidDataError
        If there are fewer than two nodes or no connections, or a weight is negative,
        infinite or missing, or of a node onto itself.
    """
    clean: Weights = sparse.csr_array(weights).astype(np.float64)  # a copy
    n = clean.shape[0]
    if clean.shape != (n, n):
        raise InvalidDataError(
            f"weights have shape {clean.shape}, not (n, n). Give one row and one "
            "column for each node."
        )
    if n < 2:
        raise InvalidDataError(
            f"A graph measure needs at least two nodes, and there {_are(n)}."
        )
    clean.sum_duplicates()
    clean.eliminate_zeros()
    values = clean.data
    unusable = np.count_nonzero(~np.isfinite(values))
    if unusable:
        raise InvalidDataError(
            f"{unusable} of {len(values)} weights are infinite or missing. Leave those "
            "connections out."
        )
    negative = np.count_nonzero(values < 0)
    if negative:
        raise InvalidDataError(
            f"{negative} of {len(values)} weights are negative, the least "
            f"{values.min():g}. Give how strong a connection is, at least 0, and its "
            "sign apart."
        )
    own = np.count_nonzero(clean.diagonal())
    if own:
        raise InvalidDataError(
            f"{own} nodes are connected to themselves. Set the diagonal to 0."
        )
    if not len(values):
        raise InvalidDataError(
            f"There are no connections between these {n} nodes, so there is nothing "
            "to measure."
        )
    return clean


def costs(weights: Weights) -> Weights:
    """Give the length of each connection: 1 / weight."""
    lengths = weights.copy()
    lengths.data = 1 / weights.data
    return lengths


def strengths(weights: Weights) -> tuple[FloatArray, FloatArray]:
    """Give what each node sends and what it receives: sums of weights."""
    sent = np.asarray(weights.sum(axis=1), dtype=np.float64).ravel()
    received = np.asarray(weights.sum(axis=0), dtype=np.float64).ravel()
    return sent, received


def connected(weights: Weights) -> Weights:
    """Give 1.0 where there is a connection."""
    ones = weights.copy()
    ones.data = np.ones_like(weights.data)
    return ones


def _are(n: int) -> str:
    return "is one" if n == 1 else "are none"
