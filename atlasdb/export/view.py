"""Connections in a brain to turn round: a page that needs no network."""

from __future__ import annotations

import html
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlasdb.export.brain import (
    TURNABLE,
    Drawn,
    has_direction,
    placed,
    plotting,
    scale,
    strongest,
)
from atlasdb.export.figure import group_colours, group_names, plain_names
from atlasdb.types import Connectome

NAMED = 40
"""Up to so many areas their names stand in the 3-D view; else under the pointer."""
_HEAD_MM, _GAP_MM, _CORNERS = 7.0, 2.0, 10
"""Of arrow heads: their length, how far from the area they end, corners of the foot."""


def connectome_view(connectome: Connectome, path: Path) -> None:
    """Write the strongest connections of a connectome as a page to turn round.

    Raises
    ------
    InvalidDataError
        If it is of neurons, or its areas have no positions in a human brain.
    """
    view(strongest(connectome, TURNABLE), path)


def view(drawn: Drawn, path: Path) -> None:
    """Write a page in which the brain turns under the pointer; it needs no network.

    Arrows point to the target. The pointer on an area or an arrow head says which.

    Raises
    ------
    InvalidDataError
        If the areas have no positions in a human brain.
    """
    weights, areas, xyz = placed(drawn)
    nilearn = plotting()
    from matplotlib import colormaps

    colours = group_colours(drawn.areas)
    lines = [html.escape(line, quote=False) for line in drawn.head]
    cmap, low, top = scale(weights)
    page = nilearn.view_connectome(
        weights,
        xyz,
        edge_cmap=cmap,
        symmetric_cmap=low < 0,
        linewidth=5.0,
        node_size=5.0,
        node_color=[colours[g] for g in group_names(areas)],
        colorbar_fontsize=13,
    ).html
    # Its icon is fetched from the network, which a page on a disk has no business with.
    page = re.sub(r'<link rel="icon"[^>]*>', "", page)
    called = f"<title>{lines[0]}</title>"
    page = re.sub(r"<title>.*?</title>", lambda _: called, page, flags=re.S)
    names = plain_names(areas)
    arrows = []
    if has_direction(weights):
        coloured = colormaps[cmap]((weights - low) / (top - low))
        arrows = _arrows(weights, xyz, names, coloured)
    added: dict[str, Any] = {"title": "<br>".join(lines), "names": names}
    added |= {"named": len(names) <= NAMED, "arrows": arrows}
    content = json.dumps(added).replace("</", "<\\/")
    script = resources.files("atlasdb.export").joinpath("arrows.js").read_text("utf-8")
    script = f"<script>\nconst added = {content};\n{script}</script>\n"
    path.write_text(page.replace("</body>", script + "</body>"), encoding="utf-8")


def _arrows(
    weights: NDArray[np.float64],
    xyz: NDArray[np.float64],
    names: list[str],
    colours: NDArray[np.float64],
) -> list[dict[str, Any]]:
    """Give the arrow heads: their corners, tip first, colours, and what they say."""
    from matplotlib.colors import to_hex

    around = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    arrows = []
    for i, j in np.argwhere(weights != 0):
        way = xyz[j] - xyz[i]
        length = float(np.linalg.norm(way))
        if length == 0:
            continue
        way = way / length
        aside = np.cross(way, np.eye(3)[np.abs(way).argmin()])
        aside /= np.linalg.norm(aside)
        upward = np.cross(way, aside)
        tip = xyz[j] - _GAP_MM * way
        foot = tip - min(_HEAD_MM, length / 2) * way
        circle = np.outer(np.cos(around), aside) + np.outer(np.sin(around), upward)
        points = np.vstack([tip, foot + 0.3 * _HEAD_MM * circle])
        text = f"{names[i]} → {names[j]}: {weights[i, j]:.3g}"
        colour = to_hex(colours[i, j])
        arrows.append(
            {"points": points.round(2).tolist(), "colour": colour, "text": text}
        )
    return arrows
