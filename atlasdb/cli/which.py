"""Options that say which connectomes, where people have several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def names(_: click.Context, __: click.Parameter, value: str) -> tuple[str, ...]:
    """Take a list with commas apart."""
    return tuple(name.strip() for name in value.split(",") if name.strip())


def which_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, in the order of its help."""
    help_ = "Which connectomes, where people have several."
    options = [
        click.option(f"--{name}", help=help_)
        for name in ("modality", "session", "task", "parcellation", "method")
    ]
    options += [
        click.option(
            "--quantity",
            type=click.Choice(("weight", "value")),
            default="weight",
            show_default=True,
            help="Directed strength, or signed estimate (correlations as Fisher's z).",
        ),
        click.option(
            "--allow-mixed",
            is_flag=True,
            help="Take connectomes that were not made the same way.",
        ),
        click.option(
            "--allow-confounded",
            is_flag=True,
            help="Go on where all people of a cohort come from a site of their own.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command
