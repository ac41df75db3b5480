"""Start a throw-away Neo4j 5.26 Community server on loopback, and wait.

``python tests/neo4j_server/start.py`` prints the lines that point atlasdb and its
tests at the server, then waits for Ctrl-C. The server is a container where a Docker
daemon has or gets the image, else a Java process made from Maven artifacts: about
30 s for the jars, once, and 10 s to start. Nothing of it stays but the jars.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
IMAGE = os.environ.get("ATLASDB_TEST_NEO4J_IMAGE", "neo4j:5.26-community")
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
FETCH_S, PULL_S, START_S = 600, 120, 120
CONF = """\
server.default_listen_address=127.0.0.1
server.bolt.enabled=true
server.bolt.listen_address=127.0.0.1:{port}
server.bolt.advertised_address=127.0.0.1:{port}
server.http.enabled=false
server.https.enabled=false
dbms.security.auth_enabled=true
dbms.usage_report.enabled=false
dbms.security.allow_csv_import_from_file_urls=false
server.directories.data={home}/data
server.directories.logs={home}/logs
server.directories.run={home}/run
server.directories.import={home}/import
server.directories.plugins={home}/plugins
server.directories.lib={jars}
server.memory.heap.max_size={heap}
server.memory.pagecache.size=128m
db.tx_log.preallocate=false
db.tx_log.rotation.retention_policy=keep_none
"""


Server = tuple[dict[str, str], Callable[[], bool]]
"""The variables that lead to a server, and whether it has ended by itself."""


class Unavailable(Exception):
    """This way of getting a server does not work here; the reason is the message."""


def fetch_jars(cache: Path) -> Path:
    """Give the folder of the server's jars; download them with Maven once."""
    jars = cache / "neo4j-5.26.26"
    if jars.is_dir():
        return jars
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable("Maven (mvn) is not installed")
    cache.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=cache, prefix="part-"))
    try:
        words = [maven, "-B", "-q", "-f", str(HERE / "pom.xml"), COPY]
        words += ["-DincludeScope=runtime", f"-DoutputDirectory={part}"]
        run(words, FETCH_S, "Maven could not fetch the server's jars")
        with suppress(OSError):  # somebody else was faster: theirs is as good
            part.rename(jars)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return jars


def run(words: list[str], timeout_s: float, what: str) -> None:
    """Run a command quietly; what it said is the reason where it fails."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=timeout_s)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{what}: {error}") from error
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise Unavailable(f"{what}: {lines[0] if lines else done.returncode}")


@contextmanager
def from_maven(port: int, heap: str, cache: Path) -> Iterator[Server]:
    """Run the server as a Java process; kill it at the end."""
    java = shutil.which("java", path=f"{os.environ.get('JAVA_HOME', '')}/bin")
    java = java or shutil.which("java")
    if java is None:
        raise Unavailable("Java 17 or 21 is not installed")
    jars = fetch_jars(cache)
    password = secrets.token_urlsafe(18)
    home = Path(tempfile.mkdtemp(prefix="atlasdb-neo4j-"))
    try:
        for folder in ("conf", "data", "logs", "run", "import", "plugins"):
            (home / folder).mkdir()
        conf = CONF.format(port=port, home=home, heap=heap, jars=jars)
        (home / "conf" / "neo4j.conf").write_text(conf)
        os.environ |= {"NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}
        admin = [java, "-Xmx128m", "-cp", f"{jars}/*", f"-Dbasedir={home}"]
        admin += ["org.neo4j.server.startup.Neo4jAdminCommand", "dbms"]
        admin += ["set-initial-password", password]
        run(admin, START_S, "the server's first password could not be set")
        words = [java, f"@{HERE / 'jvm.args'}", f"-Xmx{heap}"]
        words += ["-cp", f"{home}/conf/*:{jars}/*"]
        words += ["org.neo4j.server.CommunityEntryPoint", f"--home-dir={home}"]
        words += [f"--config-dir={home}/conf", "--console-mode"]
        with (home / "logs" / "console.log").open("w") as log:
            server = subprocess.Popen(
                words, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        try:
            wait_for_bolt(port, server, home / "logs" / "console.log")
            env = env_of(f"bolt://127.0.0.1:{port}", password)
            yield env, lambda: server.poll() is not None
        finally:
            server.kill()
            server.wait()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def wait_for_bolt(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the port is open, or the server has ended."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            said = log.read_text(errors="replace").strip().splitlines()[-3:]
            raise Unavailable("the server ended at once: " + " / ".join(said))
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    raise Unavailable(f"the server did not answer within {START_S} s")


@contextmanager
def from_docker(port: int, heap: str, cache: Path) -> Iterator[Server]:
    """Run the server as a container, by testcontainers; remove it at the end."""
    # The reaper is one more image to pull, and this process reaps by itself.
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    try:
        import docker
        from testcontainers.community.neo4j import Neo4jContainer
    except ImportError as error:
        raise Unavailable(f"testcontainers is not installed ({error.name})") from error
    try:
        client = docker.from_env(timeout=10)
        client.ping()
    except Exception as error:
        raise Unavailable(f"no Docker daemon answers ({first_line(error)})") from error
    pull(client)
    password = secrets.token_urlsafe(18)
    container = Neo4jContainer(IMAGE, password=password)
    container.with_env("NEO4J_server_memory_heap_max__size", heap)
    try:
        container.start()
        host, bolt = container.get_container_host_ip(), container.get_exposed_port(7687)
    except Exception as error:
        with suppress(Exception):
            container.stop()
        said = first_line(error)
        raise Unavailable(f"the container did not start ({said})") from error
    try:
        insecure = {}
        try:
            socket.create_connection(("127.0.0.1", int(bolt)), 2).close()
            host = "127.0.0.1"
        except OSError:  # this is a container itself, beside the server's
            insecure["ATLASDB_INSECURE"] = "1"
        yield env_of(f"bolt://{host}:{bolt}", password) | insecure, lambda: False
    finally:
        container.stop()


def pull(client: Any) -> None:
    """Have the image, within a time that a test run can wait."""
    failed: list[Exception] = []

    def get() -> None:
        try:
            client.images.pull(IMAGE)
        except Exception as error:
            failed.append(error)

    with suppress(Exception):
        client.images.get(IMAGE)
        return
    thread = threading.Thread(target=get, daemon=True)
    thread.start()
    thread.join(PULL_S)
    if thread.is_alive():
        raise Unavailable(f"{IMAGE} was not pulled within {PULL_S} s")
    if failed:
        raise Unavailable(f"{IMAGE} cannot be pulled ({first_line(failed[0])})")


def first_line(error: Exception) -> str:
    """Give the first line of an error's message, shortened."""
    return (str(error) or type(error).__name__).splitlines()[0][:160]


