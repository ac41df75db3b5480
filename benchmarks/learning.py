"""Our model families beside simple peers, on systems whose connections are known.

    python benchmarks/learning.py [--seeds 5]

Prints, as a table: average precision over ordered pairs (AUPRC; ranking by weight),
share of one-way connections whose right direction scores higher (d-acc; 0.5 is a
coin), share of false ones among the supported connections (FDP; pairs instead of
directions where the estimate is symmetric), and CPU seconds a recording.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from atlasdb_ingest import models
from atlasdb_ingest.learning import trainer
from atlasdb_ingest.simulation import dynamics, graphs, haemodynamics
from atlasdb_ingest.types import Timeseries

Array = NDArray[np.float64]
Made = tuple[Array, NDArray[np.bool_]]


def var(seed: int) -> Made:
    weights = graphs.random_directed(
        20, 0.15, seed, feedback=0.2, negative=0.3, low=0.15, high=0.5
    )
    return dynamics.var(weights, 500, seed), weights != 0


def lorenz(seed: int) -> Made:
    series, weights = dynamics.lorenz96(10, 1000, seed)
    return series, weights != 0


def bold(seed: int, negative: float = 0.0) -> Made:
    weights = graphs.random_directed(15, 0.17, seed, negative=negative)
    activity = dynamics.neural(weights, 630.0, seed)
    return haemodynamics.bold(activity, 3.0, seed, noise=0.3)[:, 10:], weights != 0


def bold_inhibited(seed: int) -> Made:
    return bold(seed, negative=0.3)


def whole_brain(seed: int) -> Made:
    weights = graphs.random_directed(100, 0.03, seed)
    activity = dynamics.neural(weights, 874.0, seed)
    return haemodynamics.bold(activity, 0.7, seed, dt=0.1)[:, -1200:], weights != 0


def leaking(seed: int) -> Made:
    weights = graphs.random_directed(
        19, 0.1, seed, low=0.2, high=0.5, feedback=0.1, negative=0.3
    )
    rng = np.random.default_rng(seed)
    place = rng.standard_normal((19, 3))
    place /= np.linalg.norm(place, axis=1, keepdims=True)
    distance = np.linalg.norm(place[:, None] - place, axis=2)
    sensors = np.exp(-((distance / 0.7) ** 2)) @ dynamics.var(weights, 5120, seed)
    return sensors - sensors.mean(axis=0), weights != 0


SYSTEMS: dict[str, tuple[str, Callable[[int], Made]]] = {
    "VAR(3) p=20 T=500": ("simulated", var),
    "Lorenz-96 F=10 p=10 T=1000": ("simulated", lorenz),
    "EEG with leakage p=19 T=5120": ("eeg", leaking),
    "BOLD p=15 TR=3 T=200": ("fmri", bold),
    "BOLD p=15, inhibition": ("fmri", bold_inhibited),
    "BOLD p=100 TR=0.7 T=1200": ("fmri", whole_brain),
}


def lagged_correlation(data: Array) -> Array:
    score = np.zeros((len(data), len(data)))
    for lag in range(1, 6):
        n = data.shape[1] - lag
        score = np.maximum(score, np.abs(data[:, :-lag] @ data[:, lag:].T) / n)
    return score


def granger(data: Array, order: int = 5) -> Array:
    """Multivariate Granger causality by least squares, source by source."""
    n_regions, n_times = data.shape
    past = np.stack([data[:, order - k : n_times - k] for k in range(1, order + 1)], 1)
    past = past.reshape(n_regions * order, -1).T
    now = data[:, order:].T

    def error(columns: NDArray[np.bool_]) -> Array:
        left = past[:, columns]
        fitted = left @ np.linalg.lstsq(left, now, rcond=None)[0]
        return np.asarray(((now - fitted) ** 2).sum(axis=0))

    full = error(np.ones(n_regions * order, dtype=bool))
    owner = np.repeat(np.arange(n_regions), order)
    return np.stack([np.log(error(owner != k) / full) for k in range(n_regions)])


def nilearn_partial(data: Array) -> Array:
    from nilearn.connectome import ConnectivityMeasure

    measure = ConnectivityMeasure(kind="partial correlation", standardize=False)
    return np.abs(measure.fit_transform([data.T])[0])


PEERS: dict[str, Callable[[Array], Array]] = {
    "lagged correlation": lagged_correlation,
    "MVGC, numpy": granger,
    "nilearn partial correlation": nilearn_partial,
}


def precision(score: Array, truth: NDArray[np.bool_]) -> float:
    pairs = ~np.eye(len(truth), dtype=bool)
    right = truth[pairs][np.argsort(-score[pairs], kind="stable")]
    rank = np.arange(1, right.size + 1)
    return float(((np.cumsum(right) / rank) * right).sum() / right.sum())


def direction(score: Array, truth: NDArray[np.bool_]) -> float:
    source, target = np.nonzero(truth & ~truth.T)
    forth, back = score[source, target], score[target, source]
    return float(np.mean((forth > back) + 0.5 * (forth == back)))


def rows(system: str, n_seeds: int) -> Iterator[tuple[str, list[float]]]:
    modality, make = SYSTEMS[system]
    made = [make(seed) for seed in range(n_seeds)]
    # Places must say nothing: a method may prefer low indices.
    order = [
        np.random.default_rng(k).permutation(len(d)) for k, (d, _) in enumerate(made)
    ]
    data = [stats.zscore(d[o], axis=1) for (d, _), o in zip(made, order, strict=True)]
    truth = [t[np.ix_(o, o)] for (_, t), o in zip(made, order, strict=True)]
    for name, peer in PEERS.items():
        if name == "MVGC, numpy" and len(data[0]) > 50:
            continue
        started = time.process_time()
        scores = [peer(d) for d in data]
        seconds = (time.process_time() - started) / n_seeds
        yield name, summary(scores, truth, [], seconds)
    for model in ("amortised", "fask", "linear", "mlp"):
        engine = models.load(model).ENGINE
        at_once = engine == "contemporaneous"
        if (modality == "fmri") != at_once and len(data[0]) > 50:
            continue
        batch = [
            Timeseries(
                d,
                128.0 if modality == "eeg" else 1.0,
                tuple(map(str, range(len(d)))),
                modality,
                (d.shape[1],),
            )
            for d in data
        ]
        started = time.process_time()
        found = trainer.estimate(batch, model=model, engine=engine)
        seconds = (time.process_time() - started) / n_seeds
        false = []
        for one, true in zip(found, truth, strict=True):
            joined = true | true.T if at_once else true
            false.append((one.supported & ~joined).sum() / max(1, one.supported.sum()))
        yield f"* {model}", summary([e.weight for e in found], truth, false, seconds)


def summary(
    scores: list[Array],
    truth: list[NDArray[np.bool_]],
    false: list[float],
    seconds: float,
) -> list[float]:
    both = list(zip(scores, truth, strict=True))
    return [
        float(np.mean([precision(s, t) for s, t in both])),
        float(np.mean([direction(s, t) for s, t in both])),
        float(np.mean(false)) if false else np.nan,
        seconds,
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    n_seeds = parser.parse_args().seeds
    trainer.estimate(  # torch is imported before anything is timed
        [
            Timeseries(
                np.random.default_rng(0).standard_normal((3, 100)),
                1.0,
                ("a", "b", "c"),
                "simulated",
                (100,),
            )
        ]
    )
    for system in SYSTEMS:
        print(f"\n{system:<32}{'AUPRC':>8}{'d-acc':>8}{'FDP':>8}{'CPU s':>8}")
        for name, values in rows(system, n_seeds):
            cells = ["-" if np.isnan(v) else f"{v:.3f}" for v in values]
            print(f"  {name:<30}" + "".join(f"{c:>8}" for c in cells), flush=True)


if __name__ == "__main__":
    main()
