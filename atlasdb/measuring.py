"""Graph measures of connectomes in an atlas: of one, or of each in a cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from atlasdb import clock, reading, writing
from atlasdb.analysis import measures
from atlasdb.errors import AtlasError, InvalidDataError, StoreError
from atlasdb.files import Files
from atlasdb.rows.ids import run_key
from atlasdb.store.base import Store
from atlasdb.types import MeasureResult, Run

if TYPE_CHECKING:
    import pandas as pd


def analyze(
    store: Store,
    files: Files,
    name: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    options: Mapping[str, Any],
    supported: bool,
    write_back: bool,
    by_subject: bool,
) -> pd.DataFrame:
    """Measure connectomes; see `atlasdb.Atlas.analyze`.

    Parameters
    ----------
    rows : sequence of mapping
        Properties of the connectomes.
    by_subject : bool
        Put the subject before each row, and pass over those who cannot be measured.
    """
    import pandas as pd

    which = measures.measure(name)
    if write_back and not which.kept:
        kept = ", ".join(m.name for m in measures.MEASURES.values() if m.kept)
        raise InvalidDataError(
            f"The graph has no place for the measure {which.name}. It keeps: {kept}."
        )
    frames, results = [], []
    failed: dict[str, str] = {}
    for row in rows:
        started = clock.now()
        try:
            graph = reading.network(store, row, supported=supported)
            if supported and graph.weights.nnz == 0:
                raise InvalidDataError(
                    "There are no connections that pass the own rule of connectome "
                    f"{row['id']}. Measure all of them, by their weights: "
                    "--no-supported, or supported=False."
                )
            frame = measures.compute(which, graph, options)
        except AtlasError as error:
            if not by_subject or isinstance(error, StoreError):
                raise
            failed[row["subject"]] = str(error)
            continue
        if write_back:
            told = which.told(options) | {"supported": supported}
            results.append(_result(which, row, frame, told, started))
        frames.append(_of(row["subject"], frame) if by_subject else frame)
    if not frames:
        raise InvalidDataError(next(iter(failed.values())))
    whole = pd.concat(frames, ignore_index=True) if by_subject else frames[0]
    whole.attrs = {"engine": frames[0].attrs["engine"], "failed": failed}
    whole.attrs["connectomes"] = [row["id"] for row in rows]
    if write_back:
        whole.attrs["written"] = writing.write_measures(store, files, results)
    return whole


def _of(subject: str, frame: pd.DataFrame) -> pd.DataFrame:
    engine = frame.attrs["engine"]
    frame = frame.copy()
    frame.insert(0, "subject", subject)
    frame.attrs["engine"] = engine
    return frame


def _result(
    which: measures.Measure,
    row: Mapping[str, Any],
    frame: pd.DataFrame,
    told: Mapping[str, Any],
    started: str,
) -> MeasureResult:
    """Make what is kept of a measure; its key says by what it was computed."""
    engine, _, version = frame.attrs["engine"].partition(" ")
    params = {"measure": which.name, "engine": engine, **told}
    stated = {"connectome": row["id"], "engine": frame.attrs["engine"]} | params
    stated["version"] = measures.VERSION
    run = Run(
        key=run_key(stated),
        kind="analyze",
        command="analyze",
        params=params,
        seed=told.get("seed"),
        versions={engine: version},
        started=started,
        ended=clock.now(),
    )
    first = frame.iloc[0]
    return MeasureResult(
        run=run,
        connectome=row["id"],
        subject=row["subject"],
        label=reading.node_label(row),
        ids=np.array(frame["id"] if which.nodes else [], dtype=object),
        nodes={column: frame[column].to_numpy() for column in which.nodes},
        values={column: float(first[column]) for column in which.values},
    )
