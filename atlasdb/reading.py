"""Reading whole objects back: connectomes, activation maps, comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from atlasdb.errors import InvalidDataError, NotFoundError, did_you_mean
from atlasdb.files import Files
from atlasdb.store.base import Store
from atlasdb.types import Activation, Connectome, Contrast

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

    from atlasdb.analysis.network import Network

_CONNECTS = (
    "c.weight AS weight, c.value AS value, c.sign AS sign, "
    "c.probability AS probability, c.direction AS direction, "
    "c.supported AS supported, c.cost AS cost, c.p AS p, c.q AS q, "
    "c.stability AS stability, c.lag_ms AS lag_ms, c.length_mm AS length_mm, "
    "c.n AS n"
)
_REGIONS = (
    "MATCH (r:Region)-[:OF_AREA]->(a:Area) WHERE r.connectome = $connectome "
    "RETURN r.id AS id, r.name AS name, a.code AS code, r.hemisphere AS hemisphere, "
    "a.network AS network, a.x_mm AS x_mm, a.y_mm AS y_mm, a.z_mm AS z_mm, "
    "r.in_strength AS in_strength, r.out_strength AS out_strength ORDER BY id"
)
_NEURONS = (
    "MATCH (r:Neuron) WHERE r.connectome = $connectome "
    "RETURN r.id AS id, r.name AS name, r.body_id AS body_id, "
    "r.cell_type AS cell_type, r.cell_class AS cell_class, r.side AS side, "
    "r.transmitter AS transmitter ORDER BY id"
)
_EDGES = (
    "MATCH (s:{label})-[c:CONNECTS_TO]->(t:{label}) "
    "WHERE s.connectome = $connectome "
    "RETURN s.id AS source, t.id AS target, s.name AS source_name, "
    "t.name AS target_name, " + _CONNECTS + " ORDER BY source, target"
)
_MEMBERS = {
    "Region": "MATCH (r:Region) WHERE r.connectome = $connectome "
    "RETURN r.id AS id, r.name AS name",
    "Neuron": "MATCH (r:Neuron) WHERE r.connectome = $connectome "
    "RETURN r.id AS id, coalesce(r.name, r.body_id) AS name",
}
_WEIGHTS = (
    "MATCH (s:{label})-[c:CONNECTS_TO]->(t:{label}) WHERE s.connectome = $connectome "
    "AND ($supported = false OR c.supported = true) "
    "RETURN s.id AS source, t.id AS target, c.weight AS weight"
)
_ARTIFACTS = (
    "MATCH (o:{label})-[s:STORED_AS]->(f:Artifact) WHERE o.id = $id "
    "RETURN s.role AS role, f.path AS path ORDER BY role, path"
)
_ACTIVATES = (
    "MATCH (m:ActivationMap)-[e:ACTIVATES]->(a:Area) WHERE m.id = $id "
    "RETURN a.code AS code, a.name AS name, a.hemisphere AS hemisphere, "
    "a.x_mm AS x_mm, a.y_mm AS y_mm, a.z_mm AS z_mm, e.mean_amp AS mean_amp, "
    "e.peak_amp AS peak_amp, e.peak_ms AS peak_ms, e.z AS z, e.p AS p, e.q AS q "
    "ORDER BY code"
)
_SPACE = "MATCH (p:Parcellation) WHERE p.id = $id RETURN p.space AS space"
_COMPARED = (
    "MATCH (c:Contrast)-[:GENERATED_BY]->(:Run)-[:USED]->(k:Connectome) "
    "WHERE c.id = $id RETURN DISTINCT k.parcellation AS parcellation, "
    "k.modality AS modality, k.method AS method, k.unit AS unit"
)
_AREA = "code name hemisphere network x_mm y_mm z_mm"
_AREAS = (
    "MATCH (a:Area) WHERE a.parcellation = $parcellation RETURN "
    + ", ".join(f"a.{name} AS {name}" for name in _AREA.split())
    + " ORDER BY code"
)
_COMPONENT = "label n_edges n_nodes n_positive statistic p_fwe"
_COMPONENTS = (
    "MATCH (c:Contrast)-[:HAS_COMPONENT]->(k:Component) WHERE c.id = $id RETURN "
    + ", ".join(f"k.{name} AS {name}" for name in _COMPONENT.split())
    + " ORDER BY label"
)


def connectome(store: Store, files: Files, wanted: Mapping[str, Any]) -> Connectome:
    """Read the one connectome that fits; see `atlasdb.Atlas.connectome`."""
    row = choose(store.nodes("Connectome").to_pylist(), wanted, "connectome")
    key = {"connectome": row["id"]}
    label = node_label(row)
    neurons = label == "Neuron"
    nodes = store.read(_NEURONS if neurons else _REGIONS, key, trusted=True).to_pandas()
    edges = store.read(_EDGES.replace("{label}", label), key, trusted=True).to_pandas()
    matrices: dict[str, Any] = {}
    if not neurons:
        matrices = matrices_of(store, files, row["id"])
        codes = [str(code) for code in matrices.pop("codes")]
        order = {code.lower(): i for i, code in enumerate(codes)}
        rows = nodes["code"].map(lambda code: order[str(code).lower()])
        nodes = nodes.iloc[rows.argsort()].reset_index(drop=True)
    said = _without_nulls(row | _space(store, row["parcellation"]))
    return Connectome(row["id"], said, nodes, edges, matrices)


def network(store: Store, row: Mapping[str, Any], *, supported: bool) -> Network:
    """Read the weights of a connectome, all of its nodes among them.

    Parameters
    ----------
    row : mapping
        The connectome's properties.
    supported : bool
        Only connections that pass the connectome's own rule.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    from scipy import sparse

    from atlasdb.analysis.network import Network

    label = node_label(row)
    key: dict[str, Any] = {"connectome": row["id"]}
    nodes = store.read(_MEMBERS[label], key, trusted=True).sort_by("id")
    text = _WEIGHTS.replace("{label}", label)
    edges = store.read(text, key | {"supported": supported}, trusted=True)
    ids = nodes.column("id").cast(pa.string()).combine_chunks()
    source, target = (
        pc.index_in(edges.column(end).cast(pa.string()), value_set=ids).to_numpy()
        for end in ("source", "target")
    )
    weight = edges.column("weight").cast(pa.float64()).to_numpy()
    where = (source.astype(np.int64), target.astype(np.int64))
    weights = sparse.coo_array((weight, where), shape=(len(ids), len(ids))).tocsr()
    weights.sort_indices()
    named = nodes.column("name").to_numpy(zero_copy_only=False)
    known = ids.to_numpy(zero_copy_only=False)
    names = np.array([n or i for n, i in zip(named, known, strict=True)], dtype=object)
    return Network(known, names, weights, str(row["id"]))


