"""One file for each kind of input: read it, clean it, divide it into areas.

A module here is a command of ``atlasdb ingest`` by its name. It has

``Options``
    A frozen dataclass: every setting that changes the result. Paths in it stand for
    the content of the file.
``OPTIONS``
    The Click options for these fields, by the same names.
``files(path, options)``
    All files whose content makes the result, the first one being ``path``.
``read(path, options)``
    The recording as `atlasdb_ingest.types.Prepared`. Raises `InvalidDataError` or
    `NotFoundError` with one line for every input that cannot be used.
``together(paths, options)``, where files of one cohort decide something together
    The options of each.

The first line of the module's docstring is the help of its command.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

import click

from atlasdb_ingest.types import Prepared


class Modality(Protocol):
    """What a module of this folder offers."""

    __doc__: str | None
    Options: Any
    OPTIONS: Sequence[click.Option]

    def files(self, path: Path, options: Any) -> list[Path]:
        """Give every file whose content makes the result."""

    def read(self, path: Path, options: Any) -> Prepared:
        """Read one recording."""


def together(name: str, paths: Sequence[Path], options: Any) -> Any:
    """Complete the options of a modality by what the files of a cohort share."""
    complete = getattr(load(name), "together", None)
    return options if complete is None else complete(paths, options)


def names() -> list[str]:
    """Names of the modalities that there are, sorted."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__))


def load(name: str) -> Modality:
    """Import one modality by name."""
    return cast(Modality, import_module(f"atlasdb_ingest.modalities.{name}"))
