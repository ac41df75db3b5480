"""Graph measures of connectomes in an atlas: asked, kept, rebuilt, erased."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
import pytest

import atlasdb
import small_study
from atlasdb.analysis.measures import MEASURES

_KEPT = (
    "MATCH (g:Connectome)-[m:MEASURED]->(r:Run) RETURN g.id AS connectome, "
    "m.metric AS metric, m.value AS value, r.params AS params ORDER BY connectome, "
    "metric, params"
)


def lonely() -> atlasdb.types.Entry:
    """Give a patient none of whose connections is supported."""
    entry = small_study.eeg_entry("p4", "patients", 0.0, 50.0)
    graph = entry.connectivity
    assert graph is not None
    none = np.zeros_like(graph.weights, dtype=bool)
    return replace(entry, connectivity=replace(graph, supported=none))


def test_a_measure_is_that_of_the_graph_one_can_take_out(atlas: atlasdb.Atlas) -> None:
    found = atlas.analyze("pagerank", "p1", modality="eeg", alpha=0.7)
    theirs = nx.pagerank(atlas.graph("p1", modality="eeg"), alpha=0.7, tol=1e-12)
    for _, row in found.iterrows():
        assert row["pagerank"] == pytest.approx(theirs[row["name"]], abs=1e-9)
    assert len(found) == 4  # C3 has no connection and takes part all the same


def test_neurons_are_measured_like_regions(atlas: atlasdb.Atlas) -> None:
    found = atlas.analyze("strength", "worm").set_index("name")
    assert found.loc["AVAL", "out_strength"] == 8
    loops = atlas.analyze("feed-forward", "worm").set_index("name")
    assert list(loops.loc["AVAR"][["n_source", "n_middle", "n_target"]]) == [0, 1, 0]


def test_unsupported_connections_take_part_only_when_asked_for(
    atlas: atlasdb.Atlas,
) -> None:
    few = atlas.analyze("strength", "c1", modality="eeg")
    every = atlas.analyze("strength", "c1", modality="eeg", supported=False)
    assert few["out_degree"].sum() < every["out_degree"].sum() == 12


def test_a_cohort_has_rows_for_each_subject(atlas: atlasdb.Atlas) -> None:
    found = atlas.analyze("efficiency", cohort="patients", modality="eeg")
    assert list(found["subject"]) == ["p1", "p2", "p3"]
    for _, row in found.iterrows():
        alone = atlas.analyze("efficiency", row["subject"], modality="eeg")
        assert row["global_efficiency"] == alone["global_efficiency"].iloc[0]


def test_who_cannot_be_measured_is_said_and_the_others_are_done(
    atlas: atlasdb.Atlas,
) -> None:
    atlas.write(lonely())
    found = atlas.analyze("pagerank", cohort="patients", modality="eeg")
    assert set(found["subject"]) == {"p1", "p2", "p3"}
    assert "supported=False" in found.attrs["failed"]["p4"]
    with pytest.raises(atlasdb.InvalidDataError, match="no connections"):
        atlas.analyze("pagerank", "p4")


@pytest.mark.parametrize("name", [n for n, m in MEASURES.items() if m.kept])
def test_what_is_kept_is_in_the_graph_and_survives_a_rebuild(
    name: str, atlas: atlasdb.Atlas
) -> None:
    found = atlas.analyze(name, "p1", modality="eeg", write_back=True)
    assert found.attrs["written"] == 1
    which = MEASURES[name]
    for rebuilt in (False, True):
        if rebuilt:
            atlas.rebuild()
        kept = atlas.cypher(_KEPT)
        assert set(kept["metric"]) == {*which.nodes, *which.values}
        values = kept.set_index("metric")["value"]
        for value in which.values:
            assert values[value] == found[value].iloc[0]
        for column in which.nodes:
            rows = atlas.cypher(
                f"MATCH (r:Region) WHERE r.{column} IS NOT NULL "
                f"RETURN r.id AS id, r.{column} AS value"
            ).set_index("id")["value"]
            assert rows.to_dict() == found.set_index("id")[column].to_dict()
        assert atlas.verify().equal
        assert atlas.check() == []


def test_keeping_the_same_again_changes_nothing(atlas: atlasdb.Atlas) -> None:
    atlas.analyze("pagerank", "p1", modality="eeg", write_back=True)
    last = atlas.files.last()
    same = atlas.analyze("pagerank", "p1", modality="eeg", write_back=True, alpha=0.85)
    assert same.attrs["written"] == 0
    assert atlas.files.last() == last


def test_the_last_one_kept_is_the_one_that_stands(atlas: atlasdb.Atlas) -> None:
    for alpha in (0.85, 0.5, 0.85):
        found = atlas.analyze(
            "pagerank", "p1", modality="eeg", write_back=True, alpha=alpha
        )
        assert found.attrs["written"] == 1
        stands = atlas.query("regions", subject="p1", modality="eeg")
        assert len(stands) == 4
        kept = atlas.cypher(
            "MATCH (r:Region) WHERE r.pagerank IS NOT NULL "
            "RETURN r.id AS id, r.pagerank AS pagerank"
        ).set_index("id")["pagerank"]
        assert kept.to_dict() == found.set_index("id")["pagerank"].to_dict()
    assert len(atlas.cypher(_KEPT)) == 3
    assert atlas.verify().equal


def test_other_measures_of_a_region_are_left_as_they_are(atlas: atlasdb.Atlas) -> None:
    atlas.analyze("pagerank", "p1", modality="eeg", write_back=True)
    atlas.analyze("clustering", "p1", modality="eeg", write_back=True)
    rows = atlas.cypher(
        "MATCH (r:Region) WHERE r.pagerank IS NOT NULL AND r.clustering IS NOT NULL "
        "AND r.out_strength IS NOT NULL AND r.name IS NOT NULL RETURN count(r) AS n"
    )
    assert rows["n"][0] == 4


def test_erasing_a_person_erases_what_was_measured_of_the_pool_too(
    atlas: atlasdb.Atlas,
) -> None:
    atlas.analyze("pagerank", cohort="patients", modality="eeg", write_back=True)
    pooled = atlas.connectome(cohort="patients").id
    atlas.analyze("pagerank", connectome=pooled, write_back=True)
    atlas.erase("p1")
    kept = atlas.cypher(_KEPT)
    assert [name.split("/")[0] for name in kept["connectome"]] == ["p2", "p3"]
    assert atlas.verify().equal
    assert atlas.check() == []


def test_measures_of_neurons_are_kept(atlas: atlasdb.Atlas) -> None:
    atlas.analyze("betweenness", "worm", write_back=True)
    rows = atlas.cypher(
        "MATCH (n:Neuron) RETURN n.name AS name, n.betweenness AS betweenness"
    ).set_index("name")["betweenness"]
    assert rows["AVAR"] == 0.5  # one of the two ordered pairs of others


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"measure": "triads", "write_back": True}, "no place for the measure triads"),
        ({"measure": "pagerank", "alfa": 1}, "no option 'alfa'.*Did you mean 'alpha'"),
        ({"measure": "pagerank", "cohort": "patients"}, "not both"),
        ({"measure": "pagerank", "start": ["Fzz"]}, "Did you mean 'Fz'"),
        ({"measure": "pagernk"}, "Did you mean 'pagerank'"),
    ],
)
def test_what_cannot_be_measured_is_one_line(
    asked: dict[str, Any], said: str, atlas: atlasdb.Atlas
) -> None:
    with pytest.raises(atlasdb.AtlasError, match=said):
        atlas.analyze(subject="p1", modality="eeg", **asked)


def test_a_reader_may_measure_and_not_keep(
    atlas_url: str, key_file: object, atlas: atlasdb.Atlas
) -> None:
    atlas.close()
    with atlasdb.connect(atlas_url, read_only=True) as reader:
        assert len(reader.analyze("pagerank", "worm")) == 3
        with pytest.raises(atlasdb.StoreError, match="reading only"):
            reader.analyze("pagerank", "worm", write_back=True)
