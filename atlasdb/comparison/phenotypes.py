"""A table of the user's own: scores and covariates that the graph does not hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from atlasdb import answers
from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb.privacy import Keyring
from atlasdb.store.base import Store

ID = "participant_id"
_MISSING = ["n/a", "N/A", "NA", "nan", "NaN", "null", "-9999", ""]


def read_phenotypes(
    path: Path, store: Store, keyring: Keyring
) -> dict[str, dict[str, Any]]:
    """Read a BIDS table of phenotypes: one row a person, ``participant_id`` first.

    Nothing of it is stored but the names of the columns that are used.

    Parameters
    ----------
    path : Path
        ``.tsv`` with tabs, or ``.csv`` with commas.
    store, keyring : Store, Keyring
        To find the people; rows about others are passed over.

    Returns
    -------
    dict
        Values by column, and then by subject; missing ones are not there. Spaces in
        the names of columns become ``_``.

    Raises
    ------
    NotFoundError
        If there is no such file.
    InvalidDataError
        If it is no such table, or nobody of it is in the atlas.
    """
    import pandas as pd

    if not path.is_file():
        raise NotFoundError(f"There is no file {path.name}. Check its path.")
    separator = "," if path.suffix.lower() == ".csv" else "\t"
    try:
        table = pd.read_csv(
            path,
            sep=separator,
            dtype={ID: str},
            na_values=_MISSING,
            keep_default_na=False,
        )
    except (ValueError, UnicodeDecodeError) as error:
        raise InvalidDataError(f"{path.name} is not a table: {error}.") from error
    if ID not in table.columns:
        listed = ", ".join(str(c) for c in table.columns[:10])
        raise InvalidDataError(
            f"{path.name} has no column {ID}, which says whose each row is. It has: "
            f"{listed}. Tables end in .tsv (tabs) or .csv (commas)."
        )
    who: list[str | None] = []
    for label in table[ID]:
        try:
            who.append(answers.subject_id(store, keyring, str(label)))
        except NotFoundError:
            who.append(None)
    found = [w for w in who if w is not None]
    if not found:
        raise InvalidDataError(
            f"Nobody of the {len(table)} rows of {path.name} is in this atlas. Its "
            f"{ID} must be the labels that were ingested."
        )
    if len(set(found)) < len(found):
        raise InvalidDataError(
            f"{path.name} has several rows about one person. Keep one for each."
        )
    columns: dict[str, dict[str, Any]] = {}
    for name in table.columns:
        if name == ID:
            continue
        values = zip(who, table[name].tolist(), strict=True)
        clean = re.sub(r"\s+", "_", str(name).strip())
        columns[clean] = {w: v for w, v in values if w is not None and v == v}
    return columns
