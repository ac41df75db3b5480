"""How areas and voxels respond to each condition: a first-level GLM by nilearn.

Every condition is a regressor (canonical response, without derivatives), tested
against the baseline. Noise is autoregressive of order 1, drifts are cosines. Onsets
and durations are seconds from the first volume of the file.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError
from atlasdb.types import ActivationMap, FloatArray

if TYPE_CHECKING:
    import pandas as pd

MAX_CONDITIONS = 100
DRIFT_HZ = 1 / 128
"""Slower than this is drift."""
MIN_FREEDOM = 10


@dataclass(frozen=True, eq=False)
class Events:
    """What happened when: columns ``onset, duration`` (s) and ``trial_type``."""

    table: pd.DataFrame
    notes: tuple[str, ...] = ()


def read_events(path: Path) -> Events:
    """Read a BIDS ``events.tsv``.

    Parameters
    ----------
    path : Path
        TSV or CSV with ``onset`` and ``duration`` in seconds and, for several
        conditions, ``trial_type``.

    Returns
    -------
    Events
        Rows without a condition are left out; a missing duration is 0.

    Raises
    ------
    NotFoundError
        If there is no such file.
    InvalidDataError
        If columns are missing, onsets are not numbers, or there are more than 100
        conditions.
    """
    import pandas as pd

    from atlasdb_ingest.readers.table import read_table

    frame = read_table(path, header=True)
    known = [str(c) for c in frame.columns]
    if "onset" not in known or "duration" not in known:
        raise InvalidDataError(
            f"{path.name} needs the columns onset and duration (s); it has: "
            f"{', '.join(known[:12])}."
        )
    notes = []
    kind = frame["trial_type"] if "trial_type" in known else None
    if kind is None:
        kind = pd.Series(["events"] * len(frame))
        notes.append(f"{path.name} has no trial_type: all events are one condition.")
    onset = pd.to_numeric(frame["onset"], errors="coerce")
    duration = pd.to_numeric(frame["duration"], errors="coerce")
    named = kind.notna().to_numpy()
    if not named.all():
        notes.append(f"{int((~named).sum())} events without a trial_type left out.")
    if not named.any():
        raise InvalidDataError(f"{path.name} has no event with a trial_type.")
    onset, duration, kind = onset[named], duration[named], kind[named]
    if not np.isfinite(onset).all() or (duration < 0).any():
        raise InvalidDataError(
            f"{path.name}: every event needs an onset, and a duration of at least 0 s."
        )
    if duration.isna().any():
        notes.append(f"{int(duration.isna().sum())} events have no duration: 0 s.")
    table = pd.DataFrame(
        {
            "onset": onset.to_numpy(np.float64),
            "duration": duration.fillna(0).to_numpy(np.float64),
            "trial_type": [_text(k) for k in kind],
        }
    )
    n = table["trial_type"].nunique()
    if n > MAX_CONDITIONS:
        raise InvalidDataError(
            f"trial_type of {path.name} has {n} different values; at most "
            f"{MAX_CONDITIONS} conditions can be told apart."
        )
    return Events(table, tuple(notes))


def _text(kind: object) -> str:
    """Give a condition's name; whole numbers lose the .0 that a gap gives them."""
    if isinstance(kind, float) and kind.is_integer():
        return str(int(kind))
    return str(kind).strip()


@dataclass(frozen=True, eq=False)
class Design:
    """The regressors of a run.

    Attributes
    ----------
    matrix : ndarray, shape (n_kept, n_regressors)
        Conditions first, in the order of ``conditions``.
    conditions : tuple of (str, int)
        Name and number of events.
    """

    matrix: FloatArray
    conditions: tuple[tuple[str, int], ...]
    notes: tuple[str, ...] = ()


