"""A stack of restricted Boltzmann machines on its own, with a linear path beside it.

Two machines (the first with Gaussian inputs) learn what the past of all sources looks
like, without knowing what comes next, and stay as they are. Each target is a ridge
regression on the past and on what both machines make of it: nothing of what is bent
was made to fit the target.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import nn

from atlasdb_ingest.learning.inverses import inverse
from atlasdb_ingest.learning.machines import awake, stack
from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models.base import LagModel, drawn
from atlasdb_ingest.models.linear import products

ENGINE: Final = "lagged"
UNIT: Final = "nats"
SETTINGS: Final[dict[str, float | int]] = {
    "version": 1,
    "hidden": 64,
    "top": 32,
    "divergence_steps": 300,
    "divergence_rate": 0.05,
    "batch": 256,
    "prior": 10.0,
    "null": 1500,
    "max_surrogates": 5,
}
SPARSITY: Final = 0.0
"""It has a prior instead."""
_STILL = 1e-3
"""Deviation below which what a machine says does not vary."""


class Stack(LagModel):
    """Machines that all targets of a recording share, and a regression for each."""

    joint = True

    def __init__(self, n_series: int, n_regions: int, order: int, seed: int) -> None:
        super().__init__(n_series, n_regions, order)
        hidden, top = int(SETTINGS["hidden"]), int(SETTINGS["top"])
        size = n_regions * order
        self.seed = seed

        def blank(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.zeros(n_series, *shape))

        self.entering, self.offset = blank(size, hidden), blank(hidden)
        self.joining, self.lift = blank(hidden, top), blank(top)
        self.centre, self.scale = blank(hidden + top), blank(hidden + top)
        self.leaving = blank(size + hidden + top, n_regions)
        self.level = blank(n_regions)

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        """Predict the next sample; see the base class."""
        return self._seen(past) @ self.leaving + self.level[:, None]

    def _states(self, past: torch.Tensor) -> torch.Tensor:
        """Give what both machines make of lag windows."""
        first = awake(past.flatten(2), (self.entering, self.offset))
        second = awake(first, (self.joining, self.lift))
        return torch.cat([first, second], -1)

    def _seen(self, past: torch.Tensor) -> torch.Tensor:
        """Give what targets are regressed on."""
        states = (self._states(past) - self.centre[:, None]) * self.scale[:, None]
        return torch.cat([past.flatten(2), states], -1)

    def penalty(self, past: torch.Tensor) -> torch.Tensor:
        """Give 0: the prior is counted where the regression is solved."""
        return self.level.new_zeros(self.n_series, self.n_regions)

    def solve(self, windows: Windows) -> bool:
        """Train the machines, then solve the regression, on the samples to train on."""
        make = drawn(self.n_series, None, self.seed)
        starts = [
            make(*p.shape[1:], scale=p.shape[1] ** -0.5).detach().to(p.device)
            for p in (self.entering, self.joining)
        ]
        layers = stack(windows, starts, self.seed + 2, SETTINGS)
        (first, offset), (second, lift) = layers
        with torch.no_grad():
            self.entering.copy_(first)
            self.offset.copy_(offset)
            self.joining.copy_(second)
            self.lift.copy_(lift)
            self._centre(windows)
            self._regress(windows)
        return True

    def _centre(self, windows: Windows) -> None:
        """Give what machines say mean 0 and deviation 1."""
        total, power = torch.zeros_like(self.centre), torch.zeros_like(self.centre)
        count = windows.n_known[:, None]
        for past, _, counts in windows.chunks("known"):
            states = self._states(past)
            total += (states * counts[..., None]).sum(1)
            power += (states.square() * counts[..., None]).sum(1)
        self.centre.copy_(total / count)
        spread = (power / count - self.centre.square()).clamp_min(0).sqrt()
        self.scale.copy_(torch.where(spread > _STILL, 1 / spread, 0.0))

    def _regress(self, windows: Windows) -> None:
        size = self.leaving.shape[1]
        inner, outer, _ = products(windows, "known", size, self._seen)
        # In double precision, which not every accelerator has.
        whole = torch.eye(size, dtype=torch.float64)
        ridged = inner.cpu().double() + SETTINGS["prior"] * whole
        self.leaving.copy_(inverse(ridged) @ outer.cpu().double())


def build(
    n_series: int, n_regions: int, order: int, seed: int, sparsity: float = SPARSITY
) -> LagModel:
    """Make the model, the start of its machines drawn from `seed`."""
    return Stack(n_series, n_regions, order, seed)
