"""``atlasdb query``: one command for each file in ``queries/``."""

from __future__ import annotations

from typing import Any

import click

from atlasdb import catalog
from atlasdb.cli import Session
from atlasdb.cli.output import format_option, show
from atlasdb.errors import InvalidDataError, NotFoundError


class QueryGroup(click.Group):
    """Commands made from the headers of the queries, when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names of all queries."""
        return catalog.names()

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Make the command of one query."""
        try:
            return query_command(catalog.load(name))
        except NotFoundError:
            return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a query, or suggest the nearest one."""
        if not args[0].startswith("-"):
            try:
                catalog.load(args[0])
            except NotFoundError as error:
                raise click.UsageError(str(error), ctx) from error
        return super().resolve_command(ctx, args)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the questions; one whose header is broken does not hide the others."""
        rows = []
        for name in self.list_commands(ctx):
            try:
                rows.append((name, catalog.load(name).summary))
            except InvalidDataError as error:
                rows.append((name, str(error)))
        with formatter.section("Questions"):
            formatter.write_dl(rows)


@click.group(cls=QueryGroup)
def query() -> None:
    """Ask a named question.

    Example: atlasdb query connections --subject sub-01 --min-weight 0.2 -o csv
    """


def query_command(question: catalog.Query) -> click.Command:
    """Make a command whose options are the query's parameters."""
    params: list[click.Parameter] = [_option(p) for p in question.parameters]

    def run(output_format: str, **values: Any) -> None:
        session = click.get_current_context().find_object(Session)
        if session is None:
            raise click.UsageError("query is a command of atlasdb")
        with session.open(read_only=True) as atlas:
            frame = atlas.query(question.name, **values)
        show(frame, output_format)

    columns = ", ".join(c.name for c in question.columns)
    command = click.Command(
        question.name,
        params=params,
        callback=run,
        help=f"{question.summary}\n\nColumns: {columns}.",
        short_help=question.summary,
    )
    formatted: click.Command = format_option(command)
    return formatted


def _option(parameter: catalog.Field) -> click.Option:
    flag = parameter.name.replace("_", "-")
    names = [f"--{flag}/--no-{flag}" if parameter.kind == "bool" else f"--{flag}"]
    # A default of None would count as one: required options must not have any.
    default = {} if parameter.required else {"default": parameter.default}
    return click.Option(
        [*names, parameter.name],
        type=catalog.KINDS[parameter.kind],
        required=parameter.required,
        show_default=parameter.default not in ("", None),
        help=parameter.help,
        **default,
    )
