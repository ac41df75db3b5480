"""How sure: surrogates, p, q, the probability of a connection, agreement of halves.

Surrogates are the recording itself with regions shifted in time, round the end to the
beginning: each course stays what it was, and whatever joined two of them is gone. The
lagged engine shifts all regions, each by its own amount; the contemporaneous one
shifts one at a time against the rest. The estimator sees them with the settings it
had. So p tests dependence: that there is something between two regions which is not
there when they ran at different times. It does not test direction, nor whether an
unmeasured third region drives both.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from atlasdb.types import FloatArray

_TAIL = 10
"""The largest tenth of the null is its tail."""
_POINTS = 2000
"""Quantiles that stand for all p values where there are more."""


def shifted(
    data: FloatArray, n_surrogates: int, seed: int
) -> Iterator[tuple[FloatArray, NDArray[np.bool_]]]:
    """Yield surrogates of one recording.

    Parameters
    ----------
    data : ndarray of float, shape (n_regions, n_times)
        Series.
    n_surrogates : int
        How many.
    seed : int
        Same seed, same surrogates.

    Yields
    ------
    surrogate : ndarray of float, shape (n_regions, n_times)
        Every region shifted by its own number of samples.
    apart : ndarray of bool, shape (n_regions, n_regions)
        Pairs whose shifts are far enough from one another (a twentieth of the
        recording) for nothing to be left between them; never the diagonal.
    """
    n_regions, n_times = data.shape
    rng = np.random.default_rng([seed, n_regions])
    place = np.arange(n_times)
    for _ in range(n_surrogates):
        shift = np.floor(rng.random(n_regions) * n_times).astype(np.int64)
        distance = np.abs(shift[:, None] - shift)
        distance = np.minimum(distance, n_times - distance)
        columns = (place - shift[:, None]) % n_times
        apart = distance > max(1, n_times // 20)
        np.fill_diagonal(apart, False)
        yield np.take_along_axis(data, columns, axis=1), apart


def far_shifts(n_regions: int, n_times: int, n: int, seed: int) -> NDArray[np.int64]:
    """Draw shifts, none of which is nearer to 0 than a twentieth of the recording.

    Returns
    -------
    ndarray of int, shape (n_regions, n)
        Samples.
    """
    rng = np.random.default_rng([seed, n_regions])
    near = max(1, n_times // 20) + 1
    return rng.integers(near, n_times - near + 1, (n_regions, n))


def p_values(observed: FloatArray, null: FloatArray) -> FloatArray:
    """Compare each statistic with those of all surrogates and pairs together.

    Beyond the largest of them, their tail is continued as an exponential, so that few
    surrogates are enough for many pairs.

    Parameters
    ----------
    observed : ndarray of float, shape (n_regions, n_regions)
        Statistics, large where there is a connection.
    null : ndarray of float, shape (n,)
        The same statistic in surrogates.

    Returns
    -------
    ndarray of float, shape (n_regions, n_regions)
        p above 0, NaN on the diagonal.
    """
    ordered = np.sort(null)
    n = ordered.size
    as_large = n - np.searchsorted(ordered, observed, side="left")
    p = (1.0 + as_large) / (1.0 + n)
    n_tail = n // _TAIL
    if n_tail >= 5:
        start = ordered[n - n_tail - 1]
        excess = float((ordered[n - n_tail :] - start).mean())
        over = (np.maximum(observed, start) - start) / max(excess, 1e-12)
        # Exponential beyond the last tenth; the power is for its uncertain scale.
        tail = (n_tail + 1) / (n + 1) * (1 + over / n_tail) ** (-n_tail)
        p = np.where(as_large < 10, np.maximum(tail, 1e-12), p)
    np.fill_diagonal(p, np.nan)
    return np.asarray(p, dtype=np.float64)


def inflation(observed: FloatArray, null: FloatArray) -> float:
    """Tell how much wider chance is in a recording than in its surrogates.

    No model is the world: it gains a little by sources that only resemble the true
    ones, which surrogates, where nothing is connected, do not show. Most pairs are
    not connected; how much their lower quarter exceeds that of the surrogates shows
    how wide chance is. Where most pairs are connected, fewer of them are found.

    Parameters
    ----------
    observed : ndarray of float, shape (n_regions, n_regions)
        Statistics of at least 0.
    null : ndarray of float, shape (n,)
        The same statistic in surrogates.

    Returns
    -------
    float
        At least 1: what to multiply the surrogates by.

    Examples
    --------
    >>> inflation(np.array([[np.nan, 2.0], [4.0, np.nan]]), np.array([1.0, 2.0]))
    2.0
    """
    known = observed[np.isfinite(observed)]
    if known.size == 0 or null.size == 0:
        return 1.0
    for share in (0.25, 0.5):
        usual = float(np.quantile(null, share))
        if usual > 0:
            return max(1.0, float(np.quantile(known, share)) / usual)
    return 1.0


def false_discovery(p: FloatArray) -> FloatArray:
    """Adjust p values for their number, by Benjamini and Hochberg; NaN stays NaN."""
    q = np.full_like(p, np.nan)
    tested = np.isfinite(p)
    if tested.any():
        q[tested] = stats.false_discovery_control(p[tested])
    return q


def connected(p: FloatArray) -> FloatArray:
    """Turn p values into the probability that there is a connection.

    As normal scores, the p values are a mixture: of unit width where there is nothing,
    wider where there is something. Share and width are averaged over what fits the p
    values of this recording, so that few pairs give cautious answers, and what is
    wide but falls near 0 counts as nothing.

    Parameters
    ----------
    p : ndarray of float, shape (n_regions, n_regions)
        p values, NaN on the diagonal.

    Returns
    -------
    ndarray of float, shape (n_regions, n_regions)
        Between 0 and 1, falling with p; NaN where p is.
    """
    tested = np.isfinite(p)
    probability = np.full_like(p, np.nan)
    if not tested.any():
        return probability
    known = np.sort(p[tested])
    share = 1.0
    if known.size > _POINTS:
        share = known.size / _POINTS
        known = known[np.linspace(0, known.size - 1, _POINTS).astype(np.int64)]
    score = stats.norm.isf(np.maximum(known, 1e-12) / 2)
    empty = np.linspace(0.02, 0.98, 25)[:, None, None]
    width = np.geomspace(1.5, 8.0, 12)[None, :, None]
    density = empty + (1 - empty) * _ratio(score, width)
    # A connection is rarer than not: a mild prior that few pairs lean on.
    prior = np.log(empty[..., 0]) + 0.5 * np.log(1 - empty[..., 0])
    fit = share * np.log(density).sum(axis=-1) + prior
    credible = np.exp(fit - fit.max())[..., None]
    credible /= credible.sum()
    grid = np.linspace(0.0, 7.2, 145)
    nothing = empty + (1 - empty) * _ratio(0.0 * grid, width)
    joined = 1 - nothing / (empty + (1 - empty) * _ratio(grid, width))
    answer = (credible * joined).sum(axis=(0, 1))
    wanted = stats.norm.isf(np.maximum(p[tested], 1e-12) / 2)
    probability[tested] = np.interp(wanted, grid, answer)
    return np.clip(probability, 0.0, 1.0)


def _ratio(score: FloatArray, width: FloatArray) -> FloatArray:
    """Give the density of a wide normal over that of the unit normal."""
    return np.asarray(np.exp(0.5 * score**2 * (1 - width**-2)) / width)


def agreement(first: FloatArray, second: FloatArray) -> FloatArray:
    """Tell of each connection how well two estimates of it agree.

    Returns
    -------
    ndarray of float
        Smaller over larger of the two sizes; 0 where the signs differ.
    """
    small = np.minimum(np.abs(first), np.abs(second))
    large = np.maximum(np.abs(first), np.abs(second))
    ratio = small / np.where(large > 0, large, 1.0)
    return np.asarray(np.where(first * second > 0, ratio, 0.0))
