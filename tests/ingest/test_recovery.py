"""The figures of recovery, against scikit-learn and against what they must be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from atlasdb_ingest.simulation.recovery import (
    average_precision,
    direction_accuracy,
    pooled,
)

metrics = pytest.importorskip("sklearn.metrics")


@given(
    planted=arrays(bool, (5, 5)),
    scores=arrays(float, (5, 5), elements=st.sampled_from([0.0, 0.1, 0.5, 0.9])),
)
def test_average_precision_is_scikit_learns(
    planted: np.ndarray, scores: np.ndarray
) -> None:
    apart = ~np.eye(5, dtype=bool)
    if planted[apart].any():
        expected = metrics.average_precision_score(planted[apart], scores[apart])
        assert average_precision(planted, scores) == pytest.approx(expected)
    else:
        assert np.isnan(average_precision(planted, scores))


def test_turning_the_scores_round_turns_the_direction_round() -> None:
    planted = np.triu(np.ones((4, 4), dtype=bool), 1)
    scores = np.where(planted, 0.9, 0.1)
    assert direction_accuracy(planted, scores) == 1.0
    assert direction_accuracy(planted, scores.T) == 0.0
    assert direction_accuracy(planted, np.ones((4, 4))) == 0.5
    assert np.isnan(direction_accuracy(planted | planted.T, scores))


def test_pairs_without_an_estimate_come_last() -> None:
    planted = np.array([[False, True], [False, False]])
    scores = np.array([[np.nan, 0.2], [np.nan, np.nan]])
    assert average_precision(planted, scores) == 1.0


def test_people_are_pooled_by_their_odds() -> None:
    one, two = np.full((2, 2), 0.9), np.full((2, 2), 0.1)
    assert pooled([one, two]) == pytest.approx(np.full((2, 2), 0.5))
    one[0, 1] = two[0, 1] = np.nan
    assert np.isnan(pooled([one, two])[0, 1])
    two[1, 0] = np.nan
    assert pooled([one, two])[1, 0] == pytest.approx(0.9)
