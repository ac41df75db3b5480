"""The network of the amortised engine: from a recording to P(source -> target).

It looks at every ordered pair at once and at the pairs around it: what a third region
explains is not a connection. Nothing depends on the order of the regions, their
number, or the length of the recording. The products over a third region follow the
triangle updates of Jumper et al. 2021 (AlphaFold), without attention.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import nn
from torch.nn import functional

from atlasdb_ingest.learning.pairs import Features

NONE, FORTH, BACK, BOTH = range(4)
"""What a pair can be: not joined, row to column, column to row, or both."""
PREFIX = "reader."
_FAR = 5.0
"""Deviations at which numbers of whole recordings are cut off."""
_BESIDE = 2
"""Volumes on each side that a learned course looks at."""
_AT_ONCE = 32_000
"""Ordered pairs whose hidden layers are held at once: they fit into the cache."""


class Reader(nn.Module):
    """Reads connections of simulated and real recordings.

    Parameters
    ----------
    n_pair, n_region, n_whole : int
        Numbers of features.
    width : int, default=32
        Numbers kept of each pair.
    channels : int, default=8
        Numbers multiplied over a third region.
    depth : int, default=3
        How often pairs look at each other.
    courses : int, default=5
        Learned courses of each region, whose products over time are features too.
    """

    pair_mean: torch.Tensor
    pair_scale: torch.Tensor

    def __init__(
        self,
        n_pair: int,
        n_region: int,
        n_whole: int,
        width: int = 32,
        channels: int = 8,
        depth: int = 3,
        courses: int = 5,
    ) -> None:
        super().__init__()
        for name, n in (("pair", n_pair), ("region", n_region), ("whole", n_whole)):
            self.register_buffer(f"{name}_mean", torch.zeros(n))
            self.register_buffer(f"{name}_scale", torch.ones(n))
        self.near = nn.Linear(4 * (2 * _BESIDE + 1), 12)
        self.course = nn.Linear(12, courses, bias=False)
        self.forth = nn.Linear(n_pair, 2 * width)
        self.back = nn.Linear(n_pair, 2 * width, bias=False)
        self.moments = nn.Linear(courses**2, 2 * width, bias=False)
        self.contrast = nn.Linear(courses**2, 2 * width, bias=False)
        self.source = nn.Linear(n_region, 2 * width, bias=False)
        self.target = nn.Linear(n_region, 2 * width, bias=False)
        self.whole = nn.Sequential(
            nn.Linear(n_whole, width // 2),
            nn.SiLU(),
            nn.Linear(width // 2, 2 * width),
        )
        self.enter = nn.Linear(2 * width, width)
        self.blocks = nn.ModuleList(Triangles(width, channels) for _ in range(depth))
        self.joined = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 2)
        )
        self.leave = nn.LayerNorm(width)
        self.here = nn.Linear(width, width)
        self.there = nn.Linear(width, width, bias=False)
        self.leads = nn.Linear(width, 1)

    def forward(
        self, features: Features, told: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Read recordings of equal shape.

        Parameters
        ----------
        features : Features
            Of the recordings.
        told : Tensor, shape (n, n_whole), optional
            How much each of the numbers of a whole recording counts; 1 by default.

        Returns
        -------
        Tensor, shape (n, n_regions, n_regions, 4)
            Logits of ``NONE, FORTH, BACK, BOTH``; the diagonal means nothing.
        """
        return self.answer(self.look(features, told))

    def look(
        self, features: Features, told: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Take in each pair by itself: the features are not needed any more.

        Parameters are those of `forward`.

        Returns
        -------
        Tensor, shape (n, n_regions, n_regions, width)
            What is kept of each pair; 0 on the diagonal.
        """
        pair, n_times = features.pair, features.courses.shape[-1]
        n, n_regions = pair.shape[:2]
        region = self._scaled("region", features.region)
        whole = self._scaled("whole", features.whole).clamp(-_FAR, _FAR)
        if told is not None:
            whole = whole * told
        of_source, level = self._unscaled(self.forth)
        of_target, other = self._unscaled(self.back)
        level = level + other + self.whole(whole)[:, None, None]
        sources = self.source(region)[:, :, None] + level
        targets = self.target(region)[:, None]
        courses = self._courses(features.courses)
        of_moments = self._of_moments(n_times)

        def enter(rows: slice) -> torch.Tensor:
            hidden = functional.linear(pair[:, rows], of_source)
            hidden += functional.linear(pair[:, :, rows].transpose(1, 2), of_target)
            hidden += sources[:, rows]
            hidden += targets
            hidden += functional.linear(_products(courses, rows).flatten(3), of_moments)
            entered: torch.Tensor = self.enter(functional.silu(hidden))
            return entered

        return _by_rows(enter, n, n_regions).mul_(_apart(pair))

    def answer(self, state: torch.Tensor) -> torch.Tensor:
        """Let pairs look at each other, and say what they are.

        Parameters
        ----------
        state : Tensor, shape (n, n_regions, n_regions, width)
            As `look` gives it.

        Returns
        -------
        Tensor, shape (n, n_regions, n_regions, 4)
            As `forward` gives them.
        """
        n, n_regions = state.shape[:2]
        apart = _apart(state)
        for block in self.blocks:
            state = block(state, apart)

        last = self.leave(state)

        def leave(rows: slice) -> torch.Tensor:
            joined = self.joined(state[:, rows] + state[:, :, rows].transpose(1, 2))
            here, there = last[:, rows], last[:, :, rows].transpose(1, 2)
            mixed = self.here(here) + self.there(there)
            return torch.cat([joined, self.leads(functional.silu(mixed))], -1)

        found = _by_rows(leave, n, n_regions)
        none, both, forth = found[..., :1], found[..., 1:2], found[..., 2:]
        return torch.cat([none, forth, forth.transpose(1, 2), both], -1)

    @classmethod
    def of(cls, tensors: Mapping[str, torch.Tensor]) -> Reader:
        """Restore a network of the default size, ready to read."""
        own = {
            name.removeprefix(PREFIX): tensor
            for name, tensor in tensors.items()
            if name.startswith(PREFIX)
        }
        sizes = (len(own[f"{name}_mean"]) for name in ("pair", "region", "whole"))
        reader = cls(*sizes)
        reader.load_state_dict(own)
        return reader.eval()

    def tensors(self) -> dict[str, torch.Tensor]:
        """Give all parameters, by names of their own."""
        return {
            PREFIX + name: tensor.detach().cpu().clone()
            for name, tensor in self.state_dict().items()
        }

    def normalise(self, features: Features) -> None:
        """Take means and deviations of inputs from recordings."""
        pair = features.pair.flatten(0, -2)
        for name, numbers in (
            ("pair", pair[(pair != 0).any(-1)]),
            ("region", features.region.flatten(0, -2)),
            ("whole", features.whole),
        ):
            getattr(self, f"{name}_mean").copy_(numbers.mean(0))
            getattr(self, f"{name}_scale").copy_(numbers.std(0).clamp_min(1e-3))

    def _scaled(self, name: str, numbers: torch.Tensor) -> torch.Tensor:
        mean, scale = getattr(self, f"{name}_mean"), getattr(self, f"{name}_scale")
        scaled: torch.Tensor = (numbers - mean) / scale
        return scaled

    def _unscaled(self, layer: nn.Linear) -> tuple[torch.Tensor, torch.Tensor]:
        """Give weight and bias for numbers of pairs that were not normalised."""
        weight = layer.weight / self.pair_scale
        bias = -weight @ self.pair_mean
        return weight, bias if layer.bias is None else bias + layer.bias

    def _of_moments(self, n_times: int) -> torch.Tensor:
        """Join the weights of products of courses and of their differences.

        What differs is a product and the same one of the other direction.
        """
        k = math.isqrt(self.contrast.in_features)
        apart = self.contrast.weight.reshape(-1, k, k)
        apart = (apart - apart.mT).flatten(1)
        joined: torch.Tensor = self.moments.weight + math.sqrt(n_times) / 3 * apart
        return joined

    def _courses(self, courses: torch.Tensor) -> torch.Tensor:
        """Give learned courses of all regions, shape (n, n_regions, k, n_times)."""
        n, n_regions, n_seen, n_times = courses.shape
        # One product for all: convolutions that torch makes anew for each new length
        # take longer, and twice as long to differentiate.
        longer = functional.pad(courses, (_BESIDE, _BESIDE)).permute(2, 0, 1, 3)
        flat, size = longer.reshape(n_seen, -1), n * n_regions * longer.shape[-1]
        size -= 2 * _BESIDE
        shifted = [flat[:, k : k + size] for k in range(2 * _BESIDE + 1)]
        near = self.near.weight @ torch.cat(shifted)
        near += self.near.bias[:, None]
        found = self.course.weight @ functional.silu(near)
        found = functional.pad(found, (0, 2 * _BESIDE))
        found = found.reshape(-1, *longer.shape[1:])[..., :n_times].permute(1, 2, 0, 3)
        found = found - found.mean(-1, keepdim=True)
        learned: torch.Tensor = found / (
            found.square().mean(-1, keepdim=True).sqrt() + 0.1
        )
        return learned


class Triangles(nn.Module):
    """Lets each pair look at the pairs that share a region with it.

    Parameters
    ----------
    width : int
        Numbers kept of each pair.
    channels : int
        Numbers multiplied over a third region.
    """

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.before = nn.LayerNorm(width)
        self.gated = nn.Linear(width, 8 * channels)
        self.within = nn.LayerNorm(3 * channels)
        self.third = nn.Linear(3 * channels, width)
        self.after = nn.LayerNorm(width)
        self.here = nn.Linear(width, 2 * width)
        self.there = nn.Linear(width, 2 * width, bias=False)
        self.source = nn.Linear(2 * width, 2 * width, bias=False)
        self.target = nn.Linear(2 * width, 2 * width, bias=False)
        self.change = nn.Linear(2 * width, width)
        nn.init.zeros_(self.third.weight)
        nn.init.zeros_(self.change.weight)

    def forward(self, state: torch.Tensor, apart: torch.Tensor) -> torch.Tensor:
        """Update the numbers of all pairs, shape (n, n_regions, n_regions, width)."""
        n_regions = state.shape[1]
        value = self._channels(state).mul_(apart[..., 0])
        first, second, outward, inward = value.chunk(4)
        # A third region on the way, a target of both, a source of both.
        over = [first @ second, outward @ outward.mT, inward.mT @ inward]
        third = torch.cat(over) / math.sqrt(n_regions)
        del value, first, second, outward, inward, over

        def explained(rows: slice) -> torch.Tensor:
            near = self.within(third[:, :, rows].permute(1, 2, 3, 0))
            more: torch.Tensor = self.third(near) * apart[rows]
            return state[:, rows] + more

        state = _by_rows(explained, len(state), n_regions)
        seen = self.after(state).mul_(apart)
        around = torch.cat([seen.mean(2), seen.mean(1)], -1)
        # A bias is cheaper where there are few numbers.
        source = (self.source(around) + self.here.bias)[:, :, None]
        target = self.target(around)[:, None]

        def changed(rows: slice) -> torch.Tensor:
            hidden = functional.linear(seen[:, rows], self.here.weight)
            hidden += self.there(seen[:, :, rows].transpose(1, 2))
            hidden += source[:, rows]
            hidden += target
            more: torch.Tensor = self.change(functional.silu(hidden)) * apart[rows]
            return state[:, rows] + more

        return _by_rows(changed, len(state), n_regions)

    def _channels(self, state: torch.Tensor) -> torch.Tensor:
        """Give gated values, shape (4 channels, n, n_regions, n_regions).

        Channels first, as the products over a third region want them.
        """
        seen = self.before(state).flatten(0, 2).mT
        both = self.gated.weight @ seen
        both += self.gated.bias[:, None]
        del seen
        return functional.glu(both, 0).reshape(-1, *state.shape[:3])


def _apart(pairs: torch.Tensor) -> torch.Tensor:
    """Give 1 for pairs and 0 for regions with themselves: (n_regions, n_regions, 1)."""
    return 1 - torch.eye(pairs.shape[1], device=pairs.device)[..., None]


def _by_rows(
    work: Callable[[slice], torch.Tensor], n: int, n_regions: int
) -> torch.Tensor:
    """Do some rows of all pairs after the other, shape (n, n_regions, n_regions, k)."""
    size = max(1, _AT_ONCE // (n * n_regions))
    starts = range(0, n_regions, size)
    parts = (work(slice(start, start + size)) for start in starts)
    first = next(parts)
    if len(first[0]) == n_regions:
        return first
    if torch.is_grad_enabled():
        return torch.cat([first, *parts], 1)
    # Parts of 400 regions beside their whole are memory that is never given back.
    whole = first.new_empty(n, n_regions, *first.shape[2:])
    whole[:, :size] = first
    for start, part in zip(starts[1:], parts, strict=True):
        whole[:, start : start + size] = part
    return whole


def _products(courses: torch.Tensor, rows: slice) -> torch.Tensor:
    """Multiply courses of pairs over time: (n, rows, n_regions, k, k)."""
    n, n_regions, k, n_times = courses.shape
    some = courses[:, rows].flatten(1, 2)
    product = some @ courses.flatten(1, 2).mT / n_times
    return product.reshape(n, -1, k, n_regions, k).transpose(2, 3)


def loss(logits: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Cross entropy of what pairs are, for each region.

    Parameters
    ----------
    logits : Tensor, shape (n, n_regions, n_regions, 4)
        As `Reader` gives them.
    weights : Tensor, shape (n, n_regions, n_regions)
        Planted connections.

    Returns
    -------
    Tensor, shape (n,)
        Nats.
    """
    n_regions = weights.shape[1]
    row, column = torch.triu_indices(n_regions, n_regions, 1, device=weights.device)
    there = (weights != 0).long()
    kind = (FORTH * there + BACK * there.mT)[:, row, column]
    wrong = functional.cross_entropy(
        logits[:, row, column].flatten(0, 1), kind.flatten(), reduction="none"
    )
    return wrong.reshape(kind.shape).sum(1) / n_regions


def probability(logits: torch.Tensor) -> torch.Tensor:
    """P(source -> target), shape (n, n_regions, n_regions); 0 on the diagonal."""
    share = logits.softmax(-1)
    apart = 1 - torch.eye(logits.shape[1], device=logits.device)
    return (share[..., FORTH] + share[..., BOTH]) * apart
