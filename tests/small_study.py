"""A small study whose answers are known: six people, a worm, two modalities.

``p1``-``p3`` are patients and ``c1``-``c3`` controls, each with an EEG connectome of
four electrodes in which Fz drives Cz, Cz drives Pz, and Pz drives Fz weakly in
patients only; an evoked response to "target"; ``p1`` also has tracts and fMRI on one
parcellation; ``worm`` has three neurons. Everything is made here, nothing is random.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from atlasdb.rows.ids import connectome_id
from atlasdb.types import (
    ActivationMap,
    Area,
    ClassificationResult,
    Connectivity,
    Entry,
    NeuronGraph,
    Parcellation,
    RecordingInfo,
    Run,
    StimulationResult,
    Subject,
)

CAP = Parcellation(
    id="standard_1005",
    name="standard_1005",
    kind="sensors",
    areas=(
        Area("fz", "Fz", "M", x_mm=0.0, y_mm=60.0, z_mm=60.0),
        Area("cz", "Cz", "M", x_mm=0.0, y_mm=0.0, z_mm=90.0),
        Area("pz", "Pz", "M", x_mm=0.0, y_mm=-60.0, z_mm=60.0),
        Area("c3", "C3", "L", x_mm=-60.0, y_mm=0.0, z_mm=60.0),
    ),
    n_areas=343,
    sha256="c" * 64,
)
LOBES = Parcellation(
    id="lobes",
    name="lobes",
    kind="volume",
    areas=tuple(
        Area(str(i + 1), name, side, x_mm=x, y_mm=0.0, z_mm=10.0, volume_mm3=100.0)
        for i, (name, side, x) in enumerate(
            [("Frontal_L", "L", -30.0), ("Frontal_R", "R", 30.0), ("Vermis", "M", 0.0)]
        )
    ),
    n_areas=3,
    sha256="1" * 64,
    space="MNI152NLin2009cAsym",
)


def key(*words: str) -> str:
    """Give a run key that is the same every time."""
    return hashlib.sha256(" ".join(words).encode()).hexdigest()


def run(*words: str) -> Run:
    """Give a run that says nothing but who it is."""
    return Run(
        key=key(*words),
        kind="ingest",
        command="ingest",
        params={"model": "mlp"},
        seed=0,
        versions={"atlasdb": "0.1.0", "torch": "2.2.0"},
        device="cpu",
        started="2026-01-01T00:00:00+00:00",
        ended="2026-01-01T00:00:01+00:00",
    )


def learned(
    weights: np.ndarray, codes: tuple[str, ...], modality: str, method: str
) -> Connectivity:
    """Give weights the honesty of a learned connectome: strong ones are supported."""
    weights = weights.astype(float)
    np.fill_diagonal(weights, np.nan)
    with np.errstate(invalid="ignore"):
        direction = weights / (weights + weights.T)
        supported = weights > 0.2
    p = np.where(supported, 0.001, 0.6)
    return Connectivity(
        codes=codes,
        weights=weights,
        value=weights,
        probability=np.where(supported, 0.95, 0.1),
        direction=np.where(np.isfinite(direction), direction, 0.5),
        supported=supported,
        p=p,
        q=p * 2,
        stability=np.where(supported, 0.9, 0.2),
        lag_ms=np.where(supported, 8.0, 16.0),
        n=1000,
        modality=modality,
        method=method,
        unit="nats",
        engine="lagged",
        fit_score=0.1,
        fit_metric="gain",
        reliability=0.9,
        source_convention="rows are sources",
        variant="learned",
    )


def eeg_entry(name: str, cohort: str, strength: float, age: float) -> Entry:
    """Give one person's EEG: Fz -> Cz -> Pz, and Pz -> Fz with a given strength."""
    weights = np.full((4, 4), 0.05)
    weights[0, 1], weights[1, 2], weights[2, 0] = 0.9, 0.6, strength
    times = np.arange(20)
    erp = np.outer([1.0, 8.0, 4.0, 2.0], np.exp(-((times - 10) ** 2) / 8))
    response = ActivationMap(
        codes=("fz", "cz", "pz", "c3"),
        data=erp,
        modality="eeg",
        condition="target",
        measure="erp",
        unit="uV",
        t0_ms=-100.0,
        dt_ms=20.0,
        n_trials=40,
        z=np.array([0.5, 6.0, 3.0, 1.0]),
        p=np.array([0.6, 1e-6, 0.002, 0.3]),
        q=np.array([0.6, 4e-6, 0.004, 0.4]),
    )
    return Entry(
        run=run("eeg", name),
        subject=Subject(name, cohort, "Homo sapiens", "F", age, "R", cohort, "lab"),
        recording=RecordingInfo(
            sha256=key("recording", name),
            modality="eeg",
            task="oddball",
            sfreq_hz=256.0,
            duration_s=60.0,
            n_channels=4,
            n_bad=0,
        ),
        parcellation=CAP,
        connectivity=learned(weights, ("fz", "cz", "pz", "c3"), "eeg", "mlp"),
        maps=(response,),
        arrays={"model": {"w": np.zeros((2, 2), np.float32)}},
        settings="eeg-settings",
    )


