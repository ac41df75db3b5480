"""A study made of what is hard to put in order: ties, equal names, missing values.

Two people and a fly. Weights take three values only; two areas and two neurons share
a name, another neuron has none; one person is in no cohort and nothing is known of
them; one has two sessions and a connectome that a newer one has replaced.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import small_study
from atlasdb.types import (
    ActivationMap,
    Area,
    Entry,
    NeuronGraph,
    Parcellation,
    RecordingInfo,
    Subject,
)

N = 6
GRID = Parcellation(
    id="grid",
    name="grid",
    kind="volume",
    areas=tuple(Area(str(i), "twin" if i in (1, 4) else f"area {i}") for i in range(N)),
    n_areas=N,
    sha256="2" * 64,
)


def region_entry(name: str, modality: str, session: str | None, seed: int) -> Entry:
    """Give one person's connectome and map, both full of ties."""
    rng = np.random.default_rng(seed)
    weights = rng.choice([0.1, 0.3, 0.7], (N, N))
    graph = small_study.learned(weights, tuple("012345"), modality, "fask")
    data = rng.choice([0.0, 1.0, -1.0], (N, 8))
    data[2] = 0.0  # never responds: no onset
    response = ActivationMap(
        codes=tuple("012345"),
        data=data,
        modality=modality,
        condition="face",
        measure="erp",
        unit="uV",
        t0_ms=0.0,
        dt_ms=10.0,
        q=np.full(N, 0.01),
    )
    return Entry(
        run=small_study.run(name, modality, str(session), str(seed)),
        subject=Subject(name, "tied" if name == "one" else None),
        recording=RecordingInfo(
            sha256=small_study.key(name, modality, str(session)),
            modality=modality,
            session=session,
        ),
        parcellation=GRID,
        connectivity=graph,
        maps=(response,),
        settings="tied",
    )


def fly_entry() -> Entry:
    """Give six neurons, each synapse with weight 1 or 2."""
    rng = np.random.default_rng(0)
    source, target = np.nonzero(~np.eye(N, dtype=bool))
    return replace(
        small_study.worm_entry(),
        run=small_study.run("fly"),
        subject=Subject("fly", species="Drosophila melanogaster"),
        recording=RecordingInfo(sha256=small_study.key("fly"), modality="em"),
        neurons=NeuronGraph(
            body_ids=np.array([str(720575940600000000 + i) for i in range(N)]),
            source=source,
            target=target,
            weight=rng.choice([1.0, 2.0], len(source)),
            neurons={"name": ["A", "A", None, "B", "C", "D"]},
            modality="em",
            method="synapses",
        ),
    )


def entries() -> list[Entry]:
    """Give the whole study."""
    return [
        region_entry("one", "fmri", None, 1),
        region_entry("one", "fmri", None, 2),  # replaces the first
        region_entry("one", "dwi", None, 3),
        region_entry("one", "eeg", "01", 4),
        region_entry("one", "eeg", "02", 5),
        region_entry("two", "fmri", None, 6),
        fly_entry(),
    ]
