"""Which connectomes of the people are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from atlasdb import members
from atlasdb.cohorts.design import FEWEST
from atlasdb.comparison.people import People
from atlasdb.comparison.question import Question
from atlasdb.errors import InvalidDataError

_TELLS = ("modality", "task", "condition", "band", "parcellation", "method", "engine")
_OPTIONS = ("modality", "task", "parcellation", "method")


def connectomes_of(
    who: People, question: Question, rows: Sequence[dict[str, Any]]
) -> tuple[People, list[dict[str, Any]]]:
    """Choose the connectomes of everybody; they may differ in session and run only.

    Parameters
    ----------
    who : People
    question : Question
    rows : sequence of dict
        Connectomes to choose from.

    Returns
    -------
    who : People
        Without those who lack one of the sessions that are compared.
    chosen : list of dict
        The connectomes of one person after those of another.

    Raises
    ------
    NotFoundError
        If somebody has none.
    InvalidDataError
        If somebody has several of different kinds, or too few people have all sessions.
    """
    which = question.which
    sessions = who.groups if who.kind == "sessions" else ()
    fitting = [
        row
        for row in rows
        if all(row[name] == value for name, value in which.items())
        and (not sessions or row["session"] in sessions)
    ]
    if sessions:
        who = _with_all(who, sessions, fitting)
    said = [f"{name} {value}" for name, value in which.items() if name != "modality"]
    of = f" of {', '.join(said)}" if said else ""
    cohorts = " and ".join(who.cohorts)
    what = f"connectome between areas{of}"
    found = members.of_each(fitting, who.subjects, cohorts, question.modality, what)
    for several in found.values():
        _one_kind(several)
    return who, [row for each in found.values() for row in each]


def _with_all(
    who: People, sessions: Sequence[str], rows: Sequence[dict[str, Any]]
) -> People:
    """Leave out who lacks a session."""
    there: dict[str, set[str]] = {subject: set() for subject in who.subjects}
    for row in rows:
        there.get(row["subject"], set()).add(row["session"])
    whole = tuple(s for s in who.subjects if there[s] == set(sessions))
    if len(whole) < FEWEST:
        known = sorted({str(row["session"]) for row in rows})
        raise InvalidDataError(
            f"{len(whole)} of {len(who.subjects)} people have all of the sessions "
            f"{', '.join(sessions)} (found: {', '.join(known) or 'none'}); a "
            f"comparison needs at least {FEWEST}."
        )
    n_less = len(who.subjects) - len(whole)
    line = f"{n_less} people lack one of the sessions, and are left out."
    notes = (*who.notes, line) if n_less else who.notes
    return replace(who, subjects=whole, labels=(0,) * len(whole), notes=notes)


def _one_kind(several: Sequence[dict[str, Any]]) -> None:
    differ = [k for k in _TELLS if len({str(row[k]) for row in several}) > 1]
    times = Counter((row["session"], row["run"]) for row in several)
    if not differ and max(times.values()) == 1:
        return
    name = differ[0] if differ else "settings"
    values = ", ".join(sorted({str(row[name]) for row in several})[:4])
    option = next((f"Say which with --{n}." for n in differ if n in _OPTIONS), None)
    raise InvalidDataError(
        f"Some people have several current connectomes, which differ in "
        f"{', '.join(differ) or name} ({values}). "
        f"{option or 'Ingest all with the same settings.'}"
    )
