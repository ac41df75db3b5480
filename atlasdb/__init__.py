"""A graph database for brains.

``atlasdb.connect("atlas")`` opens a folder, ``atlasdb.connect("neo4j://host")`` a
server: the same questions, the same answers. Recordings go in through
``atlasdb_ingest`` (``pip install "atlasdb[ingest]"``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atlasdb.atlas import Atlas, connect
    from atlasdb.errors import (
        AtlasError,
        InvalidDataError,
        MissingExtraError,
        NotFoundError,
        StoreError,
    )
    from atlasdb.types import (
        ActivationMap,
        Area,
        Connectivity,
        NeuronGraph,
        Parcellation,
        Run,
        Subject,
    )

__version__ = "0.1.0"

_HOME = {
    "Atlas": "atlas",
    "connect": "atlas",
    "AtlasError": "errors",
    "InvalidDataError": "errors",
    "MissingExtraError": "errors",
    "NotFoundError": "errors",
    "StoreError": "errors",
    "ActivationMap": "types",
    "Area": "types",
    "Connectivity": "types",
    "NeuronGraph": "types",
    "Parcellation": "types",
    "Run": "types",
    "Subject": "types",
}

__all__ = [
    "ActivationMap",
    "Area",
    "Atlas",
    "AtlasError",
    "Connectivity",
    "InvalidDataError",
    "MissingExtraError",
    "NeuronGraph",
    "NotFoundError",
    "Parcellation",
    "Run",
    "StoreError",
    "Subject",
    "connect",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the CLI starts fast."""
    if name not in _HOME:
        raise AttributeError(f"module 'atlasdb' has no attribute {name!r}")
    return getattr(import_module(f"atlasdb.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
