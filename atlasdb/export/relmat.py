"""BIDS relation matrices, as the draft of the standard (BEP017) has them.

The names of the sidecar's fields may still change there; they live here alone.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from atlasdb import __version__
from atlasdb.atomic import written
from atlasdb.errors import InvalidDataError
from atlasdb.types import Connectome

_DRAFT = ("relmat.*", "nodeindices.tsv")
"""Endings that validators do not know yet."""


def to_relmat(connectome: Connectome, folder: Path) -> Path:
    """Write one connectome as ``*_relmat.tsv`` with its sidecar and node names.

    Parameters
    ----------
    connectome : Connectome
        Between areas.
    folder : Path
        Of a derivative data set; made, with its description and a ``.bidsignore`` for
        the files of the draft, if it is not there.

    Returns
    -------
    Path
        The matrix: n x n, tabs, no header, ``n/a`` where there is no estimate; rows
        are sources.

    Raises
    ------
    InvalidDataError
        If it is a connectome of neurons, which has no full matrix, or the folder
        cannot be written to.
    """
    if not connectome.matrices:
        raise InvalidDataError(
            f"{connectome.id} is between neurons and has no full matrix; export it as "
            ".csv or .graphml."
        )
    said = connectome.properties
    entities = [("sub", said["subject"].removeprefix("sub-"))]
    entities += [("ses", said.get("session")), ("task", said.get("task"))]
    entities += [("run", said.get("run")), ("atlas", said.get("parcellation"))]
    entities += [("meas", f"{said['modality']}-{said['method']}")]
    # What one recording is told apart by beyond these: conditions, bands of frequency.
    entities += [("desc", "".join(said.get(k) or "" for k in ("condition", "band")))]
    stem = "_".join(f"{k}-{_label(v)}" for k, v in entities if v)
    place = folder / f"sub-{_label(entities[0][1])}"
    _describe(folder)
    matrix = place / f"{stem}_relmat.tsv"
    _write(matrix, _rows(connectome.matrices["weight"]))
    _write(place / f"{stem}_nodeindices.tsv", _nodes(connectome))
    sidecar = _sidecar(connectome, f"{stem}_nodeindices.tsv")
    _write(place / f"{stem}_relmat.json", json.dumps(sidecar, indent=2) + "\n")
    return matrix


def _label(text: str) -> str:
    """Give a BIDS label: letters and digits only."""
    return re.sub(r"[^A-Za-z0-9]", "", text) or "unnamed"


def _rows(weight: np.ndarray[Any, Any]) -> str:
    lines = (
        "\t".join("n/a" if np.isnan(x) else repr(float(x)) for x in row)
        for row in weight
    )
    return "\n".join(lines) + "\n"


def _nodes(connectome: Connectome) -> str:
    lines = ["index\tname\tcode"]
    rows = zip(connectome.nodes["name"], connectome.nodes["code"], strict=True)
    lines += [f"{i}\t{name}\t{code}" for i, (name, code) in enumerate(rows)]
    return "\n".join(lines) + "\n"


def _sidecar(connectome: Connectome, nodes: str) -> dict[str, Any]:
    said = connectome.properties
    return {
        "RelationshipMeasure": said["method"],
        "MeasureDescription": "How strongly the source drives the target, 0 or more",
        "MeasureUnits": said.get("unit"),
        "Directed": bool(said["directed"]),
        "Rows": "source",
        "ValidDiagonal": False,
        "StorageFormat": "Full",
        "NodeFiles": [nodes],
        "Atlas": said.get("parcellation"),
        "Modality": said["modality"],
        "GeneratedBy": {"Name": "atlasdb", "Version": __version__},
    }


def _describe(folder: Path) -> None:
    path = folder / "dataset_description.json"
    if path.exists():
        return
    content = {
        "Name": "Connectomes",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "atlasdb", "Version": __version__}],
    }
    _write(path, json.dumps(content, indent=2) + "\n")
    ignored = folder / ".bidsignore"
    if not ignored.exists():
        _write(ignored, "".join(f"**/*_{ending}\n" for ending in _DRAFT))


def _write(path: Path, text: str) -> None:
    with written(path) as part:
        part.write_text(text, encoding="utf-8")
