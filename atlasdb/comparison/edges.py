"""Connections one by one, and with the help of their neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlasdb.cohorts.connections import Connections, connections
from atlasdb.cohorts.permutation import Progress
from atlasdb.cohorts.thresholdfree import threshold_free
from atlasdb.comparison.effects import device_of, effects, on_scale
from atlasdb.comparison.finding import KEPT, Finding
from atlasdb.comparison.question import Question
from atlasdb.comparison.study import Study
from atlasdb.rows.ids import area_id


def edges(
    study: Study, question: Question, progress: Progress | None, device: str
) -> Finding:
    """Test every connection by itself."""
    y, where = connections(study.weights, directed=study.directed)
    kinds = np.zeros(where.n, dtype=np.intp)
    found, powers = effects(study, y, question, progress, device, kinds)
    name = "crawford_howell" if study.people.kind == "patient" else question.statistic
    tested = np.isfinite(found["p"])
    return Finding(
        "edges",
        str(name),
        table(study, where, found, tested),
        matrices(study, where, found),
        int(tested.sum()),
        int(found["significant"].sum()),
        float(found["detectable_effect"]),
        n_permutations=question.permutations,
        notes=on_scale(powers, ["weights"]),
        scale=float(powers[0]),
        device=device_of(found),
    )


def enhanced(
    study: Study, question: Question, progress: Progress | None, device: str
) -> Finding:
    """Test every connection with what it borrows from its neighbours."""
    rows = study.rows(study.weights)
    design = study.design
    found = threshold_free(
        rows,
        design,
        alternative=question.alternative,
        directed=study.directed,
        n_permutations=question.permutations or 1,
        seed=question.seed,
        device=device,
        progress=progress,
    )
    y, where = connections(study.weights, directed=study.directed)
    alone = single(study, y, question)
    place = (where.source, where.target)
    columns = alone | {"p_fwe": found.p_fwe[place], "score": found.score[place]}
    columns["significant"] = np.nan_to_num(columns["p_fwe"], nan=1) < question.alpha
    tested = np.isfinite(columns["p_fwe"])
    kept = {k: v for k, v in columns.items() if k not in ("p", "q")}
    return Finding(
        "edges",
        "tfce",
        table(study, where, kept, tested),
        matrices(study, where, columns),
        int(tested.sum()),
        int(columns["significant"].sum()),
        float(alone["detectable_effect"]),
        n_permutations=len(found.null),
        device=found.device,
    )


def single(
    study: Study, y: NDArray[np.float64], question: Question
) -> dict[str, NDArray[Any]]:
    """Give means and sizes of effects, by formula, for tests that see networks."""
    plain = replace(question, test="edge", statistic="glm", correct="fdr")
    return effects(study, y, plain, None, "cpu", np.zeros(y.shape[1], dtype=np.intp))[0]


def table(
    study: Study,
    where: Connections,
    columns: Mapping[str, NDArray[Any]],
    rows: NDArray[np.bool_],
) -> dict[str, NDArray[Any]]:
    """Give one row for each connection chosen, its ends named by area ids."""
    ids = [area_id(study.parcellation, code) for code in study.codes]
    names = np.array(ids, dtype=object)
    kept = {k: columns[k][rows] for k in (*KEPT, "component") if k in columns}
    ends = {"source": where.source[rows], "target": where.target[rows]}
    return {k: names[v] for k, v in ends.items()} | kept


def matrices(
    study: Study, where: Connections, columns: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Give every column as a matrix, and ``codes``, the order of its rows."""
    whole = {
        name: where.matrix(values, fill=np.nan if values.dtype.kind == "f" else 0)
        for name, values in columns.items()
        if values.ndim
    }
    return whole | {"codes": np.array(study.codes)}
