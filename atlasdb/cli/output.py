"""Answers on stdout: a table, CSV, JSON (a list of records) or Parquet."""

from __future__ import annotations

import json
import math
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
        click.echo(
            json.dumps(records(frame), ensure_ascii=False, allow_nan=False, indent=1)
        )
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
    """Give rows as dicts of plain Python values, None where one is missing.

    Infinite numbers, which JSON does not have, are None as well.
    """
    columns = [_plain_column(frame.iloc[:, i]) for i in range(frame.shape[1])]
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain_column(column: pd.Series[Any]) -> list[Any]:
    import numpy as np

    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        return [v if math.isfinite(v) else None for v in column.tolist()]
    return [value if type(value) is str else _plain(value) for value in column]


def _plain(value: Any) -> Any:
    import pandas as pd

    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool) else str(value)


def _table(frame: pd.DataFrame) -> None:
    rows = [[_cell(value) for value in row.values()] for row in records(frame)]
    names = [str(name) for name in frame.columns]
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    lines = [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in [names, *rows]
    ]
    click.echo("\n".join(lines))
    if not rows:
        click.echo("(no rows)", err=True)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    text = str(value)
    return text if text.isprintable() else text.encode("unicode_escape").decode()