def env_of(uri: str, password: str) -> dict[str, str]:
    """Name the variables that point atlasdb and its tests at a server."""
    return {
        "ATLASDB_TEST_NEO4J_URI": uri,
        "NEO4J_USERNAME": "neo4j",
        "NEO4J_PASSWORD": password,
        "NEO4J_DATABASE": "neo4j",
    }


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


WAYS = {"docker": from_docker, "maven": from_maven}


def serve(
    ways: list[str],
    *,
    port: int,
    heap: str,
    ready: Callable[[dict[str, str]], None],
    wait: Callable[[Callable[[], bool]], None],
) -> None:
    """Start a server by the first way that works, say so, and wait.

    Raises
    ------
    Unavailable
        With the reason of each way, if none works.
    """
    from platformdirs import user_cache_path

    reasons = []
    for way in ways:
        started = False
        try:
            with WAYS[way](port, heap, user_cache_path("atlasdb")) as server:
                started = True
                ready(server[0])
                wait(server[1])
                return
        except Unavailable as error:
            if started:
                raise
            reasons.append(f"{way}: {error}")
    raise Unavailable("; ".join(reasons))


def wait_for_signal(watch: int | None, ended: Callable[[], bool]) -> None:
    """Wait for Ctrl-C or a TERM signal, or for the end of the process `watch`.

    Raises
    ------
    Unavailable
        If the server ends first.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(0.2):
        if ended():
            raise Unavailable("somebody stopped it")
        if watch is not None:
            try:
                os.kill(watch, 0)
            except OSError:
                return


def main() -> None:
    """Read the options, start, print how to use it, wait."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--way", choices=WAYS, action="append", help="default: both")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--heap", default="1g", help="memory of the server")
    parser.add_argument("--watch", type=int, help="stop when this process ends")
    parser.add_argument("--state", type=Path, help="write JSON here, not to stdout")
    options = parser.parse_args()

    def tell(answer: dict[str, str]) -> None:
        if options.state:
            part = options.state.with_suffix(".part")
            part.touch(mode=0o600)
            part.write_text(json.dumps(answer))
            part.rename(options.state)
        else:
            for name, value in answer.items():
                print(f"export {name}={value}", flush=True)
            print("# Ctrl-C stops the server and removes its data", flush=True)

    # A signal while the server starts must still remove what was begun.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        serve(
            options.way or list(WAYS),
            port=options.port or free_port(),
            heap=options.heap,
            ready=tell,
            wait=lambda ended: wait_for_signal(options.watch, ended),
        )
    except Unavailable as error:
        if options.state:
            tell({"error": str(error)})
        sys.exit(f"No Neo4j server: {error}.")
    except KeyboardInterrupt:
        sys.exit(1)


if __name__ == "__main__":
    main()
