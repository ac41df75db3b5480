"""Matrices of connections, with what the file itself says of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb.types import FloatArray
from atlasdb_ingest.readers import edge_columns as columns
from atlasdb_ingest.readers.edges import is_list, read_rows
from atlasdb_ingest.readers.table import NamedArray, read_named, read_table

_SUFFIX = "_relmat.tsv"
MAX_IDS = 5000
"""Areas of a list of connections; a matrix of more would not fit."""


@dataclass(frozen=True, eq=False)
class Relations:
    """A matrix, and what its file says: None where it says nothing.

    Attributes
    ----------
    weights : ndarray, shape (n_areas, n_areas)
        As written; rows are sources where ``directed`` is True.
    names : tuple of str or None
        Of the rows; of a list of connections, the ids that stand in it.
    is_list : bool
        Whether the file lists connections: pairs that it does not have are NaN.
    """

    weights: FloatArray
    names: tuple[str, ...] | None = None
    directed: bool | None = None
    parcellation: str | None = None
    is_list: bool = False


def companions(path: Path) -> list[Path]:
    """Give the files beside a BIDS relmat that belong to it."""
    if not path.name.endswith(_SUFFIX):
        return []
    stem = path.name.removesuffix(_SUFFIX)
    names = [f"{stem}_relmat.json", f"{stem}_nodeindices.tsv"]
    return [path.with_name(name) for name in names if path.with_name(name).is_file()]


def read_relations(path: Path, variable: str | None = None) -> Relations:
    """Read a matrix of connections.

    Parameters
    ----------
    path : Path
        CSV, TSV, TXT, NPY, NPZ, MAT, GraphML, a BIDS ``*_relmat.tsv``, or a list of
        connections: a text with one pair of areas a row.
    variable : str, optional
        Which array of a MAT or NPZ file.

    Returns
    -------
    Relations
    """
    if path.suffix.lower() == ".graphml":
        return _graphml(path)
    if is_list(path):
        return _pairs(path)
    array = read_named(path, variable)
    if path.name.endswith(_SUFFIX):
        return _relmat(path, array)
    return Relations(array.data, _names(array))


def _names(array: NamedArray) -> tuple[str, ...] | None:
    """Take the names of the columns, or of the rows, for those of the areas."""
    for names in (array.columns, array.rows):
        if names is None or len(names) != len(array.data):
            continue
        if not all(name.strip().lstrip("-").isdigit() for name in names):
            return tuple(name.strip() for name in names)
    return None


def _relmat(path: Path, array: NamedArray) -> Relations:
    """Read what stands beside a BIDS relation matrix (a draft of the standard)."""
    said: dict[str, Any] = {}
    names = _names(array)
    for file in companions(path):
        if file.suffix == ".json":
            try:
                said = json.loads(file.read_text("utf-8"))
            except (ValueError, RecursionError) as error:
                raise InvalidDataError(f"{file.name} is not JSON.") from error
        else:
            table = read_table(file, header=True)
            if "name" in table.columns and len(table) == len(array.data):
                names = tuple(str(name) for name in table["name"])
    directed = said.get("Directed")
    weights = array.data
    if directed is True and said.get("Rows") == "target":
        weights = weights.T
    elif directed is True and said.get("Rows") != "source":
        directed = None  # directed, but it does not say which way
    return Relations(weights, names, directed, said.get("Atlas"))


def _graphml(path: Path) -> Relations:
    import networkx as nx

    if not path.is_file():
        raise NotFoundError(f"There is no file {path}.")
    try:
        graph = nx.read_graphml(path)
    except Exception as error:  # XML and networkx raise many kinds
        raise InvalidDataError(f"{path.name} is not GraphML that can be read.") from (
            error
        )
    if graph.is_multigraph():
        raise InvalidDataError(
            f"{path.name} has several connections of one pair; sum them first."
        )
    if graph.number_of_nodes() < 2:
        raise InvalidDataError(f"{path.name} has fewer than 2 nodes.")
    weights = nx.to_numpy_array(graph, weight="weight", dtype=np.float64)
    names = tuple(str(d.get("name", n)) for n, d in graph.nodes(data=True))
    return Relations(weights, names, bool(graph.is_directed()))


def _pairs(path: Path) -> Relations:
    """Read a list of connections: areas by number where all are numbers, else by name.

    The first column, or the one that its header calls the source, is the rows.
    """
    frame = read_rows(path)
    ends = []
    for names, option in ((columns.SOURCE, "source"), (columns.TARGET, "target")):
        found = columns.column(frame, names, None, "")
        if found is None:
            listed = ", ".join(str(c) for c in list(frame.columns)[:12])
            raise InvalidDataError(
                f"{path.name} lists connections, but has no column {option}; it has: "
                f"{listed}."
            )
        ends.append(columns.ids(frame[found], path))
    name = columns.column(frame, columns.WEIGHT, None, "")
    if name is None:
        raise InvalidDataError(f"{path.name} lists connections without a weight.")
    weight = columns.numbers(frame[name], path)
    found_ids = np.unique(np.concatenate(ends))
    if len(found_ids) > MAX_IDS:
        raise InvalidDataError(
            f"{path.name} has {len(found_ids)} areas; up to {MAX_IDS} make a matrix. "
            "Neurons go in by ingest neurons."
        )
    ids = in_order(found_ids)
    place = {label: i for i, label in enumerate(ids)}
    first, second = (np.array([place[i] for i in end], dtype=np.int64) for end in ends)
    keys = first * len(ids) + second
    if len(np.unique(keys)) < len(keys):
        raise InvalidDataError(
            f"{path.name} has several connections of one pair; sum them first."
        )
    weights = np.full((len(ids), len(ids)), np.nan)
    weights[first, second] = weight
    return Relations(weights, tuple(str(i) for i in ids), is_list=True)


def in_order(ids: Iterable[str]) -> list[str]:
    """Put areas in order: by number where all are numbers, else by name.

    Examples
    --------
    >>> in_order({"10", "9"}), in_order({"10", "V1"})
    (['9', '10'], ['10', 'V1'])
    """
    once = {str(i) for i in ids}
    return sorted(once, key=int if all(i.isdigit() for i in once) else None)
