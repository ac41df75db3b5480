"""``atlasdb power``: what is reckoned before people are recruited."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from atlasdb.cli import main


def answer(*words: str) -> dict[str, float]:
    result = CliRunner().invoke(main, ["power", *words, "-o", "json"])
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)
    assert isinstance(row, dict)
    return row


def test_an_effect_needs_people() -> None:
    assert answer("--effect", "0.5")["people_per_group"] == 64
    many = answer("--effect", "0.5", "--connections", "9900")
    assert many["people_per_group"] == 239


def test_people_show_an_effect_in_8_of_10_studies() -> None:
    seen = answer("--people", "12", "12", "--connections", "90")["detectable_effect"]
    assert seen == pytest.approx(2.03, abs=0.005)
    again = answer(
        *("--people", "12", "12", "--connections", "90", "--effect", str(seen))
    )
    assert again["power"] == pytest.approx(0.8, abs=1e-3)


def test_an_effect_and_its_opposite_need_the_same_people() -> None:
    one, other = (
        answer("--effect", f"{sign}0.8", "--people", "20", "25") for sign in ("", "-")
    )
    assert one["power"] == other["power"]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--people", "2", "9"],
        ["--alpha", "0"],
        ["--effect", "1", "--device", "cpu"],
    ],
)
def test_what_makes_no_study_is_a_usage_error(words: list[str]) -> None:
    assert CliRunner().invoke(main, ["power", *words]).exit_code == 2


def test_no_effect_is_refused_in_one_line() -> None:
    result = CliRunner().invoke(main, ["power", "--effect", "0"])
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1
