"""BOLD of simulated brains, by the numpy simulator that no network was trained on.

Graphs, events, lengths, noise and the high-pass in one pass are those of NetSim (Smith
et al. 2011, and its published program): rings of five regions, joined; TR 3 s, 200
volumes, events of 2.5 s every 10 s, 50 ms between regions. How strongly activity moves
blood, and thermal noise, were set so that partial correlation and pairwise LiNGAM do
on 5 and 15 regions about what they do on NetSim's simulations 1 and 3.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy import signal

from atlasdb_ingest import denoise
from atlasdb_ingest.simulation import dynamics, graphs, haemodynamics
from directed.known import Array, Made, System

EFFICACY = 0.45
NOISE = 0.4
"""Thermal: of what events in a single region are."""
VARIABILITY = 0.2
"""Of the haemodynamics between regions: some half a second of delay."""
_EDGE_HZ = 1 / 200
_SETTLE = 10
_FIVE = ((0, 1), (1, 2), (2, 3), (3, 4), (0, 4))
_QUIET, _STRONG = 0.1 * NOISE, 2.25
"""Of the two hardest systems: noise, and how many times stronger connections are."""
_LOUD = 1.2
"""Thermal noise of short volumes: of what each region does."""
_LOST = 0.91
"""What a strong connection loses while it is away."""
_THERE_S, _AWAY_S = 20.0, 33.0


def rings(n_regions: int, rng: np.random.Generator) -> Array:
    """Draw strengths for rings of five regions whose third regions are joined."""
    weights = np.zeros((n_regions, n_regions))
    n_rings = n_regions // 5
    for ring in range(n_rings):
        for source, target in _FIVE:
            weights[5 * ring + source, 5 * ring + target] = 1.0
    joints = [(ring, ring + 1) for ring in range(n_rings - 1)]
    joints += [(0, n_rings - 1)] if n_rings > 2 else []
    joints += [(0, n_rings // 2)] if n_rings > 4 else []
    for ring, other in joints:
        weights[5 * ring + 2, 5 * other + 2] = 1.0
    return weights * strengths(weights.shape, rng)


def strengths(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    return np.clip(rng.normal(0.4, 0.1, shape), 0.2, 0.6)


def steady(weights: Array, most: float = 0.75) -> Array:
    """Shrink a graph in which activity would grow without end."""
    growth = float(np.linalg.eigvals(weights).real.max())
    return weights * min(1.0, most / max(growth, 1e-9))


def scanned(
    activity: Array,
    seed: int,
    *,
    tr: float = 3.0,
    noise: float = NOISE,
    veins: int | None = None,
) -> Array:
    """Scan an active brain, and let a filter that knows no future take its drift.

    Haemodynamics are those of the seed `veins`, if it is given: of the same person.
    """
    series = _bold(activity, seed if veins is None else veins, tr)
    thermal = np.random.default_rng(seed).standard_normal(series.shape)
    series = series + noise * usual() * thermal
    filtered = signal.lfilter(*signal.butter(4, 2 * tr * _EDGE_HZ, "high"), series)
    return np.asarray(filtered)


def _bold(
    activity: Array, seed: int, tr: float, *, dt: float = 0.1, noise: float = 0.0
) -> Array:
    series = haemodynamics.bold(
        activity,
        tr,
        seed,
        dt=dt,
        efficacy=EFFICACY,
        variability=VARIABILITY,
        noise=noise,
    )
    return series[:, _SETTLE:]


@cache
def usual() -> float:
    """Give the deviation of regions that only events of their own move."""
    return float(_bold(dynamics.neural(np.zeros((50, 50)), 600.0), 0, 3.0).std())


def active(
    weights: Array, seed: int, *, n_volumes: int = 200, tr: float = 3.0
) -> Array:
    return dynamics.neural(weights, (n_volumes + _SETTLE) * tr, seed)


def person(seed: int, number: int, kind: int) -> np.random.Generator:
    """Chance of one person: never that of another system or seed."""
    return np.random.default_rng([kind, seed, number])


def once(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def ringed(n_regions: int) -> Callable[[int, int], Made]:
    def make(seed: int, number: int) -> Made:
        rng = person(seed, number, n_regions)
        weights = rings(n_regions, rng)
        return scanned(active(weights, once(rng)), once(rng)), weights

    return make


def feedback(sign: int) -> Callable[[int, int], Made]:
    """Cyclic graphs of 5 to 9 regions: a ring with chords, some of them mutual.

    Loops of two amplify where `sign` is 1, and control where it is -1: the target of a
    connection inhibits its source.
    """

    def make(seed: int, number: int) -> Made:
        rng = person(seed, 0, 101)
        n_regions = 5 + seed % 5
        place = np.arange(n_regions)
        there = np.zeros((n_regions, n_regions))
        there[place, (place + 1) % n_regions] = 1
        for _ in range(n_regions // 3):
            source, target = rng.choice(n_regions, 2, replace=False)
            there[source, target] = 1
        for source in rng.choice(n_regions, n_regions // 4, replace=False):
            there[(source + 1) % n_regions, source] = sign
        rng = person(seed, number, 102)
        weights = steady(there * strengths(there.shape, rng))
        activity = active(weights, once(rng), n_volumes=500, tr=2.0)
        return scanned(activity, once(rng), tr=2.0), weights

    return make


def shared_input(seed: int, number: int) -> Made:
    """Events that nobody recorded reach three regions each."""
    rng = person(seed, 0, 111)
    reached = [rng.choice(10, 3, replace=False) for _ in range(3)]
    rng = person(seed, number, 112)
    weights = rings(10, rng)
    whole = np.zeros((13, 13))
    whole[:10, :10] = weights
    for k, regions in enumerate(reached):
        whole[10 + k, regions] = 0.4
    return scanned(active(whole, once(rng)), once(rng))[:10], weights


def backward_inhibition(seed: int, number: int) -> Made:
    """Half of the targets inhibit what drives them."""
    back = person(seed, 0, 121).random((10, 10)) < 0.5
    rng = person(seed, number, 122)
    weights = rings(10, rng)
    answers = back & (weights.T != 0)
    weights = weights - answers * strengths(weights.shape, rng)
    return scanned(active(weights, once(rng)), once(rng)), weights


def non_stationary(seed: int, number: int) -> Made:
    """Strong connections are there for 20 s, then away for 33 s, on average."""
    rng = person(seed, number, 131)
    weights = _STRONG * rings(5, rng)
    away = rng.random(weights.shape) < _AWAY_S / (_AWAY_S + _THERE_S)
    back, leave = 1 - np.exp(-1 / _AWAY_S), 1 - np.exp(-1 / _THERE_S)
    spans = []
    for _ in range(round((200 + _SETTLE) * 3.0)):
        # What takes them away is as strong as the usual one of them, not as each.
        spans.append(weights - _LOST * (away & (weights != 0)))
        change = rng.random(weights.shape)
        away = np.where(away, change >= back, change < leave)
    activity = driven(np.stack(spans), 0.3, once(rng))
    return scanned(activity, once(rng), noise=_QUIET), weights


def strong_input(seed: int, number: int) -> Made:
    """One region has strong events; those of the others are a tenth of its."""
    rng = person(seed, number, 141)
    weights = _STRONG * rings(5, rng)
    activity = driven(weights, 0.1, once(rng))
    return scanned(activity, once(rng), noise=_QUIET), weights


def driven(weights: Array, small: float, seed: int) -> Array:
    """Let the first region have events of unit size, all others small ones."""
    size = np.where(np.arange(weights.shape[-1]) == 0, 1.0, small)
    # The same system in other units, in which all events are of one size.
    scaled = weights * size[:, None] / size
    return size[:, None] * active(scaled, seed)


def mixed_areas(seed: int, number: int) -> Made:
    """Each area holds a fifth of another one, as when borders are drawn wrongly."""
    other = person(seed, 0, 151).permutation(10)
    rng = person(seed, number, 152)
    weights = rings(10, rng)
    clean = scanned(active(weights, once(rng)), once(rng))
    return 0.8 * clean + 0.2 * clean[other], weights


def whole_brain(n_regions: int) -> Callable[[int, int], Made]:
    """Short volumes are noisy; nothing was filtered."""

    def make(seed: int, number: int) -> Made:
        graph = graphs.random_directed(n_regions, 4.0 / n_regions, seed, feedback=0.2)
        rng = person(seed, number, n_regions)
        weights = steady((graph != 0) * strengths(graph.shape, rng))
        activity = dynamics.neural(weights, 1200 * 0.72 + 30, once(rng), dt=0.12)
        series = _bold(activity, once(rng), 0.72, dt=0.12, noise=_LOUD)
        return series[:, -1200:], weights

    return make


def nothing(seed: int, number: int) -> Made:
    """Series that share nothing, each with a memory of its own."""
    rng = person(seed, number, 161)
    keep = rng.uniform(0.2, 0.8, 15)
    series = rng.standard_normal((250, 15))
    for t in range(1, 250):
        series[t] += keep * series[t - 1]
    return series[50:].T, np.zeros((15, 15))


def denoised(n_regions: int, how: str) -> Callable[[int, int], Made]:
    """Do to the replica what an ingest does: the truth stays what it was."""

    def make(seed: int, number: int) -> Made:
        series, weights = ringed(n_regions)(seed, number)
        regressors = None
        if how == "global":  # of all of the head, half of which is in no region
            common = series.mean(axis=0)
            rest = person(seed, number, 172).standard_normal(len(common))
            regressors = (common + 0.5 * common.std() * rest)[:, None]
        if how == "confounds":  # six courses of movement and their derivatives
            walk = person(seed, number, 171).standard_normal((200, 6)).cumsum(axis=0)
            steps = np.diff(walk, axis=0, prepend=walk[:1])
            regressors = np.concatenate([walk, steps], axis=1)
        band = {"high_pass": 0.01, "low_pass": 0.1} if how == "band" else {}
        cleaned, _ = denoise.clean(series, 3.0, regressors=regressors, **band)
        return cleaned, weights

    return make


_TR3 = 1 / 3.0
_ODD = {
    "shared-input": (shared_input, "10 regions; hidden events reach three each"),
    "backward-inhibition": (
        backward_inhibition,
        "10 regions; targets inhibit their sources",
    ),
    "non-stationary": (non_stationary, "5 regions; connections come and go"),
    "strong-input": (strong_input, "5 regions; one has the strong events"),
    "mixed-areas": (mixed_areas, "10 regions; a fifth of each area is another's"),
}
_DENOISED = {
    "band": "band-passed, 0.01-0.1 Hz",
    "global": "global signal taken out",
    "confounds": "12 courses of movement taken out",
}
SYSTEMS: tuple[System, ...] = (
    *(
        System(
            f"fmri-{n}",
            f"rings, {n} regions, TR 3 s, 200 volumes",
            "fmri",
            ringed(n),
            _TR3,
            5,
        )
        for n in (5, 10, 15, 50)
    ),
    *(
        System(
            f"fmri-{name}",
            f"cyclic, 5-9 regions, {about}; TR 2 s, 500 volumes",
            "fmri",
            feedback(sign),
            0.5,
            5,
        )
        for name, sign, about in (
            ("feedback", 1, "loops amplify"),
            ("control", -1, "loops control"),
        )
    ),
    *(
        System(f"fmri-{name}", about, "fmri", make, _TR3, 5)
        for name, (make, about) in _ODD.items()
    ),
    *(
        System(
            f"fmri-whole-{n}",
            f"whole brain, {n} areas, TR 0.72 s, 1200 volumes",
            "fmri",
            whole_brain(n),
            1 / 0.72,
        )
        for n in (100, 400)
    ),
    *(
        System(
            f"fmri-{n}-{how}",
            f"fmri-{n}, {about}",
            "fmri",
            denoised(n, how),
            _TR3,
            5,
            peers=False,
        )
        for n in (10, 15)
        for how, about in _DENOISED.items()
    ),
    System(
        "fmri-null",
        "15 series that share nothing, 200 volumes",
        "fmri",
        nothing,
        _TR3,
        5,
    ),
)
