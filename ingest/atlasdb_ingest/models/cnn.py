"""A causal convolutional network for each target, with a linear path beside it.

Each layer joins two neighbouring times, then two of these, until one number is left
of the whole past: a dilated temporal convolution (TCN) of which only what reaches the
last sample is computed. All that enters from one source is one group, and groups are
pushed to zero together. The strength of this push is chosen
once for a study.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import torch
from torch.nn import functional

from atlasdb_ingest.models.base import LagModel, drawn, source_norms

ENGINE: Final = "lagged"
UNIT: Final = "nats"
SETTINGS: Final[dict[str, float | int]] = {
    "version": 3,
    "hidden": 5,
    "output_ridge": 0.001,
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


class Convolutional(LagModel):
    """Component-wise dilated causal convolutions with group sparsity."""

    def __init__(
        self, n_series: int, n_regions: int, order: int, seed: int, sparsity: float
    ) -> None:
        super().__init__(n_series, n_regions, order, sparsity)
        hidden = int(SETTINGS["hidden"])
        self.depth = max(1, math.ceil(math.log2(order)))
        make = drawn(n_series, n_regions, seed)
        self.entering = make(n_regions, 2, hidden, scale=0.3 / 6**0.5)
        self.linear = make(n_regions, order, scale=0.0)
        self.offset = make(self.depth, hidden, scale=0.3)
        self.joining = make(self.depth - 1, 2 * hidden, hidden, scale=hidden**-0.5)
        self.leaving = make(hidden, scale=0.3 / hidden**0.5)
        self.level = make(scale=0.0)

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        """Predict the next sample; see the base class."""
        return self._leave(self._enter(past), self._straight(past))

    def _enter(self, past: torch.Tensor, source: int | None = None) -> torch.Tensor:
        """Join neighbouring times: (n_series, n, n_pairs, n_targets, hidden)."""
        weights: torch.Tensor = self.entering
        if source is not None:
            past = past[:, :, source : source + 1]
            weights = weights[:, :, source : source + 1]
        n_series, n, n_sources, order = past.shape
        padded = functional.pad(past, (0, 2**self.depth - order))
        pairs = padded.reshape(n_series, n, n_sources, -1, 2).movedim(2, 3)
        flat = pairs.reshape(n_series, -1, 2 * n_sources)
        joined = weights.flatten(2, 3).transpose(1, 2).flatten(2)
        inside = flat @ joined
        return inside.reshape(n_series, n, -1, self.n_regions, weights.shape[-1])

    def _straight(self, past: torch.Tensor) -> torch.Tensor:
        return past.flatten(2) @ self.linear.flatten(2).mT

    def _leave(self, inside: torch.Tensor, straight: torch.Tensor) -> torch.Tensor:
        state = functional.silu(inside + self.offset[:, None, None, :, 0])
        for layer in range(1, self.depth):
            shape = (*state.shape[:2], -1, 2, *state.shape[3:])
            both = state.reshape(shape).movedim(3, 4).flatten(4)
            mixed = torch.einsum(
                "snptk,stkh->snpth", both, self.joining[:, :, layer - 1]
            )
            state = functional.silu(mixed + self.offset[:, None, None, :, layer])
        bent = (state[:, :, 0] * self.leaving[:, None]).sum(-1)
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
    return Convolutional(n_series, n_regions, order, seed, sparsity)
