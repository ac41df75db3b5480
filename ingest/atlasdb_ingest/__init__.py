"""Recordings in, rows out: everything between a file and `Atlas.write`."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# torch's threads spin while they wait for one another, which on a machine that does
# anything else beside makes training many times slower. To be read, this must be set
# before torch is imported; a setting of the user's own stays.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if TYPE_CHECKING:
    from atlasdb_ingest.learning.trainer import estimate
    from atlasdb_ingest.pipeline import ingest
    from atlasdb_ingest.supervised.classify import classify
    from atlasdb_ingest.types import Estimate, Prepared, Timeseries

_HOME = {
    "classify": "supervised.classify",
    "estimate": "learning.trainer",
    "ingest": "pipeline",
    "Estimate": "types",
    "Prepared": "types",
    "Timeseries": "types",
}

__all__ = ["Estimate", "Prepared", "Timeseries", "classify", "estimate", "ingest"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'atlasdb_ingest' has no attribute {name!r}")
    return getattr(import_module(f"atlasdb_ingest.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
