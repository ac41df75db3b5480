"""From a file to the graph: once, with pseudonyms, the rest done when one fails."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import atlasdb
from atlasdb.cli import main
from atlasdb.types import FloatArray
from atlasdb_ingest import ingest
from atlasdb_ingest.learning import trainer
from atlasdb_ingest.learning.study import Study
from atlasdb_ingest.simulation import dynamics, haemodynamics

NAMES = ("jane", "john", "mary")


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    """Three people's series of four regions, and a table of who they are."""
    rng = np.random.default_rng(0)
    for name in NAMES:
        np.save(tmp_path / f"{name}.npy", rng.exponential(1, (60, 4)))
    (tmp_path / "people.csv").write_text(
        "id,group,age\njane,1,93\njohn,0,30\nmary,1,40\n"
    )
    return tmp_path


def run(folder: Path, *words: object) -> Result:
    url = str(folder / "atlas")
    return CliRunner().invoke(main, ["--atlas", url, *map(str, words)])


def series(folder: Path, *words: object) -> Result:
    table = ("--participants", folder / "people.csv", "--id-column", "id")
    names = ("--cohort-column", "group", "--cohort-names", "1=patients,0=controls")
    own = ("timeseries", folder / "{subject}.npy", "--tr", 2)
    return run(
        folder, "ingest", *own, *table, *names, "--field", "age_years=age", *words
    )


