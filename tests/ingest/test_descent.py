"""The way down: gradients by hand are those of torch, and so are the steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from atlasdb_ingest.learning import fitting
from atlasdb_ingest.learning.descent import Adam, Descent
from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models import mlp
from atlasdb_ingest.models.base import LagModel


def made(n_regions: int, order: int) -> tuple[LagModel, Windows]:
    rng = np.random.default_rng([n_regions, order])
    pieces = [(rng.standard_normal((n_regions, n)), (n - 40, 40)) for n in (300, 190)]
    windows = Windows.of(pieces, order, torch.device("cpu"))
    network = mlp.build(2, n_regions, order, 0, 0.02)
    with torch.no_grad():
        network.level.add_(0.1)
    return network, windows


@pytest.mark.parametrize(("n_regions", "order"), [(6, 4), (3, 1)])
def test_gradients_by_hand_are_those_of_torch(n_regions: int, order: int) -> None:
    network, windows = made(n_regions, order)
    rows = windows.some(64)
    expected = Descent(network, windows).gradients(rows)
    before = [one.detach().clone() for one in network.parameters()]
    way = network.descent(windows)
    assert type(way) is not Descent
    (slope,), (place,) = way.gradients(rows), way.parameters
    place.sub_(slope)
    way.settle()
    for old, new, right in zip(before, network.parameters(), expected, strict=True):
        torch.testing.assert_close(old - new.detach(), right, rtol=1e-4, atol=1e-6)


def test_batches_of_another_size_can_follow_each_other() -> None:
    network, windows = made(4, 2)
    way = network.descent(windows)
    (first,) = (one.clone() for one in way.gradients(windows.some(32)))
    way.gradients(windows.some(50))
    (again,) = way.gradients(windows.some(32))
    assert torch.equal(first, again)


def test_steps_are_those_of_adam() -> None:
    mine = torch.linspace(-1, 1, 12).reshape(3, 4)
    theirs = torch.nn.Parameter(mine.clone())
    ours = Adam([mine], 0.99)
    other = torch.optim.Adam([theirs], 0.05, betas=(0.9, 0.99))
    for _ in range(5):
        theirs.grad = 4 * theirs.detach() ** 3
        ours.step([4 * mine**3], 0.05)
        other.step()
    torch.testing.assert_close(mine, theirs.detach())


def test_brief_training_takes_the_steps_that_the_family_says() -> None:
    network, windows = made(3, 2)
    done: list[int] = []
    settings = {**mlp.SETTINGS, "steps": 5, "brief_steps": 3}

    def looked(step: int, errors: torch.Tensor) -> None:
        assert errors.shape == (network.n_series, network.n_regions)
        done.append(step)

    fitting.fit(network, windows, settings, 0, looked)
    fitting.fit(network, windows, settings, 0, looked, brief=True)
    assert done == [1, 2, 3, 4, 5, 1, 2, 3]
