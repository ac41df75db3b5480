"""Connections in the brain: glass brains, and views in 3-D to turn round."""

from __future__ import annotations

import html
import json
import re
import warnings
from dataclasses import dataclass
from importlib import import_module, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError, MissingExtraError
from atlasdb.export.figure import group_colours, group_names, new_figure, save
from atlasdb.export.matrix import brightest, whose
from atlasdb.types import Connectome

if TYPE_CHECKING:
    import pandas as pd

READABLE = 100
"""So many connections can be told apart in a glass brain."""
TURNABLE = 300
"""So many where the brain can be turned round."""
NAMED = 40
"""Up to so many areas their names stand in the 3-D view; else under the pointer."""
_REACH = np.array([[-110, 110], [-145, 125], [-100, 130]])
"""Where areas and electrodes of a human head can be, mm."""
_SMALLEST = 30
"""The areas of a human brain are not all within so many mm."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Connections to be drawn in a brain.

    Attributes
    ----------
    weights : ndarray, shape (n_areas, n_areas)
        Sources are rows; 0 where nothing is drawn. Symmetric without a direction.
    areas : pandas.DataFrame
        In the order of the weights.
    head : tuple of str
        Lines above the picture.
    label : str
        What the colours are.
    """

    weights: NDArray[np.float64]
    areas: pd.DataFrame
    head: tuple[str, ...]
    label: str


def connectome_glass(connectome: Connectome, path: Path) -> None:
    """Draw the strongest connections of a connectome in a glass brain.

    Raises
    ------
    InvalidDataError
        If it is of neurons, or its areas have no positions in a human brain.
    """
    glass(strongest(connectome, READABLE), path)


def connectome_view(connectome: Connectome, path: Path) -> None:
    """Write the strongest connections of a connectome as a page to turn round.

    Raises
    ------
    InvalidDataError
        If it is of neurons, or its areas have no positions in a human brain.
    """
    view(strongest(connectome, TURNABLE), path)


def strongest(connectome: Connectome, most: int) -> Drawn:
    """Choose the strongest supported connections, and say how many of how many.

    Where none is supported, the strongest estimates are chosen, and that is said.
    """
    if not connectome.matrices:
        raise InvalidDataError(
            f"{connectome.id} is between neurons, which have no place in a brain here; "
            "export it as .csv or .graphml."
        )
    said = connectome.properties
    weight = np.nan_to_num(connectome.matrices["weight"].astype(float))
    np.fill_diagonal(weight, 0)
    if not said["directed"]:
        weight = np.triu(np.maximum(weight, weight.T))
    supported = _supported(connectome) & (weight > 0)
    n_known = int((weight > 0).sum())
    if supported.any():
        chosen, what = np.where(supported, weight, 0), "supported connections"
    else:
        chosen, what = weight, "estimates"
    n = int((chosen > 0).sum())
    if n > most:
        at = np.argsort(-chosen, axis=None, kind="stable")[:most]
        kept = np.zeros(chosen.size)
        kept[at] = chosen.ravel()[at]
        chosen = kept.reshape(chosen.shape)
        shown = f"the strongest {most} of {n:,} {what}"
    else:
        shown = f"all {n:,} {what}"
    if not supported.any():
        shown = f"none of {n_known:,} connections is supported: {shown}"
    if not said["directed"]:
        chosen = chosen + chosen.T
    first = f"{whose(said)}: {said['modality']}, {said['method']}"
    return Drawn(
        chosen, connectome.nodes, (first, shown), f"weight ({said.get('unit')})"
    )


def _supported(connectome: Connectome) -> NDArray[np.bool_]:
    """Give the pairs that pass the connectome's own rule."""
    place = {name: i for i, name in enumerate(connectome.nodes["id"])}
    edges = connectome.edges[connectome.edges["supported"].fillna(True).astype(bool)]
    found = np.zeros((len(place), len(place)), dtype=bool)
    found[edges["source"].map(place), edges["target"].map(place)] = True
    return found if connectome.properties["directed"] else found | found.T


def placed(drawn: Drawn) -> tuple[NDArray[np.float64], pd.DataFrame, NDArray[Any]]:
    """Give weights, areas and positions of those that take part in something drawn.

    Raises
    ------
    InvalidDataError
        If the areas have no positions, or not those of a human brain in MNI space.
    """
    xyz = drawn.areas[["x_mm", "y_mm", "z_mm"]].to_numpy(dtype=float)
    known = np.isfinite(xyz).all(axis=1)
    if not known.any():
        raise InvalidDataError("The areas have no positions, so no brain can be drawn.")
    low, high = xyz[known].min(axis=0), xyz[known].max(axis=0)
    inside = (low >= _REACH[:, 0]).all() and (high <= _REACH[:, 1]).all()
    if not inside or (known.sum() > 3 and (high - low).max() < _SMALLEST):
        raise InvalidDataError(
            f"The areas lie from {_mm(low)} to {_mm(high)} mm, which is not a human "
            "brain in MNI space, so no brain can be drawn."
        )
    joined = (drawn.weights != 0).any(axis=0) | (drawn.weights != 0).any(axis=1)
    chosen = np.flatnonzero(known & joined)
    if not (drawn.weights[np.ix_(chosen, chosen)] != 0).any():
        raise InvalidDataError("There is no connection to draw.")
    areas = drawn.areas.iloc[chosen].reset_index(drop=True)
    return drawn.weights[np.ix_(chosen, chosen)], areas, xyz[chosen]


