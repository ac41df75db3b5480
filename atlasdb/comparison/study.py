"""The measurements that a comparison is made of: connectomes, covariates, design."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from atlasdb import members
from atlasdb.cohorts import confounds, contrasts, design
from atlasdb.cohorts.glm import Design
from atlasdb.comparison.choice import connectomes_of
from atlasdb.comparison.matrices import harmonised, weights_of
from atlasdb.comparison.people import ALIASES, People
from atlasdb.comparison.question import Question
from atlasdb.files import Files
from atlasdb.store.base import Store
from atlasdb.types import FloatArray


@dataclass(frozen=True, eq=False)
class Study:
    """Connectomes of people, ready to be compared.

    Attributes
    ----------
    people : People
    chosen : tuple of mapping
        Properties of the connectomes, one a measurement.
    who : tuple of str
        Subject of each measurement.
    conditions : tuple of int
        Session of each measurement, where sessions are compared.
    codes : tuple of str
        Of the areas.
    weights : ndarray, shape (n_measurements, n_areas, n_areas)
        ``[measurement, source, target]``; NaN where there is no estimate.
    covariates : ndarray, shape (n_measurements, n_columns)
    directed : bool
    notes : tuple of str
        What the user should know.
    """

    people: People
    chosen: tuple[Mapping[str, Any], ...]
    who: tuple[str, ...]
    conditions: tuple[int, ...]
    codes: tuple[str, ...]
    weights: FloatArray
    covariates: FloatArray
    scores: FloatArray | None
    directed: bool
    notes: tuple[str, ...]

    @property
    def parcellation(self) -> str:
        """Key of the parcellation."""
        return str(self.chosen[0]["parcellation"])

    def rows(self, values: FloatArray) -> FloatArray:
        """Turn measurements into the rows of the design.

        Sessions of one person are averaged, or, where two are compared, subtracted.

        Parameters
        ----------
        values : ndarray, shape (n_measurements, ...)
        """
        if self.people.kind != "sessions":
            return contrasts.per_person(values, self.who)[0]
        if len(self.people.groups) > 2:
            return values
        first, second = (self.of_session(values, k) for k in (0, 1))
        return first - second

    def of_session(self, values: FloatArray, session: int) -> FloatArray:
        """Give one session's values, one row a person, in one order of people."""
        mine = np.array(self.conditions) == session
        who = [w for w, there in zip(self.who, mine, strict=True) if there]
        averaged, found = contrasts.per_person(values[mine], who)
        order = sorted(range(len(found)), key=lambda i: str(found[i]))
        rows: FloatArray = averaged[order]
        return rows

    @cached_property
    def labels(self) -> list[int]:
        """Group of each row of the design."""
        if self.people.kind == "sessions":
            many = len(self.people.groups) > 2
            return list(self.conditions) if many else [0] * len(set(self.who))
        group = dict(zip(self.people.subjects, self.people.labels, strict=True))
        return [group[who] for who in dict.fromkeys(self.who)]

    @cached_property
    def n(self) -> tuple[int, ...]:
        """People of each group."""
        if self.people.kind == "sessions":
            return (len(set(self.who)),) * len(self.people.groups)
        counts = Counter(self.labels)
        return tuple(counts[label] for label in sorted(counts))

    @cached_property
    def held(self) -> FloatArray:
        """Covariates of each row of the design."""
        return self.rows(self.covariates)

    @cached_property
    def design(self) -> Design:
        """The linear model of the question."""
        kind, groups = self.people.kind, self.people.groups
        if kind == "score" and self.scores is not None:
            return contrasts.score(self.rows(self.scores[:, None])[:, 0], self.held)
        if kind == "sessions" and len(groups) == 2:
            return contrasts.paired(len(self.held), self.held)
        names = [groups[label] for label in self.labels]
        if kind == "sessions":
            return contrasts.repeated(names, self.who, self.held)
        return contrasts.between(names, self.held)


