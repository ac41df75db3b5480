"""Atlases for the questions: filled once for each file of tests, never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import pytest

import atlasdb
import cohort_study
import small_study
from atlasdb import clock
from atlasdb.types import Entry
from neo4j_fixture import STORES, Environment, server_turn

Opened = Callable[[str, Sequence[Entry]], atlasdb.Atlas]


@pytest.fixture(scope="module")
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opened]:
    """A function that fills an atlas on a store, "embedded" or "neo4j"."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        folder = tmp_path_factory.mktemp("queries")
        patch.setenv("ATLASDB_KEY_FILE", str(folder / "key"))
        patch.setattr(clock, "now", lambda: "2026-01-02T00:00:00+00:00")

        def fill(store: str, entries: Sequence[Entry]) -> atlasdb.Atlas:
            url = str(folder / "atlas")
            if store == "neo4j":
                server: Environment = request.getfixturevalue("neo4j_server")
                url = stack.enter_context(server_turn(server, folder / "files", patch))
            atlas = stack.enter_context(atlasdb.connect(url))
            atlas.write(*entries)
            return atlas

        yield fill


@pytest.fixture(scope="module", params=STORES)
def study(request: pytest.FixtureRequest, opened: Opened) -> atlasdb.Atlas:
    """The small study, compared and classified, on each store: only to be asked."""
    entries = [*small_study.entries(), *small_study.two_sessions()]
    atlas = opened(request.param, [*entries, *cohort_study.entries()])
    cohort_study.ask_everything(atlas)
    return atlas
