"""Our own models, as a user gets them: no setting is changed for the benchmark."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from atlasdb_ingest import models
from atlasdb_ingest.learning import trainer
from atlasdb_ingest.types import Timeseries
from directed.known import Array, System
from directed.method import Found, Method


def timeseries(data: Array, system: System) -> Timeseries:
    codes = tuple(map(str, range(len(data))))
    lengths = (data.shape[1],)
    return Timeseries(data, system.sfreq, codes, system.modality, lengths)


def learned(model: str) -> Callable[[Array, System], Found]:
    def run(data: Array, system: System) -> Found:
        series = timeseries(data, system)
        engine = models.load(model).ENGINE
        (one,) = trainer.estimate(
            [series], model=model, engine=engine, device="cpu", progress=False
        )
        return Found(
            np.nan_to_num(one.probability if model == "amortised" else one.weight),
            probability=one.probability,
            direction=one.direction,
            supported=one.supported,
        )

    return run


NETWORKS = ("mlp", "joint", "cnn", "rnn", "dbn", "rbm")
OURS = (
    Method("amortised", learned("amortised"), ours=True, fast=False, quick=True),
    Method("fask", learned("fask"), ours=True, fast=False, quick=True),
    Method("linear", learned("linear"), ours=True, most_regions=64),
    *(Method(name, learned(name), ours=True, slow=False) for name in NETWORKS),
)
DEFAULTS = {"fmri": "amortised", "eeg": "mlp", "simulated": "mlp"}
