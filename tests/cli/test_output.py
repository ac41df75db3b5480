"""Answers on stdout: every format holds the same rows, and only those."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable

import click
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from atlasdb.cli.output import format_option, records, show

FRAME = pd.DataFrame(
    {
        "name": ["Fz", None],
        "weight": [0.123456789, np.nan],
        "n": pd.Series([3, None], dtype="Int64"),
        "whole": [1, 2**53 + 1],
        "known": pd.Series([True, None], dtype="boolean"),
        "list": [[1, None], []],
    }
)


@pytest.fixture
def printed() -> Callable[..., Result]:
    def run(frame: pd.DataFrame, *words: str) -> Result:
        @click.command()
        @format_option
        def command(output_format: str) -> None:
            show(frame, output_format)

        return CliRunner().invoke(command, list(words))

    return run


def test_json_is_a_list_of_records_with_null(printed: Callable[..., Result]) -> None:
    assert json.loads(printed(FRAME, "-o", "json").stdout) == [
        {
            "name": "Fz",
            "weight": 0.123456789,
            "n": 3,
            "whole": 1,
            "known": True,
            "list": [1, None],
        },
        {
            "name": None,
            "weight": None,
            "n": None,
            "whole": 2**53 + 1,
            "known": None,
            "list": [],
        },
    ]


def test_json_has_no_numbers_that_json_lacks(printed: Callable[..., Result]) -> None:
    frame = pd.DataFrame({"x": [np.inf, -np.inf, np.nan], "y": [[np.inf], 1, "a"]})
    rows = json.loads(printed(frame, "-o", "json").stdout, parse_constant=pytest.fail)
    assert rows[0] == {"x": None, "y": [None]}


def test_csv_keeps_every_digit(printed: Callable[..., Result]) -> None:
    text = printed(FRAME, "-o", "csv").stdout
    assert text.splitlines()[0] == "name,weight,n,whole,known,list"
    assert text.splitlines()[1].startswith("Fz,0.123456789,3,1,True,")
    assert "\r" not in text


def test_a_table_is_aligned_and_whole(printed: Callable[..., Result]) -> None:
    frame = pd.DataFrame({"name": ["a", "longer"] * 500, "weight": [1.0, 0.25] * 500})
    lines = printed(frame).stdout.splitlines()
    assert lines[:3] == ["name    weight", "a       1", "longer  0.25"]
    assert len(lines) == 1001


def test_an_empty_table_prints_its_header_alone(printed: Callable[..., Result]) -> None:
    result = printed(FRAME.head(0))
    assert result.stdout.split() == list(FRAME.columns)
    assert result.stderr == "(no rows)\n"
    assert json.loads(printed(FRAME.head(0), "-o", "json").stdout) == []
    assert printed(FRAME.head(0), "-o", "csv").stdout.count("\n") == 1


def test_text_cannot_break_the_table_or_the_terminal(
    printed: Callable[..., Result],
) -> None:
    frame = pd.DataFrame({"a": ["x\ny", "\x1b[2J", "ü"]})
    lines = printed(frame).stdout.splitlines()
    assert lines == ["a", "x\\ny", "\\x1b[2J", "ü"]


def test_parquet_goes_to_stdout_whole(printed: Callable[..., Result]) -> None:
    frame = FRAME.drop(columns="list")
    frame.attrs = {"contrast": object()}  # not for files
    table = pq.read_table(io.BytesIO(printed(frame, "-o", "parquet").stdout_bytes))
    pd.testing.assert_frame_equal(table.to_pandas(), frame, check_dtype=False)


def test_parquet_is_not_thrown_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with pytest.raises(click.UsageError, match="binary"):
        show(FRAME, "parquet")


@given(st.lists(st.one_of(st.none(), st.floats(), st.text(), st.booleans())))
def test_any_values_can_be_printed_as_json(values: list[object]) -> None:
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    rows = records(frame)
    json.dumps(rows, allow_nan=False)
    assert len(rows) == len(values)
