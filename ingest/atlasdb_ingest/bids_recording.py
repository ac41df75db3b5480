"""What is found in a BIDS folder: a recording with the files that belong to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from atlasdb.errors import InvalidDataError
from atlasdb_ingest.bids_index import Index, NamedFile

_VARIANTS = ("acq", "ce", "rec", "dir")
"""Entities that tell two recordings apart beside session, task and run."""


@dataclass(frozen=True)
class BidsRecording:
    """One recording, and the files that belong to it.

    Attributes
    ----------
    subject : str
        With its prefix: ``sub-01``.
    session, task, run : str or None
        Labels without prefix. Where acquisitions of one run differ in other entities,
        `run` holds these too: ``acq-fast_run-1``.
    options : dict
        Options of the modality, by its names; only what was found.
    problem : str or None
        Why this recording cannot be used, in one line; the others can.
    """

    path: Path
    modality: Literal["eeg", "fmri"]
    subject: str
    session: str | None = None
    task: str | None = None
    run: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    problem: str | None = None


def entities(path: Path) -> dict[str, str | None]:
    """Give what a file name in BIDS's manner says; empty for any other name.

    Examples
    --------
    >>> entities(Path("sub-01_task-rest_eeg.edf"))
    {'subject': '01', 'session': None, 'task': 'rest', 'run': None}
    >>> entities(Path("rest.edf"))
    {}
    """
    from ancpbids.utils import parse_bids_name

    parsed = parse_bids_name(path.name)
    if not parsed or "sub" not in parsed["entities"]:
        return {}
    labels = parsed["entities"]
    return {
        "subject": labels["sub"],
        "session": labels.get("ses"),
        "task": labels.get("task"),
        "run": _run(labels),
    }


def recording(
    file: NamedFile,
    modality: Literal["eeg", "fmri"],
    options: dict[str, Any],
    problem: str | None = None,
) -> BidsRecording:
    """Make a recording of a file, with what its name says."""
    labels = file.entities
    return BidsRecording(
        file.path,
        modality,
        f"sub-{labels['sub']}",
        labels.get("ses"),
        labels.get("task"),
        _run(labels),
        options,
        problem,
    )


def tables(index: Index, file: NamedFile, names: Sequence[str]) -> dict[str, Any]:
    """Give the nearest table of each name that applies to a recording."""
    found = {name: index.inherited(file, name, ".tsv") for name in names}
    return {name: index.checked(t[0].path) for name, t in found.items() if t}


def check(file: NamedFile, index: Index, formats: Collection[str]) -> None:
    """Refuse a file that is a bad link, is in two formats, or lies with another.

    Raises
    ------
    InvalidDataError
        One line on what to do.
    """
    index.checked(file.path)
    if file.folder.parts[0] != f"sub-{file.entities['sub']}":
        raise InvalidDataError(
            f"{file.path.name} lies in the folder {file.folder.parts[0]}. Its name and "
            "its folder must be of one participant."
        )
    for other in formats:
        if other != file.extension and index.same(file, file.suffix, other):
            raise InvalidDataError(
                f"{file.path.name} is there as {other} too. Keep one."
            )


def _run(labels: Mapping[str, str]) -> str | None:
    variants = [f"{key}-{labels[key]}" for key in _VARIANTS if key in labels]
    run = labels.get("run")
    if not variants:
        return run
    return "_".join([*variants, *([f"run-{run}"] if run else [])])
