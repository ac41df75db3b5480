"""Graph theory on one connectome: arrays in, arrays and frames out.

A query whose header says ``Then: pagerank`` hands its rows to the function of that
name. Rows that are edges have the columns ``connectome, source, target`` (ids),
``source_name, target_name, weight, cost``.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from atlasdb.errors import NotFoundError

if TYPE_CHECKING:
    import pandas as pd

_HOME = {
    "hubs": "centrality",
    "in_cohorts": "tables",
    "made_with": "tables",
    "pagerank": "centrality",
    "retest": "retest",
    "shortest_path": "paths",
    "sort": "tables",
    "strongest": "tables",
}


def then(name: str, rows: pd.DataFrame, values: Mapping[str, Any]) -> pd.DataFrame:
    """Turn the rows of a query into its answer.

    Parameters
    ----------
    name : str
        Function that the query's header names.
    rows : pandas.DataFrame
        What the Cypher returned.
    values : mapping
        The query's parameters; the function gets those that it takes.
    """
    if name not in _HOME:
        raise NotFoundError(
            f"There is no analysis '{name}'. There are: {', '.join(sorted(_HOME))}."
        )
    function = getattr(import_module(f"atlasdb.analysis.{_HOME[name]}"), name)
    taken = set(inspect.signature(function).parameters)
    answer: pd.DataFrame = function(
        rows, **{k: v for k, v in values.items() if k in taken}
    )
    return answer
