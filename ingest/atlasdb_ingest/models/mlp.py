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

from atlasdb_ingest.learning.descent import FLOOR, Descent
from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models.base import PROBES, LagModel, drawn, source_weights

ENGINE: Final = "lagged"
UNIT: Final = "nats"
SETTINGS: Final[dict[str, float | int]] = {
    "version": 5,
    "hidden": 10,
    "output_ridge": 0.001,
    "steps": 600,
    "brief_steps": 300,
    "batch": 256,
    "rate": 0.02,
    "prior": 10.0,
    "null": 800,
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

    def descent(self, windows: Windows) -> Descent:
        """Give the way down in closed form."""
        return _ByHand(self, windows)

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


class _ByHand(Descent):
    """Gradients of one hidden layer, written out.

    Parameters lie in one buffer, so that all that is done at a step is done to whole
    rows of it: what enters unit by unit and target by target, from the longest lag
    first, as in the recording. Samples lie side by side, and what is the same for all
    of them, or for all units, is spread over rows that are whole in memory.
    """

    def __init__(self, model: Perceptron, windows: Windows) -> None:
        super().__init__(model, windows)
        self.net = model
        n, length, n_regions = windows.series.shape
        order, hidden = model.order, model.offset.shape[-1]
        self.sizes = n, order, n_regions, hidden
        # Windows overlap in memory: a past is a stretch of it, and is never laid out.
        flat = windows.series.contiguous().view(n * length, n_regions)
        ends = n * length - order
        self.past = flat.as_strided((ends, order * n_regions), (n_regions, 1))
        self.now = flat
        start = torch.arange(n, device=flat.device) * length
        self.start = start[:, None]
        bent = hidden * n_regions
        entering = order * n_regions * (bent + n_regions)
        lengths = [entering, bent, bent, n_regions]
        self.buffer = flat.new_empty(n, sum(lengths))
        self.slope = torch.zeros_like(self.buffer)
        self.parts = self._parts(self.buffer, lengths)
        self.slopes = self._parts(self.slope, lengths)
        cost = source_weights(model.sparsity, n_regions, flat.device)
        self.cost = cost[:, None].contiguous()
        # From the longest lag to each: a weight is in the groups of all shorter ones.
        self.longer = torch.ones(order, order, device=flat.device).tril()
        self.power = torch.empty_like(self.parts[0])
        self.one = torch.ones((), device=flat.device)
        self.room: list[torch.Tensor] = []
        with torch.no_grad():
            for mine, theirs in zip(self.parts, self._laid(), strict=True):
                mine.copy_(theirs)

    def _parts(
        self, buffer: torch.Tensor, lengths: Sequence[int]
    ) -> tuple[torch.Tensor, ...]:
        n, order, n_regions, hidden = self.sizes
        entering, *rest = torch.split(buffer, list(lengths), dim=1)
        shape = (n, hidden + 1, n_regions, order, n_regions)
        return entering.view(shape), *(one[..., None] for one in rest)

    def _laid(self) -> tuple[torch.Tensor, ...]:
        """Give the parameters of the network, seen as they lie here."""
        n, order, n_regions, hidden = self.sizes
        entering = self.net.entering.view(n, n_regions, n_regions, order, hidden + 1)
        offset, leaving = (
            one.mT.reshape(n, -1, 1) for one in (self.net.offset, self.net.leaving)
        )
        inside = entering.flip(3).permute(0, 4, 1, 3, 2)
        return inside, offset, leaving, self.net.level[..., None]

    @property
    def parameters(self) -> Sequence[torch.Tensor]:
        """All in one."""
        return [self.buffer]

    def gradients(self, rows: torch.Tensor) -> Sequence[torch.Tensor]:
        """Give the gradient; see the base class."""
        n, order, n_regions, hidden = self.sizes
        bent, count = hidden * n_regions, rows.shape[1]
        past, inside, half, active, share = self._room(count)
        entering, offset, leaving, level = self.parts
        down, offset_down, leaving_down, level_down = self.slopes
        place = (rows + self.start).flatten()
        torch.index_select(self.past, 0, place - order, out=past.flatten(0, 1))
        torch.bmm(entering.view(n, -1, order * n_regions), past.mT, out=inside)
        before = inside[:, :bent].add_(offset)
        torch.sigmoid(before, out=half)
        torch.mul(before, half, out=active)
        apart = (n, hidden, n_regions, count)
        error = torch.mul(active, leaving, out=share).view(apart).sum(1)
        error += inside[:, bent:]
        error += level
        error -= self.now.index_select(0, place).view(n, count, n_regions).mT
        root = (error.square().mean(2, keepdim=True) + FLOOR).sqrt_()
        error /= root * count
        wrong = error[:, None]
        torch.mul(active.view(apart), wrong, out=share.view(apart))
        torch.sum(share, 2, keepdim=True, out=leaving_down)
        leaving_down.add_(leaving, alpha=2 * SETTINGS["output_ridge"])
        # The derivative of a = x s(x) is s + a (1 - s).
        half.lerp_(self.one, active).mul_(leaving)
        back = inside
        torch.mul(half.view(apart), wrong, out=back[:, :bent].view(apart))
        back[:, bent:] = error
        torch.bmm(back, past, out=down.view(n, -1, order * n_regions))
        torch.sum(back[:, :bent], 2, keepdim=True, out=offset_down)
        torch.sum(error, 2, keepdim=True, out=level_down)
        self._add_penalty()
        return [self.slope]

    def _room(self, count: int) -> list[torch.Tensor]:
        """Give where a step works: memory that is asked for anew costs more than it."""
        if not self.room or self.room[0].shape[1] != count:
            n, order, n_regions, hidden = self.sizes
            bent = hidden * n_regions
            make = self.buffer.new_empty
            past = make(n, count, order * n_regions)
            heights = (bent + n_regions, bent, bent, bent)
            self.room = [past, *(make(n, height, count) for height in heights)]
        return self.room

    def _add_penalty(self) -> None:
        """Each weight belongs to the groups of its lag and of all shorter ones."""
        entering = self.parts[0]
        power = torch.mul(entering, entering, out=self.power).sum(1)
        size = (self.longer @ power).add_(1e-10).sqrt_()
        pull = self.longer.T @ (self.cost / size)
        self.slopes[0].addcmul_(entering, pull[:, None])

    def settle(self) -> None:
        """Bring the network up to date."""
        n, _, n_regions, hidden = self.sizes
        entering, offset, leaving, level = self.parts
        laid = entering.permute(0, 2, 4, 3, 1).flip(3)
        with torch.no_grad():
            self.net.entering.copy_(laid.reshape(self.net.entering.shape))
            self.net.offset.copy_(offset.view(n, hidden, n_regions).mT)
            self.net.leaving.copy_(leaving.view(n, hidden, n_regions).mT)
            self.net.level.copy_(level[..., 0])


def build(
    n_series: int, n_regions: int, order: int, seed: int, sparsity: float = SPARSITY
) -> LagModel:
    """Make the model, its start drawn from `seed`."""
    return Perceptron(n_series, n_regions, order, seed, sparsity)
