"""Cohorts compared in an atlas: every question, on every store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import atlasdb
import cohort_study as made
from atlasdb.cli.compare import summary
from atlasdb.cohorts import arrays, permutation
from atlasdb.errors import InvalidDataError, NotFoundError


@pytest.fixture
def cohorts(atlas_url: str, key_file: Path) -> Iterator[atlasdb.Atlas]:
    """The cohorts in an atlas, once for each store; open for writing."""
    with atlasdb.connect(atlas_url) as atlas:
        atlas.write(*made.entries())
        yield atlas


@pytest.fixture
def local(tmp_path: Path, key_file: Path) -> Iterator[atlasdb.Atlas]:
    """An empty embedded atlas, for what no store does its own way."""
    with atlasdb.connect(tmp_path / "atlas") as atlas:
        yield atlas


def counted(atlas: atlasdb.Atlas, text: str) -> int:
    return int(atlas.cypher(f"MATCH {text} RETURN count(*) AS n")["n"].iloc[0])


def test_connections_of_the_lost_hub_differ_and_no_others(
    cohorts: atlasdb.Atlas,
) -> None:
    found = cohorts.compare("ill", "well", modality="meg")
    assert set(found["source"]) == {made.HUB}
    assert len(found) == made.N - 1
    assert (found["mean_a"] < found["mean_b"]).all()
    assert (found["effect"] < 0).all()
    assert found.attrs["n_tested"] == made.N * (made.N - 1)
    again = cohorts.query("differences", limit=1000)
    assert set(again["target"]) == set(found["target"])


def test_the_lost_hub_is_one_component_whose_members_have_no_p_of_their_own(
    cohorts: atlasdb.Atlas,
) -> None:
    found = cohorts.compare("ill", "well", modality="meg", test="nbs", permutations=200)
    (row,) = found.to_dict("records")
    assert row["n_edges"] >= made.N - 1
    assert row["n_positive"] < row["n_edges"]
    assert 1 / 201 <= row["p_fwe"] < 0.03
    assert 0 < found.attrs["detectable_component"] < 5
    (component,) = cohorts.query("components").to_dict("records")
    assert component["n_edges"] == row["n_edges"]
    members = cohorts.query("differences", significant=False, limit=1000)
    inside = members[members["component"] == component["component"]]
    assert len(inside) == row["n_edges"]
    assert inside[["p", "q", "p_fwe", "significant"]].isna().all(axis=None)
    assert cohorts.query("differences").empty
    networks = cohorts.query("component-networks")
    assert networks["n_edges"].sum() == row["n_edges"]
    assert networks["n_edges"].iloc[0] >= 4
    assert set(networks["source_network"]) >= {"Core"}
    assert cohorts.verify().equal
    assert cohorts.check() == []


def test_one_sided_components_point_one_way(cohorts: atlasdb.Atlas) -> None:
    asked = {"modality": "meg", "test": "nbs", "permutations": 100}
    assert cohorts.compare("ill", "well", alternative="greater", **asked).empty
    assert len(cohorts.compare("ill", "well", alternative="less", **asked)) == 1


def test_the_same_seed_gives_the_same_answer_and_adds_nothing(
    cohorts: atlasdb.Atlas,
) -> None:
    asked = {"modality": "meg", "test": "tfce", "permutations": 50, "seed": 3}
    once = cohorts.compare("ill", "well", **asked)
    before = cohorts.verify()
    again = cohorts.compare("ill", "well", **asked)
    assert once.equals(again)
    assert len(once) >= made.N - 1
    assert cohorts.verify() == before


def test_where_shuffles_are_computed_is_told_and_makes_no_other_comparison(
    cohorts: atlasdb.Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"modality": "meg", "correct": "fwe", "permutations": 50}
    once = cohorts.compare("ill", "well", device="cpu", **asked)
    runs = "MATCH (r:Run) WHERE r.kind = 'compare' RETURN r.device AS device"
    assert list(cohorts.cypher(runs)["device"]) == ["cpu"]
    here = arrays.Tensors(torch.device("cpu"))
    here.device = "cuda"  # as an accelerator calls itself
    monkeypatch.setattr(permutation, "chosen", lambda device, n: here)
    again = cohorts.compare("ill", "well", device="cuda", **asked)
    assert again.attrs["contrast"] == once.attrs["contrast"]
    assert list(cohorts.cypher(runs)["device"]) == ["cpu"]
    cohorts.compare("ill", "well", seed=1, **asked)
    assert sorted(cohorts.cypher(runs)["device"]) == ["cpu", "cuda"]
    assert cohorts.verify().equal


def test_measures_of_areas_and_of_wholes_are_compared(cohorts: atlasdb.Atlas) -> None:
    nodes = cohorts.compare("ill", "well", modality="meg", test="node")
    strongest = nodes[nodes["metric"] == "out_strength"]
    assert made.HUB in set(strongest["area"])
    lost = cohorts.query("hubs-lost")
    assert lost["area"].iloc[0] == made.HUB
    assert lost["rank"].iloc[0] == 1
    whole = cohorts.compare("ill", "well", modality="meg", test="global")
    assert "total_weight" in set(whole["metric"])
    assert (whole["mean_a"] < whole["mean_b"])[whole["metric"] == "total_weight"].all()
    assert len(cohorts.query("global-effects")) == 5
    few = cohorts.compare(
        "ill", "well", modality="meg", test="node", metrics=["clustering"]
    )
    assert few.attrs["n_tested"] == made.N
    assert cohorts.verify().equal


def test_one_patient_is_compared_with_controls_and_can_be_erased(
    cohorts: atlasdb.Atlas,
) -> None:
    found = cohorts.compare("ill3", "well", modality="meg")
    assert (found["source"][:8] == made.HUB).sum() >= 6
    assert found["p"].is_monotonic_increasing
    assert (found["n_a"] == 1).all()
    assert (found["n_b"] == 10).all()
    cohorts.compare("ill3", "well", modality="meg", test="node")
    lost = cohorts.query("hubs-lost", subject="ill3")
    assert list(lost["area"][:1]) == [made.HUB]
    assert "Contrast" in set(cohorts.query("everything-of", subject="ill3")["kind"])
    cohorts.erase("ill3")
    assert counted(cohorts, "(k:Contrast)") == 0
    assert cohorts.check() == []


def test_somebody_among_the_controls_is_not_compared_with_herself(
    cohorts: atlasdb.Atlas,
) -> None:
    found = cohorts.compare("well2", "well", modality="meg")
    assert found.attrs["n"] == (1, 9)
    assert any("not compared with itself" in line for line in found.attrs["notes"])
    assert not found["significant"].any()


def test_what_survives_several_estimators_is_told(cohorts: atlasdb.Atlas) -> None:
    found = cohorts.compare("ill", "well", modality="meg", multiverse=True)
    assert len(found) == made.N - 1
    assert (found["share"] == 1).all()
    assert [name for name, *_ in found.attrs["variants"]] == [
        "model=linear",
        "model=mlp",
    ]
    assert counted(cohorts, "(k:Contrast)") == 2
    asked = cohorts.query("robust-differences")
    assert list(asked["target"]) == list(found["target"])
    few = cohorts.query("robust-differences", multiverse=found.attrs["multiverse"])
    assert few.equals(asked)


def test_a_difference_with_a_tract_under_it_is_found(cohorts: atlasdb.Atlas) -> None:
    cohorts.compare("ill", "well", modality="meg")
    found = cohorts.query("differences-with-tract")
    assert len(found) == 5
    assert set(found["source"]) == {made.HUB}
    assert (found["n_tracts"] == 2).all()
    assert (found["mean_streamlines"] == 50.5).all()


def test_why_puts_a_connection_beside_controls_and_its_tract(
    cohorts: atlasdb.Atlas,
) -> None:
    rows = cohorts.query(
        "why", subject="well0", source=made.HUB, target="Area_1", controls="well"
    ).set_index("modality")
    assert list(rows.index) == ["dwi", "meg"]
    assert rows.loc["dwi", "n_controls"] == 1
    assert rows.loc["meg", "n_controls"] == 9
    own = made.weights(0, "well")[0, 1]
    weaker = sum(made.weights(i, "well")[0, 1] < own for i in range(1, 10))
    assert rows.loc["meg", "percentile"] == pytest.approx(100 * weaker / 9)


def test_groups_can_be_those_of_a_property(cohorts: atlasdb.Atlas) -> None:
    found = cohorts.compare("ill", "well", modality="meg", by="sex")
    assert found.attrs["groups"] == ("F", "M")
    assert found.empty
    with pytest.raises(InvalidDataError, match="--score"):
        cohorts.compare("well", modality="meg", by="age")


def test_more_than_two_groups_are_compared_by_f(
    local: atlasdb.Atlas, tmp_path: Path
) -> None:
    local.write(*made.entries())
    names = [f"{c}{i}" for c in made.COHORTS for i in range(10)]
    third = {
        n: ("lost" if n.startswith("ill") else "ab"[i % 2]) for i, n in enumerate(names)
    }
    table = tmp_path / "who.tsv"
    lines = [f"{name}\t{kind}" for name, kind in third.items()]
    table.write_text("participant_id\tkind of\n" + "\n".join(lines))
    found = local.compare("ill", "well", modality="meg", by="kind_of", phenotypes=table)
    assert found.attrs["groups"] == ("a", "b", "lost")
    assert found.attrs["n"] == (5, 5, 10)
    assert (found["source"] == made.HUB).sum() == made.N - 1 > len(found) - 4
    assert "mean_a" not in found
    asked = {"modality": "meg", "by": "kind_of", "phenotypes": table}
    (component,) = local.compare(
        "ill", "well", test="nbs", permutations=50, **asked
    ).to_dict("records")
    assert component["n_edges"] >= made.N - 1
    assert "n_positive" not in component
    assert local.query("components")["n_positive"].isna().all()
    with pytest.raises(InvalidDataError, match="two groups"):
        local.compare(
            "ill",
            "well",
            modality="meg",
            by="kind_of",
            phenotypes=table,
            statistic="welch",
        )


def test_a_score_of_the_users_own_is_correlated_and_not_stored(
    local: atlasdb.Atlas, tmp_path: Path
) -> None:
    local.write(*made.entries())
    table = tmp_path / "scores.tsv"
    lines = [
        f"{c}{i}\t{made.weights(i, c)[2, 3]}" for c in made.COHORTS for i in range(9)
    ]
    lines += ["well9\tn/a", "stranger\t3"]
    table.write_text("participant_id\tupdrs\n" + "\n".join(lines))
    asked = {"modality": "meg", "score": "updrs", "statistic": "glm"}
    found = local.compare("ill", "well", phenotypes=table, **asked)
    assert found.attrs["n"] == (18,)
    assert ("Area_2", "Area_3") in set(
        zip(found["source"], found["target"], strict=True)
    )
    assert any("2 people" in line for line in found.attrs["notes"])
    params = local.query("contrasts")
    assert list(params["groups"]) == ["ill and well,updrs"]
    with pytest.raises(InvalidDataError, match="Others come with --phenotypes"):
        local.compare("ill", "well", **asked)


def test_what_a_component_could_have_shown_is_told_in_the_unit_of_the_question(
    local: atlasdb.Atlas, tmp_path: Path
) -> None:
    local.write(*made.entries())
    table = tmp_path / "who.tsv"
    lines = [
        f"{c}{i}\t{(7 * i + len(c)) % 11}\t{'abc'[i % 3]}"
        for c in made.COHORTS
        for i in range(10)
    ]
    table.write_text("participant_id\tupdrs\tkind of\n" + "\n".join(lines))
    asked = {"modality": "meg", "test": "nbs", "permutations": 20, "phenotypes": table}
    for more, unit, most in (
        ({}, "each shows a difference of 1", 5.0),
        ({"score": "updrs"}, "each shows a partial correlation of 0", 1.0),
        ({"by": "kind_of"}, "each shows a share of 0", 1.0),
    ):
        said = local.compare("ill", "well", **asked, **more).attrs
        assert 0 < said["detectable_component"] < most
        assert said["detectable_component"] < said["detectable_effect"]
        line = summary(said)[-1]
        assert "12 connections that hang together" in line
        assert unit in line
    kept = local.query("contrasts")["detectable_component"]
    assert kept.notna().all()


def sessions(n_people: int = 8, shift: float = 1.0) -> list[atlasdb.types.Entry]:
    found = []
    for number in range(n_people):
        for session in (1, 2):
            matrix = made.weights(number, "well", session)
            if session == 2:
                matrix[3, 4] *= shift
            found.append(made.entry(number, "well", session=session, matrix=matrix))
    return found


def test_sessions_are_compared_within_people(local: atlasdb.Atlas) -> None:
    local.write(*sessions(shift=5.0), made.entry(20, "well", session=1))
    found = local.compare("well", sessions=["2", "3"])
    assert list(zip(found["source"], found["target"], strict=True)) == [
        ("Area_3", "Area_4")
    ]
    assert found["mean_a"].iloc[0] < found["mean_b"].iloc[0]
    assert found.attrs["n"] == (8, 8)
    assert any("lack one of the sessions" in line for line in found.attrs["notes"])
    with pytest.raises(InvalidDataError, match="found: 2, 3"):
        local.compare("well", sessions=["2", "4"])


def test_people_with_several_sessions_count_once(local: atlasdb.Atlas) -> None:
    local.write(*sessions(), *[made.entry(i, "ill") for i in range(8)])
    found = local.compare("ill", "well")
    assert found.attrs["n"] == (8, 8)
    assert any("8 people have several sessions" in n for n in found.attrs["notes"])
    assert set(found["source"]) == {made.HUB}


def test_a_group_from_one_site_of_its_own_is_refused(local: atlasdb.Atlas) -> None:
    local.write(*[made.entry(i, "ill", site="far") for i in range(6)])
    local.write(*[made.entry(i, "well", site="near") for i in range(6)])
    with pytest.raises(InvalidDataError, match="--allow-confounded"):
        local.compare("ill", "well")
    found = local.compare("ill", "well", allow_confounded=True)
    assert any("recorded at site far" in line for line in found.attrs["notes"])


def test_sites_are_taken_out_by_controls_or_by_everybody(local: atlasdb.Atlas) -> None:
    shifted = []
    for e in made.entries()[20:40]:
        assert e.connectivity is not None
        far = e.subject.site == "south"
        weights = e.connectivity.weights * (3 if far else 1)
        shifted.append(
            replace(e, connectivity=replace(e.connectivity, weights=weights))
        )
    local.write(*shifted)
    plain = local.compare("ill", "well", statistic="welch")
    for how in ("controls", "everybody"):
        found = local.compare("ill", "well", harmonise=how, statistic="welch")
        assert any("2 sites were harmonised" in line for line in found.attrs["notes"])
        assert len(found) > len(plain)
        assert set(found["source"]) == {made.HUB}
    row = local.query("contrasts")
    assert len(row) == 3


def test_an_area_that_nobody_has_is_said_and_not_tested(local: atlasdb.Atlas) -> None:
    for cohort in made.COHORTS:
        for number in range(5):
            matrix = made.weights(number, cohort)
            matrix[5, :] = matrix[:, 5] = np.nan
            if number == 0:
                matrix[7, :] = matrix[:, 7] = np.nan
            local.write(made.entry(number, cohort, matrix=matrix))
    found = local.compare("ill", "well")
    assert found.attrs["n_tested"] == 11 * 10
    said = " ".join(found.attrs["notes"])
    assert "Nobody has an estimate of 06" in said
    assert "lack in somebody" in said
    counts = found[found["source"] == made.HUB].set_index("target")
    assert counts.loc["Area_7", "n_a"] == 4
    assert counts.loc["Area_8", "n_a"] == 5
    nodes = local.compare("ill", "well", test="node", metrics=["out_strength"])
    assert nodes.attrs["n_tested"] == 11


def test_an_undirected_connection_is_tested_once(local: atlasdb.Atlas) -> None:
    rng = np.random.default_rng(0)
    for cohort in made.COHORTS:
        for number in range(6):
            matrix = rng.exponential(size=(made.N, made.N))
            matrix += matrix.T
            e = made.entry(number, cohort, matrix=matrix)
            assert e.connectivity is not None
            local.write(
                replace(e, connectivity=replace(e.connectivity, directed=False))
            )
    for test in ("edge", "nbs"):
        found = local.compare("ill", "well", test=test, permutations=20)
        assert found.attrs["n_tested"] == made.N * (made.N - 1) // 2


@pytest.mark.parametrize(
    ("names", "asked", "said"),
    [
        (("ill", "ill"), {}, "must not share people"),
        (("ill",), {}, "Name another"),
        (("ill", "nobody"), {}, "No cohort 'nobody'"),
        (("nobody", "well"), {}, "No cohort or subject 'nobody'"),
        (("ill", "well"), {"covariates": ("height",)}, "no property 'height'"),
        (("ill", "well"), {"test": "nsb"}, "Did you mean 'nbs'"),
        (("ill", "well"), {"tests": "nbs"}, "no option 'tests'"),
        (("ill", "well"), {"threshold": 3.0}, "--test nbs"),
        (("ill", "well"), {"test": "nbs", "correct": "fdr"}, "--correct"),
        (("ill", "well"), {"test": "nbs", "statistic": "rank"}, "--statistic"),
        (("ill", "well"), {"test": "nbs", "threshold": -1.0}, "positive"),
        (("ill", "well"), {"test": "nbs", "device": "abacus"}, "Device 'abacus'"),
        (("ill", "well"), {"statistic": "rank", "correct": "fwe"}, "permutations"),
        (("ill", "well"), {"metrics": ("pagerank",)}, "--test node"),
        (("ill", "well"), {"test": "node", "metrics": ("rank",)}, "There are"),
        (("ill", "well"), {"quantity": "value"}, "no signed estimates"),
        (("ill", "well"), {"alpha": 2.0}, "between 0 and 1"),
        (("ill", "well"), {"by": "sex", "score": "age"}, "two questions"),
        (("well",), {"sessions": ("1",)}, "at least two"),
        (("well",), {"score": "sex"}, "not a number"),
        (("ill0", "well"), {"test": "nbs"}, "needs groups of people"),
        (("ill0", "well"), {"correct": "fwe"}, "Crawford"),
        (("ill0", "well"), {"by": "sex"}, "one person"),
        (("ill", "well"), {"parcellation": "aal"}, "parcellation aal"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(
    names: tuple[str, ...], asked: dict[str, object], said: str, filled: atlasdb.Atlas
) -> None:
    with pytest.raises((InvalidDataError, NotFoundError), match=said) as caught:
        filled.compare(*names, **({"modality": "meg"} | asked))
    assert "\n" not in str(caught.value)
    assert filled.query("contrasts").empty


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[atlasdb.Atlas]:
    """The cohorts in an embedded atlas, only to be asked."""
    folder = tmp_path_factory.mktemp("filled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATLASDB_KEY_FILE", str(folder / "key"))
        with atlasdb.connect(folder / "atlas") as atlas:
            atlas.write(*made.entries())
            yield atlas


def test_a_cohort_of_one_is_refused(
    local: atlasdb.Atlas,
) -> None:
    local.write(made.entry(0, "ill"), *[made.entry(i, "well") for i in range(4)])
    with pytest.raises(InvalidDataError, match="has 1 subjects"):
        local.compare("ill", "well")


def test_a_covariate_that_is_the_group_is_refused(local: atlasdb.Atlas) -> None:
    for cohort, sex in (("ill", "F"), ("well", "M")):
        for number in range(5):
            e = made.entry(number, cohort)
            local.write(replace(e, subject=replace(e.subject, sex=sex)))
    with pytest.raises(InvalidDataError, match="sex tells ill from well exactly"):
        local.compare("ill", "well", covariates=["sex"])
