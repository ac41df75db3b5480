"""``atlasdb classify``: tell cohorts or conditions apart."""

from __future__ import annotations

import click

from atlasdb.cli import Session
from atlasdb.cli.asking import seed_option
from atlasdb.cli.output import format_option, show


def _two(
    ctx: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[str, str] | None:
    """Read ``A,B``."""
    if value is None:
        return None
    names = [name.strip() for name in value.split(",")]
    if len(names) != 2 or not all(names):
        raise click.BadParameter("give two conditions with a comma: face,house.")
    return names[0], names[1]


@click.command()
@click.argument("cohorts", nargs=-1, required=True, metavar="COHORT...")
@click.option("--modality", help="Which recordings, where people have several kinds.")
@click.option(
    "--condition",
    callback=_two,
    metavar="A,B",
    help="Tell these two conditions apart, within the people of one cohort or two.",
)
@click.option(
    "--folds",
    type=click.IntRange(min=2),
    default=5,
    show_default=True,
    help="Parts of the people, each tested on once.",
)
@click.option(
    "--permutations",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="Shuffles of the labels, for p; the network gets fewer with many people.",
)
@seed_option
@click.option(
    "--device", default="auto", show_default=True, help="auto, cpu, cuda or mps."
)
@click.option(
    "--allow-confounded",
    is_flag=True,
    help="Go on where the cohorts come from different sites.",
)
@format_option
@click.pass_obj
def command(
    session: Session,
    cohorts: tuple[str, ...],
    modality: str | None,
    condition: tuple[str, str] | None,
    folds: int,
    permutations: int,
    seed: int,
    device: str,
    allow_confounded: bool,
    output_format: str,
) -> None:
    """Tell two cohorts apart, or two conditions, on people not seen in training.

    Trains a small network and a plain baseline on the same folds, and says whether
    the network is better. To tell people apart is not to explain them, and with few
    people even the interval of the AUC is wide. The result stays in the atlas.

    Example: atlasdb classify patients controls
    """
    from atlasdb_ingest.supervised.classify import classify

    with session.open() as atlas:
        frame = classify(
            atlas,
            *cohorts,
            condition=condition,
            modality=modality,
            folds=folds,
            permutations=permutations,
            seed=seed,
            device=device,
            allow_confounded=allow_confounded,
        )
    for line in (*frame.attrs["notes"], frame.attrs["verdict"]):
        click.echo(line, err=True)
    show(frame, output_format)
