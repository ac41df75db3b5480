"""From an opened EEG recording to the voltages of its electrodes.

Tells electrodes from other channels, reads the samples of the electrodes alone,
divides them at breaks, and refuses what no electrode can have recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray
from atlasdb_ingest import sensors
from atlasdb_ingest.readers.electrical import Opened, quietly
from atlasdb_ingest.readers.electrical_tables import Channels, kind_of
from atlasdb_ingest.readers.limits import check_size
from atlasdb_ingest.signals import Signals

LARGEST_V = 0.1
"""No scalp potential is larger than this, its constant part aside."""
ABSURD_V = 1.0
SMALLEST_V = 1e-8
"""No recording is as still as this: its noise alone is larger."""
_SLOWEST_HZ, _FASTEST_HZ = 20.0, 200_000.0


@dataclass(frozen=True)
class Chosen:
    """The channels of a recording that are electrodes.

    Attributes
    ----------
    labels : tuple of str
        As they stand in the file.
    names : tuple of str
        What the electrodes are called, in the same order.
    bads : tuple of str
        Names of those that the file or a table calls bad.
    """

    labels: tuple[str, ...]
    names: tuple[str, ...]
    bads: tuple[str, ...]
    notes: tuple[str, ...]


def choose(
    opened: Opened, said: Channels | None, montage: str | None, path: Path
) -> Chosen:
    """Tell electrodes from all other channels.

    What a table says of a channel counts first, then what the file says, then, of
    those that it calls EEG, the name.

    Raises
    ------
    InvalidDataError
        If fewer than two electrodes are left.
    """
    recording = opened.recording
    kinds: dict[str, str] = {}
    types = recording.get_channel_types()
    for label, kind in zip(recording.ch_names, types, strict=True):
        told = said.kinds.get(label.strip()) if said else None
        if told is None and kind == "eeg":
            told = kind_of(sensors.clean_name(label)) or kind_of(label.strip())
        kinds[label] = told or kind
    labels = [label for label, kind in kinds.items() if kind == "eeg"]
    others = sorted({kind for kind in kinds.values() if kind != "eeg"})
    if len(labels) < 2:
        raise InvalidDataError(
            f"{path.name} has {len(labels)} EEG channels; at least 2 are needed. Its "
            f"other channels are: {', '.join(others) or 'none'}. A channels.tsv with "
            "name and type (--channels) corrects types."
        )
    notes = opened.notes
    left = [n for n, k in kinds.items() if k != "eeg" and k != "stim"]
    if left:
        notes += (f"No electrodes of EEG, left out: {sensors.listed(left)}.",)
    if said and not set(said.kinds) & {label.strip() for label in kinds}:
        notes += ("The table of channels names none of the channels of the file.",)
    names = sensors.names_of(labels, montage)
    first: dict[str, str] = {}
    for label, name in zip(labels, names, strict=True):
        first.setdefault(name.lower(), label)
    kept = [
        (la, n) for la, n in zip(labels, names, strict=True) if la in first.values()
    ]
    if len(kept) < len(labels):
        lower = [name.lower() for name in names]
        twice = sorted({n for n in names if lower.count(n.lower()) > 1})
        notes += (
            "Electrodes that stand in the file several times, the first of which is "
            f"used: {sensors.listed(twice)}.",
        )
    bad = set(recording.info["bads"])
    bads = tuple(
        name
        for label, name in kept
        if label in bad or (said and label.strip() in said.bads)
    )
    return Chosen(tuple(la for la, _ in kept), tuple(n for _, n in kept), bads, notes)


def positions(opened: Opened) -> dict[str, tuple[float, float, float]]:
    """Give the positions that the file has, mm, by label."""
    found = {}
    for channel in opened.recording.info["chs"]:
        place = 1e3 * np.asarray(channel["loc"][:3], dtype=np.float64)
        if np.isfinite(place).all() and place.any():
            found[channel["ch_name"]] = (place[0], place[1], place[2])
    return found


def load(opened: Opened, chosen: Chosen, path: Path) -> tuple[Signals, tuple[str, ...]]:
    """Read the samples of electrodes.

    Returns
    -------
    Signals
        Volts; each epoch is a run.
    tuple of str
        Notes.

    Raises
    ------
    InvalidDataError
        If the sampling frequency or the values cannot be of EEG, or the data do not
        fit into memory.
    """
    recording = opened.recording
    sfreq = float(recording.info["sfreq"])
    if not _SLOWEST_HZ <= sfreq <= _FASTEST_HZ:
        raise InvalidDataError(
            f"{path.name} has {sfreq:g} samples a second, which is not EEG; "
            f"{_SLOWEST_HZ:g} to {_FASTEST_HZ:g} Hz are read."
        )
    n_epochs = len(recording) if opened.epoched else 1
    n_times = len(recording.times) * n_epochs
    if not n_times:
        raise InvalidDataError(f"{path.name} has no epochs.")
    stored = path.stat().st_size if path.is_file() else 1 << 40
    if path.suffix.lower() in (".edf", ".bdf", ".gdf", ".gz"):
        check_size(8 * len(chosen.labels) * n_times, stored, path)
    picks = [recording.ch_names.index(label) for label in chosen.labels]
    try:
        data, _ = quietly(lambda: recording.get_data(picks=picks))
    except Exception as error:  # every reader has kinds of its own
        raise InvalidDataError(
            f"The samples of {path.name} cannot be read ({type(error).__name__}); it "
            "is cut short or damaged. Copy it again from its source."
        ) from error
    if opened.epoched:
        n_each = data.shape[2]
        data = data.transpose(1, 0, 2).reshape(len(picks), -1)
        runs, bad = (n_each,) * n_epochs, _overlapping(recording.events[:, 0], n_each)
    else:
        runs, bad = _breaks(recording)
    data, notes = _in_volts(np.asarray(data, dtype=np.float64), opened, chosen)
    _check_values(data, chosen.names, path)
    return Signals(data, sfreq, chosen.names, runs, bad), notes


def out_of_range(signals: Signals) -> list[str]:
    """Name channels that leave the range of scalp potentials."""
    centre = np.median(signals.data, axis=1, keepdims=True)
    far = np.abs(signals.data - centre).max(axis=1) > LARGEST_V
    return [n for n, f in zip(signals.names, far, strict=True) if f]


def _breaks(raw: Any) -> tuple[tuple[int, ...], NDArray[np.bool_]]:
    """Divide a recording where annotations say that time jumps; mark what is bad."""
    n_times, sfreq = len(raw.times), raw.info["sfreq"]
    edges, bad = {0, n_times}, np.zeros(n_times, dtype=np.bool_)
    for mark in raw.annotations:
        text = str(mark["description"]).lower()
        if not text.startswith(("bad", "edge", "boundary")):
            continue
        start = round((mark["onset"] - raw.first_time) * sfreq)
        length = mark["duration"] if np.isfinite(mark["duration"]) else 0.0
        stop = start + max(round(length * sfreq), 0)
        ends = [min(max(k, 0), n_times) for k in (start, stop)]
        if text.startswith("bad"):
            bad[ends[0] : ends[1]] = True
        if text.startswith("bad_acq_skip"):
            edges |= set(ends)
        elif not text.startswith("bad") or "boundary" in text:
            edges.add(ends[0])  # what was cut out is not in the file
    return tuple(int(n) for n in np.diff(sorted(edges))), bad


def _overlapping(onsets: NDArray[np.int64], n_each: int) -> NDArray[np.bool_]:
    """Mark epochs whose samples stand in the one before them already."""
    bad = np.zeros((len(onsets), n_each), dtype=np.bool_)
    last = -(1 << 60)
    for i, onset in enumerate(onsets):
        if last < onset < last + n_each:
            bad[i] = True
        else:
            last = int(onset)
    return bad.ravel()


def _in_volts(
    data: FloatArray, opened: Opened, chosen: Chosen
) -> tuple[FloatArray, tuple[str, ...]]:
    """Take numbers without a unit for microvolts, where volts make no sense."""
    units: Mapping[str, str] = getattr(opened.recording, "_orig_units", None) or {}
    without = np.array([units.get(n, "V") in ("n/a", "") for n in chosen.labels])
    if not without.any() or not np.isfinite(data).all():
        return data, ()
    size = np.median(np.abs(data - np.median(data, axis=1, keepdims=True)), axis=1)
    if np.median(size[without]) < LARGEST_V:
        return data, ()
    data = np.where(without[:, None], 1e-6 * data, data)
    return data, ("The file has no unit of its values: they are taken as uV.",)


def _check_values(data: FloatArray, names: Sequence[str], path: Path) -> None:
    finite = np.asarray(np.isfinite(data).all(axis=1))
    if not finite.all():
        which = sensors.listed([n for n, f in zip(names, finite, strict=True) if not f])
        raise InvalidDataError(
            f"{path.name} has samples that are no numbers, in {which}; it is damaged, "
            "or has gaps that must be marked or cut out."
        )
    centred = data - np.median(data, axis=1, keepdims=True)
    largest = np.abs(centred).max(axis=1)
    if np.median(largest) > LARGEST_V or largest.max() > ABSURD_V:
        raise InvalidDataError(
            f"{path.name} has potentials of {largest.max():.3g} V, and no electrode on "
            f"a head records more than {LARGEST_V:g} V: it is damaged, or its unit is "
            "not what it says."
        )
    if not centred.any():
        raise InvalidDataError(
            f"Every EEG channel of {path.name} is flat: nothing was recorded."
        )
    size = np.median(centred.std(axis=1))
    if 0 < size < SMALLEST_V:
        raise InvalidDataError(
            f"The potentials of {path.name} vary by {size:.3g} V, less than any "
            "amplifier's noise: its unit is not what it says."
        )