def two_sessions() -> list[Entry]:
    """Give somebody's EEG of two days: of three pairs, Pz and Fz turn round.

    C3 is joined with nobody. The connectomes promised 0.9 and 0.7.
    """
    days = []
    for day, (forth, back, promised) in enumerate([(0.5, 0.3, 0.9), (0.3, 0.5, 0.7)]):
        entry = eeg_entry("twin", "twice", forth, 30.0)
        assert entry.connectivity is not None
        weights = entry.connectivity.weights.copy()
        weights[0, 2] = back
        graph = learned(weights, entry.connectivity.codes, "eeg", "mlp")
        days.append(
            replace(
                entry,
                run=run("eeg", "twin", str(day)),
                recording=replace(
                    entry.recording or RecordingInfo("", "eeg"),
                    sha256=key("recording", "twin", str(day)),
                    session=str(day + 1),
                ),
                connectivity=replace(graph, reliability=promised),
            )
        )
    return days


def volume_entries(name: str, cohort: str) -> list[Entry]:
    """Give one person's tracts and fMRI on one parcellation."""
    tracts = np.array([[0.0, 120.0, 0.0], [120.0, 0.0, 30.0], [0.0, 30.0, 0.0]])
    function = np.array([[0.0, 0.8, 0.4], [0.1, 0.0, 0.05], [0.3, 0.02, 0.0]])
    codes = ("1", "2", "3")
    dwi = Connectivity(
        codes=codes,
        weights=tracts,
        modality="dwi",
        method="tractography",
        unit="streamlines",
        directed=False,
        source_convention="undirected",
        variant="tractography/streamlines",
    )
    base = Entry(
        run=run("dwi", name),
        subject=Subject(name, cohort),
        recording=RecordingInfo(sha256=key("dwi", name), modality="dwi"),
        parcellation=LOBES,
        connectivity=dwi,
        settings="dwi-settings",
    )
    fmri = replace(
        base,
        run=run("fmri", name),
        recording=RecordingInfo(
            sha256=key("fmri", name), modality="fmri", tr_s=2.0, duration_s=400.0
        ),
        connectivity=learned(function, codes, "fmri", "fask"),
        settings="fmri-settings",
    )
    return [base, fmri]


def worm_entry() -> Entry:
    """Give three neurons: AVAL -> AVAR 7, AVAR -> VD01 3, AVAL -> VD01 1."""
    graph = NeuronGraph(
        body_ids=np.array(["720575940600000001", "2", "3"]),
        source=np.array([0, 1, 0]),
        target=np.array([1, 2, 2]),
        weight=np.array([7.0, 3.0, 1.0]),
        neurons={
            "name": ["AVAL", "AVAR", "VD01"],
            "cell_type": ["AVA", "AVA", "VD"],
            "side": ["L", "R", None],
        },
        modality="em",
        method="synapses",
    )
    return Entry(
        run=run("worm"),
        subject=Subject("worm", species="Caenorhabditis elegans"),
        recording=RecordingInfo(sha256=key("recording", "worm"), modality="em"),
        parcellation=Parcellation("cells", "cells", "cells", (), 3, "0" * 64),
        neurons=graph,
        settings="em-settings",
    )


def classification() -> ClassificationResult:
    """Give classifiers of patients and controls, as if they had been trained."""
    people = ("p1", "p2", "p3", "c1", "c2", "c3")
    eeg = [eeg_entry(name, "", 0.0, 0.0) for name in people]
    labels = np.array([1, 1, 1, 0, 0, 0])
    return ClassificationResult(
        run=replace(run("classify"), kind="classify", command="classify"),
        target="diagnosis",
        cohorts=("patients", "controls"),
        classes=("patients", "controls"),
        modality="eeg",
        table={
            "kind": ["network", "correlation", "majority"],
            "accuracy": [1.0, 5 / 6, 0.5],
            "balanced_accuracy": [1.0, 5 / 6, 0.5],
            "auc": [1.0, 8 / 9, 0.5],
            "auc_low": [1.0, 0.5, None],
            "auc_high": [1.0, 1.0, None],
            "p": [0.05, 0.1, None],
            "n_permutations": [19, 19, 0],
            "n_a": [3, 3, 3],
            "n_b": [3, 3, 3],
            "n_folds": [3, 3, 3],
        },
        arrays={
            "scores": {"subject": np.array(people), "label": labels},
            "model": {"bias": np.zeros(1, np.float32)},
        },
        used=tuple(str(connectome_id(entry)) for entry in eeg),
    )


def entries() -> list[Entry]:
    """Give the whole study."""
    people = [
        eeg_entry(f"{side}{i}", cohort, strength + 0.01 * i, 20.0 + 5 * i)
        for side, cohort, strength in (
            ("p", "patients", 0.5),
            ("c", "controls", 0.05),
        )
        for i in (1, 2, 3)
    ]
    return [*people, *volume_entries("p1", "patients"), worm_entry()]


def stimulation() -> StimulationResult:
    """Give what simulated stimulation of ``p1``'s electrodes would change: Fz most."""
    reduction = np.array([0.4, 0.3, 0.1, 0.02])
    return StimulationResult(
        run=replace(run("stimulate", "p1"), kind="stimulate", command="stimulate"),
        subject="p1",
        connectome=f"p1/eeg-mlp-{key('eeg', 'p1')[:8]}",
        goal="energy",
        budget=1.0,
        horizon=20,
        n_rollouts=512,
        fit_score=0.12,
        linear_fit_score=0.1,
        codes=("fz", "cz", "pz", "c3"),
        reduction=reduction,
        reduction_low=reduction - 0.01,
        reduction_high=reduction + 0.01,
        arrays={"policy": {"gains": np.zeros((4, 4, 5), np.float32)}},
    )
