"""How training goes, told to whoever wants to draw it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

Curve: TypeAlias = Callable[[int, int, float], object]
"""Takes the place of a recording among all, the number of steps of training, and the
log-likelihood of its held-out blocks then, nats a sample and region beyond a constant.
"""
_Place = TypeVar("_Place")


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
