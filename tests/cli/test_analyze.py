"""``atlasdb analyze``: one connectome or a cohort, kept when asked, short errors."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

import atlasdb
import small_study
from atlasdb.analysis.measures import MEASURES
from atlasdb.cli import main
from test_measuring import lonely

P1 = ["--subject", "p1", "--modality", "eeg"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The small study in a folder, closed."""
    monkeypatch.setenv("ATLASDB_KEY_FILE", str(tmp_path / "key"))
    with atlasdb.connect(tmp_path / "atlas") as atlas:
        atlas.write(*small_study.entries())
    return tmp_path / "atlas"


def ask(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--atlas", str(folder), "analyze", *words])


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_answers_and_says_by_what(name: str, folder: Path) -> None:
    more = ["--source", "Fz"] if name == "paths" else []
    done = ask(folder, name, *P1, *more, "-o", "json")
    assert done.exit_code == 0, done.output
    assert len(json.loads(done.stdout)) > 0
    assert done.stderr.startswith("Computed by ")


def test_a_cohort_is_one_table_in_every_format(folder: Path) -> None:
    words = ["reciprocity", "--cohort", "patients", "--modality", "eeg", "-o"]
    as_csv = ask(folder, *words, "csv")
    assert as_csv.stdout.splitlines()[0].startswith("subject,reciprocity,")
    binary = ask(folder, *words, "parquet").stdout_bytes
    frame = pd.read_parquet(io.BytesIO(binary))
    assert list(frame["subject"]) == ["p1", "p2", "p3"]
    assert "p3" in ask(folder, *words, "table").stdout


def test_options_reach_the_measure(folder: Path) -> None:
    plain = ask(folder, "pagerank", *P1, "-o", "json")
    near = ask(folder, "pagerank", *P1, "--start", "Pz", "--start", "C3", "-o", "json")
    first = {row["name"]: row["pagerank"] for row in json.loads(plain.stdout)}
    second = {row["name"]: row["pagerank"] for row in json.loads(near.stdout)}
    assert second["C3"] > first["C3"]


def test_paths_by_share_are_listed_step_by_step(folder: Path) -> None:
    words = ["--source", "Fz", "--target", "Pz", "--by", "share", "-o", "json"]
    steps = json.loads(ask(folder, "paths", *P1, *words).stdout)
    assert [(s["source"], s["target"]) for s in steps] == [("Fz", "Cz"), ("Cz", "Pz")]
    assert steps[-1]["strength"] == 1  # each is the only one that drives the next


def test_what_is_kept_is_said_once(folder: Path) -> None:
    first = ask(folder, "betweenness", *P1, "--write-back")
    again = ask(folder, "betweenness", *P1, "--write-back")
    assert "Connectomes kept: 1, of which 1 changed anything." in first.stderr
    assert "of which 0 changed anything" in again.stderr
    assert "--write-back" not in ask(folder, "triads", "--help").stdout


def test_one_who_cannot_be_measured_is_exit_status_1(folder: Path) -> None:
    with atlasdb.connect(folder) as atlas:
        atlas.write(lonely())
    done = ask(folder, "pagerank", "--cohort", "patients", "--modality", "eeg")
    assert done.exit_code == 1
    assert "p3" in done.stdout
    assert "p4: There are no connections that pass" in done.stderr


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["pagerank"], 2, "Say whose"),
        (["pagernk", *P1], 2, "Did you mean 'pagerank'?"),
        (["pagerank", *P1, "--alpha", "1"], 1, "alpha must be"),
        (["pagerank", *P1, "--start", "Fzz"], 1, "Did you mean 'Fz'"),
        (["paths", *P1], 2, "--source"),
        (["paths", *P1, "--source", "Fz", "--target", "Czz"], 1, "Did you mean 'Cz'"),
        (["pagerank", "--subject", "p1"], 1, "connectomes fit"),
        (["pagerank", "--subject", "p9"], 1, "No subject 'p9'"),
        (["pagerank", "--cohort", "patiens"], 1, "No cohort 'patiens'"),
        (["communities", *P1, "--n-runs", "0"], 1, "n_runs must be at least 1"),
        (["triads", *P1, "--n-nulls", "0"], 1, "n_nulls must be at least 1"),
    ],
)
def test_a_slip_is_one_line(
    words: list[str], status: int, said: str, folder: Path
) -> None:
    done = ask(folder, *words)
    assert done.exit_code == status, done.output
    assert said in done.stderr
    if status == 1:
        assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""