def study(
    store: Store,
    files: Files,
    who: People,
    question: Question,
    rows: Sequence[dict[str, Any]],
    properties: Mapping[str, Mapping[str, Any]],
    *,
    tested: bool = True,
) -> Study:
    """Read the connectomes of people, and what is held constant.

    Parameters
    ----------
    store, files : Store, Files
    who : People
    question : Question
    rows : sequence of dict
        Connectomes to choose from.
    properties : mapping
        What is known of subjects, by id.
    tested : bool, default=True
        Say what tests do with several sessions, and with connections that lack.

    Raises
    ------
    NotFoundError
        If somebody has no fitting connectome.
    InvalidDataError
        If somebody has several that say different things, connectomes were not made
        alike, or a group cannot be told from a site or a covariate.
    """
    who, chosen = connectomes_of(who, question, rows)
    if not question.allow_mixed:
        members.made_alike(chosen)
    measured = tuple(str(row["subject"]) for row in chosen)
    described = _described(store, chosen, properties)
    notes = list(who.notes)
    several = sum(n > 1 for n in Counter(measured).values())
    if tested and several and who.kind != "sessions":
        notes.append(f"{several} people have several sessions, which are averaged.")
    by = ALIASES.get(question.by or "", question.by)
    others = [d | {by: None} if by else d for d in described]
    notes += _confounds(who, measured, others, allow=question.allow_confounded)
    covariates = _covariates(chosen, measured, described, question)
    codes, weights, said = weights_of(store, files, chosen, question, tested=tested)
    notes += said
    scores = None
    if who.kind == "score":
        name = who.groups[1]
        scores = np.array([float(d[name]) for d in described])
    groups = dict(zip(who.subjects, who.labels, strict=True))
    if question.harmonise:
        labels = np.array([groups[s] for s in measured])
        weights, line = harmonised(
            weights, covariates, described, labels, who, question
        )
        notes.append(line)
    directed = any(row["directed"] is not False for row in chosen) and not np.allclose(
        weights, weights.swapaxes(1, 2), equal_nan=True, rtol=1e-9, atol=0
    )
    conditions = tuple(
        who.groups.index(str(row["session"])) if who.kind == "sessions" else 0
        for row in chosen
    )
    found = Study(
        who,
        tuple(chosen),
        measured,
        conditions,
        tuple(codes),
        weights,
        covariates,
        scores,
        directed,
        tuple(notes),
    )
    if who.two_groups:
        sides = tuple(
            tuple(s for s, k in groups.items() if k == side) for side in (0, 1)
        )
        pair = design.Groups((who.groups[0], who.groups[1]), sides[0], sides[1])
        order = np.argsort(found.labels, kind="stable")
        design.told_apart(pair, found.held[order], question.covariates)
    return found


def _described(
    store: Store,
    chosen: Sequence[Mapping[str, Any]],
    properties: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Put what is known of the person and of the recording together."""
    recordings = {row["id"]: row for row in store.nodes("Recording").to_pylist()}
    derived = store.edges(("DERIVED_FROM", "Connectome", "Recording")).to_pylist()
    made_of = {row["source"]: recordings[row["target"]] for row in derived}
    described = []
    for row in chosen:
        recording = made_of.get(row["id"], {})
        own = {name: recording.get(name) for name in ("duration_s", "mean_fd_mm")}
        described.append(own | dict(properties[str(row["subject"])]))
    return described


def _confounds(
    who: People,
    measured: Sequence[str],
    described: Sequence[Mapping[str, Any]],
    *,
    allow: bool,
) -> list[str]:
    """Name what else differs between groups of people."""
    if who.kind != "groups":
        return []
    known: dict[str, Mapping[str, Any]] = {}
    for subject, row in zip(measured, described, strict=True):
        known.setdefault(subject, row)
    notes = []
    parts = [
        [s for s, k in zip(who.subjects, who.labels, strict=True) if k == label]
        for label in range(len(who.groups))
    ]
    for one, two in combinations(range(len(parts)), 2):
        names = (who.groups[one], who.groups[two])
        groups = (parts[one], parts[two])
        line = confounds.differing(names, groups, known, allow=allow)
        notes += [line] if line else []
    return notes


def _covariates(
    chosen: Sequence[Mapping[str, Any]],
    measured: Sequence[str],
    described: Sequence[Mapping[str, Any]],
    question: Question,
) -> FloatArray:
    names = [ALIASES.get(name, name) for name in question.covariates]
    single = len(set(measured)) == len(measured)
    keys = list(measured) if single else [str(row["id"]) for row in chosen]
    return design.columns(keys, dict(zip(keys, described, strict=True)), names)
