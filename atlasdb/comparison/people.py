"""Who is compared with whom: groups, a score, sessions, or one patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

from atlasdb import answers
from atlasdb.cohorts import design
from atlasdb.comparison.question import Question
from atlasdb.errors import InvalidDataError, NotFoundError, did_you_mean
from atlasdb.privacy import Keyring
from atlasdb.store.base import Store

Kind = Literal["groups", "score", "sessions", "patient"]
ALIASES = {
    "age": "age_years",
    "motion": "mean_fd_mm",
    "duration": "duration_s",
}
"""Short names of what people are asked about most."""


@dataclass(frozen=True)
class People:
    """Subjects in the order of what is compared.

    Attributes
    ----------
    kind : str
    groups : tuple of str
        Names of the groups or sessions; cohort and score, where one is correlated.
    cohorts : tuple of str
        Whose people take part.
    subjects : tuple of str
    labels : tuple of int
        Group of each, 0 for all where there are no groups of people.
    patient : str or None
        The first subject, where one person is compared with controls.
    notes : tuple of str
        Who was left out.
    """

    kind: Kind
    groups: tuple[str, ...]
    cohorts: tuple[str, ...]
    subjects: tuple[str, ...]
    labels: tuple[int, ...]
    patient: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def two_groups(self) -> bool:
        """Whether two groups of people are compared."""
        return self.kind == "groups" and len(self.groups) == 2


def people(
    store: Store,
    keyring: Keyring,
    names: Sequence[str],
    question: Question,
    properties: Mapping[str, Mapping[str, Any]],
) -> People:
    """Find out who is compared.

    Parameters
    ----------
    store, keyring : Store, Keyring
    names : sequence of str
        Cohorts, or one subject and then cohorts of controls.
    question : Question
    properties : mapping
        What is known of subjects, by id.

    Raises
    ------
    NotFoundError
        If there is no such cohort or subject.
    InvalidDataError
        If groups share people, are too few, or a score is not a number.
    """
    known = {row["id"] for row in store.nodes("Cohort").to_pylist()}
    if not names:
        raise InvalidDataError("Name the cohorts to compare.")
    if names[0] not in known and len(names) > 1:
        patient = _subject(store, keyring, names[0], known)
        return _patient(store, patient, tuple(names[1:]), question)
    members = [answers.cohort_members(store, name) for name in names]
    everybody = tuple(dict.fromkeys(s for part in members for s in part))
    cohorts = tuple(names)
    if question.score or question.by:
        wanted = question.score or question.by or ""
        name = ALIASES.get(wanted, wanted)
        values = _values(everybody, properties, name)
        there = tuple(s for s in everybody if values[s] is not None)
        notes = _left_out(len(everybody) - len(there), f"{name} is not known of")
        if question.score:
            _numbers(values[s] for s in there)
            groups = (" and ".join(names), name)
            zeros = (0,) * len(there)
            return People("score", groups, cohorts, there, zeros, notes=notes)
        return _by(name, values, there, cohorts, notes)
    if question.sessions:
        zeros = (0,) * len(everybody)
        return People("sessions", question.sessions, cohorts, everybody, zeros)
    if len(names) < 2:
        raise InvalidDataError(
            f"One cohort, {names[0]}, was named. Name another to compare it with, or "
            "say by what: --by, --score or --sessions."
        )
    _apart(names, members)
    labels = [i for i, part in enumerate(members) for _ in part]
    subjects = tuple(s for part in members for s in part)
    return People("groups", cohorts, cohorts, subjects, tuple(labels))


def _apart(names: Sequence[str], members: Sequence[Sequence[str]]) -> None:
    for (one, a), (two, b) in combinations(zip(names, members, strict=True), 2):
        design.groups((one, two), a, b)


def _by(
    name: str,
    values: Mapping[str, Any],
    there: Sequence[str],
    cohorts: tuple[str, ...],
    notes: tuple[str, ...],
) -> People:
    levels = sorted({values[s] for s in there}, key=str)
    parts = [[s for s in there if values[s] == level] for level in levels]
    if len(levels) < 2 or len(levels) > len(there) / 2:
        raise InvalidDataError(
            f"{name} has {len(levels)} different values in {len(there)} people, which "
            "makes no groups. A number that people have is compared with --score."
        )
    named = tuple(f"{v:g}" if isinstance(v, float) else str(v) for v in levels)
    _apart(named, parts)
    labels = tuple(i for i, part in enumerate(parts) for _ in part)
    subjects = tuple(s for part in parts for s in part)
    return People("groups", named, cohorts, subjects, labels, notes=notes)


def _patient(
    store: Store, patient: str, cohorts: tuple[str, ...], question: Question
) -> People:
    asked = [n for n in ("by", "score", "sessions") if getattr(question, n)]
    if asked:
        raise InvalidDataError(
            f"--{asked[0]} asks about cohorts, and {patient} is one person. Leave it "
            "out, or name cohorts."
        )
    if question.test not in ("edge", "node", "global"):
        raise InvalidDataError(
            f"The test '{question.test}' needs groups of people. Compare one person "
            "with --test edge, node or global."
        )
    members = [s for c in cohorts for s in answers.cohort_members(store, c)]
    controls = tuple(s for s in dict.fromkeys(members) if s != patient)
    notes: tuple[str, ...] = ()
    if len(controls) < len(set(members)):
        notes = (f"{patient} is one of the controls, and is not compared with itself.",)
    groups = (patient, " and ".join(cohorts))
    labels = (0,) + (1,) * len(controls)
    subjects = (patient, *controls)
    return People("patient", groups, cohorts, subjects, labels, patient, notes)


def _subject(store: Store, keyring: Keyring, name: str, cohorts: set[str]) -> str:
    try:
        return answers.subject_id(store, keyring, name)
    except NotFoundError:
        listed = ", ".join(f"'{c}'" for c in sorted(cohorts)) or "none"
        raise NotFoundError(
            f"No cohort or subject '{name}' in this atlas.{did_you_mean(name, cohorts)}"
            f" Its cohorts are: {listed}."
        ) from None


def _values(
    subjects: Sequence[str], properties: Mapping[str, Mapping[str, Any]], name: str
) -> dict[str, Any]:
    known = {key for subject in subjects for key in properties[subject]} - {"id"}
    if name not in known:
        raise InvalidDataError(
            f"Subjects have no property '{name}'.{did_you_mean(name, known)} They "
            f"have: {', '.join(sorted(known))}. Others come with --phenotypes FILE."
        )
    found = {s: properties[s].get(name) for s in subjects}
    return {s: None if v is None or v != v else v for s, v in found.items()}


def _numbers(values: Any) -> None:
    for value in values:
        if not isinstance(value, int | float):
            raise InvalidDataError(
                f"The score holds '{value}', which is not a number. Categories are "
                "compared with --by."
            )


def _left_out(n: int, why: str) -> tuple[str, ...]:
    return (f"{why} {n} people, who are left out.",) if n else ()
