"""The matrices of a comparison: read, put on Fisher's scale, freed of their sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from atlasdb import members
from atlasdb.cohorts import fisher, harmonise
from atlasdb.comparison.people import People
from atlasdb.comparison.question import Question
from atlasdb.errors import InvalidDataError
from atlasdb.files import Files
from atlasdb.store.base import Store
from atlasdb.types import FloatArray


def weights_of(
    store: Store,
    files: Files,
    chosen: Sequence[Mapping[str, Any]],
    question: Question,
    *,
    tested: bool,
) -> tuple[list[str], FloatArray, list[str]]:
    """Read the matrices that are compared, and count what lacks in them.

    Parameters
    ----------
    store, files : Store, Files
    chosen : sequence of mapping
        Properties of the connectomes.
    question : Question
    tested : bool
        Say what lacks.

    Returns
    -------
    codes : list of str
        Of the areas.
    weights : ndarray, shape (n_measurements, n_areas, n_areas)
        NaN where there is no estimate.
    notes : list of str

    Raises
    ------
    InvalidDataError
        If signed estimates are asked for and there are none.
    """
    name = question.quantity
    codes, stacks = members.stacks(store, files, [row["id"] for row in chosen], (name,))
    if name not in stacks:
        raise InvalidDataError(
            "These connectomes have no signed estimates beside their weights. Compare "
            "the weights: leave out --quantity."
        )
    weights, notes = stacks[name], []
    if name == "value" and chosen[0]["unit"] in fisher.CORRELATIONS:
        weights = fisher.fisher_z(weights)
        notes.append("Correlations are compared as Fisher's z.")
    off = ~np.eye(len(codes), dtype=bool)
    there = np.isfinite(weights)[:, off]
    never = [c for i, c in enumerate(codes) if not np.isfinite(weights[:, i]).any()]
    if tested and never:
        notes.append(f"Nobody has an estimate of {', '.join(never[:5])}: not tested.")
    holes = float(1 - there.mean())
    if tested and holes > 0:
        lack = int((~there).any(axis=0).sum())
        notes.append(
            f"{lack} of {there.shape[1]} connections lack in somebody ({holes:.1%} of "
            "all values): each is tested in those who have it."
        )
    return codes, weights, notes


def harmonised(
    weights: FloatArray,
    covariates: FloatArray,
    described: Sequence[Mapping[str, Any]],
    labels: Any,
    who: People,
    question: Question,
) -> tuple[FloatArray, str]:
    """Take the sites out; what tells the groups apart is kept.

    Parameters
    ----------
    weights : ndarray, shape (n_measurements, n_areas, n_areas)
    covariates : ndarray, shape (n_measurements, n_columns)
    described : sequence of mapping
        What is known of each person, ``site`` too.
    labels : ndarray of int, shape (n_measurements,)
        Group of each.
    who, question

    Returns
    -------
    weights : ndarray
    note : str

    Raises
    ------
    InvalidDataError
        If a site is not known, or there are no controls to estimate sites from.
    """
    sites = [row.get("site") for row in described]
    unknown = sum(site is None for site in sites)
    if unknown:
        raise InvalidDataError(
            f"The site of {unknown} of {len(sites)} connectomes is not known, so sites "
            "cannot be harmonised. Ingest it with --field site=COLUMN."
        )
    kept = covariates
    train = None
    if question.harmonise == "controls":
        if who.kind not in ("groups", "patient"):
            raise InvalidDataError(
                "There are no controls to estimate sites from; use --harmonise "
                "everybody."
            )
        train = labels == len(who.groups) - 1
    elif who.kind in ("groups", "patient"):
        levels = range(1, len(who.groups))
        kept = np.column_stack([covariates, *[(labels == k) * 1.0 for k in levels]])
    found = harmonise.harmonise(weights, [str(s) for s in sites], kept, train=train)
    line = f"{len(set(sites))} sites were harmonised (ComBat, by {question.harmonise})."
    if found.n_lost:
        line += f" {found.n_lost} values could not be, and are left out."
    return found.values, line
