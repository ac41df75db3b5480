"""The command line as a whole: quick help, one-line errors, exit statuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from atlasdb.cli import main

HEAVY = {"torch", "mne", "pandas", "neo4j", "nilearn", "nibabel", "matplotlib"}


def test_help_imports_nothing_heavy_and_is_quick() -> None:
    code = (
        "import sys, time\n"
        "from atlasdb.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"heavy = sorted(set(sys.modules) & {HEAVY})\n"
        "print(heavy, time.process_time())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy, _, seconds = done.stdout.splitlines()[-1].rpartition(" ")
    assert heavy == "[]"
    assert float(seconds) < 0.3


@pytest.mark.parametrize(
    "words",
    [
        ["ingest"],
        ["ingest", "eeg"],
        ["ingest", "fmri"],
        ["ingest", "timeseries"],
        ["ingest", "matrix"],
        ["ingest", "neurons"],
        ["ingest", "BIDS_DIR"],
        ["query"],
        ["query", "connections"],
        ["cypher"],
        ["analyze"],
        ["analyze", "pagerank"],
        ["analyze", "paths"],
        ["compare"],
        ["predict"],
        ["power"],
        ["export"],
        ["export", "connectome"],
        ["export", "contrast"],
        ["export", "activation"],
        ["export", "relmat"],
        ["subjects"],
        ["subjects", "erase"],
        ["rebuild"],
        ["verify"],
        ["check"],
        ["doctor"],
        ["demo"],
    ],
)
def test_every_command_has_help(words: list[str]) -> None:
    result = CliRunner().invoke(main, [*words, "--help"])
    assert result.exit_code == 0, result.output
    assert "Usage:" in result.stdout


@pytest.mark.parametrize("seed", ["-1", str(2**32), "x"])
@pytest.mark.parametrize(
    "words",
    [
        ["ingest", "timeseries", "series.npy"],
        ["ingest", "."],
        ["analyze", "triads"],
        ["compare", "patients", "controls"],
        ["predict", "patients", "controls"],
        ["power", "patients", "controls"],
        ["classify", "patients", "controls"],
        ["stimulate", "01"],
        ["train", "out.safetensors"],
        ["demo"],
    ],
)
def test_a_seed_that_no_generator_takes_is_refused(
    words: list[str], seed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, [*words, "--seed", seed])
    assert result.exit_code == 2, result.output
    assert "Invalid value for '--seed'" in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_near_miss_of_a_command_is_suggested() -> None:
    result = CliRunner().invoke(main, ["qurey"])
    assert result.exit_code == 2
    assert "Did you mean 'query'?" in result.stderr


def test_an_atlas_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    url = str(tmp_path / "nowhere")
    result = CliRunner().invoke(main, ["--atlas", url, "query", "cohorts"])
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""
    assert not (tmp_path / "nowhere").exists()


def test_a_backend_that_there_is_not_is_one_line() -> None:
    result = CliRunner().invoke(main, ["--atlas", "mongo://x", "query", "cohorts"])
    assert result.exit_code == 1
    assert "No backend for mongo://" in result.stderr


def test_a_dead_port_is_one_line() -> None:
    result = CliRunner().invoke(
        main, ["--atlas", "bolt://127.0.0.1:1", "query", "cohorts"]
    )
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1


def test_doctor_masks_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", "open-sesame")
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0
    assert "open-sesame" not in result.output
    assert "***" in result.stdout


def test_the_address_comes_from_option_then_environment_then_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("ATLASDB_URL", "NEO4J_URI"):
        monkeypatch.delenv(name, raising=False)
    shown = []
    for words in (["--atlas", "a"], []):
        monkeypatch.setenv("NEO4J_URI", "bolt://c")
        monkeypatch.setenv("ATLASDB_URL", "b")
        shown.append(CliRunner().invoke(main, [*words, "doctor"]).stdout)
    monkeypatch.delenv("ATLASDB_URL")
    shown.append(CliRunner().invoke(main, ["doctor"]).stdout)
    monkeypatch.delenv("NEO4J_URI")
    shown.append(CliRunner().invoke(main, ["doctor"]).stdout)
    first = [text.splitlines()[0].split("\t")[1:] for text in shown]
    assert first == [
        ["a", "(--atlas)"],
        ["b", "($ATLASDB_URL)"],
        ["bolt://c", "($NEO4J_URI)"],
        ["atlas", "(default)"],
    ]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 38 GiB for an array"),
        torch.cuda.OutOfMemoryError(
            "CUDA out of memory. Tried to allocate 2.00 GiB.\nSee documentation"
        ),
    ],
)
def test_memory_that_runs_out_is_said_in_one_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("atlasdb.atlas.connect", fails)
    done = CliRunner().invoke(main, ["query", "subjects"])
    assert done.exit_code == 1
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith("Error: Out of memory: ")
    assert "--device cpu" in line


def test_an_error_of_ours_stays_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("atlasdb.atlas.connect", fails)
    done = CliRunner().invoke(main, ["query", "subjects"])
    assert isinstance(done.exception, RuntimeError)
