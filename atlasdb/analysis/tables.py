"""Rows put in order where the Cypher cannot: over the parts of a UNION."""

from __future__ import annotations

import json

import pandas as pd


def strongest(rows: pd.DataFrame, *, limit: int = 50) -> pd.DataFrame:
    """Sort by the first column of numbers, largest first; keep the first rows.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns of text tell its rows apart: they decide ties, the connectome first.
    limit : int, default=50
        Number of rows.
    """
    if rows.empty:
        return rows
    size = next(n for n in rows.columns if pd.api.types.is_float_dtype(rows[n]))
    ties = [n for n in rows.columns if pd.api.types.is_string_dtype(rows[n])]
    by = [size, *sorted(ties, key=lambda name: name != "connectome")]
    ordered = rows.sort_values(by, ascending=[False, *[True] * len(ties)])
    return ordered.head(limit).reset_index(drop=True)


def sort(rows: pd.DataFrame) -> pd.DataFrame:
    """Sort rows by all of their columns, in order; of equal rows keep one."""
    unique = rows.drop_duplicates()
    return unique.sort_values(list(rows.columns)).reset_index(drop=True)


def made_with(
    rows: pd.DataFrame, *, package: str, version: str, limit: int = 1000
) -> pd.DataFrame:
    """Keep what was made with one version of a library.

    Parameters
    ----------
    rows : pandas.DataFrame
        With a column ``versions``: JSON, version by package.
    package, version : str
        Such as ``"torch"`` and ``"2.2.0"``.
    limit : int, default=1000
        Number of rows.
    """
    used = [json.loads(text or "{}").get(package) for text in rows["versions"]]
    kept = rows[[found == version for found in used]]
    return kept.head(limit).reset_index(drop=True)
