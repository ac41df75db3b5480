"""One patient against controls: how unusual each connection or area is.

The controls are a sample, not the population, so that a patient's z read from the
normal table calls too many people abnormal. Here z is tested by the t that allows for
the size of the sample. Covariates (age, sex) are held constant by a regression on the
controls, and the test is then that of a prediction for a new person.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from atlasdb.cohorts.corrections import q_values
from atlasdb.cohorts.design import FEWEST
from atlasdb.cohorts.patterns import by_people
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray

_STATISTICS = ("mean", "sd", "z", "t", "df", "p", "percentile")


def against_controls(
    patient: FloatArray,
    controls: FloatArray,
    patient_covariates: FloatArray,
    control_covariates: FloatArray,
    *,
    alpha: float = 0.05,
) -> dict[str, NDArray[Any]]:
    """Test each value of one person against those of the controls.

    Parameters
    ----------
    patient : ndarray, shape (...)
        Such as ``[source, target]``, or one value for each area; NaN where there is
        no estimate.
    controls : ndarray, shape (n_controls, ...)
        The patient is not among them.
    patient_covariates : ndarray, shape (n_columns,)
    control_covariates : ndarray, shape (n_controls, n_columns)
        What to hold constant.
    alpha : float, default=0.05
        False discovery rate (Benjamini and Hochberg) over the values tested.

    Returns
    -------
    dict of ndarray
        Of the patient's shape, NaN where a value could not be tested: ``mean``, what
        controls like the patient have, ``sd`` of the controls about it, ``z`` (an
        effect size, not a test), ``t, df, p`` (two-sided), ``q``, ``percentile``
        (controls below the patient, of 100; ties count half), held at the covariates;
        ``significant`` bool; ``n`` int, controls with an estimate.

    Raises
    ------
    InvalidDataError
        If controls are too few, or the arrays do not fit one another.

    Notes
    -----
    Without covariates ``t`` is z / sqrt((n + 1) / n) with n - 1 degrees of freedom,
    the test of Crawford and Howell, of which [1]_ finds that it holds its rate of
    false alarms where z and other t tests do not. With covariates it is the
    discrepancy from the prediction over the standard error for a new case [2]_.

    References
    ----------
    .. [1] J. R. Crawford and P. H. Garthwaite, "Single-case research in
       neuropsychology: A comparison of five forms of t-test for comparing a case to
       controls", Cortex, 2012.
    .. [2] J. R. Crawford and P. H. Garthwaite, "Comparing patients' predicted test
       scores from a regression equation with their obtained scores: a significance
       test and point estimate of abnormality with accompanying confidence limits",
       Neuropsychology 20(3), 259-271, 2006. doi:10.1037/0894-4105.20.3.259

    Examples
    --------
    >>> controls = np.array([[8.0], [9.0], [10.0], [11.0], [12.0]])
    >>> none = np.empty((5, 0))
    >>> found = against_controls(np.array([14.0]), controls, none[0], none)
    >>> found["t"].round(2), found["p"].round(3), found["percentile"]
    (array([2.31]), array([0.082]), array([100.]))
    """
    _check(patient, controls, patient_covariates, control_covariates, alpha)
    y = controls.reshape(len(controls), -1)
    own = patient.reshape(-1)
    present = np.isfinite(y)
    found = {name: np.full(y.shape[1], np.nan) for name in _STATISTICS}
    for columns in by_people(present):
        rows = present[:, columns[0]]
        asked = columns[np.isfinite(own[columns])]
        if rows.sum() < FEWEST or not asked.size:
            continue
        held, new = _scaled(control_covariates[rows], patient_covariates)
        tested = _tested(y[np.ix_(rows, asked)], own[asked], held, new)
        for name, values in tested.items():
            found[name][asked] = values
    found["q"] = q_values(found["p"])
    result: dict[str, NDArray[Any]] = {
        name: values.reshape(patient.shape) for name, values in found.items()
    }
    result["significant"] = np.nan_to_num(result["q"], nan=1.0) < alpha
    result["n"] = present.sum(axis=0).reshape(patient.shape)
    return result


def ranked(found: dict[str, NDArray[Any]]) -> NDArray[np.intp]:
    """Order the values that were tested, the most unusual first.

    Parameters
    ----------
    found : dict of ndarray
        From `against_controls`.

    Returns
    -------
    ndarray of int, shape (n_tested, n_axes)
        Places of the values, ``[source, target]`` for connections.
    """
    p, t = found["p"].ravel(), np.abs(found["t"].ravel())
    tested = np.flatnonzero(np.isfinite(p))
    order = tested[np.lexsort((-t[tested], p[tested]))]
    return np.column_stack(np.unravel_index(order, found["p"].shape))


def outside(
    patient_covariates: FloatArray, control_covariates: FloatArray
) -> NDArray[np.intp]:
    """Find covariates in which the patient lies beyond every control.

    There the regression tells what controls would be like whom nobody has measured.

    Parameters
    ----------
    patient_covariates : ndarray, shape (n_columns,)
    control_covariates : ndarray, shape (n_controls, n_columns)

    Returns
    -------
    ndarray of int
        Columns.

    Examples
    --------
    >>> outside(np.array([90.0, 1.0]), np.array([[20.0, 0.0], [60.0, 1.0]]))
    array([0])
    """
    below = patient_covariates < control_covariates.min(axis=0)
    above = patient_covariates > control_covariates.max(axis=0)
    return np.flatnonzero(below | above)


def _check(
    patient: FloatArray,
    controls: FloatArray,
    patient_covariates: FloatArray,
    control_covariates: FloatArray,
    alpha: float,
) -> None:
    if not 0 < alpha < 1:
        raise InvalidDataError(f"alpha must lie between 0 and 1, not {alpha:g}.")
    if controls.shape[1:] != patient.shape:
        raise InvalidDataError(
            f"The patient has values of shape {patient.shape}, the controls "
            f"{controls.shape[1:]}. Give both on the same areas."
        )
    n, n_columns = len(controls), control_covariates.shape[1]
    if n < FEWEST:
        raise InvalidDataError(
            f"One person is compared with {n} controls; at least {FEWEST} are needed "
            "for their spread to be told. Add controls."
        )
    if patient_covariates.shape != (n_columns,) or len(control_covariates) != n:
        raise InvalidDataError(
            f"Covariates have shapes {patient_covariates.shape} for the patient and "
            f"{control_covariates.shape} for {n} controls. Give the same columns for "
            "everybody."
        )
    unknown = int((~np.isfinite(control_covariates)).any(axis=1).sum())
    if unknown or not np.isfinite(patient_covariates).all():
        who = f"{unknown} controls" if unknown else "the patient"
        raise InvalidDataError(
            f"A covariate is not known of {who}. Add it, or leave it out."
        )
    if n - n_columns < FEWEST:
        raise InvalidDataError(
            f"{n} controls are too few for {n_columns} columns of covariates. Add "
            "controls, or hold less constant."
        )


def _scaled(held: FloatArray, new: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Put a constant beside the covariates, centred and scaled on the controls."""
    centre = held.mean(axis=0)
    scale = np.abs(held - centre).max(axis=0, initial=0.0)
    varies = scale > 1e-12 * np.abs(held).max(axis=0, initial=0.0)
    scale = np.where(varies, scale, 1.0)
    base = np.column_stack([np.ones(len(held)), np.where(varies, held - centre, 0.0)])
    base[:, 1:] /= scale
    return base, np.concatenate([[1.0], (new - centre) / scale])


