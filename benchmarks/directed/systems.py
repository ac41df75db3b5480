"""All systems: generated ones always, published ones where their files are."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

from directed import bold, electric, published
from directed.known import System


def chosen(pattern: str = "*", data: Path = published.DATA) -> list[System]:
    """List the systems whose names match one of some patterns, joined by commas."""
    every = (*bold.SYSTEMS, *electric.SYSTEMS, *published.systems(data))
    parts = pattern.split(",")
    return [s for s in every if any(fnmatch(s.name, part) for part in parts)]