def _mm(point: NDArray[np.float64]) -> str:
    return "(" + ", ".join(f"{x:.0f}" for x in point) + ")"


def glass(drawn: Drawn, path: Path) -> None:
    """Draw connections in a glass brain from four sides, arrows from source to target.

    Raises
    ------
    InvalidDataError
        If the areas have no positions in a human brain.
    """
    weights, areas, xyz = placed(drawn)
    plotting = _plotting()
    from matplotlib.lines import Line2D

    colours = group_colours(drawn.areas)
    groups = group_names(areas)
    figure = new_figure(9, 3)
    figure.set_layout_engine("none")
    cmap, low, top = _scale(weights)
    with warnings.catch_warnings():
        # What it warns of is wanted: that the graph has a direction.
        warnings.filterwarnings("ignore", message=".*is not symmetric")
        plotting.plot_connectome(
            weights,
            xyz,
            node_color=[colours[g] for g in groups],
            node_size=14,
            edge_cmap=cmap,
            edge_vmin=low,
            edge_vmax=top,
            edge_kwargs={"linewidth": 0.0 if _has_direction(weights) else 1.2},
            node_kwargs={"zorder": 40, "edgecolors": "white", "linewidths": 0.4},
            display_mode="lyrz",
            colorbar=False,
            figure=figure,
            axes=(0.0, 0.07, 0.9, 0.8),
        )
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


def view(drawn: Drawn, path: Path) -> None:
    """Write a page in which the brain turns under the pointer; it needs no network.

    Cones point to the target. The pointer on an area or a cone gives its name.

    Raises
    ------
    InvalidDataError
        If the areas have no positions in a human brain.
    """
    weights, areas, xyz = placed(drawn)
    plotting = _plotting()
    colours = group_colours(drawn.areas)
    lines = [html.escape(line, quote=False) for line in drawn.head]
    cmap, low, _ = _scale(weights)
    page = plotting.view_connectome(
        weights,
        xyz,
        edge_cmap=cmap,
        symmetric_cmap=low < 0,
        linewidth=3.0,
        node_size=5.0,
        node_color=[colours[g] for g in group_names(areas)],
        colorbar_fontsize=13,
        title="<br>".join(lines),
        title_fontsize=14,
    ).html
    # Its icon is fetched from the network, which a page on a disk has no business with.
    page = re.sub(r'<link rel="icon"[^>]*>', "", page)
    page = re.sub(r"<title>.*?</title>", f"<title>{lines[0]}</title>", page, flags=re.S)
    names = [str(name) for name in areas["name"]]
    added = {"names": names, "named": len(names) <= NAMED}
    added |= {"cones": _cones(weights, xyz, names) if _has_direction(weights) else []}
    content = json.dumps(added).replace("</", "<\\/")
    script = resources.files("atlasdb.export").joinpath("arrows.js").read_text("utf-8")
    script = f"<script>\nconst added = {content};\n{script}</script>\n"
    path.write_text(page.replace("</body>", script + "</body>"), encoding="utf-8")


def _cones(
    weights: NDArray[np.float64], xyz: NDArray[np.float64], names: list[str]
) -> list[dict[str, Any]]:
    """Give the arrow heads: where they end, which way they point, what they say."""
    cones = []
    for i, j in np.argwhere(weights != 0):
        way = xyz[j] - xyz[i]
        length = float(np.linalg.norm(way))
        if length == 0:
            continue
        way = way / length
        tip = (xyz[j] - 2.5 * way).round(2)
        text = f"{names[i]} → {names[j]}: {weights[i, j]:.3g}"
        positive = bool(weights[i, j] > 0)
        cone = {"at": tip.tolist(), "way": way.round(4).tolist()}
        cones.append(cone | {"text": text, "positive": positive})
    return cones


def _has_direction(weights: NDArray[np.float64]) -> bool:
    return not np.allclose(weights, weights.T, rtol=1e-3)


def _scale(weights: NDArray[np.float64]) -> tuple[str, float, float]:
    """Choose colours: from 0 up, or both ways from 0 where some are negative."""
    top = brightest(np.abs(weights))
    return ("RdBu_r", -top, top) if (weights < 0).any() else ("viridis_r", 0.0, top)


def _colour_bar(figure: Any, cmap: str, low: float, top: float, label: str) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    axes = figure.add_axes((0.915, 0.2, 0.012, 0.52))
    bar = figure.colorbar(ScalarMappable(Normalize(low, top), cmap), cax=axes)
    bar.set_label(label, fontsize=7)
    axes.tick_params(labelsize=7)


def _plotting() -> Any:
    try:
        return import_module("nilearn.plotting")
    except ModuleNotFoundError as error:
        raise MissingExtraError("A brain picture", "nilearn", "ingest") from error
