"""How training goes, told while it goes: by a bar, and to whoever draws curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    import torch

Curve: TypeAlias = Callable[[int, int, float], object]
"""Takes the place of a recording among all, the number of steps of training, and the
log-likelihood of its held-out blocks then, nats a sample and region beyond a constant.
"""
Looked: TypeAlias = "Callable[[int, torch.Tensor], object]"
"""Takes the number of steps that are done and the mean squared errors on held-out
blocks then, shape (n_series, n_regions)."""
_Place = TypeVar("_Place")


def hidden(progress: bool | None) -> bool | None:
    """Give what tqdm calls disabled; None shows the bar on a terminal only."""
    return None if progress is None else not progress


def placed(
    curve: Callable[[_Place, int, float], object] | None, places: Sequence[_Place]
) -> Curve | None:
    """Give the curve of some recordings: what they are told of goes to their places.

    Examples
    --------
    >>> placed(print, ["first", "third"])(1, 20, -0.5)
    third 20 -0.5
    >>> placed(None, ["first", "third"])
    """
    if curve is None:
        return None
    return lambda k, step, value: curve(places[k], step, value)


def moving(bar: Any, size: float, curve: Curve | None = None) -> Looked:
    """Give what moves a bar while recordings are trained on side by side.

    Parameters
    ----------
    bar : tqdm
    size : float
        How far it moves with each step of training.
    curve : callable, optional
        Told of each of the recordings.
    """
    done = 0

    def looked(step: int, errors: torch.Tensor) -> None:
        nonlocal done
        bar.update(size * (step - done))
        done = step
        if curve is not None:
            for k, value in enumerate((-0.5 * errors.log().mean(1)).tolist()):
                curve(k, step, value)

    return looked
