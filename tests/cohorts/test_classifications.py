"""Classifiers in an atlas: kept once, made again, and gone with their people."""

from __future__ import annotations

import pytest

import atlasdb
import small_study
from atlasdb.errors import StoreError


@pytest.fixture
def classified(atlas: atlasdb.Atlas) -> atlasdb.Atlas:
    atlas.write_classification(small_study.classification())
    return atlas


def test_classifiers_are_listed_with_their_baseline(classified: atlasdb.Atlas) -> None:
    rows = classified.query("classifications").set_index("classifier")
    assert list(rows.index) == ["correlation", "majority", "network"]
    assert rows.loc["network", "auc"] == 1.0
    assert rows["auc_low"].isna().tolist() == [False, True, False]
    sides = classified.cypher(
        "MATCH (k:Classifier)-[c:COMPARES]->(g:Cohort) WHERE k.kind = 'network' "
        "RETURN c.side AS side, g.id AS cohort ORDER BY side"
    )
    assert sides["cohort"].tolist() == ["patients", "controls"]


def test_the_same_classifiers_are_kept_once(classified: atlasdb.Atlas) -> None:
    before = classified.verify()
    assert before.equal
    classified.write_classification(small_study.classification())
    assert classified.verify() == before
    classified.rebuild()
    assert classified.verify() == before
    assert classified.check() == []


def test_no_person_is_named_in_the_graph(classified: atlasdb.Atlas) -> None:
    runs = classified.cypher(
        "MATCH (r:Run) WHERE r.kind = 'classify' RETURN r.params AS params"
    )
    assert "p1" not in runs["params"][0]


def test_erasing_a_person_removes_what_was_learned_from_them(
    classified: atlasdb.Atlas,
) -> None:
    classified.erase("c2")
    assert classified.query("classifications").empty
    assert not list(classified.files.folder.glob("classifiers/*/*"))
    assert classified.verify().equal


def test_an_atlas_open_for_reading_keeps_nothing(
    atlas: atlasdb.Atlas,
) -> None:
    url, folder = atlas.url, atlas.files.folder
    atlas.close()
    with (
        atlasdb.connect(url, files=folder, read_only=True) as reader,
        pytest.raises(StoreError, match="reading only"),
    ):
        reader.write_classification(small_study.classification())
