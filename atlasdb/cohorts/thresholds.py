"""The threshold of the network-based statistic, chosen before anything is seen."""

from __future__ import annotations

from scipy import stats

from atlasdb.cohorts.glm import Design, basis
from atlasdb.cohorts.network import Alternative

BY_CHANCE = 5
"""One connection for so many areas passes the default threshold by chance."""


def default_threshold(
    design: Design,
    n_areas: int,
    alternative: Alternative = "two-sided",
    *,
    directed: bool = True,
) -> float:
    """Give a threshold that is chosen without looking at what differs.

    Chance leaves one connection above it for every 5 areas. With one for every 2,
    random connections would begin to hang together in one large component, beside
    which no real one can be told; with few, weak differences are missed. (A component
    of 12 connections that differ by 1.2 standard deviations between 20 + 20 people is
    seen best between 4 and 6, with 20 to 116 areas.)

    Parameters
    ----------
    design : Design
    n_areas : int
    alternative : {"two-sided", "greater", "less"}
    directed : bool, default=True

    Returns
    -------
    float
        In units of t or F.

    Examples
    --------
    >>> from atlasdb.cohorts import contrasts
    >>> two = contrasts.between(["a"] * 20 + ["b"] * 20)
    >>> round(default_threshold(two, 20), 2), round(default_threshold(two, 116), 2)
    (2.69, 3.37)
    """
    df = design.n_rows - basis(design.held).shape[1] - design.tested.shape[1]
    n_connections = n_areas * (n_areas - 1) // (1 if directed else 2)
    level = min(n_areas / BY_CHANCE / max(n_connections, 1), 0.05)
    if not design.is_t:
        return float(stats.f.isf(level, design.tested.shape[1], df))
    return float(stats.t.isf(level / (2 if alternative == "two-sided" else 1), df))