def _tested(
    y: FloatArray, own: FloatArray, base: FloatArray, new: FloatArray
) -> dict[str, FloatArray]:
    """Test values that the same controls have; y is (n_controls, n_values)."""
    inverse = np.linalg.pinv(base.T @ base, hermitian=True)
    # A patient in whom something varies that does not among the controls (of one sex,
    # say) is like none of them.
    strange = np.abs(new - base.T @ base @ inverse @ new).max() > 1e-8
    df = len(y) - int(np.linalg.matrix_rank(base))
    if strange or df < FEWEST - 1:
        return {}
    coefficients = inverse @ base.T @ y
    mean = new @ coefficients
    left = y - base @ coefficients
    sd = np.sqrt((left**2).sum(axis=0) / df)
    tells = sd > 1e-12 * np.abs(y).max(axis=0)  # else all controls are alike
    sd = np.where(tells, sd, np.nan)
    off = own - mean
    t = off / sd / np.sqrt(1 + new @ inverse @ new)
    tie = 1e-9 * np.abs(y).max(axis=0)
    below = (left < off - tie).mean(axis=0) + (np.abs(left - off) <= tie).mean(
        axis=0
    ) / 2
    return {
        "mean": np.where(tells, mean, np.nan),
        "sd": sd,
        "z": off / sd,
        "t": t,
        "df": np.where(tells, float(df), np.nan),
        "p": 2 * stats.t.sf(np.abs(t), df),
        "percentile": np.where(tells, 100 * below, np.nan),
    }
