"""The nouns: what goes into an atlas and comes out of it.

Matrices are ``weights[source, target]``: row *i*, column *j* is the influence of
*i* on *j*, as in networkx. Absent numbers are NaN in arrays and None in fields;
the stores hold neither, but a missing value. Times are seconds unless the name
ends in ``_ms``; positions are millimetres, RAS (x grows to the right).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from atlasdb.results import (
    ClassificationResult as ClassificationResult,
)
from atlasdb.results import (
    ContrastResult as ContrastResult,
)
from atlasdb.results import (
    MeasureResult as MeasureResult,
)
from atlasdb.results import (
    PoolResult as PoolResult,
)
from atlasdb.results import (
    PredictionResult as PredictionResult,
)
from atlasdb.results import (
    StimulationResult as StimulationResult,
)

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """One person or animal, by a key that does not say who it is.

    ``id`` is what the graph holds: a keyed pseudonym, or the laboratory's own label
    where that is public. Ages above 89 are stored as 90.
    """

    id: str
    cohort: str | None = None
    species: str | None = None
    sex: str | None = None
    age_years: float | None = None
    handedness: str | None = None
    diagnosis: str | None = None
    site: str | None = None
    scanner: str | None = None


@dataclass(frozen=True)
class Area:
    """One parcel, electrode or cell group of a parcellation, shared by everybody."""

    code: str
    name: str
    hemisphere: Literal["L", "R", "M"] | None = None
    level: Literal["leaf", "network", "lobe", "hemisphere"] = "leaf"
    network: str | None = None
    x_mm: float | None = None
    y_mm: float | None = None
    z_mm: float | None = None
    volume_mm3: float | None = None


@dataclass(frozen=True)
class Parcellation:
    """A named division of the brain, or a set of electrodes.

    ``id`` is the lower-case name; two parcellations of one name in one atlas must
    have the same ``sha256``. ``areas`` may hold only those that are used, of
    ``n_areas`` in all.
    """

    id: str
    name: str
    kind: Literal["volume", "surface", "sensors", "cells"]
    areas: tuple[Area, ...]
    n_areas: int
    sha256: str
    version: str | None = None
    species: str | None = None
    space: str | None = None
    license: str | None = None


@dataclass(frozen=True)
class RecordingInfo:
    """What the graph keeps of a recording: never its samples, names or dates."""

    sha256: str
    modality: str
    session: str | None = None
    task: str | None = None
    run: str | None = None
    sfreq_hz: float | None = None
    tr_s: float | None = None
    duration_s: float | None = None
    n_channels: int | None = None
    n_bad: int | None = None
    mean_fd_mm: float | None = None


@dataclass(frozen=True)
class Run:
    """How something was made: command, options, seed, versions, device.

    ``key`` identifies the computation: the same inputs with the same settings have
    the same key, on every machine.
    """

    key: str
    kind: str
    command: str
    params: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    device: str | None = None
    started: str | None = None
    ended: str | None = None


@dataclass(frozen=True, eq=False)
class Connectivity:
    """One directed weighted graph between areas: a connectome with its honesty.

    Every array is ``(n_regions, n_regions)``, rows are sources, the diagonal is
    ignored. NaN in ``weights`` means that there is no estimate for the pair.
    Imported connectomes leave ``p``, ``q``, ``stability``, ``probability`` and
    ``direction`` as None.

    Attributes
    ----------
    codes : tuple of str
        Area codes of the parcellation, in the order of the rows.
    weights : ndarray
        At least 0: how strongly the source drives the target.
    value : ndarray or None
        Signed estimate in ``unit``; symmetric where the estimate itself is.
    supported : ndarray of bool or None
        Pairs that pass the connectome's own rule. None: every pair with weight > 0.
    reliability : float or None
        Share of connections expected to have the same direction in a second recording
        (of a pooled connectome: in a second cohort), see `analysis.agreement`.
    variant : str
        What must be equal for two connectomes to be versions of one another,
        beside subject, session, task, run, modality and parcellation. A new one
        of the same variant becomes the current one.
    """

    codes: tuple[str, ...]
    weights: FloatArray
    modality: str
    method: str
    unit: str
    directed: bool = True
    value: FloatArray | None = None
    probability: FloatArray | None = None
    direction: FloatArray | None = None
    supported: NDArray[np.bool_] | None = None
    p: FloatArray | None = None
    q: FloatArray | None = None
    stability: FloatArray | None = None
    lag_ms: FloatArray | None = None
    length_mm: FloatArray | None = None
    n: int | None = None
    engine: str | None = None
    band: str | None = None
    fmin_hz: float | None = None
    fmax_hz: float | None = None
    condition: str | None = None
    t_start_s: float | None = None
    t_stop_s: float | None = None
    source_convention: str | None = None
    fit_score: float | None = None
    fit_metric: str | None = None
    reliability: float | None = None
    ood_score: float | None = None
    variant: str = ""


@dataclass(frozen=True, eq=False)
class NeuronGraph:
    """One directed weighted graph between neurons, as arrays: no object per edge.

    Attributes
    ----------
    body_ids : ndarray of str, shape (n_neurons,)
        Whole ids, as text: 64-bit ids never pass through floating point.
    source, target : ndarray of int, shape (n_edges,)
        Rows of ``body_ids``. No self-loops, at most one edge per ordered pair.
    weight : ndarray of float, shape (n_edges,)
        Synapse counts, or what ``unit`` says.
    neurons : mapping of str to sequence
        Columns of ``Neuron`` (name, cell_type, cell_class, side, transmitter, sign,
        x_um, y_um, z_um), each of length n_neurons, None where unknown.
    by_neuropil : mapping of str to ndarray or None
        Columns ``source, target`` (rows of ``body_ids``), ``roi``, ``weight``.
    """

    body_ids: NDArray[np.str_]
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    weight: FloatArray
    neurons: Mapping[str, Any]
    modality: str
    method: str
    unit: str = "synapses"
    directed: bool = True
    by_neuropil: Mapping[str, Any] | None = None
    n_self_loops: int = 0
    sign: NDArray[np.int64] | None = None
    source_convention: str | None = None
    variant: str = ""


@dataclass(frozen=True, eq=False)
class ActivationMap:
    """How areas respond to one condition: an evoked response or a GLM map.

    Attributes
    ----------
    codes : tuple of str
        Area codes, in the order of the rows of ``data``.
    data : ndarray, shape (n_areas, n_times)
        In ``unit``; one column for a map without a time course.
    t0_ms, dt_ms : float or None
        Time of the first column after the event, and step between columns.
    z, p, q : ndarray of float, shape (n_areas,), or None
        Test of the response of each area.
    volume : ndarray of float, shape (x, y, z), or None
        The map by voxel, with ``affine`` (4, 4) in mm.
    """

    codes: tuple[str, ...]
    data: FloatArray
    modality: str
    condition: str
    measure: Literal["erp", "glm_z", "power", "unit"]
    unit: str
    stimulus: str | None = None
    t0_ms: float | None = None
    dt_ms: float | None = None
    n_trials: int | None = None
    z: FloatArray | None = None
    p: FloatArray | None = None
    q: FloatArray | None = None
    volume: NDArray[np.float32] | None = None
    affine: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class Entry:
    """Everything that one ingest of one recording hands to the atlas, in one piece.

    Attributes
    ----------
    arrays : mapping of str to dict of ndarray
        Named groups of arrays kept as files, such as ``{"model": {...}}`` or
        ``{"series": {"data": ..., "sfreq": ...}}``.
    settings : str
        Hash of everything but the input: equal for connectomes made the same way.
    """

    run: Run
    subject: Subject
    recording: RecordingInfo | None = None
    parcellation: Parcellation | None = None
    connectivity: Connectivity | None = None
    neurons: NeuronGraph | None = None
    maps: tuple[ActivationMap, ...] = ()
    arrays: Mapping[str, Mapping[str, NDArray[Any]]] = field(default_factory=dict)
    settings: str = ""


@dataclass(frozen=True, eq=False)
class Connectome:
    """A connectome as it comes out of an atlas, to analyse, draw or export.

    Attributes
    ----------
    id : str
        Key of the connectome.
    properties : mapping
        What the graph says of it: subject, modality, method, unit, directed, ...;
        and the ``space`` of its parcellation.
    nodes : pandas.DataFrame
        One row a region or neuron, in the order of the matrices: ``id, name`` and,
        of regions, ``code, hemisphere, network, x_mm, y_mm, z_mm``.
    edges : pandas.DataFrame
        One row a stored connection: ``source, target`` (ids), ``source_name,
        target_name, weight`` and the other properties of ``CONNECTS_TO``.
    matrices : mapping of str to ndarray
        Full ``[source, target]`` matrices (``weight``, ``value``, ``p``, ...); empty
        for neurons.
    """

    id: str
    properties: Mapping[str, Any]
    nodes: pd.DataFrame
    edges: pd.DataFrame
    matrices: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Activation:
    """An activation map as it comes out of an atlas, to draw or export.

    Attributes
    ----------
    properties : mapping
        subject, modality, condition, measure, unit, t0_ms, dt_ms, n_trials, ...
    areas : pandas.DataFrame
        One row an area, in the order of ``data``: ``code, name, hemisphere, x_mm,
        y_mm, z_mm, mean_amp, peak_amp, peak_ms, z, p, q``.
    data : ndarray, shape (n_areas, n_times)
        The response, in ``properties["unit"]``.
    volume, affine : ndarray or None
        The map by voxel and its affine, mm.
    """

    id: str
    properties: Mapping[str, Any]
    areas: pd.DataFrame
    data: FloatArray
    volume: NDArray[np.float32] | None = None
    affine: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class Contrast:
    """A comparison as it comes out of an atlas, to draw or export.

    Attributes
    ----------
    id : str
        Key of the comparison.
    properties : mapping
        What the graph says of it: cohort_a, cohort_b, n_a, n_b, target, test,
        correction, alpha, covariates, ...; and ``modality, method, unit,
        parcellation`` of the connectomes compared, where they are all the same, with
        the ``space`` of the parcellation.
    areas : pandas.DataFrame
        One row an area, in the order of the arrays: ``code, name, hemisphere,
        network, x_mm, y_mm, z_mm``; without rows for measures of whole connectomes.
    arrays : mapping of str to ndarray
        ``mean_a, mean_b, effect, statistic, p, q, significant, ...``: of connections
        ``(n_areas, n_areas)``, sources are rows; of areas ``(n_areas, n_metrics)``;
        of whole connectomes ``(n_metrics,)``. ``metrics`` names the measures.
        ``component`` has the label of each connection's component, 0 for none.
    components : pandas.DataFrame
        One row a component: ``label, n_edges, n_nodes, n_positive, statistic,
        p_fwe``; without rows for other tests.
    """

    id: str
    properties: Mapping[str, Any]
    areas: pd.DataFrame
    arrays: Mapping[str, NDArray[Any]]
    components: pd.DataFrame