def node_label(row: Mapping[str, Any]) -> Literal["Region", "Neuron"]:
    """Give what a connectome's nodes are called."""
    return "Neuron" if row["level"] == "animal" else "Region"


def matrices_of(store: Store, files: Files, connectome: str) -> dict[str, Any]:
    """Read a connectome's full matrices, and ``codes``, the order of their rows."""
    return files.arrays(artifact(store, "Connectome", connectome, "matrix"))


def artifact(store: Store, label: str, owner: str, role: str) -> str:
    """Give the path of a file that belongs to a node."""
    text = _ARTIFACTS.replace("{label}", label)
    rows = store.read(text, {"id": owner}, trusted=True).to_pylist()
    paths: list[str] = [row["path"] for row in rows if row["role"] == role]
    if not paths:
        raise NotFoundError(f"{owner} has no stored {role}.")
    return paths[0]


def activation(
    store: Store, files: Files, condition: str, wanted: Mapping[str, Any]
) -> Activation:
    """Read one activation map; see `atlasdb.Atlas.activation`."""
    rows = store.nodes("ActivationMap").to_pylist()
    of_subject = [r for r in rows if _fits(r, wanted) and r["is_current"]]
    conditions = sorted({r["condition"] for r in of_subject})
    if of_subject and condition not in conditions:
        listed = ", ".join(f"'{c}'" for c in conditions)
        raise NotFoundError(
            f"No activation map of the condition '{condition}' of {wanted['subject']}. "
            f"There are: {listed}."
        )
    fit = dict(wanted) | {"condition": condition}
    row = choose(rows, fit, "activation map")
    areas = store.read(_ACTIVATES, {"id": row["id"]}, trusted=True).to_pandas()
    path = artifact(store, "ActivationMap", row["id"], "map")
    arrays = files.arrays(path)
    codes = [str(code).lower() for code in arrays["codes"]]
    order = {code: i for i, code in enumerate(codes)}
    rows_of = areas["code"].map(lambda code: order[str(code).lower()])
    areas = areas.iloc[rows_of.argsort()].reset_index(drop=True)
    return Activation(
        row["id"],
        _without_nulls(row),
        areas,
        arrays["data"],
        arrays.get("volume"),
        arrays.get("affine"),
    )


