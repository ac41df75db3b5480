"""A real Neo4j server for the tests, found or started once for the whole run.

In this order: the one that ``ATLASDB_TEST_NEO4J_URI`` names (**its data is deleted**);
a container, where a Docker daemon has or gets the image; a Java process made from
Maven artifacts. Else the tests skip with the reason, or fail where
``ATLASDB_REQUIRE_NEO4J=1`` is set. A server that was started ends with the run, also
with pytest-xdist, whose workers share it and take turns.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import neo4j
import pytest
from xdist.scheduler import LoadScopeScheduling

from atlasdb.store.base import Store, open_store
from atlasdb.store.lock import FolderLock

STARTER = Path(__file__).parent / "neo4j_server" / "start.py"
RUN = "ATLASDB_TEST_NEO4J_RUN"
"""Folder of this run, for its workers: the lock, and how to reach the server."""
WAIT_S = 900.0
STORES = [
    pytest.param("embedded", id="embedded"),
    pytest.param("neo4j", id="neo4j", marks=pytest.mark.neo4j),
]
_mine = pytest.StashKey[Path]()


class Environment(dict[str, str]):
    """Variables that lead to the server; a failing test must not print the password."""

    def __repr__(self) -> str:
        return f"Environment({self.get('ATLASDB_TEST_NEO4J_URI')})"


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder that the workers of this run share."""
    if RUN not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="atlasdb-tests-"))
        (folder / "owner").write_text(str(os.getpid()))
        os.environ[RUN] = str(folder)
        config.stash[_mine] = folder


class Together(LoadScopeScheduling):
    """Let one worker do all that needs the server, and keep files together."""

    def _split_scope(self, nodeid: str) -> str:
        served = any(word in nodeid for word in ("neo4j", "both_stores"))
        return "server" if served else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """Share the tests out so that few have to wait for their turn at the server."""
    return Together(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server, if this run has started one."""
    folder = config.stash.get(_mine, None)
    if folder is None:
        return
    del os.environ[RUN]
    with suppress(OSError, ValueError):
        starter = int((folder / "starter").read_text())
        os.kill(starter, 15)
        for _ in range(100):
            # Gone, or a child that has ended and is reaped here.
            with suppress(ChildProcessError):
                os.waitpid(starter, os.WNOHANG)
            os.kill(starter, 0)
            time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def neo4j_server() -> Environment:
    """The environment that leads to the server: URI, user, password, database."""
    found = Environment(_given() or _started())
    if "error" in found:
        reason = f"no Neo4j server: {found['error']}"
        if os.environ.get("ATLASDB_REQUIRE_NEO4J") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return found


@contextmanager
def server_turn(
    server: Environment, files: Path, patch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Give the server's address, its graph empty and nobody else's meanwhile."""
    for name, value in server.items():
        patch.setenv(name, value)
    patch.delenv("NEO4J_PASSWORD_FILE", raising=False)
    patch.setenv("ATLASDB_FILES", str(files))
    turn = FolderLock(Path(os.environ[RUN]), exclusive=True, timeout_s=WAIT_S)
    try:
        url = server["ATLASDB_TEST_NEO4J_URI"]
        store = open_store(url)
        try:
            store.clear()
        finally:
            store.close()
        yield url
    finally:
        turn.release()


@pytest.fixture
def neo4j_url(
    neo4j_server: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The address of the server, whose graph is empty and this test's alone."""
    with server_turn(neo4j_server, tmp_path / "files", monkeypatch) as url:
        yield url


@pytest.fixture
def neo4j_driver(neo4j_server: Environment, neo4j_url: str) -> Iterator[neo4j.Driver]:
    """The official driver, to look at the graph past the store."""
    names = ("NEO4J_USERNAME", "NEO4J_PASSWORD")
    user, password = (neo4j_server.get(name, "neo4j") for name in names)
    with neo4j.GraphDatabase.driver(neo4j_url, auth=(user, password)) as driver:
        yield driver


@pytest.fixture(params=STORES)
def atlas_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty atlas: a folder, and then the server."""
    if request.param == "embedded":
        return str(tmp_path / "atlas")
    url: str = request.getfixturevalue("neo4j_url")
    return url


@pytest.fixture
def store(atlas_url: str) -> Iterator[Store]:
    """An empty store, open for writing: the folder's, and then the server's."""
    store = open_store(atlas_url)
    yield store
    store.close()


def _given() -> dict[str, str]:
    """Give the server that the environment names."""
    uri = os.environ.get("ATLASDB_TEST_NEO4J_URI")
    if not uri:
        return {}
    names = ("NEO4J_USERNAME", "NEO4J_PASSWORD", "NEO4J_DATABASE")
    known = {name: os.environ[name] for name in names if name in os.environ}
    return {"ATLASDB_TEST_NEO4J_URI": uri} | known


def _started() -> dict[str, str]:
    """Start a server, or give the one that another worker of the run has started."""
    folder = Path(os.environ[RUN])
    state = folder / "state.json"
    lock = FolderLock(folder, exclusive=True, timeout_s=WAIT_S)
    try:
        if not state.exists():
            _start(folder, state)
        found: dict[str, str] = json.loads(state.read_text())
        return found
    finally:
        lock.release()


def _start(folder: Path, state: Path) -> None:
    owner = (folder / "owner").read_text()
    words = [sys.executable, str(STARTER), "--watch", owner, "--state", str(state)]
    # Its own session: it must outlive the worker that starts it, not the run.
    with (folder / "starter.log").open("w") as log:
        starter = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (folder / "starter").write_text(str(starter.pid))
    deadline = time.monotonic() + WAIT_S
    while not state.exists():
        if starter.poll() is not None and not state.exists():
            said = (folder / "starter.log").read_text().strip().splitlines()
            state.write_text(json.dumps({"error": said[-1] if said else "no reason"}))
        elif time.monotonic() > deadline:
            starter.terminate()
        time.sleep(0.1)
    # Popen warns when it is forgotten while its process runs; the run's end reaps it.
    starter.returncode = 0
