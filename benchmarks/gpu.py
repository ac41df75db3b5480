"""Training on the accelerator beside the CPU: seconds, and whether the edges agree.

    python benchmarks/gpu.py [--people 20] [--regions 50]

Prints, for each lagged family, seconds on both, the correlation of the weights, and the
share of the supported connections that both support.
Needs a CUDA device; says so where there is none.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
import torch
from scipy import stats

from atlasdb_ingest import models
from atlasdb_ingest.learning import trainer
from atlasdb_ingest.simulation import dynamics, graphs
from atlasdb_ingest.types import Estimate, Timeseries


def people(n: int, n_regions: int) -> list[Timeseries]:
    codes = tuple(map(str, range(n_regions)))
    made = []
    for seed in range(n):
        weights = graphs.random_directed(n_regions, 3 / n_regions, seed)
        data = stats.zscore(dynamics.var(weights, 1000, seed), axis=1)
        made.append(Timeseries(data, 1.0, codes, "simulated", (1000,)))
    return made


def timed(
    series: list[Timeseries], model: str, device: str
) -> tuple[float, list[Estimate]]:
    trainer.estimate(series[:1], model=model, device=device)  # kernels are made once
    started = time.perf_counter()
    found = trainer.estimate(series, model=model, device=device)
    return time.perf_counter() - started, found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--regions", type=int, default=50)
    given = parser.parse_args()
    if not torch.cuda.is_available():
        print("There is no CUDA device to compare with.", file=sys.stderr)
        return 1
    series = people(given.people, given.regions)
    pairs = ~np.eye(given.regions, dtype=bool)
    print(f"{torch.cuda.get_device_name()}, {torch.get_num_threads()} CPU threads")
    print(f"{'model':10} {'CPU s':>8} {'CUDA s':>8} {'ratio':>7} {'r':>7} {'both':>7}")
    for model in models.names():
        if models.load(model).ENGINE != "lagged":
            continue
        slow, one = timed(series, model, "cpu")
        fast, other = timed(series, model, "cuda")
        a = np.concatenate([e.weight[pairs] for e in one])
        b = np.concatenate([e.weight[pairs] for e in other])
        r = float(np.corrcoef(a, b)[0, 1])
        pair = list(zip(one, other, strict=True))
        both = sum(int((x.supported & y.supported).sum()) for x, y in pair)
        either = sum(int((x.supported | y.supported).sum()) for x, y in pair)
        times = f"{slow:8.1f} {fast:8.1f} {slow / fast:7.1f}"
        print(f"{model:10} {times} {r:7.4f} {both / max(1, either):7.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
