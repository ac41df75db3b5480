"""``atlasdb subjects``: who is in the atlas, without saying who they are."""

from __future__ import annotations

import click

from atlasdb.cli import Session
from atlasdb.cli.output import format_option, show


@click.group()
def subjects() -> None:
    """List, show or erase subjects."""


@subjects.command(name="list")
@format_option
@click.pass_obj
def list_subjects(session: Session, output_format: str) -> None:
    """List the subjects; with the laboratory's labels where the key is here.

    Example: atlasdb subjects list
    """
    with session.open(read_only=True) as atlas:
        frame = atlas.query("subjects", limit=1_000_000)
        labels = atlas.keyring.labels()
    if labels:
        frame.insert(1, "label", frame["id"].map(labels))
    show(frame, output_format)


@subjects.command(name="show")
@click.argument("subject")
@format_option
@click.pass_obj
def show_subject(session: Session, subject: str, output_format: str) -> None:
    """Show everything that the atlas holds of one subject.

    Example: atlasdb subjects show sub-01
    """
    with session.open(read_only=True) as atlas:
        frame = atlas.query("everything-of", subject=subject)
    show(frame, output_format)


@subjects.command()
@click.argument("subject")
@click.confirmation_option(prompt="Remove everything of this subject?")
@click.pass_obj
def erase(session: Session, subject: str) -> None:
    """Remove everything of one subject, from the files and from the graph.

    Comparisons that the subject took part in are removed too.

    Example: atlasdb subjects erase sub-01 --yes
    """
    with session.open() as atlas:
        entries = atlas.erase(subject)
    click.echo(f"{entries} entries removed")
