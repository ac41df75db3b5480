"""Comparing two cohorts on the full matrices of their connectomes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atlasdb import answers, clock, members, writing
from atlasdb.cohorts import design, edgewise
from atlasdb.files import Files
from atlasdb.rows.ids import area_id
from atlasdb.store.base import Store
from atlasdb.types import ContrastResult, Run

if TYPE_CHECKING:
    import pandas as pd

METHOD_VERSION = 1


def compare(
    store: Store,
    files: Files,
    cohorts: tuple[str, str],
    *,
    covariates: tuple[str, ...],
    modality: str | None,
    alpha: float,
    allow_mixed: bool,
) -> pd.DataFrame:
    """Compare two cohorts edge by edge; see `atlasdb.Atlas.compare`."""
    started = clock.now()
    a, b = (answers.cohort_members(store, name) for name in cohorts)
    groups = design.groups(cohorts, a, b)
    rows = store.nodes("Connectome").to_pylist()
    who = " and ".join(cohorts)
    chosen = members.connectomes(rows, groups.subjects, who, modality)
    if not allow_mixed:
        members.made_alike(chosen)
    subjects = {row["id"]: row for row in store.nodes("Subject").to_pylist()}
    columns = design.covariates(groups, subjects, covariates)
    codes, stacks = members.stacks(store, files, [row["id"] for row in chosen])
    stack = stacks["weight"]
    n_a = len(groups.a)
    result = edgewise.edgewise(
        stack[:n_a], stack[n_a:], columns[:n_a], columns[n_a:], alpha=alpha
    )
    parcellation = chosen[0]["parcellation"]
    settings: dict[str, Any] = {
        "cohorts": cohorts,
        "covariates": covariates,
        "alpha": alpha,
        "connectomes": sorted(row["id"] for row in chosen),
        "version": METHOD_VERSION,
    }
    key = hashlib.sha256(json.dumps(settings).encode()).hexdigest()
    params = {k: v for k, v in settings.items() if k != "connectomes"}
    run = Run(key, "compare", "compare", params, started=started, ended=clock.now())
    table = _table(result, [area_id(parcellation, code) for code in codes])
    contrast = ContrastResult(
        run=run,
        cohort_a=cohorts[0],
        cohort_b=cohorts[1],
        target="edges",
        test="welch",
        correction="fdr_bh",
        n_a=n_a,
        n_b=len(groups.b),
        alpha=alpha,
        table=table,
        arrays={name: m for name, m in result.items() if m.ndim == 2}
        | {"codes": np.array(codes)},
        connectomes=tuple(row["id"] for row in chosen),
        covariates=covariates,
    )
    contrast_id = writing.write_contrast(store, files, contrast)
    return _answer(store, parcellation, contrast_id, contrast, result)


_COLUMNS = ["mean_a", "mean_b", "effect", "statistic", "p", "q", "significant"]
_COLUMNS += ["n_a", "n_b"]


def _table(
    result: dict[str, NDArray[Any]], areas: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Give one row for each pair that could be tested."""
    source, target = np.nonzero(np.isfinite(result["p"]))
    names = np.array(areas, dtype=object)
    columns = {name: result[name][source, target] for name in _COLUMNS}
    return {"source": names[source], "target": names[target]} | columns


def _answer(
    store: Store,
    parcellation: str,
    contrast_id: str,
    contrast: ContrastResult,
    result: dict[str, NDArray[Any]],
) -> pd.DataFrame:
    import pandas as pd

    areas = store.nodes("Area").to_pylist()
    names = {row["id"]: row["name"] for row in areas}
    frame = pd.DataFrame(dict(contrast.table))
    frame["source"] = frame["source"].map(names)
    frame["target"] = frame["target"].map(names)
    differs = frame[frame.pop("significant").astype(bool)]
    differs = differs.sort_values(["q", "p", "source", "target"], ignore_index=True)
    differs.attrs = {
        "contrast": contrast_id,
        "n_tested": len(frame),
        "n_a": contrast.n_a,
        "n_b": contrast.n_b,
        "smallest_q": float(frame["q"].min()) if len(frame) else float("nan"),
        "detectable_effect": float(result["detectable_effect"]),
    }
    return differs
