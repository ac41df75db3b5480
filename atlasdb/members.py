"""The connectomes of a cohort's people: one each, made alike, on the same areas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb.files import Files
from atlasdb.reading import matrices_of
from atlasdb.store.base import Store

_MADE_ALIKE = ("modality", "method", "engine", "unit", "parcellation", "settings")
_WHICH = ("modality", "session", "task", "run", "condition", "band", "parcellation")


def of_each(
    rows: Sequence[dict[str, Any]],
    subjects: Sequence[str],
    who: str,
    modality: str | None,
    what: str = "connectome between areas",
) -> dict[str, list[dict[str, Any]]]:
    """Give the current connectomes between areas of each subject, at least one.

    Parameters
    ----------
    rows : sequence of dict
        All connectomes of the atlas.
    subjects : sequence of str
        Whose.
    who, what : str
        What to call them, and what they lack, in a message.
    modality : str or None
        Which, where people have several.

    Returns
    -------
    dict of str to list of dict
        In the order of `subjects`.

    Raises
    ------
    NotFoundError
        If somebody has none.
    """
    fitting: dict[str, list[dict[str, Any]]] = {name: [] for name in subjects}
    for row in rows:
        between_areas = row["is_current"] and row["level"] == "subject"
        asked = modality is None or row["modality"] == modality
        if between_areas and asked and row["subject"] in fitting:
            fitting[row["subject"]].append(row)
    without = [name for name, found in fitting.items() if not found]
    if without:
        kind = f"{modality} " if modality else ""
        raise NotFoundError(
            f"{len(without)} of {len(subjects)} subjects of {who} have no "
            f"{kind}{what}: {', '.join(without[:5])}. Ingest them, or leave them out "
            "of the cohort."
        )
    return fitting


def connectomes(
    rows: Sequence[dict[str, Any]],
    subjects: Sequence[str],
    who: str,
    modality: str | None,
) -> list[dict[str, Any]]:
    """Give the one current connectome of each subject, in order.

    Parameters are those of `of_each`.

    Raises
    ------
    NotFoundError
        If somebody has none.
    InvalidDataError
        If somebody has several.
    """
    fitting = of_each(rows, subjects, who, modality)
    several = [found for found in fitting.values() if len(found) > 1]
    if several:
        differ = [k for k in _WHICH if len({str(row[k]) for row in several[0]}) > 1]
        raise InvalidDataError(
            f"{len(several)} subjects have several current connectomes, which differ "
            f"in {', '.join(differ) or 'method'}. Say which with --modality."
        )
    return [found[0] for found in fitting.values()]


def made_alike(
    chosen: Sequence[Mapping[str, Any]],
    names: Sequence[str] = _MADE_ALIKE,
    what: str = "connectomes",
    hint: str = "Ingest all with the same settings, or mix them with --allow-mixed.",
) -> None:
    """Refuse what differs in method, settings or parcellation.

    Parameters
    ----------
    chosen : sequence of mapping
        Rows of the atlas.
    names : sequence of str
        Properties that all must share.
    what, hint : str
        What to call them in a message, and what to do where they differ.

    Raises
    ------
    InvalidDataError
        If one of the properties differs.
    """
    for name in names:
        counts = Counter(str(row[name]) for row in chosen)
        if len(counts) > 1:
            listed = ", ".join(f"{v} ({n})" for v, n in counts.most_common(4))
            do = "Say which with --modality." if name == "modality" else hint
            raise InvalidDataError(
                f"These {what} were not made alike: {name} is {listed}. {do}"
            )


def stacks(
    store: Store, files: Files, ids: Sequence[str], names: Sequence[str] = ("weight",)
) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
    """Give matrices of all people on the areas that anybody has.

    Parameters
    ----------
    store, files : Store, Files
        Where they are.
    ids : sequence of str
        Of the connectomes.
    names : sequence of str
        Which matrices; those that nobody has are left out.

    Returns
    -------
    codes : list of str
        Of the areas.
    stacks : dict of str to ndarray, shape (n_subjects, n_areas, n_areas)
        NaN where a person has no estimate, and on the diagonal.
    """
    found = [matrices_of(store, files, name) for name in ids]
    codes = list(dict.fromkeys(str(c) for m in found for c in m["codes"]))
    place = {code: i for i, code in enumerate(codes)}
    made: dict[str, NDArray[np.float64]] = {}
    for name in names:
        if not any(name in matrices for matrices in found):
            continue
        stack = np.full((len(found), len(codes), len(codes)), np.nan)
        for person, matrices in enumerate(found):
            if name in matrices:
                rows = [place[str(code)] for code in matrices["codes"]]
                stack[person][np.ix_(rows, rows)] = matrices[name]
        stack[:, range(len(codes)), range(len(codes))] = np.nan
        made[name] = stack
    return codes, made
