"""Ingest BOLD images (4-D NIfTI) with a parcellation in the same space.

fMRIPrep output is at home: its brain mask and confounds are found by name.
Series are detrended, band-passed (0.01 to 0.1 Hz unless told otherwise, with events
or without), freed of confounds and z-scored by nilearn; nothing is smoothed. With
events, a first-level GLM of each condition gives activation maps, of data that are
not band-passed.

Example: atlasdb ingest fmri sub-01_bold.nii.gz --parcellation atlas.nii.gz --subject 01
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError
from atlasdb.files import sha256
from atlasdb.types import ActivationMap, FloatArray, RecordingInfo
from atlasdb_ingest import confounds as noise
from atlasdb_ingest import volumes
from atlasdb_ingest.denoise import clean
from atlasdb_ingest.parcellation import (
    BUILT_IN,
    VolumeAtlas,
    beside,
    volume_parcellation,
)
from atlasdb_ingest.readers.volume import (
    Volume,
    entities,
    open_volume,
    plausible,
    read_data,
    repetition_time,
)
from atlasdb_ingest.types import Prepared, Timeseries

MIN_VOLUMES = 20
_PATHS = ("labels", "mask", "confounds", "events")


@dataclass(frozen=True)
class Options:
    """Settings of a BOLD run; what each means stands at its option in `OPTIONS`."""

    parcellation: Path | str | None = None
    labels: Path | None = None
    parcellation_name: str | None = None
    radius: float = 5.0
    tr: float | None = None
    image_space: str | None = None
    resample: bool = False
    mask: Path | None = None
    confounds: Path | None = None
    confound_columns: str | None = None
    strategy: str | None = None
    fd_threshold: float = 0.5
    drop: int = 0
    detrend: bool = True
    high_pass: float = 0.01
    low_pass: float = 0.1
    events: Path | None = None

    def __post_init__(self) -> None:
        """Take text for paths, except built-in parcellations; refuse odd numbers."""
        for name in _PATHS:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, Path(value))
        given = self.parcellation
        if isinstance(given, str) and given.lower() not in BUILT_IN:
            object.__setattr__(self, "parcellation", Path(given))
        if not self.fd_threshold > 0 or not self.radius > 0:
            raise InvalidDataError(
                "--fd-threshold and --radius must be above 0 mm, not "
                f"{self.fd_threshold:g} and {self.radius:g}."
            )


_FILE = click.Path(path_type=Path)

OPTIONS: Sequence[click.Option] = (
    click.Option(
        ["--parcellation"],
        metavar="IMAGE|TABLE|NAME",
        help="Label image or probability maps (NIfTI), table of coordinates with "
        f"columns x, y, z (CSV, TSV), or one of {', '.join(BUILT_IN)}.",
    ),
    click.Option(
        ["--labels"],
        type=_FILE,
        help="Names of the areas: TSV, CSV or text with an index and a name.",
    ),
    click.Option(["--parcellation-name"], help="Its name, if not that of the file."),
    click.Option(
        ["--radius"],
        type=float,
        default=5.0,
        show_default=True,
        help="Of spheres around coordinates, mm.",
    ),
    click.Option(
        ["--tr"], type=float, help="Repetition time, s; overrules the header."
    ),
    click.Option(
        ["--image-space"],
        help="Space of the recording, where its name does not say it.",
    ),
    click.Option(
        ["--resample"],
        is_flag=True,
        help="Resample the parcellation to the grid of the recording.",
    ),
    click.Option(["--mask"], type=_FILE, help="Mask of the brain on the same grid."),
    click.Option(
        ["--confounds"], type=_FILE, help="Table of confounds, one row a volume."
    ),
    click.Option(
        ["--confound-columns"],
        metavar="NAMES",
        help="Which columns of it, joined by commas; default: motion, csf, "
        "white_matter where there are such, else all.",
    ),
    click.Option(
        ["--strategy"],
        metavar="PARTS",
        help=f"Of fMRIPrep's confounds: {', '.join(noise.STRATEGIES)}, joined by "
        f"commas, or none; default: {noise.DEFAULT_STRATEGY}. With --confounds, only "
        "scrub and none.",
    ),
    click.Option(
        ["--fd-threshold"],
        type=float,
        default=0.5,
        show_default=True,
        help="Framewise displacement above which scrub censors a volume, mm.",
    ),
    click.Option(
        ["--drop"],
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        help="Leave out so many volumes at the start.",
    ),
    click.Option(
        ["--detrend/--no-detrend"],
        default=True,
        show_default=True,
        help="Take out straight lines.",
    ),
    click.Option(
        ["--high-pass"],
        type=float,
        default=0.01,
        show_default=True,
        help="Lower edge of the band, Hz; 0 is none.",
    ),
    click.Option(
        ["--low-pass"],
        type=float,
        default=0.1,
        show_default=True,
        help="Upper edge of the band, Hz; 0 is none.",
    ),
    click.Option(
        ["--events"],
        type=_FILE,
        help="BIDS events.tsv: gives an activation map for each trial_type.",
    ),
)


def files(path: Path, options: Options) -> list[Path]:
    """Give every file whose content makes the result."""
    found = [path]
    if path.suffix == ".hdr":
        found.append(path.with_suffix(".img"))
    found += [p for p in [_sidecar(path)] if p is not None]
    found += noise.companions(path).values()
    given = options.parcellation
    found += [given] if isinstance(given, Path) else []
    found += [p for name in _PATHS if (p := getattr(options, name)) is not None]
    if isinstance(given, Path) and options.labels is None:
        found += [p for p in [beside(given)] if p is not None]
    return list(dict.fromkeys(found))


def read(path: Path, options: Options) -> Prepared:
    """Read one BOLD run, clean it and divide it into areas.

    Parameters
    ----------
    path : Path
        4-D NIfTI image.
    options : Options
        Among them the parcellation, which is needed.

    Returns
    -------
    Prepared
        The series of the areas that have a signal, and a map for each condition where
        there are events.

    Raises
    ------
    NotFoundError
        If a file is not there.
    InvalidDataError
        If the image cannot be used, its repetition time is not known, or it and the
        parcellation are not in one space and on one grid.
    """
    if options.parcellation is None:
        raise InvalidDataError(
            "fMRI needs --parcellation: a label image, a table of coordinates, or one "
            f"of {', '.join(BUILT_IN)}."
        )
    image = open_volume(path, axes=(4,))
    n_volumes = image.shape[3]
    if n_volumes - options.drop < MIN_VOLUMES:
        raise InvalidDataError(
            f"{path.name} has {n_volumes} volumes"
            + (f", of which {options.drop} are dropped" if options.drop else "")
            + f"; at least {MIN_VOLUMES} are needed."
        )
    tr, tr_notes = _tr(image, options.tr)
    atlas = volume_parcellation(
        options.parcellation, options.labels, options.parcellation_name, options.radius
    )
    volumes.check_space(image, atlas, options.image_space)
    placed = volumes.on_grid(image, atlas, options.resample)
    taken = _confounds(path, n_volumes, options)
    keep = taken.keep.copy()
    keep[: options.drop] = False

    data = read_data(image)
    inside = volumes.brain(data[..., options.drop :], _mask(path, image, options))
    series = volumes.area_series(data, inside, placed)
    used, notes = _usable(series[:, keep], atlas)
    codes = tuple(
        a.code for a, u in zip(atlas.parcellation.areas, used, strict=True) if u
    )
    cleaned, lengths = clean(
        series[used],
        tr,
        keep=keep,
        regressors=taken.regressors,
        detrend=options.detrend,
        high_pass=options.high_pass,
        low_pass=options.low_pass,
    )
    maps, map_notes = _maps(
        data, inside, series[used], codes, keep, taken, tr, options, image
    )
    own = entities(path.name)
    return Prepared(
        RecordingInfo(
            sha256(path),
            "fmri",
            session=own.get("ses"),
            task=own.get("task"),
            run=own.get("run"),
            sfreq_hz=1 / tr,
            tr_s=tr,
            duration_s=n_volumes * tr,
            n_channels=len(used),
            n_bad=int((~used).sum()),
            mean_fd_mm=taken.mean_fd_mm,
        ),
        atlas.parcellation,
        Timeseries(cleaned, 1 / tr, codes, "fmri", lengths),
        maps=maps,
        notes=(
            *tr_notes,
            *atlas.notes,
            *notes,
            *taken.notes,
            *_censored(keep, options.drop),
            *_band(tr, options),
            *map_notes,
        ),
    )


def _tr(image: Volume, given: float | None) -> tuple[float, tuple[str, ...]]:
    """Decide on the repetition time: the user's, else what header and sidecar say."""
    if given is not None:
        if not plausible(given):
            raise InvalidDataError(
                f"--tr {given:g}: a repetition time is 0.05 to 30 seconds."
            )
        return given, ()
    header, found = repetition_time(image)
    said = _said_time(_sidecar(image.path))
    if said is not None and header is not None and abs(said - header) > 0.01 * said:
        raise InvalidDataError(
            f"The repetition time of {image.path.name} is {found} in its header and "
            f"{said:g} s in its JSON file; give --tr."
        )
    tr = said if said is not None else header
    if tr is None:
        raise InvalidDataError(
            f"The repetition time in the header of {image.path.name} is {found}, which "
            "cannot be right; give --tr SECONDS."
        )
    if said is None and "without a unit" in found:
        return tr, (f"The repetition time is {found} in the header: taken as s.",)
    return tr, ()


