"""What the amortised engine learns from: many recordings of simulated brains.

Everything comes from the seed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from atlasdb_ingest.learning.pairs import Features, describe
from atlasdb_ingest.simulation.brains import scan
from atlasdb_ingest.simulation.dice import Dice
from atlasdb_ingest.simulation.scanner import denoise, drifted

_REGIONS = 8000, 3000, 2000
"""Regions of one group, all its brains together: the larger brains are, the fewer."""
_LARGE = 21
"""One group in so many has more regions than the others: what is read of 400 is then
sure where it is right. More of them, and small brains are read less well.
"""
_PAIRS = 5000
"""Ordered pairs of one step."""
_SAMPLES = 400_000
"""Numbers in the series of one step."""
_FIRST = 0.25
"""Share of both in the first step. It grows to 1: the lower the rate of learning is,
the more the noise of few recordings matters.
"""
_SHORTEST = 50
_CALM = 0.35
"""Share of what is learned from that is whole, and only denoised."""
_SMALL = 8
"""Regions: brains with no more are learned from three times as often."""


@dataclass(frozen=True)
class Group:
    """What brains to simulate together."""

    n_brains: int
    n_regions: int
    n_volumes: int
    tr: float
    seed: int


@dataclass(frozen=True, eq=False)
class Lesson:
    """Simulated recordings, half precision, and which connections they have."""

    series: torch.Tensor
    weights: torch.Tensor
    tr: float

    def features(
        self, rows: torch.Tensor, device: torch.device, dice: Dice | None = None
    ) -> Features:
        """Describe some of the recordings, or something like them by chance."""
        series = self.series[rows].to(device).float()
        if dice is not None:
            series = varied(series, self.tr, dice)
        return describe(series, self.tr)


def varied(series: torch.Tensor, tr: float, dice: Dice) -> torch.Tensor:
    """Show recordings otherwise: a part of them, noisier, drifting, denoised, rounded.

    A third is whole, and only denoised. One simulated brain is then many lessons, and
    none is learned by heart.
    """
    calm, shorter, noisier, drifting, share = dice.uniform(5).tolist()
    if calm < _CALM:
        shorter = noisier = drifting = 1.0
    if shorter < 0.5:
        keep = max(_SHORTEST, round((0.5 + 0.5 * share) * series.shape[-1]))
        if keep < series.shape[-1]:
            start = int(dice.whole(0, series.shape[-1] - keep, 1).item())
            series = series[..., start : start + keep]
    if noisier < 0.3:
        size = dice.spread(len(series), 1, 1, low=0.05, high=0.5)
        series = series + size * dice.normal(*series.shape)
    if drifting < 0.4:
        series = drifted(series, tr, dice)
    series = denoise(series, tr, dice)
    # A file keeps so many digits; what a filter left lies below them, or above.
    digits = dice.uniform(1, low=2.0, high=7.0)
    return series + 10**-digits * series.std(-1, keepdim=True) * dice.normal(
        *series.shape
    )


def plan(seed: int, n_groups: int) -> list[Group]:
    """Draw sizes: 4 to 120 regions, 150 to 1,300 s, a volume each 0.5 to 3.2 s.

    A fifth of the groups has 200 volumes at 3 s, as many published simulations have.
    The last groups are of large brains, 125 to 240 regions.
    """
    rng = np.random.default_rng(seed)
    bounds = np.array([(4, 8), (9, 16), (17, 30), (31, 60), (80, 120)])
    groups = []
    for k in range(n_groups):
        low, high = bounds[rng.choice(5, p=(0.24, 0.33, 0.22, 0.14, 0.07))]
        if k >= n_groups - n_groups // _LARGE:
            low, high = 125, 240
        n_regions = int(rng.integers(low, high + 1))
        tr, n_volumes = 3.0, 200
        if rng.random() > 0.2:
            tr = float(np.exp(rng.uniform(np.log(0.5), np.log(3.2))))
            seconds = np.exp(rng.uniform(np.log(150), np.log(1300)))
            n_volumes = int(np.clip(seconds / tr, 50, 2000))
        n_brains = _REGIONS[(n_regions > 60) + (n_regions > 120)] // n_regions
        groups.append(Group(n_brains, n_regions, n_volumes, tr, seed * 1_000_000 + k))
    return groups


def simulate(group: Group, device: torch.device) -> Lesson:
    """Scan the brains of one group."""
    sizes = (group.n_brains, group.n_regions, group.n_volumes, group.tr)
    found = scan(*sizes, group.seed, device=device, denoised=False)
    series = found.series - found.series.mean(-1, keepdim=True)
    series = series / series.std(-1, keepdim=True).clamp_min(1e-9)
    return Lesson(series.half().cpu(), (found.weights != 0).cpu(), found.tr)


def lessons(groups: Sequence[Group], device: torch.device) -> Iterator[Lesson]:
    """Simulate groups in their order, on all cores or on the accelerator."""
    if device.type != "cpu":
        yield from (simulate(group, device) for group in groups)
        return
    from joblib import Parallel, delayed

    n_jobs = os.cpu_count() or 1
    work = Parallel(n_jobs=n_jobs, return_as="generator")
    yield from work(delayed(_alone)(group) for group in groups)


def _alone(group: Group) -> Lesson:
    torch.set_num_threads(1)
    return simulate(group, torch.device("cpu"))


Draw = tuple[Lesson, torch.Tensor, Dice]
"""What one step learns from, from which recordings of it, and chance."""


def drawn(
    known: Sequence[Lesson], n_steps: int, seed: int, device: torch.device
) -> Iterator[Draw]:
    """Draw what to learn from in each step.

    Parameters
    ----------
    known : sequence of Lesson
        What can be learned from.
    n_steps : int
        Number of steps.
    seed : int
        Same seed, same draws.
    device : torch.device
        Where their chance comes from.

    Yields
    ------
    Draw
        The later, the more recordings.
    """
    rng = np.random.default_rng(seed)
    n_brains = np.array([len(lesson.weights) for lesson in known])
    n_regions = np.array([lesson.weights.shape[1] for lesson in known])
    numbers = np.array([lesson.series[0].numel() for lesson in known])
    few = np.minimum(_PAIRS / n_regions**2, _SAMPLES / numbers)
    often = np.where(n_regions <= _SMALL, 3.0, 1.0)
    for step in range(n_steps):
        most = _FIRST + (1 - _FIRST) * step / n_steps
        at_once = np.clip(np.rint(most * few), 1, n_brains).astype(int)
        share = often * np.maximum(1.0, n_brains / at_once)
        k = rng.choice(len(known), p=share / share.sum())
        rows = rng.choice(n_brains[k], at_once[k], replace=False)
        dice = Dice(int(rng.integers(2**62)), device)
        yield known[k], torch.from_numpy(rows), dice
