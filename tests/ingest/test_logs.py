"""How networks learn, written for TensorBoard: numbers, and nobody's name."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import atlasdb
from atlasdb.cli import main
from atlasdb_ingest.learning import trainer
from atlasdb_ingest.types import Timeseries

NAMES = ("jane", "john")


def walks(n_regions: int, seed: int) -> Timeseries:
    """Give regions that remember: there is something to learn."""
    data = np.random.default_rng(seed).standard_normal((n_regions, 240))
    for t in range(1, data.shape[1]):
        data[:, t] += 0.8 * data[:, t - 1]
    codes = tuple(f"r{k}" for k in range(n_regions))
    return Timeseries(data, 100.0, codes, "simulated", (240,))


def ingest(folder: Path, *words: object) -> Result:
    for seed, name in enumerate(NAMES):
        np.save(folder / f"{name}.npy", walks(3, seed).data)
    own = ("timeseries", folder / "{subject}.npy", "--keep-ids", "--sfreq", 2)
    url = ("--atlas", folder / "atlas", "ingest", *own, *words)
    return CliRunner().invoke(main, [str(word) for word in url])


def test_each_recording_has_its_curve_under_its_place_among_all() -> None:
    remembered = -0.5 * np.log(1 - 0.8**2)  # nats that a region's past says of it
    batch = [walks(3, 0), walks(4, 1), walks(3, 3)]
    seen: dict[int, list[tuple[int, float]]] = {}

    def curve(place: int, step: int, value: float) -> None:
        seen.setdefault(place, []).append((step, value))

    told = trainer.estimate(batch, model="mlp", curve=curve)
    assert sorted(seen) == [0, 1, 2]
    for points in seen.values():
        steps, values = zip(*points, strict=True)
        assert list(steps) == sorted(set(steps))
        assert max(values) == pytest.approx(remembered, abs=0.15)
    silent = trainer.estimate(batch, model="mlp")
    for one, other in zip(told, silent, strict=True):
        np.testing.assert_array_equal(one.weight, other.weight)


def test_a_log_holds_a_curve_of_each_network_and_no_name(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    words = ("--modality", "simulated", "--model", "mlp", "--log-dir", logs)
    result = ingest(tmp_path, *words)
    assert result.exit_code == 0, result.output
    assert f"2 trainings logged -> {logs}\n" in result.stderr
    found = EventAccumulator(str(logs)).Reload()
    tags = [f"held-out log-likelihood/{place}" for place in (1, 2)]
    assert found.Tags()["scalars"] == tags
    for tag in tags:
        assert len(found.Scalars(tag)) > 10
    for file in logs.iterdir():
        assert not any(name.encode() in file.read_bytes() for name in NAMES)


def test_a_log_changes_no_result(tmp_path: Path) -> None:
    words = ("--modality", "simulated", "--model", "mlp")
    assert ingest(tmp_path, *words).exit_code == 0
    again = ingest(tmp_path, *words, "--log-dir", tmp_path / "logs")
    assert "0 recordings ingested, 2 unchanged" in again.stdout


def test_a_log_of_what_needs_no_training_says_that_it_is_empty(tmp_path: Path) -> None:
    result = ingest(tmp_path, "--modality", "fmri", "--log-dir", tmp_path / "logs")
    assert result.exit_code == 0, result.output
    assert ": nothing was trained step by step" in result.stderr


def test_a_log_without_tensorboard_is_refused_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    words = ("--modality", "simulated", "--log-dir", tmp_path / "logs")
    result = ingest(tmp_path, *words)
    assert result.exit_code == 1
    (line,) = result.stderr.strip().splitlines()
    assert 'pip install "atlasdb[tensorboard]"' in line
    assert not (tmp_path / "logs").exists()
    with atlasdb.connect(str(tmp_path / "atlas")) as atlas:
        assert not len(atlas.query("cohorts"))


def test_a_log_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    logs = tmp_path / "file" / "logs"
    result = ingest(tmp_path, "--modality", "simulated", "--log-dir", logs)
    assert result.exit_code == 1
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith(f"Error: Could not write to {logs}")
