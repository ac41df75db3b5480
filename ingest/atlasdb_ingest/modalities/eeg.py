"""Ingest EEG: FIF (continuous or epochs), EDF, BDF, BrainVision, EEGLAB and others.

Electrodes become areas of a parcellation of kind sensors, with the names and
positions of the 10-05 system where they have its names; EOG, ECG, EMG and other
channels never do. Series are high-passed (1 Hz), freed of the power line and of bad
channels, set against the average and resampled to 128 Hz. No low pass is applied: it
would leave frequencies empty, and where the past of a region says too well what comes
next, false connections are found. Events give evoked responses, of the band 0.5 to
30 Hz.

Example: atlasdb ingest eeg rest.edf --subject 01 --cohort patients
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np

from atlasdb.errors import InvalidDataError, did_you_mean
from atlasdb.files import sha256
from atlasdb.types import ActivationMap, RecordingInfo
from atlasdb_ingest import erp, sensors, signals, voltages
from atlasdb_ingest.readers import electrical
from atlasdb_ingest.readers import electrical_tables as tables
from atlasdb_ingest.readers.electrical import Opened
from atlasdb_ingest.readers.volume import entities
from atlasdb_ingest.signals import Signals
from atlasdb_ingest.types import Prepared, Timeseries

SHORTEST_S = 1.0
PIECE_S = 0.5
FEWEST_FOR_AVERAGE = 16
"""The average of fewer is far from 0, and puts much of each electrode into all."""
_PATHS = ("events", "channels", "electrodes")


@dataclass(frozen=True)
class Options:
    """Settings of an EEG recording; what each means stands in `OPTIONS`."""

    montage: str | None = None
    l_freq: float = 1.0
    h_freq: float = 0.0
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
        """Take text for paths; refuse numbers that make no sense."""
        for name in _PATHS:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, Path(value))
        object.__setattr__(self, "bads", tuple(self.bads))
        if not -10 <= self.tmin <= 0 < self.tmax <= 10:
            raise InvalidDataError(
                f"A window from {self.tmin:g} to {self.tmax:g} s: --tmin must be -10 "
                "to 0 s and --tmax above 0, at most 10 s."
            )
        if not self.sfreq >= 32 or not self.reject > 0:
            raise InvalidDataError(
                "--sfreq must be at least 32 Hz, and --reject above 0 uV."
            )


_FILE = click.Path(path_type=Path)
OPTIONS: Sequence[click.Option] = (
    click.Option(
        ["--montage"],
        metavar="NAME",
        help="Layout of MNE to take positions from, such as standard_1005 [by the "
        "names, else the file's own].",
    ),
    click.Option(
        ["--l-freq"],
        type=float,
        default=1.0,
        show_default=True,
        help="Lower edge of the band, Hz; 0 is none.",
    ),
    click.Option(
        ["--h-freq"],
        type=float,
        default=0.0,
        show_default=True,
        help="Upper edge of the band, Hz; 0 is none. Far below half of --sfreq, it "
        "makes false connections.",
    ),
    click.Option(
        ["--notch"],
        type=float,
        help="Frequency of the power line to take out, with its multiples, Hz [none "
        "below 50 Hz; above, what stands out].",
    ),
    click.Option(
        ["--reference"],
        default="average",
        show_default=True,
        help="average, none, or electrodes joined by commas.",
    ),
    click.Option(
        ["--sfreq"],
        type=float,
        default=128.0,
        show_default=True,
        help="Samples a second to learn from; never more than there are.",
    ),
    click.Option(["--bads"], multiple=True, help="A bad electrode; may be repeated."),
    click.Option(
        ["--detect-bads/--no-detect-bads"],
        default=True,
        show_default=True,
        help="Leave out electrodes that are flat, copied, deviant or like no other.",
    ),
    click.Option(
        ["--events"],
        type=_FILE,
        help="BIDS events.tsv in place of the events in the file.",
    ),
    click.Option(
        ["--channels"], type=_FILE, help="BIDS channels.tsv: types and bad channels."
    ),
    click.Option(["--electrodes"], type=_FILE, help="BIDS electrodes.tsv: positions."),
    click.Option(
        ["--tmin"],
        type=float,
        default=-0.2,
        show_default=True,
        help="Start of a trial, s from the event.",
    ),
    click.Option(
        ["--tmax"],
        type=float,
        default=0.8,
        show_default=True,
        help="End of a trial, s from the event.",
    ),
    click.Option(
        ["--reject"],
        type=float,
        default=150.0,
        show_default=True,
        help="Leave out trials with a larger peak-to-peak amplitude, uV.",
    ),
)


def files(path: Path, options: Options) -> list[Path]:
    """Give every file whose content makes the result."""
    found = electrical.parts(path)
    for name in _PATHS:
        table = getattr(options, name) or tables.beside(path, name)
        found += [table] if table is not None else []
        if table is not None and name == "electrodes":
            found += [s for s in [tables.sidecar(table)] if s is not None]
    return list(dict.fromkeys(found))


def read(path: Path, options: Options) -> Prepared:
    """Read and clean one recording.

    Parameters
    ----------
    path : Path
        Any format that MNE reads; BrainVision by any of its files.
    options : Options
        Tables of BIDS beside the recording are used where none are given.

    Returns
    -------
    Prepared
        The series of the electrodes that can be used, and an evoked response for each
        condition with at least five trials.

    Raises
    ------
    NotFoundError
        If a file is not there.
    InvalidDataError
        If it is damaged, too short, or has fewer than two good electrodes.
    """
    opened = electrical.open_recording(path)
    found = {n: getattr(options, n) or tables.beside(path, n) for n in _PATHS}
    said = tables.read_channels(found["channels"]) if found["channels"] else None
    chosen = voltages.choose(opened, said, options.montage, path)
    places = voltages.positions(opened)
    if found["electrodes"]:
        measured = tables.read_positions(found["electrodes"])
        places |= {n: measured[n.strip()] for n in places if n.strip() in measured}
        places |= {n: measured[n.strip()] for n in chosen.labels if n in measured}
    made = sensors.electrodes(chosen.labels, places, options.montage)
    recorded, unit_notes = voltages.load(opened, chosen, path)
    duration = recorded.data.shape[1] / recorded.sfreq
    if duration < SHORTEST_S:
        raise InvalidDataError(
            f"{path.name} lasts {duration:.2g} s; at least {SHORTEST_S:g} s are needed."
        )
    notes = (*chosen.notes, *made.notes, *unit_notes)
    lined, line_notes = _without_line(recorded, options)
    band, band_notes = signals.bandpass(lined, options.l_freq, options.h_freq)
    reference, reference_notes = _reference(options.reference, recorded, made.bipolar)
    bads, bad_notes = _bads(band, recorded, chosen, options, reference)
    if len(recorded.names) - len(bads) - len(reference or ()) < 2:
        raise InvalidDataError(
            f"{path.name} has {len(recorded.names)} electrodes, of which {len(bads)} "
            f"are bad ({sensors.listed(bads)}); at least 2 good ones are needed."
        )
    notes += (*line_notes, *band_notes, *bad_notes, *reference_notes)
    if reference == () and len(recorded.names) - len(bads) < FEWEST_FOR_AVERAGE:
        reference = None
        notes += ("Too few electrodes for an average reference: the file's is kept.",)
    series, series_notes = _series(band, bads, reference, options, path)
    codes = {a.name: a.code for a in made.parcellation.areas}
    maps, map_notes = _maps(recorded, opened, bads, reference, found, options, codes)
    used = {codes[name] for name in series.codes}
    areas = tuple(a for a in made.parcellation.areas if a.code in used)
    own = entities(path.name)
    return Prepared(
        RecordingInfo(
            _digest(electrical.parts(path)),
            "eeg",
            session=own.get("ses"),
            task=own.get("task"),
            run=own.get("run"),
            sfreq_hz=recorded.sfreq,
            duration_s=duration,
            n_channels=len(recorded.names),
            n_bad=len(bads),
        ),
        replace(made.parcellation, areas=areas),
        replace(series, codes=tuple(codes[name] for name in series.codes)),
        maps=maps,
        notes=(*notes, *series_notes, *map_notes),
    )


def _without_line(
    recorded: Signals, options: Options
) -> tuple[Signals, tuple[str, ...]]:
    """Take out the power line: what is asked for, or what stands out in the band."""
    if options.notch is not None:
        return signals.notch(recorded, options.notch, options.h_freq), ()
    if 0 < options.h_freq < 50:
        return recorded, ()
    line = signals.line_frequency(recorded)
    if line is None:
        return recorded, ()
    note = f"The power line stands out at {line:g} Hz and is taken out (--notch)."
    return signals.notch(recorded, line, options.h_freq), (note,)


def _reference(
    asked: str, recorded: Signals, bipolar: bool
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Give the names of the reference; none of them: the average; None: as it is."""
    word = asked.strip().lower()
    if word == "none":
        return None, ()
    if word == "average":
        if not bipolar:
            return (), ()
        note = "Channels are differences of two electrodes: no average reference."
        return None, (note,)
    names = sensors.names_of([part.strip() for part in asked.split(",")], None)
    known = {name.lower(): name for name in recorded.names}
    for name in names:
        if name.lower() not in known:
            raise InvalidDataError(
                f"There is no electrode '{name}' to refer to."
                f"{did_you_mean(name, recorded.names)} --reference takes average, none "
                "or names joined by commas."
            )
    chosen = tuple(dict.fromkeys(known[name.lower()] for name in names))
    return chosen, (f"The reference is {', '.join(chosen)}, which is left out.",)


