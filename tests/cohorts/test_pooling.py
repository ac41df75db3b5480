"""Pooling: what people have in common, with the same honesty as one person's own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import atlasdb
from atlasdb.cli import main
from atlasdb.cohorts.posterior import common, discoveries
from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb.pooling import pooled


def test_odds_are_averaged_not_probabilities() -> None:
    odds = np.array([[3.0], [1.0], [-1.0]])
    found = common(1 / (1 + np.exp(-odds)))
    np.testing.assert_allclose(found, [1 / (1 + np.exp(-1.0))])


def test_a_person_without_an_estimate_does_not_count() -> None:
    assert common(np.array([[0.9], [np.nan]])) == pytest.approx(0.9)
    assert np.isnan(common(np.array([[np.nan], [np.nan]])))


def test_one_certain_person_does_not_decide_alone() -> None:
    assert common(np.array([[1.0], [0.01], [0.01], [0.01]])) < 0.5


def test_discoveries_expect_no_more_false_ones_than_asked_for() -> None:
    rng = np.random.default_rng(0)
    probability = rng.beta(0.4, 1.0, (40, 40))
    chosen = discoveries(probability, 0.1)
    assert (1 - probability[chosen]).mean() <= 0.1
    assert (
        probability[chosen].min()
        >= probability[~chosen & ~np.eye(40, dtype=bool)].max()
    )


def test_direction_and_weight_follow_the_pooled_probability() -> None:
    forth = np.full((3, 2, 2), np.nan)
    forth[:, 0, 1], forth[:, 1, 0] = 0.96, 0.04
    value = np.full((3, 2, 2), np.nan)
    value[:, 0, 1] = value[:, 1, 0] = [-0.5, -0.4, -0.3]
    found = pooled({"weight": np.abs(value), "value": value, "probability": forth})
    assert found["direction"][0, 1] == pytest.approx(0.96)
    assert found["weights"][0, 1] == pytest.approx(0.4 * 0.96)
    assert found["value"][1, 0] == pytest.approx(-0.4)
    assert found["supported"].tolist() == [[False, True], [False, False]]


def test_imported_connections_are_supported_by_the_majority() -> None:
    weight = np.full((3, 2, 2), np.nan)
    weight[:, 0, 1], weight[:, 1, 0] = [2.0, 1.0, 0.0], [3.0, 0.0, 0.0]
    found = pooled({"weight": weight})
    assert found["supported"].tolist() == [[False, True], [False, False]]
    assert found["weights"][0, 1] == 1.0


def test_a_pooled_connectome_belongs_to_the_cohort(atlas: atlasdb.Atlas) -> None:
    found = atlas.pool("controls", modality="eeg")
    assert (found.properties["level"], found.properties["cohort"]) == (
        "cohort",
        "controls",
    )
    assert "subject" not in found.properties
    assert atlas.connectome(cohort="controls").id == found.id
    people = atlas.cypher(
        "MATCH (c:Connectome)-[:DERIVED_FROM]->(g:Connectome) WHERE c.id = $id "
        "RETURN g.subject AS subject ORDER BY subject",
        {"id": found.id},
    )
    assert people["subject"].tolist() == atlas.cohort("controls")
    assert atlas.verify().equal
    assert atlas.check() == []


def test_a_pooled_connectome_says_how_often_another_cohort_would_agree(
    atlas: atlasdb.Atlas,
) -> None:
    found = atlas.pool("controls", modality="eeg").properties["reliability"]
    # The strong connections agree; the weak ones are equal both ways, a coin.
    assert 0.5 < found < 1


def test_pooling_again_changes_nothing(atlas: atlasdb.Atlas) -> None:
    before = atlas.verify()
    atlas.pool("patients", modality="eeg")
    assert atlas.verify() == before


def test_a_rebuild_keeps_what_was_pooled(atlas: atlasdb.Atlas) -> None:
    before = atlas.query("cohort-connections", cohort="patients")
    atlas.rebuild()
    assert atlas.query("cohort-connections", cohort="patients").equals(before)


def test_erasing_a_person_removes_what_was_pooled_of_them(atlas: atlasdb.Atlas) -> None:
    atlas.erase(atlas.cohort("patients")[0])
    with pytest.raises(NotFoundError):
        atlas.connectome(cohort="patients")
    assert atlas.check() == []


def test_what_cannot_be_pooled_is_said(atlas: atlasdb.Atlas) -> None:
    with pytest.raises(NotFoundError, match="patients"):
        atlas.pool("patient")
    while len(atlas.cohort("controls")) > 1:
        atlas.erase(atlas.cohort("controls")[0])
    with pytest.raises(InvalidDataError, match="at least 2"):
        atlas.pool("controls")


def test_the_command_lists_what_is_strongest(
    atlas: atlasdb.Atlas, tmp_path: Path
) -> None:
    words = ["--atlas", atlas.url, "--files", str(atlas.files.folder)]
    atlas.close()
    result = CliRunner().invoke(
        main, [*words, "pool", "controls", "--modality", "eeg", "-o", "json"]
    )
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)
    assert rows[0]["source"] == "Fz"
    assert rows == sorted(rows, key=lambda row: -row["weight"])
    assert "supported" in result.stderr
