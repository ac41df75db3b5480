"""From what a method found to one row of the table."""

from __future__ import annotations

from typing import Any

import numpy as np

from atlasdb.cohorts.posterior import common
from directed import measures
from directed.known import Array, Recording
from directed.method import Found, Method

Row = dict[str, Any]


def row(
    method: Method, cohorts: list[list[Recording]], found: list[Found] | str
) -> Row:
    """Judge a method on all recordings of a system.

    Parameters
    ----------
    method : Method
        What was run.
    cohorts : list of list of Recording
        The people of each seed.
    found : list of Found, or str
        For all of them in order; or why there is nothing.

    Returns
    -------
    dict
        Means over recordings; NaN where a measure does not apply.
    """
    head: Row = {"method": method.name, "ours": method.ours}
    if isinstance(found, str):
        return {**head, "why": found}
    people = [one for cohort in cohorts for one in cohort]
    both = list(zip(people, found, strict=True))
    auprc = [measures.average_precision(r.truth, f.score) for r, f in both]
    right = [measures.direction_accuracy(r.truth, f.score) for r, f in both]
    existence = measures.calibration(
        measures.existence_pairs(f.probability, r.truth)
        for r, f in both
        if f.probability is not None
    )
    direction = measures.calibration(
        measures.direction_pairs(f.direction, r.truth)
        for r, f in both
        if f.direction is not None
    )
    return {
        **head,
        "auprc": _mean(auprc),
        "direction": _mean(right),
        "auprc_each": auprc,
        "direction_each": right,
        **_pooled(cohorts, found),
        "existence_error": measures.expected_error(existence),
        "direction_error": measures.expected_error(direction),
        "existence_bins": existence,
        "direction_bins": direction,
        "withheld": _withheld(found),
        **_delivered(both),
        "seconds": _mean([f.seconds for f in found]),
        "mib": float(np.max([f.mib for f in found])),
    }


def _withheld(found: list[Found]) -> float:
    """Give the share of recordings in which no direction is told."""
    known = [one.direction for one in found if one.direction is not None]
    told = [float((np.abs(d[np.isfinite(d)] - 0.5) > 1e-6).any()) for d in known]
    return 1.0 - _mean(told)


def _delivered(both: list[tuple[Recording, Found]]) -> Row:
    counts = []
    for recording, one in both:
        chosen = one.supported
        if chosen is None and one.p is not None:
            chosen = measures.false_discovery(one.p)
        if chosen is not None:
            counts.append(measures.delivered(chosen, recording.truth))
    if not counts:
        return {}
    n, n_false, false, found = np.array(counts, dtype=np.float64).T
    return {
        "delivered": _mean(n),
        "delivered_false": _mean(n_false),
        "false": _mean(false),
        "found": _mean(found),
    }


def _pooled(cohorts: list[list[Recording]], found: list[Found]) -> Row:
    """Pool the people of each cohort: mean log-odds, or the mean score."""
    if len(cohorts[0]) == 1:
        return {}
    auprc, right, start = [], [], 0
    for cohort in cohorts:
        part = found[start : start + len(cohort)]
        start += len(cohort)
        given = [one.probability for one in part if one.probability is not None]
        known = np.stack(given or [one.score for one in part])
        together = common(known) if given else known.mean(axis=0)
        auprc.append(measures.average_precision(cohort[0].truth, together))
        right.append(measures.direction_accuracy(cohort[0].truth, together))
    return {"auprc_pooled": _mean(auprc), "direction_pooled": _mean(right)}


def _mean(values: Any) -> float:
    numbers: Array = np.asarray([np.nan if v is None else v for v in values], float)
    known = numbers[np.isfinite(numbers)]
    return float(known.mean()) if known.size else float("nan")
