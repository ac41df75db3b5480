"""A recurrent network for each target, with a linear path beside it.

A gated recurrent unit (GRU) walks through the past of all sources, oldest sample
first. All that enters from one source is one group, and groups are pushed to zero
together. The strength of this push is chosen
once for a study.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import torch

from atlasdb_ingest.models.base import LagModel, drawn, source_norms

ENGINE: Final = "lagged"
UNIT: Final = "nats"
SETTINGS: Final[dict[str, float | int]] = {
    "version": 3,
    "hidden": 5,
    "output_ridge": 0.001,
    "steps": 200,
    "brief_steps": 100,
    "batch": 128,
    "rate": 0.02,
    "prior": 10.0,
    "null": 1500,
    "max_surrogates": 5,
}
SPARSITY: Final = 0.05
"""Where the search for the strength of the push begins."""


class Recurrent(LagModel):
    """Component-wise GRUs with group sparsity on what enters."""

    def __init__(
        self, n_series: int, n_regions: int, order: int, seed: int, sparsity: float
    ) -> None:
        super().__init__(n_series, n_regions, order, sparsity)
        hidden = int(SETTINGS["hidden"])
        make = drawn(n_series, n_regions, seed)
        self.entering = make(n_regions, 3 * hidden, scale=0.3 / 3**0.5)
        self.linear = make(n_regions, order, scale=0.0)
        self.again = make(3 * hidden, hidden, scale=0.5 / hidden**0.5)
        self.offset = make(3 * hidden, 1, scale=0.3)
        self.leaving = make(1, hidden, scale=0.3 / hidden**0.5)
        self.level = make(1, scale=0.0)

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        """Predict the next sample; see the base class."""
        return self._walk(self._enter(past), self._straight(past))

    # Samples come last inside, so that no product has to turn anything round.

    def _enter(self, past: torch.Tensor) -> torch.Tensor:
        """Give what enters, far lags first: (order, n_series, n_targets, ..., n)."""
        joined = self.entering.transpose(2, 3).flatten(1, 2)
        inside = joined @ past.flip(-1).permute(3, 0, 2, 1)
        return inside.reshape(*inside.shape[:2], self.n_regions, -1, inside.shape[-1])

    def _straight(self, past: torch.Tensor) -> torch.Tensor:
        return self.linear.flatten(2) @ past.flatten(2).mT

    def _walk(self, inside: torch.Tensor, straight: torch.Tensor) -> torch.Tensor:
        hidden = self.again.shape[-1]
        state = inside.new_zeros(*inside.shape[1:3], hidden, inside.shape[-1])
        parts = [2 * hidden, hidden]
        for entered in inside:
            gates, fresh = torch.split(entered + self.offset, parts, -2)
            from_gates, from_state = torch.split(self.again @ state, parts, -2)
            reset, keep = torch.sigmoid(gates + from_gates).chunk(2, -2)
            fresh = torch.tanh(torch.addcmul(fresh, reset, from_state))
            state = torch.lerp(fresh, state, keep)
        bent = (self.leaving @ state)[:, :, 0]
        return (bent + straight + self.level).mT

    def penalty(self, past: torch.Tensor) -> torch.Tensor:
        """Sum of the norms of all sources."""
        norms = source_norms(self.sparsity, self.entering, self.linear)
        return norms + SETTINGS["output_ridge"] * self.leaving.square().sum((-2, -1))

    def without(
        self, past: torch.Tensor, sources: Sequence[int]
    ) -> Iterator[torch.Tensor]:
        """Take out what one source contributes at every lag."""
        inside, straight = self._enter(past), self._straight(past)
        for source in sources:
            course = past[:, :, source].flip(-1).permute(2, 0, 1)[:, :, None, None]
            own = self.entering[:, :, source, :, None]
            line = self.linear[:, :, source] @ past[:, :, source].mT
            yield self._walk(inside - course * own, straight - line)


def build(
    n_series: int, n_regions: int, order: int, seed: int, sparsity: float = SPARSITY
) -> LagModel:
    """Make the model, its start drawn from `seed`."""
    return Recurrent(n_series, n_regions, order, seed, sparsity)
