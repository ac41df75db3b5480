"""One file for each estimator, behind one interface.

Every module here but `base` is an estimator by its name. It has ``ENGINE``
("contemporaneous" or "lagged"), ``UNIT`` of its values, ``SETTINGS`` (all numbers
that change the result, ``version`` among them: raise it with every change of the
estimator), and

- a lagged one: ``build(...)``, which makes an `atlasdb_ingest.models.base.LagModel`;
- a contemporaneous one: ``read(data, sfreq)``, which gives a
  `atlasdb_ingest.types.Reading`, and ``MEANING``, a sentence on its probabilities.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

from atlasdb.errors import NotFoundError, did_you_mean
from atlasdb.types import FloatArray
from atlasdb_ingest.types import Reading


class Model(Protocol):
    """What every estimator says of itself."""

    __name__: str
    ENGINE: str
    UNIT: str
    SETTINGS: Mapping[str, float | int | str]


class ContemporaneousModel(Model, Protocol):
    """An estimator that looks at one time point at a time."""

    MEANING: str

    def read(self, data: FloatArray, sfreq: float) -> Reading:
        """Tell the direction of every pair, and more if it can."""


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
