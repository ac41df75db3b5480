"""Pictures of a whole comparison: matrices of means and differences, volcano plot."""

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
    head,
    label_areas,
    label_groups,
    new_figure,
    plain_names,
    save,
    separate,
)
from atlasdb.export.matrix import brightest
from atlasdb.export.place import place_labels
from atlasdb.types import Contrast

if TYPE_CHECKING:
    import pandas as pd

NAMED = 30
"""Up to so many areas their names are written beside the small matrices."""
LISTED = 10
"""So many of what was found are named beside the volcano plot."""
_PANEL = 3.1
"""Side of one matrix, inches: three of them fill a page across."""


def matrices(contrast: Contrast, path: Path) -> None:
    """Draw the mean of each group and their difference, areas ordered by network.

    What was found is outlined in the difference. Without two groups that have means,
    the sizes of the effects are drawn alone.
    """
    table = tested.rows(contrast)
    said = contrast.properties
    both = {"mean_a", "mean_b"} <= set(contrast.arrays)
    figure = new_figure(3 * _PANEL + 1 if both else _PANEL + 2.4, _PANEL + 1.9)
    panels = figure.subplots(1, 3 if both else 1, squeeze=False)[0]
    bad = "0.85"
    unit = said.get("unit") or "a.u."
    if both:
        means = [_ordered(contrast, contrast.arrays[f"mean_{k}"]) for k in "ab"]
        colours, low, top = _scale(np.concatenate(means))
        for axes, mean, name in zip(
            panels, means, (said["cohort_a"], said["cohort_b"]), strict=False
        ):
            image = axes.imshow(
                mean, cmap=_map(colours, bad), vmin=low, vmax=top, **_SHARP
            )
            axes.set_title(f"{name}, mean", fontsize=9)
        _bar(figure, image, list(panels[:2]), f"weight ({unit})")
        shown, title = means[0] - means[1], "difference of means"
        label = f"{said['cohort_a']} - {said['cohort_b']} ({unit})"
    else:
        shown = _ordered(contrast, contrast.arrays["effect"])
        title, label = "effect", tested.effect_name(said)
    limit = brightest(np.abs(shown))
    last = panels[-1]
    image = last.imshow(
        shown, cmap=_map("RdBu_r", bad), vmin=-limit, vmax=limit, **_SHARP
    )
    _bar(figure, image, [last], label)
    n_found = int(table["found"].sum())
    last.set_title(f"{title}, {n_found:,} outlined" if n_found else title, fontsize=9)
    _outline(last, contrast, table)
    _dress(contrast, panels)
    head(figure, tested.head_lines(contrast, table))
    save(figure, path)


