"""From series to clean series: detrend, filter, censor, take confounds out.

Series are (n_areas, n_times); frequencies are hertz, times seconds.
"""

from __future__ import annotations

import itertools
import warnings

import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray


def clean(
    series: FloatArray,
    tr: float,
    *,
    keep: NDArray[np.bool_] | None = None,
    regressors: FloatArray | None = None,
    detrend: bool = True,
    high_pass: float = 0.0,
    low_pass: float = 0.0,
) -> tuple[FloatArray, tuple[int, ...]]:
    """Detrend, filter, censor, take out confounds, z-score: in this order.

    Parameters
    ----------
    series : ndarray, shape (n_areas, n_volumes)
        Finite; no constant row.
    tr : float
        Repetition time, s.
    keep : ndarray of bool, shape (n_volumes,), optional
        Volumes that are kept. The others are bridged by straight lines for the
        filter, and then left out.
    regressors : ndarray, shape (n_volumes, n_regressors), optional
        Confounds; they pass the same filter, so that taking them out brings nothing
        back that the filter took.
    detrend : bool, default=True
        Take out straight lines.
    high_pass, low_pass : float, default=0.0
        Edges of the band (Butterworth of order 5, both ways); 0 is none.

    Returns
    -------
    series : ndarray, shape (n_areas, n_kept)
        Mean 0 and standard deviation 1.
    lengths : tuple of int
        Of the pieces that are contiguous in time.

    Raises
    ------
    InvalidDataError
        If the band does not fit the sampling, or too few volumes are left.
    """
    from nilearn import signal

    n_volumes = series.shape[1]
    keep = np.ones(n_volumes, bool) if keep is None else keep.copy()
    n_regressors = 0 if regressors is None else regressors.shape[1]
    left = int(keep.sum()) - n_regressors
    if left < 20:
        raise InvalidDataError(
            f"{int(keep.sum())} of {n_volumes} volumes are left and {n_regressors} "
            "confounds are taken out of them; at least 20 more volumes than confounds "
            "are needed."
        )
    # The other way round NaN would pass.
    if not 0 <= high_pass < (low_pass or np.inf) or not low_pass >= 0:
        raise InvalidDataError(
            f"A band from {high_pass:g} to {low_pass:g} Hz is none; --high-pass must "
            "be below --low-pass (0 is no filter)."
        )
    if high_pass >= 0.5 / tr:
        raise InvalidDataError(
            f"--high-pass {high_pass:g} Hz leaves nothing: with one volume in {tr:g} s "
            f"there is nothing above {0.5 / tr:g} Hz."
        )
    first, last = np.flatnonzero(keep)[[0, -1]]
    keep = keep[first : last + 1]
    whole = series if regressors is None else np.vstack([series, regressors.T])
    whole = _bridge(whole[:, first : last + 1], keep)
    n_times = whole.shape[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # parameters are checked above
        filtered = signal.clean(
            whole.T,
            detrend=detrend,
            standardize=None,
            filter="butterworth",
            high_pass=high_pass or None,
            low_pass=low_pass if 0 < low_pass < 0.5 / tr else None,
            t_r=tr,
            butterworth__padlen=min(33, n_times - 2),
        )[keep]
        n_areas = len(series)
        cleaned = signal.clean(
            filtered[:, :n_areas],
            confounds=filtered[:, n_areas:] if n_regressors else None,
            detrend=False,
            filter=False,
            standardize="zscore_sample",
        ).T
    if not np.isfinite(cleaned).all():
        raise InvalidDataError("The cleaned series have values that are not finite.")
    return np.ascontiguousarray(cleaned), pieces(keep)


def pieces(keep: NDArray[np.bool_]) -> tuple[int, ...]:
    """Give the lengths of the runs of kept volumes.

    Examples
    --------
    >>> pieces(np.array([True, True, False, True]))
    (2, 1)
    """
    return tuple(len(list(g)) for kept, g in itertools.groupby(keep) if kept)


def _bridge(series: FloatArray, keep: NDArray[np.bool_]) -> FloatArray:
    """Replace what is censored by straight lines, for the filter to pass over."""
    if keep.all():
        return np.array(series)
    at = np.flatnonzero(keep)
    every = np.arange(len(keep))
    return np.stack([np.interp(every, at, row[at]) for row in series])
