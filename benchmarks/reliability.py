"""Directions that two recordings of one person share, beside what each had promised.

    python benchmarks/reliability.py [--only GLOB] [--model amortised] [--model fask]

People are simulated, each with one graph and one haemodynamics, and recorded twice,
with other events and noise. Prints, for each kind of recording, the share of the
directions that are the same in both (`same`), the mean `reliability` that the
recordings had stated, each by itself (`stated`), and CPU seconds of a recording. The
rings come from the numpy simulator, which `amortised` did not learn from.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

import numpy as np
from scipy import stats

from atlasdb.analysis import agreement
from atlasdb.types import FloatArray
from atlasdb_ingest import denoise
from atlasdb_ingest.learning import trainer
from atlasdb_ingest.simulation import brains
from atlasdb_ingest.types import Timeseries
from directed import bold

PAUSE = 20
"""Volumes between two recordings that are cut from a long one."""
SEED = 71
Twice = tuple[FloatArray, FloatArray]


@dataclass(frozen=True)
class Kind:
    """People of one kind; `make` gives two recordings of each."""

    about: str
    people: int
    tr: float
    make: Callable[[int], Sequence[Twice]]


def scans(n_regions: int, n_volumes: int, tr: float, how: str = "") -> Kind:
    """People of the simulator that `amortised` learned from, of other seeds."""

    def make(people: int) -> list[Twice]:
        size = (people, n_regions, 2 * n_volumes + PAUSE)
        made = brains.scan(*size, tr, SEED + n_regions + n_volumes, denoised=False)
        series = made.series.double().numpy()
        both = np.stack([series[..., :n_volumes], series[..., -n_volumes:]], axis=1)
        rng = np.random.default_rng(n_regions)
        return [tuple(cleaned(one, tr, how, rng) for one in pair) for pair in both]

    about = f"{n_regions} regions, {n_volumes} volumes, TR {tr:g} s" + how
    return Kind(about, {5: 60, 50: 16, 100: 6}.get(n_regions, 40), tr, make)


BAND, GLOBAL, MOVED = (
    ", 0.01-0.1 Hz",
    ", global signal taken out",
    ", movement taken out",
)


def cleaned(
    series: FloatArray, tr: float, how: str, rng: np.random.Generator
) -> FloatArray:
    """Take out of a recording what an ingest takes out."""
    if not how:
        return series
    regressors, band = None, {}
    if how == BAND:
        band = {"high_pass": 0.01, "low_pass": 0.1}
    if how == GLOBAL:
        regressors = series.mean(axis=0)[:, None]
    if how == MOVED:
        walk = rng.standard_normal((series.shape[1], 6)).cumsum(axis=0)
        regressors = np.c_[walk, np.diff(walk, axis=0, prepend=walk[:1])]
    return denoise.clean(series, tr, regressors=regressors, **band)[0]


def rings(
    about: str, n_regions: int, people: int, loops: bool = False, other: bool = False
) -> Kind:
    """People of the numpy simulator: rings, or cyclic graphs whose loops amplify."""
    n_volumes, tr = (500, 2.0) if loops else (200, 3.0)

    def weights(seed: int) -> FloatArray:
        if loops:
            # The graph of every fifth seed has seven regions.
            return bold.feedback(1)(5 * seed + n_regions - 5, SEED)[1]
        return bold.rings(n_regions, bold.person(seed, SEED, n_regions))

    def make(people: int) -> list[Twice]:
        found = []
        for seed in range(people):
            graph, rng = weights(seed), bold.person(seed, SEED, 181)
            veins = bold.once(rng)
            pair = []
            for again in (False, True):
                activity = bold.active(
                    graph, bold.once(rng), n_volumes=n_volumes, tr=tr
                )
                veins = bold.once(rng) if again and other else veins
                pair.append(bold.scanned(activity, bold.once(rng), tr=tr, veins=veins))
            found.append((pair[0], pair[1]))
        return found

    return Kind(about, people, tr, make)


KINDS = (
    scans(5, 200, 3.0),
    scans(10, 200, 3.0),
    scans(15, 200, 3.0),
    scans(50, 200, 3.0),
    scans(100, 1200, 0.72),
    scans(10, 150, 2.0),
    scans(10, 80, 3.0),
    scans(15, 200, 3.0, BAND),
    scans(15, 200, 3.0, GLOBAL),
    scans(15, 200, 3.0, MOVED),
    rings("another simulator, one ring of 5", 5, 150),
    rings("the same, 7 regions with feedback, 500 volumes", 7, 60, loops=True),
    rings(
        "the same, 10 regions, other haemodynamics the second time", 10, 30, other=True
    ),
)


def measured(kind: Kind, pairs: Sequence[Twice], model: str) -> tuple[float, ...]:
    """Give the share that is the same, what was stated, and seconds of a recording."""
    codes = tuple(f"r{k}" for k in range(len(pairs[0][0])))
    same, stated, began = [], [], time.process_time()
    for pair in pairs:
        recordings = [
            Timeseries(
                stats.zscore(data, axis=1), 1 / kind.tr, codes, "fmri", (len(data.T),)
            )
            for data in pair
        ]
        one, other = (trainer.estimate([two], model=model)[0] for two in recordings)
        counts = one.probability + other.probability
        same.append(agreement.same_direction(one.weight, other.weight, counts))
        stated += [one.reliability, other.reliability]
    seconds = (time.process_time() - began) / (2 * len(pairs))
    return float(np.mean(same)), float(np.mean(stated)), seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="*", help="kinds whose words match this")
    parser.add_argument(
        "--model", action="append", choices=("amortised", "fask"), help="all if none"
    )
    given = parser.parse_args()
    print(f"{'':62}{'people':>7} {'model':10}{'same':>6}{'stated':>8}{'CPU s':>8}")
    for kind in KINDS:
        if not fnmatch(kind.about, given.only):
            continue
        pairs = kind.make(kind.people)
        for model in given.model or ("amortised", "fask"):
            same, stated, seconds = measured(kind, pairs, model)
            row = f"{kind.about:62}{kind.people:7} {model:10}"
            print(f"{row}{same:6.2f}{stated:8.2f}{seconds:8.2f}", flush=True)


if __name__ == "__main__":
    main()
