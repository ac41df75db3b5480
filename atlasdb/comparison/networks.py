"""The network-based statistic of a study: components, and what it could have seen."""

from __future__ import annotations

import numpy as np

from atlasdb.cohorts.connections import connections
from atlasdb.cohorts.networkbased import network_based
from atlasdb.cohorts.networkpower import plant
from atlasdb.cohorts.permutation import Progress
from atlasdb.cohorts.thresholds import default_threshold
from atlasdb.comparison.edges import matrices, single, table
from atlasdb.comparison.finding import PLANTED, Finding
from atlasdb.comparison.question import Question
from atlasdb.comparison.study import Study
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray


def networks(
    study: Study, question: Question, progress: Progress | None, device: str
) -> Finding:
    """Find components of connections that differ together.

    The members of a component have no significance of their own: p, q and
    ``significant`` of a connection are left out.
    """
    rows, design = study.rows(study.weights), study.design
    threshold = chosen_threshold(study, question)
    found = network_based(
        rows,
        design,
        threshold=threshold,
        alternative=question.alternative,
        size=question.size,
        directed=study.directed,
        n_permutations=question.permutations or 1,
        seed=question.seed,
        device=device,
        progress=progress,
    )
    y, where = connections(study.weights, directed=study.directed)
    alone = single(study, y, question)
    columns = {
        k: v for k, v in alone.items() if k not in ("p", "q", "significant") and v.ndim
    }
    label = found.labels[where.source, where.target]
    columns |= {"component": label}
    parts = found.components
    components = {
        "label": np.array([c.label for c in parts], dtype=np.int64),
        "n_edges": np.array([c.n_edges for c in parts], dtype=np.int64),
        "n_nodes": np.array([c.n_nodes for c in parts], dtype=np.int64),
        "statistic": np.array([c.statistic for c in parts]),
        "p_fwe": np.array([c.p for c in parts]),
    }
    if design.is_t:  # an F has no direction
        n_positive = [c.n_positive for c in parts]
        components["n_positive"] = np.array(n_positive, dtype=np.int64)
    components["significant"] = components["p_fwe"] < question.alpha
    return Finding(
        "edges",
        "nbs" if question.size == "extent" else "nbs_intensity",
        table(study, where, columns, label > 0),
        matrices(study, where, columns) | {"null": found.null},
        found.n_tested if study.directed else found.n_tested // 2,
        int(components["significant"].sum()),
        float(alone["detectable_effect"]),
        components=components,
        threshold=threshold,
        detectable_component=_detectable(study, rows, threshold, question, device),
        n_permutations=len(found.null),
        device=found.device,
    )


def chosen_threshold(study: Study, question: Question) -> float:
    """Give the threshold asked for, or the default."""
    if question.threshold is not None:
        return question.threshold
    return default_threshold(
        study.design,
        len(study.codes),
        question.alternative,
        directed=study.directed,
    )


def _detectable(
    study: Study, rows: FloatArray, threshold: float, question: Question, device: str
) -> float | None:
    """Say what a component shows; infinite where none is seen, None if not reckoned."""
    try:
        planted = plant(
            rows,
            study.design,
            n_edges=PLANTED,
            threshold=threshold,
            alternative=question.alternative,
            directed=study.directed,
            alpha=question.alpha,
            seed=question.seed,
            device=device,
        )
    except InvalidDataError:  # fewer connections than such a component has
        return None
    return planted.detectable_effect()
