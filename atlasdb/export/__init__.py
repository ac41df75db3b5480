"""Files that other tools read: tables, graphs, images, figures.

Everything here takes objects that came out of an atlas and writes files; nothing asks
the store. A file has its name only when it is complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from atlasdb.atomic import written
from atlasdb.errors import InvalidDataError
from atlasdb.types import Activation, Connectome, Contrast

_CONNECTOME = {
    ".csv": "graph:to_csv",
    ".graphml": "graph:to_graphml",
    ".gexf": "graph:to_gexf",
    ".png": "matrix:matrix_figure",
    ".svg": "matrix:matrix_figure",
    ".html": "view:connectome_view",
}
_GLASS = {".png": "glass:connectome_glass", ".svg": "glass:connectome_glass"}
_ACTIVATION = {
    ".csv": "activation:to_csv",
    ".png": "activation:to_figure",
    ".svg": "activation:to_figure",
    ".nii.gz": "activation:to_nifti",
    ".nii": "activation:to_nifti",
}


def export_connectome(
    connectome: Connectome, path: Path, *, glass_brain: bool = False
) -> None:
    """Write a connectome in the format that the file's name asks for.

    Parameters
    ----------
    connectome : Connectome
    path : Path
    glass_brain : bool, default=False
        As a picture draw the strongest connections in a glass brain, and not the
        matrix.

    Raises
    ------
    InvalidDataError
        If the format is unknown, or cannot hold this connectome.
    """
    _write(_GLASS if glass_brain else _CONNECTOME, connectome, path)


def export_contrast(
    contrast: Contrast, folder: Path
) -> tuple[list[Path], dict[str, str]]:
    """Write all pictures of a comparison, and the table of what was tested.

    Parameters
    ----------
    contrast : Contrast
    folder : Path
        Made if it is not there. Pictures that an earlier comparison left in it and this
        one does not make are removed.

    Returns
    -------
    written : list of Path
    left_out : dict of str to str
        Names of files that could not be made, and why.

    Raises
    ------
    InvalidDataError
        If the folder cannot be written to.
    """
    from atlasdb.export.contrast import writers

    made, left_out = writers(contrast)
    for name, write in made.items():
        with written(folder / name) as part:
            write(part)
    for old in (*folder.glob("component-[0-9]*.png"), *map(folder.joinpath, left_out)):
        if old.name not in made:
            old.unlink(missing_ok=True)
    return [folder / name for name in made], left_out


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
    with written(path) as part:
        write(what, part)
