"""The compose file: a server for this machine alone, with a password of one's own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FILE = Path(__file__).parents[1] / "docker-compose.yml"


def command() -> list[str]:
    """Give the compose command of this machine; skip where there is none."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    if shutil.which("docker"):
        probe = ["docker", "compose", "version"]
        if subprocess.run(probe, capture_output=True).returncode == 0:
            return probe[:2]
    pytest.skip("no docker compose on this machine")


def compose(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("NEO4J_")}
    return subprocess.run(
        [*command(), "-f", str(FILE), *words],
        capture_output=True,
        text=True,
        env=env | environment,
    )


def test_only_this_machine_can_reach_the_server() -> None:
    ports = re.findall(r'^ +- "([\d.:]+)"$', FILE.read_text(), re.MULTILINE)
    assert ports == ["127.0.0.1:7687:7687"]


def test_the_password_is_never_in_the_file() -> None:
    (auth,) = re.findall(r"NEO4J_AUTH: (.*)", FILE.read_text())
    assert auth.startswith('"neo4j/${NEO4J_PASSWORD:?')


def test_it_fails_with_a_message_without_a_password() -> None:
    done = compose("config")
    assert done.returncode != 0
    assert "set NEO4J_PASSWORD" in done.stdout + done.stderr


def test_it_is_a_compose_file() -> None:
    done = compose("config", NEO4J_PASSWORD="long-enough")
    assert done.returncode == 0, done.stderr
    assert "neo4j/long-enough" in done.stdout
