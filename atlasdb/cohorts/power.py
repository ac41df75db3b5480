"""How large a difference a study can see, and how many people a difference needs."""

from __future__ import annotations

import numpy as np
from scipy import optimize, stats

from atlasdb.cohorts.design import FEWEST
from atlasdb.errors import InvalidDataError

POWER = 0.8
"""Share of studies that see the effect."""
MOST = 10**6
"""No study has more people in a group."""


def detectable_effect(n_a: int, n_b: int, *, alpha: float) -> float:
    """Give the standardised difference that a two-sided t test sees in 8 of 10 studies.

    Parameters
    ----------
    n_a, n_b : int
        People in each group.
    alpha : float
        Level of the test.

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
        return power(d, n_a, n_b, alpha=alpha) - POWER

    upper = 1.0
    while missed(upper) < 0:
        upper *= 2
        if upper > 1e3:
            return float("inf")
    return float(optimize.brentq(missed, 0.0, upper))


def power(effect: float, n_a: int, n_b: int, *, alpha: float) -> float:
    """Give the share of studies in which a two-sided t test sees a difference.

    Parameters
    ----------
    effect : float
        In standard deviations.
    n_a, n_b : int
        People in each group.
    alpha : float
        Level of the test; divide it by the number of connections tested.

    Examples
    --------
    >>> round(power(0.5, 64, 64, alpha=0.05), 2)
    0.8
    """
    df = n_a + n_b - 2
    shift = effect * np.sqrt(n_a * n_b / (n_a + n_b))
    limit = stats.t.isf(alpha / 2, df)
    seen = stats.nct.sf(limit, df, shift)
    wrong_way = stats.nct.cdf(-limit, df, shift)  # NaN where it is nearly 0
    return float(seen + np.nan_to_num(wrong_way, nan=0.0))


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
        If the effect is 0 or so small that a million people would not do.

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
