"""Connectomes as tables and graph files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atlasdb.types import Connectome

_GRAPH = "subject cohort modality method unit parcellation directed"
_NODE = "name code hemisphere network x_mm y_mm z_mm cell_type cell_class side"
_EDGE = (
    "weight value sign probability direction supported p q stability lag_ms length_mm"
)


def to_csv(connectome: Connectome, path: Path) -> None:
    """Write one row for each stored connection, strongest first.

    Columns are ``source, target`` (names), ``source_id, target_id`` and what
    ``CONNECTS_TO`` says; columns without any value are left out.
    """
    edges = connectome.edges.rename(
        columns={
            "source": "source_id",
            "target": "target_id",
            "source_name": "source",
            "target_name": "target",
        }
    )
    first = ["source", "target", "weight"]
    kept = edges.dropna(axis=1, how="all")
    others = [c for c in kept.columns if c not in (*first, "source_id", "target_id")]
    ordered = edges[[*first, *others, "source_id", "target_id"]]
    by = ["weight", "source_id", "target_id"]
    ordered = ordered.sort_values(by, ascending=[False, True, True])
    ordered.to_csv(path, index=False, lineterminator="\n")


def to_graphml(connectome: Connectome, path: Path) -> None:
    """Write GraphML: what Cytoscape, igraph, networkx and Gephi read."""
    import networkx as nx

    nx.write_graphml(to_networkx(connectome), path, named_key_ids=True)


def to_gexf(connectome: Connectome, path: Path) -> None:
    """Write GEXF: what Gephi reads."""
    import re

    import networkx as nx

    graph = to_networkx(connectome)
    nx.relabel_nodes(graph, {}, copy=False)
    for _, data in graph.nodes(data=True):
        data["label"] = data.get("name", "")
    text = "\n".join(nx.generate_gexf(graph))
    undated = re.sub(r' lastmodifieddate="[^"]*"', "", text)
    path.write_text(undated + "\n", encoding="utf-8")


def to_networkx(connectome: Connectome) -> Any:
    """Give a `networkx.DiGraph` by ids, with names and positions of the nodes."""
    import networkx as nx

    said = {k: v for k, v in connectome.properties.items() if k in _GRAPH.split()}
    graph = nx.DiGraph(id=connectome.id, **said)
    for row in connectome.nodes.to_dict("records"):
        graph.add_node(str(row["id"]), **_said(row, _NODE))
    for row in connectome.edges.to_dict("records"):
        graph.add_edge(str(row["source"]), str(row["target"]), **_said(row, _EDGE))
    return graph


def _said(row: Mapping[Any, Any], names: str) -> dict[str, Any]:
    """Give the values that are there, as plain Python."""
    values = {}
    for name in names.split():
        value = row.get(name)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            continue
        if value is value and str(value) != "<NA>":
            values[name] = value.item() if hasattr(value, "item") else value
    return values
