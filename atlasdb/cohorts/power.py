"""How large a difference a study can see, and how many people a difference needs."""

from __future__ import annotations

import numpy as np
from scipy import optimize, stats

from atlasdb.cohorts.design import FEWEST
from atlasdb.cohorts.glm import Design, basis, left
from atlasdb.errors import InvalidDataError

POWER = 0.8
"""Share of studies that see the effect."""
MOST = 10**6
"""No study has more people in a group."""
MOST_SHIFT = 1e4
"""No t is expected to be larger."""


def detectable_effect(
    n_a: int, n_b: int, *, alpha: float, df: float | None = None
) -> float:
    """Give the standardised difference that a two-sided t test sees in 8 of 10 studies.

    Parameters
    ----------
    n_a, n_b : int
        People in each group.
    alpha : float
        Level of the test.
    df : float, optional
        Degrees of freedom, where the variance is told by more than these people.

    Returns
    -------
    float
        In standard deviations; infinite where no effect would do.

    Examples
    --------
    >>> round(detectable_effect(64, 64, alpha=0.05), 2)
    0.5
    >>> round(detectable_effect(12, 12, alpha=0.05 / 90), 2)
    2.03
    """

    def missed(d: float) -> float:
        return power(d, n_a, n_b, alpha=alpha, df=df) - POWER

    upper = 1.0
    while missed(upper) < 0:
        upper *= 2
        if upper > 1e3:
            return float("inf")
    return float(optimize.brentq(missed, 0.0, upper))


def detectable(design: Design, *, alpha: float, df: float | None = None) -> float:
    """Give the effect that a two-sided test of any design sees in 8 of 10 studies.

    Parameters
    ----------
    design : Design
    alpha : float
        Level of the test; divide it by the number of connections tested.
    df : float, optional
        As for `detectable_effect`.

    Returns
    -------
    float
        In what ``design.effect`` names; infinite where no effect would do.

    Examples
    --------
    >>> from atlasdb.cohorts import contrasts
    >>> two = contrasts.between(["a"] * 64 + ["b"] * 64)
    >>> round(detectable(two, alpha=0.05), 2)
    0.5
    >>> round(detectable(contrasts.paired(34), alpha=0.05), 2)
    0.5
    """
    held = basis(design.held)
    rest = left(design.tested, held)
    k = design.tested.shape[1]
    own = design.n_rows - held.shape[1] - k
    df = own if df is None else df

    def seen(shift: float) -> float:
        if k == 1:
            limit = stats.t.isf(alpha / 2, df)
            wrong_way = np.nan_to_num(stats.nct.cdf(-limit, df, shift), nan=0.0)
            return float(stats.nct.sf(limit, df, shift) + wrong_way)
        return float(stats.ncf.sf(stats.f.isf(alpha, k, df), k, df, shift**2))

    upper = 1.0
    while seen(upper) < POWER:
        upper *= 2
        if upper > MOST_SHIFT:
            return float("inf")
    shift = float(optimize.brentq(lambda x: seen(x) - POWER, 0.0, upper))
    if design.effect.startswith("hedges"):
        return shift / float(np.sqrt((rest**2).sum()))
    if design.effect == "partial_r":
        return float(shift / np.sqrt(shift**2 + own))
    return float(shift**2 / (shift**2 + own + k))


def detectable_case(n_controls: int, *, alpha: float) -> float:
    """Give the deviation of one person that Crawford and Howell's test sees 8 in 10.

    Parameters
    ----------
    n_controls : int
    alpha : float
        Level of the two-sided test.

    Returns
    -------
    float
        In standard deviations of the controls.

    Examples
    --------
    >>> round(detectable_case(20, alpha=0.05), 2)
    3.03
    """
    return detectable_effect(n_controls, 1, alpha=alpha)


def power(
    effect: float, n_a: int, n_b: int, *, alpha: float, df: float | None = None
) -> float:
    """Give the share of studies in which a two-sided t test sees a difference.

    Parameters
    ----------
    effect : float
        In standard deviations.
    n_a, n_b : int
        People in each group.
    alpha : float
        Level of the test; divide it by the number of connections tested.
    df : float, optional
        As for `detectable_effect`.

    Raises
    ------
    InvalidDataError
        If the effect is no finite number.

    Examples
    --------
    >>> round(power(0.5, 64, 64, alpha=0.05), 2)
    0.8
    """
    require_finite(effect)
    df = n_a + n_b - 2 if df is None else df
    shift = effect * np.sqrt(n_a * n_b / (n_a + n_b))
    limit = stats.t.isf(alpha / 2, df)
    seen = stats.nct.sf(limit, df, shift)
    wrong_way = stats.nct.cdf(-limit, df, shift)  # NaN where it is nearly 0
    return float(seen + np.nan_to_num(wrong_way, nan=0.0))


def require_finite(effect: float) -> None:
    """Refuse what is no size of a difference."""
    if not np.isfinite(effect):
        raise InvalidDataError(
            f"An effect is a finite number of standard deviations, not {effect:g}."
        )


def people_needed(effect: float, *, alpha: float) -> int:
    """Give the people in each of two equal groups that see a difference 8 times in 10.

    Parameters
    ----------
    effect : float
        In standard deviations; its sign does not matter.
    alpha : float
        Level of the two-sided t test; divide it by the number of connections tested.

    Returns
    -------
    int
        Per group; at least 3, since no comparison has fewer.

    Raises
    ------
    InvalidDataError
        If the effect is no finite number, or so small that a million people would not
        do.

    Examples
    --------
    >>> people_needed(0.5, alpha=0.05)
    64
    >>> people_needed(0.5, alpha=0.05 / 9900)
    239
    """
    size = abs(effect)
    low, high = FEWEST - 1, FEWEST
    while not size or power(size, high, high, alpha=alpha) < POWER:
        low, high = high, 2 * high
        if not size or high > MOST:
            raise InvalidDataError(
                f"An effect of {effect:g} standard deviations needs more than "
                f"{MOST} people in each group. Name a larger one."
            )
    while high - low > 1:
        middle = (low + high) // 2
        enough = power(size, middle, middle, alpha=alpha) >= POWER
        low, high = (low, middle) if enough else (middle, high)
    return high
