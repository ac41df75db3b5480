"""Answers that named queries about comparisons hand over: rows in, tables out."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from atlasdb.cohorts import multiverse


def by_network(rows: pd.DataFrame, *, limit: int = 100) -> pd.DataFrame:
    """Count the connections of each component from network to network."""
    pair = ["component", "source_network", "target_network"]
    rows = rows.assign(n_edges=1, n_positive=(rows["effect"] > 0).astype(int))
    table = rows.groupby(pair, as_index=False).agg(
        n_edges=("n_edges", "sum"),
        n_positive=("n_positive", "sum"),
        mean_effect=("effect", "mean"),
    )
    by = ["component", "n_edges", "source_network", "target_network"]
    return table.sort_values(
        by, ascending=[True, False, True, True], ignore_index=True
    ).head(limit)


def with_tract(rows: pd.DataFrame, *, limit: int = 100) -> pd.DataFrame:
    """Say in how many people a tract joins the ends of a difference."""
    key = ["contrast", "source_id", "target_id"]
    told = ["source", "target", "effect", "p", "q", "component"]
    rows = rows.assign(owner=rows["subject"].fillna(rows["tracts"]))
    each = rows.groupby([*key, "owner"], as_index=False, dropna=False).agg(
        weight=("weight", "mean"), **{name: (name, "first") for name in told}
    )
    table = each.groupby(key, as_index=False).agg(
        n_tracts=("weight", "count"),
        n_people=("owner", "size"),
        mean_streamlines=("weight", "mean"),
        **{name: (name, "first") for name in told},
    )
    table = table[table["n_tracts"] > 0]
    by = ["contrast", "q", "p", "source", "target", "source_id", "target_id"]
    columns = ["contrast", *told, "n_tracts", "n_people", "mean_streamlines"]
    return table.sort_values(by, ignore_index=True)[columns].head(limit)


def lost_hubs(
    rows: pd.DataFrame, *, top: float = 0.2, max_p: float = 0.05, limit: int = 100
) -> pd.DataFrame:
    """Choose the areas that are largest among controls and smaller in patients."""
    n = rows.groupby("contrast")["area"].transform("size")
    rank = rows.groupby("contrast")["mean_b"].rank(ascending=False, method="first")
    kept = (rank <= (n * top).map(math.ceil)) & (rows["effect"] < 0)
    table = rows.assign(rank=rank.astype("int64"))[kept & (rows["p"] < max_p)]
    table = table.sort_values(["contrast", "p", "rank"], ignore_index=True)
    columns = ["contrast", "area", "rank", "mean_a", "mean_b", "effect", "p", "q"]
    return table[columns].head(limit)


def survival(
    rows: pd.DataFrame, *, min_share: float = 0.8, limit: int = 100
) -> pd.DataFrame:
    """Say in what share of the analyses each difference survives."""
    tables = []
    for key, some in rows.groupby("multiverse"):
        variants = {str(name): part for name, part in some.groupby("variant")}
        found = multiverse.survival(variants)
        tables.append(found[found["share"] >= min_share].assign(multiverse=key))
    if not tables:
        columns = [*multiverse.COLUMNS, "multiverse"]
        return pd.DataFrame({name: [] for name in columns})
    return pd.concat(tables, ignore_index=True).head(limit)


def why(rows: pd.DataFrame) -> pd.DataFrame:
    """Put the controls' weights beside each estimate of one person."""
    own = rows[rows["own"].astype(bool)]
    others = rows[~rows["own"].astype(bool)]
    alike = ["modality", "method", "settings", "source_area", "target_area"]
    percentile = np.full(len(own), np.nan)
    n_controls = np.zeros(len(own), dtype=np.int64)
    for place, row in enumerate(own[[*alike, "weight"]].itertuples(index=False)):
        same = np.logical_and.reduce(
            [others[name] == getattr(row, name) for name in alike]
        )
        people = others[same].groupby("connectome")["weight"].mean()
        n_controls[place] = len(people)
        if len(people):
            weaker = (people < row.weight).sum() + (people == row.weight).sum() / 2
            percentile[place] = 100 * weaker / len(people)
    table = own.assign(percentile=percentile, n_controls=n_controls)
    return table.sort_values(["modality", "session", "connectome"], ignore_index=True)
