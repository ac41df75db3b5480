"""Matrices of a comparison: the mean of each group, and how they differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atlasdb.export import tested
from atlasdb.export.figure import (
    arrange,
    head,
    label_areas,
    label_groups,
    new_figure,
    plain_names,
    save,
    separate,
)
from atlasdb.export.matrix import brightest
from atlasdb.types import Contrast

if TYPE_CHECKING:
    import pandas as pd

NAMED = 30
"""Up to so many areas their names are written beside the small matrices."""
_PANEL = 3.1
"""Side of one matrix, inches: three of them fill a page across."""


def matrices(contrast: Contrast, path: Path) -> None:
    """Draw the mean of each group and their difference, areas ordered by network.

    What was found is outlined in the difference. Without two groups that have means,
    and of measures of areas, the sizes of the effects are drawn alone.
    """
    table = tested.rows(contrast)
    said = contrast.properties
    of_pairs = tested.of_connections(contrast)
    both = of_pairs and {"mean_a", "mean_b"} <= set(contrast.arrays)
    figure = new_figure(3 * _PANEL + 1 if both else _PANEL + 2.4, _PANEL + 2.4)
    panels = figure.subplots(1, 3 if both else 1, squeeze=False)[0]
    if both:
        quantity, unit = tested.quantity(said)
        names = [said["cohort_a"], said["cohort_b"]]
        means = [_ordered(contrast, contrast.arrays[f"mean_{k}"]) for k in "ab"]
        colours, low, top = _scale(np.concatenate(means))
        for axes, mean, name in zip(panels, means, names, strict=False):
            image = _draw(axes, mean, colours, low, top)
            alone = said.get("question") == "patient" and name == said["cohort_a"]
            axes.set_title(name if alone else f"{name}, mean", fontsize=9)
        _bar(figure, image, list(panels[:2]), f"{quantity} ({unit})", means)
        shown, title = means[0] - means[1], "difference"
        label = f"{names[0]} - {names[1]} ({unit})"
    else:
        shown = _ordered(contrast, contrast.arrays["effect"])
        title, label = "effect", tested.effect_name(said)
    limit = brightest(np.abs(shown))
    signed = not tested.several_groups(said)
    colours, low = ("RdBu_r", -limit) if signed else ("viridis", 0.0)
    image = _draw(panels[-1], shown, colours, low, limit)
    _bar(figure, image, [panels[-1]], label, [shown])
    n_found = int(table["found"].sum())
    title += f", {n_found:,} outlined" if n_found else ""
    panels[-1].set_title(title, fontsize=9)
    _outline(panels[-1], contrast, table)
    if of_pairs:
        _dress(contrast, panels)
    else:
        _dress_measures(contrast, panels[0])
    head(figure, tested.head_lines(contrast, table))
    save(figure, path)


def _ordered(contrast: Contrast, matrix: NDArray[Any]) -> NDArray[np.float64]:
    order = arrange(contrast.areas).order
    columns = order if tested.of_connections(contrast) else np.arange(matrix.shape[1])
    whole = matrix.astype(float)[np.ix_(order, columns)]
    if tested.of_connections(contrast):
        np.fill_diagonal(whole, np.nan)
    return whole


def _scale(means: NDArray[np.float64]) -> tuple[str, float, float]:
    """Choose colours: from 0 up, or both ways from 0 where some are negative."""
    top = brightest(np.abs(means))
    if np.nanmin(means, initial=0) < 0:
        return "RdBu_r", -top, top
    return "viridis", 0.0, top


def _draw(
    axes: Any, matrix: NDArray[np.float64], colours: str, low: float, top: float
) -> Any:
    from matplotlib import colormaps

    return axes.imshow(
        matrix,
        cmap=colormaps[colours].with_extremes(bad="0.85"),
        vmin=low,
        vmax=top,
        interpolation="nearest",
        aspect="equal" if matrix.shape[0] == matrix.shape[1] else "auto",
    )


def _bar(
    figure: Any,
    image: Any,
    panels: list[Any],
    label: str,
    shown: list[NDArray[np.float64]],
) -> None:
    """Say what the colours are, with an arrow where numbers lie beyond them."""
    from matplotlib.ticker import MaxNLocator

    low, top = image.get_clim()
    below = any(np.nanmin(m, initial=0) < low for m in shown)
    above = any(np.nanmax(m, initial=0) > top for m in shown)
    ends = {(True, True): "both", (True, False): "min", (False, True): "max"}
    bar = figure.colorbar(
        image,
        ax=panels,
        location="bottom",
        shrink=0.7 / len(panels),
        aspect=22,
        ticks=MaxNLocator(5),
        extend=ends.get((below, above), "neither"),
    )
    bar.set_label(label, fontsize=8)
    bar.ax.tick_params(labelsize=7)


def _outline(axes: Any, contrast: Contrast, table: pd.DataFrame) -> None:
    """Draw a frame round each cell of what was found."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    found = table[table["found"]]
    if found.empty:
        return
    at = np.argsort(arrange(contrast.areas).order)
    rows, columns = at[found["i"]], found["j"].to_numpy()
    if tested.of_connections(contrast):
        columns = at[found["j"]]
        if not tested.directed(contrast):
            rows, columns = np.append(rows, columns), np.append(columns, rows)
    half = 0.5
    if tested.of_connections(contrast):
        # Round cells that are too small to see, the frame is wider than the cell.
        half = max(half, 2.2 * len(at) / (72 * _PANEL))
    cells = [
        Rectangle((x - half, y - half), 2 * half, 2 * half)
        for y, x in zip(rows, columns, strict=True)
    ]
    frames = PatchCollection(
        cells, facecolor="none", edgecolor="black", linewidth=0.7, zorder=3
    )
    axes.add_collection(frames)


def _dress(contrast: Contrast, panels: Any) -> None:
    """Write names beside the first matrix and below all, and lines between groups."""
    arrangement = arrange(contrast.areas)
    names = [plain_names(contrast.areas)[i] for i in arrangement.order]
    for k, axes in enumerate(panels):
        if len(names) <= NAMED:
            label_areas(axes, names, 0.8 * _PANEL)
        else:
            label_groups(axes, arrangement, _PANEL)
        separate(axes, arrangement, "0.6" if k == len(panels) - 1 else "white")
        if k:
            axes.set_yticks([])
        axes.set_xlabel("target", fontsize=8)
    panels[0].set_ylabel("source", fontsize=8)


def _dress_measures(contrast: Contrast, axes: Any) -> None:
    """Write measures below the matrix and areas, or their groups, beside it."""
    arrangement = arrange(contrast.areas)
    names = [plain_names(contrast.areas)[i] for i in arrangement.order]
    if len(names) <= NAMED:
        label_areas(axes, names, 0.8 * _PANEL)
    else:
        label_groups(axes, arrangement, _PANEL)
    for place, labelled in arrangement.breaks:
        axes.axhline(place - 0.5, color="0.6", linewidth=1.0 if labelled else 0.4)
    measures = [str(m).replace("_", " ") for m in contrast.arrays["metrics"]]
    axes.set_xticks(range(len(measures)), measures, rotation=90, fontsize=7)
    axes.set_xlim(-0.5, len(measures) - 0.5)
    axes.set_ylabel("area", fontsize=8)
