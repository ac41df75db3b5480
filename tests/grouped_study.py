"""Four people whose connectomes have groups: clear ones, faint ones, none at all.

Between regions and between neurons; weights differ, and so do what nodes send and
receive, so that directed modularity is not that of the same graph without directions.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import small_study
from atlasdb.types import (
    Area,
    Entry,
    FloatArray,
    NeuronGraph,
    Parcellation,
    RecordingInfo,
    Subject,
)

N = 48
CODES = tuple(f"{i:02d}" for i in range(N))
FIELD = Parcellation(
    id="field",
    name="field",
    kind="volume",
    areas=tuple(Area(code, f"area {code}") for code in CODES),
    n_areas=N,
    sha256="3" * 64,
)


def weights(inside: float, outside: float, seed: int) -> FloatArray:
    """Give ``[source, target]`` weights of four groups of nodes in mixed order.

    Parameters
    ----------
    inside, outside : float
        How likely a connection is within a group and between groups.
    seed : int
        Of what is random.
    """
    rng = np.random.default_rng(seed)
    group = rng.permutation(np.arange(N) % 4)
    likely = np.where(group[:, None] == group, inside, outside)
    drawn = rng.uniform(0.3, 1.0, (N, N)) * rng.uniform(0.7, 1.3, (N, 1))
    drawn[rng.random((N, N)) >= likely] = 0.0
    np.fill_diagonal(drawn, 0.0)
    return drawn


def neurons(name: str, drawn: FloatArray) -> Entry:
    """Give the connectome of one animal's neurons."""
    source, target = np.nonzero(drawn)
    graph = NeuronGraph(
        body_ids=np.array(CODES),
        source=source,
        target=target,
        weight=drawn[source, target],
        neurons={"name": [None if i % 5 == 0 else f"N{i}" for i in range(N)]},
        modality="em",
        method="synapses",
    )
    return replace(
        small_study.worm_entry(),
        run=small_study.run(name),
        subject=Subject(name, species="Drosophila melanogaster"),
        recording=RecordingInfo(sha256=small_study.key(name), modality="em"),
        neurons=graph,
    )


def regions(name: str, drawn: FloatArray) -> Entry:
    """Give the connectome of one person's regions."""
    return Entry(
        run=small_study.run(name),
        subject=Subject(name),
        recording=RecordingInfo(sha256=small_study.key(name), modality="fmri"),
        parcellation=FIELD,
        connectivity=small_study.learned(drawn, CODES, "fmri", "fask"),
        settings="grouped",
    )


def entries() -> list[Entry]:
    """Give the whole study."""
    return [
        neurons("clear-cells", weights(0.7, 0.03, 1)),
        regions("clear-areas", weights(0.7, 0.03, 2)),
        neurons("faint", weights(0.4, 0.15, 3)),
        regions("none", weights(0.2, 0.2, 4)),
    ]
