"""What channels of an electrical recording are: by name, and by BIDS's tables."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from atlasdb.errors import InvalidDataError
from atlasdb_ingest.readers.table import read_table

_KINDS: Mapping[str, re.Pattern[str]] = {
    kind: re.compile(pattern, re.IGNORECASE)
    for kind, pattern in {
        "eog": r"([hvlr]?e[-_ ]?o[-_ ]?g|veo|heo|loc|roc|e[12]-m[12]|io[12]?)"
        r"([-_ ]?([lrudhv]|left|right|up|low(er)?|upper|\d+|ver|hor|vertical|"
        r"horizontal))*",
        "ecg": r"(e[ck]g|cardio|ekg)[-_ ]?(\d|[lriv]+|la|ra|e[ck]g|ekg)*",
        "emg": r"(e[-_ ]?m[-_ ]?g|chin|submental|legs?|[lr]?[-_ ]?(leg|arm|tib(ialis)?"
        r"|masseter))([-_ ]?(\d|[lr]|left|right|chin|leg|submental))*",
        "stim": r"(sti[m ]?|trig(ger)?s?|trg|status|(events?[-_ ]?)?markers?|events?|"
        r"mrk|din|dig(ital)?|photo(diode|cell|sensor)?|sync|annotations?|"
        r"[eb]df annotations)[-_ ]?\d*",
        "misc": r"(misc|aux|bip|exg|erg|ana|resp(iration)?([-_ ]?(oro-?nasal|nasal|"
        r"chest|abdomen|belt|rate))?|rsp|thor(ax|acic)?|abd(omen)?|abdominal|chest|"
        r"(air)?flow|nasal([-_ ]?pressure)?|nose|spo2|sao2|osat|pulse|pleth|ppg|hr|"
        r"bpm|gsr|eda|scl|scr|temp(erature)?([-_ ]?(rectal|body))?|acc(el(erometer|"
        r"eration)?)?|gyr(o(scope)?)?|mag|imu|[xyz][-_ ]?(dir|axis|acc)|photic|ibi|"
        r"bursts?|suppr|snore|sound|audio|mic|pos(ition)?|body|light|battery|counter|"
        r"sampl?e?[-_ ]?(count(er)?|index|no)|time(stamp)?|n\.?d\.?|gnd|ground|dc|"
        r"pad|pressure|cpap|etco2|joystick|eye[-_ ]?track(er)?|pupil|gaze|"
        r"unused|none|empty|dummy|n/?a)[-_ .]?([xyz]|\d+)?",
    }.items()
}
_NO_ELECTRODE = ("EOG", "VEOG", "HEOG", "ECG", "EMG", "TRIG", "REF", "MISC")
_ALS = ("CTF", "4D", "EEGLAB", "KIT")
"""Coordinate systems of BIDS whose x grows to the nose and y to the left."""


@dataclass(frozen=True)
class Channels:
    """What a ``channels.tsv`` says, by name of the channel."""

    kinds: Mapping[str, str]
    bads: tuple[str, ...]


def kind_of(name: str) -> str | None:
    """Tell what is no electrode of EEG by its name; None for all others.

    Examples
    --------
    >>> [kind_of(n) for n in ("EOG1", "HEOGL", "ECG", "EKG1", "STATUS", "Resp", "nd")]
    ['eog', 'eog', 'ecg', 'ecg', 'stim', 'misc', 'misc']
    >>> [kind_of(n) for n in ("Fp1", "A1", "M2", "E17", "Oz", "P1", "TP10", "I1")]
    [None, None, None, None, None, None, None, None]
    """
    for kind, pattern in _KINDS.items():
        if pattern.fullmatch(name):
            return kind
    return None


def read_channels(path: Path) -> Channels:
    """Read types and states of channels from a BIDS ``channels.tsv``.

    Raises
    ------
    NotFoundError
        If there is no such file.
    InvalidDataError
        If it has no names.
    """
    frame = read_table(path, header=True)
    columns = {str(c).strip().lower(): c for c in frame.columns}
    if "name" not in columns:
        raise InvalidDataError(
            f"{path.name} needs a column name; it has: {', '.join(columns)}."
        )
    names = [str(n).strip() for n in frame[columns["name"]]]
    kinds: dict[str, str] = {}
    if "type" in columns:
        for name, kind in zip(names, frame[columns["type"]], strict=True):
            kinds[name] = _mne_kind(str(kind).strip().upper())
    bads: tuple[str, ...] = ()
    if "status" in columns:
        states = [str(s).strip().lower() for s in frame[columns["status"]]]
        bads = tuple(n for n, s in zip(names, states, strict=True) if s == "bad")
    return Channels(kinds, bads)


def _mne_kind(kind: str) -> str:
    known = {"EEG": "eeg", "TRIG": "stim", "ECG": "ecg", "EMG": "emg"}
    if kind in known:
        return known[kind]
    return "eog" if kind.endswith("EOG") else "misc"


def read_positions(path: Path) -> dict[str, tuple[float, float, float]]:
    """Read positions of electrodes from a BIDS ``electrodes.tsv``.

    The unit is told from the size of a head; the axes are turned where the
    ``coordsystem.json`` beside it names a system whose x points to the nose.

    Returns
    -------
    dict of str to (x, y, z)
        Millimetres, x to the right; only electrodes that have a position.

    Raises
    ------
    NotFoundError
        If there is no such file.
    InvalidDataError
        If it has no names or coordinates.
    """
    frame = read_table(path, header=True)
    columns = {str(c).strip().lower(): c for c in frame.columns}
    absent = [c for c in ("name", "x", "y", "z") if c not in columns]
    if absent:
        raise InvalidDataError(
            f"{path.name} needs the columns name, x, y, z; it has: "
            f"{', '.join(columns)}."
        )
    import pandas as pd

    xyz = np.column_stack(
        [
            pd.to_numeric(frame[columns[c]], errors="coerce").to_numpy(np.float64)
            for c in "xyz"
        ]
    )
    there = np.isfinite(xyz).all(axis=1) & xyz.any(axis=1)
    if not there.any():
        return {}
    size = float(np.median(np.linalg.norm(xyz[there], axis=1)))
    xyz = xyz * (1e3 if size < 1 else 10.0 if size < 25 else 1.0)
    if _system(path) in _ALS:
        xyz = np.column_stack([-xyz[:, 1], xyz[:, 0], xyz[:, 2]])
    names = [str(n).strip() for n in frame[columns["name"]]]
    return {
        name: (float(p[0]), float(p[1]), float(p[2]))
        for name, p, ok in zip(names, xyz, there, strict=True)
        if ok
    }


def sidecar(path: Path) -> Path | None:
    """Find the ``coordsystem.json`` of a table of electrodes."""
    found = path.with_name(path.name.replace("_electrodes.tsv", "_coordsystem.json"))
    return found if found != path and found.is_file() else None


def _system(path: Path) -> str | None:
    """Give the coordinate system that the file beside a table of electrodes names."""
    described = sidecar(path)
    if described is None:
        return None
    try:
        said: Any = json.loads(described.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidDataError(f"{described.name} is not a JSON file.") from error
    system = said.get("EEGCoordinateSystem") if isinstance(said, dict) else None
    return system.split("-")[0].upper() if isinstance(system, str) else None


def beside(path: Path, name: str) -> Path | None:
    """Find the table of BIDS that belongs to a recording, in its folder.

    Parameters
    ----------
    path : Path
        The recording; only names such as ``sub-01_task-rest_eeg.edf`` have tables.
    name : {"events", "channels", "electrodes"}
    """
    found = re.fullmatch(r"(sub-[^_]+(?:_[^_.]+)*)_eeg\..+", path.name)
    if found is None:
        return None
    if name != "electrodes":
        table = path.with_name(f"{found[1]}_{name}.tsv")
        return table if table.is_file() else None
    own = set(found[1].split("_"))
    fitting = []
    for table in sorted(path.parent.glob("sub-*_electrodes.tsv")):
        said = table.name.removesuffix("_electrodes.tsv").split("_")
        rest = {s for s in said if not s.startswith("space-")}
        if rest <= own:
            fitting.append((-len(rest), len(said), table))
    return min(fitting)[2] if fitting else None
