"""The volcano plot of a comparison: how large each effect is, and how sure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atlasdb.export import tested
from atlasdb.export.figure import LESS, MORE, head, new_figure, plain_names, save
from atlasdb.export.place import place_labels
from atlasdb.types import Contrast

if TYPE_CHECKING:
    import pandas as pd

LISTED = 10
"""So many of what was found are named beside the plot."""
_KEY = {"frameon": False, "fontsize": 7.5, "borderaxespad": 0, "handletextpad": 0.4}


def volcano(contrast: Contrast, path: Path) -> None:
    """Draw the size of every effect against how sure it is; what was found coloured.

    The surest are numbered and named. Of the network-based statistic the size of the
    statistic takes the place of p: its connections have none of their own.
    """
    table = tested.rows(contrast)
    said = contrast.properties
    height, label, line, meaning = _sureness(contrast, table)
    figure = new_figure(7.2, 4.6)
    axes, legend = figure.subplots(1, 2, width_ratios=[2.1, 1])
    effect = table["effect"].to_numpy(dtype=float)
    found = table["found"].to_numpy()
    more, less = tested.directions(said)
    # What hangs together is significant as a whole, not one by one.
    whole = "component" in table
    within, without = (",\nin a component", "in no significant component")
    sides = (
        (~found, "0.65", without if whole else "not significant"),
        (found & (effect > 0), MORE, more + within if whole else more),
        (found & (effect <= 0), LESS, less + within if whole else less),
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
    if not tested.several_groups(said):
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
    if not whole:
        _number(figure, axes, key, contrast, table, height)
    save(figure, path)


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
        if said["correction"] == "fdr_by":
            at /= float((1 / np.arange(1, len(p) + 1)).sum())
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
