"""The README says what is so: its commands exist, its catalogue is up to date."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from atlasdb import catalog
from atlasdb.cli import main

README = Path(__file__).parents[1] / "README.md"
TEXT = README.read_text(encoding="utf-8")
JOINED = re.sub(r"\\\n\s*", "", TEXT)
LINES = [
    re.sub(r"\s+(#|>).*", "", line)
    for line in re.findall(r"^\$ (atlasdb .+)", JOINED, re.MULTILINE)
]


def test_there_are_commands_to_look_at() -> None:
    assert len(LINES) >= 12


@pytest.mark.parametrize("line", LINES)
def test_every_command_line_is_understood(line: str, tmp_path: Path) -> None:
    args = shlex.split(line.replace("/data/bids", str(tmp_path)))[1:]
    if args[0] == "--atlas":
        args = args[2:]
    command: click.Command = main
    context = click.Context(command, info_name="atlasdb")
    while isinstance(command, click.Group):
        name, found, args = command.resolve_command(context, args)
        assert found is not None
        command, context = found, click.Context(found, info_name=name, parent=context)
    command.parse_args(context, list(args))


@pytest.mark.parametrize("page", ["README.md", "docs/graph.md"])
def test_what_is_made_from_the_code_is_up_to_date(page: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", page],
        cwd=README.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_question_has_a_row() -> None:
    for name in catalog.names():
        assert f"| `{name}` |" in TEXT


def test_the_python_in_it_is_python() -> None:
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        compile(block, "README.md", "exec")


def test_every_page_it_leads_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (README.parent / target).exists(), target
