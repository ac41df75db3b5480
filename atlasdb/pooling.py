"""One connectome of what the people of a cohort have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlasdb import answers, clock, members, writing
from atlasdb.analysis import agreement
from atlasdb.cohorts import posterior
from atlasdb.errors import InvalidDataError
from atlasdb.files import Files
from atlasdb.rows.ids import run_key
from atlasdb.store.base import Store
from atlasdb.types import Area, Connectivity, Parcellation, PoolResult, Run

METHOD_VERSION = 2
FEWEST = 2
_MATRICES = ("weight", "value", "probability", "supported")


def pool(
    store: Store,
    files: Files,
    cohort: str,
    *,
    modality: str | None,
    allow_mixed: bool,
) -> str:
    """Pool the connectomes of a cohort, keep the result and give its id.

    See `atlasdb.Atlas.pool`.
    """
    started = clock.now()
    people = answers.cohort_members(store, cohort)
    if len(people) < FEWEST:
        raise InvalidDataError(
            f"The cohort {cohort} has {len(people)} subject; pooling needs at least "
            f"{FEWEST}."
        )
    rows = store.nodes("Connectome").to_pylist()
    chosen = members.connectomes(rows, people, cohort, modality)
    if not allow_mixed:
        members.made_alike(chosen)
    ids = [row["id"] for row in chosen]
    codes, stacks = members.stacks(store, files, ids, _MATRICES)
    first = chosen[0]
    settings = {"cohort": cohort, "connectomes": sorted(ids), "version": METHOD_VERSION}
    key = run_key(["pool", settings])
    halves = [pooled({n: m[half::2] for n, m in stacks.items()}) for half in (0, 1)]
    joint = pooled(stacks)
    strength = agreement.strengths(halves[0]["weights"], halves[1]["weights"])
    params = {
        "cohort": cohort,
        "n": len(ids),
        "version": METHOD_VERSION,
        "strength_reliability": agreement.full_length(strength),
    }
    run = Run(key, "pool", "pool", params, started=started, ended=clock.now())
    connectivity = Connectivity(
        codes=tuple(codes),
        weights=joint["weights"],
        value=joint.get("value"),
        probability=joint.get("probability"),
        direction=joint.get("direction"),
        supported=joint["supported"],
        stability=_agreement(halves[0]["weights"], halves[1]["weights"]),
        n=len(ids),
        modality=first["modality"],
        method=first["method"],
        unit=first["unit"],
        directed=first["directed"],
        engine=first["engine"],
        source_convention=first["source_convention"],
        variant="pooled",
        reliability=_reliability(halves, joint) if first["directed"] else None,
    )
    parcellation = _parcellation(store, first["parcellation"])
    result = PoolResult(
        run, cohort, parcellation, connectivity, tuple(ids), first["settings"] or ""
    )
    return writing.write_pool(store, files, result)


def pooled(stacks: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[Any]]:
    """Join matrices of several people.

    Parameters
    ----------
    stacks : dict of str to ndarray, shape (n_people, n_areas, n_areas)
        ``weight``, and where there are such ``value``, ``probability``,
        ``supported``; NaN where a person has no estimate.

    Returns
    -------
    dict of str to ndarray, shape (n_areas, n_areas)
        ``weights`` and ``value`` are means. ``probability`` has the mean log-odds,
        ``direction`` follows from it, and connections are supported up to an
        expected share of one in ten false ones. Without probabilities a connection is
        supported where more than half of the people who have an estimate have it.
    """
    weight = _mean(stacks["weight"])
    value = _mean(stacks["value"]) if "value" in stacks else None
    made: dict[str, NDArray[Any]] = {"weights": weight}
    if value is not None:
        made["value"] = value
    if "probability" in stacks:
        forth = posterior.common(stacks["probability"])
        both = forth + forth.T
        direction = np.where(both > 0, forth / np.where(both > 0, both, 1.0), 0.5)
        direction[~np.isfinite(forth)] = np.nan
        made |= {"probability": forth, "direction": direction}
        made["supported"] = posterior.discoveries(forth)
        if value is not None and np.array_equal(value, value.T, equal_nan=True):
            made["weights"] = np.abs(value) * direction
    else:
        held = stacks.get("supported", stacks["weight"])
        known = np.isfinite(stacks["weight"])
        share = np.where(known, np.nan_to_num(held) > 0, 0).sum(0)
        made["supported"] = share > known.sum(0) / 2
    return made


def _mean(stack: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.isfinite(stack)
    n = known.sum(axis=0)
    total = np.where(known, stack, 0.0).sum(axis=0)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def _agreement(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give the smaller over the larger of two weights."""
    small, large = np.minimum(first, second), np.maximum(first, second)
    return np.where(large > 0, small / np.where(large > 0, large, 1.0), 0.0)


def _reliability(
    halves: list[dict[str, NDArray[Any]]], joint: dict[str, NDArray[Any]]
) -> float | None:
    """Expect how often a cohort of other people, as large, has one direction."""
    counts = joint.get("probability", joint["supported"].astype(np.float64))
    found = agreement.reliability(halves[0]["weights"], halves[1]["weights"], counts)
    return found if np.isfinite(found) else None


def _parcellation(store: Store, name: str) -> Parcellation:
    (row,) = (r for r in store.nodes("Parcellation").to_pylist() if r["id"] == name)
    own = Area.__dataclass_fields__
    areas = tuple(
        Area(**{k: v for k, v in area.items() if k in own})
        for area in store.nodes("Area").to_pylist()
        if area["parcellation"] == name
    )
    fields = {k: v for k, v in row.items() if k in Parcellation.__dataclass_fields__}
    return Parcellation(**fields | {"areas": areas})
