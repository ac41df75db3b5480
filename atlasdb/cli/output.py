"""Answers on stdout: a table, CSV, JSON (a list of records) or Parquet."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pandas as pd

format_option: Callable[[Any], Any] = click.option(
    "-o",
    "--output-format",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    default="table",
    show_default=True,
    help="How to print the answer.",
)


def show(frame: pd.DataFrame, output_format: str) -> None:
    """Print a frame; missing values are blank, in JSON null."""
    if output_format == "csv":
        click.echo(frame.to_csv(index=False, lineterminator="\n"), nl=False)
    elif output_format == "json":
        click.echo(json.dumps(records(frame), ensure_ascii=False, indent=1))
    elif output_format == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        if sys.stdout.isatty():
            raise click.UsageError("Parquet is binary: send it to a file with >.")
        plain = frame.copy()
        plain.attrs = {}
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pandas(plain, preserve_index=False), sink)
        sys.stdout.buffer.write(sink.getvalue().to_pybytes())
    else:
        _table(frame)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give rows as dicts of plain Python values, None where one is missing."""
    columns = [[_plain(value) for value in frame[name]] for name in frame.columns]
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(value: Any) -> Any:
    import pandas as pd

    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if value is None or value is pd.NA or value != value:
        return None
    return value if isinstance(value, str | int | float | bool) else str(value)


def _table(frame: pd.DataFrame) -> None:
    rows = [[_cell(value) for value in row.values()] for row in records(frame)]
    names = [str(name) for name in frame.columns]
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    for row in [names, *rows]:
        line = "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True))
        click.echo(line.rstrip())
    if not rows:
        click.echo("(no rows)", err=True)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
