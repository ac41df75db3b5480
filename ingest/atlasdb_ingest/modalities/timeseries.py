"""Ingest series that are divided into regions already: CSV, TSV, 1D, NPY or MAT.

They are taken as they are and z-scored; filters are off unless asked for. Regions
that are constant, have missing values, are copies of others or vary in one moment only
are left out, and named. EEG and MEG of more than 256 samples a second are resampled to
128 Hz.

Example: atlasdb ingest timeseries a.csv --tr 2 --parcellation aal.nii --subject 01
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError
from atlasdb.files import sha256
from atlasdb.types import FloatArray, Parcellation, RecordingInfo
from atlasdb_ingest import courses
from atlasdb_ingest.learning.sampling import FASTEST_HZ
from atlasdb_ingest.parcellation import (
    BUILT_IN,
    beside,
    named_parcellation,
    volume_parcellation,
)
from atlasdb_ingest.readers.table import NamedArray, read_named
from atlasdb_ingest.readers.volume import entities, plausible
from atlasdb_ingest.signals import Signals, resample
from atlasdb_ingest.types import SENSORS, Prepared, Timeseries

MODALITIES = ("fmri", "eeg", "meg", "calcium", "simulated")
MIN_SAMPLES = 20
SENSORS_HZ = 128.0
MAX_REGIONS = 5000
_CLOCKS = ("time", "time_s", "time (s)", "t", "volume", "frame", "sample", "tr")


@dataclass(frozen=True)
class Options:
    """Settings of a table of series; what each means stands in `OPTIONS`."""

    variable: str | None = None
    tr: float | None = None
    sfreq: float | None = None
    modality: str = "fmri"
    time_axis: str | None = None
    parcellation: Path | str | None = None
    labels: Path | None = None
    parcellation_name: str | None = None
    detrend: bool = False
    high_pass: float = 0.0
    low_pass: float = 0.0
    sources: bool = False

    def __post_init__(self) -> None:
        """Take text for paths, except the names of built-in parcellations."""
        if self.labels is not None:
            object.__setattr__(self, "labels", Path(self.labels))
        given = self.parcellation
        if isinstance(given, str) and given.lower() not in BUILT_IN:
            object.__setattr__(self, "parcellation", Path(given))
        if self.modality not in MODALITIES:
            raise InvalidDataError(
                f"--modality {self.modality}: it is one of {', '.join(MODALITIES)}."
            )
        if self.sources and self.modality not in SENSORS:
            raise InvalidDataError(
                f"--sources is of {' and '.join(SENSORS)}, and the modality is "
                f"{self.modality}. Leave it out, or say --modality."
            )


OPTIONS: Sequence[click.Option] = (
    click.Option(["--variable"], help="Which array of a MAT or NPZ file."),
    click.Option(["--tr"], type=float, help="Seconds between samples."),
    click.Option(["--sfreq"], type=float, help="Samples a second, instead of --tr."),
    click.Option(
        ["--modality"],
        type=click.Choice(MODALITIES),
        default="fmri",
        show_default=True,
        help="What was recorded: it decides how connections are learned.",
    ),
    click.Option(
        ["--time-axis"],
        type=click.Choice(["rows", "columns"]),
        help="Whether rows or columns are points in time, where it cannot be told.",
    ),
    click.Option(
        ["--parcellation"],
        metavar="IMAGE|TABLE|NAME",
        help="Label image (NIfTI), table of coordinates, or one of "
        f"{', '.join(BUILT_IN)}: its areas, in order, are the regions.",
    ),
    click.Option(
        ["--labels"],
        type=click.Path(path_type=Path),
        help="Names of the areas: TSV, CSV or text with an index and a name.",
    ),
    click.Option(
        ["--parcellation-name"],
        help="Its name; alone, it stands for areas that are only numbered, or named "
        "by the header.",
    ),
    click.Option(
        ["--detrend/--no-detrend"],
        default=False,
        show_default=True,
        help="Take out straight lines.",
    ),
    click.Option(
        ["--high-pass"],
        type=float,
        default=0.0,
        show_default=True,
        help="Lower edge of the band, Hz; 0 is none.",
    ),
    click.Option(
        ["--low-pass"],
        type=float,
        default=0.0,
        show_default=True,
        help="Upper edge of the band, Hz; 0 is none.",
    ),
    click.Option(
        ["--sources"],
        is_flag=True,
        help="The EEG or MEG series are of sources, not of sensors: no mixture is "
        "taken out of them.",
    ),
)


def files(path: Path, options: Options) -> list[Path]:
    """Give every file whose content makes the result."""
    found = [path]
    given = options.parcellation
    if isinstance(given, Path):
        found.append(given)
        names = options.labels or beside(given)
        found += [names] if names is not None else []
    return list(dict.fromkeys(found))


def read(path: Path, options: Options) -> Prepared:
    """Read the series of one recording.

    Parameters
    ----------
    path : Path
        CSV, TSV, TXT, 1D, NPY, NPZ or MAT.
    options : Options
        Exactly one of ``tr`` and ``sfreq`` is needed.

    Returns
    -------
    Prepared
        The series of the regions that can be used; notes name the others.

    Raises
    ------
    NotFoundError
        If a file or a variable is not there.
    InvalidDataError
        If the time axis cannot be told, the regions do not fit the parcellation, or
        the series are too short.
    """
    step = _step(options)
    array = read_named(path, options.variable)
    array, notes = _without_clock(array)
    atlas = None
    if options.parcellation is not None:
        atlas = volume_parcellation(
            options.parcellation, options.labels, options.parcellation_name
        )
        notes += atlas.notes
    elif options.labels is not None:
        raise InvalidDataError("--labels names the areas of --parcellation; give both.")
    n_areas = atlas.parcellation.n_areas if atlas else None
    series, names, told = _regions_by_time(array, options.time_axis, n_areas, path)
    if atlas is not None:
        parcellation = atlas.parcellation
        series, more = _in_order(series, names, parcellation)
        told += more
    else:
        own = entities(path.name)
        name = options.parcellation_name or own.get("atlas") or own.get("seg")
        parcellation = _by_names(name, len(series), names)
    n_times = series.shape[1]
    if n_times < MIN_SAMPLES:
        raise InvalidDataError(
            f"{path.name} has {n_times} points in time; at least {MIN_SAMPLES} are "
            "needed."
        )
    used, left_out = _usable(series, parcellation)
    codes = tuple(a.code for a, u in zip(parcellation.areas, used, strict=True) if u)
    ready, sfreq, slower = _slowed(series[used], 1 / step, options.modality)
    cleaned = _cleaned(ready, 1 / sfreq, options)
    own = entities(path.name)
    return Prepared(
        RecordingInfo(
            sha256(path),
            options.modality,
            session=own.get("ses"),
            task=own.get("task"),
            run=own.get("run"),
            sfreq_hz=1 / step,
            tr_s=step if options.modality == "fmri" else None,
            duration_s=n_times * step,
            n_channels=len(series),
            n_bad=int((~used).sum()),
        ),
        parcellation,
        Timeseries(
            cleaned,
            sfreq,
            codes,
            options.modality,
            (cleaned.shape[1],),
            options.sources,
        ),
        notes=(*notes, *told, *left_out, *slower),
    )


def _step(options: Options) -> float:
    """Give the seconds between samples."""
    tr, sfreq = options.tr, options.sfreq
    if (tr is None) == (sfreq is None):
        found = "neither is given" if tr is None else "both are given"
        raise InvalidDataError(
            f"Series need --tr SECONDS or --sfreq HERTZ, exactly one: {found}."
        )
    step = tr if tr is not None else 1 / sfreq if sfreq else 0.0
    if not (np.isfinite(step) and step > 0):
        raise InvalidDataError("--tr and --sfreq must be above 0.")
    if options.modality == "fmri" and not plausible(step):
        raise InvalidDataError(
            f"{step:g} s between volumes is no repetition time of fMRI (0.05 to 30 s); "
            "correct --tr (seconds) or --sfreq (Hz), or say --modality."
        )
    return float(step)


def _without_clock(array: NamedArray) -> tuple[NamedArray, tuple[str, ...]]:
    """Take out a first column that counts time, if its name says so."""
    if array.data.ndim != 2 or array.columns is None or len(array.columns) < 3:
        return array, ()
    first = array.columns[0].strip().lower()
    rising = bool((np.diff(array.data[:, 0]) > 0).all())
    if first not in _CLOCKS or not rising:
        return array, ()
    note = f"The column '{array.columns[0]}' is time and no region: left out."
    return NamedArray(array.data[:, 1:], array.columns[1:], array.rows), (note,)


def _regions_by_time(
    array: NamedArray, time_axis: str | None, n_areas: int | None, path: Path
) -> tuple[FloatArray, tuple[str, ...] | None, tuple[str, ...]]:
    """Turn the array so that rows are regions; refuse what cannot be told."""
    data = array.data
    if data.ndim > 2:
        data = data.squeeze()
    if data.ndim != 2 or min(data.shape) < 2:
        raise InvalidDataError(
            f"{path.name} is {' x '.join(map(str, data.shape))}; a table of at least 2 "
            "regions by time is needed."
        )
    n_rows, n_columns = data.shape
    size = f"{n_rows} x {n_columns}"
    notes: tuple[str, ...] = ()
    if time_axis is None:
        time_axis, notes = _time_axis(n_rows, n_columns, n_areas, array, path)
    series, names = (
        (data.T, array.columns) if time_axis == "rows" else (data, array.rows)
    )
    if n_areas is not None and len(series) != n_areas:
        raise InvalidDataError(
            f"{path.name} is {size}, so it has {len(series)} regions, and the "
            f"parcellation has {n_areas} areas; they must be equal."
        )
    if len(series) > MAX_REGIONS:
        raise InvalidDataError(
            f"{path.name} has {len(series)} regions; at most {MAX_REGIONS} can be "
            "used. Is --time-axis right?"
        )
    if names is not None and len(names) != len(series):
        names = None
    return np.ascontiguousarray(series), names, notes


def _time_axis(
    n_rows: int, n_columns: int, n_areas: int | None, array: NamedArray, path: Path
) -> tuple[str, tuple[str, ...]]:
    if n_areas is not None and n_areas not in (n_rows, n_columns):
        raise InvalidDataError(
            f"{path.name} is {n_rows} x {n_columns} and the parcellation has {n_areas} "
            "areas; one side must be equal to that."
        )
    if n_rows == n_columns:
        raise InvalidDataError(
            f"{path.name} is square ({n_rows} x {n_columns}), so time cannot be told "
            "from regions; give --time-axis rows or columns."
        )
    if n_areas is not None:
        return ("rows" if n_columns == n_areas else "columns"), ()
    if array.columns is not None and array.rows is None and _are_names(array.columns):
        return "rows", ()
    axis, n_times = ("rows", n_rows) if n_rows > n_columns else ("columns", n_columns)
    note = (
        f"The longer side is taken as time: {n_times} points of "
        f"{min(n_rows, n_columns)} regions (--time-axis overrules)."
    )
    return axis, (note,)


def _in_order(
    series: FloatArray, names: tuple[str, ...] | None, parcellation: Parcellation
) -> tuple[FloatArray, tuple[str, ...]]:
    """Put named rows in the order of the areas, where the names are the areas'."""
    areas = [a.name for a in parcellation.areas]
    if names is None or not _are_names(names) or list(names) == areas:
        return series, ()
    if sorted(names) != sorted(areas):
        note = "The names in the file are not those of the parcellation: "
        return series, (note + "regions are taken in its order.",)
    rows = [names.index(area) for area in areas]
    return series[rows], ("Regions are put in the parcellation's order by name.",)


