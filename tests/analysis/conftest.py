"""The engines of graph measures, each in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from atlasdb.analysis import engine


@pytest.fixture(scope="module", params=["igraph", "networkx"])
def either_engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each engine in turn; igraph is an extra."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "networkx":
            patch.setattr(engine, "igraph", lambda: None)
        elif engine.igraph() is None:
            pytest.skip("igraph is not installed")
        assert engine.name().startswith(request.param)
        yield request.param
