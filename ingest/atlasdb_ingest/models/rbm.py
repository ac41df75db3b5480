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

from atlasdb_ingest.learning.machines import machine
from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models.base import LagModel, drawn

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
        make = drawn(n_series, None, seed)
        self.entering = make(size, hidden, scale=size**-0.5)
        self.offset = make(hidden, scale=0.0)
        self.joining = make(hidden, top, scale=hidden**-0.5)
        self.lift = make(top, scale=0.0)
        self.centre = make(hidden + top, scale=0.0)
        self.scale = make(hidden + top, scale=0.0)
        self.leaving = make(size + hidden + top, n_regions, scale=0.0)
        self.level = nn.Parameter(torch.zeros(n_series, n_regions))
        self.seed = seed

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        """Predict the next sample; see the base class."""
        return self._seen(past) @ self.leaving + self.level[:, None]

    def _states(self, past: torch.Tensor) -> torch.Tensor:
        """Give what both machines make of lag windows."""
        first = torch.sigmoid(past.flatten(2) @ self.entering + self.offset[:, None])
        second = torch.sigmoid(first @ self.joining + self.lift[:, None])
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
        generator = torch.Generator().manual_seed(self.seed + 2)
        make = drawn(self.n_series, None, self.seed)
        starts = [
            make(*p.shape[1:], scale=p.shape[1] ** -0.5).detach().to(p.device)
            for p in (self.entering, self.joining)
        ]
        below = [machine(windows, starts[0], generator, [], SETTINGS)]
        below.append(machine(windows, starts[1], generator, below, SETTINGS))
        (first, offset), (second, lift) = below
        with torch.no_grad():
            self.entering.copy_(first)
            self.offset.copy_(offset)
            self.joining.copy_(second)
            self.lift.copy_(lift)
            self._level(windows)
            self._regress(windows)
        return True

    def _level(self, windows: Windows) -> None:
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
        inner = self.leaving.new_zeros(self.n_series, size, size)
        outer = torch.zeros_like(self.leaving)
        for past, present, counts in windows.chunks("known"):
            seen = self._seen(past) * counts[..., None]
            inner += seen.mT @ seen
            outer += seen.mT @ present
        whole = torch.eye(size, dtype=torch.float64)
        # In double precision, which not every accelerator has.
        ridged = inner.cpu().double() + SETTINGS["prior"] * whole
        self.leaving.copy_(torch.linalg.solve(ridged, outer.cpu().double()))


def build(
    n_series: int, n_regions: int, order: int, seed: int, sparsity: float = SPARSITY
) -> LagModel:
    """Make the model, the start of its machines drawn from `seed`."""
    return Stack(n_series, n_regions, order, seed)