def volcano(contrast: Contrast, path: Path) -> None:
    """Draw the size of every effect against how sure it is; what was found coloured."""
    table = tested.rows(contrast)
    said = contrast.properties
    height, label, line, meaning = _sureness(contrast, table)
    figure = new_figure(7.2, 4.6)
    axes, legend = figure.subplots(1, 2, width_ratios=[2.1, 1])
    effect = table["effect"].to_numpy(dtype=float)
    found = table["found"].to_numpy()
    sides = (
        (~found, "0.65", "not significant"),
        (found & (effect > 0), MORE, tested.directions(said)[0]),
        (found & (effect <= 0), LESS, tested.directions(said)[1]),
    )
    for chosen, colour, name in sides:
        if chosen.any():
            axes.scatter(
                effect[chosen],
                height[chosen],
                s=9 if colour == "0.65" else 16,
                color=colour,
                linewidths=0,
                alpha=0.5 if colour == "0.65" else 0.9,
                label=f"{name} ({int(chosen.sum()):,})",
                rasterized=len(effect) > 2000,
            )
    axes.axhline(line, color="0.2", linewidth=0.9, linestyle="--", label=meaning)
    if (effect < 0).any():
        axes.axvline(0, color="0.8", linewidth=0.8, zorder=0)
        widest = 1.08 * float(np.nanmax(np.abs(effect)))
        axes.set_xlim(-widest, widest)
    axes.set_ylim(0, 1.12 * max(float(np.nanmax(height)), line))
    axes.set_xlabel(tested.effect_name(said), fontsize=9)
    axes.set_ylabel(label, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    legend.axis("off")
    key = legend.legend(*axes.get_legend_handles_labels(), loc="upper left", **_KEY)
    head(figure, tested.head_lines(contrast, table))
    _number(figure, axes, key, contrast, table, height)
    save(figure, path)


_SHARP = {"interpolation": "nearest"}
_KEY = {"frameon": False, "fontsize": 7.5, "borderaxespad": 0, "handletextpad": 0.4}


def _sureness(
    contrast: Contrast, table: pd.DataFrame
) -> tuple[NDArray[np.float64], str, float, str]:
    """Give how sure each effect is, what that is called, the line to pass, and why."""
    said = contrast.properties
    alpha = said["alpha"]
    if "component" in table:
        line = float(said.get("threshold") or 0)
        size = table["statistic"].abs().to_numpy(dtype=float)
        return size, "size of the statistic", line, f"threshold {line:.2f}"
    if said["correction"] == "fwe" and "p_fwe" in table:
        p = table["p_fwe"].to_numpy(dtype=float)
        sure = f"family-wise p = {alpha:g}"
        return -np.log10(p), "-log10 p (family-wise)", -np.log10(alpha), sure
    p = table["p"].to_numpy(dtype=float)
    # A p of 0 is one that was too small for the computer.
    p = np.maximum(p, np.finfo(float).tiny)
    passed = p[table["found"].to_numpy()]
    if passed.size:
        at, why = float(passed.max()), f"q = {alpha:g} (p = {passed.max():.2g})"
    else:
        at = alpha / len(p)
        why = f"the smallest p\nwould have to be {at:.2g}"
    return -np.log10(p), "-log10 p (uncorrected)", -np.log10(at), why


def _number(
    figure: Any,
    axes: Any,
    key: Any,
    contrast: Contrast,
    table: pd.DataFrame,
    height: NDArray[np.float64],
) -> None:
    """Put numbers at the surest of what was found, and their names below the key."""
    chosen = table[table["found"]].assign(height=height[table["found"]])
    by = ["height", "i", "j"]
    chosen = chosen.sort_values(by, ascending=[False, True, True]).head(LISTED)
    if chosen.empty:
        return
    names = named(contrast, chosen)
    # A figure space is as wide as a digit.
    lines = [f"{k:\u2007>2}  {name}" for k, name in enumerate(names, start=1)]
    longest = max(map(len, lines))
    size = float(np.clip(7.5 * 36 / longest, 4.5, 7.5))
    beside = key.axes
    figure.draw_without_rendering()
    below = beside.transAxes.inverted().transform(key.get_window_extent())[0, 1]
    beside.text(
        0,
        below - 0.05,
        "\n".join(lines),
        fontsize=size,
        va="top",
        linespacing=1.5,
        transform=beside.transAxes,
    )
    points = chosen[["effect", "height"]].to_numpy(dtype=float)
    place_labels(figure, axes, points, [str(k + 1) for k in range(len(points))])


def named(contrast: Contrast, table: pd.DataFrame) -> list[str]:
    """Name what each row tested: ``A → B`` with a direction, ``A - B`` without."""
    target = contrast.properties["target"]
    measures = [str(m).replace("_", " ") for m in contrast.arrays.get("metrics", ())]
    if target == "global":
        return [measures[j] for j in table["j"]]
    names = plain_names(contrast.areas)
    if target == "nodes":
        pairs = zip(table["i"], table["j"], strict=True)
        return [f"{names[i]}, {measures[j]}" for i, j in pairs]
    arrow = "→" if tested.directed(contrast) else "-"
    pairs = zip(table["i"], table["j"], strict=True)
    return [f"{names[i]} {arrow} {names[j]}" for i, j in pairs]


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


def _map(name: str, bad: str) -> Any:
    from matplotlib import colormaps

    return colormaps[name].with_extremes(bad=bad)


def _bar(figure: Any, image: Any, panels: list[Any], label: str) -> None:
    bar = figure.colorbar(
        image, ax=panels, location="bottom", shrink=0.7 / len(panels), aspect=22
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
    # Round cells that are too small to see, the frame is wider than the cell.
    half = max(0.5, 2.2 * len(at) / (72 * _PANEL))
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
