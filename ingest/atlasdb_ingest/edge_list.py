"""A list of connections between areas, laid out as the matrix that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from atlasdb.errors import InvalidDataError
from atlasdb_ingest.labels import by_index
from atlasdb_ingest.parcellation import volume_parcellation
from atlasdb_ingest.readers.relations import Relations


def spread(
    relations: Relations,
    path: Path,
    *,
    parcellation: Path | str | None = None,
    labels: Path | None = None,
    undirected: bool = False,
) -> Relations:
    """Lay a list of connections out over its areas; what it does not have is 0.

    Areas are those of the parcellation or of the table of labels, where one is given,
    so that people in whom an area has no connection have the same areas; else those
    that the list names.

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
    names: Sequence[str] = ids
    codes: Sequence[str] = ids
    if parcellation is not None:
        areas = volume_parcellation(parcellation, labels).parcellation.areas
        codes = [area.code for area in areas]
        if not set(ids) <= set(codes):
            codes = [area.name for area in areas]
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
