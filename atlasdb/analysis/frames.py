"""The graph measures of one connectome as tables: what people read.

Each function takes a `Network` and gives a frame whose ``attrs["engine"]`` names what
computed it. Rows about nodes have ``name`` first and ``id`` last, largest value first.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from atlasdb.analysis import centrality, distances, engine, motifs, richclub
from atlasdb.analysis import communities as groups
from atlasdb.analysis import routes as ways
from atlasdb.analysis.network import Network, checked, connected, strengths
from atlasdb.analysis.nulls import nulls
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray

TOP = 0.8
"""A hub is above this quantile."""


def pagerank(
    network: Network, *, alpha: float = 0.85, start: str | Sequence[str] = ()
) -> pd.DataFrame:
    """Give the PageRank of each node; ``start`` names those that walks start from."""
    personal = None
    if start:
        names = [start] if isinstance(start, str) else start
        personal = np.zeros(len(network.ids))
        personal[[network.find(name) for name in names]] = 1.0
    score = centrality.scores(checked(network.weights), alpha=alpha, personal=personal)
    return _by_scipy(network.frame(pagerank=score))


def strength(network: Network) -> pd.DataFrame:
    """Give the sums of weights, and the numbers of connections, by direction."""
    weights = checked(network.weights)
    sent, received = strengths(weights)
    outgoing, incoming = strengths(connected(weights))
    frame = network.frame(
        strength=sent + received,
        out_strength=sent,
        in_strength=received,
        out_degree=outgoing.astype(np.int64),
        in_degree=incoming.astype(np.int64),
    )
    return _by_scipy(frame)


def betweenness(network: Network) -> pd.DataFrame:
    """Give the share of shortest paths through each node."""
    share = distances.betweenness(network.weights)
    return _by_engine(network.frame(betweenness=share))


def closeness(network: Network) -> pd.DataFrame:
    """Give the closeness of each node, by incoming and by outgoing paths."""
    incoming, outgoing = distances.closeness(network.weights)
    return _by_scipy(network.frame(closeness=incoming, closeness_out=outgoing))


def clustering(network: Network) -> pd.DataFrame:
    """Give the directed, weighted clustering coefficient of each node."""
    return _by_scipy(network.frame(clustering=motifs.clustering(network.weights)))


def communities(network: Network, **options: Any) -> pd.DataFrame:
    """Give the community of each node, the largest community first."""
    found = groups.communities(network.weights, **options)
    return _by_engine(members(found, network.names, network.ids))


def members(
    found: groups.Partition, names: NDArray[np.object_], ids: NDArray[np.object_]
) -> pd.DataFrame:
    """List nodes by community: ``name, community``, what is of all of them, ``id``."""
    columns: dict[str, Any] = {"name": names, "community": found.membership}
    columns |= _of_all(found) | {"id": ids}
    return pd.DataFrame(columns).sort_values(["community", "id"], ignore_index=True)


def participation(network: Network, **options: Any) -> pd.DataFrame:
    """Give how evenly each node's weight is spread over the communities."""
    found = groups.communities(network.weights, **options)
    outgoing, incoming = groups.participation(network.weights, found.membership)
    frame = network.frame(
        participation_out=outgoing,
        participation_in=incoming,
        community=found.membership,
        **_of_all(found),
    )
    return _by_engine(frame)


def hubs(network: Network, **options: Any) -> pd.DataFrame:
    """Count by how many of four measures each node is among the top fifth.

    They are strength, betweenness, incoming closeness, and participation of what it
    sends and receives together.
    """
    weights = checked(network.weights)
    found = groups.communities(weights, **options)
    both = sparse.csr_array(weights + weights.T)
    measured: dict[str, FloatArray] = {
        "strength": np.add(*strengths(weights)),
        "betweenness": distances.betweenness(weights),
        "closeness": distances.closeness(weights)[0],
        "participation": groups.participation(both, found.membership)[0],
    }
    top = [(v >= np.quantile(v, TOP)) & (v > 0) for v in measured.values()]
    n_top = np.array(top).sum(axis=0)
    frame = network.frame(n_top=n_top, **measured, community=found.membership)
    by = ["n_top", "strength", "id"]
    frame = frame.sort_values(by, ascending=[False, False, True], ignore_index=True)
    return _by_engine(frame)


def efficiency(network: Network) -> pd.DataFrame:
    """Give the global efficiency, in one row."""
    value = distances.global_efficiency(network.weights)
    return _by_scipy(pd.DataFrame({"global_efficiency": [value]}))


def local_efficiency(network: Network) -> pd.DataFrame:
    """Give the local efficiency of each node."""
    found = distances.local_efficiency(network.weights)
    return _by_scipy(network.frame(local_efficiency=found))


def reciprocity(network: Network) -> pd.DataFrame:
    """Give the binary and the weighted reciprocity, in one row."""
    binary, weighted = motifs.reciprocity(network.weights)
    columns = {"reciprocity": [binary], "weighted_reciprocity": [weighted]}
    return _by_scipy(pd.DataFrame(columns))


def rich_club(network: Network, **options: Any) -> pd.DataFrame:
    """Give the rich-club coefficient by degree, beside random networks."""
    return _by_scipy(richclub.rich_club(network.weights, **options))


def triads(network: Network, *, n_nulls: int = 100, seed: int = 0) -> pd.DataFrame:
    """Count the 16 kinds of triads, beside random networks of the same degrees.

    Returns
    -------
    pandas.DataFrame
        ``triad, count, null_mean, null_sd, z``; z is missing where all random
        networks have one count.
    """
    counts = np.array(list(motifs.triads(network.weights).values()))
    random = np.array(
        [list(motifs.triads(w).values()) for w in nulls(network.weights, n_nulls, seed)]
    )
    mean = random.mean(axis=0)
    sd = random.std(axis=0, ddof=1) if n_nulls > 1 else np.zeros(len(counts))
    z = np.full(len(counts), np.nan)
    np.divide(counts - mean, sd, out=z, where=sd > 0)
    columns = {"triad": motifs.TRIADS, "count": counts}
    columns |= {"null_mean": mean, "null_sd": sd, "z": z}
    return _by_scipy(pd.DataFrame(columns))


def feed_forward(network: Network) -> pd.DataFrame:
    """Count the feed-forward loops that each node starts, relays and ends."""
    counts = [n.astype(np.int64) for n in motifs.feed_forward(network.weights)]
    names = ("n_source", "n_middle", "n_target")
    return _by_scipy(network.frame(**dict(zip(names, counts, strict=True))))


def paths(
    network: Network,
    *,
    source: str | None = None,
    target: str | None = None,
    k: int = 5,
    by: str = "cost",
) -> pd.DataFrame:
    """Give the best routes to one node, or the nearest way to every node."""
    if source is None:
        raise InvalidDataError("Paths need a source: name a region or neuron.")
    if target is None:
        return _by_scipy(ways.reach(network, source=source))
    found = ways.routes(network, source=source, target=target, k=k, by=by)
    return _by_engine(found)


def _of_all(found: groups.Partition) -> dict[str, Any]:
    n = len(found.membership)
    return {
        "modularity": np.full(n, found.modularity),
        "stability": np.full(n, found.stability),
        "method": np.full(n, found.method, dtype=object),
    }


def _by_scipy(frame: pd.DataFrame) -> pd.DataFrame:
    frame.attrs["engine"] = f"scipy {version('scipy')}"
    return frame


def _by_engine(frame: pd.DataFrame) -> pd.DataFrame:
    frame.attrs["engine"] = engine.name()
    return frame
