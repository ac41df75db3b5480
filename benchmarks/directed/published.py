"""Published simulations, read from ../shared/data beside the checkout where they are.

Their columns are in causal order: no method sees them before they are shuffled.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from directed.known import Array, Made, System

DATA = Path(__file__).parents[3] / "shared" / "data"
_TR3 = 1 / 3.0


def archived(paths: list[Path]) -> Callable[[int, int], Made]:
    """Read X_np (regions by times) and Gref, whose rows are targets."""

    def make(seed: int, number: int) -> Made:
        with np.load(paths[(5 * seed + number) % len(paths)]) as file:
            return file["X_np"].astype(np.float64), file["Gref"].T.astype(np.float64)

    return make


def listed(series: Path, links: Path) -> Callable[[int, int], Made]:
    """Read a table of courses, and rows of effect, cause, lag."""

    def make(seed: int, number: int) -> Made:
        data = np.loadtxt(series, delimiter=",", skiprows=1).T
        weights = np.zeros((len(data), len(data)))
        for effect, cause, _ in np.loadtxt(links, delimiter=",", dtype=np.int64):
            weights[cause, effect] = 1.0
        return data, weights

    return make


def drawn(feedbacks: Path, network: str) -> Callable[[int, int], Made]:
    """Read the text files of one feedback network."""
    folder = feedbacks / "data" / network
    paths = sorted(folder.glob("sim-*.continuous.txt"))
    truth = feedbacks / "ground.truth" / network
    graph = truth / f"{network}.ground.truth.graph.txt"

    def make(seed: int, number: int) -> Made:
        path = paths[(5 * seed + number) % len(paths)]
        data: Array = np.loadtxt(path, skiprows=1).T
        weights = np.zeros((len(data), len(data)))
        for source, target in re.findall(r"X(\d+) --> X(\d+)", graph.read_text()):
            weights[int(source) - 1, int(target) - 1] = 1.0
        return data, weights

    return make


def toys(paths: list[Path]) -> Callable[[int, int], Made]:
    read = archived(paths)
    return lambda seed, number: read(0, seed)


def systems(data: Path = DATA) -> tuple[System, ...]:
    """List what there is in a folder."""
    netsim, feedbacks = data / "directed-netsim", data / "directed-feedbacks"
    toy = data / "directed-toy"
    found: list[System] = []
    number = re.compile(r"\d+")

    def order(path: Path) -> int:
        return int(number.findall(path.stem)[-1])

    paths = sorted((netsim / "sim3").glob("*.npz"), key=order)
    if paths:
        about = "NetSim simulation 3, 15 regions"
        cohorts = len(paths) // 5
        make = archived(paths)
        found.append(System("netsim-3", about, "fmri", make, _TR3, 5, max(1, cohorts)))
    for path in sorted((netsim / "tcdf").glob("timeseries*.csv"), key=order):
        n = order(path)
        make = listed(path, path.with_name(f"sim{n}_gt_processed.csv"))
        about = f"NetSim simulation {n}, one person"
        found.append(System(f"netsim-{n}", about, "fmri", make, _TR3, 1, 1))
    for folder in sorted((feedbacks / "data").glob("Network*")):
        about = f"feedback {folder.name.replace('_', ', ')}, 500 volumes"
        name = folder.name.lower().replace("network", "feedback-").replace("_", "-")
        found.append(
            System(
                name, about, "fmri", drawn(feedbacks, folder.name), 0.5, 5, cohorts=2
            )
        )
    for name, about in (("lorenz96", "Lorenz-96"), ("var", "autoregression")):
        paths = sorted((toy / name).glob("*.npz"))
        if paths:
            about = f"published {about}, 10 regions, 1000 samples"
            make = toys(paths)
            found.append(
                System(f"toy-{name}", about, "simulated", make, cohorts=len(paths))
            )
    return tuple(found)
