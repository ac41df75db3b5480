"""The weight matrix of one connectome as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from atlasdb.errors import InvalidDataError
from atlasdb.export.figure import (
    arrange,
    label_areas,
    label_groups,
    new_figure,
    save,
    separate,
)
from atlasdb.types import Connectome

READABLE = 150
"""Up to so many areas their names are written beside the matrix."""


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
    from matplotlib import colormaps

    arrangement = arrange(connectome.nodes)
    order = arrangement.order
    weight = connectome.matrices["weight"][np.ix_(order, order)]
    n = len(order)
    side = float(np.clip(0.11 * n, 5, 16))
    figure = new_figure(side + 1.6, side)
    axes = figure.add_subplot()
    top = brightest(weight)
    colours = colormaps["viridis"].with_extremes(bad="0.85")
    image = axes.imshow(weight, cmap=colours, vmin=0, vmax=top, interpolation="nearest")
    separate(axes, arrangement, "white")
    if n <= READABLE:
        names = [str(name) for name in connectome.nodes["name"].iloc[order]]
        label_areas(axes, names, side * 0.8)
    else:
        label_groups(axes, arrangement, side * 0.8)
    axes.set_xlabel("target")
    axes.set_ylabel("source")
    said = connectome.properties
    axes.set_title(f"{whose(said)}: {said['modality']}, {said['method']}")
    extend = "max" if np.nanmax(weight, initial=0) > top else "neither"
    bar = figure.colorbar(image, ax=axes, shrink=0.7, extend=extend)
    bar.set_label(f"weight ({said.get('unit') or 'a.u.'})")
    save(figure, path)


def whose(said: Mapping[str, Any]) -> str:
    """Say whose a connectome is: a person's, or what a cohort has in common."""
    return str(said["subject"]) if said.get("subject") else f"cohort {said['cohort']}"


def brightest(weight: np.ndarray[Any, Any]) -> float:
    """Give the weight that the brightest colour stands for: a few may be above."""
    positive = weight[np.isfinite(weight) & (weight > 0)]
    return float(np.quantile(positive, 0.99)) if positive.size else 1.0
