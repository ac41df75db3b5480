"""Who is in which group, and what is held constant between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from atlasdb.errors import InvalidDataError, did_you_mean
from atlasdb.types import FloatArray

FEWEST = 3
"""So many people make the smallest group whose spread can be told."""


@dataclass(frozen=True)
class Groups:
    """Subjects of two cohorts, by id."""

    names: tuple[str, str]
    a: tuple[str, ...]
    b: tuple[str, ...]

    @property
    def subjects(self) -> tuple[str, ...]:
        """Everybody, the first cohort first."""
        return self.a + self.b


def groups(names: tuple[str, str], a: Sequence[str], b: Sequence[str]) -> Groups:
    """Put two cohorts side by side.

    Raises
    ------
    InvalidDataError
        If somebody is in both, or one is too small to have a spread.
    """
    both = sorted(set(a) & set(b))
    if both:
        raise InvalidDataError(
            f"{len(both)} subjects are in {names[0]} and in {names[1]}: "
            f"{', '.join(both[:5])}. Two groups must not share people."
        )
    for name, members in zip(names, (a, b), strict=True):
        if len(members) < FEWEST:
            raise InvalidDataError(
                f"The cohort {name} has {len(members)} subjects; a comparison needs "
                f"at least {FEWEST} in each."
            )
    return Groups(names, tuple(a), tuple(b))


def covariates(
    who: Groups, subjects: Mapping[str, Mapping[str, Any]], names: Sequence[str]
) -> FloatArray:
    """Give the columns to regress out of two groups.

    Parameters
    ----------
    who : Groups
    subjects : mapping
        Properties of subjects by id.
    names : sequence of str
        Properties, such as ``("age_years", "sex")``.

    Returns
    -------
    ndarray, shape (n_subjects, n_columns)
        In the order of ``who.subjects``; without columns when no name is given.

    Raises
    ------
    InvalidDataError
        If a property is unknown or missing for somebody, or the columns cannot be
        told from the group.
    """
    matrix = columns(who.subjects, subjects, names)
    told_apart(who, matrix, names)
    return matrix


def columns(
    people: Sequence[str],
    subjects: Mapping[str, Mapping[str, Any]],
    names: Sequence[str],
) -> FloatArray:
    """Give properties as columns: numbers as they are, categories as 0 and 1.

    Parameters
    ----------
    people : sequence of str
        Ids of subjects.
    subjects : mapping
        Properties of subjects by id.
    names : sequence of str
        Properties, such as ``("age_years", "sex")``.

    Returns
    -------
    ndarray, shape (n_people, n_columns)

    Raises
    ------
    InvalidDataError
        If a property is unknown or missing for somebody.
    """
    matrices = [np.empty((len(people), 0))]
    for name in names:
        rows = [subjects[s] for s in people]
        if name not in rows[0] or name == "id":
            known = sorted(set(rows[0]) - {"id"})
            raise InvalidDataError(
                f"Subjects have no property '{name}'. They have: {', '.join(known)}."
                + did_you_mean(name, known)
            )
        values = [row[name] for row in rows]
        without = [s for s, v in zip(people, values, strict=True) if _missing(v)]
        if without:
            raise InvalidDataError(
                f"{name} is not known of {len(without)} of {len(values)} subjects: "
                f"{', '.join(without[:5])}. Add it with 'atlasdb ingest ... --field', "
                "or leave it out of the covariates."
            )
        matrices.append(_columns(values))
    return np.hstack(matrices)


def _missing(value: Any) -> bool:
    return value is None or value != value


def _columns(values: Sequence[Any]) -> FloatArray:
    if all(isinstance(v, int | float) for v in values):
        return np.array(values, dtype=np.float64)[:, None]
    levels = sorted(set(values))[1:]
    return np.array([[float(v == level) for level in levels] for v in values])


def told_apart(who: Groups, matrix: FloatArray, names: Sequence[str]) -> None:
    """Refuse covariates that say who is in which group.

    Parameters
    ----------
    who : Groups
    matrix : ndarray, shape (n_subjects, n_columns)
        In the order of ``who.subjects``.
    names : sequence of str
        Of the covariates, for the message.

    Raises
    ------
    InvalidDataError
        If they do, or people are too few for them.
    """
    n_a, n = len(who.a), len(who.subjects)
    group = (np.arange(n) < n_a).astype(float)
    base = np.column_stack([np.ones(n), matrix])
    fitted = base @ np.linalg.lstsq(base, group, rcond=None)[0]
    left = float(((group - fitted) ** 2).sum() / ((group - group.mean()) ** 2).sum())
    if left < 1e-8:
        raise InvalidDataError(
            f"{', '.join(names)} tells {who.names[0]} from {who.names[1]} exactly, so "
            "no difference can be put down to the group. Leave it out, or recruit "
            "groups that overlap in it."
        )
    rank = int(np.linalg.matrix_rank(np.column_stack([base, group])))
    if n - rank < FEWEST:
        raise InvalidDataError(
            f"{n} subjects are too few for {matrix.shape[1]} columns of covariates."
        )
