"""Opening electrical recordings: every format that MNE reads, damaged ones in one line.

What a file says of a person (names, dates, device numbers, free text) is left behind
here: only samples, channel names and types, positions, and marks of events go on.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb.types import FloatArray

LARGEST_V = 0.1
"""No scalp potential, without its constant part, is larger than this, V."""
_KNOWN: tuple[str, ...] = (".fif", ".fif.gz", ".edf", ".bdf", ".gdf", ".vhdr", ".set")
_KNOWN += (".cnt", ".mff", ".egi", ".raw", ".nxe", ".lay", ".eeg")
_BREAK = re.compile(r"^(bad|edge|boundary)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Opened:
    """A recording as arrays.

    Attributes
    ----------
    data : ndarray, shape (n_channels, n_times)
        In volts; epochs lie one after another.
    types : list of str
        MNE's channel types.
    positions : dict of str to ndarray
        By channel, mm, head coordinates (RAS); those that the file has.
    lengths : tuple of int
        Samples of the pieces that are contiguous in time.
    usable : ndarray of bool, shape (n_times,)
        False where the recording is marked as bad.
    marks : list of (int, str)
        Sample and label of each event.
    epoch_start : int or None
        For epochs: the sample of the event within each.
    bads : list of str
        Channels that the file calls bad.
    """

    data: FloatArray
    sfreq: float
    names: list[str]
    types: list[str]
    positions: dict[str, FloatArray]
    lengths: tuple[int, ...]
    usable: NDArray[np.bool_]
    marks: list[tuple[int, str]] = field(default_factory=list)
    epoch_start: int | None = None
    bads: list[str] = field(default_factory=list)


def header_of(path: Path) -> Path:
    """Give the file that leads to the others of a recording."""
    for part, header in ((".vmrk", ".vhdr"), (".eeg", ".vhdr"), (".fdt", ".set")):
        other = path.with_suffix(header)
        if path.suffix.lower() == part and other.is_file():
            return other
    return path


def companions(path: Path) -> list[Path]:
    """Give the other files of a recording, in order."""
    path = header_of(path)
    suffix = path.suffix.lower()
    found: list[Path] = []
    if suffix == ".vhdr" and path.is_file():
        text = path.read_bytes()[: 1 << 16].decode("latin-1")
        named = re.findall(r"^(?:DataFile|MarkerFile)=(.+?)\s*$", text, re.MULTILINE)
        found = [path.with_name(n.replace("$b", path.stem)) for n in named]
    elif suffix == ".set":
        found = [path.with_suffix(".fdt")]
    elif suffix == ".fif":
        found = sorted(path.parent.glob(f"{path.stem}-[0-9]*.fif"))
    return [p for p in found if p.is_file()]


def open_recording(path: Path) -> Opened:
    """Read a recording of electrical activity.

    Parameters
    ----------
    path : Path
        FIF (continuous or epochs), EDF, BDF, GDF, BrainVision, EEGLAB, CNT, EGI and
        what else `mne.io.read_raw` knows.

    Returns
    -------
    Opened

    Raises
    ------
    NotFoundError
        If the file is not there.
    InvalidDataError
        If it is cut, damaged, of an unknown kind, or holds what no electrode records.
    """
    path = header_of(path)
    if not path.exists():
        raise NotFoundError(f"There is no file {path}.")
    if path.is_file() and path.stat().st_size == 0:
        raise InvalidDataError(f"{path.name} is empty.")
    if not path.name.lower().endswith(_KNOWN):
        raise InvalidDataError(
            f"{path.name} is no kind of EEG file that can be read: give FIF, EDF, BDF, "
            "GDF, BrainVision (.vhdr), EEGLAB (.set), CNT or EGI. A table of series "
            "goes in by 'atlasdb ingest timeseries'."
        )
    if path.suffix.lower() in (".edf", ".bdf"):
        _check_edf(path)
    with _quiet():
        opened = _read(path)
    _check_values(opened, path)
    return opened


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MNE from printing: its words may hold what a header says of a person."""
    import mne

    with mne.utils.use_log_level("CRITICAL"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _check_edf(path: Path) -> None:
    """Compare the number of records in the header with the size of the file."""
    with path.open("rb") as stream:
        fixed = stream.read(256)
        try:
            n_header, n_records = int(fixed[184:192]), int(fixed[236:244])
            n_signals = int(fixed[252:256])
            if not 0 < n_signals <= 4096:
                raise ValueError
            counts = stream.read(256 * n_signals)[216 * n_signals : 224 * n_signals]
            samples = [int(counts[i : i + 8]) for i in range(0, len(counts), 8)]
            if len(samples) != n_signals:
                raise ValueError
        except ValueError as error:
            raise InvalidDataError(
                f"{path.name} is not EDF or BDF: its header is damaged or cut."
            ) from error
    width = 3 if path.suffix.lower() == ".bdf" else 2
    wanted = n_header + max(n_records, 0) * sum(samples) * width
    size = path.stat().st_size
    if n_records > 0 and size < wanted:
        raise InvalidDataError(
            f"{path.name} is cut: its header announces {wanted} bytes and it has "
            f"{size}. Copy it again from its source."
        )


def _read(path: Path) -> Opened:
    import mne

    try:
        return _from_raw(mne.io.read_raw(path, preload=True))
    except Exception as error:  # MNE's readers raise many kinds
        first = error
    try:
        if path.name.lower().endswith((".fif", ".fif.gz")):
            return _from_epochs(mne.read_epochs(path, preload=True))
        if path.suffix.lower() == ".set":
            return _from_epochs(mne.io.read_epochs_eeglab(path))
    except Exception as error:
        first = error
    raise InvalidDataError(
        f"{path.name} cannot be read: it is damaged, a part of it is missing, or it "
        "is not what its name says."
    ) from first


def _from_raw(raw: Any) -> Opened:
    import mne

    n_times = len(raw.times)
    usable = np.ones(n_times, dtype=bool)
    breaks = {0, n_times}
    first = raw.first_time if raw.annotations.orig_time is not None else 0.0
    for mark in raw.annotations:
        if not _BREAK.match(mark["description"]):
            continue
        start = round((mark["onset"] - first) * raw.info["sfreq"])
        length = mark["duration"]
        stop = start + round((length if np.isfinite(length) else 0) * raw.info["sfreq"])
        start, stop = max(start, 0), min(stop, n_times)
        breaks |= {x for x in (start, stop) if 0 < x < n_times}
        if not mark["description"].lower().startswith("boundary"):
            usable[start:stop] = False
    marks = []
    events, ids = mne.events_from_annotations(raw)
    labels = {number: str(label) for label, number in ids.items()}
    marks = [(int(s - raw.first_samp), labels[k]) for s, _, k in events]
    marks = [m for m in marks if not _BREAK.match(m[1])]
    if not marks and "stim" in raw.get_channel_types():
        events = mne.find_events(raw, shortest_event=1)
        marks = [(int(s - raw.first_samp), str(k)) for s, _, k in events]
    edges = sorted(breaks)
    return Opened(
        raw.get_data(),
        float(raw.info["sfreq"]),
        list(raw.ch_names),
        raw.get_channel_types(),
        _positions(raw),
        tuple(int(b - a) for a, b in pairwise(edges)),
        usable,
        marks,
        bads=list(raw.info["bads"]),
    )


def _from_epochs(epochs: Any) -> Opened:
    data = epochs.get_data(copy=False)
    n_epochs, n_channels, n_times = data.shape
    start = int(np.abs(epochs.times).argmin()) if epochs.tmin <= 0 <= epochs.tmax else 0
    labels = {number: str(label) for label, number in epochs.event_id.items()}
    marks = [
        (i * n_times + start, labels.get(k, str(k)))
        for i, k in enumerate(epochs.events[:, 2])
    ]
    return Opened(
        data.transpose(1, 0, 2).reshape(n_channels, -1),
        float(epochs.info["sfreq"]),
        list(epochs.ch_names),
        epochs.get_channel_types(),
        _positions(epochs),
        (n_times,) * n_epochs,
        np.ones(n_epochs * n_times, dtype=bool),
        marks,
        epoch_start=start,
        bads=list(epochs.info["bads"]),
    )


def _positions(instance: Any) -> dict[str, FloatArray]:
    montage = instance.get_montage()
    if montage is None:
        return {}
    found = montage.get_positions()["ch_pos"]
    return {
        name: np.asarray(place, dtype=float) * 1000
        for name, place in found.items()
        if np.isfinite(place).all() and np.any(place)
    }


def _check_values(opened: Opened, path: Path) -> None:
    electrodes = [i for i, kind in enumerate(opened.types) if kind in ("eeg", "seeg")]
    data = opened.data[electrodes]
    if not data.size:
        return
    if not np.isfinite(data).all():
        raise InvalidDataError(f"{path.name} has samples that are no numbers.")
    moving = np.abs(data - np.median(data, axis=1, keepdims=True))
    quiet = np.median(moving.max(axis=1))
    if quiet > LARGEST_V:
        raise InvalidDataError(
            f"{path.name} has potentials up to {quiet:.3g} V, which no electrode on a "
            "head records: it is damaged, or its unit is not what it says."
        )
