"""What is computed of connectomes in an atlas, on its way into it.

`atlasdb.types` gives these names too; its own are looked at by type checkers only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from atlasdb.types import Connectivity, FloatArray, Parcellation, Run


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
