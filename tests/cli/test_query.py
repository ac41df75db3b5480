"""``atlasdb query`` and ``atlasdb cypher``: options from headers, one-line errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import atlasdb
import small_study
from atlasdb import catalog
from atlasdb.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The small study in a folder, closed."""
    path = tmp_path_factory.mktemp("cli") / "atlas"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATLASDB_KEY_FILE", str(path.parent / "key"))
        with atlasdb.connect(path) as atlas:
            atlas.write(*small_study.entries())
        yield path


def ask(folder: Path, *words: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["--atlas", str(folder), *words], input=text)


def rows(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.output
    found: list[dict[str, object]] = json.loads(result.stdout)
    return found


def test_help_lists_every_question_with_its_summary(folder: Path) -> None:
    shown = ask(folder, "query", "--help").stdout
    for name in catalog.names():
        assert f"  {name} " in shown
    assert "Rank regions or neurons by PageRank" in shown


def test_options_come_from_the_header(folder: Path) -> None:
    shown = ask(folder, "query", "connections", "--help").stdout
    for option in ("--subject", "--min-weight", "--supported", "--limit", "-o"):
        assert option in shown
    assert "[required]" in shown
    assert "[default: 50]" in shown


def test_an_answer_is_that_of_the_api(folder: Path) -> None:
    words = ["query", "connections", "--subject", "p1", "--modality", "eeg"]
    found = rows(ask(folder, *words, "--min-weight", "0.5", "-o", "json"))
    assert [(r["source"], r["target"]) for r in found] == [
        ("Fz", "Cz"),
        ("Cz", "Pz"),
        ("Pz", "Fz"),
    ]
    assert found[0]["weight"] == 0.9


def test_a_switch_can_be_turned_both_ways(folder: Path) -> None:
    words = ["query", "connections", "--subject", "c1", "-o", "json"]
    assert len(rows(ask(folder, *words, "--supported"))) == 2
    assert len(rows(ask(folder, *words, "--no-supported"))) == 12


def test_dashes_and_underscores_name_the_same_question(folder: Path) -> None:
    words = ["--subject", "worm", "--source", "AVAL", "--target", "VD01", "-o", "json"]
    one = rows(ask(folder, "query", "shortest-path", *words))
    assert one == rows(ask(folder, "query", "shortest_path", *words))
    assert [r["step"] for r in one] == [1, 2]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["pagerang"], 2, "Did you mean 'pagerank'?"),
        (["connections"], 2, "--subject"),
        (["connections", "--subjet", "p1"], 2, "--subject"),
        (["connections", "--subject", "p1", "--limit", "many"], 2, "--limit"),
        (["connections", "--subject", "p1", "--limit", "-1"], 1, "limit"),
        (["connections", "--subject", "p1", "--min-weight", "nan"], 1, "min_weight"),
        (["connections", "--subject", "p11"], 1, "Did you mean 'p1'"),
        (["pagerank", "--subject", "p1"], 1, "--connectome"),
        (["subjects", "--cohort", "patiens"], 1, "'patients'"),
    ],
)
def test_what_cannot_be_asked_is_one_line(
    folder: Path, words: list[str], code: int, said: str
) -> None:
    result = ask(folder, "query", *words)
    assert result.exit_code == code
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""
    if code == 1:
        assert len(result.stderr.strip().splitlines()) == 1


def test_an_empty_answer_is_an_answer(folder: Path) -> None:
    result = ask(folder, "query", "connections", "--subject", "p1", "--limit", "0")
    assert result.exit_code == 0
    assert result.stdout.startswith("source")
    assert result.stderr == "(no rows)\n"


def test_a_broken_file_of_ones_own_hides_no_question(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.cypher").write_text("MATCH (s:Subject) RETURN s.id AS id")
    monkeypatch.setenv("ATLASDB_QUERIES", str(tmp_path))
    shown = " ".join(ask(folder, "query", "--help").stdout.split())
    assert "mine.cypher cannot be read" in shown
    assert "pagerank" in shown
    result = ask(folder, "query", "mine")
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1


def test_cypher_of_ones_own(folder: Path) -> None:
    text = "MATCH (s:Subject) RETURN count(s) AS n"
    assert rows(ask(folder, "cypher", text, "-o", "json")) == [{"n": 7}]
    assert rows(ask(folder, "cypher", "-", "-o", "json", text=text)) == [{"n": 7}]


def test_parameters_of_cypher_are_json_or_else_text(folder: Path) -> None:
    text = "RETURN $a AS a, $b AS b, $c AS c"
    words = ["-p", "a=3", "-p", "b=p1", "-p", 'c="3"', "-o", "json"]
    assert rows(ask(folder, "cypher", text, *words)) == [{"a": 3, "b": "p1", "c": "3"}]
    assert ask(folder, "cypher", text, "-p", "a").exit_code == 2


def test_a_write_needs_its_switch(folder: Path) -> None:
    result = ask(folder, "cypher", "CREATE (:Subject {id: 'x'})")
    assert result.exit_code == 1
    assert "--write" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
