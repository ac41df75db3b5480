"""How fast connectomes are written: our stores beside two usual ways.

    python benchmarks/store.py [--subjects 34] [--regions 116]

Every ordered pair of regions of every subject is a connection with eleven properties.
Ours is the whole step, from matrices in memory to files and graph; the other ways only
fill the graph of the same server. For those, name one **whose data may be deleted** in
ATLASDB_TEST_NEO4J_URI; ``python tests/neo4j_server/start.py`` starts one.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import atlasdb
from atlasdb.store.base import open_store
from atlasdb.types import Area, Connectivity, Entry, Parcellation, Run, Subject

PROPERTIES = [
    "weight",
    "value",
    "sign",
    "supported",
    "cost",
    "n",
    "probability",
    "direction",
    "p",
    "q",
    "stability",
]
PLACES = ", ".join(f"c.{name} = ${name}" for name in PROPERTIES)
MERGE = (
    "MATCH (a:Region {id: $source}) MATCH (b:Region {id: $target}) "
    f"MERGE (a)-[c:CONNECTS_TO]->(b) SET {PLACES}"
)
ROWS_EACH = 2_000
ROWS_BULK = 40_000


def entries(n_subjects: int, n_regions: int) -> Iterator[Entry]:
    """Make connectomes as a model leaves them: every pair with all its honesty."""
    rng = np.random.default_rng(0)
    codes = tuple(str(i + 1) for i in range(n_regions))
    parcellation = Parcellation(
        id="bench",
        name="bench",
        kind="volume",
        areas=tuple(Area(code, f"area {code}") for code in codes),
        n_areas=n_regions,
        sha256="b" * 64,
    )
    shape = (n_regions, n_regions)
    for i in range(n_subjects):
        estimate = rng.normal(0, 0.1, shape)
        estimate = (estimate + estimate.T) / 2
        direction = rng.uniform(0.1, 0.9, shape)
        p = rng.uniform(0, 1, shape)
        graph = Connectivity(
            codes=codes,
            weights=np.abs(estimate) * direction,
            modality="fmri",
            method="bench",
            unit="partial correlation",
            value=estimate,
            probability=rng.uniform(0, 1, shape),
            direction=direction,
            supported=p < 0.05,
            p=p,
            q=np.minimum(p * 1.3, 1),
            stability=rng.uniform(0, 1, shape),
            n=190,
        )
        key = hashlib.sha256(f"bench {i}".encode()).hexdigest()
        yield Entry(
            subject=Subject(id=f"bench-{i:03d}", cohort="bench"),
            run=Run(key=key, kind="ingest", command="benchmark"),
            recording=None,
            parcellation=parcellation,
            connectivity=graph,
        )


def ours(url: str, given: list[Entry]) -> float:
    """Write the entries through the public face; give the seconds."""
    with tempfile.TemporaryDirectory() as files:
        os.environ["ATLASDB_FILES"] = files
        with atlasdb.connect(url) as atlas:
            start = time.perf_counter()
            atlas.write(*given)
            return time.perf_counter() - start


def rows(url: str, limit: int) -> list[dict[str, Any]]:
    """Read connections back, to write them again the other ways."""
    store = open_store(url, read_only=True)
    try:
        table = store.edges(("CONNECTS_TO", "Region", "Region")).slice(0, limit)
    finally:
        store.close()
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def without_connections(url: str) -> None:
    """Leave the nodes, so that the other ways have only connections to write."""
    with driver(url) as server, server.session() as session:
        session.run(
            "MATCH (:Region)-[c:CONNECTS_TO]->() "
            "CALL (c) { DELETE c } IN TRANSACTIONS OF 2500 ROWS"
        ).consume()


def empty(url: str) -> None:
    """Delete what the server holds."""
    store = open_store(url)
    try:
        store.clear()
    finally:
        store.close()


def driver(url: str) -> Any:
    import neo4j

    user = os.environ.get("NEO4J_USERNAME", "neo4j")
    return neo4j.GraphDatabase.driver(url, auth=(user, os.environ["NEO4J_PASSWORD"]))


def one_by_one(url: str, given: list[dict[str, Any]]) -> float:
    """Send a MERGE for each connection, each its own transaction."""
    with driver(url) as server, server.session() as session:
        start = time.perf_counter()
        for row in given:
            session.run(MERGE, row).consume()
        return time.perf_counter() - start


def one_transaction(url: str, given: list[dict[str, Any]]) -> float:
    """Send a MERGE for each connection, all in one transaction."""
    with driver(url) as server, server.session() as session:
        start = time.perf_counter()
        with session.begin_transaction() as transaction:
            for row in given:
                transaction.run(MERGE, row).consume()
            transaction.commit()
        return time.perf_counter() - start


def py2neo_bulk(
    url: str, given: list[dict[str, Any]], how: str = "create_relationships"
) -> float:
    """Use py2neo's bulk functions, 5,000 connections a call."""
    from py2neo import bulk

    from atlasdb.interop.py2neo import graph

    connected = graph(url)
    data = [
        (row["source"], {name: row[name] for name in PROPERTIES}, row["target"])
        for row in given
    ]
    start = time.perf_counter()
    for first in range(0, len(data), 5_000):
        getattr(bulk, how)(
            connected.auto(),
            data[first : first + 5_000],
            "CONNECTS_TO",
            start_node_key=("Region", "id"),
            end_node_key=("Region", "id"),
        )
    return time.perf_counter() - start


