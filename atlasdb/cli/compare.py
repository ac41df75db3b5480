"""``atlasdb compare``: patients against controls."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

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


MOST = 0.8
"""What survives in this share of the analyses does not hang on the choice."""


_EXAMPLES = """\b
atlasdb compare patients controls --covariates age,sex
atlasdb compare patients controls --test nbs --alternative less
atlasdb compare sub-01 controls
atlasdb compare mice --by sex
atlasdb compare patients --score updrs --phenotypes updrs.tsv
atlasdb compare patients --sessions before,after
"""


def _choice(*names: str) -> click.Choice[str]:
    return click.Choice(names)


@click.command(epilog=_EXAMPLES)
@click.argument("names", nargs=-1, required=True, metavar="COHORT [COHORT]...")
@click.option(
    "--test",
    type=_choice("edge", "nbs", "tfce", "node", "global"),
    default="edge",
    show_default=True,
    help="Each connection; components of connections (network-based statistic); each "
    "connection helped by its neighbours; measures of areas; of whole connectomes.",
)
@click.option(
    "--statistic",
    type=_choice("moderated", "welch", "glm", "permutation", "rank"),
    help="Of single tests: moderated takes the variances of all connections together, "
    "on the scale where weights are least skewed.  [default: moderated]",
)
@click.option(
    "--correct",
    type=_choice("fdr", "by", "fwe"),
    help="False discovery rate (Benjamini-Hochberg, or -Yekutieli), or family-wise "
    "error by the largest statistic of every permutation.  [default: fdr; fwe for "
    "permutations and networks]",
)
@click.option(
    "--covariates",
    default="",
    callback=separated,
    metavar="NAMES",
    help="What to hold constant, with commas: age,sex,site,motion.",
)
@click.option("--by", help="Groups by this property of people, not by cohort.")
@click.option("--score", help="Correlate with this number that people have.")
@click.option(
    "--sessions",
    default="",
    callback=separated,
    metavar="NAMES",
    help="Compare these sessions within people, with commas.",
)
@phenotypes_option("--covariates, --by or --score")
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    help="Measure for --test node or global, may be repeated.  [default: all]",
)
@alternative_option("networks")
@click.option(
    "--threshold",
    type=float,
    help="Of --test nbs, in t or F.  [default: chance passes one connection for 5 "
    "areas]",
)
@click.option(
    "--size",
    type=_choice("extent", "intensity"),
    default="extent",
    show_default=True,
    help="Of components: how many connections, or how far beyond the threshold.",
)
@permutations_option("How many, where there are any.  [default: 5000]", None)
@seed_option
@device_option
@alpha_option("Rate of false discoveries, or family-wise error.")
@click.option(
    "--harmonise",
    type=_choice("controls", "everybody"),
    help="Take sites out (ComBat), estimated on the last cohort or on everybody.",
)
@click.option(
    "--multiverse",
    is_flag=True,
    help="Compare in every stored variant of the connectomes (parcellations, "
    "estimators, denoisings), and say in what share each difference survives.",
)
@which_options
@format_option
@click.pass_obj
def compare(
    opened: Session,
    /,
    names: tuple[str, ...],
    output_format: str,
    **question: Any,
) -> None:
    """Compare cohorts: patients first, controls last.

    Lists what differs after the correction; none is an answer. The whole result stays
    in the atlas as a Contrast. With a subject in the place of the patients, lists where
    this person is most unusual among the controls.
    """
    with opened.open() as atlas, permutation_bar() as progress:
        frame = atlas.compare(*names, progress=progress, **question)
    said = {str(k): v for k, v in frame.attrs.items()}
    for line in survived(frame, said) if question["multiverse"] else summary(said):
        click.echo(line, err=True)
    show(frame, output_format)


def summary(said: dict[str, Any]) -> list[str]:
    """Say in words what was asked, found, and could have been found."""
    lines = list(said["notes"])
    who = ", ".join(
        f"{n} {name}" for n, name in zip(said["n"], said["groups"], strict=False)
    )
    if said["question"] == "score":
        who = f"{said['n'][0]} people by {said['groups'][1]}"
    elif said["question"] == "sessions":
        who = f"{said['n'][0]} people in {' and '.join(said['groups'])}"
    elif said["question"] == "patient":
        who = f"{said['groups'][0]} against {said['n'][1]} {said['groups'][1]}"
    what = {"edges": "connections", "nodes": "measures of areas", "global": "measures"}
    tested = f"{said['n_tested']} {what[said['what']]}"
    n, alpha = said["n_significant"], said["alpha"]
    smallest = f"smallest {'p' if said['correct'] == 'fwe' else 'q'}"
    smallest += f" {said['smallest']:.3g}"
    family = said["correct"] == "fwe"
    rate = f"{'family-wise p' if family else 'q'} < {alpha:g}"
    if said["threshold"] is not None:
        lines.append(
            f"{n} of {said['n_components']} components differ at {rate} ({who}; "
            f"{tested}, threshold {said['threshold']:.2f}); the largest has "
            f"{said['largest']} connections, {smallest}."
        )
    else:
        lines.append(f"{n} of {tested} differ at {rate} ({who}); {smallest}.")
    lines.append(_could(said))
    return lines


def survived(frame: pd.DataFrame, said: dict[str, Any]) -> list[str]:
    """Say in words what survived in how many analyses."""
    lines = list(said["notes"])
    for name, n, n_tested in said["variants"]:
        lines.append(f"{n} of {n_tested} connections differ with {name}.")
    n_most = int((frame["share"] >= MOST).sum())
    lines.append(
        f"{n_most} differences survive in {MOST:.0%} or more of "
        f"{len(said['variants'])} analyses, {len(frame)} in one or more. Ask again: "
        f"atlasdb query robust-differences --multiverse {said['multiverse']}"
    )
    return lines


def _kind(said: dict[str, Any]) -> str:
    """Say in what the size of a difference is told."""
    if said["question"] in ("score", "patient"):
        return str(said["question"])
    return "several" if len(said["groups"]) > 2 else "two"


_SIZES = {
    "two": "a difference of {:.2f} standard deviations",
    "several": "a share of {:.2f} of the variance",
    "score": "a partial correlation of {:.2f}",
    "patient": "a deviation of {:.2f} standard deviations of the controls",
}


def _could(said: dict[str, Any]) -> str:
    """Say how large a difference these people could have shown."""
    planted = said["detectable_component"]
    if planted is not None:
        if math.isinf(planted):
            return (
                f"At this threshold {said['planted']} connections that hang together "
                "would not be told from chance, however much they differ. Raise it."
            )
        each = _SIZES[_kind(said)].format(planted)
        return (
            f"With these people {said['planted']} connections that hang together are "
            f"seen in 8 of 10 studies where each shows {each}."
        )
    effect = said["detectable_effect"]
    size = _SIZES[_kind(said)].format(effect)
    return (
        f"With these people {size} at a single one is seen in 8 of 10 "
        "studies after Bonferroni's correction."
    )
