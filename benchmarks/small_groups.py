"""Single connections of small groups: ours beside scipy's tests, errors and power.

    python benchmarks/small_groups.py [--cohorts 200] [--connections 5000]

Weights are log-normal, as connectomes have them, and their spread differs between
connections. The share of cohorts with a finding at a false discovery rate of 0.05 where
nothing differs, which should be 0.05; and the share of planted differences found.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from scipy import stats

from atlasdb.cohorts import normative, scales
from atlasdb.cohorts.corrections import q_values
from atlasdb.cohorts.edgewise import compared

ALPHA = 0.05
SIZES = ((20, 20), (8, 8), (5, 29), (3, 20), (10, 30))
PLANTED = 0.04
"""Share of connections that differ, where some do."""


def cohort(rng: np.random.Generator, n: int, k: int, spread: np.ndarray) -> np.ndarray:
    """Give log-normal weights of n people, logarithms first."""
    level = rng.normal(-3, 1, k)
    return level + spread * rng.normal(size=(n, k))


def ours(y: np.ndarray, n_a: int) -> np.ndarray:
    scaled = y ** scales.power(y)
    found = compared(scaled, n_a, np.empty((len(y), 0)), test="moderated")
    return found["q"]


def welch(y: np.ndarray, n_a: int) -> np.ndarray:
    return q_values(stats.ttest_ind(y[:n_a], y[n_a:], equal_var=False).pvalue)


def student(y: np.ndarray, n_a: int) -> np.ndarray:
    return q_values(stats.ttest_ind(y[:n_a], y[n_a:]).pvalue)


def ranks(y: np.ndarray, n_a: int) -> np.ndarray:
    return q_values(stats.mannwhitneyu(y[:n_a], y[n_a:]).pvalue)


TESTS = {
    "ours": ours,
    "Welch (scipy)": welch,
    "Student (scipy)": student,
    "ranks (scipy)": ranks,
}


def groups(cohorts: int, k: int) -> None:
    print("Where nothing differs, share of cohorts with a finding; unequal: the first")
    print("group has twice the spread. Planted: 4 % of connections, d = 1.5; found.")
    header = "".join(f"{name:>17}" for name in TESTS)
    print(f"{'people':24}{header}")
    for n_a, n_b in SIZES:
        for kind in ("equal", "unequal", "planted"):
            rng = np.random.default_rng([n_a, n_b])
            told = dict.fromkeys(TESTS, 0.0)
            for _ in range(cohorts):
                spread = np.exp(0.25 * rng.normal(size=k)) * 0.6
                logs = cohort(rng, n_a + n_b, k, spread)
                if kind == "unequal":
                    mean = logs.mean(axis=0)
                    logs[:n_a] = mean + 2 * (logs[:n_a] - mean)
                planted = np.arange(k) < PLANTED * k
                if kind == "planted":
                    logs[:n_a, planted] += 1.5 * spread[planted]
                for name, test in TESTS.items():
                    found = test(np.exp(logs), n_a) < ALPHA
                    told[name] += (
                        found[planted].mean() if kind == "planted" else found.any()
                    )
            row = "".join(f"{told[name] / cohorts:17.3f}" for name in TESTS)
            print(f"{n_a:3} + {n_b:3} {kind:14}{row}", flush=True)


def patients(cohorts: int, k: int) -> None:
    print("\nOne healthy person against controls: share of people with a finding")
    print(f"{'controls':10}{'ours':>10}{'weights as they are':>24}")
    for n in (10, 20, 50):
        rng = np.random.default_rng(n)
        told = [0, 0]
        for _ in range(cohorts):
            spread = np.exp(0.25 * rng.normal(size=k)) * 0.6
            y = np.exp(cohort(rng, n + 1, k, spread))
            none = np.empty((n, 0))
            for i, scaled in enumerate((y ** scales.power(y), y)):
                found = normative.against_controls(scaled[0], scaled[1:], none[0], none)
                told[i] += bool(found["significant"].any())
        print(f"{n:<10}{told[0] / cohorts:10.3f}{told[1] / cohorts:24.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=200)
    parser.add_argument("--connections", type=int, default=5000)
    given = parser.parse_args()
    low, high = stats.binom.ppf([0.025, 0.975], given.cohorts, ALPHA) / given.cohorts
    print(f"{given.cohorts} cohorts; 0.05 would be {low:.3f} to {high:.3f}")
    started = time.process_time()
    groups(given.cohorts, given.connections)
    patients(given.cohorts, given.connections)
    print(f"{time.process_time() - started:.0f} s of CPU")


if __name__ == "__main__":
    main()
