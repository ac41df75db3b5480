"""The nouns: what goes into an atlas and comes out of it.

Matrices are ``weights[source, target]``: row *i*, column *j* is the influence of
*i* on *j*, as in networkx. Absent numbers are NaN in arrays and None in fields;
the stores hold neither, but a missing value. Times are seconds unless the name
ends in ``_ms``; positions are millimetres, RAS (x grows to the right).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

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
class ContrastResult:
    """What a comparison found, of connections, areas or whole connectomes.

    Attributes
    ----------
    question : str
        "groups", "score" (a number that people have), "sessions" (within people) or
        "patient" (one person against controls).
    groups : tuple of str
        Names of what was compared: cohorts, sessions, or values of a property; the
        score, where one was correlated.
    n : tuple of int
        People of each group.
    cohorts : tuple of str
        Cohorts whose people took part.
    subject : str or None
        The one patient.
    edges, nodes, whole : mapping of str to ndarray
        What is kept in the graph, one row a test: of connections with ``source,
        target`` (area ids) and ``component``, of areas with ``area, metric``, of
        connectomes with ``metric``; all with ``mean_a, mean_b, effect, statistic, p,
        q, p_fwe, significant, n_a, n_b``, of which some may lack.
    components : mapping of str to ndarray
        One row a component: ``label, n_edges, n_nodes, n_positive, statistic, p_fwe,
        significant``. What ``component`` says of a connection is a label.
    arrays : mapping of str to ndarray
        The full statistic matrices.
    """

    run: Run
    question: Literal["groups", "score", "sessions", "patient"]
    groups: tuple[str, ...]
    n: tuple[int, ...]
    cohorts: tuple[str, ...]
    target: Literal["edges", "nodes", "global"]
    quantity: str
    test: str
    correction: str
    alpha: float
    parcellation: str
    connectomes: tuple[str, ...]
    arrays: Mapping[str, NDArray[Any]]
    n_tested: int
    n_significant: int
    subject: str | None = None
    edges: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    nodes: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    whole: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    components: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    covariates: tuple[str, ...] = ()
    harmonisation: str | None = None
    alternative: str = "two-sided"
    threshold: float | None = None
    scale: float | None = None
    n_permutations: int | None = None
    seed: int | None = None
    detectable_effect: float | None = None
    detectable_component: float | None = None
    multiverse: str | None = None
    variant: str | None = None


@dataclass(frozen=True, eq=False)
class PoolResult:
    """What the people of a cohort have in common, as one connectome.

    Attributes
    ----------
    connectomes : tuple of str
        Ids of the connectomes that were pooled.
    settings : str
        That of the connectomes, which were made alike.
    """

    run: Run
    cohort: str
    parcellation: Parcellation
    connectivity: Connectivity
    connectomes: tuple[str, ...]
    settings: str = ""


@dataclass(frozen=True, eq=False)
class ClassificationResult:
    """Classifiers that were trained to tell two classes apart, on people they had not.

    Attributes
    ----------
    target : str
        "diagnosis" between two cohorts, "condition" within people.
    cohorts : tuple of str
        Whose people: two for a diagnosis.
    classes : (str, str)
        What was told apart: names of cohorts, or of conditions.
    table : mapping of str to sequence
        One row for each classifier: columns ``kind, accuracy, balanced_accuracy, auc,
        auc_low, auc_high, p, n_permutations, n_a, n_b, n_folds``.
    arrays : mapping of str to dict of ndarray
        ``scores``, by pseudonym, and ``model``.
    used : tuple of str
        Ids of the connectomes, or of the activation maps, that were learned from.
    """

    run: Run
    target: Literal["diagnosis", "condition"]
    cohorts: tuple[str, ...]
    classes: tuple[str, str]
    modality: str
    table: Mapping[str, Sequence[Any]]
    arrays: Mapping[str, Mapping[str, NDArray[Any]]]
    used: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PredictionResult:
    """How well a score, or which of two groups, was predicted of people held out.

    Attributes
    ----------
    target : str
        "score" or "groups".
    groups : tuple of str
        The two groups, that which is predicted high first; or cohort and score.
    n : tuple of int
        People, or people of each group.
    cohorts : tuple of str
        Whose people.
    table : mapping of str to sequence
        One row for the model and each baseline, the model first: columns ``kind, r,
        r2, mae, auc, p, n_connections``.
    connections : mapping of str to ndarray
        What the model chose often, one row a connection: ``source, target`` (area
        ids), ``sign, stability, weight``.
    arrays : mapping of str to dict of ndarray
        ``matrix``, all connections, and ``scores``, by pseudonym.
    used : tuple of str
        Ids of the connectomes.
    scale : float
        Power in which the connections were taken.
    """

    run: Run
    target: Literal["score", "groups"]
    groups: tuple[str, str]
    n: tuple[int, ...]
    cohorts: tuple[str, ...]
    modality: str
    parcellation: str
    quantity: str
    confounds: tuple[str, ...]
    table: Mapping[str, Sequence[Any]]
    connections: Mapping[str, NDArray[Any]]
    arrays: Mapping[str, Mapping[str, NDArray[Any]]]
    used: tuple[str, ...]
    n_left_out: int
    n_folds: int
    n_repeats: int
    n_permutations: int
    threshold: float
    scale: float


@dataclass(frozen=True, eq=False)
class StimulationResult:
    """What stimulating each region would change, by the model of one recording.

    A result of simulation: nothing of it was seen in the person.

    Attributes
    ----------
    subject, connectome : str
        Whose, and the connectome whose model was rolled out.
    goal : str
        What the policies lower: "energy", the mean power of all regions.
    budget : float
        Largest input at a sample, standard deviations of a region's activity.
    horizon, n_rollouts : int
        Samples of a rollout, and rollouts that the reductions are measured on.
    fit_score, linear_fit_score : float or None
        Held-out score of the model that was rolled out, and of the linear one.
    codes : tuple of str
        Area codes of the regions, in the order of the reductions.
    reduction, reduction_low, reduction_high : ndarray, shape (n_regions,)
        Share of the energy that is removed, and its 95 % interval over rollouts.
    arrays : mapping of str to dict of ndarray
        Groups kept as files: ``policy`` and ``model``.
    """

    run: Run
    subject: str
    connectome: str
    goal: str
    budget: float
    horizon: int
    n_rollouts: int
    fit_score: float
    linear_fit_score: float | None
    codes: tuple[str, ...]
    reduction: FloatArray
    reduction_low: FloatArray
    reduction_high: FloatArray
    arrays: Mapping[str, Mapping[str, NDArray[Any]]]


@dataclass(frozen=True, eq=False)
class MeasureResult:
    """A graph measure of one connectome, to be kept.

    Attributes
    ----------
    connectome : str
        Key of the connectome.
    subject : str or None
        Whose, None for a cohort's.
    label : str
        "Region" or "Neuron".
    ids : ndarray of str, shape (n_nodes,)
        Keys of regions or neurons, in the order of the columns.
    nodes : mapping of str to ndarray, shape (n_nodes,)
        Properties of regions or neurons, by name.
    values : mapping of str to float
        Numbers for the whole connectome, by name.
    """

    run: Run
    connectome: str
    subject: str | None
    label: Literal["Region", "Neuron"]
    ids: NDArray[np.object_]
    nodes: Mapping[str, NDArray[Any]]
    values: Mapping[str, float]


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
