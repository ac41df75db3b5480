"""Rows of activation maps: how each area responds to a condition."""

from __future__ import annotations

from typing import Any

import numpy as np

from atlasdb.batch import Batch
from atlasdb.errors import InvalidDataError
from atlasdb.rows.ids import area_id, map_id
from atlasdb.rows.shared import link, place_of
from atlasdb.types import ActivationMap, Entry


def add_map(
    batch: Batch, entry: Entry, activation: ActivationMap, recording: str | None
) -> None:
    """Add one map with the response of each of its areas."""
    if entry.parcellation is None:
        raise InvalidDataError("An activation map needs the parcellation of its areas.")
    map_key = map_id(entry, activation)
    names = "modality stimulus condition measure unit t0_ms dt_ms n_trials"
    row: dict[str, Any] = {name: [getattr(activation, name)] for name in names.split()}
    row |= place_of(entry) | {
        "id": [map_key],
        "subject": [entry.subject.id],
        "parcellation": [entry.parcellation.id],
        "is_current": [True],
    }
    batch.add_nodes("ActivationMap", row)
    columns = response(activation)
    columns["source"] = [map_key] * len(activation.codes)
    columns["target"] = [area_id(entry.parcellation.id, c) for c in activation.codes]
    batch.add_edges("ACTIVATES", "ActivationMap", "Area", columns)
    link(batch, "HAS_MAP", "Subject", "ActivationMap", entry.subject.id, map_key)
    link(batch, "GENERATED_BY", "ActivationMap", "Run", map_key, entry.run.key)
    if recording:
        link(batch, "DERIVED_FROM", "ActivationMap", "Recording", map_key, recording)


def response(activation: ActivationMap) -> dict[str, Any]:
    """Summarise the response of each area: amplitudes, peak, onset, area under it.

    Times are after the event, and only times after it count. The onset is the first
    time at which the response exceeds half of its peak. A map without a time course
    has amplitudes only.
    """
    data = activation.data
    columns: dict[str, Any] = {
        name: values
        for name in ("z", "p", "q")
        if (values := getattr(activation, name)) is not None
    }
    if activation.t0_ms is None or activation.dt_ms is None or data.shape[1] < 2:
        return columns | {"mean_amp": data.mean(axis=1), "peak_amp": data[:, 0]}
    times = activation.t0_ms + activation.dt_ms * np.arange(data.shape[1])
    after, times = data[:, times > 0], times[times > 0]
    rows = np.arange(len(data))
    peak = np.abs(after).argmax(axis=1)
    peak_amp = after[rows, peak]
    above = np.abs(after) >= np.abs(peak_amp)[:, None] / 2
    return columns | {
        "mean_amp": after.mean(axis=1),
        "peak_amp": peak_amp,
        "peak_ms": times[peak],
        "onset_ms": times[above.argmax(axis=1)],
        "auc": np.abs(after).sum(axis=1) * activation.dt_ms,
    }
