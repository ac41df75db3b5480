"""Recordings in, rows out: everything between a file and `Atlas.write`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atlasdb_ingest.learning.trainer import estimate
    from atlasdb_ingest.pipeline import ingest
    from atlasdb_ingest.types import Estimate, Prepared, Timeseries

_HOME = {
    "estimate": "learning.trainer",
    "ingest": "pipeline",
    "Estimate": "types",
    "Prepared": "types",
    "Timeseries": "types",
}

__all__ = ["Estimate", "Prepared", "Timeseries", "estimate", "ingest"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'atlasdb_ingest' has no attribute {name!r}")
    return getattr(import_module(f"atlasdb_ingest.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
