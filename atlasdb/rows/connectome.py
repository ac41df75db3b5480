"""Rows of connectomes, between areas or between neurons.

``weight`` is directed, ``cost`` is its inverse: strong connections are short, as in
the Brain Connectivity Toolbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from atlasdb.batch import Batch
from atlasdb.errors import InvalidDataError
from atlasdb.rows.ids import area_id, region_ids
from atlasdb.rows.shared import place_of
from atlasdb.types import (
    Connectivity,
    Entry,
    FloatArray,
    NeuronGraph,
    Parcellation,
)

ALL_PAIRS_UP_TO = 200
"""Up to so many areas every pair with an estimate is stored."""
_NEURONS = "modality method unit directed source_convention variant"
_CONNECTOME = (
    "modality method band condition unit source_convention engine fit_metric variant "
    "fmin_hz fmax_hz t_start_s t_stop_s fit_score reliability ood_score directed"
)


def add_connectivity(
    batch: Batch,
    connectome: str,
    graph: Connectivity,
    parcellation: Parcellation,
    own: Mapping[str, Any],
) -> None:
    """Add a connectome between areas, with its regions and connections.

    Parameters
    ----------
    batch : Batch
        Where the rows go.
    connectome : str
        Its id.
    graph : Connectivity
        Its matrices.
    parcellation : Parcellation
        Its areas.
    own : mapping of str to list
        Whose it is and how it was made: ``level``, ``subject`` or ``cohort``,
        ``settings``, ``session``, ``task``, ``run``.
    """
    n = len(graph.codes)
    if graph.weights.shape != (n, n):
        raise InvalidDataError(
            f"weights have shape {graph.weights.shape}, but {n} regions were given, "
            f"which needs ({n}, {n}). Pass one code per row, in the order of the rows."
        )
    estimated = np.isfinite(graph.weights)
    np.fill_diagonal(estimated, False)
    if (graph.weights[estimated] < 0).any():
        raise InvalidDataError(
            "weights must be at least 0: give signed numbers as value, and their "
            "size as weights."
        )
    if graph.supported is None:
        supported = estimated & (np.nan_to_num(graph.weights) > 0)
        kept = supported
    else:
        supported = graph.supported & estimated
        kept = _kept(graph.weights, estimated, supported)
    row: dict[str, Any] = {name: [getattr(graph, name)] for name in _CONNECTOME.split()}
    row |= dict(own) | {
        "id": [connectome],
        "parcellation": [parcellation.id],
        "is_current": [True],
    }
    row |= _sizes(n, int(kept.sum()), int(supported.sum()), int(estimated.sum()))
    row["w_max"] = [float(graph.weights[supported].max()) if supported.any() else None]
    batch.add_nodes("Connectome", row)

    by_code = {area.code.lower(): area for area in parcellation.areas}
    areas = [by_code[code.lower()] for code in graph.codes]
    regions = pa.array(region_ids(connectome, [area.code for area in areas]))
    strengths = np.where(supported, np.nan_to_num(graph.weights), 0.0)
    area_ids = [area_id(parcellation.id, area.code) for area in areas]
    batch.add_nodes(
        "Region",
        {
            "id": regions,
            "connectome": [connectome] * n,
            "area": area_ids,
            "name": [area.name for area in areas],
            "hemisphere": [area.hemisphere for area in areas],
            "in_strength": strengths.sum(axis=0),
            "out_strength": strengths.sum(axis=1),
        },
    )
    batch.add_edges(
        "HAS_REGION",
        "Connectome",
        "Region",
        {"source": [connectome] * n, "target": regions},
    )
    batch.add_edges(
        "OF_AREA", "Region", "Area", {"source": regions, "target": area_ids}
    )
    source, target = np.nonzero(kept)
    columns = _connections(graph, source, target, supported)
    columns |= {"source": regions.take(source), "target": regions.take(target)}
    batch.add_edges("CONNECTS_TO", "Region", "Region", columns)


def _kept(
    weights: FloatArray, estimated: NDArray[np.bool_], supported: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Pairs that the graph holds: all, or of large ones the supported and strongest."""
    if len(weights) <= ALL_PAIRS_UP_TO:
        return estimated
    room = ALL_PAIRS_UP_TO * (ALL_PAIRS_UP_TO - 1)
    ranked = np.where(estimated, np.nan_to_num(weights), -1.0)
    cut = np.partition(ranked, -room, axis=None)[-room]
    kept: NDArray[np.bool_] = supported | (estimated & (ranked >= max(cut, 1e-300)))
    return kept


