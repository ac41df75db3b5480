"""``atlasdb power``: how many people an effect needs, what effect people can show."""

from __future__ import annotations

import click

from atlasdb.cli.output import format_option, show


@click.command()
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
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="Level of the two-sided test.",
)
@format_option
def power(
    effect: float | None,
    people: tuple[int, int] | None,
    connections: int,
    alpha: float,
    output_format: str,
) -> None:
    """Say how many people an effect needs, or what effect people can show.

    Of two groups that are compared connection by connection. With --effect, the people
    that each group needs; with --people, the difference that they show in 8 of 10
    studies; with both, the share of studies that see it.

    Example: atlasdb power --effect 0.8 --connections 9900
    """
    import pandas as pd

    from atlasdb.cohorts import power as reckoned

    if effect is None and people is None:
        raise click.UsageError("Give --effect, --people, or both.")
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
    show(pd.DataFrame([row]), output_format)
