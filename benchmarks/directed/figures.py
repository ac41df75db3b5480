"""Figures of one run: beside peers, calibration, cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from directed.report import DEFAULTS, judged, rows_of

OURS, PEER, LINE = "#c1272d", "#8c8c8c", "#d9d9d9"
_DPI = 110
_APART = 0.035


def draw(results: dict[str, Any], folder: Path) -> None:
    """Draw all figures into a folder, as PNG."""
    import matplotlib as mpl

    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    _beside_peers(results, folder / "connectivity-peers.png")
    _reliability(results, folder / "connectivity-calibration.png")
    _cost(results, folder / "connectivity-cost.png")


def _save(figure: Any, path: Path) -> None:
    import matplotlib.pyplot as plt

    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=_DPI, bbox_inches="tight")
    plt.close(figure)


def _beside_peers(results: dict[str, Any], path: Path) -> None:
    """One row a system: our default large, our others small, peers grey."""
    import matplotlib.pyplot as plt

    known = [s for s in results["systems"] if judged(s)]
    figure, panels = plt.subplots(
        1, 2, sharey=True, figsize=(9, 1 + 0.24 * len(known)), layout="constrained"
    )
    for axes, key, label in zip(
        panels,
        ("auprc", "direction"),
        ("AUPRC", "share of directions right"),
        strict=True,
    ):
        for y, system in enumerate(known):
            axes.axhline(y, color=LINE, lw=0.5, zorder=0)
            for row in rows_of(system):
                if row.get(key) is None:
                    continue
                main = row["method"] == DEFAULTS[system["modality"]]
                axes.plot(
                    row[key],
                    y,
                    "o" if row["ours"] else "|",
                    color=OURS if row["ours"] else PEER,
                    markersize=7 if main else 4 if row["ours"] else 8,
                    markerfacecolor=OURS if main else "white",
                    zorder=3 if main else 2 if row["ours"] else 1,
                )
        axes.set_xlabel(label)
        axes.set_xlim(-0.02, 1.02)
    panels[1].axvline(0.5, color=PEER, lw=0.8, ls=":")
    panels[0].set_yticks(range(len(known)), [s["name"] for s in known], fontsize=8)
    panels[0].set_ylim(len(known) - 0.5, -0.5)
    keys = [
        ("o", OURS, OURS, 7, "our default model"),
        ("o", OURS, "white", 4, "our other models"),
        ("|", PEER, PEER, 8, "peers"),
    ]
    for marker, edge, face, size, label in keys:
        panels[0].plot(
            [],
            [],
            marker,
            color=edge,
            markerfacecolor=face,
            markersize=size,
            label=label,
        )
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    _save(figure, path)


def _reliability(results: dict[str, Any], path: Path) -> None:
    """What our default models said against what was so."""
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
    groups = {
        "amortised, fMRI": ("fmri", "amortised", "o"),
        "fask, fMRI": ("fmri", "fask", "s"),
        "mlp, simulated": ("simulated", "mlp", "^"),
        "mlp, EEG": ("eeg", "mlp", "v"),
    }
    colours = (OURS, "#e8a33d", "#2b6ca3", "#5a9e6f")
    for axes, key, label in zip(
        panels,
        ("existence_bins", "direction_bins"),
        ("P(source \u2192 target)", "direction"),
        strict=True,
    ):
        axes.plot([0, 1], [0, 1], color=LINE, zorder=0)
        for colour, (name, (modality, method, marker)) in zip(
            colours, groups.items(), strict=True
        ):
            total = np.zeros((10, 3))
            for system in results["systems"]:
                if system["modality"] != modality:
                    continue
                for row in rows_of(system):
                    if row["method"] == method:
                        for n, said, so in row.get(key) or []:
                            place = min(int(said * 10), 9)
                            total[place] += n, n * said, n * so
            there = total[:, 0] > 20
            if there.any():
                n, said, so = total[there].T
                axes.plot(
                    said / n, so / n, marker + "-", color=colour, ms=4, label=name
                )
        axes.set(xlabel=f"{label}: said", ylabel="so", xlim=(0, 1), ylim=(0, 1))
        axes.set_aspect("equal")
    panels[0].legend(frameon=False, fontsize=8)
    _save(figure, path)


def _cost(results: dict[str, Any], path: Path) -> None:
    """CPU seconds against AUPRC, each method a point: means over its systems."""
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    for axes, slow in zip(panels, (True, False), strict=True):
        points: dict[tuple[str, bool], list[tuple[float, float]]] = {}
        known = [
            s
            for s in results["systems"]
            if judged(s) and (s["modality"] == "fmri") == slow and len(s["rows"]) > 8
        ]
        for system in known:
            for row in rows_of(system):
                key = row["method"], row["ours"]
                points.setdefault(key, []).append((row["seconds"], row["auprc"]))
        means = {key: np.mean(all_, axis=0) for key, all_ in points.items()}
        floor = 1.0
        for (name, ours), (seconds, auprc) in sorted(
            means.items(), key=lambda item: -item[1][1]
        ):
            n = len(points[name, ours])
            some = "" if n == len(known) else f" ({n} of {len(known)} systems)"
            colour = OURS if ours else PEER
            place = max(seconds, 1e-5), auprc
            axes.plot(*place, "o", color=colour, ms=5)
            floor = min(auprc, floor - _APART)  # labels keep off each other
            axes.annotate(
                name + some,
                place,
                xytext=(place[0] * 1.6, floor),
                va="center",
                fontsize=7,
                color=colour,
                arrowprops={"arrowstyle": "-", "color": LINE, "lw": 0.5},
            )
        axes.set_xscale("log")
        axes.set(
            xlabel="CPU seconds a recording, one thread",
            ylabel="AUPRC, mean of systems",
            title="fMRI" if slow else "fast series",
            ylim=(0, 1.02),
        )
    _save(figure, path)