def rows(folder: Path, *words: object) -> list[dict[str, object]]:
    result = run(folder, *words, "-o", "json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, object]] = json.loads(result.stdout)
    return found


def test_one_command_ingests_a_cohort(cohort: Path, key_file: Path) -> None:
    result = series(cohort)
    assert result.exit_code == 0, result.output
    counts = {r["cohort"]: r["n_subjects"] for r in rows(cohort, "query", "cohorts")}
    assert counts == {"patients": 2, "controls": 1}


def test_the_table_of_participants_is_no_recording(
    tmp_path: Path, key_file: Path
) -> None:
    for name in ("m1", "m2"):
        (tmp_path / f"{name}.csv").write_text("a,b,1\nb,c,2\nc,a,3\na,c,1\nb,a,2\n")
    table = tmp_path / "people.csv"
    table.write_text("participant_id,genotype\nm1,B6\nm2,BTBR\n")
    words = ("--participants", table, "--cohort-column", "genotype", "--rows", "source")
    result = run(tmp_path, "ingest", "matrix", tmp_path / "{subject}.csv", *words)
    assert result.exit_code == 0, result.output
    assert len(rows(tmp_path, "query", "connectomes")) == 2


def test_lists_of_a_cohort_have_the_areas_of_all(
    tmp_path: Path, key_file: Path
) -> None:
    for name, text in (("m1", "1 2 3\n2 10 1\n"), ("m2", "1 2 4\n2 9 5\n")):
        (tmp_path / f"{name}.edgelist").write_text(text)
    (tmp_path / "bad.edgelist").write_text("1 2 x\n")
    given = ("matrix", tmp_path / "{subject}.edgelist", "--undirected", "--keep-ids")
    result = run(tmp_path, "ingest", *given)
    assert result.exit_code == 1
    assert "'x' in row 1" in result.stderr
    found = rows(tmp_path, "query", "connectomes")
    assert [row["n_nodes"] for row in found] == [4, 4]
    assert len({row["parcellation"] for row in found}) == 1
    listed = rows(tmp_path, "query", "connections", "--subject", "m1")
    assert {(row["source"], row["target"]) for row in listed if row["weight"]} == {
        ("1", "2"),
        ("2", "1"),
        ("2", "10"),
        ("10", "2"),
    }


def test_the_same_command_again_changes_nothing(cohort: Path, key_file: Path) -> None:
    series(cohort)
    before = run(cohort, "verify").stdout
    result = series(cohort)
    assert "0 recordings ingested, 3 unchanged" in result.stdout
    assert run(cohort, "verify").stdout == before


def test_a_changed_setting_makes_a_second_connectome(
    cohort: Path, key_file: Path
) -> None:
    series(cohort)
    series(cohort, "--high-pass", 0.01)
    assert len(rows(cohort, "query", "connectomes")) == 3
    assert len(rows(cohort, "query", "connectomes", "--no-current")) == 6


def test_no_label_reaches_the_atlas_unless_it_is_kept(
    cohort: Path, key_file: Path
) -> None:
    series(cohort)
    everything = b"".join(
        p.read_bytes() for p in (cohort / "atlas").rglob("*") if p.is_file()
    )
    for name in NAMES:
        assert name.encode() not in everything
    found = rows(cohort, "query", "connectomes", "--subject", "jane")
    assert str(found[0]["subject"]).startswith("sub-")
    listed = {str(r["label"]): r for r in rows(cohort, "subjects", "list")}
    assert set(listed) == set(NAMES)
    assert listed["jane"]["age_years"] == 90


def test_labels_are_kept_where_that_is_asked_for(cohort: Path, key_file: Path) -> None:
    series(cohort, "--keep-ids")
    assert {r["subject"] for r in rows(cohort, "query", "connectomes")} == set(NAMES)
    assert not key_file.exists()


def test_one_damaged_file_does_not_keep_the_others_out(
    cohort: Path, key_file: Path
) -> None:
    (cohort / "john.npy").write_bytes(b"not an array")
    result = series(cohort, "--keep-ids")
    assert result.exit_code == 1
    assert "john: " in result.stderr
    assert "Error: 1 of 3 failed." in result.stderr
    assert {r["subject"] for r in rows(cohort, "query", "connectomes")} == {
        "jane",
        "mary",
    }


def test_reading_in_processes_gives_the_same(cohort: Path, key_file: Path) -> None:
    series(cohort, "--keep-ids")
    alone = run(cohort, "verify").stdout
    (cohort / "atlas").rename(cohort / "first")
    result = series(cohort, "--keep-ids", "--jobs", 2)
    assert result.exit_code == 0, result.output
    checksum = [x for x in run(cohort, "verify").stdout.splitlines() if "Region" in x]
    assert checksum == [x for x in alone.splitlines() if "Region" in x]


def test_a_dry_run_says_what_it_would_do_and_does_nothing(
    cohort: Path, key_file: Path
) -> None:
    result = series(cohort, "--dry-run")
    assert [line.split("\t")[-1] for line in result.stdout.splitlines()] == ["new"] * 3
    assert rows(cohort, "query", "connectomes") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("eeg", "none.edf", "--subject", "x"), "none.edf"),
        (("timeseries", "jane.npy", "--subject", "x"), "--tr"),
        (("timeseries", "jane.npy", "--tr", "2"), "--subject"),
        (("timeseries", "{subject}.xyz", "--tr", "2"), "{subject}.xyz"),
        (("matrix", "jane.npy", "--subject", "x"), "--rows"),
        (("timeseries", "jane.npy", "--tr", "2", "--subject", "x", "--model", "rnn"),
         "rnn"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(
    cohort: Path,
    key_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(cohort)
    result = run(cohort, "ingest", *words)
    assert result.exit_code == 1, result.output
    assert len(result.stderr.strip().splitlines()) == 1
    assert said in result.stderr
    assert rows(cohort, "query", "connectomes") == []


def test_an_unknown_kind_is_a_usage_error_that_suggests(
    tmp_path: Path, key_file: Path
) -> None:
    result = run(tmp_path, "ingest", "egg", "x.edf")
    assert result.exit_code == 2
    assert "Did you mean 'eeg'" in result.stderr


def test_python_does_what_the_command_does(cohort: Path, key_file: Path) -> None:
    with atlasdb.connect(cohort / "atlas") as atlas:
        report = ingest(
            atlas,
            cohort / "jane.npy",
            modality="timeseries",
            subject="jane",
            cohort="patients",
            tr=2.0,
        )
        assert report.done == ["jane"]
        assert len(atlas.query("connectomes", subject="jane")) == 1
        with pytest.raises(atlasdb.AtlasError):
            ingest(
                atlas, cohort / "none.npy", modality="timeseries", subject="x", tr=2.0
            )


def silent(n_times: int = 300) -> FloatArray:
    """Give three regions that do not drive each other."""
    return np.random.default_rng(1).standard_normal((3, n_times))


def bent(n_times: int = 300) -> FloatArray:
    """Give three regions in which the first drives the second by its square."""
    rng = np.random.default_rng(2)
    data = rng.standard_normal((3, n_times))
    data[1, 1:] = 0.3 * data[1, 1:] + data[0, :-1] ** 2
    return data


def chosen(folder: Path, name: str, *words: object) -> tuple[str, float, str]:
    """Ingest one recording; give the family and sparsity used, and the settings."""
    own = ("--sfreq", 10, "--modality", "simulated", "--keep-ids", "--subject", name)
    result = run(folder, "ingest", "timeseries", folder / f"{name}.npy", *own, *words)
    assert result.exit_code == 0, result.output
    asked = (
        f"MATCH (g:Connectome)-[:GENERATED_BY]->(r:Run) WHERE g.subject = '{name}' "
        "AND g.is_current RETURN r.params AS params, g.settings AS settings"
    )
    (row,) = rows(folder, "cypher", asked)
    fit = json.loads(str(row["params"]))["fit"]
    return fit["family"], fit["sparsity"], str(row["settings"])


def test_the_run_says_which_engine_was_taken_why_and_how_far_to_trust_it(
    tmp_path: Path,
) -> None:
    ring = 0.5 * np.roll(np.eye(6), 1, axis=1)
    bold = haemodynamics.bold(dynamics.neural(ring, 600.0), 1.0)
    words = {
        "fmri": (bold, "same time"),
        "eeg": (bent(600), "faster than activity travels"),
    }
    for modality, (series, reason) in words.items():
        np.save(tmp_path / "series.npy", series)
        own = ("--sfreq", 1, "--modality", modality, "--keep-ids", "--subject", "x")
        result = run(tmp_path, "ingest", "timeseries", tmp_path / "series.npy", *own)
        assert result.exit_code == 0, result.output
        (made,) = rows(
            tmp_path,
            "cypher",
            "MATCH (g:Connectome)-[:GENERATED_BY]->(r:Run) "
            f"WHERE g.modality = '{modality}' RETURN r.params AS params, "
            "g.reliability AS reliability, g.engine AS engine",
        )
        said = json.loads(str(made["params"]))
        assert said["why"].startswith(f"{made['engine']} engine: {modality}")
        assert reason in said["why"]
        assert (
            f"{float(str(made['reliability'])):.0%} of the directions" in said["trust"]
        )
        assert ("conditional on the simulated" in said["trust"]) == (modality == "fmri")
        assert "unknown" in said["trust"]


def test_a_later_ingest_takes_the_sparsity_of_the_study(tmp_path: Path) -> None:
    for name, data in (("first", silent()), ("second", bent())):
        np.save(tmp_path / f"{name}.npy", data)
    apart = tmp_path / "apart"
    apart.mkdir()
    np.save(apart / "second.npy", bent())
    alone = chosen(apart, "second")
    first = chosen(tmp_path, "first")
    assert alone[:2] != first[:2], "alone, the second would choose likewise"
    assert chosen(tmp_path, "second") == first


def test_a_later_ingest_takes_the_family_of_the_study_unless_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, data in (("first", silent()), ("second", bent())):
        np.save(tmp_path / f"{name}.npy", data)
    with monkeypatch.context() as patched:
        patched.setattr(trainer, "choose_study", lambda *_, **__: Study("linear", 0.0))
        first = chosen(tmp_path, "first")
    assert chosen(tmp_path, "second") == first
    assert first[:2] == ("linear", 0.0)
    named = chosen(tmp_path, "second", "--model", "mlp")
    assert named[0] == "mlp"
    assert named[1] > 0
    assert named[2] != first[2]
