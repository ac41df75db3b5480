"""What BIDS keeps beside an EEG recording: channels, electrodes, events."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray
from atlasdb_ingest.readers.sheet import Sheet, read_sheet

_MM = {"m": 1000.0, "cm": 10.0, "mm": 1.0}
_KINDS = {"eeg": "eeg", "veog": "eog", "heog": "eog", "trig": "stim"}


def read_channels(path: Path) -> dict[str, tuple[str, bool]]:
    """Give the type of each channel, and whether it is called bad.

    Returns
    -------
    dict
        ``(type, bad)`` by the channel's name; types in lower case, as MNE's.
    """
    sheet = read_sheet(path)
    names, kinds = _column(sheet, "name", path), _column(sheet, "type", path)
    status = sheet.columns.get("status", [""] * len(names))
    return {
        name: (_KINDS.get(kind.lower(), kind.lower()), state.lower() == "bad")
        for name, kind, state in zip(names, kinds, status, strict=True)
    }


def read_electrodes(path: Path) -> dict[str, FloatArray]:
    """Give the positions of electrodes, mm; in the unit that coordsystem.json names.

    Returns
    -------
    dict
        Empty where no coordinate system says the unit.
    """
    stem = path.name.removesuffix("_electrodes.tsv")
    system = path.with_name(f"{stem}_coordsystem.json")
    if not system.is_file():
        return {}
    try:
        said = json.loads(system.read_text("utf-8-sig"))
        unit = _MM.get(str(said.get("EEGCoordinateUnits", "")).lower())
    except (ValueError, AttributeError) as error:
        raise InvalidDataError(f"{system.name} is not JSON that can be read.") from (
            error
        )
    if unit is None:
        return {}
    sheet = read_sheet(path)
    columns = [_column(sheet, name, path) for name in ("name", "x", "y", "z")]
    found = {}
    for name, *place in zip(*columns, strict=True):
        try:
            found[name] = np.array([float(v) for v in place]) * unit
        except ValueError:  # n/a: this one was not measured
            continue
    return found


def read_events(path: Path, sfreq: float) -> list[tuple[int, str]]:
    """Give the sample and condition of each event of a BIDS events.tsv.

    The condition is ``trial_type``, or ``value`` where there is none.
    """
    sheet = read_sheet(path)
    onsets = _column(sheet, "onset", path)
    labels = sheet.columns.get("trial_type") or sheet.columns.get("value")
    if labels is None:
        raise InvalidDataError(
            f"{path.name} has no column trial_type or value: what are its conditions?"
        )
    marks = []
    for row, (onset, label) in enumerate(zip(onsets, labels, strict=True), 1):
        if not label or label.lower() == "n/a":
            continue
        try:
            marks.append((round(float(onset) * sfreq), label))
        except (ValueError, OverflowError) as error:
            raise InvalidDataError(
                f"{path.name}: the onset in row {row} is no number of seconds."
            ) from error
    return marks


def _column(sheet: Sheet, name: str, path: Path) -> list[str]:
    found = sheet.named(name)
    if found is None:
        raise InvalidDataError(
            f"{path.name} has no column {name}. It has: {', '.join(sheet.columns)}."
        )
    return sheet.columns[found]
