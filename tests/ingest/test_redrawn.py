"""Recordings redrawn by a network: its world, from pasts that were recorded."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from atlasdb_ingest.learning import redrawn
from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models import linear
from atlasdb_ingest.models.base import LagModel
from atlasdb_ingest.simulation import dynamics, graphs


def learned(n_times: tuple[int, ...]) -> tuple[LagModel, Windows]:
    weights = graphs.random_directed(6, 0.3, 0, low=0.3, high=0.5)
    pieces = [(dynamics.var(weights, n, n), (n,)) for n in n_times]
    windows = Windows.of(pieces, 3, torch.device("cpu"))
    model = linear.build(len(pieces), 6, 3, 0)
    model.solve(windows)
    return model, windows


def test_what_a_model_redraws_it_learns_again() -> None:
    model, windows = learned((3000,))
    (drawn,) = redrawn.redraw(model, windows, seed=0)
    again = Windows.of(drawn, 3, torch.device("cpu"))
    other = linear.build(len(drawn), 6, 3, 0)
    other.solve(again)
    (first,) = model.slopes(windows)[0].numpy()
    one, two = other.slopes(again)[0].numpy()
    assert len(drawn) == redrawn.TIMES
    for found in (one, two):
        assert np.abs(found - first).max() < 0.12
    assert np.abs(one - two).max() > 0.01


def test_redrawn_recordings_are_as_long_and_start_again_from_what_was_recorded() -> (
    None
):
    model, windows = learned((800,))
    recorded = windows.series[0].numpy().T
    for data, lengths in redrawn.redraw(model, windows, seed=0)[0]:
        assert sum(lengths) == data.shape[1]
        assert sum(n - 3 for n in lengths) == pytest.approx(797, abs=len(lengths))
        first = data[:, :3]
        there = [np.allclose(recorded[:, t : t + 3], first) for t in range(797)]
        assert sum(there) == 1
        assert not np.allclose(data[:, 3:40], recorded[:, 3:40])


def test_no_region_goes_farther_than_it_did_in_the_recording() -> None:
    model, windows = learned((400,))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 3.0  # it would grow without end
    low, high = windows.series[0].aminmax(dim=0)
    for data, _ in redrawn.redraw(model, windows, seed=0)[0]:
        assert (data.min(axis=1) >= low.numpy() - 1e-6).all()
        assert (data.max(axis=1) <= high.numpy() + 1e-6).all()


def test_what_is_redrawn_does_not_depend_on_what_is_beside_it() -> None:
    model, windows = learned((800, 500))
    alone_model, alone = learned((500,))
    _, both = redrawn.redraw(model, windows, seed=0)
    (one,) = redrawn.redraw(alone_model, alone, seed=0)
    for (data, lengths), (expected, same) in zip(both, one, strict=True):
        assert lengths == same
        np.testing.assert_allclose(data, expected, atol=1e-4)
