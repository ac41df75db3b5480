"""From a finding to a part of the graph, and to rows that people read."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from atlasdb import clock
from atlasdb.comparison.finding import PLANTED, Finding
from atlasdb.comparison.question import Question
from atlasdb.comparison.study import Study
from atlasdb.rows.ids import run_key
from atlasdb.store.base import Store
from atlasdb.types import ContrastResult, Run

if TYPE_CHECKING:
    import pandas as pd

METHOD_VERSION = 3
_MEASURES = ["mean_a", "mean_b", "effect", "statistic", "p", "q", "p_fwe"]
_COUNTS = ["significant", "n_a", "n_b"]
_OF_COMPONENTS = ["component", "n_edges", "n_nodes", "n_positive", "statistic"]
_OF_COMPONENTS += ["p_fwe", "significant"]
_MOST_UNUSUAL = 50
"""So many deviations of one patient are listed, significant or not."""


def kept(
    study: Study,
    question: Question,
    finding: Finding,
    names: Sequence[str],
    started: str,
    multiverse: tuple[str, str] | None,
) -> ContrastResult:
    """Make what goes into the graph; its key says by what it was computed."""
    params = question.settings | {"names": list(names)}
    stated = params | {
        "connectomes": sorted(str(row["id"]) for row in study.chosen),
        "held": hashlib.sha256(study.covariates.tobytes()).hexdigest(),
        "groups": study.people.groups,
        "labels": study.labels,
        "multiverse": multiverse,
        "version": METHOD_VERSION,
    }
    if study.scores is not None:
        stated["scores"] = hashlib.sha256(study.scores.tobytes()).hexdigest()
    run = Run(
        key=run_key(stated),
        kind="compare",
        command="compare",
        params=params,
        seed=question.seed if question.shuffles else None,
        started=started,
        ended=clock.now(),
        device=finding.device,
    )
    detected = finding.detectable_component
    table = {finding.target: finding.table}
    return ContrastResult(
        run=run,
        question=study.people.kind,
        groups=study.people.groups,
        n=study.n,
        cohorts=study.people.cohorts,
        subject=study.people.patient,
        target=finding.target,
        quantity=question.quantity,
        test=finding.test,
        correction={"fdr": "fdr_bh", "by": "fdr_by"}.get(str(question.correct), "fwe"),
        alpha=question.alpha,
        parcellation=study.parcellation,
        connectomes=tuple(str(row["id"]) for row in study.chosen),
        arrays=finding.arrays,
        n_tested=finding.n_tested,
        n_significant=finding.n_significant,
        edges=table.get("edges", {}),
        nodes=table.get("nodes", {}),
        whole=table.get("global", {}),
        components=finding.components,
        covariates=question.covariates,
        harmonisation=f"combat_{question.harmonise}" if question.harmonise else None,
        alternative=question.alternative,
        threshold=finding.threshold,
        scale=finding.scale,
        n_permutations=finding.n_permutations,
        seed=run.seed,
        detectable_effect=_finite(finding.detectable_effect),
        detectable_component=_finite(detected),
        multiverse=multiverse[0] if multiverse else None,
        variant=multiverse[1] if multiverse else None,
    )


def frame(
    store: Store, study: Study, question: Question, finding: Finding, contrast: str
) -> pd.DataFrame:
    """Give the rows that differ, the surest first; what was asked in ``attrs``."""
    import pandas as pd

    names = {row["id"]: row["name"] for row in store.nodes("Area").to_pylist()}
    if finding.components:
        rows = pd.DataFrame(dict(finding.components))
        rows = rows.rename(columns={"label": "component"})
        rows = rows[[name for name in _OF_COMPONENTS if name in rows]]
        chosen = rows[rows.pop("significant")].reset_index(drop=True)
        best = rows["p_fwe"].min() if len(rows) else math.nan
        largest = int(rows["n_edges"].max()) if len(rows) else 0
        told = {"n_components": len(rows), "largest": largest}
    else:
        rows = pd.DataFrame(dict(finding.table))
        for end in ("source", "target", "area"):
            if end in rows:
                rows[end] = rows[end].map(names)
        first = [c for c in ("source", "target", "area", "metric") if c in rows]
        by = [c for c in ("p_fwe", "q", "p") if c in rows]
        if question.correct != "fwe":
            by = [c for c in by if c != "p_fwe"]
        rows = rows[[*first, *(c for c in [*_MEASURES, *_COUNTS] if c in rows)]]
        rows = rows.sort_values([*by, *first], ignore_index=True)
        best = rows[by[0]].min() if len(rows) else math.nan
        if study.people.kind == "patient":
            chosen = rows.head(_MOST_UNUSUAL)
        else:
            chosen = rows[rows["significant"].astype(bool)]
            chosen = chosen.drop(columns="significant").reset_index(drop=True)
        told = {}
    chosen.attrs = told | {
        "contrast": contrast,
        "question": study.people.kind,
        "groups": study.people.groups,
        "n": study.n,
        "test": finding.test,
        "what": finding.target,
        "correct": question.correct,
        "alpha": question.alpha,
        "threshold": finding.threshold,
        "n_tested": finding.n_tested,
        "n_significant": finding.n_significant,
        "smallest": float(best),
        "detectable_effect": finding.detectable_effect,
        "detectable_component": finding.detectable_component,
        "planted": PLANTED,
        "notes": (*study.notes, *finding.notes),
    }
    return chosen


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