def design(
    events: Events,
    frame_times: FloatArray,
    keep: NDArray[np.bool_],
    regressors: FloatArray,
) -> Design:
    """Make the design matrix of one run.

    Parameters
    ----------
    events : Events
        From `read_events`.
    frame_times : ndarray, shape (n_volumes,)
        Time of each volume, s.
    keep : ndarray of bool, shape (n_volumes,)
        Volumes that are kept; the others have no row.
    regressors : ndarray, shape (n_volumes, n_regressors)
        Confounds.

    Returns
    -------
    Design
        Conditions without an event in the recording are left out, with a note.

    Raises
    ------
    InvalidDataError
        If no condition is left, or too few volumes for the regressors.
    """
    from nilearn.glm.first_level import make_first_level_design_matrix

    table = events.table
    step = float(np.median(np.diff(frame_times)))
    ends = frame_times[0] - 24.0, frame_times[-1] + step
    inside = (table["onset"] + table["duration"] > ends[0]) & (table["onset"] < ends[1])
    notes = list(events.notes)
    if not inside.all():
        notes.append(
            f"{int((~inside).sum())} of {len(table)} events lie outside the recording "
            "and are left out."
        )
    if not inside.any():
        raise InvalidDataError(
            "No event lies in the recording; onsets must be seconds from its start."
        )
    used = table[inside].reset_index(drop=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of overlapping and repeated events
        matrix = make_first_level_design_matrix(
            frame_times,
            used,
            hrf_model="spm",
            drift_model="cosine",
            high_pass=DRIFT_HZ,
            add_regs=regressors if regressors.shape[1] else None,
            min_onset=-1e4,
        )
    counts = used["trial_type"].value_counts()
    names = [str(c) for c in matrix.columns if str(c) in counts.index]
    values = matrix.to_numpy(np.float64)[keep]
    at = [list(matrix.columns).index(c) for c in names]
    silent = [c for c, k in zip(names, at, strict=True) if not np.ptp(values[:, k]) > 0]
    for name in silent:
        notes.append(f"The condition '{name}' has no volumes and is left out.")
    left = [(c, k) for c, k in zip(names, at, strict=True) if c not in silent]
    if not left:
        raise InvalidDataError("No condition has volumes that are kept.")
    rest = [k for k in range(values.shape[1]) if k not in at]
    ordered = values[:, [k for _, k in left] + rest]
    free = len(ordered) - np.linalg.matrix_rank(ordered)
    if free < MIN_FREEDOM:
        raise InvalidDataError(
            f"{len(ordered)} volumes and {ordered.shape[1]} regressors leave {free} "
            f"degrees of freedom; at least {MIN_FREEDOM} are needed for the events."
        )
    conditions = tuple((c, int(counts[c])) for c, _ in left)
    return Design(ordered, conditions, tuple(notes))


def fit(series: FloatArray, made: Design) -> FloatArray:
    """Test every condition against the baseline.

    Parameters
    ----------
    series : ndarray, shape (n_series, n_kept)
        Finite; not yet filtered or standardised.
    made : Design
        From `design`.

    Returns
    -------
    ndarray, shape (n_conditions, n_series)
        z values; 0 where a condition cannot be told from the others.
    """
    from nilearn.glm import compute_contrast
    from nilearn.glm.first_level import run_glm

    n = len(made.conditions)
    scores = np.zeros((n, len(series)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of regressors that depend on each other
        labels, results = run_glm(
            np.ascontiguousarray(series.T, dtype=np.float64), made.matrix, "ar1"
        )
        for k in range(n):
            weights = np.zeros(made.matrix.shape[1])
            weights[k] = 1
            if estimable(made.matrix, weights):
                contrast = compute_contrast(labels, results, weights, stat_type="t")
                scores[k] = np.ravel(contrast.z_score())
    return np.nan_to_num(scores, posinf=40.0, neginf=-40.0)


def estimable(matrix: FloatArray, weights: FloatArray) -> bool:
    """Tell whether a contrast is in the row space of a design.

    Examples
    --------
    >>> twice = np.array([[1.0, 1.0], [2.0, 2.0], [0.0, 0.0]])
    >>> estimable(twice, np.array([1.0, 0.0])), estimable(twice, np.array([1.0, 1.0]))
    (False, True)
    """
    scale = np.linalg.norm(matrix, axis=0)
    scale[scale == 0] = 1
    scaled = matrix / scale
    wanted = weights / scale
    projected = np.linalg.pinv(scaled, rcond=1e-8) @ (scaled @ wanted)
    return bool(np.allclose(projected, wanted, atol=1e-6 * np.abs(wanted).max()))


def activation_maps(
    made: Design,
    areas: FloatArray,
    codes: tuple[str, ...],
    voxels: NDArray[np.float32],
    inside: NDArray[np.bool_],
    affine: FloatArray,
) -> tuple[ActivationMap, ...]:
    """Make one map a condition: by area, and by voxel.

    Parameters
    ----------
    made : Design
        From `design`.
    areas : ndarray, shape (n_areas, n_kept)
        Series of the areas: the numbers of the areas are of the GLM of these, not
        means of the voxels' numbers.
    codes : tuple of str
        Of the areas.
    voxels : ndarray, shape (n_voxels, n_kept)
        Series of the voxels that are `inside`.
    inside : ndarray of bool, shape (x, y, z)
        Where the voxels are.
    affine : ndarray, shape (4, 4)
        Voxel to mm.

    Returns
    -------
    tuple of ActivationMap
        ``data`` and ``z`` are z values, ``p`` is two-sided, ``q`` is adjusted over
        the areas (Benjamini and Hochberg); the volume holds z, and 0 outside.
    """
    from scipy import stats

    by_area, by_voxel = fit(areas, made), fit_blocks(voxels, made)
    maps = []
    for k, (condition, n_trials) in enumerate(made.conditions):
        volume = np.zeros(inside.shape, dtype=np.float32)
        volume[inside] = by_voxel[k]
        z = by_area[k]
        p = 2 * stats.norm.sf(np.abs(z))
        maps.append(
            ActivationMap(
                codes,
                z[:, None].copy(),
                "fmri",
                condition,
                "glm_z",
                "z",
                n_trials=n_trials,
                z=z,
                p=p,
                q=stats.false_discovery_control(p),
                volume=volume,
                affine=affine,
            )
        )
    return tuple(maps)


def fit_blocks(
    series: NDArray[np.float32], made: Design, block: int = 20_000
) -> FloatArray:
    """Do what `fit` does in blocks of series, to bound the memory."""
    parts = [
        fit(np.asarray(series[i : i + block], dtype=np.float64), made)
        for i in range(0, len(series), block)
    ]
    return np.concatenate(parts, axis=1)
