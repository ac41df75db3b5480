"""What goes into the graph of one recording: what was found, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import metadata
from typing import Any

import numpy as np

from atlasdb import clock
from atlasdb.types import Connectivity, Entry, Run
from atlasdb_ingest.jobs import Job, Learning, settings_hash
from atlasdb_ingest.learning.belief import trust, why
from atlasdb_ingest.types import Estimate, Prepared, Timeseries

_VERSIONS = [
    *("atlasdb", "numpy", "scipy", "scikit-learn", "torch", "mne", "nibabel", "nilearn")
]


def entry(
    job: Job,
    key: str,
    prepared: Prepared,
    estimate: Estimate | None,
    learning: Learning,
    started: str,
) -> Entry:
    """Put together what goes into the graph and into the files of one recording.

    Parameters
    ----------
    job : Job
    key : str
        Of the run, as ``job.key`` gives it.
    prepared : Prepared
        What the modality made of the recording.
    estimate : Estimate or None
        What was learned from its series; None where there is nothing to learn from.
    learning : Learning
    started : str
        When reading began.
    """
    settings = job.settings(learning)
    connectivity = prepared.connectivity
    arrays: dict[str, Mapping[str, Any]] = {}
    params: dict[str, Any] = dict(settings)
    if estimate is not None:
        series = prepared.timeseries
        assert series is not None  # it was learned from
        connectivity = connectivity_of(estimate, series)
        if estimate.state:
            arrays["model"] = estimate.state
        arrays["series"] = {
            "data": series.data.astype(np.float32),
            "sfreq": np.array(series.sfreq),
            "lengths": np.array(series.lengths),
        }
        params["fit"] = dict(estimate.params)
        asked = learning.model is not None or learning.engine is not None
        params["why"] = why(estimate.engine, series.modality, asked=asked)
        params["trust"] = trust(estimate)
    run = Run(
        key=key,
        kind="ingest",
        command=f"ingest {job.modality}",
        params=params,
        seed=learning.seed,
        versions=versions(),
        device=estimate.device if estimate else None,
        started=started,
        ended=clock.now(),
    )
    return Entry(
        run=run,
        subject=job.subject,
        recording=replace(
            prepared.recording, session=job.session, task=job.task, run=job.run
        ),
        parcellation=prepared.parcellation,
        connectivity=connectivity,
        neurons=prepared.neurons,
        maps=prepared.maps,
        arrays=arrays,
        settings=settings_hash(settings),
    )


def connectivity_of(estimate: Estimate, series: Timeseries) -> Connectivity:
    """Give an estimate as a connectome's arrays."""
    same = (
        "value probability direction supported p q stability lag_ms n engine method "
        "unit fit_score fit_metric reliability ood_score"
    )
    return Connectivity(
        codes=series.codes,
        weights=estimate.weight,
        modality=series.modality,
        directed=True,
        source_convention="rows are sources",
        variant="learned",
        **{name: getattr(estimate, name) for name in same.split()},
    )


def versions() -> dict[str, str]:
    """Give the versions of what takes part in a result."""
    found = {}
    for name in _VERSIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
