"""Where labels of points go so that none hides another, or a labelled point."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_AROUND = [(1, 0.6), (-1, 0.6), (1, -0.6), (-1, -0.6), (0, 1.2), (0, -1.2)]


def place_labels(
    figure: Any,
    axes: Any,
    points: NDArray[np.float64],
    texts: list[str],
    *,
    size: float = 7,
) -> None:
    """Write a short text beside each point, the first ones nearest to theirs.

    Parameters
    ----------
    figure, axes
        Laid out already in what else they show.
    points : ndarray, shape (n_points, 2)
        In the units of the axes.
    texts : list of str
    size : float, default=7
        Of the letters, in points.
    """
    figure.draw_without_rendering()
    pixel = figure.dpi / 72
    at = axes.transData.transform(points) / pixel
    taken = [np.array([x - 3, y - 3, x + 3, y + 3]) for x, y in at]
    for (x, y), text in zip(at, texts, strict=True):
        width, height = 0.62 * size * len(text), size
        reach = size
        spots = [
            (x + dx * (step * reach + width / 2 * abs(dx)), y + dy * step * reach)
            for step in (1, 1.8, 2.6, 3.4)
            for dx, dy in _AROUND
        ]
        boxes = [_box(spot, width, height) for spot in spots]
        crossed = [sum(_cross(box, other) for other in taken) for box in boxes]
        best = int(np.argmin(crossed))
        taken.append(boxes[best])
        offset = np.array(spots[best]) - (x, y)
        axes.annotate(
            text,
            axes.transData.inverted().transform(np.array([x, y]) * pixel),
            xytext=tuple(offset),
            textcoords="offset points",
            fontsize=size,
            ha="center",
            va="center",
            arrowprops={"arrowstyle": "-", "linewidth": 0.4, "shrinkA": 0},
            annotation_clip=False,
        )


def _box(spot: tuple[float, float], width: float, height: float) -> NDArray[np.float64]:
    x, y = spot
    return np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])


def _cross(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    return bool((low < high).all())
