"""``atlasdb cypher``: questions of one's own."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from atlasdb.cli import Session
from atlasdb.cli.output import format_option, show


@click.command()
@click.argument("text")
@click.option(
    "-p",
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Value of $NAME in the text: JSON, or else a string.",
)
@click.option(
    "--write",
    is_flag=True,
    help="Allow annotations to be changed; kept in the journal.",
)
@click.option(
    "--timeout",
    default=60.0,
    show_default=True,
    help="Give up after so many seconds.",
)
@format_option
@click.pass_obj
def cypher(
    session: Session,
    text: str,
    parameters: tuple[str, ...],
    write: bool,
    timeout: float,
    output_format: str,
) -> None:
    """Ask in Cypher of your own; TEXT may be - for standard input.

    Reads only, within what both stores answer alike; what is not is refused with the
    reason.

    Example: atlasdb cypher "MATCH (s:Subject) RETURN count(s) AS n"
    """
    if text == "-":
        text = sys.stdin.read()
    values = dict(_parameter(p) for p in parameters)
    with session.open(read_only=not write) as atlas:
        frame = atlas.cypher(text, values, write=write, timeout_s=timeout)
    show(frame, output_format)


def _parameter(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise click.UsageError(f"'{text}' is not NAME=VALUE.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
