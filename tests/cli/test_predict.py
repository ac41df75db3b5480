"""``atlasdb predict``, and ``power`` of cohorts: rows on stdout, the rest on stderr."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import atlasdb
from atlasdb.cli import main
from crowd import crowd

QUICK = ("--folds", "4", "--repeats", "1", "--permutations", "19")
NBS = ("--test", "nbs", "--edges", "3", "--threshold", "2.5", "--permutations", "100")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two cohorts in a folder, closed."""
    path = tmp_path_factory.mktemp("cli") / "atlas"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATLASDB_KEY_FILE", str(path.parent / "key"))
        with atlasdb.connect(path) as atlas:
            atlas.write(*crowd())
        yield path


def ask(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--atlas", str(folder), *words])


def test_a_score_is_predicted_beside_its_baselines(folder: Path) -> None:
    words = ("well", "--score", "age", "--confounds", "sex", *QUICK)
    result = ask(folder, "predict", *words, "-o", "json")
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)
    assert [row["kind"] for row in rows] == ["ridge", "confounds", "mean"]
    assert list(rows[0]) == ["kind", "r", "r2", "mae", "p", "n", "n_connections"]
    assert rows[0]["p"] == 1 / 20
    assert "age_years of 12 people of well, in 4 folds dealt 1 times" in result.stderr
    (last,) = [line for line in result.stderr.splitlines() if "--prediction" in line]
    shown = ask(folder, *last.partition("atlasdb ")[2].split(), "-o", "json")
    (connection,) = json.loads(shown.stdout)
    assert (connection["source"], connection["target"]) == ("Pz", "Fz")


def test_groups_are_told_apart(folder: Path) -> None:
    result = ask(folder, "predict", "ill", "well", "--model", "cpm", *QUICK)
    assert result.exit_code == 0, result.output
    assert result.stdout.split()[:5] == ["kind", "auc", "p", "n", "n_connections"]
    assert "12 ill against 12 well" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("predict", "well"),
        ("predict", "ill", "wel"),
        ("predict", "ill", "well", "--folds", "13"),
        ("predict", "well", "--score", "agee"),
        ("predict", "well", "--score", "pain", "--phenotypes", "nowhere.tsv"),
        ("power", "ill"),
        ("power", "ill", "wel"),
        ("power", "ill", "well", *NBS, "--effect", "0"),
    ],
)
def test_what_cannot_be_answered_is_one_line(
    folder: Path, words: tuple[str, ...]
) -> None:
    result = ask(folder, *words)
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""


@pytest.mark.parametrize(
    "words",
    [
        ("predict",),
        ("predict", "ill", "well", "--folds", "1"),
        ("predict", "ill", "well", "--model", "forest"),
        ("predict", "ill", "well", "--threshold", "1"),
        ("power", "ill", "well", "--people", "12", "12"),
        ("power", "ill", "well", "--connections", "12"),
        ("power", "ill", "well", "--edges", "3"),
        ("power", "--effect", "1", "--test", "nbs"),
    ],
)
def test_what_makes_no_question_is_a_usage_error(
    folder: Path, words: tuple[str, ...]
) -> None:
    assert ask(folder, *words).exit_code == 2


def test_the_power_of_two_cohorts_is_that_of_the_api(folder: Path) -> None:
    result = ask(folder, "power", "ill", "well", *NBS, "--effect", "1.5", "-o", "json")
    assert result.exit_code == 0, result.output
    with atlasdb.connect(folder, read_only=True) as atlas:
        frame = atlas.power(
            *("ill", "well"),
            test="nbs",
            edges=3,
            threshold=2.5,
            permutations=100,
            effect=1.5,
        )
    assert json.loads(result.stdout) == frame.to_dict("records")
    edge = ask(folder, "power", "ill", "well", "--effect", "0.8", "-o", "json")
    (row,) = json.loads(edge.stdout)
    assert row["people_per_group"] > 25


def test_a_network_that_chance_hides_is_said(folder: Path) -> None:
    words = ("--test", "nbs", "--edges", "2", "--threshold", "0.1")
    result = ask(folder, "power", "ill", "well", *words, "-o", "json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)[0]["detectable_effect"] is None
    assert "would not be told from chance" in result.stderr
