"""What to take out of a series because it is not the brain: motion, heart, scanner.

fMRIPrep output brings its confounds along, and nilearn's strategies choose among
them; any other recording may have a table of them. Framewise displacement is Power's,
in mm: the sum of the absolute changes of three shifts (mm) and of three rotations
(radians) on a sphere of 50 mm.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray
from atlasdb_ingest.readers.volume import entities

if TYPE_CHECKING:
    import pandas as pd

STRATEGIES = (
    "motion", "high_pass", "wm_csf", "global_signal", "compcor", "ica_aroma", "scrub",
)  # fmt: skip
"""Parts of nilearn's `load_confounds`; "none" stands alone and means none of them."""
DEFAULT_STRATEGY = "motion,high_pass,wm_csf"
MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
_USUAL = re.compile(r"(trans|rot)_[xyz]|csf|white_matter|a_comp_cor_0[0-5]")
_HEAD_MM = 50.0


@dataclass(frozen=True, eq=False)
class Confounds:
    """What is regressed out of a recording, and which volumes are kept.

    Attributes
    ----------
    regressors : ndarray, shape (n_volumes, n_regressors)
        Finite; no column where nothing is regressed out.
    keep : ndarray of bool, shape (n_volumes,)
        False for volumes that are censored.
    mean_fd_mm : float or None
        Mean framewise displacement of all volumes, where it can be known.
    notes : tuple of str
        What was done, for the user.
    """

    regressors: FloatArray
    keep: NDArray[np.bool_]
    mean_fd_mm: float | None = None
    notes: tuple[str, ...] = ()


def is_fmriprep(path: Path) -> bool:
    """Tell by its name whether an image is a preprocessed run of fMRIPrep's.

    Examples
    --------
    >>> is_fmriprep(Path("sub-1_task-rest_space-T1w_desc-preproc_bold.nii.gz"))
    True
    """
    own = entities(path.name)
    return (own.get("desc"), own.get("suffix")) == ("preproc", "bold")


def companions(path: Path) -> dict[str, Path]:
    """Find what fMRIPrep puts beside a preprocessed run.

    Parameters
    ----------
    path : Path
        ``*_desc-preproc_bold.nii.gz``.

    Returns
    -------
    dict of str to Path
        ``"mask"``, ``"confounds"``, ``"meta"``: those that are there.
    """
    if not is_fmriprep(path) or not path.parent.is_dir():
        return {}
    found = {}
    mask = path.with_name(re.sub("_desc-preproc_bold", "_desc-brain_mask", path.name))
    if mask.is_file():
        found["mask"] = mask
    run = {k: v for k, v in entities(path.name).items() if k not in _OF_IMAGE}
    for table in sorted(path.parent.glob("*_desc-confounds_*.tsv")):
        theirs = {k: v for k, v in entities(table.name).items() if k not in _OF_IMAGE}
        if theirs == run:
            found["confounds"] = table
            if table.with_suffix(".json").is_file():
                found["meta"] = table.with_suffix(".json")
    return found


_OF_IMAGE = ("space", "res", "den", "cohort", "desc", "suffix")


def parse_strategy(text: str) -> tuple[str, ...]:
    """Split and check ``--strategy``.

    Examples
    --------
    >>> parse_strategy("motion, scrub"), parse_strategy("none")
    (('motion', 'scrub'), ())
    """
    parts = tuple(p.strip().lower() for p in text.split(",") if p.strip())
    unknown = [p for p in parts if p not in (*STRATEGIES, "none")]
    if unknown or not parts or ("none" in parts and len(parts) > 1):
        raise InvalidDataError(
            f"--strategy {text}: it takes none, or some of {', '.join(STRATEGIES)}, "
            "joined by commas."
        )
    return tuple(p for p in parts if p != "none")


