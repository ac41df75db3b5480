"""Ingest EEG: FIF (continuous or epochs), EDF, BDF, BrainVision, EEGLAB and others.

Electrodes become areas of a parcellation of kind sensors; EOG, ECG, EMG and other
channels never do.

Example: atlasdb ingest eeg rest.edf --subject 01 --cohort patients
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from atlasdb.errors import InvalidDataError
from atlasdb.files import sha256
from atlasdb.types import ActivationMap, FloatArray, RecordingInfo
from atlasdb_ingest import erp, sensors, signals
from atlasdb_ingest.readers import electrical
from atlasdb_ingest.readers.electrical import Opened
from atlasdb_ingest.types import Prepared, Timeseries

SHORTEST_S = 1.0
PIECE_S = 0.5
ERP_BAND_HZ = (0.5, 30.0)
"""Band of evoked responses, Hz."""


@dataclass(frozen=True)
class Options:
    """Settings of an EEG recording; what each means stands in `OPTIONS`."""

    montage: str | None = None
    l_freq: float = 1.0
    h_freq: float = 45.0
    notch: float | None = None
    reference: str = "average"
    sfreq: float = 128.0
    bads: tuple[str, ...] = ()
    detect_bads: bool = True
    events: Path | None = None
    channels: Path | None = None
    electrodes: Path | None = None
    tmin: float = -0.2
    tmax: float = 0.8
    reject: float = 150.0

    def __post_init__(self) -> None:
        """Take text for paths."""
        for name in ("events", "channels", "electrodes"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, Path(value))
        if not self.tmin <= 0 < self.tmax:
            raise InvalidDataError("--tmin is 0 or less and --tmax above 0, seconds.")
        if self.sfreq <= 0:
            raise InvalidDataError("--sfreq is above 0, Hz.")


_FILE = click.Path(path_type=Path)
OPTIONS: Sequence[click.Option] = (
    click.Option(
        ["--montage"],
        help="Positions by name, such as standard_1005 [by name, else the file's].",
    ),
    click.Option(
        ["--l-freq"], type=float, default=1.0, show_default=True, help="High-pass, Hz."
    ),
    click.Option(
        ["--h-freq"], type=float, default=45.0, show_default=True, help="Low-pass, Hz."
    ),
    click.Option(["--notch"], type=float, help="Line frequency to take out, Hz."),
    click.Option(
        ["--reference"],
        default="average",
        show_default=True,
        help="average, none, or channels with commas.",
    ),
    click.Option(
        ["--sfreq"],
        type=float,
        default=128.0,
        show_default=True,
        help="Sampling frequency to learn from, Hz; never raised.",
    ),
    click.Option(["--bads"], multiple=True, help="A bad channel; may be repeated."),
    click.Option(
        ["--detect-bads/--no-detect-bads"],
        default=True,
        show_default=True,
        help="Leave out channels that are flat, loud or alone.",
    ),
    click.Option(
        ["--events"], type=_FILE, help="BIDS events.tsv instead of the file's marks."
    ),
    click.Option(["--channels"], type=_FILE, help="BIDS channels.tsv."),
    click.Option(["--electrodes"], type=_FILE, help="BIDS electrodes.tsv."),
    click.Option(
        ["--tmin"], type=float, default=-0.2, show_default=True, help="Trial start, s."
    ),
    click.Option(
        ["--tmax"], type=float, default=0.8, show_default=True, help="Trial end, s."
    ),
    click.Option(
        ["--reject"],
        type=float,
        default=150.0,
        show_default=True,
        help="Largest peak-to-peak amplitude of a trial, uV.",
    ),
)


def files(path: Path, options: Options) -> list[Path]:
    """Give every file whose content makes the result."""
    header = electrical.header_of(path)
    own = [options.events, options.channels, options.electrodes]
    return [header, *electrical.companions(path), *[p for p in own if p is not None]]


def read(path: Path, options: Options) -> Prepared:
    """Read and clean one recording.

    Bad channels are left out first; then reference, filter and resampling. Responses
    to events are averaged from a copy filtered to 0.5-30 Hz.

    Raises
    ------
    NotFoundError
        If a file is not there.
    InvalidDataError
        If it is damaged, too short, or has fewer than two good electrodes.
    """
    from atlasdb_ingest import channels as tables

    opened = electrical.open_recording(path)
    n_times = opened.data.shape[1]
    if n_times / opened.sfreq < SHORTEST_S:
        raise InvalidDataError(
            f"{path.name} is {n_times / opened.sfreq:.2f} s long; at least "
            f"{SHORTEST_S:g} s are needed."
        )
    said = tables.read_channels(options.channels) if options.channels else {}
    names, rows, dropped = _electrodes(opened, said, path)
    notes = [f"Left out, not EEG: {', '.join(dropped)}."] if dropped else []
    positions = {
        sensors.clean_name(name): place for name, place in opened.positions.items()
    }
    if options.electrodes is not None and not positions:
        positions = {
            sensors.clean_name(name): place
            for name, place in tables.read_electrodes(options.electrodes).items()
        }
    marks = opened.marks
    if options.events is not None:
        marks = tables.read_events(options.events, opened.sfreq)
    data = opened.data[rows]
    band, more = _band(options, opened)
    notes += more
    cleaned = signals.bandpass(
        data, opened.sfreq, l_freq=band[0], h_freq=band[1], lengths=opened.lengths
    )
    bad, more = _bad(
        names, [opened.names[i] for i in rows], cleaned, opened, options, said
    )
    notes += more
    good = np.flatnonzero(~bad)
    if len(good) < 2:
        raise InvalidDataError(
            f"{path.name} has {len(good)} good electrodes of {len(names)}; at least 2 "
            "are needed. --no-detect-bads keeps all."
        )
    kept = [names[i] for i in good]
    parcellation, more2 = sensors.parcellation(kept, positions, options.montage)
    notes += more2
    codes = tuple(area.code for area in parcellation.areas)
    reference, more = _reference(options.reference, len(kept))
    notes += more
    maps, more = _maps(data[good], kept, codes, marks, opened, options, reference)
    notes += more
    series = _series(cleaned[good], kept, codes, opened, options, reference, path)
    return Prepared(
        RecordingInfo(
            _digest(files(path, options)),
            "eeg",
            sfreq_hz=opened.sfreq,
            duration_s=n_times / opened.sfreq,
            n_channels=len(names),
            n_bad=int(bad.sum()),
        ),
        parcellation,
        series,
        maps=tuple(maps),
        notes=tuple(notes),
    )


def _electrodes(
    opened: Opened, said: dict[str, tuple[str, bool]], path: Path
) -> tuple[list[str], list[int], list[str]]:
    """Tell electrodes from other channels; give clean names, rows, what is left out."""
    own = {n.upper() for n in opened.names}
    ears = {"A1", "A2"} if not own & {"A3", "B1"} else set()
    names, rows, dropped = [], [], []
    for i, (name, kind) in enumerate(zip(opened.names, opened.types, strict=True)):
        kind = said[name][0] if name in said else sensors.kind_of(name, kind)
        clean = sensors.clean_name(name)
        if kind == "eeg" and clean.upper() in ears | {"M1", "M2"}:
            kind = "reference"
        if kind != "eeg":
            dropped.append(name if kind != "stim" else "events")
        elif clean in names:
            raise InvalidDataError(
                f"{path.name} has two electrodes named {clean}; rename one."
            )
        else:
            names.append(clean)
            rows.append(i)
    if len(names) < 2:
        raise InvalidDataError(
            f"{path.name} has {len(names)} EEG channels; at least 2 are needed."
        )
    return names, rows, list(dict.fromkeys(dropped))


def _band(options: Options, opened: Opened) -> tuple[tuple[float, float], list[str]]:
    """Fit the band to the recording: below Nyquist, and not slower than a piece."""
    notes = []
    low, high = options.l_freq, options.h_freq
    nyquist = opened.sfreq / 2
    if high >= nyquist:
        high = 0.9 * nyquist
        notes.append(f"Low-pass lowered to {high:.4g} Hz, below half of the sampling.")
    if opened.epoch_start is not None and opened.lengths[0] / opened.sfreq < 3 / low:
        low = 0.0
        notes.append(
            "Epochs too short for the high-pass: only their means are removed."
        )
    return (low, high), notes


def _bad(
    names: list[str],
    own: list[str],
    cleaned: FloatArray,
    opened: Opened,
    options: Options,
    said: dict[str, tuple[str, bool]],
) -> tuple[np.ndarray, list[str]]:
    """Mark bad channels: the file's, the user's, and those found."""
    asked = {sensors.clean_name(b).lower() for b in options.bads}
    unknown = asked - {n.lower() for n in names}
    if unknown:
        raise InvalidDataError(
            f"--bads {sorted(unknown)[0]}: there is no such electrode. There are: "
            f"{', '.join(names[:12])}."
        )
    told = np.array(
        [
            name.lower() in asked or raw in opened.bads or said.get(raw, ("", False))[1]
            for name, raw in zip(names, own, strict=True)
        ]
    )
    bad = told.copy()
    if options.detect_bads and (~told).any():
        rest = np.flatnonzero(~told)
        bad[rest] = signals.bad_channels(cleaned[rest][:, opened.usable])
    listed = ", ".join(n for n, b in zip(names, bad, strict=True) if b)
    return bad, [f"Bad electrodes left out: {listed}."] if listed else []


def _reference(asked: str, n: int) -> tuple[str, list[str]]:
    if asked == "average" and n < 4:
        return "none", [f"{n} electrodes are too few for an average reference."]
    return asked, []


def _maps(
    data: FloatArray,
    names: list[str],
    codes: tuple[str, ...],
    marks: list[tuple[int, str]],
    opened: Opened,
    options: Options,
    reference: str,
) -> tuple[list[ActivationMap], list[str]]:
    if not marks:
        return [], []
    low, high = ERP_BAND_HZ
    tmin, tmax = options.tmin, options.tmax
    if opened.epoch_start is not None:  # filtered before it was cut
        low = 0.0
        tmin = max(tmin, -opened.epoch_start / opened.sfreq)
        after = opened.lengths[0] - opened.epoch_start - 1
        tmax = min(tmax, after / opened.sfreq)
    high = min(high, 0.45 * opened.sfreq)
    filtered = signals.evoked_band(data, opened.sfreq, low, high, opened.lengths)
    return erp.evoked(
        signals.rereference(filtered, names, reference),
        opened.sfreq,
        [m for m in marks if 0 <= m[0] < data.shape[1] and opened.usable[m[0]]],
        codes,
        lengths=opened.lengths,
        tmin=tmin,
        tmax=tmax,
        reject_uv=options.reject,
    )


def _series(
    cleaned: FloatArray,
    names: list[str],
    codes: tuple[str, ...],
    opened: Opened,
    options: Options,
    reference: str,
    path: Path,
) -> Timeseries:
    """Make the series to learn from: good stretches, referenced and resampled."""
    data = signals.rereference(cleaned, names, reference)
    if options.notch:
        data = signals.notch(data, opened.sfreq, options.notch, opened.lengths)
    shortest = PIECE_S * opened.sfreq
    pieces = []
    start = 0
    for length in opened.lengths:
        piece = slice(start, start + length)
        whole = opened.usable[piece].all()
        if whole and (length >= shortest or opened.epoch_start is not None):
            pieces.append(data[:, piece])
        start += length
    if not pieces:
        raise InvalidDataError(
            f"{path.name} has no good stretch of {PIECE_S:g} s or more."
        )
    joined = np.concatenate(pieces, axis=1)
    resampled, lengths, sfreq = signals.resample(
        joined, opened.sfreq, options.sfreq, [p.shape[1] for p in pieces]
    )
    return Timeseries(signals.zscore(resampled), sfreq, codes, "eeg", lengths)


def _digest(paths: Sequence[Path]) -> str:
    """Hash the content of all files of a recording together."""
    parts = [sha256(path) for path in paths if path.is_file()]
    return hashlib.sha256("".join(parts).encode()).hexdigest()
