"""What a test found, before it becomes part of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
KEPT = (
    "mean_a",
    "mean_b",
    "effect",
    "statistic",
    "p",
    "q",
    "p_fwe",
    "significant",
    "n_a",
    "n_b",
)
"""What the graph keeps of each test."""


@dataclass(frozen=True, eq=False)
class Finding:
    """The result of one test.

    Attributes
    ----------
    target : str
        "edges", "nodes" or "global".
    test : str
        Name of the test.
    table : mapping of str to ndarray
        One row for each connection, area or measure that is kept in the graph.
    arrays : mapping of str to ndarray
        Everything, as matrices.
    n_tested, n_significant : int
        Connections, areas and measures, or components.
    detectable_effect : float
        What a single one shows in 8 of 10 such studies.
    components : mapping of str to ndarray
    threshold : float or None
    detectable_component : float or None
        What a component of `PLANTED` connections shows in 8 of 10 such studies;
        infinite where none is seen, None where it was not reckoned.
    n_permutations : int or None
    notes : tuple of str
        What the user should know.
    scale : float or None
        Power in which weights were compared.
    device : str or None
        Kind of device that permutations were computed on.
    """

    target: Literal["edges", "nodes", "global"]
    test: str
    table: Columns
    arrays: Columns
    n_tested: int
    n_significant: int
    detectable_effect: float
    components: Columns = field(default_factory=dict)
    threshold: float | None = None
    detectable_component: float | None = None
    n_permutations: int | None = None
    notes: tuple[str, ...] = ()
    scale: float | None = None
    device: str | None = None


PLANTED = 12
"""Connections of the component that a study is asked whether it could have seen."""