def from_fmriprep(
    path: Path,
    n_volumes: int,
    strategy: str | None,
    fd_threshold: float,
    *,
    filtered: bool,
) -> Confounds:
    """Choose among the confounds that fMRIPrep computed, by nilearn's strategies.

    Parameters
    ----------
    path : Path
        ``*_desc-preproc_bold.nii.gz``; its confounds lie beside it.
    n_volumes : int
        Of the image.
    strategy : str or None
        Parts joined by commas; None stands for `DEFAULT_STRATEGY`.
    fd_threshold : float
        In mm: volumes that moved more are censored where ``scrub`` is chosen.
    filtered : bool
        Whether a high-pass filter follows. It takes the drifts out, so the cosines
        of ``high_pass`` are not needed beside it.

    Raises
    ------
    InvalidDataError
        If the confounds are not there or lack what the strategy needs.
    """
    from nilearn.interfaces.fmriprep import load_confounds

    there = companions(path)
    parts = parse_strategy(strategy or DEFAULT_STRATEGY)
    if not there.get("confounds"):
        if strategy is not None and not parts:
            return none(n_volumes)
        raise InvalidDataError(
            f"There is no desc-confounds_timeseries.tsv beside {path.name}; give "
            "--confounds FILE, or --strategy none to do without."
        )
    table = _read(there["confounds"], n_volumes)
    mean_fd = displacement(table)
    if not parts:
        return Confounds(
            np.empty((n_volumes, 0)), np.ones(n_volumes, bool), _mean(mean_fd)
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters is checked here
            frame, kept = load_confounds(
                str(path), strategy=parts, fd_threshold=fd_threshold
            )
    except Exception as error:  # nilearn raises several kinds, with long texts
        reason = " ".join(str(error).split())[:150].replace(str(path.parent), "")
        raise InvalidDataError(
            f"{there['confounds'].name} does not serve --strategy {','.join(parts)}: "
            f"{reason}"
        ) from error
    keep = np.ones(n_volumes, bool)
    if kept is not None:
        keep[:] = False
        keep[np.asarray(kept)] = True
    if frame is not None and filtered:
        frame = frame[[c for c in frame.columns if not str(c).startswith("cosine")]]
    regressors = np.empty((n_volumes, 0)) if frame is None else _finite(frame)
    note = f"{regressors.shape[1]} confounds taken out ({', '.join(parts)})."
    return Confounds(regressors, keep, _mean(mean_fd), (note,))


def from_table(
    path: Path, n_volumes: int, columns: str | None, scrub: float | None
) -> Confounds:
    """Take confounds from a table with one row a volume.

    Parameters
    ----------
    path : Path
        TSV, CSV or text, with or without a header.
    n_volumes : int
        Of the image.
    columns : str, optional
        Names joined by commas. By default the six of motion, ``csf``,
        ``white_matter`` and the first ``a_comp_cor`` where there are such, and else
        all columns.
    scrub : float, optional
        Censor volumes whose framewise displacement is above it, mm.

    Raises
    ------
    NotFoundError
        If there is no such file.
    InvalidDataError
        If its rows are not the volumes, or columns are not there.
    """
    table = _read(path, n_volumes)
    known = [str(c) for c in table.columns]
    if columns is not None:
        wanted = [c.strip() for c in columns.split(",") if c.strip()]
        absent = [c for c in wanted if c not in known]
        if absent:
            raise InvalidDataError(
                f"{path.name} has no column {', '.join(absent)}; it has: "
                f"{', '.join(known[:12])}."
            )
    else:
        wanted = [c for c in known if _USUAL.fullmatch(c)] or [
            c for c in known if c != "framewise_displacement"
        ]
    table.columns = table.columns.map(str)
    moved = displacement(table)
    keep = np.ones(n_volumes, bool)
    if scrub is not None:
        if moved is None:
            raise InvalidDataError(
                f"{path.name} has no framewise_displacement and no six columns of "
                "motion (trans_x ... rot_z), so volumes cannot be censored."
            )
        keep = ~(np.nan_to_num(moved) > scrub)
    note = f"{len(wanted)} confounds taken out: {', '.join(wanted[:8])}"
    note += f" and {len(wanted) - 8} more." if len(wanted) > 8 else "."
    return Confounds(_finite(table[wanted]), keep, _mean(moved), (note,))


def none(n_volumes: int) -> Confounds:
    """Regress nothing out and keep every volume."""
    return Confounds(np.empty((n_volumes, 0)), np.ones(n_volumes, bool))


def displacement(table: pd.DataFrame) -> FloatArray | None:
    """Find or compute the framewise displacement.

    Parameters
    ----------
    table : pandas.DataFrame
        Column ``framewise_displacement``, or the six of `MOTION` (mm and radians).

    Returns
    -------
    ndarray, shape (n_volumes,), or None
        In mm; the first is NaN or 0.
    """
    if "framewise_displacement" in table.columns:
        return table["framewise_displacement"].to_numpy(np.float64, na_value=np.nan)
    if not set(MOTION) <= set(table.columns):
        return None
    six = np.array(table[list(MOTION)], dtype=np.float64)
    six[:, 3:] *= _HEAD_MM
    moved = np.abs(np.diff(six, axis=0)).sum(axis=1)
    return np.concatenate([[np.nan], moved])


def _mean(moved: FloatArray | None) -> float | None:
    if moved is None or not np.isfinite(moved).any():
        return None
    return float(np.nanmean(moved))


def _read(path: Path, n_volumes: int) -> pd.DataFrame:
    import pandas as pd

    from atlasdb_ingest.readers.table import read_table

    table = read_table(path)
    table = pd.DataFrame(
        {c: pd.to_numeric(table[c], errors="coerce") for c in table.columns}
    )
    if len(table) != n_volumes:
        raise InvalidDataError(
            f"{path.name} has {len(table)} rows and the image {n_volumes} volumes."
        )
    return table


def _finite(frame: pd.DataFrame) -> FloatArray:
    """Fill the first rows, where differences do not exist, with the column's mean."""
    values = np.array(frame, dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    empty = np.isnan(values).all(axis=0)
    if empty.any():
        raise InvalidDataError(
            f"The column '{frame.columns[int(np.argmax(empty))]}' of the confounds "
            "holds no numbers."
        )
    many = np.isnan(values).sum(axis=0) > 5
    if many.any():
        raise InvalidDataError(
            f"The column '{frame.columns[int(np.argmax(many))]}' of the confounds has "
            f"{int(np.isnan(values).sum(axis=0).max())} missing values."
        )
    return np.where(np.isnan(values), np.nanmean(values, axis=0), values)
