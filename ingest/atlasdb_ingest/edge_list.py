"""A list of connections between areas, laid out as the matrix that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from atlasdb.errors import AtlasError, InvalidDataError
from atlasdb_ingest.labels import by_index
from atlasdb_ingest.parcellation import volume_parcellation
from atlasdb_ingest.readers.edges import is_list
from atlasdb_ingest.readers.relations import Relations, in_order, read_relations


def spread(
    relations: Relations,
    path: Path,
    *,
    parcellation: Path | str | None = None,
    labels: Path | None = None,
    undirected: bool = False,
    areas: Sequence[str] | None = None,
) -> Relations:
    """Lay a list of connections out over its areas; what it does not have is 0.

    Areas are those of the parcellation or of the table of labels, where one is given,
    so that people in whom an area has no connection have the same areas; else those
    that the lists of a cohort name together, or that this list names.

    Parameters
    ----------
    relations : Relations
        Of a list: the areas it names, and NaN for pairs that it does not have.
    path : Path
        The list, for messages.
    parcellation, labels : Path, str, optional
        As `volume_parcellation` takes them; labels alone give index and name.
    undirected : bool, default=False
        Whether a pair that is listed one way stands for both.
    areas : sequence of str, optional
        Those of all lists of a cohort, from `areas_of`.

    Returns
    -------
    Relations
        With as many rows as there are areas.

    Raises
    ------
    InvalidDataError
        If the list has an area that the parcellation has not.
    """
    ids = relations.names or ()
    weights = relations.weights
    if undirected:
        weights = np.where(np.isnan(weights), weights.T, weights)
    names: Sequence[str] = areas or ids
    codes: Sequence[str] = names
    if parcellation is not None:
        known = volume_parcellation(parcellation, labels).parcellation.areas
        codes = [area.code for area in known]
        if not set(ids) <= set(codes):
            codes = [area.name for area in known]
    elif labels is not None:
        table = by_index(labels, [int(i) for i in ids if i.isdigit()])
        codes = [str(index) for index in sorted(table)]
        names = [table[index].name for index in sorted(table)]
    place = {code: row for row, code in enumerate(codes)}
    unknown = [i for i in ids if i not in place]
    if unknown:
        raise InvalidDataError(
            f"{path.name} has the area {unknown[0]}, which the parcellation has not; "
            f"its areas are {', '.join(codes[:5])}, ..."
        )
    rows = np.array([place[i] for i in ids], dtype=np.int64)
    full = np.zeros((len(codes), len(codes)))
    full[np.ix_(rows, rows)] = np.nan_to_num(weights)
    return replace(relations, weights=full, names=tuple(names))


def areas_of(paths: Sequence[Path]) -> tuple[str, ...] | None:
    """Give the areas that the lists of a cohort name together, in order.

    A list does not name an area without a connection; in others it may have some.

    Parameters
    ----------
    paths : sequence of Path
        Files of a cohort.

    Returns
    -------
    tuple of str or None
        None where all lists name the same areas, and where a file is no list or
        cannot be read: reading it by itself says why.
    """
    if len(paths) < 2 or not all(is_list(path) for path in paths):
        return None
    named = []
    for path in paths:
        try:
            named.append(read_relations(path).names or ())
        except AtlasError:
            continue
    if len(set(named)) < 2:
        return None
    return tuple(in_order(area for areas in named for area in areas))