def contrast(store: Store, files: Files, name: str | None) -> Contrast:
    """Read one comparison; see `atlasdb.Atlas.contrast`."""
    row = _contrast_row(store.nodes("Contrast").to_pylist(), name)
    key = {"id": row["id"]}
    compared = store.read(_COMPARED, key, trusted=True).to_pylist()
    alike = {
        name: compared[0][name]
        for name in ("parcellation", "modality", "method", "unit")
        if len({other[name] for other in compared}) == 1
    }
    arrays = files.arrays(artifact(store, "Contrast", row["id"], "matrix"))
    codes = [str(code).lower() for code in arrays.pop("codes", ())]
    of = {"parcellation": alike.get("parcellation", "")}
    areas = store.read(_AREAS, of, trusted=True).to_pandas()
    areas = areas.set_index(areas["code"].str.lower()).loc[codes]
    return Contrast(
        row["id"],
        _without_nulls(row | alike | _space(store, alike.get("parcellation"))),
        areas.reset_index(drop=True),
        arrays,
        store.read(_COMPONENTS, key, trusted=True).to_pandas(),
    )


def _space(store: Store, parcellation: str | None) -> dict[str, Any]:
    """Say in which space the positions of a parcellation's areas are."""
    rows = store.read(_SPACE, {"id": parcellation or ""}, trusted=True).to_pylist()
    return rows[0] if rows else {}


def _contrast_row(rows: list[dict[str, Any]], name: str | None) -> dict[str, Any]:
    """Find the comparison of this id, or the only one there is."""
    ids = sorted(row["id"] for row in rows)
    if not rows:
        raise NotFoundError(
            "This atlas holds no comparison yet. Make one: atlasdb compare patients "
            "controls."
        )
    if name:
        found = [row for row in rows if row["id"] == name]
        if not found:
            raise NotFoundError(
                f"No comparison has the id '{name}'.{did_you_mean(name, ids)} There "
                f"are: {', '.join(ids[:6])}."
            )
        return found[0]
    current = [row for row in rows if row["is_current"]]
    if len(current) != 1:
        listed = ", ".join(f"{row['id']} ({row['test']})" for row in current[:6])
        listed += ", ..." if len(current) > 6 else ""
        raise InvalidDataError(
            f"There are {len(current)} comparisons: {listed}. Name one by its id."
        )
    return current[0]


def choose(
    rows: list[dict[str, Any]], wanted: Mapping[str, Any], what: str
) -> dict[str, Any]:
    """Pick the one row that fits; current ones only, unless an id is given.

    Raises
    ------
    NotFoundError
        If none fits.
    InvalidDataError
        If several do: the message lists them.
    """
    fitting = [r for r in rows if _fits(r, wanted)]
    if not wanted.get("id"):
        fitting = [r for r in fitting if r["is_current"]]
    said = ", ".join(f"{k} {v}" for k, v in wanted.items() if v is not None)
    if not fitting:
        raise NotFoundError(f"No {what} fits {said or 'the question'}.")
    if len(fitting) > 1:
        listed = ", ".join(sorted(r["id"] for r in fitting)[:6])
        raise InvalidDataError(
            f"{len(fitting)} {what}s fit {said or 'the question'}: {listed}. Name one "
            "by its id, or say which modality, session or task."
        )
    return fitting[0]


def to_networkx(found: Connectome, *, min_weight: float, supported: bool) -> nx.DiGraph:
    """Make a networkx graph of a connectome, nodes by name where names are unique."""
    import networkx as nx

    edges = found.edges
    keep = edges["weight"] >= min_weight
    if supported:
        keep &= edges["supported"].fillna(True).astype(bool)
    edges = edges[keep]
    names = found.nodes["name"].fillna(found.nodes["id"])
    unique = names.is_unique
    shown = names if unique else found.nodes["id"]
    label = dict(zip(found.nodes["id"], shown, strict=True))
    graph = nx.DiGraph(**found.properties)
    for row in _records(found.nodes):
        graph.add_node(label[row["id"]], **_without_nulls(row))
    attributes = edges.drop(columns=["source", "target", "source_name", "target_name"])
    ends = zip(edges["source"], edges["target"], _records(attributes), strict=True)
    for source, target, data in ends:
        graph.add_edge(label[source], label[target], **_without_nulls(data))
    return graph


def _fits(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(v is None or row[k] == v for k, v in wanted.items())


def _without_nulls(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if v is not None and v == v}


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
