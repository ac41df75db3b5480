"""Comparing two cohorts on the full matrices of their connectomes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atlasdb import answers, writing
from atlasdb.cohorts import design, edgewise
from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb.files import Files
from atlasdb.reading import matrices_of
from atlasdb.rows.ids import area_id
from atlasdb.store.base import Store
from atlasdb.types import ContrastResult, Run

if TYPE_CHECKING:
    import pandas as pd

METHOD_VERSION = 1
_MADE_ALIKE = ("modality", "method", "engine", "unit", "parcellation", "settings")
_WHICH = ("modality", "session", "task", "run", "condition", "band", "parcellation")


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
    started = _now()
    a, b = (answers.cohort_members(store, name) for name in cohorts)
    groups = design.groups(cohorts, a, b)
    rows = store.nodes("Connectome").to_pylist()
    chosen = _connectomes(rows, groups.subjects, cohorts, modality)
    if not allow_mixed:
        _made_alike(chosen)
    subjects = {row["id"]: row for row in store.nodes("Subject").to_pylist()}
    columns = design.covariates(groups, subjects, covariates)
    codes, stack = _stack(store, files, [row["id"] for row in chosen])
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
    run = Run(key, "compare", "compare", params, started=started, ended=_now())
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


def _connectomes(
    rows: list[dict[str, Any]],
    subjects: Sequence[str],
    cohorts: tuple[str, str],
    modality: str | None,
) -> list[dict[str, Any]]:
    """Give the one current connectome of each subject, in order."""
    fitting: dict[str, list[dict[str, Any]]] = {name: [] for name in subjects}
    for row in rows:
        between_areas = row["is_current"] and row["level"] == "subject"
        asked = modality is None or row["modality"] == modality
        if between_areas and asked and row["subject"] in fitting:
            fitting[row["subject"]].append(row)
    without = [name for name, found in fitting.items() if not found]
    if without:
        kind = f"{modality} " if modality else ""
        raise NotFoundError(
            f"{len(without)} of {len(subjects)} subjects of {cohorts[0]} and "
            f"{cohorts[1]} have no {kind}connectome between areas: "
            f"{', '.join(without[:5])}. Ingest them, or leave them out of the cohort."
        )
    several = [found for found in fitting.values() if len(found) > 1]
    if several:
        differ = [k for k in _WHICH if len({str(row[k]) for row in several[0]}) > 1]
        raise InvalidDataError(
            f"{len(several)} subjects have several current connectomes, which differ "
            f"in {', '.join(differ) or 'method'}. Say which with --modality."
        )
    return [found[0] for found in fitting.values()]


def _made_alike(chosen: Sequence[dict[str, Any]]) -> None:
    for name in _MADE_ALIKE:
        counts = Counter(str(row[name]) for row in chosen)
        if len(counts) > 1:
            listed = ", ".join(f"{v} ({n})" for v, n in counts.most_common(4))
            raise InvalidDataError(
                f"These connectomes were not made alike: {name} is {listed}. Ingest "
                "all with the same settings, or compare them with --allow-mixed."
            )


def _stack(
    store: Store, files: Files, connectomes: Sequence[str]
) -> tuple[list[str], NDArray[np.float64]]:
    """Give the weights of all people on the areas that anybody has.

    Returns
    -------
    codes : list of str
    stack : ndarray, shape (n_subjects, n_areas, n_areas)
        NaN where a person has no estimate.
    """
    found = [matrices_of(store, files, name) for name in connectomes]
    codes = list(dict.fromkeys(str(c) for m in found for c in m["codes"]))
    place = {code: i for i, code in enumerate(codes)}
    stack = np.full((len(found), len(codes), len(codes)), np.nan)
    for person, matrices in enumerate(found):
        rows = [place[str(code)] for code in matrices["codes"]]
        stack[person][np.ix_(rows, rows)] = matrices["weight"]
    stack[:, range(len(codes)), range(len(codes))] = np.nan
    return codes, stack


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


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
