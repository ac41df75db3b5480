"""The graph measures by name: what each gives, what it can be told, what is kept.

Nothing is computed here, so that a command line can list the measures at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from atlasdb.errors import InvalidDataError, NotFoundError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from atlasdb.analysis.network import Network

VERSION = 1
"""Raised when a measure gives other numbers than before."""


@dataclass(frozen=True)
class Measure:
    """One measure of a connectome.

    Attributes
    ----------
    name : str
        The function of that name in `atlasdb.analysis.frames` computes it.
    summary : str
        What it gives, in a line.
    options : mapping of str to Any
        What the function can be told, with the defaults.
    nodes : tuple of str
        Columns that can be kept as properties of regions and neurons.
    values : tuple of str
        Columns with one number for the whole connectome, which can be kept too.
    """

    name: str
    summary: str
    options: Mapping[str, Any] = field(default_factory=dict)
    nodes: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether the graph has a place for it."""
        return bool(self.nodes or self.values)

    def told(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Complete options with the defaults.

        Raises
        ------
        InvalidDataError
            If there is no such option.
        """
        for name in options:
            if name not in self.options:
                listed = ", ".join(self.options) or "none"
                raise InvalidDataError(
                    f"The measure {self.name} has no option '{name}'. It has: "
                    f"{listed}.{did_you_mean(name, self.options)}"
                )
        given = {k: v for k, v in options.items() if v is not None}
        return {**self.options, **given}


_RUNS = {"resolution": 1.0, "n_runs": 10, "seed": 0}
_NULLS = {"n_nulls": 100, "seed": 0}
MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            "pagerank",
            "Where strong influence ends up.",
            {"alpha": 0.85, "start": ()},
            nodes=("pagerank",),
        ),
        Measure("strength", "What each region sends and receives."),
        Measure(
            "betweenness",
            "The share of shortest paths that lead through each region.",
            nodes=("betweenness",),
        ),
        Measure(
            "closeness",
            "How near each region is to those that reach it, and that it reaches.",
            nodes=("closeness", "closeness_out"),
        ),
        Measure(
            "clustering",
            "The share of possible triangles around each region.",
            nodes=("clustering",),
        ),
        Measure(
            "communities",
            "Groups of regions that are connected more than chance would have it.",
            _RUNS,
            nodes=("community",),
            values=("modularity", "stability"),
        ),
        Measure(
            "participation",
            "How evenly each region's weight is spread over the communities.",
            _RUNS,
            nodes=("participation_out", "participation_in", "community"),
            values=("modularity", "stability"),
        ),
        Measure(
            "hubs",
            "By how many of four measures each region is among the top fifth.",
            _RUNS,
        ),
        Measure(
            "efficiency",
            "The mean of 1 / distance between all regions.",
            values=("global_efficiency",),
        ),
        Measure(
            "local-efficiency",
            "How well the neighbours of each region reach one another without it.",
            nodes=("local_efficiency",),
        ),
        Measure(
            "reciprocity",
            "The share of connections, and of weight, that is returned.",
            values=("reciprocity", "weighted_reciprocity"),
        ),
        Measure(
            "rich-club",
            "Whether the strongest connections are those between hubs.",
            _NULLS,
        ),
        Measure("triads", "How three regions are connected, beside chance.", _NULLS),
        Measure(
            "feed-forward", "Feed-forward loops that each region starts, relays, ends."
        ),
        Measure(
            "paths",
            "The best routes from a region to another, or to all.",
            {"source": None, "target": None, "k": 5, "by": "cost"},
        ),
    )
}


def measure(name: str) -> Measure:
    """Find a measure; ``_`` stands for ``-``.

    Raises
    ------
    NotFoundError
        With the measures that there are.
    """
    wanted = name.replace("_", "-")
    if wanted not in MEASURES:
        hint = did_you_mean(wanted, MEASURES) or f" There are: {', '.join(MEASURES)}."
        raise NotFoundError(f"No measure named '{name}'.{hint}")
    return MEASURES[wanted]


def compute(
    which: Measure, network: Network, options: Mapping[str, Any]
) -> pd.DataFrame:
    """Compute a measure of one connectome.

    Returns
    -------
    pandas.DataFrame
        ``attrs["engine"]`` names what computed it.

    Raises
    ------
    InvalidDataError
        If an option is unknown, or the connectome cannot be measured.
    """
    frames = import_module("atlasdb.analysis.frames")
    function = getattr(frames, which.name.replace("-", "_"))
    frame: pd.DataFrame = function(network, **which.told(options))
    return frame
