"""A system whose connections are known, and recordings of it.

Series are ``(n_regions, n_times)``, standardised; truth is ``[source, target]``. The
order of the regions is drawn anew for each cohort: a method that prefers low indices
must not look skilful.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Truth = NDArray[np.bool_]
Made = tuple[Array, Array]
"""Series and weights, in the generator's own order of regions."""
_SHUFFLE = 20_201


@dataclass(frozen=True, eq=False)
class Recording:
    """One recording of one person.

    Attributes
    ----------
    series : ndarray, shape (n_regions, n_times)
        Rows of mean 0 and standard deviation 1.
    truth : ndarray of bool, shape (n_regions, n_regions)
        True where the source drives the target; False on the diagonal.
    """

    series: Array
    truth: Truth


@dataclass(frozen=True, eq=False)
class System:
    """Where recordings come from.

    Attributes
    ----------
    name, about : str
        A word for the command line, and one line for the reader.
    modality : str
        "fmri", "eeg" or "simulated": it decides the engine.
    make : callable
        Gives series and weights of one person; a function of the seed and the person.
    sfreq : float
        Samples a second.
    people : int
        People who share a graph: as many are pooled.
    cohorts : int or None
        How many seeds there are, where the recordings are files.
    peers : bool
        False where only the quick peers are run.
    """

    name: str
    about: str
    modality: str
    make: Callable[[int, int], Made]
    sfreq: float = 1.0
    people: int = 1
    cohorts: int | None = None
    peers: bool = True

    @property
    def slow(self) -> bool:
        """Whether the past says nothing of direction."""
        return self.modality == "fmri"

    @property
    def lags(self) -> int:
        """Lags that peers are given: as many as our lagged engine takes."""
        return {"fmri": 3, "eeg": 8}.get(self.modality, 5)

    def cohort(self, seed: int) -> list[Recording]:
        """Give the recordings of the people of one seed, regions in random order."""
        made = [self.make(seed, person) for person in range(self.people)]
        rng = np.random.default_rng([_SHUFFLE, seed])
        order = rng.permutation(len(made[0][1]))
        return [
            Recording(
                standardised(series[order]), planted(weights)[np.ix_(order, order)]
            )
            for series, weights in made
        ]


def standardised(series: Array) -> Array:
    """Rows of mean 0 and standard deviation 1."""
    centred = series - series.mean(axis=1, keepdims=True)
    return np.ascontiguousarray(centred / centred.std(axis=1, keepdims=True))


def planted(weights: Array) -> Truth:
    """Where there is a connection, the diagonal left out."""
    truth: Truth = weights != 0
    np.fill_diagonal(truth, False)
    return truth
