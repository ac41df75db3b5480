"""Labels, relationships and properties of the graph: declared here, once.

The tables of the embedded store, the constraints and indexes of Neo4j, the schema
in the documentation and the integrity check are all made from this module. A
property is declared as ``name: type``; every node has ``id``, its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

PropertyType = Literal["str", "int", "float", "bool"]
SCHEMA_VERSION = 5


@dataclass(frozen=True)
class Node:
    """A label with its properties, ``id`` left out: every node has it."""

    label: str
    properties: Mapping[str, PropertyType]
    indexed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Relationship:
    """A relationship type with the labels that it joins."""

    type: str
    ends: tuple[tuple[str, str], ...]
    properties: Mapping[str, PropertyType]
    key: tuple[str, ...] = ()
    """Properties that tell two relationships of one pair apart; () allows one."""


def _columns(
    *, text: str = "", whole: str = "", real: str = "", truth: str = ""
) -> dict[str, PropertyType]:
    """Properties by type, each a list of names in one string."""
    kinds: tuple[tuple[PropertyType, str], ...] = (
        ("str", text),
        ("int", whole),
        ("float", real),
        ("bool", truth),
    )
    return {name: kind for kind, names in kinds for name in names.split()}


_MEASURED = (
    "pagerank betweenness closeness closeness_out clustering local_efficiency "
    "participation_out participation_in"
)

NODES: Mapping[str, Node] = {
    node.label: node
    for node in (
        Node(
            "Meta", _columns(text="atlas created title", whole="schema_version applied")
        ),
        Node(
            "Subject",
            _columns(
                text="species sex handedness diagnosis site scanner", real="age_years"
            ),
        ),
        Node("Cohort", _columns(text="definition")),
        Node(
            "Recording",
            _columns(
                text="modality session task run sha256",
                whole="n_channels n_bad",
                real="sfreq_hz tr_s duration_s mean_fd_mm",
            ),
        ),
        Node(
            "Parcellation",
            _columns(
                text="name version kind species space license sha256", whole="n_areas"
            ),
        ),
        Node(
            "Area",
            _columns(
                text="parcellation code name hemisphere level network",
                real="x_mm y_mm z_mm volume_mm3",
            ),
            indexed=("name",),
        ),
        Node(
            "Connectome",
            _columns(
                text="subject cohort level modality method session task run band "
                "condition parcellation unit source_convention engine fit_metric "
                "variant settings",
                whole="n_nodes n_edges n_supported n_tested",
                real="fmin_hz fmax_hz t_start_s t_stop_s density w_max fit_score "
                "reliability ood_score",
                truth="directed is_current",
            ),
            indexed=("subject",),
        ),
        Node(
            "Region",
            _columns(
                text="connectome area name hemisphere",
                whole="community",
                real=f"in_strength out_strength {_MEASURED}",
            ),
            indexed=("connectome", "name"),
        ),
        Node(
            "Neuron",
            _columns(
                text="connectome body_id name cell_type cell_class side transmitter",
                whole="sign n_pre n_post community",
                real=f"x_um y_um z_um {_MEASURED}",
            ),
            indexed=("connectome", "name", "body_id"),
        ),
        Node(
            "ActivationMap",
            _columns(
                text="subject modality session task run stimulus condition measure "
                "unit parcellation",
                whole="n_trials",
                real="t0_ms dt_ms",
                truth="is_current",
            ),
            indexed=("subject",),
        ),
        Node(
            "Contrast",
            _columns(
                text="cohort_a cohort_b subject question groups target quantity test "
                "alternative correction covariates harmonisation multiverse variant",
                whole="n_a n_b n_permutations seed n_tested n_significant",
                real="alpha threshold scale detectable_effect detectable_component",
                truth="is_current",
            ),
        ),
        Node(
            "Component",
            _columns(
                text="contrast",
                whole="label n_edges n_nodes n_positive",
                real="statistic p_fwe",
                truth="significant",
            ),
            indexed=("contrast",),
        ),
        Node(
            "Classifier",
            _columns(
                text="kind target class_a class_b cohorts modality",
                whole="n_a n_b n_folds n_permutations seed",
                real="accuracy balanced_accuracy auc auc_low auc_high p",
            ),
        ),
        Node(
            "Prediction",
            _columns(
                text="kind target score class_a class_b cohorts modality parcellation "
                "quantity confounds",
                whole="n n_a n_b n_connections n_left_out n_folds n_repeats "
                "n_permutations seed",
                real="r r2 mae auc p threshold scale",
            ),
        ),
        Node(
            "Stimulation",
            _columns(
                text="subject connectome goal",
                whole="horizon n_rollouts seed",
                real="budget fit_score linear_fit_score",
                truth="simulated",
            ),
            indexed=("subject",),
        ),
        Node(
            "Run",
            _columns(
                text="kind status started ended command params versions "
                "code_version device",
                whole="seed",
            ),
        ),
        Node("Artifact", _columns(text="kind path sha256 shape", whole="bytes")),
        Node("Annotation", _columns(text="name text created")),
    )
}

_CONNECTS = _columns(
    whole="sign n",
    real="weight value probability direction cost p q stability lag_ms length_mm",
    truth="supported",
)

_EFFECT = "mean_a mean_b effect statistic p q p_fwe"

RELATIONSHIPS: Mapping[str, Relationship] = {
    rel.type: rel
    for rel in (
        Relationship("IN_COHORT", (("Subject", "Cohort"),), _columns(text="role")),
        Relationship("HAS_RECORDING", (("Subject", "Recording"),), {}),
        Relationship(
            "HAS_CONNECTOME",
            (("Subject", "Connectome"), ("Cohort", "Connectome")),
            {},
        ),
        Relationship("IN_PARCELLATION", (("Area", "Parcellation"),), {}),
        Relationship("HAS_REGION", (("Connectome", "Region"),), {}),
        Relationship("HAS_NEURON", (("Connectome", "Neuron"),), {}),
        Relationship("OF_AREA", (("Region", "Area"),), {}),
        Relationship(
            "CONNECTS_TO", (("Region", "Region"), ("Neuron", "Neuron")), _CONNECTS
        ),
        Relationship("HAS_MAP", (("Subject", "ActivationMap"),), {}),
        Relationship(
            "ACTIVATES",
            (("ActivationMap", "Area"),),
            _columns(real="mean_amp peak_amp peak_ms onset_ms auc z p q"),
        ),
        Relationship(
            "COMPARES",
            (
                ("Contrast", "Cohort"),
                ("Contrast", "Subject"),
                ("Classifier", "Cohort"),
            ),
            _columns(text="side"),
        ),
        Relationship(
            "DIFFERS",
            (("Area", "Area"),),
            _columns(
                text="contrast component",
                whole="n_a n_b",
                real=_EFFECT,
                truth="significant",
            ),
            key=("contrast",),
        ),
        Relationship("PREDICTS", (("Prediction", "Cohort"),), _columns(text="side")),
        Relationship(
            "INFORMS",
            (("Area", "Area"),),
            _columns(text="prediction", whole="sign", real="stability weight"),
            key=("prediction",),
        ),
        Relationship("HAS_COMPONENT", (("Contrast", "Component"),), {}),
        Relationship(
            "NODE_EFFECT",
            (("Contrast", "Area"),),
            _columns(text="metric", whole="n_a n_b", real=_EFFECT, truth="significant"),
            key=("metric",),
        ),
        Relationship(
            "GLOBAL_EFFECT",
            (("Contrast", "Parcellation"),),
            _columns(text="metric", whole="n_a n_b", real=_EFFECT, truth="significant"),
            key=("metric",),
        ),
        Relationship(
            "STIMULATES",
            (("Stimulation", "Region"),),
            _columns(
                whole="rank",
                real="reduction reduction_low reduction_high",
                truth="simulated",
            ),
        ),
        Relationship(
            "MEASURED",
            (("Connectome", "Run"),),
            _columns(text="metric", real="value"),
            key=("metric",),
        ),
        Relationship(
            "GENERATED_BY",
            (
                ("Connectome", "Run"),
                ("ActivationMap", "Run"),
                ("Contrast", "Run"),
                ("Classifier", "Run"),
                ("Prediction", "Run"),
                ("Stimulation", "Run"),
            ),
            {},
        ),
        Relationship(
            "USED",
            (
                ("Run", "Recording"),
                ("Run", "Connectome"),
                ("Run", "ActivationMap"),
                ("Run", "Parcellation"),
            ),
            _columns(text="role"),
        ),
        Relationship(
            "STORED_AS",
            (
                ("Connectome", "Artifact"),
                ("ActivationMap", "Artifact"),
                ("Contrast", "Artifact"),
                ("Classifier", "Artifact"),
                ("Prediction", "Artifact"),
                ("Stimulation", "Artifact"),
            ),
            _columns(text="role"),
            key=("role",),
        ),
        Relationship(
            "DERIVED_FROM",
            (
                ("Connectome", "Recording"),
                ("Connectome", "Connectome"),
                ("ActivationMap", "Recording"),
            ),
            {},
        ),
        Relationship("REPLACES", (("Connectome", "Connectome"),), {}),
        Relationship(
            "ANNOTATES",
            tuple(
                ("Annotation", label)
                for label in (
                    "Subject",
                    "Cohort",
                    "Area",
                    "Connectome",
                    "Region",
                    "Neuron",
                    "Contrast",
                )
            ),
            _columns(text="note"),
        ),
    )
}

WRITABLE_NODES = ("Annotation",)
"""Labels that people may write themselves; all others are made from the files."""
WRITABLE_RELATIONSHIPS = ("ANNOTATES",)
