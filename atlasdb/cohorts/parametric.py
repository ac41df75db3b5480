"""A linear model tested by the t or F distribution at every connection at once."""

from __future__ import annotations

import numpy as np

from atlasdb.cohorts.glm import Design, basis, left
from atlasdb.cohorts.permutation import Fit, effects, fit, tail
from atlasdb.cohorts.variances import flatness, squeezed
from atlasdb.types import FloatArray


def parametric(
    y: FloatArray, design: Design, *, moderated: bool = False
) -> dict[str, FloatArray]:
    """Test every column by formula, two-sided where there is a direction.

    Parameters
    ----------
    y : ndarray, shape (n_rows, n_columns)
        NaN where there is no estimate.
    design : Design
    moderated : bool, default=False
        Move the residual variances of all columns together (`variances`).

    Returns
    -------
    dict of ndarray, shape (n_columns,)
        ``statistic`` (t or F), ``df``, ``effect`` (called `Design.effect`),
        ``effect_low, effect_high`` (95 %, of Hedges' g between two groups) and ``p``;
        NaN where nothing was tested.

    Raises
    ------
    InvalidDataError
        If nothing can be tested.
    """
    fitted = fit(y, design, 1, 0)
    statistic = np.asarray(fitted.statistic(fitted.partial), dtype=np.float64)
    found = effects(fitted, statistic)
    if moderated:
        variance = _residual_variance(y, fitted)
        level = np.nanmean(y[:, fitted.columns], axis=0)
        better, df = squeezed(variance, fitted.df, level, flatness(y))
        ratio = variance / better
        statistic = statistic * (np.sqrt(ratio) if design.is_t else ratio)
    else:
        df = fitted.df
    found |= {"statistic": statistic, "df": df, "p": tail(fitted, statistic, df)}
    return {name: fitted.spread(values, y.shape[1]) for name, values in found.items()}


def _residual_variance(y: FloatArray, fitted: Fit) -> FloatArray:
    """Give the variance that the full model leaves of each tested column."""
    lengths = []
    for part in fitted.parts:
        held = basis(fitted.design.held[part.rows])
        rest = left(y[np.ix_(part.rows, part.columns)], held)
        lengths.append((rest**2).sum(axis=0))
    share = fitted.partial**2 if fitted.design.is_t else fitted.partial
    variance: FloatArray = np.concatenate(lengths) * (1 - share) / fitted.df
    return variance
