"""All systems: generated ones always, published ones where their files are."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

from directed import bold, electric, published
from directed.known import System


def chosen(pattern: str = "*", data: Path = published.DATA) -> list[System]:
    """List the systems whose names match a pattern of the shell."""
    every = (*bold.SYSTEMS, *electric.SYSTEMS, *published.systems(data))
    return [system for system in every if fnmatch(system.name, pattern)]
