"""Networks that differ between groups: ours beside bctpy's, speed, power and errors.

    python benchmarks/cohorts.py [--permutations 1000] [--theirs 100] [--cohorts 50]

Seconds and p values on the same matrices; the share of cohorts in which a planted
component is found; the share with a finding where nothing differs. bctpy takes
undirected matrices only, so directed ones are averaged over both directions for it.
Where there is a CUDA device, the large tests on it beside the CPU, and whether p agree.
Needs bctpy: pip install "atlasdb[benchmark]".
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import os
import resource
import time

import bct
import numpy as np
import torch
from bct.utils import BCTParamError
from scipy import stats

from atlasdb.cohorts import contrasts, permutation, thresholds
from atlasdb.cohorts.connections import connections
from atlasdb.cohorts.corrections import q_values
from atlasdb.cohorts.networkbased import network_based
from atlasdb.cohorts.networkpower import connected, plant
from atlasdb.cohorts.thresholdfree import threshold_free

ALPHA = 0.05
EFFECT = 1.2
EDGES = 12
PER_GROUP = 20
THRESHOLD = 2.5


def theirs(
    weights: np.ndarray, n_a: int, threshold: float, k: int, tail: str, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give bctpy's p values and labels; none where it finds no component."""
    a, b = (part.transpose(1, 2, 0) for part in (weights[:n_a], weights[n_a:]))
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            p, labels, _ = bct.nbs_bct(a, b, threshold, k=k, tail=tail, seed=seed)
        except BCTParamError:
            return np.empty(0), np.zeros(a.shape[:2])
    return p, labels


def symmetric(weights: np.ndarray) -> np.ndarray:
    return (weights + weights.transpose(0, 2, 1)) / 2


