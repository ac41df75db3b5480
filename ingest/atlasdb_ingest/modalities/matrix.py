"""Ingest a ready connectome: CSV, TSV, NPY, MAT, GraphML, edge list or BIDS relmat.

Its direction must be declared: --rows source, --rows target, or --undirected.

Example: atlasdb ingest matrix sc.mat --undirected --modality dwi --subject 01
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np

from atlasdb.errors import InvalidDataError
from atlasdb.files import sha256
from atlasdb.types import Connectivity, FloatArray, Parcellation, RecordingInfo
from atlasdb_ingest.edge_list import areas_of, spread
from atlasdb_ingest.parcellation import (
    BUILT_IN,
    beside,
    named_parcellation,
    volume_parcellation,
)
from atlasdb_ingest.readers.relations import Relations, companions, read_relations
from atlasdb_ingest.readers.volume import entities
from atlasdb_ingest.types import Prepared

MAX_AREAS = 5000
ROUNDING = 1e-6
"""Two halves of a symmetric matrix may differ by so much of its largest weight."""


@dataclass(frozen=True)
class Options:
    """Settings of a matrix; what each means stands in `OPTIONS`."""

    variable: str | None = None
    rows: str | None = None
    undirected: bool = False
    symmetrize: str | None = None
    modality: str = "other"
    method: str = "imported"
    unit: str = "a.u."
    parcellation: Path | str | None = None
    labels: Path | None = None
    parcellation_name: str | None = None
    areas: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Take text for paths; refuse declarations that contradict one another."""
        if self.labels is not None:
            object.__setattr__(self, "labels", Path(self.labels))
        given = self.parcellation
        if isinstance(given, str) and given.lower() not in BUILT_IN:
            object.__setattr__(self, "parcellation", Path(given))
        if self.rows not in (None, "source", "target"):
            raise InvalidDataError(f"--rows is source or target, not '{self.rows}'.")
        if self.symmetrize not in (None, "mean", "max"):
            raise InvalidDataError(
                f"--symmetrize is mean or max, not '{self.symmetrize}'."
            )
        if self.undirected and self.rows:
            raise InvalidDataError(
                "--rows says that the matrix is directed and --undirected that it is "
                "not; give one of them."
            )
        if self.symmetrize and not self.undirected:
            raise InvalidDataError("--symmetrize goes with --undirected.")


OPTIONS: Sequence[click.Option] = (
    click.Option(["--variable"], help="Which array of a MAT or NPZ file."),
    click.Option(
        ["--rows"],
        type=click.Choice(["source", "target"]),
        help="What the rows, or the first column of a list of connections, are: "
        "where connections start, or where they end.",
    ),
    click.Option(["--undirected"], is_flag=True, help="The matrix has no direction."),
    click.Option(
        ["--symmetrize"],
        type=click.Choice(["mean", "max"]),
        help="How to join the two halves of an undirected matrix that differ.",
    ),
    click.Option(
        ["--modality"],
        default="other",
        show_default=True,
        help="Such as dwi, fmri, eeg.",
    ),
    click.Option(
        ["--method"],
        default="imported",
        show_default=True,
        help="How the weights were made, such as tractography.",
    ),
    click.Option(
        ["--unit"], default="a.u.", show_default=True, help="Such as streamlines."
    ),
    click.Option(
        ["--parcellation"],
        metavar="IMAGE|TABLE|NAME",
        help="Label image (NIfTI), table of coordinates, or one of "
        f"{', '.join(BUILT_IN)}: its areas, in order, are the rows.",
    ),
    click.Option(
        ["--labels"],
        type=click.Path(path_type=Path),
        help="Names of the areas: TSV, CSV or text with an index and a name.",
    ),
    click.Option(["--parcellation-name"], help="Name of the parcellation."),
)


def files(path: Path, options: Options) -> list[Path]:
    """Give every file whose content makes the result."""
    found = [path, *companions(path)]
    if options.labels is not None:
        found.append(options.labels)
    given = options.parcellation
    if isinstance(given, Path):
        names = options.labels or beside(given)
        found += [given, *([names] if names is not None else [])]
    return list(dict.fromkeys(found))


def together(paths: Sequence[Path], options: Options) -> Options:
    """Give lists of connections of one cohort the same areas, isolated ones too."""
    if options.parcellation is not None or options.labels is not None:
        return options
    return replace(options, areas=areas_of(paths))


