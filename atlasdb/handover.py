"""What a named query hands its rows to: the function that its header names.

A query whose header says ``Then: pagerank`` gives its rows to the function of that
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
    "betweenness": "analysis.questions",
    "by_network": "cohorts.questions",
    "communities": "analysis.questions",
    "communities_inside": "analysis.questions",
    "hubs": "analysis.centrality",
    "in_cohorts": "analysis.tables",
    "lost_hubs": "cohorts.questions",
    "made_with": "analysis.tables",
    "pagerank": "analysis.centrality",
    "pagerank_scores": "analysis.centrality",
    "retest": "analysis.retest",
    "rich_club": "analysis.questions",
    "shortest_path": "analysis.paths",
    "sort": "analysis.tables",
    "strongest": "analysis.tables",
    "strongest_paths": "analysis.questions",
    "survival": "cohorts.questions",
    "why": "cohorts.questions",
    "with_tract": "cohorts.questions",
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
    function = getattr(import_module(f"atlasdb.{_HOME[name]}"), name)
    taken = set(inspect.signature(function).parameters)
    answer: pd.DataFrame = function(
        rows, **{k: v for k, v in values.items() if k in taken}
    )
    return answer
