"""What is asked of a cohort: groups compared, a score, people before and after.

**Repeated sessions are not people.** For tests between people, `per_person` makes one
matrix of each person's sessions first; tests within people are `paired` (two
conditions) or `repeated` (any number), where values are exchanged inside a person only.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from atlasdb.cohorts.design import FEWEST
from atlasdb.cohorts.glm import Design, Effect, basis, indicators, left
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray


def between(labels: Sequence[Hashable], covariates: FloatArray | None = None) -> Design:
    """Compare groups of people: t for two, F for more.

    Parameters
    ----------
    labels : sequence, length n_people
        Group of each person. A positive t says that the group named first in it is
        larger.
    covariates : ndarray, shape (n_people, n_columns), optional
        Numbers as they are, categories as columns of 0 and 1.

    Raises
    ------
    InvalidDataError
        If there is one group, a group is too small, or a covariate says who is in
        which group.
    """
    levels = list(dict.fromkeys(labels))
    coded = np.array([levels.index(label) for label in labels], dtype=np.intp)
    if len(levels) < 2:
        raise InvalidDataError(
            f"All {len(coded)} people are in one group; a comparison needs two."
        )
    for level, size in zip(levels, np.bincount(coded), strict=True):
        if size < FEWEST:
            raise InvalidDataError(
                f"The group {level} has {size} people; a comparison needs at least "
                f"{FEWEST} in each."
            )
    two = len(levels) == 2
    tested = (coded == 0).astype(float)[:, None] if two else indicators(coded, 1)
    held = _held(len(coded), covariates)
    whole = np.zeros(len(coded), dtype=np.intp)
    name: Effect = "hedges_g" if two else "partial_eta2"
    return _checked(Design(tested, held, name, whole, coded))


def score(values: FloatArray, covariates: FloatArray | None = None) -> Design:
    """Correlate connections with a number that every person has, such as a severity.

    Parameters
    ----------
    values : ndarray, shape (n_people,)
    covariates : ndarray, shape (n_people, n_columns), optional

    Raises
    ------
    InvalidDataError
        If the number is the same for all, or follows from the covariates.
    """
    tested = np.asarray(values, dtype=np.float64)[:, None]
    held = _held(len(tested), covariates)
    alike = np.zeros(len(tested), dtype=np.intp)
    return _checked(Design(tested, held, "partial_r", alike, alike))


def paired(n_people: int, covariates: FloatArray | None = None) -> Design:
    """Compare two conditions within people; rows are differences, first less second.

    Under the null the sign of a person's difference means nothing, so signs are
    flipped. What is the same in both conditions, such as sex, cannot confound and is
    not needed.

    Parameters
    ----------
    n_people : int
    covariates : ndarray, shape (n_people, n_columns), optional
        Differences of what changed between the conditions, such as motion.
    """
    tested = np.ones((n_people, 1))
    held = _columns(n_people, covariates, centre=False)
    alike = np.zeros(n_people, dtype=np.intp)
    design = Design(tested, held, "hedges_g_paired", alike, alike, signs=True)
    return _checked(design)


def repeated(
    conditions: Sequence[Hashable],
    people: Sequence[Hashable],
    covariates: FloatArray | None = None,
) -> Design:
    """Compare conditions within people: rows are measurements, exchanged in a person.

    Parameters
    ----------
    conditions, people : sequence, length n_rows
        What was measured, in whom.
    covariates : ndarray, shape (n_rows, n_columns), optional
        What changed between the measurements.
    """
    levels = list(dict.fromkeys(conditions))
    coded = np.array([levels.index(c) for c in conditions], dtype=np.intp)
    if len(levels) < 2:
        raise InvalidDataError(
            f"All {len(coded)} rows are of one condition; a comparison needs two."
        )
    persons = list(dict.fromkeys(people))
    blocks = np.array([persons.index(p) for p in people], dtype=np.intp)
    two = len(levels) == 2
    tested = (coded == 0).astype(float)[:, None] if two else indicators(coded, 1)
    held = np.hstack([indicators(blocks, 0), _columns(len(coded), covariates)])
    name: Effect = "partial_r" if two else "partial_eta2"
    return _checked(Design(tested, held, name, blocks, coded))


def per_person(
    weights: FloatArray, people: Sequence[Hashable]
) -> tuple[FloatArray, list[Hashable]]:
    """Average the sessions of every person, so that nobody counts twice.

    Parameters
    ----------
    weights : ndarray, shape (n_sessions, n_areas, n_areas)
        NaN where a session has no estimate.
    people : sequence, length n_sessions
        Who was measured.

    Returns
    -------
    weights : ndarray, shape (n_people, n_areas, n_areas)
        The mean of a person's sessions that have an estimate; NaN where none has.
    people : list
        In the order in which they first appear.

    Notes
    -----
    Everybody weighs the same, also who came more often. For the same number of
    sessions each, exchanging people whole gives the same test.
    """
    persons = list(dict.fromkeys(people))
    sums = np.zeros((len(persons), *weights.shape[1:]))
    counts = np.zeros(sums.shape)
    for person, matrix in zip(people, weights, strict=True):
        known = ~np.isnan(matrix)
        at = persons.index(person)
        sums[at] += np.where(known, matrix, 0.0)
        counts[at] += known
    with np.errstate(invalid="ignore"):
        return np.where(counts > 0, sums / counts, np.nan), persons


def _held(n: int, covariates: FloatArray | None) -> FloatArray:
    return np.column_stack([np.ones(n), _columns(n, covariates)])


def _columns(
    n: int, covariates: FloatArray | None, *, centre: bool = True
) -> FloatArray:
    """Scale covariates, so that years and millimetres count alike."""
    if covariates is None:
        return np.empty((n, 0))
    given = np.asarray(covariates, dtype=np.float64)
    if given.shape[0] != n:
        raise InvalidDataError(
            f"The covariates have {given.shape[0]} rows for {n} of the design. Give "
            "one row for each."
        )
    if not np.isfinite(given).all():
        raise InvalidDataError(
            f"{int((~np.isfinite(given)).any(axis=1).sum())} of {n} rows have a "
            "covariate that is not a finite number. Leave them out, or the covariate."
        )
    moved = given - given.mean(axis=0) if centre else given
    scale = np.abs(moved).max(axis=0, initial=0.0)
    varies = scale > 1e-12 * np.abs(given).max(axis=0, initial=0.0)
    columns: FloatArray = moved[:, varies] / scale[varies]
    return columns


def _checked(design: Design) -> Design:
    """Refuse a design that cannot tell what is tested from what is held."""
    tested = design.tested
    if not np.isfinite(tested).all():
        raise InvalidDataError(
            f"{int((~np.isfinite(tested)).any(axis=1).sum())} of {design.n_rows} "
            "people have no finite score. Leave them out."
        )
    spread = tested if design.signs else tested - tested.mean(axis=0)
    longest = np.sqrt((spread**2).sum(axis=0)).max()
    if longest <= 1e-12 * np.abs(tested).max():
        raise InvalidDataError(
            "The score is the same for everybody, so nothing can go with it."
        )
    held = basis(design.held)
    space = basis(left(tested, held), 1e-4 * longest)
    if space.shape[1] < tested.shape[1]:
        raise InvalidDataError(
            "The covariates determine what is tested exactly, so no difference can be "
            "put down to it. Leave one out, or recruit people who overlap in it."
        )
    df = design.n_rows - held.shape[1] - space.shape[1]
    if df < FEWEST:
        raise InvalidDataError(
            f"{design.n_rows} rows are too few for {held.shape[1]} columns held "
            f"constant and {space.shape[1]} tested."
        )
    return design