def py2neo_merge(url: str, given: list[dict[str, Any]]) -> float:
    return py2neo_bulk(url, given, "merge_relationships")


OTHERS: list[tuple[str, Callable[[str, list[dict[str, Any]]], float], int]] = [
    ("Neo4j, a MERGE and a commit for each", one_by_one, ROWS_EACH),
    ("Neo4j, a MERGE for each, one commit", one_transaction, ROWS_EACH),
    ("Neo4j, py2neo bulk create", py2neo_bulk, ROWS_BULK),
    ("Neo4j, py2neo bulk merge", py2neo_merge, ROWS_BULK),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subjects", type=int, default=34)
    parser.add_argument("--regions", type=int, default=116)
    options = parser.parse_args()
    given = list(entries(options.subjects, options.regions))
    n = options.subjects * options.regions * (options.regions - 1)
    measured: list[tuple[str, int, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ATLASDB_KEY_FILE"] = str(Path(folder) / "key")
        os.environ["ATLASDB_FILES"] = folder
        seconds = ours(str(Path(folder) / "atlas"), given)
        measured.append(("atlasdb, a folder", n, seconds))
        url = os.environ.get("ATLASDB_TEST_NEO4J_URI")
        if url:
            empty(url)
            measured.append(("atlasdb, Neo4j", n, ours(url, given)))
            sample = rows(url, max(limit for *_, limit in OTHERS))
            for name, way, limit in OTHERS:
                without_connections(url)
                some = sample[:limit]
                measured.append((name, len(some), way(url, some)))
            empty(url)
    show(measured, n)
    if not url:
        print("No server in ATLASDB_TEST_NEO4J_URI: python tests/neo4j_server/start.py")


def show(measured: list[tuple[str, int, float]], n: int) -> None:
    """Print the table; the last two columns follow from the rate."""
    slowest = min(count / seconds for _, count, seconds in measured)
    print(f"{n:,} connections; the other ways are timed on some of them")
    print(f"{'':38}{'written':>9}{'s':>8}{'per s':>9}{'all, s':>9}{'ratio':>8}")
    for name, count, seconds in measured:
        rate = count / seconds
        print(
            f"{name:38}{count:9,}{seconds:8.1f}{rate:9,.0f}{n / rate:9,.0f}"
            f"{rate / slowest:8,.0f}"
        )


if __name__ == "__main__":
    main()
