"""What survives many ways to analyse: counted only where it could be tested."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from atlasdb.cohorts.multiverse import survival
from atlasdb.errors import InvalidDataError


def variant(*rows: tuple[str, str, float, float, bool]) -> pd.DataFrame:
    columns = ["source", "target", "effect", "p", "significant"]
    return pd.DataFrame(list(rows), columns=columns)


FOUND = survival(
    {
        "aal": variant(
            ("A", "B", 0.9, 0.001, True),
            ("B", "A", -0.5, 0.01, True),
            ("A", "C", 0.8, 0.002, True),
            ("C", "A", 0.1, 0.9, False),
        ),
        "covariates": variant(
            ("A", "B", 0.7, 0.004, True),
            ("B", "A", 0.6, 0.01, True),
            ("A", "C", np.nan, np.nan, False),
            ("C", "A", 0.2, 0.8, False),
        ),
        "schaefer": variant(("A", "B", 0.3, 0.2, False), ("X", "B", 0.9, 0.01, True)),
    }
).set_index(["source", "target", "sign"])


def test_a_difference_survives_where_it_is_significant_with_the_same_sign() -> None:
    row = FOUND.loc[("A", "B", 1)]
    assert row["share"] == pytest.approx(2 / 3)
    assert (row["n_survived"], row["n_tested"], row["n_variants"]) == (2, 3, 3)
    assert row["lost_in"] == "schaefer"
    assert (row["effect_low"], row["effect_high"]) == (0.3, 0.9)


def test_a_difference_that_turns_its_sign_is_told_twice_and_survives_half() -> None:
    for sign, lost in ((1, "aal"), (-1, "covariates")):
        row = FOUND.loc[("B", "A", sign)]
        assert (row["share"], row["n_against"], row["lost_in"]) == (0.5, 1, lost)


def test_variants_that_could_not_test_a_pair_do_not_count() -> None:
    assert FOUND.loc[("A", "C", 1), "n_tested"] == 1
    assert FOUND.loc[("A", "C", 1), "share"] == 1
    assert FOUND.loc[("X", "B", 1), "n_tested"] == 1


def test_what_is_significant_nowhere_is_not_listed() -> None:
    assert len(FOUND) == 5
    assert ("C", "A") not in {(s, t) for s, t, _ in FOUND.index}


def test_the_surest_come_first() -> None:
    both = variant(("A", "B", 1, 0.001, True), ("C", "D", 1, 0.001, True))
    one = variant(("A", "B", 1, 0.5, False), ("C", "D", 1, 0.001, True))
    found = survival({"x": both, "y": one, "z": one})
    assert found["source"].tolist() == ["C", "A"]


def test_nothing_significant_is_an_empty_answer() -> None:
    none = variant(("A", "B", 1, 0.5, False))
    found = survival({"x": none, "y": none})
    assert len(found) == 0
    assert "share" in found


def test_what_cannot_be_done_is_said_in_one_line() -> None:
    good = variant(("A", "B", 1, 0.5, False))
    for tables, said in (
        ({"x": good}, "and 1 was given"),
        ({"x": good, "y": good.drop(columns="p")}, "table of y has no column p"),
        (
            {"x": good, "y": pd.concat([good, good])},
            "A to B is in the table of y twice",
        ),
    ):
        with pytest.raises(InvalidDataError, match=said) as error:
            survival(tables)
        assert "\n" not in str(error.value)
