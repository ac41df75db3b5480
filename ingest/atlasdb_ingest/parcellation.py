"""From voxels to areas: label images, probabilistic atlases, coordinates, names.

Codes of areas are the labels of a 3-D image, and 1 to n for maps, coordinates and
names alone. Positions are millimetres (RAS). Areas are in the order of the labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from atlasdb.errors import InvalidDataError
from atlasdb.types import Area, Parcellation
from atlasdb_ingest import labels as names
from atlasdb_ingest.areas import VolumeAtlas, digest_of, slug
from atlasdb_ingest.coordinates import BUILT_IN, from_built_in, from_table
from atlasdb_ingest.label_images import from_image
from atlasdb_ingest.readers.volume import entities

__all__ = [
    "BUILT_IN",
    "VolumeAtlas",
    "beside",
    "named_parcellation",
    "slug",
    "volume_parcellation",
]


def volume_parcellation(
    image: Path | str,
    labels: Path | None = None,
    name: str | None = None,
    radius: float = 5.0,
) -> VolumeAtlas:
    """Make a parcellation of a label image, probability maps or coordinates.

    Parameters
    ----------
    image : Path or str
        A 3-D image of labels (whole numbers, 0 is nothing, gaps are fine), a 4-D
        image with one map an area, a CSV or TSV with columns ``x, y, z`` and
        optionally ``name, network``, or one of `BUILT_IN`.
    labels : Path, optional
        Names of the areas: a table with an index and a name column (BIDS
        ``dseg.tsv`` and the like), or text lines ``index name``, or names alone in
        the order of the labels. A ``dseg.tsv`` beside a BIDS-named image is found.
    name : str, optional
        Name of the parcellation; by default that of the file or its ``atlas-``.
    radius : float, default=5.0
        Of spheres around coordinates, mm.

    Returns
    -------
    VolumeAtlas
        The same object for the same files, as long as the process lives.

    Raises
    ------
    NotFoundError
        If a file is not there.
    InvalidDataError
        If the image holds no labels or maps, or the names do not fit it.
    """
    if str(image).lower() in BUILT_IN:
        return from_built_in(str(image).lower(), name, radius)
    path = Path(image)
    found = labels or beside(path)
    stamps = tuple(
        (p.stat().st_mtime_ns, p.stat().st_size) if p is not None and p.exists() else 0
        for p in (path, found)
    )
    return _cached(path, found, name, radius, stamps)


def named_parcellation(
    name: str,
    n_areas: int,
    area_names: Sequence[str] | None = None,
    kind: Literal["volume", "surface", "sensors", "cells"] = "volume",
) -> Parcellation:
    """Make a parcellation of which only the number of areas is known, or their names.

    Parameters
    ----------
    name : str
        Name of the parcellation.
    n_areas : int
        Number of areas; their codes are ``"1"`` to ``str(n_areas)``.
    area_names : sequence of str, optional
        Names in the order of the rows; by default the codes.
    kind : str, default="volume"
        What it divides.

    Returns
    -------
    Parcellation
        Equal for equal names, on every machine.

    Examples
    --------
    >>> p = named_parcellation("AAL2 94", 2, ["Precentral_L", "Precentral_R"])
    >>> p.id, [(a.code, a.hemisphere) for a in p.areas]
    ('aal2-94', [('1', 'L'), ('2', 'R')])
    """
    codes = [str(i) for i in range(1, n_areas + 1)]
    given = names.unique(list(area_names) if area_names else codes, codes)
    areas = tuple(
        Area(code, label, names.hemisphere(label))
        for code, label in zip(codes, given, strict=True)
    )
    digest = digest_of("named", *given)
    return Parcellation(slug(name), name, kind, areas, n_areas, digest)


def beside(image: Path) -> Path | None:
    """Find the names that BIDS keeps beside an atlas image: its ``dseg.tsv``.

    Parameters
    ----------
    image : Path
        Named by BIDS, such as ``tpl-X_atlas-Y_res-02_dseg.nii.gz``.

    Returns
    -------
    Path or None
        The table whose entities are all those of the image, the most specific one.
    """
    own = entities(image.name)
    if own.get("suffix") not in ("dseg", "probseg") or not image.parent.is_dir():
        return None
    fitting: list[tuple[int, Path]] = []
    for folder in (image.parent, image.parent.parent):
        for table in sorted(folder.glob("*_dseg.tsv")):
            theirs = entities(table.name)
            theirs.pop("suffix", None)
            if theirs and theirs.items() <= own.items():
                fitting.append((len(theirs), table))
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


@lru_cache(maxsize=8)
def _cached(
    path: Path, labels: Path | None, name: str | None, radius: float, stamps: object
) -> VolumeAtlas:
    """Read an atlas once a process; ``stamps`` change with the files."""
    if path.name.lower().endswith((".nii", ".nii.gz", ".hdr", ".img")):
        return from_image(path, labels, name)
    if path.suffix.lower() in (".csv", ".tsv"):
        return from_table(path, name, radius)
    raise InvalidDataError(
        f"'{path.name}' is no parcellation: give a NIfTI image, a CSV or TSV with "
        f"columns x, y, z, or one of {', '.join(BUILT_IN)}."
    )
