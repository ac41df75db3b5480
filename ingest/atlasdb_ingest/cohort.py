"""From what the user names to jobs: one file, a pattern of files, a BIDS folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from atlasdb.atlas import Atlas
from atlasdb.errors import InvalidDataError
from atlasdb.privacy import bare_label
from atlasdb.types import Subject
from atlasdb_ingest import bids, modalities
from atlasdb_ingest.jobs import Job, make_options, with_labels
from atlasdb_ingest.participants import Participants, read_participants
from atlasdb_ingest.pipeline import pseudonymise

_NO_ROW = "The table of participants has no row '{label}'."


@dataclass(frozen=True)
class Who:
    """What the user said of the subjects.

    Attributes
    ----------
    participants : Path or None
        Table of subjects, read with the four settings after it.
    """

    subject: str | None = None
    cohort: str | None = None
    species: str | None = None
    session: str | None = None
    task: str | None = None
    run: str | None = None
    participants: Path | None = None
    id_column: str | None = None
    cohort_column: str | None = None
    cohort_names: str | None = None
    fields: tuple[str, ...] = ()
    keep_ids: bool = False

    def table(self, default: Path | None = None) -> Participants | None:
        """Read the table of participants, if there is one."""
        path = self.participants or default
        if path is None:
            given = (self.id_column, self.cohort_column, self.cohort_names, self.fields)
            if any(given):
                raise InvalidDataError(
                    "--id-column, --cohort-column, --cohort-names and --field speak of "
                    "a table: name it with --participants."
                )
            return None
        options: dict[str, Any] = (
            {"id_column": self.id_column} if self.id_column else {}
        )
        return read_participants(
            path,
            cohort_column=self.cohort_column,
            cohort_names=self.cohort_names,
            fields=self.fields,
            **options,
        )


@dataclass
class Plan:
    """Jobs to do, and recordings that cannot become one, with the reason."""

    jobs: list[Job] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)


def plan_files(
    atlas: Atlas,
    modality: str,
    patterns: Sequence[str],
    given: Mapping[str, Any],
    who: Who,
) -> Plan:
    """Make jobs of files, or of patterns that hold ``{subject}`` (and ``{session}``).

    Raises
    ------
    InvalidDataError
        If it cannot be told whose recording a file is.
    NotFoundError
        If a pattern fits no file.
    """
    people = who.table()
    options = make_options(modality, given)
    plan = Plan()
    found: list[tuple[Path, str, dict[str, str | None]]] = []
    for pattern in patterns:
        if "{subject}" in pattern:
            found += [
                (f.path, f.subject, {"session": f.session})
                for f in bids.expand(pattern)
                if not _is_same(f.path, who.participants)
            ]
        else:
            path = Path(pattern)
            entities = bids.entities(path)
            label = who.subject or entities.get("subject")
            if label is None:
                raise InvalidDataError(
                    "Say whose recording this is with --subject, or put {subject} "
                    "where the file names hold it."
                )
            found.append((path, label, entities))
    options = modalities.together(modality, [path for path, _, _ in found], options)
    subjects = []
    for path, label, entities in found:
        person = _person(people, label, who)
        if person is None:
            plan.failed.append((label, _NO_ROW.format(label=label)))
            continue
        subjects.append(person)
        where = {
            name: getattr(who, name) or entities.get(name)
            for name in ("session", "task", "run")
        }
        made = with_labels(options, {"subject": label, "session": where["session"]})
        plan.jobs.append(Job(path, modality, person, label, made, **where))
    _hide(atlas, plan, subjects, who)
    if people is not None:
        plan.notes += [("participants", note) for note in people.notes]
    return plan


def plan_bids(
    atlas: Atlas,
    folder: Path,
    given: Mapping[str, Any],
    who: Who,
    *,
    participant_label: Sequence[str] = (),
    session_label: Sequence[str] = (),
    task: Sequence[str] = (),
    derivatives: Sequence[Path] = (),
    kinds: Sequence[str] | None = None,
    space: str | None = None,
) -> Plan:
    """Make jobs of the EEG and BOLD recordings of a BIDS folder."""
    recordings = bids.discover(
        folder,
        participant_label=participant_label,
        session_label=session_label,
        task=task,
        derivatives=derivatives,
        modalities=kinds,
        space=space,
    )
    table = folder / "participants.tsv"
    people = who.table(table if table.is_file() else None)
    plan = Plan()
    subjects = []
    for recording in recordings:
        label = bare_label(recording.subject)
        if recording.problem:
            plan.failed.append((label, recording.problem))
            continue
        person = _person(people, label, who)
        if person is None:
            plan.notes.append((label, "participants.tsv has no row of this id."))
            person = Subject(label, cohort=who.cohort, species=who.species)
        known = {f.name for f in fields(modalities.load(recording.modality).Options)}
        mine = {k: v for k, v in given.items() if k in known}
        options = make_options(recording.modality, {**recording.options, **mine})
        subjects.append(person)
        plan.jobs.append(
            Job(
                recording.path,
                recording.modality,
                person,
                label,
                options,
                recording.session,
                recording.task,
                recording.run,
            )
        )
    _hide(atlas, plan, subjects, who)
    if people is not None:
        plan.notes += [("participants.tsv", note) for note in people.notes]
    return plan


def _is_same(path: Path, table: Path | None) -> bool:
    """Tell the table of participants from the recordings that it lies among."""
    return table is not None and table.exists() and path.samefile(table)


def _person(people: Participants | None, label: str, who: Who) -> Subject | None:
    bare = bare_label(label)
    person = Subject(bare) if people is None else people.find(bare)
    if person is None:
        return None
    return replace(
        person,
        cohort=who.cohort or person.cohort,
        species=who.species or person.species,
    )


def _hide(atlas: Atlas, plan: Plan, subjects: Sequence[Subject], who: Who) -> None:
    """Put pseudonyms in the place of labels, in all jobs at once."""
    hidden = pseudonymise(atlas, subjects, keep_ids=who.keep_ids)
    plan.jobs = [
        replace(job, subject=person)
        for job, person in zip(plan.jobs, hidden, strict=True)
    ]