def _bads(
    band: Signals,
    recorded: Signals,
    chosen: voltages.Chosen,
    options: Options,
    reference: tuple[str, ...] | None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name bad electrodes, and why: marked, asked for, or found."""
    known = {name.lower(): name for name in recorded.names}
    reasons = dict.fromkeys(chosen.bads, "marked")
    for name in sensors.names_of(options.bads, options.montage) if options.bads else ():
        if name.lower() not in known:
            raise InvalidDataError(
                f"There is no electrode '{name}' to leave out."
                f"{did_you_mean(name, recorded.names)}"
            )
        reasons[known[name.lower()]] = "marked"
    rest = band.without([*reasons, *(reference or ())])
    reasons |= dict.fromkeys(
        (n for n in voltages.out_of_range(recorded) if n in rest.names), "out of range"
    )
    found = signals.bad_channels(rest) if rest.names else {}
    if not options.detect_bads:
        found = {n: why for n, why in found.items() if why == "flat"}
    reasons = {n: why for n, why in found.items() if n not in reasons} | reasons
    bads = tuple(n for n in recorded.names if n in reasons)
    if not bads:
        return (), ()
    said = [f"{n} ({reasons[n]})" for n in bads]
    return bads, (f"Bad electrodes left out: {sensors.listed(said)}.",)


def _referenced(given: Signals, bads: Sequence[str], reference: object) -> Signals:
    good = given.without(bads)
    if reference is None:
        return good
    assert isinstance(reference, tuple)
    return signals.rereference(good, [n for n in reference if n in good.names] or None)


def _series(
    band: Signals,
    bads: Sequence[str],
    reference: tuple[str, ...] | None,
    options: Options,
    path: Path,
) -> tuple[Timeseries, tuple[str, ...]]:
    """Make the series to learn from; its codes are still names."""
    ready = signals.resample(_referenced(band, bads, reference), options.sfreq)
    shortest = min(round(PIECE_S * ready.sfreq), max(ready.runs))
    data, lengths = signals.pieces(ready, max(shortest, 8))
    n_good = sum(lengths)
    if n_good < SHORTEST_S * ready.sfreq:
        raise InvalidDataError(
            f"{path.name} has {n_good / ready.sfreq:.2g} s that are not marked as bad; "
            f"at least {SHORTEST_S:g} s are needed."
        )
    notes: tuple[str, ...] = ()
    lost = (ready.data.shape[1] - n_good) / ready.sfreq
    if lost > 0.005:
        notes = (f"{lost:.3g} s are marked as bad, repeated or too short: left out.",)
    flat = data.std(axis=1) <= 1e-12
    if flat.any():
        names = [n for n, f in zip(ready.names, flat, strict=True) if f]
        raise InvalidDataError(
            f"{sensors.listed(names)} of {path.name} vary only in stretches that are "
            "marked as bad; name them with --bads."
        )
    scored = signals.zscore(data)
    return Timeseries(scored, ready.sfreq, ready.names, "eeg", lengths), notes


def _maps(
    recorded: Signals,
    opened: Opened,
    bads: Sequence[str],
    reference: tuple[str, ...] | None,
    found: dict[str, Path | None],
    options: Options,
    codes: dict[str, str],
) -> tuple[tuple[ActivationMap, ...], tuple[str, ...]]:
    """Average the responses to each condition."""
    events = erp.of_recording(opened, found["events"])
    if not events.labels:
        return (), events.notes
    low, high = erp.BAND_HZ
    band, _ = signals.bandpass(recorded, low, min(high, 0.4 * recorded.sfreq))
    ready = signals.resample(_referenced(band, bads, reference), erp.MAX_SFREQ)
    first, last = options.tmin, options.tmax
    notes = events.notes
    if opened.epoched:
        times = opened.recording.times
        first, last = max(first, float(times[0])), min(last, float(times[-1]))
        ready = replace(ready, bad=np.zeros_like(ready.bad))
        if (first, last) != (options.tmin, options.tmax):
            notes += (
                f"Responses are from {first:.3g} to {last:.3g} s, as epochs are.",
            )
    if last - max(first, 0.0) < erp.WINDOW_S:
        return (), (*notes, "No response is mapped: epochs end with the event.")
    cut, t0 = erp.trials(ready, events, first, last)
    names = tuple(codes[name] for name in ready.names)
    maps, map_notes = erp.activation_maps(cut, names, ready.sfreq, t0, options.reject)
    return maps, (*notes, *map_notes)


def _digest(paths: Sequence[Path]) -> str:
    """Hash the content of all files of a recording: of one, as it is."""
    whole: list[Path] = []
    for path in paths:
        inside = sorted(p for p in path.rglob("*") if p.is_file())
        whole += inside if path.is_dir() else [path]
    hashes = [sha256(path) for path in whole]
    if len(hashes) == 1:
        return hashes[0]
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()
