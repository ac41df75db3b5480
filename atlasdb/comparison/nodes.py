"""Graph measures of areas, and of whole connectomes, compared."""

from __future__ import annotations

import numpy as np

from atlasdb.analysis import profile
from atlasdb.cohorts.permutation import Progress
from atlasdb.comparison.effects import device_of, effects, on_scale
from atlasdb.comparison.finding import KEPT, Finding
from atlasdb.comparison.question import Question
from atlasdb.comparison.study import Study
from atlasdb.errors import InvalidDataError
from atlasdb.rows.ids import area_id


def nodes(
    study: Study, question: Question, progress: Progress | None, device: str
) -> Finding:
    """Test every measure of every area."""
    metrics = profile.known(question.metrics, profile.NODAL)
    measured = np.array([profile.nodal(w, metrics) for w in _weights(study)])
    n_areas, n_metrics = measured.shape[1:]
    kinds = np.tile(np.arange(n_metrics), n_areas)
    values = measured.reshape(len(measured), -1)
    found, powers = effects(study, values, question, progress, device, kinds)
    tested = np.isfinite(found["p"])
    ids = [area_id(study.parcellation, code) for code in study.codes]
    area = np.repeat(np.array(ids, dtype=object), n_metrics)
    metric = np.tile(np.array(metrics, dtype=object), n_areas)
    table = {k: found[k][tested] for k in KEPT if k in found}
    shape = (n_areas, n_metrics)
    arrays = {k: v.reshape(shape) for k, v in found.items() if v.ndim}
    return Finding(
        "nodes",
        _test(study, question),
        {"area": area[tested], "metric": metric[tested]} | table,
        arrays | {"codes": np.array(study.codes), "metrics": np.array(metrics)},
        int(tested.sum()),
        int(found["significant"].sum()),
        float(found["detectable_effect"]),
        n_permutations=question.permutations,
        notes=on_scale(powers, metrics),
        device=device_of(found),
    )


def wholes(
    study: Study, question: Question, progress: Progress | None, device: str
) -> Finding:
    """Test every measure of the whole connectome."""
    metrics = profile.known(question.metrics, profile.GLOBAL)
    measured = np.array([profile.whole(w, metrics) for w in _weights(study)])
    kinds = np.arange(len(metrics))
    found, powers = effects(study, measured, question, progress, device, kinds)
    tested = np.isfinite(found["p"])
    metric = np.array(metrics, dtype=object)
    table = {k: found[k][tested] for k in KEPT if k in found}
    arrays = {k: v for k, v in found.items() if v.ndim}
    return Finding(
        "global",
        _test(study, question),
        {"metric": metric[tested]} | table,
        arrays | {"metrics": np.array(metrics)},
        int(tested.sum()),
        int(found["significant"].sum()),
        float(found["detectable_effect"]),
        n_permutations=question.permutations,
        notes=on_scale(powers, metrics),
        device=device_of(found),
    )


def _weights(study: Study) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    n = int((study.weights < 0).sum())
    if n:
        raise InvalidDataError(
            f"{n} weights are negative, which graph measures cannot take. Compare "
            "connections, or ingest their size."
        )
    return study.weights


def _test(study: Study, question: Question) -> str:
    patient = study.people.kind == "patient"
    return "crawford_howell" if patient else str(question.statistic)
