"""Recordings of a BIDS folder, found by what their names say they are.

EEG comes from the data set itself, BOLD from it or from a folder of derivatives that
fMRIPrep, or a tool with its habits, wrote. Everything that belongs to a recording
(events, channels, electrodes, repetition time, confounds, mask) is found by BIDS's
inheritance principle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from atlasdb.errors import InvalidDataError, NotFoundError, did_you_mean
from atlasdb_ingest.bids_bold import BOLD, preprocessed, raw_bold
from atlasdb_ingest.bids_index import Index, NamedFile, open_dataset
from atlasdb_ingest.bids_recording import (
    BidsRecording,
    check,
    entities,
    recording,
    tables,
)
from atlasdb_ingest.participants import Participants, read_participants
from atlasdb_ingest.patterns import Found, expand

__all__ = [
    "BidsRecording",
    "Found",
    "bids_participants",
    "discover",
    "entities",
    "expand",
]

EEG = (".edf", ".bdf", ".vhdr", ".set")
_PARTS = (".eeg", ".vmrk", ".fdt")
"""Files that an EEG header leads to."""
_SOME = 20


def discover(
    bids_dir: str | Path,
    *,
    participant_label: Iterable[str] = (),
    session_label: Iterable[str] = (),
    task: Iterable[str] = (),
    derivatives: Iterable[str | Path] = (),
    space: str | None = None,
    modalities: Iterable[str] | None = None,
) -> list[BidsRecording]:
    """Find the EEG and BOLD recordings of a BIDS folder.

    Parameters
    ----------
    bids_dir : str or Path
        Folder with a ``dataset_description.json``.
    participant_label, session_label, task : iterable of str
        Only these, with or without ``sub-``, ``ses-``, ``task-``; empty: all.
    derivatives : iterable of str or Path
        Folders of preprocessed BOLD (``*_desc-preproc_bold.nii.gz``), or their names
        below ``bids_dir/derivatives``, or ``NAME=PATH``. With any, BOLD is taken from
        there alone.
    space : str, optional
        Which of several spaces of preprocessed BOLD to take, such as
        ``MNI152NLin2009cAsym`` or ``MNI152NLin2009cAsym:res-2``.
    modalities : iterable of str, optional
        Of ``eeg`` and ``fmri``; default: both.

    Returns
    -------
    list of BidsRecording
        By subject, session, modality and name.

    Raises
    ------
    NotFoundError
        If a folder, participant, session, task or space is not there, or nothing is
        found at all.
    InvalidDataError
        If it is not a BIDS folder, there are several spaces and none is chosen, or one
        is chosen and nothing is preprocessed.
    """
    root = Path(bids_dir)
    index = open_dataset(root)
    people = _wanted("participant", participant_label, index.subjects, "sub-", root)
    wanted = {"eeg", "fmri"} if modalities is None else set(modalities)
    folders = [_derivative(root, given) for given in _each(derivatives)]
    sessions_asked, tasks_asked = _each(session_label), _each(task)
    files = [
        file
        for one in (index, *folders)
        for file in one.files
        if file.entities.get("sub") in people
    ]
    known = {key: _labels(files, key) for key in ("ses", "task")}
    sessions = _wanted("session", sessions_asked, known["ses"], "ses-", root)
    tasks = _wanted("task", tasks_asked, known["task"], "task-", root)

    def chosen(file: NamedFile) -> bool:
        labels = file.entities
        return (
            labels.get("sub") in people
            and (not sessions_asked or labels.get("ses") in sessions)
            and (not tasks_asked or labels.get("task") in tasks)
        )

    found: list[BidsRecording] = []
    if "eeg" in wanted:
        found += _eeg(index, [f for f in index.select("eeg", "eeg", EEG) if chosen(f)])
    if "fmri" in wanted:
        raw = [f for f in index.select("func", "bold", BOLD) if chosen(f)]
        if folders or any("desc" in f.entities for f in raw):
            found += preprocessed(index, raw, folders or [index], chosen, space)
        elif raw and space is not None:
            raise InvalidDataError(
                f"--space {space} chooses among preprocessed BOLD, and this is raw. "
                "Name fMRIPrep's output with --derivatives."
            )
        else:
            found += raw_bold(index, raw)
    if not found:
        kinds = sorted({f.folder.name for f in files if f.folder.parts[1:]})
        raise NotFoundError(
            f"{root} has no {' or '.join(sorted(wanted))} recording of what was asked "
            f"for; its folders hold: {', '.join(kinds) or 'nothing'}."
        )
    return sorted(found, key=lambda r: (r.subject, r.session or "", str(r.path)))


def bids_participants(bids_dir: str | Path) -> Participants:
    """Read who took part from ``participants.tsv``; nobody where there is none."""
    root = Path(bids_dir)
    path = root / "participants.tsv"
    if not path.is_file():
        return Participants()
    return read_participants(Index(root).checked(path))


def _eeg(index: Index, files: Sequence[NamedFile]) -> list[BidsRecording]:
    found = []
    for file in files:
        options: dict[str, Any] = {}
        problem = None
        try:
            check(file, index, EEG)
            for extension in _PARTS:
                index.same(file, "eeg", extension)
            options = tables(index, file, ("events", "channels"))
            electrodes = index.inherited(file, "electrodes", ".tsv", free=("space",))
            if electrodes:
                options["electrodes"] = index.checked(electrodes[0].path)
        except InvalidDataError as error:
            problem = str(error)
        found.append(recording(file, "eeg", options, problem))
    return found


def _each(given: Iterable[str | Path] | Path) -> tuple[str | Path, ...]:
    """Give one word, or several, as several."""
    if isinstance(given, str | Path):
        return (given,)
    return tuple(given)


def _labels(files: Iterable[NamedFile], key: str) -> list[str]:
    return sorted({f.entities[key] for f in files if key in f.entities})


def _wanted(
    what: str,
    asked: Iterable[str | Path],
    known: Sequence[str],
    prefix: str,
    root: Path,
) -> set[str]:
    """Give the labels asked for, all if none, or say which there are."""
    labels = [str(label).removeprefix(prefix) for label in _each(asked)]
    for label in labels:
        if label not in known:
            some = ", ".join(known[:_SOME]) or "none"
            more = f" and {len(known) - _SOME} more" if len(known) > _SOME else ""
            raise NotFoundError(
                f"{root} has no {what} '{label}'.{did_you_mean(label, known)} "
                f"There are: {some}{more}."
            )
    return set(labels or known)


def _derivative(root: Path, given: str | Path) -> Index:
    """Open a folder of derivatives by path, by name, or by ``NAME=PATH``."""
    text = str(given)
    places = [Path(text), root / "derivatives" / text]
    if "=" in text:
        places.append(Path(text.partition("=")[2]))
    place = next((p for p in places if p.is_dir()), None)
    if place is None:
        inside = root / "derivatives"
        there = sorted(p.name for p in inside.iterdir()) if inside.is_dir() else []
        raise NotFoundError(
            f"There is no folder of derivatives {text}.{did_you_mean(text, there)} "
            f"{inside} holds: {', '.join(there[:_SOME]) or 'nothing'}."
        )
    index = Index(place)
    if not index.subjects:
        inner = sorted(p.name for p in place.iterdir() if p.is_dir())
        raise InvalidDataError(
            f"{place} has no sub- folders, so it is not the output of one tool. Give "
            f"one of its folders: {', '.join(inner[:_SOME]) or 'it has none'}."
        )
    return index
