"""``atlasdb export``: files that other tools read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from atlasdb.cli import Session

_SUBJECT = click.option("--subject", required=True, help="Subject id or label.")
_MODALITY = click.option("--modality", help="Which one, where there are several.")
_CONNECTOME = click.option("--connectome", help="Id of the connectome, to be exact.")
_ANYBODY = click.option("--subject", help="Subject id or label.")
_COHORT = click.option(
    "--cohort", help="What a cohort has in common ('atlasdb pool'), not one person."
)
_FILE = click.argument("path", type=click.Path(path_type=Path), metavar="FILE")


def _which(command: Callable[..., Any]) -> Callable[..., Any]:
    return _SUBJECT(_MODALITY(_CONNECTOME(command)))


@click.group()
def export() -> None:
    """Write connectomes, comparisons and activation maps as files for other tools."""


@export.command()
@_ANYBODY
@_COHORT
@_MODALITY
@_CONNECTOME
@click.option(
    "--glass-brain",
    is_flag=True,
    help="As .png or .svg: the strongest connections in a glass brain, not the matrix.",
)
@_FILE
@click.pass_obj
def connectome(
    session: Session,
    subject: str | None,
    cohort: str | None,
    modality: str | None,
    connectome: str | None,
    glass_brain: bool,
    path: Path,
) -> None:
    r"""Write one connectome: a table, a graph, or a picture.

    By the ending of FILE: .csv; .graphml, .gexf; .png, .svg (its matrix, or a glass
    brain); .html (the strongest connections in 3-D, to turn round without a network).

    \b
    atlasdb export connectome --subject sub-01 connectome.graphml
    atlasdb export connectome --subject sub-01 connectome.html
    atlasdb export connectome --cohort controls --glass-brain controls.png
    """
    from atlasdb.export import export_connectome

    if not (subject or cohort or connectome):
        raise click.UsageError("Say whose: --subject, --cohort or --connectome.")
    with session.open(read_only=True) as atlas:
        found = atlas.connectome(
            subject, cohort=cohort, modality=modality, connectome=connectome
        )
    export_connectome(found, path, glass_brain=glass_brain)
    click.echo(str(path))


@export.command()
@click.argument("contrast", nargs=-1, metavar="[CONTRAST]")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def contrast(session: Session, contrast: tuple[str, ...], folder: Path) -> None:
    r"""Draw one comparison: matrices, volcano plot, brains, components; and its table.

    CONTRAST is its id ('atlasdb query contrasts'), not needed where there is only one.
    FOLDER is filled with those of these files that there is something for:

    \b
    matrices.png      mean of each group and the difference, areas by network
    volcano.png       size of every effect against how sure it is
    glass-brain.png   what is significant, arrows from source to target
    connectome.html   the same in 3-D, to turn round without a network
    component-1.png   each significant component as a ring of areas
    differences.csv   one row for each connection or measure tested

    \b
    atlasdb compare patients controls
    atlasdb export contrast figures
    """
    from atlasdb.export import export_contrast

    if len(contrast) > 1:
        raise click.UsageError(
            f"One comparison and one folder, but there are {len(contrast) + 1} words."
        )
    with session.open(read_only=True) as atlas:
        found = atlas.contrast(*contrast)
    written, left_out = export_contrast(found, folder)
    for name, why in left_out.items():
        click.echo(f"{name} left out: {why}.", err=True)
    for path in written:
        click.echo(str(path))


@export.command()
@_which
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def relmat(
    session: Session,
    subject: str,
    modality: str | None,
    connectome: str | None,
    folder: Path,
) -> None:
    """Write one connectome as a BIDS relation matrix (a draft of the standard).

    Example: atlasdb export relmat --subject sub-01 derivatives/atlasdb
    """
    from atlasdb.export.relmat import to_relmat

    with session.open(read_only=True) as atlas:
        found = atlas.connectome(subject, modality=modality, connectome=connectome)
    click.echo(str(to_relmat(found, folder)))


@export.command()
@_SUBJECT
@click.option("--condition", required=True, help="Condition of the map.")
@_MODALITY
@_FILE
@click.pass_obj
def activation(
    session: Session, subject: str, condition: str, modality: str | None, path: Path
) -> None:
    """Write one activation map: .csv, .png, or .nii.gz where it has voxels.

    Example: atlasdb export activation --subject sub-01 --condition face face.nii.gz
    """
    from atlasdb.export import export_activation

    with session.open(read_only=True) as atlas:
        found = atlas.activation(subject, condition, modality=modality)
    export_activation(found, path)
    click.echo(str(path))
