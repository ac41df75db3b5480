"""Ways to read connections out of one trained network, side by side.

The networks are trained as our lagged engine trains them, at the sparsity where its
search begins; only the reading differs.
"""

from __future__ import annotations

import numpy as np
import torch

from atlasdb_ingest import models
from atlasdb_ingest.learning import fitting, lagged, leakage
from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models.base import LagModel
from atlasdb_ingest.types import SENSORS
from directed.known import Array, Recording, System
from directed.measures import average_precision

NETWORKS = ("mlp", "joint", "cnn", "rnn", "dbn")
READINGS = ("gain", "RMS slope", "mean slope", "norms")


def compare(
    model: str, system: System, recordings: list[Recording]
) -> dict[str, float]:
    """Give the mean area under the precision-recall curve of each reading."""
    scores: dict[str, list[float]] = {name: [] for name in READINGS}
    for one in recordings:
        for name, matrix in _readings(model, one.series, system).items():
            scores[name].append(average_precision(one.truth, matrix))
    return {name: float(np.mean(all_)) for name, all_ in scores.items() if all_}


def _readings(model: str, data: Array, system: System) -> dict[str, Array]:
    module = models.load(model)
    lengths = (data.shape[1],)
    order = lagged.order(system.modality, system.sfreq)
    if system.modality in SENSORS:
        prior = float(module.SETTINGS["prior"])
        data = leakage.unmixed(data, lengths, order, prior).data
    windows = Windows.of([(data, lengths)], order, torch.device("cpu"))
    network: LagModel = module.build(1, len(data), order, 0)
    fitting.fit(network, windows, module.SETTINGS, 0)
    mean, size = network.slopes(windows)
    found = {
        "gain": network.gain(windows)[0],
        "RMS slope": size[0].square().sum(-1),
        "mean slope": mean[0].square().sum(-1),
    }
    norms = _norms(network)
    if norms is not None:
        found["norms"] = norms
    return {name: m.detach().cpu().double().numpy() for name, m in found.items()}


def _norms(network: LagModel) -> torch.Tensor | None:
    """Size of all that enters from each source, where a network keeps that apart."""
    entering = dict(network.named_parameters())
    parts = [entering[name] for name in ("entering", "linear") if name in entering]
    n = network.n_regions
    if not parts or any(p[0].numel() % n**2 for p in parts):
        return None
    size = [p[0].reshape(n, n, -1).square().sum(-1) for p in parts]
    return torch.stack(size).sum(0).mT
