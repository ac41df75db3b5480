"""Fast series whose connections are known: autoregressions, chaos, simulated EEG."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from atlasdb_ingest.simulation import dynamics, graphs
from directed.known import Array, Made, System

_SFREQ = 128.0
_REACH = 0.22
"""How far a source reaches over the head, in radii of it."""
_APART = 0.05
"""How far from each other sensors are at least, in the same unit."""
_DEPTH_M = 0.015


def autoregression(n_times: int):
    def make(seed: int, number: int) -> Made:
        weights = graphs.random_directed(
            20, 0.12, seed, feedback=0.2, negative=0.3, low=0.15, high=0.4
        )
        return dynamics.var(weights, n_times, seed), weights

    return make


def chaos(forcing: float):
    def make(seed: int, number: int) -> Made:
        return dynamics.lorenz96(20, 500, seed, forcing=forcing)

    return make


def oscillating(weights: Array, n_times: int, seed: int) -> Array:
    """Run sources with rhythms of 6 to 25 Hz, joined with delays of 1 to 4 samples."""
    rng = np.random.default_rng([seed, len(weights)])
    n_regions, order = len(weights), 4
    turn = 2 * np.pi * rng.uniform(6.0, 25.0, n_regions) / _SFREQ
    width = rng.uniform(0.8, 0.9, n_regions)
    lag = rng.integers(0, order, weights.shape)
    lagged = np.stack([np.where(lag == k, weights, 0.0).T for k in range(order)])
    lagged[0] += np.diag(2 * width * np.cos(turn))
    lagged[1] -= np.diag(width**2)
    companion = np.eye(n_regions * order, k=-n_regions)
    companion[:n_regions] = np.concatenate(list(lagged), axis=1)
    shrink = min(1.0, 0.95 / float(np.abs(np.linalg.eigvals(companion)).max()))
    lagged *= shrink ** np.arange(1, order + 1)[:, None, None]
    series = rng.standard_normal((500 + n_times, n_regions))
    for t in range(order, len(series)):
        for k in range(order):
            series[t] += lagged[k] @ series[t - 1 - k]
    return np.ascontiguousarray(series[500:].T)


def sources(seed: int, number: int) -> Made:
    weights = graphs.random_directed(
        19, 0.12, seed, low=0.1, high=0.35, feedback=0.1, negative=0.3
    )
    return oscillating(weights, 5120, seed), weights


def leaky(seed: int, number: int) -> Made:
    """Sensors that see their source, and others the less the farther they are."""
    series, weights = sources(seed, number)
    rng, distance = np.random.default_rng([seed, 1]), np.zeros((19, 19))
    # Two at one place would be one sensor.
    while distance[np.triu_indices(19, 1)].min() < _APART:
        place = rng.standard_normal((19, 3))
        place[:, 2] = np.abs(place[:, 2])
        place /= np.linalg.norm(place, axis=1, keepdims=True)
        distance = np.linalg.norm(place[:, None] - place, axis=2)
    return np.exp(-((distance / _REACH) ** 2)) @ series, weights


@lru_cache(maxsize=1)
def leadfield() -> Array:
    """Potential at each of 64 electrodes of radial dipoles 15 mm below each.

    Three spherical shells; shape (n_electrodes, n_sources).
    """
    import mne

    montage = mne.channels.make_standard_montage("biosemi64")
    info = mne.create_info(montage.ch_names, _SFREQ, "eeg")
    info.set_montage(montage)
    radius = 0.095
    electrodes = np.array([c["loc"][:3] for c in info["chs"]])
    outward = electrodes / np.linalg.norm(electrodes, axis=1, keepdims=True)
    ball = mne.make_sphere_model((0, 0, 0), radius, info, verbose="error")
    below = {"rr": (radius - _DEPTH_M) * outward, "nn": outward}
    space = mne.setup_volume_source_space(
        pos=below, sphere_units="m", sphere=ball, mindist=0.0, verbose="error"
    )
    solved = mne.make_forward_solution(
        info, None, space, ball, meg=False, mindist=0.0, verbose="error"
    )
    gain = solved["sol"]["data"].reshape(len(electrodes), -1, 3)
    radial = np.einsum("esk,sk->es", gain, outward[: gain.shape[1]])
    return np.asarray(radial / np.abs(radial).max())


def electrodes(seed: int, number: int) -> Made:
    """A whole cap: each electrode above one of 64 sources, average reference."""
    weights = graphs.random_directed(
        64, 0.03, seed, low=0.1, high=0.35, feedback=0.1, negative=0.3
    )
    seen = leadfield() @ oscillating(weights, 5120, seed)
    noise = np.random.default_rng([seed, 2]).standard_normal(seen.shape)
    seen = seen + 0.05 * seen.std() * noise
    return seen - seen.mean(axis=0), weights


def nothing(seed: int, number: int) -> Made:
    """Series that share nothing, each with a memory of its own."""
    rng = np.random.default_rng([seed, 3])
    keep = rng.uniform(-0.3, 0.9, 20)
    series = rng.standard_normal((600, 20))
    for t in range(1, 600):
        series[t] += keep * series[t - 1]
    return series[100:].T, np.zeros((20, 20))


SYSTEMS: tuple[System, ...] = (
    *(
        System(
            f"var3-{n}",
            f"autoregression of 20 regions, 3 lags, {n} samples",
            "simulated",
            autoregression(n),
        )
        for n in (500, 1000)
    ),
    *(
        System(
            f"lorenz-{f}",
            f"Lorenz-96 of 20 regions, F = {f}, 500 samples",
            "simulated",
            chaos(float(f)),
        )
        for f in (10, 40)
    ),
    System("eeg-sources", "19 rhythmic sources, 40 s at 128 Hz", "eeg", sources, 128.0),
    System("eeg-leaky", "the same, leaking into near sensors", "eeg", leaky, 128.0),
    System(
        "eeg-leadfield",
        "64 electrodes above 64 sources, spherical head, 40 s",
        "eeg",
        electrodes,
        128.0,
    ),
    System(
        "lagged-null",
        "20 series that share nothing, 500 samples",
        "simulated",
        nothing,
    ),
)
