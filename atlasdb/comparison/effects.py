"""One test of each column, whatever the question: connections, or measures of areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlasdb.cohorts import edgewise, normative, power, scales
from atlasdb.cohorts.corrections import Rate, q_values
from atlasdb.cohorts.parametric import parametric
from atlasdb.cohorts.permutation import Progress, permuted
from atlasdb.comparison.question import Question
from atlasdb.comparison.study import Study
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray

Effects = dict[str, NDArray[Any]]


def effects(
    study: Study,
    values: FloatArray,
    question: Question,
    progress: Progress | None,
    device: str,
    kinds: NDArray[np.intp],
) -> tuple[Effects, FloatArray]:
    """Test every column of measurements.

    Parameters
    ----------
    study : Study
    values : ndarray, shape (n_measurements, n_columns)
        NaN where a measurement lacks.
    question : Question
        Settled.
    progress : callable, optional
    device : str
        Of permutations; see `cohorts.arrays.chosen`.
    kinds : ndarray of int, shape (n_columns,)
        Columns of one kind are compared on one scale.

    Returns
    -------
    found : dict of ndarray, shape (n_columns,)
        ``effect, statistic, df, p, q, significant, n_a``; ``mean_a, mean_b, n_b`` of
        two groups or sessions; ``p_fwe`` with permutations; ``effect_low,
        effect_high`` of two groups; of a patient ``percentile``, with ``mean_a`` the
        patient's own value and ``effect`` z. ``detectable_effect`` is a scalar: what
        one column shows in 8 of 10 such studies after Bonferroni's correction. With
        permutations, ``device``: what they were computed on.
    powers : ndarray, shape (n_kinds,)
        In which the values of each kind were compared.

    Raises
    ------
    InvalidDataError
        If nothing can be tested.
    """
    if np.isinf(values).any():
        raise InvalidDataError(
            f"{int(np.isinf(values).sum())} weights are infinite. Repair them, or "
            "store them as missing."
        )
    patient = study.people.kind == "patient"
    powers = np.ones(int(kinds.max()) + 1)
    if patient or question.statistic == "moderated":
        powers = np.array(
            [scales.power(values[:, kinds == k]) for k in range(len(powers))]
        )
    scaled = values if (powers == 1).all() else values ** powers[kinds]
    rows = study.rows(scaled)
    found = _tested(study, rows, question, progress, device)
    tested = np.isfinite(found["p"])
    if not tested.any():
        raise InvalidDataError(
            f"None of {len(tested)} can be tested: too few people have them, or their "
            "values are all alike."
        )
    plain = described(study, values, rows if scaled is values else study.rows(values))
    if patient:
        mean, each = found["mean_b"], powers[kinds]
        back = np.maximum(mean, 0) ** (1 / each)
        plain["mean_b"] = np.where(each == 1, mean, back)
    found |= plain
    rate: Rate = "by" if question.correct == "by" else "bh"
    found["q"] = q_values(found["p"], rate)
    decides = found["p_fwe" if question.correct == "fwe" else "q"]
    found["significant"] = np.nan_to_num(decides, nan=1.0) < question.alpha
    level = question.alpha / int(tested.sum())
    df = float(np.nanmedian(found["df"])) if question.statistic == "moderated" else None
    found["detectable_effect"] = np.array(_detectable(study, level, df))
    return found, powers


def _tested(
    study: Study,
    rows: FloatArray,
    question: Question,
    progress: Progress | None,
    device: str,
) -> Effects:
    statistic = question.statistic
    if study.people.kind == "patient":
        return _patient(study, rows)
    if study.people.two_groups and statistic in ("moderated", "welch", "rank"):
        first = np.arange(len(rows)) < study.n[0]
        return dict(edgewise.by_formula(rows, first, study.held, statistic))
    if statistic != "permutation":
        return dict(parametric(rows, study.design, moderated=statistic == "moderated"))
    return permuted(
        rows,
        study.design,
        n_permutations=question.permutations or 1,
        seed=question.seed,
        device=device,
        progress=progress,
    )


def described(study: Study, values: FloatArray, rows: FloatArray) -> Effects:
    """Count who has each column, and give the means of two groups or sessions."""
    there = ~np.isnan(rows)
    if study.people.kind == "sessions":
        parts = [study.of_session(values, k) for k in range(len(study.people.groups))]
        if len(parts) == 2:
            counts = there.sum(axis=0)
            both = [np.where(there, part, np.nan) for part in parts]
            means = {f"mean_{k}": _mean(x) for k, x in zip("ab", both, strict=True)}
            return {"n_a": counts, "n_b": counts, **means}
        whole = np.all([~np.isnan(part) for part in parts], axis=0).sum(axis=0)
        return {"n_a": whole, "n_b": whole}
    labels = np.array(study.labels)
    counted: Effects = {
        f"n_{name}": there[labels == k].sum(axis=0)
        for k, name in enumerate("ab"[: len(study.n)])
    }
    if len(study.n) != 2:
        return counted
    means = {f"mean_{name}": _mean(rows[labels == k]) for k, name in enumerate("ab")}
    return {**counted, **means}


def _mean(values: FloatArray) -> FloatArray:
    n = (~np.isnan(values)).sum(axis=0)
    total = np.nansum(values, axis=0)
    mean: FloatArray = np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0)
    return mean


def _patient(study: Study, rows: FloatArray) -> Effects:
    """Test one person; the mean is that of controls like the patient."""
    found = normative.against_controls(rows[0], rows[1:], study.held[0], study.held[1:])
    names = {"mean": "mean_b", "z": "effect", "t": "statistic"}
    kept = ("mean", "z", "t", "sd", "df", "p", "percentile")
    return {names.get(name, name): found[name] for name in kept}


def _detectable(study: Study, level: float, df: float | None) -> float:
    if study.people.kind == "patient":
        return power.detectable_case(study.n[1], alpha=level)
    if study.people.two_groups:
        return power.detectable_effect(study.n[0], study.n[1], alpha=level, df=df)
    return power.detectable(study.design, alpha=level, df=df)


def device_of(found: Effects) -> str | None:
    """Say on what kind of device permutations were computed; None without any."""
    return str(found["device"]) if "device" in found else None


def on_scale(powers: FloatArray, kinds: Sequence[str]) -> tuple[str, ...]:
    """Say on what scale values were compared, where it is not their own."""
    said = [
        f"{kind} as the power {power:g}"
        for kind, power in zip(kinds, powers.tolist(), strict=True)
        if power != 1
    ]
    if not said:
        return ()
    return (f"Compared where least skewed: {', '.join(said)}; means are as they are.",)
