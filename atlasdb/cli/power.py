"""``atlasdb power``: how many people an effect needs, what effect people can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from atlasdb.cli import Session
from atlasdb.cli.asking import (
    alpha_option,
    alternative_option,
    device_option,
    permutations_option,
    phenotypes_option,
    seed_option,
)
from atlasdb.cli.bar import permutation_bar
from atlasdb.cli.output import format_option, show
from atlasdb.cli.which import names as separated
from atlasdb.cli.which import which_options

if TYPE_CHECKING:
    import pandas as pd

_ANYWHERE = ("names", "effect", "alpha", "output_format")
_WITHOUT_ATLAS = ("people", "connections")
_EXAMPLES = """\b
atlasdb power --effect 0.8 --connections 9900
atlasdb power patients controls --test nbs --effect 0.6
"""


@click.command(epilog=_EXAMPLES)
@click.argument("names", nargs=-1, metavar="[COHORT COHORT]")
@click.option("--effect", type=float, help="Difference, in standard deviations.")
@click.option(
    "--people",
    type=(click.IntRange(min=3), click.IntRange(min=3)),
    metavar="N N",
    help="People in each of the two groups.",
)
@click.option(
    "--connections",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="So many connections are tested; Bonferroni's correction is reckoned with.",
)
@alpha_option("Level of the two-sided test, or family-wise error of networks.")
@click.option(
    "--test",
    type=click.Choice(("edge", "nbs")),
    default="edge",
    show_default=True,
    help="Of cohorts: single connections, or components (network-based statistic).",
)
@click.option(
    "--edges",
    type=click.IntRange(min=1),
    default=12,
    show_default=True,
    help="Of --test nbs: connections that hang together and all differ.",
)
@click.option(
    "--threshold",
    type=float,
    help="Of --test nbs, in t.  [default: chance passes one connection for 5 areas]",
)
@alternative_option("--test nbs")
@click.option(
    "--covariates",
    default="",
    callback=separated,
    metavar="NAMES",
    help="Of cohorts: what will be held constant, with commas: age,sex.",
)
@click.option("--by", help="Groups by this property of people, not by cohort.")
@phenotypes_option("--covariates or --by")
@permutations_option(
    "Of --test nbs: shuffles that say how large components get by chance.", 1000
)
@seed_option
@device_option
@which_options
@format_option
@click.pass_context
def power(
    ctx: click.Context, /, names: tuple[str, ...], output_format: str, **asked: Any
) -> None:
    """Say how many people an effect needs, or what effect people can show.

    Without cohorts: of two groups that are compared connection by connection. With
    --effect, the people that each group needs; with --people, the difference that they
    show in 8 of 10 studies; with both, the share of studies that see it.

    Of two cohorts of the atlas: the difference that a comparison of these people sees
    in 8 of 10 studies, and with --effect the share that sees it, and the people that 8
    of 10 need. Networks are reckoned with the cohorts' own connectomes.
    """
    given = {
        name
        for name in ctx.params
        if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
    if names:
        _refuse(given & set(_WITHOUT_ATLAS), "with cohorts, which say it")
        if asked["test"] != "nbs":
            networks = {"edges", "threshold", "alternative"}
            networks |= {"permutations", "seed", "device"}
            _refuse(given & networks, "without --test nbs")
        frame = _of_cohorts(ctx.obj, names, asked)
    else:
        _refuse(given - {*_ANYWHERE, *_WITHOUT_ATLAS}, "without cohorts")
        numbers = ("effect", "people", "connections", "alpha")
        frame = _of_numbers(**{name: asked[name] for name in numbers})
    show(frame, output_format)


def _refuse(names: set[str], why: str) -> None:
    if names:
        option = sorted(names)[0].replace("_", "-")
        raise click.UsageError(f"--{option} means nothing {why}.")


def _of_cohorts(
    opened: Session, names: tuple[str, ...], asked: dict[str, Any]
) -> pd.DataFrame:
    question = {k: v for k, v in asked.items() if k not in _WITHOUT_ATLAS}
    with opened.open(read_only=True) as atlas, permutation_bar() as progress:
        frame = atlas.power(*names, progress=progress, **question)
    for line in frame.attrs["notes"]:
        click.echo(line, err=True)
    return frame


def _of_numbers(
    effect: float | None,
    people: tuple[int, int] | None,
    connections: int,
    alpha: float,
) -> pd.DataFrame:
    import pandas as pd

    from atlasdb.cohorts import power as reckoned

    if effect is None and people is None:
        raise click.UsageError("Give --effect, --people, both, or two cohorts.")
    level = alpha / connections
    row: dict[str, float | int] = {"connections": connections, "alpha": alpha}
    if effect is not None:
        row["effect"] = effect
    if people is not None:
        row |= {"n_a": people[0], "n_b": people[1]}
    if effect is not None and people is not None:
        row["power"] = reckoned.power(abs(effect), *people, alpha=level)
    elif people is not None:
        row["detectable_effect"] = reckoned.detectable_effect(*people, alpha=level)
    elif effect is not None:
        row["people_per_group"] = reckoned.people_needed(effect, alpha=level)
    return pd.DataFrame([row])
