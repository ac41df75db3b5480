"""Graph measures of a whole brain of neurons, beside networkx.

    python benchmarks/analytics.py [--neurons 140000] [--connections 5000000]

Writes one heavy-tailed connectome into an atlas in a temporary folder, reads it out and
measures it: PageRank, and the shortest weighted paths from ten neurons to all others.
networkx does the same on the same numbers; ``--ours-only`` leaves it out. Seconds are
wall and CPU, memory is the peak of the whole process up to there.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import atlasdb
from atlasdb import reading
from atlasdb.analysis import centrality, distances, engine
from atlasdb.analysis.network import checked
from atlasdb.types import Entry, NeuronGraph, Parcellation, Run, Subject

TREES = 10


def neurons(n: int, n_connections: int) -> NeuronGraph:
    """Make neurons of which few have many partners, and weights of few synapses."""
    rng = np.random.default_rng(0)
    share = rng.pareto(1.5, n) + 0.1
    share /= share.sum()
    pairs = np.empty(0, dtype=np.int64)
    while len(pairs) < n_connections:
        more = int(1.3 * (n_connections - len(pairs))) + 100
        source = rng.choice(n, more, p=share)
        target = rng.choice(n, more, p=share)
        drawn = (source * n + target)[source != target]
        pairs = np.unique(np.concatenate([pairs, drawn]))
    pairs = np.sort(rng.choice(pairs, n_connections, replace=False))
    return NeuronGraph(
        body_ids=np.arange(n).astype(str),
        source=pairs // n,
        target=pairs % n,
        weight=rng.geometric(0.2, n_connections).astype(np.float64),
        neurons={"cell_type": ["made up"] * n},
        modality="em",
        method="synapses",
    )


def entry(graph: NeuronGraph) -> Entry:
    """Give the entry that an ingest of this connectome makes."""
    n = len(graph.body_ids)
    return Entry(
        run=Run(hashlib.sha256(b"bench").hexdigest(), "ingest", "benchmark"),
        subject=Subject("fly"),
        parcellation=Parcellation("cells", "cells", "cells", (), n, "0" * 64),
        neurons=graph,
    )


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print a row of the table."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"| {what} | {wall:.2f} | {cpu:.2f} | {peak:.1f} |", flush=True)


def ours(graph: NeuronGraph) -> tuple[Any, Any, Any, list[int]]:
    """Load, read out and measure; give the weights and the answers."""
    given = entry(graph)
    with tempfile.TemporaryDirectory() as folder:
        with atlasdb.connect(Path(folder) / "atlas") as atlas:
            with timed("load into the embedded store"):
                atlas.write(given)
            (row,) = atlas.store.nodes("Connectome").to_pylist()
            with timed("read out"):
                network = reading.network(atlas.store, row, supported=True)
        with timed("PageRank"):
            scores = centrality.scores(checked(network.weights))
        first = np.argsort(-scores)[:TREES].tolist()
        with timed(f"weighted path trees from {TREES} neurons"):
            far, _ = distances.trees(network.weights, first)
    return network.weights, scores, far, first


def theirs(weights: Any, scores: Any, far: Any, first: list[int]) -> None:
    """Do the same by networkx, and compare."""
    import networkx as nx

    with timed("networkx: make the graph"):
        graph = engine.to_networkx(weights)
    with timed("networkx: PageRank"):
        found = nx.pagerank(graph, tol=1e-10 / len(scores), max_iter=500)
    difference = np.abs(scores - np.array(list(found.values()))).max()
    worst = 0.0
    with timed(f"networkx: weighted path trees from {TREES} neurons"):
        trees = [
            nx.single_source_dijkstra_path_length(graph, source, weight="cost")
            for source in first
        ]
    for row, tree in zip(far, trees, strict=True):
        reached = np.full(len(row), np.inf)
        reached[list(tree)] = list(tree.values())
        same = np.isfinite(row) == np.isfinite(reached)
        assert same.all(), "other neurons are reached"
        finite = np.isfinite(row)
        worst = max(worst, float(np.abs(row[finite] - reached[finite]).max()))
    print(f"\nLargest difference: PageRank {difference:.1e}, distance {worst:.1e}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--neurons", type=int, default=140_000)
    parser.add_argument("--connections", type=int, default=5_000_000)
    parser.add_argument("--ours-only", action="store_true")
    args = parser.parse_args()
    graph = neurons(args.neurons, args.connections)
    print(f"{args.neurons:,} neurons, {args.connections:,} connections")
    print(f"Python {sys.version.split()[0]}, {engine.name()}\n")
    print("| step | wall, s | CPU, s | peak memory, GB |\n|---|---|---|---|")
    found = ours(graph)
    if not args.ours_only:
        theirs(*found)


if __name__ == "__main__":
    main()