def read(path: Path, options: Options) -> Prepared:
    """Read one ready connectome.

    Parameters
    ----------
    path : Path
        CSV, TSV, NPY, NPZ, MAT, GraphML, or a BIDS ``*_relmat.tsv``.
    options : Options
        The direction must be declared, unless the file itself says it.

    Returns
    -------
    Prepared
        With the connectivity, ``[source, target]``.

    Raises
    ------
    NotFoundError
        If the file or the variable is not there.
    InvalidDataError
        If the direction is not declared, an undirected matrix is not symmetric, or
        the array is no matrix of connections.
    """
    relations = read_relations(path, options.variable)
    options = _declared(relations, options, path)
    if relations.is_list:
        relations = spread(
            relations,
            path,
            parcellation=options.parcellation,
            labels=options.labels,
            undirected=options.undirected,
            areas=options.areas,
        )
        if options.parcellation is None:
            options = replace(options, labels=None)
    value, notes = _turned(_square(relations.weights, path), options, path)
    parcellation, more = _areas(relations, len(value), options, path)
    negative = np.isfinite(value) & (value < 0)
    if negative.any():
        notes.append(
            f"{int(negative.sum())} weights are negative: their sign is kept, their "
            "size is the weight. Repair them where they are no inhibition."
        )
    connectivity = Connectivity(
        codes=tuple(area.code for area in parcellation.areas),
        weights=np.abs(value),
        value=value if negative.any() else None,
        modality=options.modality,
        method=options.method,
        unit=options.unit,
        directed=not options.undirected,
        source_convention="undirected"
        if options.undirected
        else f"rows={options.rows}",
        variant=f"{options.method}/{options.unit}",
    )
    own = entities(path.name)
    return Prepared(
        RecordingInfo(
            sha256(path),
            options.modality,
            session=own.get("ses"),
            task=own.get("task"),
            run=own.get("run"),
        ),
        parcellation,
        connectivity=connectivity,
        notes=(*notes, *more),
    )


def _declared(relations: Relations, options: Options, path: Path) -> Options:
    """Complete the declaration by what the file itself says of its direction."""
    said = options.rows is not None or options.undirected
    if relations.directed is None:
        if not said:
            raise InvalidDataError(
                f"{path.name} does not say which way its connections go. Declare it: "
                "--rows source (rows are where they start), --rows target (where they "
                "end), or --undirected."
            )
        return options
    if not relations.directed:
        if options.rows is not None:
            raise InvalidDataError(
                f"{path.name} says that it is undirected; leave out --rows."
            )
        return replace(options, undirected=True)
    if options.undirected:
        raise InvalidDataError(
            f"{path.name} says that it is directed; leave out --undirected."
        )
    return replace(options, rows=options.rows or "source")


def _square(weights: FloatArray, path: Path) -> FloatArray:
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1]:
        size = " x ".join(map(str, weights.shape))
        raise InvalidDataError(
            f"{path.name} is {size}; a connectome has as many rows as columns."
        )
    if not 2 <= len(weights) <= MAX_AREAS:
        raise InvalidDataError(
            f"{path.name} has {len(weights)} areas; 2 to {MAX_AREAS} can be used."
        )
    if np.isinf(weights).any():
        row, column = np.argwhere(np.isinf(weights))[0] + 1
        raise InvalidDataError(
            f"{path.name} has an infinite weight in row {row}, column {column}."
        )
    return weights.astype(np.float64)


def _turned(
    weights: FloatArray, options: Options, path: Path
) -> tuple[FloatArray, list[str]]:
    """Give [source, target] with an empty diagonal."""
    notes = []
    own = int(np.count_nonzero(np.nan_to_num(np.diag(weights))))
    if own:
        notes.append(f"{own} connections of an area onto itself left out.")
    value = weights.T.copy() if options.rows == "target" else weights.copy()
    np.fill_diagonal(value, np.nan)
    if options.undirected:
        value = _symmetric(value, options.symmetrize, path)
    elif np.array_equal(value, value.T, equal_nan=True):
        notes.append("The matrix is symmetric: it does not tell directions apart.")
    return value, notes


def _symmetric(value: FloatArray, how: str | None, path: Path) -> FloatArray:
    first, second = value, value.T
    one_sided = np.isfinite(first) != np.isfinite(second)
    apart = np.abs(np.nan_to_num(first) - np.nan_to_num(second))
    largest = np.abs(np.nan_to_num(value)).max()
    differ = (apart > ROUNDING * largest) | one_sided
    if how is None and differ.any():
        pairs = int(np.triu(differ).sum())
        raise InvalidDataError(
            f"{path.name} is not symmetric: {pairs} pairs differ, by up to "
            f"{apart.max():.4g} (the largest weight is {largest:.4g}). Give "
            "--symmetrize mean or max, or --rows if it is directed."
        )
    if how == "max":
        return np.fmax(first, second)
    both = np.where(one_sided, np.fmax(first, second), (first + second) / 2)
    joined: FloatArray = both
    return joined


def _areas(
    relations: Relations, n_areas: int, options: Options, path: Path
) -> tuple[Parcellation, tuple[str, ...]]:
    """Find the parcellation whose areas, in order, are the rows."""
    if options.parcellation is not None:
        atlas = volume_parcellation(
            options.parcellation, options.labels, options.parcellation_name
        )
        found = atlas.parcellation
        if len(found.areas) != n_areas:
            raise InvalidDataError(
                f"{path.name} has {n_areas} rows and the parcellation {found.name} has "
                f"{len(found.areas)} areas; they must be equal."
            )
        return found, tuple(atlas.notes)
    if options.labels is not None:
        raise InvalidDataError("--labels names the areas of --parcellation; give both.")
    own = entities(path.name)
    name = options.parcellation_name or relations.parcellation
    name = name or own.get("atlas") or own.get("seg") or f"regions-{n_areas}"
    return named_parcellation(name, n_areas, relations.names), ()
