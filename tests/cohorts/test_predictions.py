"""Predictions in an atlas, on every store: honest, kept once, erased with people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import atlasdb
import cohort_study
from atlasdb.errors import AtlasError, InvalidDataError, StoreError
from crowd import N, crowd

QUICK: dict[str, Any] = {"folds": 4, "repeats": 1, "permutations": 19}
PEOPLE = tuple(f"{side}{i:02}" for side in ("ill", "well") for i in range(N))


@pytest.fixture
def peopled(atlas: atlasdb.Atlas) -> atlasdb.Atlas:
    atlas.write(*crowd())
    return atlas


@pytest.fixture
def local(tmp_path: Path, key_file: Path) -> Iterator[atlasdb.Atlas]:
    """An empty atlas in a folder, where the store does not matter."""
    with atlasdb.connect(tmp_path / "local") as atlas:
        yield atlas


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[atlasdb.Atlas]:
    """The crowd in a folder, for questions that are refused and change nothing."""
    folder = tmp_path_factory.mktemp("shared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATLASDB_KEY_FILE", str(folder / "key"))
        with atlasdb.connect(folder / "atlas") as atlas:
            atlas.write(*crowd())
            yield atlas


def by_kind(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index("kind")


def test_a_score_is_predicted_by_the_connection_that_goes_with_it(
    peopled: atlasdb.Atlas,
) -> None:
    found = peopled.predict("well", score="age", confounds=("sex",), **QUICK)
    rows = by_kind(found)
    assert list(rows.index) == ["ridge", "confounds", "mean"]
    assert rows.loc["ridge", "r"] > 0.8
    assert rows.loc["ridge", "p"] == 1 / 20
    assert rows.loc["ridge", "mae"] < rows.loc["confounds", "mae"] / 2
    assert rows.loc["confounds", "r"] < 0.5
    assert rows.loc["mean", "r2"] == 0
    assert rows["n"].tolist() == [N] * 3
    assert rows["n_connections"].tolist() == [12, 0, 0]
    told = peopled.query("predictive-connections", prediction=found.attrs["prediction"])
    assert told[["source", "target"]].to_numpy().tolist() == [["Pz", "Fz"]]
    assert told.loc[0, ["sign", "stability"]].tolist() == [1, 1.0]
    assert told.loc[0, "weight"] > 0


@pytest.mark.parametrize("model", ["ridge", "cpm"])
def test_two_cohorts_are_told_apart_and_the_first_is_high(
    peopled: atlasdb.Atlas, model: Any
) -> None:
    found = peopled.predict("ill", "well", model=model, **QUICK)
    rows = by_kind(found)
    assert list(found.columns) == ["kind", "auc", "p", "n", "n_connections"]
    assert rows.loc[model, "auc"] > 0.9
    assert rows.loc["mean", "auc"] == 0.5
    named = peopled.query("predictive-connections").set_index(["source", "target"])
    assert named.loc[("Pz", "Fz"), "sign"] == 1
    sides = peopled.cypher(
        "MATCH (k:Prediction)-[c:PREDICTS]->(g:Cohort) WHERE k.kind = 'mean' "
        "RETURN c.side AS side, g.id AS cohort ORDER BY side"
    )
    assert sides["cohort"].tolist() == ["ill", "well"]
    back = by_kind(peopled.predict("well", "ill", model=model, **QUICK))
    assert back.loc[model, "auc"] > 0.9
    signs = peopled.query("predictive-connections").set_index(["source", "target"])
    assert sorted(signs.loc[("Pz", "Fz"), "sign"]) == [-1, 1]


def test_what_nobody_can_know_is_not_predicted(peopled: atlasdb.Atlas) -> None:
    found = by_kind(peopled.predict("ill", "well", by="sex", **QUICK))
    assert found.loc["ridge", "auc"] < 0.8
    assert found.loc["ridge", "p"] > 0.05


def test_the_same_prediction_is_kept_once(peopled: atlasdb.Atlas) -> None:
    first = peopled.predict("ill", "well", **QUICK)
    before = peopled.verify()
    assert before.equal
    again = peopled.predict("ill", "well", **QUICK)
    pd.testing.assert_frame_equal(first, again)
    assert peopled.verify() == before
    other = peopled.predict("ill", "well", **QUICK, seed=1)
    assert other.attrs["prediction"] != first.attrs["prediction"]
    kept = peopled.verify()
    peopled.rebuild()
    assert peopled.verify() == kept
    assert peopled.check() == []


def test_no_person_and_no_score_of_a_person_is_named_in_the_graph(
    peopled: atlasdb.Atlas, tmp_path: Path
) -> None:
    table = tmp_path / "scores.tsv"
    lines = [f"{who}\t{31.25 + i}" for i, who in enumerate(PEOPLE)]
    table.write_text("participant_id\tpain\n" + "\n".join(lines) + "\n")
    peopled.predict("ill", score="pain", phenotypes=table, **QUICK)
    (params,) = peopled.cypher(
        "MATCH (r:Run) WHERE r.kind = 'predict' RETURN r.params AS params"
    )["params"]
    assert "pain" in params
    assert "ill00" not in params
    assert "31.25" not in params
    (row,) = peopled.query("predictions").query("kind == 'ridge'").to_dict("records")
    assert (row["score"], row["n"]) == ("pain", N)


def test_erasing_a_person_removes_what_was_learned_from_them(
    peopled: atlasdb.Atlas,
) -> None:
    peopled.predict("ill", "well", **QUICK)
    peopled.predict("well", score="age", **QUICK)
    peopled.erase("ill03")
    assert set(peopled.query("predictions")["target"]) == {"score"}
    assert len(list(peopled.files.folder.glob("predictions/*"))) == 1
    assert peopled.verify().equal
    peopled.erase("well03")
    assert peopled.query("predictions").empty
    assert peopled.query("predictive-connections").empty


def test_what_two_cohorts_could_show_is_reckoned_from_their_people(
    peopled: atlasdb.Atlas,
) -> None:
    options: dict[str, Any] = {"test": "nbs", "edges": 3, "permutations": 300}
    options |= {"threshold": 2.5, "covariates": ("age",)}
    (row,) = peopled.power("ill", "well", **options).to_dict("records")
    assert (row["n_a"], row["n_b"], row["connections"]) == (N, N, 12)
    assert 0.5 < row["detectable_effect"] < 3
    (seen,) = peopled.power(
        "ill", "well", effect=row["detectable_effect"], **options
    ).to_dict("records")
    assert seen["power"] == pytest.approx(0.8, abs=0.05)
    assert seen["people_per_group"] == pytest.approx(N, abs=1)
    (half,) = peopled.power(
        "ill", "well", effect=row["detectable_effect"] / 2, **options
    ).to_dict("records")
    assert half["power"] < 0.4
    assert half["people_per_group"] == pytest.approx(4 * N, abs=2)


def test_single_connections_need_the_people_that_the_formula_says(
    peopled: atlasdb.Atlas,
) -> None:
    (row,) = peopled.power("ill", "well", effect=0.8).to_dict("records")
    from atlasdb.cohorts.power import detectable_effect, people_needed

    assert row["people_per_group"] == people_needed(0.8, alpha=0.05 / 12)
    assert row["detectable_effect"] == detectable_effect(N, N, alpha=0.05 / 12)


def test_skewed_weights_are_taken_where_they_are_least_skewed(
    local: atlasdb.Atlas,
) -> None:
    local.write(*cohort_study.entries())
    found = local.predict("ill", "well", modality="meg", **QUICK)
    assert any("least skewed" in note for note in found.attrs["notes"])
    rows = local.query("predictions").set_index("kind")
    assert 0.02 <= rows.loc["ridge", "scale"] < 0.9
    assert rows.loc["ridge", "auc"] > 0.9


def test_sessions_of_one_person_count_once(local: atlasdb.Atlas) -> None:
    local.write(*crowd(n_sessions=2))
    found = local.predict("well", score="age", **QUICK)
    assert found["n"].tolist() == [N] * 2
    assert by_kind(found).loc["ridge", "r"] > 0.8
    assert not any("averaged" in note for note in found.attrs["notes"])
    run_, used = local.cypher(
        "MATCH (r:Run)-[:USED]->(g:Connectome) WHERE r.kind = 'predict' "
        "RETURN count(DISTINCT r.id) AS runs, count(g) AS used"
    ).loc[0]
    assert (run_, used) == (1, 2 * N)


def test_cohorts_of_a_site_each_are_refused_unless_that_is_allowed(
    local: atlasdb.Atlas,
) -> None:
    local.write(*crowd(sites=("north", "south")))
    with pytest.raises(InvalidDataError, match="site"):
        local.predict("ill", "well", **QUICK)
    with pytest.raises(InvalidDataError, match="site"):
        local.predict("ill", "well", confounds=("site",), allow_confounded=True)
    found = local.predict("ill", "well", allow_confounded=True, **QUICK)
    assert any("site" in note for note in found.attrs["notes"])


def test_a_score_of_0_and_1_makes_two_groups(
    local: atlasdb.Atlas, tmp_path: Path
) -> None:
    local.write(*crowd())
    table = tmp_path / "scores.csv"
    lines = [f"{who},{int(who < 'm')}" for who in PEOPLE]
    table.write_text("participant_id,drug\n" + "\n".join(lines) + "\n")
    found = local.predict("ill", "well", score="drug", phenotypes=table, **QUICK)
    assert found.attrs["groups"] == ("drug 1", "drug 0")
    assert found.attrs["n"] == (N, N)
    assert by_kind(found).loc["ridge", "auc"] > 0.9


def test_confounds_that_everybody_shares_are_said_to_do_nothing(
    local: atlasdb.Atlas,
) -> None:
    local.write(*crowd())
    found = local.predict("ill", "well", confounds=("site",), **QUICK)
    assert any("same in everybody" in note for note in found.attrs["notes"])


@pytest.mark.parametrize(
    ("names", "options", "said"),
    [
        (("ill",), {}, "--score or --by"),
        (("ill00", "well"), {}, "ill00 is one person"),
        (("ill", "nobody"), {}, "No cohort 'nobody'"),
        (("ill", "well", "more"), {}, "No cohort 'more'"),
        (("ill", "well"), {"folds": 13}, "ill has 12 people, fewer than 13 folds"),
        (("ill", "well"), {"test": "nbs"}, "A prediction has no option 'test'"),
        (("ill", "well"), {"modalty": "eeg"}, "Did you mean 'modality'"),
        (("ill", "well"), {"model": "cmp"}, "Did you mean 'cpm'"),
        (("ill", "well"), {"confounds": ("agee",)}, "no property 'agee'"),
        (("ill",), {"score": "sex"}, "not a number"),
        (("ill",), {"by": "age_years"}, "makes no groups"),
        (("ill",), {"by": "sex", "score": "age"}, "two questions"),
        (("ill", "well"), {"permutations": -1}, "permutations must be at least 0"),
    ],
)
def test_what_cannot_be_predicted_is_said_in_one_line(
    shared: atlasdb.Atlas, names: tuple[str, ...], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(AtlasError, match=said) as error:
        shared.predict(*names, **{"folds": 4} | options)
    assert "\n" not in str(error.value)
    assert shared.query("predictions").empty


@pytest.mark.parametrize(
    ("names", "options", "said"),
    [
        (("ill",), {}, "--by"),
        (("ill", "well"), {"test": "tfce"}, "edge or nbs"),
        (("ill", "well"), {"score": "age"}, "two groups"),
        (("ill", "well"), {"test": "nbs", "edges": 13}, "13 connections cannot"),
    ],
)
def test_what_has_no_power_is_said_in_one_line(
    shared: atlasdb.Atlas, names: tuple[str, ...], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidDataError, match=said) as error:
        shared.power(*names, **options)
    assert "\n" not in str(error.value)


def test_an_atlas_open_for_reading_reckons_power_and_keeps_no_prediction(
    local: atlasdb.Atlas,
) -> None:
    local.write(*crowd())
    url, folder = local.url, local.files.folder
    local.close()
    with atlasdb.connect(url, files=folder, read_only=True) as reader:
        assert len(reader.power("ill", "well")) == 1
        with pytest.raises(StoreError, match="reading only"):
            reader.predict("ill", "well", **QUICK)
