"""BOLD of simulated brains, by the numpy simulator that no network was trained on.

Graphs, events and lengths are those of NetSim (TR 3 s, 200 volumes, events of 2.5 s
every 10 s, 50 ms between regions): rings of five regions, joined. How hard they are
was set by noise in activity and in measurement, and how skewed they are by how
strongly activity moves blood, so that partial correlation and the closed form of FASK
do on 15 regions about what they do on NetSim's simulation 3.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from atlasdb_ingest import denoise
from atlasdb_ingest.simulation import dynamics, graphs, haemodynamics
from directed.known import Array, Made, System

NOISE = 0.55
NEURAL_NOISE = 1.35
EFFICACY = 0.2
VARIABILITY = 0.2
"""Of the haemodynamics between regions: some half a second of delay."""
_SETTLE = 10
_FIVE = ((0, 1), (1, 2), (2, 3), (3, 4), (0, 4))


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
    weights: Array,
    seed: int,
    *,
    n_volumes: int = 200,
    tr: float = 3.0,
    dt: float = 0.1,
    noise: float = NOISE,
    activity: Array | None = None,
) -> Array:
    """Let a brain be active, and scan it."""
    if activity is None:
        activity = active(weights, (n_volumes + _SETTLE) * tr, seed, dt)
    series = haemodynamics.bold(
        activity,
        tr,
        seed,
        dt=dt,
        efficacy=EFFICACY,
        variability=VARIABILITY,
        noise=noise,
    )
    return series[:, -n_volumes:]


def active(weights: Array, duration_s: float, seed: int, dt: float = 0.1) -> Array:
    # White noise has the same power whatever the step.
    noise = NEURAL_NOISE * (0.1 / dt) ** 0.5
    return dynamics.neural(weights, duration_s, seed, dt=dt, noise=noise)


def person(seed: int, number: int, kind: int) -> np.random.Generator:
    """Chance of one person: never that of another system or seed."""
    return np.random.default_rng([kind, seed, number])


def once(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def ringed(n_regions: int) -> Callable[[int, int], Made]:
    def make(seed: int, number: int) -> Made:
        rng = person(seed, number, n_regions)
        weights = rings(n_regions, rng)
        return scanned(weights, once(rng)), weights

    return make


def feedback(seed: int, number: int) -> Made:
    """Cyclic graphs of 5 to 9 regions: a ring with chords, some of them mutual."""
    rng = person(seed, 0, 101)
    n_regions = 5 + seed % 5
    place = np.arange(n_regions)
    there = np.zeros((n_regions, n_regions), dtype=bool)
    there[place, (place + 1) % n_regions] = True
    for _ in range(n_regions // 3):
        source, target = rng.choice(n_regions, 2, replace=False)
        there[source, target] = True
    for source in rng.choice(n_regions, n_regions // 4, replace=False):
        there[(source + 1) % n_regions, source] = True
    rng = person(seed, number, 102)
    weights = steady(there * strengths(there.shape, rng))
    return scanned(weights, once(rng), n_volumes=500, tr=2.0), weights


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
    return scanned(whole, once(rng))[:10], weights


def backward_inhibition(seed: int, number: int) -> Made:
    """Half of the targets inhibit what drives them."""
    back = person(seed, 0, 121).random((10, 10)) < 0.5
    rng = person(seed, number, 122)
    weights = rings(10, rng)
    weights = weights - back * weights.T * 0.75
    return scanned(weights, once(rng)), weights


def non_stationary(seed: int, number: int) -> Made:
    """Connections come and go: there for 30 s, then away for 20 s, on average."""
    rng = person(seed, number, 131)
    weights = rings(10, rng)
    piece_s = 10.0
    there = rng.random(weights.shape) < 0.6
    parts = []
    for _ in range(round((200 + _SETTLE) * 3.0 / piece_s)):
        parts.append(active(weights * there, piece_s, once(rng)))
        change = rng.random(weights.shape)
        leave, enter = 1 - np.exp(-piece_s / 30), 1 - np.exp(-piece_s / 20)
        there = np.where(there, change >= leave, change < enter)
    activity = np.concatenate(parts, axis=1)
    return scanned(weights, once(rng), activity=activity), weights


def strong_input(seed: int, number: int) -> Made:
    """One region has all of the strong events; the others' are a fifth of its."""
    rng = person(seed, number, 141)
    weights = rings(10, rng)
    size = np.where(np.arange(10) == person(seed, 0, 142).integers(10), 1.0, 0.2)
    # The same system in other units, in which all events are of one size.
    scaled = weights * size[:, None] / size
    activity = active(scaled, (200 + _SETTLE) * 3.0, once(rng))
    series = scanned(weights, once(rng), activity=size[:, None] * activity)
    return series, weights


def mixed_areas(seed: int, number: int) -> Made:
    """Each area holds a fifth of another one, as when borders are drawn wrongly."""
    other = person(seed, 0, 151).permutation(10)
    rng = person(seed, number, 152)
    weights = rings(10, rng)
    clean = scanned(weights, once(rng), noise=0.0)
    series = 0.8 * clean + 0.2 * clean[other]
    scale = NOISE * series.std(axis=1, keepdims=True)
    return series + scale * rng.standard_normal(series.shape), weights


def whole_brain(n_regions: int) -> Callable[[int, int], Made]:
    def make(seed: int, number: int) -> Made:
        graph = graphs.random_directed(n_regions, 4.0 / n_regions, seed, feedback=0.2)
        rng = person(seed, number, n_regions)
        weights = steady((graph != 0) * strengths(graph.shape, rng))
        # In an equal time, equal noise: shorter volumes have more of it.
        noise = NOISE * (3.0 / 0.72) ** 0.5
        series = scanned(
            weights, once(rng), n_volumes=1200, tr=0.72, dt=0.12, noise=noise
        )
        return series, weights

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
    "shared-input": (shared_input, "hidden events reach three regions each"),
    "backward-inhibition": (backward_inhibition, "targets inhibit their sources"),
    "non-stationary": (non_stationary, "connections come and go"),
    "strong-input": (strong_input, "one region has the strong events"),
    "mixed-areas": (mixed_areas, "a fifth of each area is another's"),
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
    System(
        "fmri-feedback",
        "cyclic, 5-9 regions, TR 2 s, 500 volumes",
        "fmri",
        feedback,
        0.5,
        5,
    ),
    *(
        System(f"fmri-{name}", f"10 regions; {about}", "fmri", make, _TR3, 5)
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
