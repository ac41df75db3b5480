"""What passes between the steps of an ingest.

Voltages are volts, times seconds, positions millimetres (RAS, head or MNI space).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from atlasdb.types import (
    ActivationMap,
    Connectivity,
    FloatArray,
    NeuronGraph,
    Parcellation,
    RecordingInfo,
)

SENSORS = ("eeg", "meg")
"""What is recorded by sensors, each of which sees a mixture of sources."""


@dataclass(frozen=True, eq=False)
class Timeseries:
    """The course of each region, ready to learn from.

    Attributes
    ----------
    data : ndarray, shape (n_regions, n_times)
        Finite, z-scored over time; no constant row.
    sfreq : float
        Samples a second: 1 / TR for fMRI.
    codes : tuple of str
        Area codes of the parcellation, in the order of the rows.
    modality : str
        "eeg", "meg", "fmri", "calcium" or "simulated": it decides the engine.
    lengths : tuple of int
        Lengths of the pieces that are contiguous in time (epochs, runs, what is left
        between censored volumes); they sum to n_times. No lag reaches over an edge.
    sources : bool
        Whether EEG or MEG was brought back to its sources already: nothing of one is
        then looked for in another.
    """

    data: FloatArray
    sfreq: float
    codes: tuple[str, ...]
    modality: str
    lengths: tuple[int, ...]
    sources: bool = False

    @property
    def mixed(self) -> bool:
        """Whether what one region did may be seen in others at once."""
        return self.modality in SENSORS and not self.sources

    def __post_init__(self) -> None:
        """Refuse shapes that do not fit together."""
        n_regions, n_times = self.data.shape
        if len(self.codes) != n_regions or sum(self.lengths) != n_times:
            raise ValueError("codes and lengths must match the shape of data")


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a modality makes of one recording, before anything is learned.

    Exactly one of ``timeseries``, ``connectivity`` and ``neurons`` is given, or none
    where a recording only has activation maps.

    Attributes
    ----------
    notes : tuple of str
        Lines for the user: what was left out and why. Never a personal detail.
    """

    recording: RecordingInfo
    parcellation: Parcellation
    timeseries: Timeseries | None = None
    connectivity: Connectivity | None = None
    neurons: NeuronGraph | None = None
    maps: tuple[ActivationMap, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Reading:
    """What a contemporaneous model says of one recording.

    Attributes
    ----------
    direction : ndarray, shape (n_regions, n_regions)
        P(->) / (P(->) + P(<-)): with its transpose it makes 1, 0.5 on the diagonal.
    probability : ndarray or None
        P(source -> target), where the model gives it.
    ood_score : float or None
        How unlike the simulated brains the recording is, as
        `atlasdb_ingest.learning.familiar` tells it: one of 500 of these exceeds 1.
    withheld : str or None
        Why nothing is said of direction.
    """

    direction: FloatArray
    probability: FloatArray | None = None
    ood_score: float | None = None
    withheld: str | None = None


@dataclass(frozen=True, eq=False)
class Estimate:
    """What was learned from one time series: ``[source, target]`` everywhere.

    Attributes
    ----------
    weight : ndarray, shape (n_regions, n_regions)
        At least 0, directed; NaN on the diagonal.
    value : ndarray
        Signed estimate; symmetric where the estimate itself is.
    probability, direction : ndarray
        P(source -> target), and P(->) / (P(->) + P(<-)): 0.5 is "cannot be told".
    p, q, stability : ndarray
        Surrogate p value, its FDR-adjusted form, agreement of the two halves (0-1).
    lag_ms : ndarray or None
        Delay of the strongest lag, where the engine has lags.
    supported : ndarray of bool
        Passes the rule of its engine: q below 0.05, or for the amortised model, in the
        largest set of which it expects a tenth to be false.
    reliability : float
        Share of connections expected to have the same direction in a second recording
        of the same person and length, by `atlasdb.analysis.agreement`: from halves, or
        of lagged networks from their errors.
    ood_score : float or None
        As in `Reading`.
    state : dict of ndarray
        Parameters of the trained model, to be kept as a file.
    """

    weight: FloatArray
    value: FloatArray
    probability: FloatArray
    direction: FloatArray
    p: FloatArray
    q: FloatArray
    stability: FloatArray
    supported: NDArray[np.bool_]
    engine: str
    method: str
    unit: str
    n: int
    fit_score: float
    fit_metric: str
    reliability: float
    device: str
    ood_score: float | None = None
    lag_ms: FloatArray | None = None
    params: dict[str, float | int | str] = field(default_factory=dict)
    state: dict[str, NDArray[np.float32]] = field(default_factory=dict)