def _sidecar(path: Path) -> Path | None:
    sidecar = path.with_name(path.name.split(".nii")[0] + ".json")
    return sidecar if sidecar != path and sidecar.is_file() else None


def _said_time(sidecar: Path | None) -> float | None:
    if sidecar is None:
        return None
    try:
        said: Any = json.loads(sidecar.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidDataError(f"{sidecar.name} is not a JSON file.") from error
    value = said.get("RepetitionTime") if isinstance(said, dict) else None
    if not isinstance(value, int | float) or not plausible(float(value)):
        return None
    return float(value)


def _confounds(path: Path, n_volumes: int, options: Options) -> noise.Confounds:
    table, there = options.confounds, noise.companions(path).get("confounds")
    if table is not None and not (there and table.exists() and table.samefile(there)):
        parts = noise.parse_strategy(options.strategy or "none")
        if set(parts) - {"scrub"}:
            raise InvalidDataError(
                f"--strategy {options.strategy} is for the confounds beside fMRIPrep's "
                "images; with --confounds choose --confound-columns, and scrub or none."
            )
        scrub = options.fd_threshold if parts else None
        return noise.from_table(table, n_volumes, options.confound_columns, scrub)
    if noise.is_fmriprep(path) and options.confound_columns and there:
        parts = noise.parse_strategy(options.strategy or "none")
        scrub = options.fd_threshold if "scrub" in parts else None
        return noise.from_table(there, n_volumes, options.confound_columns, scrub)
    if noise.is_fmriprep(path):
        return noise.from_fmriprep(
            path,
            n_volumes,
            options.strategy,
            options.fd_threshold,
            filtered=options.high_pass > 0,
        )
    if options.strategy and noise.parse_strategy(options.strategy):
        raise InvalidDataError(
            f"--strategy {options.strategy} needs confounds: {path.name} is not named "
            "as fMRIPrep's (desc-preproc_bold); give --confounds FILE."
        )
    if options.confound_columns:
        raise InvalidDataError(
            f"--confound-columns {options.confound_columns} needs a table of them: "
            "give --confounds FILE."
        )
    return noise.none(n_volumes)


def _mask(path: Path, image: Volume, options: Options) -> NDArray[np.bool_] | None:
    found = options.mask or noise.companions(path).get("mask")
    if found is None:
        return None
    mask = open_volume(found, axes=(3,))
    grids = (mask.shape, mask.affine), (image.shape[:3], image.affine)
    if not volumes.same_grid(*grids):
        raise InvalidDataError(
            f"The mask {found.name} is on another grid than the recording."
        )
    return read_data(mask) > 0


def _usable(
    series: FloatArray, atlas: VolumeAtlas
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Tell areas with a signal from those without; name those without."""
    empty = np.asarray(np.isnan(series).any(axis=1), dtype=np.bool_)
    filled = np.where(empty[:, None], 0, series)
    span, size = np.ptp(filled, axis=1), np.abs(filled).max(axis=1)
    still = np.asarray(~empty & (span <= 1e-9 * size), dtype=np.bool_)
    names = np.array([a.name for a in atlas.parcellation.areas])
    notes = tuple(
        f"{int(bad.sum())} of {len(series)} areas {why} and are left out: "
        + _listed([str(n) for n in names[bad]])
        for bad, why in (
            (empty, "have no voxels in the recording"),
            (still, "are constant"),
        )
        if bad.any()
    )
    used = ~empty & ~still
    if used.sum() < 2:
        raise InvalidDataError(
            f"{int(used.sum())} of {len(series)} areas of '{atlas.parcellation.name}' "
            "have a signal in the recording; at least 2 are needed."
        )
    return used, notes


def _maps(
    data: NDArray[np.float32],
    inside: NDArray[np.bool_],
    series: FloatArray,
    codes: tuple[str, ...],
    keep: NDArray[np.bool_],
    taken: noise.Confounds,
    tr: float,
    options: Options,
    image: Volume,
) -> tuple[tuple[ActivationMap, ...], tuple[str, ...]]:
    if options.events is None:
        return (), ()
    from atlasdb_ingest import glm

    times = np.arange(len(keep), dtype=np.float64) * tr
    made = glm.design(glm.read_events(options.events), times, keep, taken.regressors)
    maps = glm.activation_maps(
        made, series[:, keep], codes, data[inside][:, keep], inside, image.affine
    )
    return maps, made.notes


def _censored(keep: NDArray[np.bool_], drop: int) -> tuple[str, ...]:
    censored = int((~keep[drop:]).sum())
    if not censored:
        return ()
    return (f"{censored} of {len(keep)} volumes are censored.",)


def _band(tr: float, options: Options) -> tuple[str, ...]:
    if options.low_pass < 0.5 / tr:
        return ()
    return (
        f"No low-pass: one volume in {tr:g} s holds nothing above {0.5 / tr:.3g} Hz.",
    )


def _listed(names: Sequence[str], most: int = 12) -> str:
    text = ", ".join(names[:most])
    return text + (f" and {len(names) - most} more." if len(names) > most else ".")
