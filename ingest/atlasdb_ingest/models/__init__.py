"""One file for each estimator, behind one interface.

Every module here but `base` is an estimator by its name. It has ``ENGINE``
("contemporaneous" or "lagged"), ``UNIT`` of its values, ``SETTINGS`` (all numbers
that change the result, ``version`` among them: raise it with every change of the
estimator), and

- a lagged one: ``build(...)``, which makes an `atlasdb_ingest.models.base.LagModel`;
- a contemporaneous one: ``connect(data)``, ``alone(data, shifts)`` and
  ``precision(data)``, as in `fask`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import NotFoundError, did_you_mean
from atlasdb.types import FloatArray


class Model(Protocol):
    """What every estimator says of itself."""

    __name__: str
    ENGINE: str
    UNIT: str
    SETTINGS: Mapping[str, float | int]


class ContemporaneousModel(Model, Protocol):
    """An estimator that looks at one time point at a time."""

    def connect(self, data: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give the symmetric value and the direction of every pair."""

    def alone(self, data: FloatArray, shifts: NDArray[np.int64]) -> FloatArray:
        """Give the value of every pair when one of the two is shifted in time."""

    def precision(self, data: FloatArray) -> FloatArray:
        """Give the inverse covariance that the value is made from."""


def names() -> list[str]:
    """Names of the estimators that there are, sorted.

    Examples
    --------
    >>> {"fask", "linear", "mlp"} <= set(names())
    True
    """
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "base")


def load(name: str) -> Any:
    """Import one estimator by name.

    Raises
    ------
    NotFoundError
        If there is none of that name.
    """
    if name not in names():
        raise NotFoundError(
            f"No model named '{name}'.{did_you_mean(name, names())} "
            f"There are: {', '.join(names())}."
        )
    return import_module(f"atlasdb_ingest.models.{name}")
