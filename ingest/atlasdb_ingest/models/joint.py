"""One network for all targets of a recording, with a linear path beside it.

Two hidden layers read the past of all sources and predict all targets. What a source
does to a target is the Jacobian of the network, and that is what is pushed to zero:
the norm over lags and samples of the derivatives, source by source. The strength of
this push is chosen once for a study. Cheapest where there are many targets. What all
sources do together cannot be told apart as well as it is learned: weights are read from
the network, and the test of a connection is that of the linear model beside it.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import nn
from torch.nn import functional

from atlasdb_ingest.models.base import LagModel, drawn, source_weights

ENGINE: Final = "lagged"
UNIT: Final = "nats"
SETTINGS: Final[dict[str, float | int]] = {
    "version": 3,
    "hidden": 64,
    "probes": 16,
    "output_ridge": 0.01,
    "steps": 300,
    "brief_steps": 150,
    "batch": 256,
    "rate": 0.01,
    "prior": 10.0,
    "null": 1500,
    "max_surrogates": 5,
}
SPARSITY: Final = 0.12
"""Where the search for the strength of the push begins."""


class Joint(LagModel):
    """Networks of two hidden layers, each for all targets of one recording."""

    joint = True
    tested = False

    def __init__(
        self, n_series: int, n_regions: int, order: int, seed: int, sparsity: float
    ) -> None:
        super().__init__(n_series, n_regions, order, sparsity)
        hidden, size = int(SETTINGS["hidden"]), n_regions * order
        make = drawn(n_series, None, seed)
        self.entering = make(size, hidden, scale=size**-0.5)
        self.offset = make(hidden, scale=0.3)
        self.joining = make(hidden, hidden, scale=hidden**-0.5)
        self.lift = make(hidden, scale=0.3)
        self.leaving = make(hidden, n_regions, scale=0.3 / hidden**0.5)
        self.linear = make(size, n_regions, scale=0.0)
        self.level = nn.Parameter(torch.zeros(n_series, n_regions))

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        """Predict the next sample; see the base class."""
        flat = past.flatten(2)
        _, second = self._inside(flat)
        bent = functional.silu(second) @ self.leaving
        return bent + flat @ self.linear + self.level[:, None]

    def _inside(self, flat: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        first = flat @ self.entering + self.offset[:, None]
        second = functional.silu(first) @ self.joining + self.lift[:, None]
        return first, second

    def jacobian(self, past: torch.Tensor) -> torch.Tensor:
        """Give the derivatives of all targets by all lags of all sources.

        Parameters
        ----------
        past : Tensor, shape (n_series, n, n_regions, order)
            Lag windows.

        Returns
        -------
        Tensor, shape (n_series, n, n_regions, order, n_regions)
            Source, lag, target.
        """
        first, second = self._inside(past.flatten(2))
        through = _slope(first)[..., None] * self.joining[:, None]
        out = _slope(second)[..., None] * self.leaving[:, None]
        slope = self.entering[:, None] @ (through @ out) + self.linear[:, None]
        return slope.reshape(*past.shape, self.n_regions)

    def penalty(self, past: torch.Tensor) -> torch.Tensor:
        """Sum of the norms of the derivatives by all sources."""
        slope = self.jacobian(past[:, : int(SETTINGS["probes"])])
        size = (slope.square().mean(1).sum(2) + 1e-10).sqrt().mT
        weight = source_weights(self.sparsity, self.n_regions, size.device)
        ridge = SETTINGS["output_ridge"] * self.leaving.square().sum(1)
        return (size * weight).sum(-1) + ridge


def _slope(inside: torch.Tensor) -> torch.Tensor:
    half = torch.sigmoid(inside)
    return half * (1 + inside * (1 - half))


def build(
    n_series: int, n_regions: int, order: int, seed: int, sparsity: float = SPARSITY
) -> LagModel:
    """Make the model, its start drawn from `seed`."""
    return Joint(n_series, n_regions, order, seed, sparsity)
