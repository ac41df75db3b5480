"""``atlasdb pool``: one connectome of a cohort."""

from __future__ import annotations

import click

from atlasdb.cli import Session
from atlasdb.cli.output import format_option, show


@click.command()
@click.argument("cohort")
@click.option("--modality", help="Which connectomes, where people have several.")
@click.option(
    "--allow-mixed",
    is_flag=True,
    help="Pool connectomes that were not made the same way.",
)
@format_option
@click.pass_obj
def pool(
    session: Session,
    cohort: str,
    modality: str | None,
    allow_mixed: bool,
    output_format: str,
) -> None:
    """Make one connectome of what the people of a cohort have in common.

    Probabilities have the mean log-odds of the people's own. The connectome stays in
    the atlas; 'atlasdb query cohort-connections' asks for its connections.

    Example: atlasdb pool controls
    """
    with session.open() as atlas:
        found = atlas.pool(cohort, modality=modality, allow_mixed=allow_mixed)
        frame = atlas.query(
            "cohort-connections", cohort=cohort, modality=found.properties["modality"]
        )
    said = found.properties
    click.echo(
        f"{said['n_supported']} of {said['n_tested']} connections are supported -> "
        f"{found.id}",
        err=True,
    )
    show(frame, output_format)
