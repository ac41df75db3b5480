"""A small network for each target, with a linear path beside it.

One hidden layer; all that enters from one source at one lag or later is one group,
and groups are pushed to zero together, so that a source, or its long lags, leaves
the network whole. The strength of this push is chosen
once for a study.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import torch
from torch import nn
from torch.nn import functional

from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models.base import PROBES, LagModel, drawn, source_weights

ENGINE: Final = "lagged"
UNIT: Final = "nats"
SETTINGS: Final[dict[str, float | int]] = {
    "version": 2,
    "hidden": 10,
    "output_ridge": 0.001,
    "steps": 600,
    "batch": 256,
    "rate": 0.02,
    "prior": 10.0,
    "null": 1500,
    "max_surrogates": 5,
}
SPARSITY: Final = 0.016
"""Where the search for the strength of the push begins."""


class Perceptron(LagModel):
    """Component-wise networks with hierarchical group sparsity on what enters."""

    def __init__(
        self, n_series: int, n_regions: int, order: int, seed: int, sparsity: float
    ) -> None:
        super().__init__(n_series, n_regions, order, sparsity)
        hidden = int(SETTINGS["hidden"])
        make = drawn(n_series, n_regions, seed)
        size = n_regions * order
        entering = make(size, hidden + 1, scale=0.3 / (3 * order) ** 0.5)
        with torch.no_grad():
            entering[..., hidden] = 0.0  # the linear path
        self.entering = entering
        self.offset = make(hidden, scale=0.3)
        self.leaving = make(hidden, scale=0.3 / hidden**0.5)
        self.level = nn.Parameter(torch.zeros(n_series, n_regions))

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        """Predict the next sample; see the base class."""
        return self._leave(self._enter(past.flatten(2), self.entering))

    def _enter(self, flat: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        # All targets read the same past: one product for all of them.
        joined = weights.transpose(1, 2).flatten(2)
        inside = flat @ joined
        return inside.reshape(*inside.shape[:-1], self.n_regions, -1)

    def _leave(self, inside: torch.Tensor) -> torch.Tensor:
        active = functional.silu(inside[..., :-1] + self.offset[:, None])
        bent = (active * self.leaving[:, None]).sum(-1)
        return bent + inside[..., -1] + self.level[:, None]

    def penalty(self, past: torch.Tensor) -> torch.Tensor:
        """Sum of the norms of all groups."""
        shape = (self.n_series, self.n_regions, self.n_regions, self.order, -1)
        power = self.entering.reshape(shape).square().sum(-1)
        later = power.flip(-1).cumsum(-1)
        size = (later + 1e-10).sqrt().sum(-1)
        weight = source_weights(self.sparsity, self.n_regions, size.device)
        ridge = SETTINGS["output_ridge"] * self.leaving.square().sum(-1)
        return (size * weight).sum(-1) + ridge

    def without(
        self, past: torch.Tensor, sources: Sequence[int]
    ) -> Iterator[torch.Tensor]:
        """Take out what one source contributes, instead of starting again."""
        inside = self._enter(past.flatten(2), self.entering)
        for source in sources:
            rows = slice(source * self.order, (source + 1) * self.order)
            part = self._enter(past[:, :, source], self.entering[:, :, rows])
            yield self._leave(inside - part)

    def slopes(self, windows: Windows) -> tuple[torch.Tensor, torch.Tensor]:
        """Give the derivatives in closed form: one layer has few moments."""
        rows = windows.some(PROBES)
        with torch.no_grad():
            inside = self._enter(windows.at(rows)[0].flatten(2), self.entering)
            inside = inside[..., :-1] + self.offset[:, None]
            half = torch.sigmoid(inside)
            bend = half * (1 + inside * (1 - half)) * self.leaving[:, None]
            path = torch.cat([bend, torch.ones_like(bend[..., :1])], -1)
            both = torch.einsum("snph,snpk->sphk", path, path) / path.shape[1]
            mean = (self.entering @ path.mean(1)[..., None])[..., 0]
            size = ((self.entering @ both) * self.entering).sum(-1).clamp_min(0).sqrt()
        shape = (self.n_series, self.n_regions, self.n_regions, self.order)
        return mean.reshape(shape).transpose(1, 2), size.reshape(shape).transpose(1, 2)


def build(
    n_series: int, n_regions: int, order: int, seed: int, sparsity: float = SPARSITY
) -> LagModel:
    """Make the model, its start drawn from `seed`."""
    return Perceptron(n_series, n_regions, order, seed, sparsity)
