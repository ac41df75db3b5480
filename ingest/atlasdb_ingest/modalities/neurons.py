"""Ingest neurons: a list of connections, and a table of their properties.

Columns are found by the names that neuPrint, Codex, networkx and plain tables use.

Example: atlasdb ingest neurons edges.csv --where Type=chemical --subject worm
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError
from atlasdb.files import sha256
from atlasdb.types import NeuronGraph, Parcellation, RecordingInfo
from atlasdb_ingest.readers import edge_columns as reader
from atlasdb_ingest.readers.edges import read_rows
from atlasdb_ingest.types import Prepared

if TYPE_CHECKING:
    import pandas as pd

_SIGNS = {"ach": 1, "acetylcholine": 1, "gaba": -1}
"""What a transmitter does at most synapses; glutamate does both, so it is not said."""
_NODE_ID = [
    "bodyid",
    "root_id",
    "pt_root_id",
    "id",
    "node_id",
    "neuron",
    "cell",
    "name",
]
_PROPERTIES = {
    "name": ["instance", "name", "cell_name", "cell", "neuron", "label"],
    "cell_type": ["type", "cell_type", "primary_type", "celltype"],
    "cell_class": ["class", "super_class", "cell_class", "superclass"],
    "side": ["side", "hemisphere", "somaside", "soma_side"],
    "transmitter": reader.TRANSMITTER,
}


@dataclass(frozen=True)
class Options:
    """Settings of an edge list; what each means stands in `OPTIONS`."""

    source: str | None = None
    target: str | None = None
    weight: str | None = None
    where: tuple[str, ...] = ()
    no_header: bool = False
    nodes: Path | None = None
    method: str = "synapses"
    unit: str = "synapses"
    parcellation_name: str = "neurons"

    def __post_init__(self) -> None:
        """Take text for paths."""
        if self.nodes is not None:
            object.__setattr__(self, "nodes", Path(self.nodes))


OPTIONS: Sequence[click.Option] = (
    click.Option(["--source"], metavar="COLUMN", help="Column of the sending neuron."),
    click.Option(["--target"], metavar="COLUMN", help="Column of the receiving one."),
    click.Option(["--weight"], metavar="COLUMN", help="Column of the synapse count."),
    click.Option(
        ["--where"],
        multiple=True,
        metavar="COLUMN=VALUE",
        help="Only rows with this value; may be repeated.",
    ),
    click.Option(
        ["--no-header"],
        is_flag=True,
        help="The first row is a connection [found out].",
    ),
    click.Option(
        ["--nodes"],
        type=click.Path(path_type=Path),
        help="Table of neurons: id, type, class, side, transmitter, ...",
    ),
    click.Option(["--method"], default="synapses", show_default=True),
    click.Option(["--unit"], default="synapses", show_default=True),
    click.Option(
        ["--parcellation-name"],
        default="neurons",
        show_default=True,
        help="Name of the set of cells.",
    ),
)


def files(path: Path, options: Options) -> list[Path]:
    """Give every file whose content makes the result."""
    return [path, *([options.nodes] if options.nodes else [])]


def read(path: Path, options: Options) -> Prepared:
    """Read the connections of one animal's neurons.

    Weights of one pair are summed over rows and neuropils; the table by neuropil is
    kept. Connections of a cell onto itself are counted and left out.

    Raises
    ------
    NotFoundError
        If a file is not there.
    InvalidDataError
        If a column cannot be found, or an id or a weight cannot be used.
    """
    frame = read_rows(path, header=False if options.no_header else None)
    frame = reader.where(frame, _conditions(options.where))
    source, target, weight, notes = _columns(frame, options, path)
    table = _table(options.nodes) if options.nodes else None
    body_ids, rows = _numbered(source, target, table)
    ends = rows[: len(source)], rows[len(source) :]
    n_cells = len(body_ids)
    own = ends[0] == ends[1]
    pairs, total, n_own = _summed(*ends, weight, own, n_cells)
    if n_own:
        notes.append(f"{n_own} connections of a cell onto itself left out.")
    neurons, sign = _properties(body_ids, table, frame, ends)
    roi = reader.column(frame, reader.NEUROPIL, None, "")
    by_neuropil: dict[str, Any] | None = None
    if roi is not None:
        names = frame[roi].astype(str).to_numpy(dtype=str)
        by_neuropil = {"source": ends[0], "target": ends[1], "roi": names}
        by_neuropil["weight"] = weight
    graph = NeuronGraph(
        body_ids=body_ids,
        source=pairs // n_cells,
        target=pairs % n_cells,
        weight=total,
        neurons=neurons,
        modality="em",
        method=options.method,
        unit=options.unit,
        by_neuropil=by_neuropil,
        n_self_loops=n_own,
        sign=None if sign is None else sign[pairs // n_cells],
        source_convention="declared by column names",
        variant=f"{options.method}/{options.unit}/{','.join(options.where)}",
    )
    name = options.parcellation_name
    cells = Parcellation(name.lower(), name, "cells", (), 0, "0" * 64)
    return Prepared(
        RecordingInfo(sha256(path), "em"), cells, neurons=graph, notes=tuple(notes)
    )


def _conditions(given: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    wrong = [
        text for text, (name, sign, _) in zip(given, pairs, strict=True) if not sign
    ]
    if wrong:
        raise InvalidDataError(f"--where {wrong[0]}: write COLUMN=VALUE.")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _columns(
    frame: pd.DataFrame, options: Options, path: Path
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.float64], list[str]]:
    """Find sources, targets and weights of the rows."""
    names = {
        "source": reader.column(frame, reader.SOURCE, options.source, "--source"),
        "target": reader.column(frame, reader.TARGET, options.target, "--target"),
    }
    for end, found in names.items():
        if found is None:
            listed = ", ".join(str(c) for c in list(frame.columns)[:12])
            raise InvalidDataError(
                f"{path.name}: which column is the {end}? Name it with --{end} COLUMN. "
                f"There are: {listed}."
            )
    notes = []
    name = reader.column(frame, reader.WEIGHT, options.weight, "--weight")
    if name is not None and options.weight is None and not _numeric(frame[name]):
        name = None  # a third column without a header may be a transmitter
    if name is None:
        weight = np.ones(len(frame))
        notes.append("No column of weights: every row counts as 1.")
    else:
        weight = reader.weights(frame[name], path)
    source = reader.ids(frame[names["source"]], path)
    target = reader.ids(frame[names["target"]], path)
    return source, target, weight, notes


def _numeric(values: pd.Series[Any]) -> bool:
    """Tell a column of numbers, with a slip or two, from one of words."""
    import pandas as pd

    head = values.iloc[:100]
    return bool(pd.to_numeric(head, errors="coerce").notna().mean() > 0.5)


def _numbered(
    source: NDArray[Any], target: NDArray[Any], table: pd.DataFrame | None
) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """Give each cell a number, in the order in which they first appear."""
    import pandas as pd

    parts = [source, target]
    if table is not None:
        parts.append(table.index.to_numpy(dtype=str))
    rows, found = pd.factorize(np.concatenate(parts))
    body_ids = np.asarray(found, dtype=str)
    return body_ids, rows[: 2 * len(source)].astype(np.int64)


def _summed(
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    weight: NDArray[np.float64],
    own: NDArray[np.bool_],
    n_cells: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64], int]:
    """Sum the weights of each ordered pair; give pairs, sums, and cells left out."""
    n_own = len(np.unique(source[own & (weight > 0)]))
    keep = ~own & (weight > 0)
    keys = source[keep] * n_cells + target[keep]
    pairs, place = np.unique(keys, return_inverse=True)
    total = np.bincount(place, weight[keep], minlength=len(pairs))
    return pairs.astype(np.int64), total.astype(np.float64), n_own


def _table(path: Path) -> pd.DataFrame:
    """Read the table of neurons, by id."""
    frame = read_rows(path, header=True)
    name = reader.column(frame, _NODE_ID, None, "--nodes")
    if name is None:
        listed = ", ".join(str(c) for c in list(frame.columns)[:12])
        raise InvalidDataError(
            f"{path.name} has no column of ids (bodyId, root_id, node_id, name). "
            f"There are: {listed}."
        )
    frame.index = reader.ids(frame[name], path)
    twice = frame.index[frame.index.duplicated()]
    if len(twice):
        raise InvalidDataError(f"{path.name} has the neuron {twice[0]} twice.")
    return frame


def _properties(
    body_ids: NDArray[np.str_],
    table: pd.DataFrame | None,
    frame: pd.DataFrame,
    ends: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> tuple[dict[str, Any], NDArray[np.int64] | None]:
    """Give the columns of Neuron, and each cell's sign where transmitters are known."""
    neurons: dict[str, Any] = {"name": list(body_ids)}
    if table is not None:
        rows = table.reindex(body_ids)
        for name, known in _PROPERTIES.items():
            found = reader.column(table, known, None, "--nodes")
            if found is not None:
                neurons[name] = _texts(rows[found])
        names = zip(neurons["name"], body_ids, strict=True)
        neurons["name"] = [name or str(body) for name, body in names]
    transmitter = reader.column(frame, reader.TRANSMITTER, None, "")
    if "transmitter" not in neurons and transmitter is not None:
        of_cell: list[str | None] = [None] * len(body_ids)
        values = _texts(frame[transmitter])
        for cell, value in zip(ends[0], values, strict=True):
            of_cell[cell] = of_cell[cell] or value
        neurons["transmitter"] = of_cell
    if "transmitter" not in neurons:
        return neurons, None
    said = [_SIGNS.get((t or "").lower(), 0) for t in neurons["transmitter"]]
    neurons["sign"] = [s or None for s in said]
    return neurons, np.array(said, dtype=np.int64)


def _texts(values: pd.Series[Any]) -> list[str | None]:
    blank = {"", "nan", "none", "na", "n/a", "<na>"}
    texts = [str(v).strip() for v in values]
    return [None if text.lower() in blank else text for text in texts]
