"""One policy for each region: what to put into it, seeing what all regions did.

Policies are trained by gradients that run back through the rollouts of a world
(pathwise policy gradients), many of them in one tensor program. They share starts and
noise, so that regions differ by where the input goes and by nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from atlasdb.types import FloatArray
from atlasdb_ingest.learning.descent import Adam, falling
from atlasdb_ingest.stimulation.world import World

VERSION = 1
"""Raise it with every change of what policies are, or of how they are trained."""
STEPS, ROLLOUTS, RATE = 120, 32, 0.05
"""Steps of Adam, whose rate falls to 0 as a cosine, and rollouts of each step."""
JUDGED = 512
"""Rollouts that reductions are measured on."""
_STEEPEST = 1.0
_ROOM = {"cpu": 500_000}
_MUCH_ROOM = 50_000_000
"""Numbers that the pasts of one step may hold: many regions take turns. What a policy
learns does not depend on it."""


@dataclass(frozen=True, eq=False)
class Policies:
    """Bounded feedback: each puts ``budget * tanh(gains * past + offset)`` somewhere.

    Attributes
    ----------
    gains : Tensor, shape (n_policies, n_regions, order)
        What each policy makes of what every region did, lag 1 first.
    offsets : Tensor, shape (n_policies,)
        What it does whatever happens.
    targets : Tensor of int64, shape (n_policies,)
        Region that gets the input.
    budget : float
        Largest input at a sample, standard deviations of the region's activity.
    """

    gains: torch.Tensor
    offsets: torch.Tensor
    targets: torch.Tensor
    budget: float

    def act(self, past: torch.Tensor) -> torch.Tensor:
        """Give the input, each policy in a world of its own.

        Parameters
        ----------
        past : Tensor, shape (n_policies, n, n_regions, order)

        Returns
        -------
        Tensor, shape (n_policies, n, n_regions)
        """
        seen = (past.flatten(2) @ self.gains.flatten(1)[..., None])[..., 0]
        size = self.budget * torch.tanh(seen + self.offsets[:, None])
        into = torch.nn.functional.one_hot(self.targets, past.shape[2])
        return size[..., None] * into[:, None]

    def __getitem__(self, which: slice) -> Policies:
        """Give some of the policies."""
        parts = (self.gains[which], self.offsets[which], self.targets[which])
        return Policies(*parts, self.budget)


@dataclass(frozen=True, eq=False)
class Reduction:
    """Share of the energy of all regions that each policy removes, with its interval.

    Each is ``(n_policies,)``: 0 where nothing changes, below 0 where energy grows.
    Between `low` and `high` lies the mean over rollouts, in 95 cases of 100; they know
    nothing of how well the model fits.
    """

    mean: FloatArray
    low: FloatArray
    high: FloatArray


def train(
    world: World,
    *,
    budget: float,
    horizon: int,
    seed: int,
    step_done: Callable[[], object] = lambda: None,
) -> Policies:
    """Train a policy for each region to lower the mean energy of all regions.

    Parameters
    ----------
    world : World
        What to act on.
    budget : float
        Largest input at a sample, standard deviations.
    horizon : int
        Samples of a rollout.
    seed : int
        Seed of starts and noise.
    step_done : callable, optional
        Called after each of the `STEPS`, of each of the `turns`.

    Returns
    -------
    Policies
        In the order of the regions.
    """
    _, n_regions, order = world.starts.shape
    zeros = world.starts.new_zeros
    targets = torch.arange(n_regions, device=world.starts.device)
    start = Policies(zeros(n_regions, n_regions, order), zeros(n_regions), targets, 0.0)
    done = []
    for which in turns(world, ROLLOUTS):
        gains = start.gains[which].clone().requires_grad_()
        offsets = start.offsets[which].clone().requires_grad_()
        policies = Policies(gains, offsets, start.targets[which], budget)
        parts = [gains, offsets]
        optimiser = Adam(parts)
        for step in range(STEPS):
            past, noise = world.draw(ROLLOUTS, horizon, seed * 1_000_003 + step)
            loss = energy(world, past, noise, policies).sum()
            slopes = torch.autograd.grad(loss, parts)
            rate = RATE * falling(step, STEPS)
            optimiser.step([_tamed(slope) for slope in slopes], rate)
            step_done()
        done.append((gains.detach(), offsets.detach()))
    both = [torch.cat(parts) for parts in zip(*done, strict=True)]
    return Policies(both[0], both[1], targets, budget)


def judge(world: World, policies: Policies, *, horizon: int, seed: int) -> Reduction:
    """Measure what policies remove, on rollouts that they were not trained on.

    Parameters
    ----------
    world : World
        What to act on: that of the training, or the true system.
    policies : Policies
        One for each region.
    horizon : int
        Samples of a rollout.
    seed : int
        Draws other noise than training with any seed does.

    Returns
    -------
    Reduction
    """
    past, noise = world.draw(JUDGED, horizon, seed * 1_000_003 - 1, judging=True)
    with torch.no_grad():
        before = energy(world, past, noise, None)
        parts = [
            energy(world, past, noise, policies[which])
            for which in turns(world, JUDGED)
        ]
    without = before.cpu().double().numpy()
    acted = torch.cat(parts).cpu().double().numpy()
    share = acted.mean(1) / without.mean()
    # Both come from the same starts and noise: only their difference varies.
    spread = (acted - share[:, None] * without).std(1, ddof=1) / without.mean()
    half = 1.96 * spread / np.sqrt(JUDGED)
    return Reduction(1.0 - share, 1.0 - share - half, 1.0 - share + half)


def energy(
    world: World, past: torch.Tensor, noise: torch.Tensor, policies: Policies | None
) -> torch.Tensor:
    """Give the mean power of all regions, shape (n_policies, n_rollouts).

    Without policies there is one row: what happens without input.
    """
    n_worlds = 1 if policies is None else len(policies.offsets)
    past = past.expand(n_worlds, *past.shape)
    act = None if policies is None else policies.act
    total = past.new_zeros(past.shape[:2])
    for now in world.roll(past, noise, act):
        total = total + now.square().mean(-1)
    return total / len(noise)


def turns(world: World, n_rollouts: int) -> Iterator[slice]:
    """Cut the regions into parts that fit into memory at once."""
    device = world.starts.device.type
    one = n_rollouts * world.starts[0].numel()
    n = max(1, _ROOM.get(device, _MUCH_ROOM) // one)
    for start in range(0, world.n_regions, n):
        yield slice(start, start + n)


def _tamed(slope: torch.Tensor) -> torch.Tensor:
    """Shorten the gradients that a chaotic world blows up, policy by policy."""
    slope = slope.nan_to_num(0.0, 0.0, 0.0)
    size = slope.reshape(len(slope), -1).norm(dim=1).clamp_min(_STEEPEST)
    tamed: torch.Tensor = slope / (
        size.reshape(-1, *[1] * (slope.dim() - 1)) / _STEEPEST
    )
    return tamed
