"""Opening EEG recordings of every format that MNE reads, safely.

Whatever a reader raises becomes one line; whatever it warns of is either known and
put in our words, or counted. Their own words are never passed on: they may quote
names and paths.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from atlasdb.errors import AtlasError, InvalidDataError, NotFoundError
from atlasdb_ingest.readers.electrical_headers import (
    check_brainvision,
    check_edf,
    check_gdf,
)
from atlasdb_ingest.readers.matlab_structure import check_matlab5

TABLES = (".csv", ".tsv", ".npy", ".npz", ".1d", ".xlsx", ".parquet")
KNOWN = (
    ".edf", ".bdf", ".gdf", ".vhdr", ".set", ".fif", ".cnt", ".mff", ".eeg", ".lay",
    ".cdt", ".nxe", ".nedf", ".mefd",
)  # fmt: skip
_HEADERS = {
    ".eeg": (".vhdr",),
    ".vmrk": (".vhdr",),
    ".fdt": (".set",),
    ".pnt": (".eeg", ".EEG"),
    ".dat": (".vhdr", ".lay", ".dap"),
}
"""Files that people name, and endings of the headers to open in their place."""
_COMPANIONS = (
    ".21e", ".pnt", ".log", ".fdt", ".dat", ".dap", ".rs3", ".ceo", ".cef", ".eeg",
    ".vmrk", ".amrk", ".cdt", ".cdt.dpa", ".cdt.cef", ".cdt.dpo",
)  # fmt: skip
_ALONE = (".fif", ".gz", ".edf", ".bdf", ".gdf", ".vhdr")
_KNOWN_WARNINGS: tuple[tuple[str, str | None], ...] = (
    (r"naming conventions", None),
    (r"mixed sampling frequencies", None),  # all data are read at once
    (r"(high|low)pass|cutoff|filter", None),
    (r"patient information|measurement date|birth", None),
    (r"not found; |EEG\.data .*is incorrect", None),
    (r"boundary|Omitted|outside (the )?data range|annotation", None),
    (r"Unknown types found, setting as type EEG|No coordinate information", None),
    (r"DataPoints|Number of records", None),  # held against the bytes before
    (r"[Nn]ames are not unique|duplicates", None),
    (r"multiple events", "Some epochs hold several events: the first one counts."),
    (r"no event information", "The epochs have no conditions."),
    (
        r"Scaling factor|Physical range is not defined",
        "Some channels have no scale in the header.",
    ),
    (r"record length", "The header has no sound record length: 1 s is assumed."),
)


@dataclass(frozen=True, eq=False)
class Opened:
    """A recording whose header is read and whose data are not, or are few.

    Attributes
    ----------
    recording : mne.io.BaseRaw or mne.BaseEpochs
        From MNE.
    epoched : bool
        Which of the two.
    notes : tuple of str
        What was odd about it, in words that quote nothing.
    """

    recording: Any
    epoched: bool
    notes: tuple[str, ...] = ()


def header_of(path: Path) -> Path:
    """Give the file to open where one names another part of a recording.

    Examples
    --------
    >>> header_of(Path("rest.edf")).name
    'rest.edf'
    """
    for ending in _HEADERS.get(path.suffix.lower(), ()):
        header = path.with_suffix(ending)
        if header.is_file():
            return header
    return path


def parts(path: Path) -> list[Path]:
    """Give all files of a recording by their names, its header first.

    Parameters
    ----------
    path : Path
        Any part of it. A folder (``.mff``) stands for what is in it.

    Returns
    -------
    list of Path
        Beside the header only what is there.
    """
    header = header_of(path)
    found = [header]
    kind = header.suffix.lower()
    folder = header.parent
    if kind == ".vhdr":
        with suppress(AtlasError, OSError):  # reading says what is wrong with it
            found += check_brainvision(header)
    elif kind in (".fif", ".gz") and folder.is_dir():
        stem = re.sub(r"\.fif(\.gz)?$", "", header.name)
        pattern = rf"{re.escape(stem)}-\d+"
        if "_split-01" in stem:
            pattern += "|" + re.escape(stem).replace(r"_split\-01", r"_split\-\d+")
        whole = re.compile(rf"({pattern})\.fif(\.gz)?")
        found += sorted(p for p in folder.iterdir() if whole.fullmatch(p.name))
    elif kind not in _ALONE and header.is_file():
        stem = header.name[: -len(header.suffix)]
        found += sorted(
            p
            for p in folder.iterdir()
            if p.name.startswith(stem + ".")
            and p.name[len(stem) :].lower() in _COMPANIONS
        )
    return list(dict.fromkeys(found))


def open_recording(path: Path) -> Opened:
    """Open a continuous or epoched recording.

    Parameters
    ----------
    path : Path
        Any format of ``mne.io.read_raw``; FIF and EEGLAB also with epochs.
        BrainVision by any of its three files.

    Returns
    -------
    Opened
        Data of continuous recordings are not read yet, where the format allows.

    Raises
    ------
    NotFoundError
        If the file, or one that belongs to it, is not there.
    InvalidDataError
        If it is empty, cut short, damaged, or of a format that is not read here.
    """
    if not path.exists():
        raise NotFoundError(f"There is no file {path}.")
    header = header_of(path)
    kind = header.suffix.lower()
    if header.is_file() and header.stat().st_size == 0:
        raise InvalidDataError(f"{header.name} is empty.")
    if kind in TABLES:
        raise InvalidDataError(
            f"{path.name} is a table and no EEG format. Use: atlasdb ingest timeseries "
            f"{path.name} --modality eeg --sfreq HERTZ"
        )
    if kind in (".vmrk", ".fdt"):
        raise NotFoundError(
            f"{path.name} has no {_HEADERS[kind][0]} beside it, which says what is in "
            "it."
        )
    try:
        if kind in (".edf", ".bdf"):
            check_edf(header)
        elif kind == ".gdf":
            check_gdf(header)
        elif kind == ".vhdr":
            check_brainvision(header)
        elif kind == ".set":
            check_matlab5(header)
    except OSError as error:
        said = f"{header.name} cannot be read: {error.strerror}."
        raise InvalidDataError(said) from error
    return _open(header, _readers(header))


def _readers(path: Path) -> Sequence[tuple[bool, Callable[[], Any]]]:
    """Give the readers to try in turn, and whether each gives epochs."""
    import mne

    kind = path.suffix.lower()
    if re.search(r"\.fif(\.gz)?$", path.name, re.IGNORECASE):
        found = [
            (False, partial(mne.io.read_raw_fif, path, on_split_missing="raise")),
            (True, partial(mne.read_epochs, path, proj=False, preload=True)),
        ]
        epochs_first = re.search(r"[-_]epo\.fif", path.name, re.IGNORECASE)
        return found[::-1] if epochs_first else found
    if kind == ".set":
        return [
            (False, partial(mne.io.read_raw_eeglab, path)),
            (True, partial(mne.read_epochs_eeglab, path)),
        ]
    if kind in (".edf", ".bdf"):
        reader = getattr(mne.io, f"read_raw_{kind[1:]}")
        return [(False, partial(reader, path, encoding=e)) for e in ("utf8", "latin1")]
    return [(False, partial(mne.io.read_raw, path))]


def _open(path: Path, readers: Sequence[tuple[bool, Callable[[], Any]]]) -> Opened:
    failures: list[Exception] = []
    for epoched, reader in readers:
        try:
            recording, notes = quietly(reader)
            recording.get_channel_types()  # fails on kinds that damage made
        except Exception as error:  # every reader has kinds of its own
            failures.append(error)
            continue
        if not recording.ch_names or not len(recording.times):
            raise InvalidDataError(f"{path.name} holds no channels or no samples.")
        _check_fdt(path, recording, epoched)
        return Opened(recording, epoched, notes)
    raise _refusal(path, failures) from failures[-1]


def _check_fdt(path: Path, recording: Any, epoched: bool) -> None:
    """Refuse EEGLAB samples that end too early, or are more than the header says."""
    names = [path.with_suffix(".fdt")]
    if not epoched:
        names = [Path(f) for f in recording.filenames if f]
    if path.suffix.lower() != ".set" or not names[0].is_file():
        return
    if names[0].suffix.lower() != ".fdt":
        return
    n_samples = len(recording.times) * (len(recording) if epoched else 1)
    promised = 4 * len(recording.ch_names) * n_samples
    there = names[0].stat().st_size
    if there != promised:
        raise InvalidDataError(
            f"The .fdt file of {path.name} has {there} bytes and must have {promised}; "
            "it is cut short or of another recording. Copy both files again."
        )


def _refusal(path: Path, failures: Sequence[Exception]) -> AtlasError:
    """Say in one line why nothing could read a file; no reader is quoted."""
    said = " ".join(str(f) for f in failures)
    missing = any(isinstance(f, FileNotFoundError) for f in failures)
    if missing or "Split raw" in said:
        return NotFoundError(
            f"A file that belongs to {path.name} is not beside it. Copy all parts of "
            "the recording, with their names."
        )
    if any(isinstance(f, MemoryError) for f in failures):
        return InvalidDataError(
            f"{path.name} declares more data than fit into memory; it is damaged, or "
            "must be divided."
        )
    if any(isinstance(f, ImportError) for f in failures):
        return InvalidDataError(
            f"{path.name} needs a package for its format that is not installed. "
            "Convert it to EDF, BrainVision or FIF."
        )
    if "Unsupported file type" in said:
        return InvalidDataError(
            f"{path.name} has the ending of no EEG format. Known are: "
            f"{', '.join(KNOWN)}."
        )
    kind = path.suffix[1:].upper() or "EEG"
    return InvalidDataError(
        f"{path.name} cannot be read as {kind} ({type(failures[0]).__name__}); it is "
        "damaged, or of another format. Copy it again, or export it anew."
    )


def quietly(call: Callable[[], Any]) -> tuple[Any, tuple[str, ...]]:
    """Call MNE without a word of its own; give its result, and ours on its warnings."""
    import mne

    with warnings.catch_warnings(record=True) as caught, mne.use_log_level("ERROR"):
        warnings.simplefilter("always")
        result = call()
    return result, _in_our_words([str(w.message) for w in caught])


def _in_our_words(texts: Sequence[str]) -> tuple[str, ...]:
    notes: list[str] = []
    unknown = 0
    for text in texts:
        for pattern, words in _KNOWN_WARNINGS:
            if re.search(pattern, text):
                notes += [words] if words else []
                break
        else:
            unknown += 1
    if unknown:
        notes.append(
            f"MNE gave {unknown} warnings on this file; mne.io.read_raw shows them."
        )
    return tuple(dict.fromkeys(notes))
