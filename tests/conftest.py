"""Fixtures for every room: the stores, and real recordings where there are any."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# Before torch: tests run side by side, and threads that wait for one another cost more.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings

import atlasdb
import small_study

pytest_plugins = ["neo4j_fixture"]
# The same wild inputs on every run; --hypothesis-profile=default looks for new ones.
# How long an input takes to draw says how busy the machine is, and nothing of the code.
settings.register_profile(
    "same",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("same")
REAL_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings beside the checkout; skip where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip("no real recordings beside the checkout (../shared/data)")
    return REAL_DATA


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key of the test's own: never the one of whoever runs it."""
    path = tmp_path / "secret" / "key"
    monkeypatch.setenv("ATLASDB_KEY_FILE", str(path))
    return path


@pytest.fixture
def atlas(atlas_url: str, key_file: Path) -> Iterator[atlasdb.Atlas]:
    """The small study in an atlas, once for each store; open for writing."""
    with atlasdb.connect(atlas_url) as atlas:
        atlas.write(*small_study.entries())
        atlas.compare("patients", "controls", modality="eeg")
        atlas.pool("patients", modality="eeg")
        atlas.write_stimulation(small_study.stimulation())
        yield atlas
