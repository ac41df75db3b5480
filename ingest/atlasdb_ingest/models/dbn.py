"""A deep belief network for each target, with a linear path beside it.

Two restricted Boltzmann machines (the first with Gaussian inputs) learn what the past
of all sources looks like, without knowing what comes next; their weights are where
the network of each target starts. All that enters from one source is one group, and
groups are pushed to zero together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import torch

from atlasdb_ingest.learning.machines import stack
from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models.base import LagModel, drawn, source_norms

ENGINE: Final = "lagged"
UNIT: Final = "nats"
SETTINGS: Final[dict[str, float | int]] = {
    "version": 3,
    "hidden": 8,
    "top": 6,
    "output_ridge": 0.001,
    "divergence_steps": 60,
    "divergence_rate": 0.05,
    "steps": 200,
    "brief_steps": 100,
    "batch": 256,
    "rate": 0.02,
    "prior": 10.0,
    "null": 1500,
    "max_surrogates": 5,
}
SPARSITY: Final = 0.05
"""Where the search for the strength of the push begins."""


class Belief(LagModel):
    """Component-wise networks of two hidden layers that start as machines."""

    def __init__(
        self, n_series: int, n_regions: int, order: int, seed: int, sparsity: float
    ) -> None:
        super().__init__(n_series, n_regions, order, sparsity)
        hidden, top = int(SETTINGS["hidden"]), int(SETTINGS["top"])
        make = drawn(n_series, n_regions, seed)
        size = n_regions * order
        self.entering = make(n_regions, order, hidden, scale=size**-0.5)
        self.offset = make(hidden, scale=0.0)
        self.joining = make(hidden, top, scale=hidden**-0.5)
        self.lift = make(top, scale=0.0)
        self.leaving = make(top, scale=0.3 / top**0.5)
        self.linear = make(n_regions, order, scale=0.0)
        self.level = make(scale=0.0)

    def prepare(self, windows: Windows, seed: int) -> None:
        """Let two machines learn the past, and start every target from them."""
        starts = self.entering[:, 0].flatten(1, 2).detach(), self.joining[:, 0].detach()
        (first, bias), (second, lift) = stack(windows, starts, seed + 2, SETTINGS)
        shape = self.entering.shape[2:]
        with torch.no_grad():
            self.entering.copy_(first.reshape(-1, 1, *shape).expand_as(self.entering))
            self.offset.copy_(bias[:, None].expand_as(self.offset))
            self.joining.copy_(second[:, None].expand_as(self.joining))
            self.lift.copy_(lift[:, None].expand_as(self.lift))

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        """Predict the next sample; see the base class."""
        return self._leave(self._enter(past), self._straight(past))

    def _enter(self, past: torch.Tensor, source: int | None = None) -> torch.Tensor:
        weights: torch.Tensor = self.entering
        if source is not None:
            past = past[:, :, source : source + 1]
            weights = weights[:, :, source : source + 1]
        joined = weights.flatten(2, 3).transpose(1, 2).flatten(2)
        inside = past.flatten(2) @ joined
        return inside.reshape(*inside.shape[:2], self.n_regions, -1)

    def _straight(self, past: torch.Tensor) -> torch.Tensor:
        return past.flatten(2) @ self.linear.flatten(2).mT

    def _leave(self, inside: torch.Tensor, straight: torch.Tensor) -> torch.Tensor:
        state = torch.sigmoid(inside + self.offset[:, None])
        mixed = torch.einsum("snth,sthk->sntk", state, self.joining)
        state = torch.sigmoid(mixed + self.lift[:, None])
        bent = (state * self.leaving[:, None]).sum(-1)
        return bent + straight + self.level[:, None]

    def penalty(self, past: torch.Tensor) -> torch.Tensor:
        """Sum of the norms of all sources."""
        norms = source_norms(self.sparsity, self.entering.flatten(3), self.linear)
        return norms + SETTINGS["output_ridge"] * self.leaving.square().sum(-1)

    def without(
        self, past: torch.Tensor, sources: Sequence[int]
    ) -> Iterator[torch.Tensor]:
        """Take out what one source contributes, instead of starting again."""
        inside, straight = self._enter(past), self._straight(past)
        for source in sources:
            own = past[:, :, source] @ self.linear[:, :, source].mT
            yield self._leave(inside - self._enter(past, source), straight - own)


def build(
    n_series: int, n_regions: int, order: int, seed: int, sparsity: float = SPARSITY
) -> LagModel:
    """Make the model, its start drawn from `seed`."""
    return Belief(n_series, n_regions, order, seed, sparsity)
