"""The command line: thin commands, one file for each group.

A command parses, calls one function and prints. Results go to stdout, progress and
warnings to stderr. Exit status: 0 all done; 1 an error, or at least one subject
failed and the others are done; 2 usage.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

from atlasdb.errors import AtlasError, MissingExtraError, did_you_mean

if TYPE_CHECKING:
    from atlasdb.atlas import Atlas

_INGEST = "ancpbids edfio h5py joblib matplotlib mne mne_bids nibabel nilearn openpyxl"
_EXTRAS = dict.fromkeys([*_INGEST.split(), "safetensors", "sklearn", "torch"], "ingest")
_EXTRAS["py2neo"] = "py2neo"


class Session:
    """What the options before the command say: which atlas, where its files lie."""

    def __init__(self, url: str, source: str, files: Path | None) -> None:
        self.url = url
        self.source = source
        self.files = files

    def open(self, *, read_only: bool = False) -> Atlas:
        """Open the atlas that the command line names."""
        from atlasdb.atlas import connect

        return connect(self.url, files=self.files, read_only=read_only)


class LazyGroup(click.Group):
    """Commands that are imported when they are used, so that help is quick."""

    lazy: ClassVar[dict[str, tuple[str, str]]] = {
        "demo": (
            "atlasdb_ingest.demo:command",
            "The whole way on a synthetic cohort with known connections.",
        ),
        "ingest": (
            "atlasdb_ingest.cli:ingest",
            "Recordings in: a BIDS folder, a file, a cohort of files.",
        ),
        "query": ("atlasdb.cli.query:query", "Ask a named question."),
        "cypher": ("atlasdb.cli.cypher:cypher", "Ask in Cypher of your own."),
        "analyze": (
            "atlasdb.cli.analyze:analyze",
            "Graph theory on one connectome, or on each of a cohort.",
        ),
        "compare": (
            "atlasdb.cli.compare:compare",
            "Compare two cohorts, connection by connection.",
        ),
        "predict": (
            "atlasdb.cli.predict:predict",
            "A score, or which of two cohorts, of people held out.",
        ),
        "power": (
            "atlasdb.cli.power:power",
            "How many people an effect needs, what effect people can show.",
        ),
        "pool": (
            "atlasdb.cli.pool:pool",
            "One connectome of what a cohort has in common.",
        ),
        "classify": (
            "atlasdb_ingest.supervised.command:command",
            "Tell two cohorts or two conditions apart, beside a plain baseline.",
        ),
        "export": (
            "atlasdb.cli.export:export",
            "Connectomes and activation maps as files for other tools.",
        ),
        "train": (
            "atlasdb_ingest.training:command",
            "Make the network that reads connections from BOLD anew.",
        ),
        "stimulate": (
            "atlasdb_ingest.stimulation.command:command",
            "Which region to act on, in simulation on a learned model.",
        ),
        "subjects": ("atlasdb.cli.subjects:subjects", "List, show or erase subjects."),
        "rebuild": (
            "atlasdb.cli.upkeep:rebuild",
            "Make the graph anew from the files.",
        ),
        "verify": ("atlasdb.cli.upkeep:verify", "Compare the graph with the files."),
        "check": ("atlasdb.cli.upkeep:check", "Look for broken rules in the graph."),
        "doctor": (
            "atlasdb.cli.upkeep:doctor",
            "Show versions, device, and where each setting came from.",
        ),
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the commands in the order of a day's work."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a command by name; None if there is none."""
        if name not in self.lazy:
            return None
        module, _, attribute = self.lazy[name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or suggest the nearest one."""
        name = args[0]
        if name not in self.lazy and not name.startswith("-"):
            hint = did_you_mean(name, self.lazy)
            raise click.UsageError(f"No such command '{name}'.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.lazy.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; show an expected error as one line, not a traceback."""
        return one_line_errors(super().invoke, ctx)


def one_line_errors(run: Callable[[click.Context], Any], ctx: click.Context) -> Any:
    """Call a command; turn what atlasdb raises on purpose into one line."""
    try:
        return run(ctx)
    except AtlasError as error:
        raise click.ClickException(" ".join(str(error).split())) from error
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package not in _EXTRAS:
            raise
        what = f"'atlasdb {ctx.invoked_subcommand or ''}'".replace(" '", "'")
        line = MissingExtraError(what, package, _EXTRAS[package])
        raise click.ClickException(str(line)) from error
    except (MemoryError, RuntimeError) as error:
        if not _out_of_memory(error):
            raise
        raise click.ClickException(
            f"Out of memory: {_first_line(error)} Ask for less at a time; or for "
            "--device cpu, if it was the memory of an accelerator."
        ) from error
    except BrokenPipeError:  # the reader of our output, such as head, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return None


def _out_of_memory(error: Exception) -> bool:
    """Tell whether memory ran out; torch has a name of its own for that."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def _first_line(error: Exception) -> str:
    """Give what happened, without the advice to developers that follows."""
    said = str(error).strip().splitlines() or ["no more was to be had"]
    return said[0].split(". ")[0].rstrip(".") + "."


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--atlas",
    "url",
    metavar="URL",
    help="A folder (default ./atlas), or bolt:// or neo4j:// of a server. Without it: "
    "$ATLASDB_URL, then $NEO4J_URI with NEO4J_USERNAME, NEO4J_PASSWORD and "
    "NEO4J_DATABASE.",
)
@click.option(
    "--files",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the files of an atlas on a server lie ($ATLASDB_FILES).",
)
@click.version_option(package_name="atlasdb", prog_name="atlasdb")
@click.pass_context
def main(ctx: click.Context, url: str | None, files: Path | None) -> None:
    """Turn recordings into directed connectomes, and ask about them: a graph of brains.

    Example: atlasdb demo
    """
    from atlasdb.address import atlas_url

    address, source = atlas_url(url)
    ctx.obj = Session(address, source, files)
