"""All measures of the areas of one connectome, and of the whole, as arrays.

What a cohort's people are compared by: each measure is computed in every person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from atlasdb.analysis import centrality, communities, distances, motifs
from atlasdb.analysis.network import Weights, checked, strengths
from atlasdb.errors import InvalidDataError, did_you_mean
from atlasdb.types import FloatArray

Columns = Mapping[str, FloatArray]


def _strength(weights: Weights) -> Columns:
    sent, received = strengths(checked(weights))
    return {"out_strength": sent, "in_strength": received}


def _pagerank(weights: Weights) -> Columns:
    return {"pagerank": centrality.scores(checked(weights))}


def _betweenness(weights: Weights) -> Columns:
    return {"betweenness": distances.betweenness(weights)}


def _closeness(weights: Weights) -> Columns:
    incoming, outgoing = distances.closeness(weights)
    return {"closeness": incoming, "closeness_out": outgoing}


def _clustering(weights: Weights) -> Columns:
    return {"clustering": motifs.clustering(weights)}


def _local_efficiency(weights: Weights) -> Columns:
    return {"local_efficiency": distances.local_efficiency(weights)}


def _participation(weights: Weights) -> Columns:
    found = communities.communities(weights)
    outgoing, incoming = communities.participation(weights, found.membership)
    return {"participation_out": outgoing, "participation_in": incoming}


def _total(weights: Weights) -> Columns:
    return {"total_weight": np.array(checked(weights).sum())}


def _efficiency(weights: Weights) -> Columns:
    return {"global_efficiency": np.array(distances.global_efficiency(weights))}


def _reciprocity(weights: Weights) -> Columns:
    return {"weighted_reciprocity": np.array(motifs.reciprocity(weights)[1])}


def _modularity(weights: Weights) -> Columns:
    return {"modularity": np.array(communities.communities(weights).modularity)}


def _mean_clustering(weights: Weights) -> Columns:
    return {"mean_clustering": motifs.clustering(weights).mean()}


_Maker = Callable[[Weights], Columns]
_NODAL: Mapping[str, _Maker] = {
    "out_strength": _strength,
    "in_strength": _strength,
    "pagerank": _pagerank,
    "betweenness": _betweenness,
    "closeness": _closeness,
    "closeness_out": _closeness,
    "clustering": _clustering,
    "local_efficiency": _local_efficiency,
    "participation_out": _participation,
    "participation_in": _participation,
}
_GLOBAL: Mapping[str, _Maker] = {
    "total_weight": _total,
    "global_efficiency": _efficiency,
    "mean_clustering": _mean_clustering,
    "modularity": _modularity,
    "weighted_reciprocity": _reciprocity,
}
NODAL = tuple(_NODAL)
"""Measures of each area."""
GLOBAL = tuple(_GLOBAL)
"""Measures of a whole connectome."""


def nodal(weights: FloatArray, metrics: Sequence[str] = NODAL) -> FloatArray:
    """Measure every area of one connectome.

    Parameters
    ----------
    weights : ndarray, shape (n_areas, n_areas)
        ``[source, target]``; NaN where there is no estimate. An area without any is
        left out, and its measures are NaN; other gaps are no connection.
    metrics : sequence of str
        Some of `NODAL`.

    Returns
    -------
    ndarray, shape (n_areas, n_metrics)

    Raises
    ------
    InvalidDataError
        If there is no such measure, or a weight is negative or infinite.
    """
    whole = np.full((len(weights), len(metrics)), np.nan)
    there, network = _network(weights)
    found = _measured(network, metrics, _NODAL)
    whole[there] = np.column_stack([found[name] for name in metrics])
    return whole


def whole(weights: FloatArray, metrics: Sequence[str] = GLOBAL) -> FloatArray:
    """Measure one connectome as a whole.

    Parameters
    ----------
    weights : ndarray, shape (n_areas, n_areas)
        As for `nodal`.
    metrics : sequence of str
        Some of `GLOBAL`.

    Returns
    -------
    ndarray, shape (n_metrics,)
    """
    _, network = _network(weights)
    found = _measured(network, metrics, _GLOBAL)
    return np.array([float(found[name]) for name in metrics])


def known(metrics: Sequence[str], of: Sequence[str]) -> tuple[str, ...]:
    """Give the measures asked for, all where none is named.

    Raises
    ------
    InvalidDataError
        If there is no such measure.
    """
    for name in metrics:
        if name not in of:
            raise InvalidDataError(
                f"No measure '{name}' to compare. There are: {', '.join(of)}."
                f"{did_you_mean(name, of)}"
            )
    return tuple(dict.fromkeys(metrics)) or tuple(of)


def _network(weights: FloatArray) -> tuple[NDArray[np.intp], Weights]:
    off = ~np.eye(len(weights), dtype=bool)
    estimated = np.isfinite(weights) & off
    there = np.flatnonzero((estimated | estimated.T).any(axis=0))
    if np.isinf(weights[off]).any():
        raise InvalidDataError(
            "A weight is infinite. Repair it, or store it as missing."
        )
    inside = np.where(estimated, weights, 0.0)[np.ix_(there, there)]
    return there, sparse.csr_array(inside)


def _measured(
    network: Weights, metrics: Sequence[str], makers: Mapping[str, _Maker]
) -> dict[str, FloatArray]:
    found: dict[str, FloatArray] = {}
    for maker in dict.fromkeys(makers[name] for name in metrics):
        found |= maker(network)
    return found
