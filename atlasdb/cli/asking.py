"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

SEED: Final = click.IntRange(0, 2**32 - 1)
"""What every generator of random numbers takes: numpy's, torch's and scikit-learn's."""
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def phenotypes_option(used_by: str) -> Decorator:
    """Add the table of what is known of people, with the options that use it."""
    return click.option(
        "--phenotypes",
        type=click.Path(dir_okay=False, path_type=Path),
        help=f"Table with participant_id and columns for {used_by}.",
    )


def alternative_option(of: str) -> Decorator:
    """Add the direction of a difference, with the tests that have one."""
    return click.option(
        "--alternative",
        type=click.Choice(("two-sided", "greater", "less")),
        default="two-sided",
        show_default=True,
        help=f"Of {of}: greater is more in the first cohort.",
    )


def permutations_option(help_: str, default: int | None, fewest: int = 1) -> Decorator:
    """Add how many shuffles there are."""
    return click.option(
        "--permutations",
        type=click.IntRange(min=fewest),
        default=default,
        show_default=default is not None,
        help=help_,
    )


def seed_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what random numbers come from."""
    return click.option(
        "--seed", type=SEED, default=0, show_default=True, help="Random seed."
    )(command)


def alpha_option(help_: str) -> Decorator:
    """Add the level of a test."""
    return click.option(
        "--alpha",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        default=0.05,
        show_default=True,
        help=help_,
    )


def device_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add where permutations are computed."""
    option = click.option(
        "--device",
        default="auto",
        show_default=True,
        help="Where permutations are computed: auto, cpu, cuda or mps.",
    )
    return option(command)
