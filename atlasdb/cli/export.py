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
_FILE = click.argument("path", type=click.Path(path_type=Path), metavar="FILE")


def _which(command: Callable[..., Any]) -> Callable[..., Any]:
    return _SUBJECT(_MODALITY(_CONNECTOME(command)))


@click.group()
def export() -> None:
    """Write connectomes and activation maps as files for other tools."""


@export.command()
@_which
@_FILE
@click.pass_obj
def connectome(
    session: Session,
    subject: str,
    modality: str | None,
    connectome: str | None,
    path: Path,
) -> None:
    """Write one connectome: .csv, .graphml, .gexf, or its matrix as .png or .svg.

    Example: atlasdb export connectome --subject sub-01 connectome.graphml
    """
    from atlasdb.export import export_connectome

    with session.open(read_only=True) as atlas:
        found = atlas.connectome(subject, modality=modality, connectome=connectome)
    export_connectome(found, path)
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
