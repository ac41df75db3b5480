"""``atlasdb predict``: a score, or which group, of people held out."""

from __future__ import annotations

from typing import Any

import click

from atlasdb.cli import Session
from atlasdb.cli.asking import permutations_option, phenotypes_option, seed_option
from atlasdb.cli.bar import permutation_bar
from atlasdb.cli.output import format_option, show
from atlasdb.cli.which import names as separated
from atlasdb.cli.which import which_options

_EXAMPLES = """\b
atlasdb predict controls --score age --confounds sex,motion
atlasdb predict patients controls --confounds age,sex --model cpm
atlasdb predict patients --score updrs --phenotypes updrs.tsv
"""


@click.command(epilog=_EXAMPLES)
@click.argument("names", nargs=-1, required=True, metavar="COHORT [COHORT]...")
@click.option("--score", help="Predict this number that people have: age, a severity.")
@click.option("--by", help="Predict this property of two values, not the cohort.")
@click.option(
    "--model",
    type=click.Choice(("ridge", "cpm")),
    default="ridge",
    show_default=True,
    help="All connections with small weights; or sums over those that go with the "
    "score (connectome-based predictive modelling).",
)
@click.option(
    "--confounds",
    default="",
    callback=separated,
    metavar="NAMES",
    help="What to regress out inside the folds, with commas: age,sex,motion,site.",
)
@phenotypes_option("--score, --by or --confounds")
@click.option(
    "--folds",
    type=click.IntRange(min=2),
    default=10,
    show_default=True,
    help="Parts of the people, each predicted by the others.",
)
@click.option(
    "--repeats",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="How often people are dealt out anew.",
)
@permutations_option("Exchanges of people, for p; 0 gives none.", 1000, fewest=0)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.01,
    show_default=True,
    help="cpm: p below which a connection is chosen. ridge: share of the connections "
    "that are listed as those that it leans on.",
)
@seed_option
@which_options
@format_option
@click.pass_obj
def predict(
    opened: Session, /, names: tuple[str, ...], output_format: str, **asked: Any
) -> None:
    """Predict a score, or which of two cohorts, of people held out.

    Everything is learned on other people than it is tested on, confounds too. Beside
    the model stand the confounds alone and the mean of others; r and r2 of each row are
    of what the row below leaves. The result stays in the atlas as a Prediction.
    """
    with opened.open() as atlas, permutation_bar() as progress:
        frame = atlas.predict(*names, progress=progress, **asked)
    for line in summary({str(k): v for k, v in frame.attrs.items()}):
        click.echo(line, err=True)
    show(frame, output_format)


def summary(said: dict[str, Any]) -> list[str]:
    """Say in words what was predicted, of whom, and where the connections are."""
    lines = list(said["notes"])
    first, second = said["groups"]
    if said["target"] == "groups":
        what = f"{said['n'][0]} {first} against {said['n'][1]} {second}"
    else:
        what = f"{second} of {said['n'][0]} people of {first}"
    lines.append(
        f"Predicted: {what}, in {said['n_folds']} folds dealt {said['n_repeats']} "
        f"times, with {said['n_permutations']} permutations."
    )
    if said["n_often"]:
        lines.append(
            f"{said['n_often']} connections were chosen in at least half of the folds: "
            f"atlasdb query predictive-connections --prediction {said['prediction']}"
        )
    else:
        lines.append("No connection was chosen in half of the folds.")
    return lines
