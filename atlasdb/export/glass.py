"""Connections in a glass brain, seen from four sides."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from atlasdb.export.brain import (
    READABLE,
    Drawn,
    has_direction,
    placed,
    plotting,
    scale,
    strongest,
)
from atlasdb.export.figure import group_colours, group_names, new_figure, save
from atlasdb.types import Connectome


def connectome_glass(connectome: Connectome, path: Path) -> None:
    """Draw the strongest connections of a connectome in a glass brain.

    Raises
    ------
    InvalidDataError
        If it is of neurons, or its areas have no positions in a human brain.
    """
    glass(strongest(connectome, READABLE), path)


def glass(drawn: Drawn, path: Path) -> None:
    """Draw connections in a glass brain from four sides, arrows from source to target.

    Raises
    ------
    InvalidDataError
        If the areas have no positions in a human brain.
    """
    weights, areas, xyz = placed(drawn)
    nilearn = plotting()
    from matplotlib.lines import Line2D

    colours = group_colours(drawn.areas)
    groups = group_names(areas)
    figure = new_figure(9, 3)
    figure.set_layout_engine("none")
    cmap, low, top = scale(weights)
    with warnings.catch_warnings():
        # What it warns of is wanted: that the graph has a direction.
        warnings.filterwarnings("ignore", message=".*is not symmetric")
        display = nilearn.plot_connectome(
            weights,
            xyz,
            node_color=[colours[g] for g in groups],
            node_size=14,
            edge_cmap=cmap,
            edge_vmin=low,
            edge_vmax=top,
            edge_kwargs={"linewidth": 0.0 if has_direction(weights) else 1.2},
            node_kwargs={"zorder": 40, "edgecolors": "white", "linewidths": 0.4},
            display_mode="lyrz",
            colorbar=False,
            figure=figure,
            axes=(0.0, 0.07, 0.9, 0.8),
        )
    for side in display.axes.values():
        _make_room(side.ax)
    _colour_bar(figure, cmap, low, top, drawn.label)
    dots = [
        Line2D([], [], linestyle="", marker="o", markersize=4, color=c, label=name)
        for name, c in colours.items()
        if name in groups
    ]
    figure.legend(
        handles=dots,
        loc="lower center",
        ncols=min(len(dots), 8),
        frameon=False,
        fontsize=7,
        handletextpad=0.1,
    )
    figure.suptitle("\n".join(drawn.head), fontsize=9, y=0.99, va="top")
    save(figure, path)


def _make_room(axes: Any) -> None:
    """Widen a view for electrodes, which lie outside of the brain."""
    drawn = axes.dataLim.padded(5)
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    sideways = min(left, right, drawn.x0), max(left, right, drawn.x1)
    axes.set_xlim(sideways if left < right else sideways[::-1])
    axes.set_ylim(min(low, drawn.y0), max(high, drawn.y1))


def _colour_bar(figure: Any, cmap: str, low: float, top: float, label: str) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    axes = figure.add_axes((0.915, 0.2, 0.012, 0.52))
    bar = figure.colorbar(ScalarMappable(Normalize(low, top), cmap), cax=axes)
    bar.set_label(label, fontsize=7)
    axes.tick_params(labelsize=7)
