"""Rows of a comparison: what differs, in which connections, areas, components."""

from __future__ import annotations

from string import ascii_lowercase
from typing import Any

from atlasdb.batch import Batch
from atlasdb.rows.ids import component_id
from atlasdb.rows.shared import StoredArrays, add_artifact, add_run, link, stored_as
from atlasdb.types import ContrastResult

_SAME_NAMES = (
    "question target quantity test alternative correction alpha harmonisation "
    "threshold scale n_permutations seed n_tested n_significant detectable_effect "
    "detectable_component multiverse variant subject"
)


def contrast_batch(
    contrast: str, result: ContrastResult, stored: StoredArrays, *, code_version: str
) -> Batch:
    """Give the rows of a comparison.

    Parameters
    ----------
    contrast : str
        Its id.
    result : ContrastResult
    stored : StoredArrays
        The file of its statistic matrices.
    code_version : str
        Version of atlasdb, kept in the Run.
    """
    batch = Batch()
    key = result.run.key
    add_run(batch, result.run, code_version=code_version)
    row: dict[str, Any] = {n: [getattr(result, n)] for n in _SAME_NAMES.split()}
    two = result.question != "score"
    row |= {
        "id": [contrast],
        "cohort_a": [result.groups[0]],
        "cohort_b": [result.groups[1] if two else None],
        "n_a": [result.n[0]],
        "n_b": [result.n[1] if two else None],
        "groups": [",".join(result.groups)],
        "covariates": [",".join(result.covariates) or None],
        "is_current": [True],
    }
    batch.add_nodes("Contrast", row)
    _add_sides(batch, contrast, result)
    link(batch, "GENERATED_BY", "Contrast", "Run", contrast, key)
    link(batch, "USED", "Run", "Parcellation", key, result.parcellation)
    used = list(result.connectomes)
    columns = {"source": [key] * len(used), "target": used}
    batch.add_edges("USED", "Run", "Connectome", columns)
    _add_components(batch, contrast, result)
    _add_effects(batch, contrast, result)
    add_artifact(batch, stored, "matrix")
    stored_as(batch, "Contrast", contrast, stored, "matrix")
    return batch


def _add_sides(batch: Batch, contrast: str, result: ContrastResult) -> None:
    sides = iter(ascii_lowercase)
    if result.subject is not None:
        ends = {"source": [contrast], "target": [result.subject]}
        batch.add_edges(
            "COMPARES", "Contrast", "Subject", ends | {"side": [next(sides)]}
        )
    for cohort in result.cohorts:
        ends = {"source": [contrast], "target": [cohort]}
        side = next(sides, None)
        batch.add_edges("COMPARES", "Contrast", "Cohort", ends | {"side": [side]})


def _add_components(batch: Batch, contrast: str, result: ContrastResult) -> None:
    labels = list(result.components.get("label", ()))
    if not labels:
        return
    ids = [component_id(contrast, label) for label in labels]
    own = {"id": ids, "contrast": [contrast] * len(ids)}
    batch.add_nodes("Component", dict(result.components) | own)
    ends = {"source": [contrast] * len(ids), "target": ids}
    batch.add_edges("HAS_COMPONENT", "Contrast", "Component", ends)


def _add_effects(batch: Batch, contrast: str, result: ContrastResult) -> None:
    edges: dict[str, Any] = dict(result.edges)
    n = len(edges.get("source", ()))
    if n:
        edges["contrast"] = [contrast] * n
        if "component" in edges:
            edges["component"] = [
                component_id(contrast, label) if label else None
                for label in edges["component"].tolist()
            ]
        batch.add_edges("DIFFERS", "Area", "Area", edges)
    nodes: dict[str, Any] = dict(result.nodes)
    n = len(nodes.get("metric", ()))
    if n:
        nodes |= {"source": [contrast] * n, "target": nodes.pop("area")}
        batch.add_edges("NODE_EFFECT", "Contrast", "Area", nodes)
    whole: dict[str, Any] = dict(result.whole)
    n = len(whole.get("metric", ()))
    if n:
        whole |= {"source": [contrast] * n, "target": [result.parcellation] * n}
        batch.add_edges("GLOBAL_EFFECT", "Contrast", "Parcellation", whole)
