"""Columns of lists of connections, by the names of the field.

Columns are found by the names that neuPrint, Codex (FlyWire), networkx and plain
tables use. Ids are text or whole numbers, never floating point: 64-bit ids stay whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from atlasdb.errors import InvalidDataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

_SOURCE = "bodyid_pre pre_root_id pre_pt_root_id source pre presynaptic from src sender"
_TARGET = "bodyid_post post_root_id post_pt_root_id target post postsynaptic to dst"
_WEIGHT = "weight syn_count synapses synapse_count n_syn n_synapses count w strength"
SOURCE = [*_SOURCE.split(), "pre_id", "source_id", "cell1", "neuron1", "node1", "u"]
TARGET = [*_TARGET.split(), "receiver", "post_id", "target_id", "cell2", "neuron2"]
TARGET += ["node2", "v"]
WEIGHT = [*_WEIGHT.split(), "number", "nsyn", "nbr", "num_synapses", "value"]
NEUROPIL = ["roi", "neuropil", "region", "brain_region"]
TRANSMITTER = ["nt_type", "predictednt", "transmitter", "neurotransmitter", "nt"]


def column(
    frame: pd.DataFrame, known: Sequence[str], asked: str | None, option: str
) -> str | None:
    """Find a column: the one asked for, or the first that has a known name.

    Raises
    ------
    InvalidDataError
        If the one asked for is not there; the line names those that are.
    """
    names = [str(name) for name in frame.columns]
    if asked is not None:
        if asked in names:
            return asked
        raise InvalidDataError(
            f"{option} {asked}: there is no such column.{did_you_mean(asked, names)} "
            f"There are: {', '.join(names[:20])}."
        )
    lower = {name.lower().replace(" ", "_"): name for name in names}
    return next((lower[k] for k in known if k in lower), None)


def where(frame: pd.DataFrame, conditions: Mapping[str, str]) -> pd.DataFrame:
    """Keep the rows whose columns have the values asked for, letter for letter."""
    for name, value in conditions.items():
        found = column(frame, [], name, "--where")
        kept = frame[frame[found].astype(str).str.strip() == value]
        if kept.empty:
            values = sorted({str(v) for v in frame[found].unique()[:200]})[:8]
            raise InvalidDataError(
                f"--where {name}={value}: no row has this value. Values are: "
                f"{', '.join(values)}."
            )
        frame = kept
    return frame


def ids(values: pd.Series[Any], path: Path) -> np.ndarray[Any, Any]:
    """Give ids as text, whole: never through floating point.

    Raises
    ------
    InvalidDataError
        If one is blank, or the file holds them as floating point above 2^53.
    """
    if values.dtype.kind == "f":
        whole = values.to_numpy()
        if not np.isfinite(whole).all() or (np.abs(whole) >= 2**53).any():
            raise InvalidDataError(
                f"{path.name} holds ids as floating point, which cuts 64-bit ids. "
                "Write them as whole numbers or text."
            )
        return whole.astype(np.int64).astype(str)
    text = values.astype(str).str.strip().to_numpy(dtype=str)
    blank = np.flatnonzero((text == "") | (text == "nan") | (text == "None"))
    if len(blank):
        raise InvalidDataError(
            f"{path.name}: row {int(values.index[blank[0]]) + 1} has no id."
        )
    return text


def weights(values: pd.Series[Any], path: Path) -> np.ndarray[Any, Any]:
    """Give weights as numbers, 0 or more.

    Raises
    ------
    InvalidDataError
        With the number of the first row whose weight cannot be used.
    """
    found = numbers(values, path)
    bad = np.flatnonzero(found < 0)
    if len(bad):
        row = int(values.index[bad[0]]) + 1
        raise InvalidDataError(
            f"{path.name}: the weight '{values.iloc[bad[0]]}' in row {row} is not a "
            "number of synapses; weights are finite and at least 0."
        )
    return found


def numbers(values: pd.Series[Any], path: Path) -> np.ndarray[Any, Any]:
    """Give numbers of either sign.

    Raises
    ------
    InvalidDataError
        With the first row that has none.
    """
    import pandas as pd

    found = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(found))
    if len(bad):
        row = int(values.index[bad[0]]) + 1
        raise InvalidDataError(
            f"{path.name}: the weight '{values.iloc[bad[0]]}' in row {row} is not a "
            "finite number."
        )
    return found
