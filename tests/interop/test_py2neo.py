"""The bridge to py2neo, on a real server."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from typing import Any

import py2neo
import pytest

import atlasdb
import small_study
from atlasdb.errors import InvalidDataError, MissingExtraError, StoreError
from atlasdb.interop import py2neo as bridge
from atlasdb.types import Connectome

COUNT = "MATCH (a:Region)-[c:CONNECTS_TO]->(b:Region) RETURN count(c) AS n"


@pytest.fixture
def connectome(tmp_path, key_file) -> Connectome:
    with atlasdb.connect(tmp_path / "folder") as atlas:
        atlas.write(*small_study.entries())
        return atlas.connectome("p1", modality="eeg")


@pytest.fixture
def graph(neo4j_url: str) -> Iterator[py2neo.Graph]:
    connected = bridge.graph(neo4j_url)
    yield connected
    connected.service.connector.close()


def test_a_connectome_becomes_a_subgraph(connectome: Connectome) -> None:
    subgraph = bridge.to_py2neo(connectome)
    assert len(subgraph.nodes) == len(connectome.nodes)
    assert len(subgraph.relationships) == len(connectome.edges)
    weights = {
        (rel.start_node["id"], rel.end_node["id"]): rel["weight"]
        for rel in subgraph.relationships
    }
    for row in connectome.edges.itertuples():
        assert weights[row.source, row.target] == row.weight
    assert {str(node.labels) for node in subgraph.nodes} == {":Region"}
    values = [v for node in subgraph.nodes for v in node.values()]
    assert {type(value) for value in values} <= {str, int, float, bool}


def test_neurons_become_neurons(tmp_path, key_file) -> None:
    with atlasdb.connect(tmp_path / "folder") as atlas:
        atlas.write(*small_study.entries())
        worm = bridge.to_py2neo(atlas.connectome("worm"))
    assert {str(node.labels) for node in worm.nodes} == {":Neuron"}


def test_a_folder_is_refused(tmp_path) -> None:
    with pytest.raises(InvalidDataError, match="server"):
        bridge.graph(str(tmp_path))


def test_a_dead_port_is_one_line() -> None:
    with pytest.raises(StoreError, match="No Neo4j server answers"):
        bridge.graph("bolt://127.0.0.1:9")


def test_without_py2neo_the_command_to_install_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "py2neo", None)
    with pytest.raises(MissingExtraError, match=r'pip install "atlasdb\[py2neo\]"'):
        bridge.graph("bolt://127.0.0.1:9")


@pytest.mark.neo4j
def test_py2neo_sees_the_atlas_on_the_server(neo4j_url: str, key_file) -> None:
    with atlasdb.connect(neo4j_url) as atlas:
        atlas.write(*small_study.entries())
        graph = bridge.graph(atlas)
        frame = bridge.read(
            graph,
            "MATCH (s:Subject)-[r:IN_COHORT]->(k:Cohort) WHERE k.id = $cohort "
            "RETURN s.id AS id, s AS person, [s] AS people ORDER BY id",
            cohort="patients",
        )
    assert frame["id"].tolist() == ["p1", "p2", "p3"]
    assert frame["person"][0]["id"] == "p1"
    assert frame["people"][0] == [frame["person"][0]]
    assert bridge.read(graph, "MATCH (n:Nope) RETURN n.x AS x").empty
    del graph
    gc.collect()  # a socket that is left open would be a warning, and fail


@pytest.mark.neo4j
def test_a_subgraph_merges_once(graph: Any, connectome: Connectome) -> None:
    for _ in range(2):
        graph.merge(bridge.to_py2neo(connectome))
        assert bridge.read(graph, COUNT)["n"].tolist() == [len(connectome.edges)]


@pytest.mark.neo4j
def test_reading_cannot_change_the_graph(graph: Any) -> None:
    with pytest.raises(InvalidDataError, match="read access mode") as caught:
        bridge.read(graph, "CREATE (r:Region {id: 'x'}) RETURN r")
    assert len(str(caught.value).splitlines()) == 1
    assert bridge.read(graph, COUNT)["n"].tolist() == [0]
