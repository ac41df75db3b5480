"""What the Cypher of both stores cannot do alike: order over a UNION, exact means."""

from __future__ import annotations

import json
import statistics

import numpy as np
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


def in_cohorts(rows: pd.DataFrame) -> pd.DataFrame:
    """Summarise one connection by cohort, modality and parcellation.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row a connectome: ``cohort, modality, parcellation, connectome, weight,
        supported``, the last two missing where it has no estimate.

    Returns
    -------
    pandas.DataFrame
        ``n_total`` connectomes, ``n_present`` of them with an estimate, ``n_supported``
        with one that passes; ``mean_weight, sd_weight, min_weight, max_weight`` over
        all estimates. Means are exact: they do not depend on the order of the rows.
    """
    by = ["cohort", "modality", "parcellation"]
    found = []
    for key, group in rows.groupby(by, dropna=False, sort=True):
        there = group[group["weight"].notna()]
        weights = there["weight"].astype(float).tolist()
        supported = there[there["supported"].astype(bool)]
        found.append(
            dict(zip(by, key, strict=True))
            | {
                "n_total": group["connectome"].nunique(),
                "n_present": there["connectome"].nunique(),
                "n_supported": supported["connectome"].nunique(),
                "mean_weight": statistics.fmean(weights) if weights else np.nan,
                "sd_weight": statistics.stdev(weights) if len(weights) > 1 else np.nan,
                "min_weight": min(weights, default=np.nan),
                "max_weight": max(weights, default=np.nan),
            }
        )
    names = "n_total n_present n_supported mean_weight sd_weight min_weight max_weight"
    return pd.DataFrame(found, columns=[*by, *names.split()])