def two(n: int) -> contrasts.Design:
    return contrasts.between(["a"] * (n // 2) + ["b"] * (n - n // 2))


def speed(permutations: int, k: int) -> None:
    rng = np.random.default_rng(0)
    weights = symmetric(rng.normal(size=(80, 100, 100)))
    weights[:40, :6, :6] += 0.45
    network_based(weights, two(80), threshold=3, directed=False, n_permutations=2)
    started = time.perf_counter()
    found = network_based(
        weights, two(80), threshold=3, directed=False, n_permutations=permutations
    )
    ours = (time.perf_counter() - started) / permutations
    started = time.perf_counter()
    p, labels = theirs(weights, 40, 3.0, k, "both", 0)
    bctpy = (time.perf_counter() - started) / k
    print("\n100 areas, undirected, 80 people, t > 3, two-sided")
    print(f"  ours   {ours * 1e3:10.3f} ms a permutation ({permutations} made)")
    print(f"  bctpy  {bctpy * 1e3:10.3f} ms a permutation ({k} made)")
    print(f"  ratio  {bctpy / ours:10.0f}")
    sizes = [int((labels == i + 1).sum() // 2) for i in range(len(p))]
    print("  largest components, edges: p of ours | p of bctpy")
    for component in found.components[:3]:
        same = [f"{v:.3f}" for s, v in zip(sizes, p, strict=True)]
        print(
            f"  {component.n_edges:4d}: {component.p:.3f} | "
            f"{same[sizes.index(component.n_edges)]}"
        )


def large(permutations: int) -> None:
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(200, 400, 400))
    age = rng.normal(size=(200, 2))
    labels = ["a"] * 100 + ["b"] * 100
    print(f"\n400 areas, directed, 200 people, {permutations} permutations")
    m = {"n_permutations": permutations}
    y, _ = connections(weights, directed=True)
    tests = {
        "network, t > 3.1": lambda d: network_based(weights, d, threshold=3.1, **m),
        "every edge": lambda d: permutation.permuted(y, d, **m),
        "threshold-free": lambda d: threshold_free(weights, d, **m),
    }
    designs = {"no covariate": None, "2 covariates": age}
    for (what, test), (name, held) in itertools.product(tests.items(), designs.items()):
        started, cpu = time.perf_counter(), time.process_time()
        test(contrasts.between(labels, held))
        took, cpu = time.perf_counter() - started, time.process_time() - cpu
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"  {what:18} {name:14} {took:7.1f} s, {cpu:7.1f} s of CPU, "
            f"at most {most:.1f} GiB so far",
            flush=True,
        )


def accelerated(permutations: int) -> None:
    """Compute the same shuffles on the CPU and on a CUDA device."""
    if not torch.cuda.is_available():
        print("\nThere is no CUDA device to compare the CPU with.")
        return
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(200, 400, 400))
    age = rng.normal(size=(200, 2))
    groups = ["a"] * 67 + ["b"] * 67 + ["c"] * 66
    y, _ = connections(weights, directed=True)
    m = {"n_permutations": permutations}

    def edges(d: contrasts.Design, device: str) -> np.ndarray:
        return permutation.permuted(y, d, device=device, **m)["p"]

    def network(d: contrasts.Design, device: str) -> np.ndarray:
        options = m | {"threshold": thresholds.default_threshold(d, 400)}
        return network_based(weights, d, device=device, **options).null

    designs = {
        "t": two(200),
        "t, 2 covariates": contrasts.between(["a"] * 100 + ["b"] * 100, age),
        "F, 2 covariates": contrasts.between(groups, age),
    }
    edges(designs["t"], "cuda")  # kernels are loaded once
    print(
        f"\n{torch.cuda.get_device_name()} beside {os.cpu_count()} CPUs: 400 areas, "
        f"directed, 200 people, {permutations} permutations"
    )
    print(f"  {'':10} {'':16} {'CPU s':>7} {'CUDA s':>7} {'ratio':>6} {'the same':>9}")
    for (what, test), (name, design) in itertools.product(
        {"every edge": edges, "network": network}.items(), designs.items()
    ):
        seconds, found = [], []
        for device in ("cpu", "cuda"):
            started = time.perf_counter()
            found.append(test(design, device))
            seconds.append(time.perf_counter() - started)
        slow, fast = seconds
        same = float((found[0] == found[1]).mean())
        print(
            f"  {what:10} {name:16} {slow:7.1f} {fast:7.1f} {slow / fast:6.1f} "
            f"{same:9.5f}, at most {np.abs(found[0] - found[1]).max():.2g} apart",
            flush=True,
        )


def found_half(labels: np.ndarray, p: dict[int, float], place: tuple) -> bool:
    """Say whether a significant component holds half of what was planted."""
    inside = labels[place]
    return any(
        value <= ALPHA and 2 * (inside == label).sum() >= len(inside)
        for label, value in p.items()
    )


def power(cohorts: int, n_areas: int, k: int, k_theirs: int) -> None:
    """Plant a component of directed connections, and count who finds it."""
    n = 2 * PER_GROUP
    source, target = np.nonzero(~np.eye(n_areas, dtype=bool))
    upper = np.triu_indices(n_areas, 1)
    names = ["network", "threshold-free", "every edge, fwe", "every edge, bh"]
    names += ["symmetric, ours", "symmetric, bctpy"]
    names += ["undirected, ours", "undirected, bctpy"]
    seen = dict.fromkeys(names, 0)
    share = dict.fromkeys(names[1:4], 0.0)
    wrong_way = 0
    for seed in range(cohorts):
        rng = np.random.default_rng(seed)
        null = rng.normal(size=(n, n_areas, n_areas))
        chosen = connected(source, target, EDGES, rng)
        place = source[chosen], target[chosen]
        weights = null.copy()
        weights[:PER_GROUP, place[0], place[1]] += EFFECT
        options = {"threshold": THRESHOLD, "n_permutations": k, "seed": seed}
        ours = network_based(weights, two(n), alternative="greater", **options)
        p = {c.label: c.p for c in ours.components if c.n_positive == c.n_edges}
        seen["network"] += found_half(ours.labels, p, place)
        less = network_based(weights, two(n), alternative="less", **options)
        wrong_way += any(c.p <= ALPHA for c in less.components)
        free = threshold_free(
            weights, two(n), alternative="greater", n_permutations=k, seed=seed
        )
        y, where = connections(weights, directed=True)
        edges = permutation.permuted(y, two(n), n_permutations=k, seed=seed)
        single = {
            "threshold-free": free.p_fwe,
            "every edge, fwe": where.matrix(edges["p_fwe"]),
            "every edge, bh": where.matrix(q_values(edges["p_model"])),
        }
        for name, matrix in single.items():
            inside = matrix[place] <= ALPHA
            seen[name] += 2 * inside.sum() >= EDGES
            share[name] += inside.mean() / cohorts
        flat = symmetric(weights)
        chosen = connected(*upper, EDGES, rng)
        both = upper[0][chosen], upper[1][chosen]
        pairs = null.copy()
        pairs[:, upper[1], upper[0]] = pairs[:, upper[0], upper[1]]
        pairs[:PER_GROUP, both[0], both[1]] += EFFECT
        pairs[:PER_GROUP, both[1], both[0]] += EFFECT
        for kind, matrix, at in (
            ("symmetric", flat, place),
            ("undirected", pairs, both),
        ):
            mine = network_based(
                matrix, two(n), alternative="greater", directed=False, **options
            )
            p = {c.label: c.p for c in mine.components}
            seen[f"{kind}, ours"] += found_half(mine.labels, p, at)
            if k_theirs:
                values, labels = theirs(
                    matrix, PER_GROUP, THRESHOLD, k_theirs, "right", seed
                )
                p = {i + 1: float(v) for i, v in enumerate(values)}
                seen[f"{kind}, bctpy"] += found_half(labels, p, at)
    study = plant(
        np.random.default_rng(0).normal(size=(n, n_areas, n_areas)),
        two(n),
        n_edges=EDGES,
        threshold=THRESHOLD,
        alternative="greater",
    )
    print(
        f"\n{cohorts} cohorts of {PER_GROUP} + {PER_GROUP}, {n_areas} areas: a "
        f"component of {EDGES} connections, d = {EFFECT}, t > {THRESHOLD}, one-sided"
    )
    print(f"  {'found half of it':18} {'share of cohorts':>17} {'of connections':>15}")
    for name in names:
        if name.endswith("bctpy") and not k_theirs:
            continue
        more = f"{share[name]:15.2f}" if name in share else ""
        print(f"  {name:18} {seen[name] / cohorts:17.2f} {more}")
    print(f"  network, the other direction {wrong_way / cohorts:7.2f}")
    print(
        f"  foreseen: power {study.power(EFFECT):.2f}; 0.80 at d = "
        f"{study.detectable_effect():.2f}"
    )


def errors(cohorts: int, n_areas: int, k: int) -> None:
    """Count cohorts with a finding where nothing differs."""
    names = ["network", "network, intensity", "threshold-free", "every edge, fwe"]
    names += ["every edge, bh", "every edge, by"]
    wrong = dict.fromkeys(names, 0)
    rng = np.random.default_rng(2)
    n = 2 * PER_GROUP
    for seed in range(cohorts):
        age = rng.normal(size=(n, 1))
        trait = rng.normal(size=(n, n_areas, 1))
        weights = rng.normal(size=(n, n_areas, n_areas)) + 0.5 * trait + age[:, :, None]
        design = contrasts.between(["a"] * PER_GROUP + ["b"] * PER_GROUP, age)
        given = {"n_permutations": k, "seed": seed}
        for size in ("extent", "intensity"):
            found = network_based(
                weights, design, threshold=THRESHOLD, size=size, **given
            )
            name = "network" if size == "extent" else "network, intensity"
            wrong[name] += any(c.p <= ALPHA for c in found.components)
        free = threshold_free(weights, design, **given)
        wrong["threshold-free"] += np.nanmin(free.p_fwe) <= ALPHA
        y, _ = connections(weights, directed=True)
        edges = permutation.permuted(y, design, **given)
        wrong["every edge, fwe"] += np.nanmin(edges["p_fwe"]) <= ALPHA
        for rate in ("bh", "by"):
            q = q_values(edges["p_model"], rate)
            wrong[f"every edge, {rate}"] += np.nanmin(q) <= ALPHA
    low, high = stats.binom.ppf([0.025, 0.975], cohorts, ALPHA) / cohorts
    print(
        f"\n{cohorts} cohorts in which nothing differs, a covariate that matters: "
        f"share with a finding (0.05 would be {low:.3f} to {high:.3f})"
    )
    for name in names:
        print(f"  {name:18} {wrong[name] / cohorts:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--permutations", type=int, default=1000)
    parser.add_argument("--theirs", type=int, default=100, help="bctpy's, for speed")
    parser.add_argument("--cohorts", type=int, default=50)
    parser.add_argument("--areas", type=int, default=20)
    parser.add_argument("--theirs-power", type=int, default=99)
    parser.add_argument("--large", type=int, default=5000, help="permutations; 0 skips")
    given = parser.parse_args()
    print(f"{os.cpu_count()} CPUs, OMP_NUM_THREADS {os.environ.get('OMP_NUM_THREADS')}")
    speed(given.permutations, given.theirs)
    power(given.cohorts, given.areas, given.permutations, given.theirs_power)
    errors(4 * given.cohorts, given.areas, 199)
    if given.large:
        large(given.large)
        accelerated(given.large)


if __name__ == "__main__":
    main()