def _are_names(columns: Sequence[str]) -> bool:
    """Tell names of regions from numbers of volumes in a header."""
    return not all(c.strip().lstrip("-").isdigit() for c in columns)


def _by_names(
    name: str | None, n_areas: int, names: tuple[str, ...] | None
) -> Parcellation:
    """Make a parcellation of names; unnamed, it is called by what it holds."""
    given = names if names and _are_names(names) else None
    if name is None:
        name = f"regions-{n_areas}"
        if given:
            digest = hashlib.sha256("\0".join(given).encode()).hexdigest()
            name += f"-{digest[:8]}"
    return named_parcellation(name, n_areas, given)


def _usable(
    series: FloatArray, parcellation: Parcellation
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Tell regions that vary and are whole from the others; name the others."""
    finite = np.isfinite(series)
    blank = np.asarray(~finite.any(axis=1), dtype=np.bool_)
    holed = np.asarray(~finite.all(axis=1) & ~blank, dtype=np.bool_)
    whole = ~blank & ~holed
    still = _among(whole, courses.constant(series[whole]))
    varied = whole & ~still
    moment = _among(varied, courses.momentary(series[varied]))
    sound = varied & ~moment
    copied = np.isin(np.arange(sound.sum()), list(courses.copies(series[sound])))
    twice = _among(sound, copied)
    names = np.array([a.name for a in parcellation.areas])
    notes = []
    for bad, why in (
        (still, "constant"),
        (blank, "blank"),
        (holed, "with missing values at some times"),
        (moment, "most of their variance in a thousandth of the time"),
        (twice, "copies of others"),
    ):
        if bad.any():
            listed = ", ".join(names[bad][:12])
            more = f" and {int(bad.sum()) - 12} more" if bad.sum() > 12 else ""
            notes.append(
                f"{int(bad.sum())} of {len(series)} regions left out, {why}: "
                f"{listed}{more}."
            )
    used = sound & ~twice
    if used.sum() < 2:
        raise InvalidDataError(
            f"{int(used.sum())} of {len(series)} regions can be used; at least 2 are "
            f"needed. {' '.join(notes)}"
        )
    return used, tuple(notes)


def _among(rows: NDArray[np.bool_], which: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Give a mask of some rows as one of all rows."""
    found = np.zeros_like(rows)
    found[rows] = which
    return found


def _slowed(
    series: FloatArray, sfreq: float, modality: str
) -> tuple[FloatArray, float, tuple[str, ...]]:
    """Resample sensors that are faster than lags can reach back."""
    if modality not in SENSORS or sfreq <= FASTEST_HZ:
        return series, sfreq, ()
    n_regions, n_times = series.shape
    names = tuple(map(str, range(n_regions)))
    whole = Signals(series, sfreq, names, (n_times,), np.zeros(n_times, dtype=np.bool_))
    made = resample(whole, SENSORS_HZ)
    note = f"Resampled from {sfreq:g} to {SENSORS_HZ:g} Hz."
    return made.data, made.sfreq, (note,)


def _cleaned(series: FloatArray, step: float, options: Options) -> FloatArray:
    """Filter where it was asked for, and z-score."""
    if options.detrend or options.high_pass or options.low_pass:
        from atlasdb_ingest.denoise import clean

        return clean(
            series,
            step,
            detrend=options.detrend,
            high_pass=options.high_pass,
            low_pass=options.low_pass,
        )[0]
    return courses.standardised(series)
