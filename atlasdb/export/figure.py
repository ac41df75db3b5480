"""Pictures of connectomes: the weight matrix, areas ordered by side and network."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from atlasdb.errors import InvalidDataError, MissingExtraError
from atlasdb.types import Connectome

READABLE = 150
"""Up to so many areas their names are written beside the matrix."""
_SIDES = {"L": 0, "M": 1, "R": 2}


def new_figure(width: float, height: float) -> Any:
    """Give an empty matplotlib figure that no window knows of; sizes in inches."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingExtraError("A figure", "matplotlib", "ingest") from error
    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Any, path: Path) -> None:
    """Save a figure, the same bytes for the same content: without dates."""
    import matplotlib as mpl

    kind = path.suffix.removeprefix(".").lower()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with mpl.rc_context({"svg.hashsalt": "atlasdb", "svg.fonttype": "none"}):
        figure.savefig(path, format=kind, dpi=150, metadata=metadata)


def matrix_figure(connectome: Connectome, path: Path) -> None:
    """Draw the weight matrix: sources are rows, targets are columns.

    Parameters
    ----------
    connectome : Connectome
        Between areas.
    path : Path
        Ending in ``.png`` or ``.svg``.

    Raises
    ------
    InvalidDataError
        If it is a connectome of neurons.
    """
    if not connectome.matrices:
        raise InvalidDataError(
            f"{connectome.id} is between neurons, too many for a matrix; export it as "
            ".csv or .graphml."
        )
    order, breaks, groups = _order(connectome)
    weight = connectome.matrices["weight"][np.ix_(order, order)]
    names = connectome.nodes["name"].to_numpy(dtype=object)[order]
    n = len(names)
    side = float(np.clip(0.11 * n, 5, 16))
    figure = new_figure(side + 1.6, side)
    axes = figure.add_subplot()
    top = _top(weight)
    from matplotlib import colormaps

    colours = colormaps["viridis"].with_extremes(bad="0.85")
    image = axes.imshow(weight, cmap=colours, vmin=0, vmax=top, interpolation="nearest")
    for place in breaks:
        axes.axhline(place - 0.5, color="white", linewidth=1.2)
        axes.axvline(place - 0.5, color="white", linewidth=1.2)
    if n <= READABLE:
        size = float(np.clip(72 * side * 0.8 / n * 0.85, 3, 9))
        axes.set_xticks(range(n), names, rotation=90, fontsize=size)
        axes.set_yticks(range(n), names, fontsize=size)
        axes.tick_params(length=0)
    else:
        axes.set_xticks([c for c, _ in groups], [g for _, g in groups])
        axes.set_yticks([c for c, _ in groups], [g for _, g in groups])
    axes.set_xlabel("target")
    axes.set_ylabel("source")
    said = connectome.properties
    axes.set_title(f"{said['subject']}: {said['modality']}, {said['method']}")
    unit = said.get("unit") or "a.u."
    extend = "max" if np.nanmax(weight, initial=0) > top else "neither"
    bar = figure.colorbar(image, ax=axes, shrink=0.7, extend=extend)
    bar.set_label(f"weight ({unit})")
    save(figure, path)


def _top(weight: np.ndarray[Any, Any]) -> float:
    """Give the weight that the brightest colour stands for: a few may be above."""
    positive = weight[np.isfinite(weight) & (weight > 0)]
    return float(np.quantile(positive, 0.99)) if positive.size else 1.0


def _order(
    connectome: Connectome,
) -> tuple[list[int], list[int], list[tuple[float, str]]]:
    """Order areas by hemisphere, network and number; say where groups begin."""
    sides = [str(h) for h in connectome.nodes["hemisphere"].fillna("M")]
    networks = [str(x) for x in connectome.nodes["network"].fillna("")]
    order = sorted(
        range(len(sides)), key=lambda i: (_SIDES.get(sides[i], 3), networks[i], i)
    )
    keys = [(sides[i], networks[i]) for i in order]
    breaks = [i for i in range(1, len(keys)) if keys[i] != keys[i - 1]]
    edges = [0, *breaks, len(keys)]
    groups = [
        ((start + stop - 1) / 2, " ".join(x for x in keys[start] if x))
        for start, stop in pairwise(edges)
    ]
    return order, breaks, groups
