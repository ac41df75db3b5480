"""Fixtures for every room: the stores, and real recordings where there are any."""

from __future__ import annotations

from pathlib import Path

import pytest

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings beside the checkout; skip where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip("no real recordings beside the checkout (../shared/data)")
    return REAL_DATA
