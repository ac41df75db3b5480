"""``atlasdb analyze``: graph theory on one connectome, or on each of a cohort."""

from __future__ import annotations

from typing import Any

import click

from atlasdb.analysis.measures import MEASURES, Measure
from atlasdb.cli import Session
from atlasdb.cli.asking import SEED
from atlasdb.cli.output import format_option, show
from atlasdb.errors import did_you_mean

_WHICH = [
    click.Option(["--subject"], help="Whose connectome: subject id or label."),
    click.Option(
        ["--cohort"], help="Of everybody in a cohort; rows then begin with the subject."
    ),
    click.Option(["--connectome"], help="Which connectome, by its id."),
    click.Option(["--modality"], help="Which connectome, where there are several."),
    click.Option(["--session"], help="Which connectome, where there are several."),
    click.Option(["--task"], help="Which connectome, where there are several."),
    click.Option(
        ["--supported/--no-supported"],
        default=True,
        show_default=True,
        help="Only connections that pass the connectome's own rule.",
    ),
]
_OPTIONS: dict[str, dict[str, Any]] = {
    "alpha": {"help": "Damping factor, at least 0 and below 1."},
    "start": {
        "multiple": True,
        "help": "Region that walks start from, may be repeated; default: all.",
    },
    "resolution": {"help": "Above 1 for smaller communities."},
    "n_runs": {"help": "Runs from different seeds, to keep the best of."},
    "n_nulls": {"help": "Random networks of the same degrees to compare with."},
    "seed": {"type": SEED, "help": "Of what is random."},
    "source": {"required": True, "help": "Region that the paths start from."},
    "target": {"help": "Region that they end in; default: the nearest way to each."},
    "k": {"help": "At most so many paths."},
    "by": {
        "type": click.Choice(["cost", "share"]),
        "help": "Least sum of 1 / weight, or largest product of shares of what each "
        "region on the path receives.",
    },
}
_WRITE_BACK = click.Option(
    ["--write-back"],
    is_flag=True,
    help="Keep the numbers in the atlas.",
)


class MeasureGroup(click.Group):
    """A command for each measure, made when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names of all measures."""
        return list(MEASURES)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Make the command of one measure."""
        return _command(MEASURES[name]) if name in MEASURES else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a measure, or suggest the nearest one."""
        if args[0] not in MEASURES and not args[0].startswith("-"):
            hint = did_you_mean(args[0], MEASURES)
            raise click.UsageError(f"No measure named '{args[0]}'.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=MeasureGroup)
def analyze() -> None:
    """Compute graph measures of one connectome, or of each in a cohort.

    Example: atlasdb analyze betweenness --cohort patients -o csv
    """


def _command(which: Measure) -> click.Command:
    params: list[click.Parameter] = [*_option_list(which), *_WHICH]
    if which.kept:
        params.append(_WRITE_BACK)

    def run(output_format: str, **values: Any) -> None:
        _run(which, output_format, values)

    command = click.Command(
        which.name,
        params=params,
        callback=run,
        help=f"{which.summary}\n\nConventions: docs/analysis.md.",
        short_help=which.summary,
    )
    formatted: click.Command = format_option(command)
    return formatted


def _option_list(which: Measure) -> list[click.Parameter]:
    options: list[click.Parameter] = []
    for name, default in which.options.items():
        how = dict(_OPTIONS[name])
        if default not in (None, ()):
            how |= {"default": default, "show_default": True}
        options.append(click.Option([f"--{name.replace('_', '-')}", name], **how))
    return options


def _run(which: Measure, output_format: str, values: dict[str, Any]) -> None:
    session = click.get_current_context().find_object(Session)
    if session is None:
        raise click.UsageError("analyze is a command of atlasdb")
    if not any(values[name] for name in ("subject", "cohort", "connectome")):
        raise click.UsageError("Say whose: --subject, --connectome or --cohort.")
    write_back = values.get("write_back", False)
    with session.open(read_only=not write_back) as atlas:
        frame = atlas.analyze(which.name, **values)
    said = frame.attrs
    click.echo(f"Computed by {said['engine']}.", err=True)
    if write_back:
        n = len(said["connectomes"]) - len(said["failed"])
        new = said["written"]
        click.echo(f"Connectomes kept: {n}, of which {new} changed anything.", err=True)
    show(frame, output_format)
    for subject, reason in said["failed"].items():
        click.echo(f"{subject}: {reason}", err=True)
    if said["failed"]:
        raise click.exceptions.Exit(1)
