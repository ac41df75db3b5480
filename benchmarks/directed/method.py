"""What a method is, and what it says of one recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from numpy.typing import NDArray

from directed.known import Array, System


@dataclass(frozen=True, eq=False)
class Found:
    """What a method says of one recording, ``[source, target]``.

    Attributes
    ----------
    score : ndarray
        Larger where a connection is more likely.
    p : ndarray or None
        p values, where the method has a test of its own.
    probability, direction : ndarray or None
        P(source -> target), and its share of both directions.
    supported : ndarray of bool or None
        What the method delivers; by default p at a false discovery rate of 5 %.
    seconds, mib : float or None
        CPU time and memory, where the method did not run in this process.
    """

    score: Array
    p: Array | None = None
    probability: Array | None = None
    direction: Array | None = None
    supported: NDArray | None = None
    seconds: float | None = None
    mib: float | None = None


@dataclass(frozen=True, eq=False)
class Method:
    """One estimator.

    Attributes
    ----------
    name : str
        As it is printed.
    run : callable
        From series and system to what was found.
    ours : bool
        Whether it is one of our models.
    slow, fast : bool
        Whether it is run on fMRI, and on the rest.
    quick : bool
        Whether it is run where only quick peers are.
    most_regions : int
        It is not tried on more.
    only : str or None
        The one modality it is for.
    needs : str or None
        Package without which it cannot run.
    apart : bool
        Whether it has an environment of its own.
    """

    name: str
    run: Callable[[Array, System], Found]
    ours: bool = False
    slow: bool = True
    fast: bool = True
    quick: bool = False
    most_regions: int = 1000
    only: str | None = None
    needs: str | None = None
    apart: bool = False

    def applies(self, system: System) -> bool:
        """Whether the method is for such a system."""
        return (
            (self.slow if system.slow else self.fast)
            and (self.quick or system.peers)
            and self.only in (None, system.modality)
        )

    def hindrance(self, n_regions: int) -> str | None:
        """Say why it is not run: too many regions, or something to install."""
        if n_regions > self.most_regions:
            return f"not tried above {self.most_regions} regions"
        if self.needs is None or find_spec(self.needs) is not None:
            return None
        package = {"sklearn": "scikit-learn", "mne_connectivity": "mne-connectivity"}
        name = package.get(self.needs, self.needs)
        return f'not run: needs {name} (pip install "atlasdb[benchmark]")'
