"""Files that other tools read: tables, graphs, images, figures.

Everything here takes objects that came out of an atlas and writes files; nothing asks
the store. A file has its name only when it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from atlasdb.errors import InvalidDataError
from atlasdb.types import Activation, Connectome

_CONNECTOME = {
    ".csv": "graph:to_csv",
    ".graphml": "graph:to_graphml",
    ".gexf": "graph:to_gexf",
    ".png": "figure:matrix_figure",
    ".svg": "figure:matrix_figure",
}
_ACTIVATION = {
    ".csv": "activation:to_csv",
    ".png": "activation:to_figure",
    ".svg": "activation:to_figure",
    ".nii.gz": "activation:to_nifti",
    ".nii": "activation:to_nifti",
}


def export_connectome(connectome: Connectome, path: Path) -> None:
    """Write a connectome in the format that the file's name asks for.

    Raises
    ------
    InvalidDataError
        If the format is unknown, or cannot hold this connectome.
    """
    _write(_CONNECTOME, connectome, path)


def export_activation(activation: Activation, path: Path) -> None:
    """Write an activation map in the format that the file's name asks for.

    Raises
    ------
    InvalidDataError
        If the format is unknown, or cannot hold this map.
    """
    _write(_ACTIVATION, activation, path)


def _write(formats: Mapping[str, str], what: Any, path: Path) -> None:
    suffix = next((s for s in formats if path.name.lower().endswith(s)), None)
    if suffix is None:
        raise InvalidDataError(
            f"'{path.name}': the ending says the format. Known are: "
            f"{', '.join(sorted(formats))}."
        )
    module, _, name = formats[suffix].partition(":")
    write = getattr(import_module(f"atlasdb.export.{module}"), name)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part-{path.name}")
    _complete(write, what, part, path)


def _complete(
    write: Callable[[Any, Path], None], what: Any, part: Path, path: Path
) -> None:
    """Write under another name first: a half-written file never has its own."""
    try:
        write(what, part)
        part.replace(path)
    except OSError as error:
        raise InvalidDataError(
            f"Could not write {path}: {error.strerror or error}."
        ) from error
    finally:
        part.unlink(missing_ok=True)