def _connections(
    graph: Connectivity,
    source: NDArray[np.intp],
    target: NDArray[np.intp],
    supported: NDArray[np.bool_],
) -> dict[str, Any]:
    weight = graph.weights[source, target]
    value = weight if graph.value is None else graph.value[source, target]
    columns: dict[str, Any] = {
        "weight": weight,
        "value": value,
        "sign": np.sign(np.nan_to_num(value)).astype(np.int64),
        "supported": supported[source, target],
        "cost": cost(weight),
    }
    if graph.n is not None:
        columns["n"] = np.full(len(source), graph.n)
    names = "probability direction p q stability lag_ms length_mm"
    for name in names.split():
        matrix = getattr(graph, name)
        if matrix is not None:
            columns[name] = matrix[source, target]
    return columns


def cost(weight: FloatArray) -> FloatArray:
    """Give the length of connections for paths: 1 / weight, NaN where weight is 0."""
    inverse = np.full(weight.shape, np.nan)
    np.divide(1.0, weight, out=inverse, where=weight > 0)
    return inverse


def _sizes(n: int, n_edges: int, n_supported: int, n_tested: int) -> dict[str, Any]:
    pairs = n * (n - 1)
    return {
        "n_nodes": [n],
        "n_edges": [n_edges],
        "n_supported": [n_supported],
        "n_tested": [n_tested],
        "density": [n_supported / pairs if pairs else None],
    }


def add_neurons(
    batch: Batch, connectome: str, entry: Entry, graph: NeuronGraph
) -> None:
    """Add a connectome between neurons."""
    n, n_edges = len(graph.body_ids), len(graph.weight)
    row: dict[str, Any] = {
        name: [getattr(graph, name)]
        for name in (
            "modality",
            "method",
            "unit",
            "directed",
            "source_convention",
            "variant",
        )
    }
    row |= place_of(entry) | {
        "id": [connectome],
        "subject": [entry.subject.id],
        "level": ["animal"],
        "parcellation": [entry.parcellation.id if entry.parcellation else None],
        "settings": [entry.settings],
        "is_current": [True],
    }
    row |= _sizes(n, n_edges, n_edges, n_edges)
    row["w_max"] = [float(graph.weight.max()) if n_edges else None]
    batch.add_nodes("Connectome", row)
    body_ids = [str(body) for body in graph.body_ids]
    lower = [body.lower() for body in body_ids]
    keys = lower if len(set(lower)) == n else body_ids  # told apart by case alone
    ids = pa.array([f"{connectome}/{key}" for key in keys])
    columns: dict[str, Any] = {
        "id": ids,
        "connectome": [connectome] * n,
        "body_id": body_ids,
        "n_pre": _count(graph.source, graph.weight, n),
        "n_post": _count(graph.target, graph.weight, n),
        **graph.neurons,
    }
    batch.add_nodes("Neuron", columns)
    batch.add_edges(
        "HAS_NEURON",
        "Connectome",
        "Neuron",
        {"source": [connectome] * n, "target": ids},
    )
    if not n_edges:
        return
    sign = graph.sign if graph.sign is not None else np.ones(n_edges, dtype=np.int64)
    batch.add_edges(
        "CONNECTS_TO",
        "Neuron",
        "Neuron",
        {
            "source": ids.take(graph.source),
            "target": ids.take(graph.target),
            "weight": graph.weight,
            "value": graph.weight * np.where(sign < 0, -1.0, 1.0),
            "sign": sign,
            "supported": np.ones(n_edges, dtype=bool),
            "cost": cost(graph.weight),
        },
    )


def _count(rows: NDArray[np.int64], weight: FloatArray, n: int) -> NDArray[np.int64]:
    """Sum the weights by neuron: synapses that it makes, or receives."""
    return np.bincount(rows, weight, minlength=n).round().astype(np.int64)
