"""Agreement of directions: what counts, and what halves promise of a retest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlasdb.analysis.agreement import (
    doubted_reliability,
    full_length,
    reliability,
    same_direction,
    strengths,
)
from atlasdb.analysis.retest import retest
from atlasdb.types import FloatArray

seeds = st.integers(0, 2**32 - 1)


def weights(seed: int, n: int = 6) -> FloatArray:
    found = np.random.default_rng(seed).random((n, n))
    np.fill_diagonal(found, np.nan)
    return found


@given(seeds)
def test_agreement_is_mutual_and_opposites_make_one(seed: int) -> None:
    one, other, counts = (weights(seed + k) for k in range(3))
    forth = same_direction(one, other, counts)
    assert forth == pytest.approx(same_direction(other, one, counts))
    assert forth + same_direction(one, other.T, counts) == pytest.approx(1)
    assert same_direction(one, one, counts) == pytest.approx(1)


def test_a_pair_joined_both_ways_counts_as_two_connections() -> None:
    one = np.array([[0, 0.9, 0.9], [0.5, 0, 0], [0.1, 0, 0]])
    other = np.array([[0, 0.9, 0.1], [0.5, 0, 0], [0.9, 0, 0]])
    counts = np.array([[0, 1.0, 1.0], [1.0, 0, 0], [0, 0, 0]])
    assert same_direction(one, other, counts) == pytest.approx(2 / 3)


def test_a_pair_without_a_direction_is_a_coin_and_one_without_estimate_nothing() -> (
    None
):
    one, equal = weights(0), np.ones((6, 6))
    assert same_direction(one, equal, equal) == 0.5
    other = one.T.copy()
    other[0, 1:] = one[0, 1:]
    other[1:, 0] = one[1:, 0]
    assert 0 < same_direction(one, other, equal) < 1
    other[0, 1:] = np.nan
    assert same_direction(one, other, equal) == 0
    assert np.isnan(same_direction(one, one, np.zeros((6, 6))))


@pytest.mark.parametrize(("n_regions", "noise"), [(5, 1.0), (30, 0.5), (30, 2.0)])
def test_halves_promise_what_full_recordings_keep(n_regions: int, noise: float) -> None:
    rng = np.random.default_rng(n_regions)
    counts = np.ones((n_regions, n_regions))
    stated, observed, of_halves = [], [], []
    for _ in range(300):
        lead = rng.standard_normal(counts.shape)
        halves = lead + noise * rng.standard_normal((4, *counts.shape))
        strength = np.exp(halves)
        whole = np.exp(halves[:2].mean(0)), np.exp(halves[2:].mean(0))
        stated.append(reliability(strength[0], strength[1], counts))
        of_halves.append(same_direction(strength[0], strength[1], counts))
        observed.append(same_direction(*whole, counts))
    assert np.mean(stated) == pytest.approx(np.mean(observed), abs=0.025)
    assert np.mean(of_halves) < np.mean(observed) - 0.04


@pytest.mark.parametrize("short", [True, False])
@pytest.mark.parametrize(("joined", "noise"), [(0.3, 0.5), (1.0, 0.5), (1.0, 1.5)])
def test_errors_tell_what_a_second_recording_keeps(
    joined: float, noise: float, short: bool
) -> None:
    rng = np.random.default_rng(round(10 * noise))
    shape, counts = (30, 30), np.ones((30, 30))
    stated, observed = [], []
    for _ in range(100):
        there = rng.random(shape) < joined
        lead = 6 + rng.standard_normal(shape) * there
        world = 6 + rng.standard_normal(shape) * there
        one, other = (lead + noise * rng.standard_normal((2, *shape))) ** 2
        error = noise * np.sqrt(2) * rng.standard_normal(shape)
        if short:  # recordings of one world differ, starts do not
            drawn = (world + noise * rng.standard_normal((2, *shape))) ** 2
            restarted = one
        else:
            drawn, restarted = np.stack([world**2] * 2), (np.sqrt(one) + error) ** 2
        stated.append(doubted_reliability(one, restarted, drawn, counts))
        observed.append(same_direction(one, other, counts))
    assert np.mean(stated) == pytest.approx(np.mean(observed), abs=0.04)
    assert 0.55 < np.mean(observed) < 0.95


def test_without_any_error_every_direction_returns() -> None:
    one = weights(0)
    again = np.stack([one, one])
    assert doubted_reliability(one, one, again, one) == pytest.approx(1)
    nothing = np.zeros((6, 6))
    assert np.isnan(doubted_reliability(one, one, again, nothing))
    assert doubted_reliability(nothing, one, again, one) == 0.5


@given(seeds, st.integers(2, 8))
def test_reliability_is_a_share(seed: int, n: int) -> None:
    one, other, counts = (weights(seed + k, n) for k in range(3))
    assert 0 <= reliability(one, other, counts) <= 1
    drawn = np.stack([other, one])
    assert 0.5 <= doubted_reliability(one, other, drawn, counts) <= 1


def test_strengths_of_a_constant_connectome_correlate_with_nothing() -> None:
    assert strengths(np.ones((3, 3)), np.eye(3)) == 0.0
    assert full_length(1.0) == 1.0


def rows(connectome: str, other: str, held: dict[str, float]) -> pd.DataFrame:
    """Give the rows of one connectome, its connections named by their two areas."""
    table = pd.DataFrame(
        [(pair[0], pair[1], weight) for pair, weight in held.items()],
        columns=["source", "target", "weight"],
    )
    given = {"subject": "s", "modality": "fmri", "reliability": 0.8, "supported": True}
    return table.assign(connectome=connectome, other=other, probability=np.nan, **given)


def test_an_order_that_the_graph_does_not_hold_is_the_weaker_one() -> None:
    one = rows("a", "b", {"xy": 0.9, "yz": 0.5})
    turned = rows("b", "a", {"yx": 0.9, "yz": 0.7, "zy": 0.2, "xw": 0.3})
    (found,) = retest(pd.concat([turned, one])).to_dict("records")
    assert (found["first"], found["second"]) == ("a", "b")
    assert found["n_pairs"] == 2
    assert found["same_direction"] == pytest.approx(3 / 5)
    assert found["reliability"] == pytest.approx(0.8)
