"""What only a server does: addresses, credentials, faults, and batches in pieces."""

from __future__ import annotations

import http.server
import logging
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import neo4j
import pyarrow as pa
import pytest

from atlasdb.batch import Batch
from atlasdb.errors import AtlasError, InvalidDataError, StoreError
from atlasdb.store import loading, unwind
from atlasdb.store.base import open_store
from atlasdb.store.constraints import statements
from atlasdb.store.neo4j import Neo4jStore
from atlasdb.store.server import credentials

NAMES = "USERNAME PASSWORD PASSWORD_FILE DATABASE"
SECRET = "wrong-horse-battery"
JOINS = ("CONNECTS_TO", "Region", "Region")


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing about a server in the environment."""
    for name in [*(f"NEO4J_{n}" for n in NAMES.split()), "ATLASDB_INSECURE"]:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server(neo4j_url: str) -> Iterator[Neo4jStore]:
    """The store on the server, empty and open for writing."""
    store = Neo4jStore(neo4j_url)
    yield store
    store.close()


def refusal(url: str) -> str:
    """Give the one line with which an address is refused, within seconds."""
    start = time.monotonic()
    with pytest.raises(StoreError) as caught:
        Neo4jStore(url)
    assert time.monotonic() - start < 8
    assert len(str(caught.value).splitlines()) == 1
    assert SECRET not in str(caught.value)
    return str(caught.value)


@contextmanager
def listening(answer: bytes | None) -> Iterator[int]:
    """Listen on a port, and answer whoever comes with some bytes, or with silence."""
    server = socket.create_server(("127.0.0.1", 0))
    held = []

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            held.append(client)
            if answer is not None:
                client.recv(64)
                client.sendall(answer)
                client.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()
        for client in held:
            client.close()


@pytest.mark.parametrize(
    "url",
    [
        f"bolt://neo4j:{SECRET}@localhost:7687",
        f"neo4j+s://{SECRET}@host",
        f"bolt://:{SECRET}@localhost",
    ],
)
def test_an_address_with_a_password_is_refused_unread(nobody: None, url: str) -> None:
    assert "NEO4J_PASSWORD" in refusal(url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("bolt://", "HOST"),
        ("bolt://localhost:port", "port"),
        ("bolt://localhost:7687/brains", "NEO4J_DATABASE"),
        ("bolt://[::1", "host"),
        ("bolt://localhost:7687?region=eu", "ends with the port"),
    ],
)
def test_an_address_that_is_none_is_refused(nobody: None, url: str, words: str) -> None:
    assert words in refusal(url)


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
def test_plain_text_over_a_network_is_refused(nobody: None, scheme: str) -> None:
    said = refusal(f"{scheme}://atlas.example:7687")
    assert f"{scheme}+s://" in said
    assert "ATLASDB_INSECURE=1" in said


def test_a_network_said_to_be_safe_is_tried(
    nobody: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATLASDB_INSECURE", "1")
    assert "answer" in refusal("bolt://nowhere.invalid:7687")


@pytest.mark.parametrize("scheme", ["bolt", "neo4j", "bolt+s"])
def test_a_dead_port_is_said_at_once(nobody: None, scheme: str) -> None:
    with listening(None) as port:
        pass
    said = refusal(f"{scheme}://127.0.0.1:{port}")
    assert "No Neo4j server answers" in said
    assert "docker compose up" in said


@pytest.mark.parametrize(
    "answer", [b"", None, b"\x00\x00\x00\x00", b"SSH-2.0-OpenSSH_9.2\r\n", b"\xff" * 9]
)
def test_what_is_no_neo4j_is_said(nobody: None, answer: bytes | None) -> None:
    with listening(answer) as port:
        refusal(f"bolt://127.0.0.1:{port}")


def test_a_web_server_is_said(nobody: None) -> None:
    handler = http.server.BaseHTTPRequestHandler
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            said = refusal(f"bolt://127.0.0.1:{server.server_address[1]}")
        finally:
            server.shutdown()
            thread.join()
    assert "127.0.0.1" in said


def test_the_password_may_lie_in_a_file(
    nobody: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert credentials() is None
    file = tmp_path / "password"
    monkeypatch.setenv("NEO4J_PASSWORD_FILE", str(file))
    with pytest.raises(StoreError, match="NEO4J_PASSWORD_FILE"):
        credentials()
    file.write_text("  p ä\n", encoding="utf-8")
    assert credentials() == ("neo4j", "  p ä")
    monkeypatch.setenv("NEO4J_USERNAME", "lab")
    monkeypatch.setenv("NEO4J_PASSWORD", "first")
    assert credentials() == ("lab", "first")


@pytest.mark.neo4j
def test_a_wrong_password_is_tried_once(
    neo4j_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", SECRET)
    assert "refuses the user name or the password" in refusal(neo4j_url)
    monkeypatch.delenv("NEO4J_PASSWORD")
    assert "NEO4J_PASSWORD" in refusal(neo4j_url)


@pytest.mark.neo4j
def test_a_database_that_is_not_there_is_said(
    neo4j_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEO4J_DATABASE", "brains")
    assert "'brains'" in refusal(neo4j_url)


@pytest.mark.neo4j
def test_a_graph_of_a_newer_atlasdb_is_refused(
    neo4j_url: str, neo4j_driver: neo4j.Driver
) -> None:
    neo4j_driver.execute_query("CREATE (:Meta {id: 'atlas', schema_version: 999})")
    try:
        assert "newer atlasdb" in refusal(neo4j_url)
    finally:
        neo4j_driver.execute_query("MATCH (m:Meta) DELETE m")


@pytest.mark.neo4j
def test_the_server_gets_constraints_and_indexes(
    server: Neo4jStore, neo4j_driver: neo4j.Driver
) -> None:
    server.apply(Batch(), applied=1)
    found = neo4j_driver.execute_query(
        "SHOW INDEXES YIELD labelsOrTypes, properties, owningConstraint, state "
        "WHERE labelsOrTypes IS NOT NULL"
    )
    states = {
        (*row["labelsOrTypes"], *row["properties"]): row["state"]
        for row in found.records
    }
    assert {states.get(place) for place in statements()} == {"ONLINE"}


@pytest.mark.neo4j
def test_what_others_keep_on_the_server_stays(
    server: Neo4jStore, neo4j_driver: neo4j.Driver
) -> None:
    neo4j_driver.execute_query("CREATE (:Telescope {id: 'hubble'})")
    try:
        server.apply(regions("a", "b"), applied=1)
        server.clear()
        found = neo4j_driver.execute_query("MATCH (n) RETURN labels(n) AS labels")
        assert [row["labels"] for row in found.records] == [["Telescope"]]
    finally:
        neo4j_driver.execute_query("MATCH (n:Telescope) DETACH DELETE n")


@pytest.mark.neo4j
def test_nothing_is_printed_about_unknown_names(
    server: Neo4jStore,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG, logger="neo4j.notifications")
    text = "MATCH (n:Nope) WHERE n.never = 1 RETURN id(n) AS n"
    assert server.read(text, {}, trusted=True).num_rows == 0
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


@pytest.mark.neo4j
def test_an_answer_that_takes_too_long_is_cut(server: Neo4jStore) -> None:
    text = (
        "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b "
        "RETURN count(a + b) AS n"
    )
    start = time.monotonic()
    with pytest.raises(StoreError, match=r"longer than 0\.5 s"):
        server.read(text, {}, timeout_s=0.5, trusted=True)
    assert time.monotonic() - start < 5
    assert server.read("RETURN 1 AS n", {}).to_pylist() == [{"n": 1}]


@pytest.mark.neo4j
@pytest.mark.parametrize(
    "text",
    [
        "CALL dbms.listConfig() YIELD name RETURN name",
        "CALL db.createLabel('X')",
        "SHOW USERS",
        "SHOW TRANSACTIONS",
        "LOAD CSV FROM 'http://127.0.0.1:1/x' AS line RETURN line",
        "CREATE INDEX nope FOR (n:Region) ON (n.area)",
        "MATCH (n) CALL (n) { DELETE n } IN TRANSACTIONS",
        "CALL { CREATE (:X) } RETURN 1 AS n",
        "FOREACH (x IN [1] | CREATE (:X))",
        "/* RETURN 1 */ CREATE (:X) // RETURN 1",
        "EXPLAIN CREATE (:X)",
        "PROFILE CREATE (:X)",
        "TERMINATE TRANSACTION 'neo4j-transaction-1' YIELD message RETURN message",
    ],
)
def test_only_questions_reach_the_graph(
    server: Neo4jStore, neo4j_driver: neo4j.Driver, text: str
) -> None:
    with pytest.raises(InvalidDataError) as caught:
        server.read(text, {})
    assert len(str(caught.value).splitlines()) == 1
    # What the guard lets pass, the server's own word and its read mode must hold.
    with pytest.raises(InvalidDataError):
        server._refuse_changes(text, {})
    found = neo4j_driver.execute_query("MATCH (n:X) RETURN count(n) AS n")
    assert found.records[0]["n"] == 0


@pytest.mark.neo4j
def test_even_trusted_text_cannot_write_when_it_reads(server: Neo4jStore) -> None:
    with pytest.raises(InvalidDataError, match="--write"):
        server.read("CREATE (n:Region {id: 'x'}) RETURN n.id AS id", {}, trusted=True)


@pytest.mark.neo4j
def test_an_error_in_a_text_is_placed_in_it(server: Neo4jStore) -> None:
    with pytest.raises(InvalidDataError, match=r"line 1, column 28"):
        server._refuse_changes("MATCH (n:Region) RETURN 1 +", {})


@pytest.mark.neo4j
def test_half_a_big_batch_is_never_seen(
    server: Neo4jStore, neo4j_driver: neo4j.Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "ONE_TRANSACTION", 10)
    monkeypatch.setattr(loading, "BIG", 4)
    monkeypatch.setattr(unwind, "CHUNK", 4)
    seen: list[Mapping[str, Any]] = []
    question = (
        "MATCH (g:Connectome) WHERE g.is_current = true "
        "OPTIONAL MATCH (g)-[:HAS_REGION]->(:Region)-[c:CONNECTS_TO]->(:Region) "
        "RETURN g.id AS id, count(c) AS n"
    )
    write = server._write

    def watched(work: Any) -> Any:
        done = write(work)
        seen.extend(row.data() for row in neo4j_driver.execute_query(question).records)
        return done

    monkeypatch.setattr(server, "_write", watched)
    batch = connectomes(3)
    server.apply(batch, applied=1)
    assert len(seen) == 3
    assert {row["n"] for row in seen} == {12}
    first = [server.nodes(k) for k in batch.nodes] + [
        server.edges(k) for k in batch.edges
    ]
    server.apply(batch, applied=1)
    again = [server.nodes(k) for k in batch.nodes] + [
        server.edges(k) for k in batch.edges
    ]
    assert first == again
    assert [table.num_rows for table in first] == [3, 12, 12, 36]


@pytest.mark.neo4j
def test_a_big_batch_that_was_cut_short_is_finished_by_the_next(
    server: Neo4jStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "ONE_TRANSACTION", 10)
    monkeypatch.setattr(loading, "BIG", 4)
    monkeypatch.setattr(unwind, "CHUNK", 4)
    batch = connectomes(3)
    write = server._write
    for stop in range(1, 30):
        server.clear()
        left = [stop]

        def failing(work: Any, left: list[int] = left) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise StoreError("the line is cut")
            return write(work)

        monkeypatch.setattr(server, "_write", failing)
        done = False
        try:
            server.apply(batch, applied=1)
            done = True
        except StoreError:
            assert server.applied() == 0
            held = server.nodes("Connectome")
            assert True not in held["is_current"].to_pylist()
        monkeypatch.setattr(server, "_write", write)
        server.apply(batch, applied=1)
        assert server.edges(JOINS).num_rows == 36
        assert server.nodes("Connectome")["is_current"].to_pylist() == [True] * 3
        if done:
            break
    assert stop > 5


@pytest.mark.neo4j
def test_a_server_that_ends_is_said(
    neo4j_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atlasdb.store.server.RETRY_S", 0.5)
    with relay(neo4j_url) as (url, cut):
        store = open_store(url)
        store.apply(regions("a"), applied=1)
        cut()
        for ask in (
            lambda: store.read("RETURN 1 AS n", {}),
            lambda: store.apply(regions("b"), applied=2),
        ):
            with pytest.raises(AtlasError, match="answer") as caught:
                ask()
            assert len(str(caught.value).splitlines()) == 1
        store.close()


def regions(*ids: str) -> Batch:
    return Batch(nodes={"Region": pa.table({"id": list(ids)})})


def connectomes(n: int) -> Batch:
    """Give connectomes of four regions each, with all twelve connections."""
    batch = Batch()
    graphs = [f"g{i}" for i in range(n)]
    batch.add_nodes("Connectome", {"id": graphs, "is_current": [True] * n})
    ids = [f"{graph}/{i}" for graph in graphs for i in range(4)]
    owners = [graph for graph in graphs for _ in range(4)]
    batch.add_nodes("Region", {"id": ids, "connectome": owners})
    ends = {"source": owners, "target": ids}
    batch.add_edges("HAS_REGION", "Connectome", "Region", ends)
    pairs = [
        (f"{graph}/{i}", f"{graph}/{j}")
        for graph in graphs
        for i in range(4)
        for j in range(4)
        if i != j
    ]
    ends = {"source": [a for a, _ in pairs], "target": [b for _, b in pairs]}
    weights = {"weight": [0.5] * len(pairs)}
    batch.add_edges("CONNECTS_TO", "Region", "Region", ends | weights)
    return batch


@contextmanager
def relay(url: str) -> Iterator[tuple[str, Any]]:
    """Stand between client and server; the second value cuts every line."""
    host, _, port = url.rpartition("//")[2].partition(":")
    server = socket.create_server(("127.0.0.1", 0))
    lines: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def pump(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            far = socket.create_connection((host, int(port)))
            lines.extend((client, far))
            for pair in ((client, far), (far, client)):
                threads.append(threading.Thread(target=pump, args=pair))
                threads[-1].start()

    def cut() -> None:
        for line in (server, *lines):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    accepting = threading.Thread(target=serve)
    accepting.start()
    try:
        yield f"bolt://127.0.0.1:{server.getsockname()[1]}", cut
    finally:
        cut()
        accepting.join()
        for thread in threads:
            thread.join()
