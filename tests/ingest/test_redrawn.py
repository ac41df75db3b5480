"""Recordings redrawn by a network: the same past, other errors, nothing else."""

from __future__ import annotations

import numpy as np
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


def predicted(model: LagModel, windows: Windows, which: int) -> torch.Tensor:
    rows = windows.known[which : which + 1].expand(len(windows.known), -1)
    with torch.no_grad():
        return model(windows.at(rows)[0])[which]


def test_redrawn_recordings_have_the_same_past_and_other_errors_of_that_size() -> None:
    model, windows = learned((3000,))
    drawn = redrawn.redraw(model, windows, [0], seed=0)
    past, present = windows.at(windows.known)
    again, following = drawn.at(drawn.known)
    assert len(again) == redrawn.TIMES
    error = (present[0] - predicted(model, windows, 0)).numpy()
    for k in range(redrawn.TIMES):
        assert torch.equal(again[k], past[0])
        new = (following[k] - predicted(model, windows, 0)).numpy()
        assert np.allclose(new.std(0), error.std(0), rtol=0.08)
        assert abs(np.corrcoef(new.ravel(), error.ravel())[0, 1]) < 0.05
    assert not torch.equal(following[0], following[1])


def test_what_is_redrawn_does_not_depend_on_what_is_beside_it() -> None:
    model, windows = learned((800, 500))
    both = redrawn.redraw(model, windows, [0, 1], seed=0)
    one = redrawn.redraw(model, windows, [1], seed=0)
    n = int(one.n_known[0])
    rows = one.known[:, :n]
    assert torch.equal(one.at(rows)[1], both.at(rows.repeat(2, 1))[1][redrawn.TIMES :])
