"""What all figures share: how they are saved, how areas are ordered, their colours."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import MissingExtraError

if TYPE_CHECKING:
    import pandas as pd

DPI = 300
"""What journals ask of pictures with text in them."""
MORE, LESS = "#b2182b", "#2166ac"
"""A larger and a smaller first group: told apart by the colour-blind too."""
_SIDES = {"L": 0, "M": 1, "R": 2}
_SIDE_NAMES = {"L": "left", "M": "midline", "R": "right"}
_QUALITATIVE: tuple[str, ...] = (
    "#1b9e77",
    "#d95f02",
    "#7570b3",
    "#e7298a",
    "#66a61e",
    "#e6ab02",
    "#a6761d",
    "#17becf",
    "#9edae5",
    "#c5b0d5",
    "#ff9896",
    "#98df8a",
)


@dataclass(frozen=True)
class Arrangement:
    """Areas in the order in which matrices show them: by network, then by side.

    Attributes
    ----------
    order : ndarray of int, shape (n_areas,)
    breaks : tuple of (int, bool)
        Places before which a group begins, and whether it is one that has a label.
    groups : tuple of (float, str)
        Where the middle of each group is, and its label: the network, or the side
        where no area has a network.
    """

    order: NDArray[np.int64]
    breaks: tuple[tuple[int, bool], ...]
    groups: tuple[tuple[float, str], ...]


def arrange(areas: pd.DataFrame) -> Arrangement:
    """Order areas by network, hemisphere and number; say where groups begin."""
    groups = group_names(areas)
    sides = [str(h) for h in areas["hemisphere"].fillna("M")]
    networks = [str(x) for x in areas["network"].fillna("")]
    rank = [(not x, x, _SIDES.get(s, 3)) for x, s in zip(networks, sides, strict=True)]
    order = sorted(range(len(areas)), key=lambda i: (rank[i], i))
    breaks = tuple(
        (k, groups[i] != groups[before])
        for k, (before, i) in enumerate(pairwise(order), start=1)
        if rank[i] != rank[before]
    )
    edges = [0, *(k for k, labelled in breaks if labelled), len(order)]
    middles = tuple(
        ((start + stop - 1) / 2, groups[order[start]])
        for start, stop in pairwise(edges)
        if stop > start
    )
    return Arrangement(np.array(order, dtype=np.int64), breaks, middles)


def group_names(areas: pd.DataFrame) -> list[str]:
    """Name the group of each area: its network, or its side where there are none."""
    if areas["network"].notna().any():
        return [str(x) for x in areas["network"].fillna("no network")]
    sides = areas["hemisphere"].fillna("M")
    return [_SIDE_NAMES.get(str(side), str(side)) for side in sides]


def group_colours(areas: pd.DataFrame) -> Mapping[str, str]:
    """Give each group a colour, the same one in every picture of a parcellation."""
    names = sorted(set(group_names(areas)))
    return {n: _QUALITATIVE[i % len(_QUALITATIVE)] for i, n in enumerate(names)}


def plain_names(areas: pd.DataFrame) -> list[str]:
    """Give the names of areas as people write them, without underscores."""
    return [str(name).replace("_", " ") for name in areas["name"]]


def separate(axes: Any, arrangement: Arrangement, colour: str) -> None:
    """Draw lines between groups in a matrix: thick between those with a label."""
    for place, labelled in arrangement.breaks:
        width = 1.0 if labelled else 0.4
        axes.axhline(place - 0.5, color=colour, linewidth=width)
        axes.axvline(place - 0.5, color=colour, linewidth=width)


def label_groups(axes: Any, arrangement: Arrangement, inches: float) -> None:
    """Write the groups beside a matrix with sides so long: none overlaps another."""
    places = [place for place, _ in arrangement.groups]
    names = [name for _, name in arrangement.groups]
    n = len(arrangement.order)
    gaps = [b - a for a, b in pairwise(places)]
    nearest = min(gaps, default=n) * 72 * inches / n
    size = float(np.clip(nearest * 0.9, 3.5, 8))
    turned = 90 if len(names) > 3 else 0
    axes.set_xticks(places, names, rotation=turned, fontsize=size)
    axes.set_yticks(places, names, fontsize=size)
    axes.tick_params(length=0)


def label_areas(axes: Any, names: list[str], inches: float) -> None:
    """Write the names of areas beside a matrix whose sides are so long."""
    size = float(np.clip(72 * inches / len(names) * 0.8, 3, 8))
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=size)
    axes.set_yticks(range(len(names)), names, fontsize=size)
    axes.tick_params(length=0)


def new_figure(width: float, height: float) -> Any:
    """Give an empty matplotlib figure that no window knows of; sizes in inches."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingExtraError("A figure", "matplotlib", "ingest") from error
    return Figure(figsize=(width, height), layout="constrained")


def head(figure: Any, lines: list[str], *, size: float = 9) -> None:
    """Write lines above a figure, broken where it is too narrow for them."""
    letters = int(figure.get_figwidth() * 72 / (size * 0.56))
    broken = [textwrap.fill(line, letters) for line in lines if line]
    figure.suptitle("\n".join(broken), fontsize=size)


def save(figure: Any, path: Path) -> None:
    """Save a figure, the same bytes for the same content: without dates."""
    import matplotlib as mpl

    kind = path.suffix.removeprefix(".").lower()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with mpl.rc_context({"svg.hashsalt": "atlasdb", "svg.fonttype": "none"}):
        figure.savefig(path, format=kind, dpi=DPI, metadata=metadata)
