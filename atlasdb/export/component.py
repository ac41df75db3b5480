"""One component of connections as a ring of areas with arrows between them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atlasdb.export import tested
from atlasdb.export.figure import (
    LESS,
    MORE,
    arrange,
    group_colours,
    group_names,
    head,
    new_figure,
    plain_names,
    save,
)
from atlasdb.types import Contrast

if TYPE_CHECKING:
    import pandas as pd

_ROUND = 0.86
"""How far arrows go round the middle: at 1 they would pass through it."""


def ring(contrast: Contrast, label: int, path: Path) -> None:
    """Draw the areas of a component in a ring, and its connections as arrows.

    Left areas are on the left, in front above; colours of areas are their networks.

    Parameters
    ----------
    contrast : Contrast
        Of the network-based statistic.
    label : int
        Of the component.
    path : Path
        Ending in ``.png`` or ``.svg``.
    """
    table = tested.rows(contrast)
    table = table[table["component"] == label]
    members = np.unique(table[["i", "j"]].to_numpy())
    areas = contrast.areas.iloc[members].reset_index(drop=True)
    angles = _angles(areas)
    dots = np.column_stack([np.cos(angles), np.sin(angles)])
    figure = new_figure(7.2, 6.4)
    axes = figure.add_subplot()
    axes.set_aspect("equal")
    axes.axis("off")
    axes.set_xlim(-1.5, 1.5)
    axes.set_ylim(-1.3, 1.3)
    size = float(np.clip(72 * 2 * np.pi * 2 / len(areas) * 0.5, 3, 8))
    colours = group_colours(contrast.areas)
    groups = group_names(areas)
    axes.scatter(
        *dots.T,
        s=float(np.clip(2000 / len(areas), 8, 60)),
        color=[colours[g] for g in groups],
        zorder=3,
        linewidths=0,
    )
    for name, angle, dot in zip(plain_names(areas), angles, dots, strict=True):
        _name(axes, name, float(angle), dot * 1.06, size)
    place = {member: k for k, member in enumerate(members)}
    directed = tested.directed(contrast)
    thin = float(np.clip((60 / len(table)) ** 0.5, 0.45, 1))
    strongest = float(table["effect"].abs().max())
    for i, j, effect in table[["i", "j", "effect"]].itertuples(index=False):
        width = thin * (0.5 + 1.3 * abs(effect) / strongest)
        colour = MORE if effect > 0 else LESS
        ends = dots[place[i]], dots[place[j]]
        axes.add_patch(_arrow(*ends, colour, width, thin if directed else 0))
    _key(figure, contrast, table, {g: colours[g] for g in sorted(set(groups))})
    lines = tested.head_lines(contrast, table)[:2]
    parts = contrast.components
    p = float(parts.loc[parts["label"] == label, "p_fwe"].iloc[0])
    lines.append(
        f"component {label}: {len(table):,} connections among {len(areas)} areas, "
        f"family-wise p = {p:.2g}"
    )
    head(figure, lines)
    save(figure, path)


def _angles(areas: pd.DataFrame) -> NDArray[np.float64]:
    """Give each area a place: left ones on the left, networks together, from above."""
    order = arrange(areas).order
    sides = areas["hemisphere"].fillna("M").to_numpy(dtype=object)
    left = [k for k in order if sides[k] == "L"]
    right = [k for k in order if sides[k] == "R"]
    middle = [k for k in order if sides[k] not in ("L", "R")]
    # Down the right side, the midline below, and up the left side again.
    round_about = [*right, *middle, *reversed(left)]
    n = len(round_about)
    turned = np.pi / 2 - 2 * np.pi * (np.arange(n) + 0.5) / n
    if left and right:
        turned += np.pi * (len(right) - len(left)) / (2 * n)
    angles = np.empty(n)
    angles[round_about] = turned
    return angles


def _name(axes: Any, name: str, angle: float, at: Any, size: float) -> None:
    """Write a name outwards from its dot, never upside down."""
    degrees = np.degrees(angle) % 360
    outward = not 90 < degrees < 270
    axes.text(
        *at,
        name,
        fontsize=size,
        rotation=degrees if outward else degrees - 180,
        rotation_mode="anchor",
        ha="left" if outward else "right",
        va="center",
    )


def _arrow(
    source: NDArray[np.float64],
    target: NDArray[np.float64],
    colour: str,
    width: float,
    head: float,
) -> Any:
    """Bend an arrow towards the middle, and its way back to the other side of it.

    Without a head of some size it is a line.
    """
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path as Curve

    middle = (source + target) / 2
    way = target - source
    aside = np.array([-way[1], way[0]]) * (0.06 if head else 0)
    bend = middle * (1 - _ROUND) + aside
    curve = Curve(
        [source * 0.97, bend, target * 0.97],
        [Curve.MOVETO, Curve.CURVE3, Curve.CURVE3],
    )
    return FancyArrowPatch(
        path=curve,
        arrowstyle="-|>,head_length=4,head_width=2" if head else "-",
        color=colour,
        linewidth=width,
        alpha=0.85,
        mutation_scale=head or 1,
        joinstyle="miter",
        zorder=2,
    )


def _key(
    figure: Any, contrast: Contrast, table: pd.DataFrame, groups: dict[str, str]
) -> None:
    from matplotlib.lines import Line2D

    more, less = tested.directions(contrast.properties)
    counted = [
        (MORE, more, int((table["effect"] > 0).sum())),
        (LESS, less, int((table["effect"] <= 0).sum())),
    ]
    lines = [
        Line2D([], [], color=colour, label=f"{name} ({n})")
        for colour, name, n in counted
        if n
    ]
    dots = [
        Line2D([], [], linestyle="", marker="o", markersize=5, color=c, label=name)
        for name, c in groups.items()
    ]
    figure.legend(
        handles=[*lines, *dots],
        loc="outside lower center",
        ncols=4,
        frameon=False,
        fontsize=7.5,
    )
