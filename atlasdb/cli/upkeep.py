"""``atlasdb rebuild``, ``verify``, ``check`` and ``doctor``."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata

import click

from atlasdb.cli import Session

_PACKAGES = (
    "ladybug neo4j numpy scipy pandas pyarrow networkx igraph torch mne nibabel "
    "nilearn py2neo"
)


@click.command()
@click.pass_obj
def rebuild(session: Session) -> None:
    """Make the graph anew from the files.

    Example: atlasdb --atlas bolt://localhost rebuild
    """
    with session.open() as atlas:
        rows = atlas.rebuild()
    click.echo(f"{rows} rows from the files in {session.url}")


@click.command()
@click.pass_obj
def verify(session: Session) -> None:
    """Compare the graph with the files, row by row.

    Prints the number of rows of each kind and a checksum of the content; exits with
    1 if anything differs.

    Example: atlasdb verify
    """
    with session.open(read_only=True) as atlas:
        atlas.require_files()
        found = atlas.verify()
    for name, count in found.counts.items():
        if count:
            click.echo(f"{name}\t{count}")
    click.echo(f"checksum\t{found.checksum}")
    for line in found.differences:
        click.echo(line, err=True)
    if not found.equal:
        click.echo("Run 'atlasdb rebuild' to make the graph from the files.", err=True)
        sys.exit(1)


@click.command()
@click.pass_obj
def check(session: Session) -> None:
    """Look for broken rules in the graph and for damaged files.

    Example: atlasdb check
    """
    with session.open(read_only=True) as atlas:
        found = atlas.check()
    for line in found:
        click.echo(line)
    if found:
        sys.exit(1)
    click.echo("no rule is broken")


@click.command()
@click.pass_obj
def doctor(session: Session) -> None:
    """Show versions, device, and where each setting came from; secrets are masked.

    Example: atlasdb doctor
    """
    from atlasdb.address import files_folder
    from atlasdb.privacy import default_key_file

    folder, source = files_folder(session.url, session.files)
    click.echo(f"atlas\t{session.url}\t({session.source})")
    click.echo(f"files\t{folder}\t({source})")
    key = default_key_file()
    click.echo(f"key\t{key}\t({'present' if key.is_file() else 'made on first use'})")
    for name in ("NEO4J_USERNAME", "NEO4J_PASSWORD", "NEO4J_DATABASE"):
        value = os.environ.get(name)
        shown = "***" if value and "PASSWORD" in name else value
        click.echo(f"{name}\t{shown or '(not set)'}")
    click.echo(f"python\t{platform.python_version()}\t{platform.system()}")
    click.echo(f"atlasdb\t{_version('atlasdb')}")
    for name in _PACKAGES.split():
        click.echo(f"{name}\t{_version(name)}")
    click.echo(f"device\t{_device()}")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _device() -> str:
    try:
        import torch
    except ModuleNotFoundError:
        return 'none: pip install "atlasdb[ingest]" to learn connections'
    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    return "mps" if torch.backends.mps.is_available() else "cpu"
