"""What makes simulated brains active: events from outside, shared or not, and noise."""

from __future__ import annotations

import torch

from atlasdb_ingest.simulation.coming import Coming
from atlasdb_ingest.simulation.dice import Dice

_SMOOTH = 0.88
_SIZED = 0.75
"""Shares: up to the second, events of one size; up to the first, of random size; the
rest has a slow Gaussian course instead of events."""


class Drive:
    """The input of every region, sample by sample.

    Parameters
    ----------
    plain : Tensor of bool, shape (n_brains,)
        Brains whose regions have events of one kind, as in most published simulations.
    driven : Tensor of bool, shape (n_brains,)
        Brains, in most of which one region outshines the rest.
    n_regions : int
        Number of regions.
    dt : float
        Time between samples, s.
    dice : Dice
        Where chance comes from.
    """

    def __init__(
        self,
        plain: torch.Tensor,
        driven: torch.Tensor,
        n_regions: int,
        dt: float,
        dice: Dice,
    ) -> None:
        n, size = len(plain), (len(plain), n_regions)
        odd = ~plain[:, None]
        self._dice, self._size = dice, size
        slow = dice.spread(n, 1, low=0.8, high=5.0)
        usual = plain[:, None] | dice.chance(0.4, n, 1)
        own = torch.exp(0.2 * dice.normal(*size))
        alike = torch.exp(0.15 * dice.normal(n, 1))
        on_s = torch.where(usual, 2.5 * alike, slow * own)
        ratio = dice.spread(n, 1, low=1.2, high=6.0)
        other = torch.exp(0.2 * dice.normal(*size))
        off_s = torch.where(
            usual, 10.0 * torch.exp(0.15 * dice.normal(n, 1)), slow * ratio * other
        )
        stay = torch.exp(-dt / on_s)
        self._events = Coming(stay, 1 - torch.exp(-dt / off_s), dice, *size)
        kind = dice.uniform(n, 1) * odd
        # Chance is thrown only for the brains that have use for it.
        self._sized = _rows((kind >= _SIZED) & (kind < _SMOOTH))
        self._smooth = _rows(kind >= _SMOOTH)
        uneven = torch.where(odd, 0.4, 0.2) * dice.uniform(n, 1)
        usual = torch.exp(uneven * dice.normal(*size))
        rarely = 0.12 * odd
        one = dice.chance(torch.where(driven[:, None], 0.85, rarely), n, 1)
        self._amplitude = self._amplitudes(odd, one, usual)
        self._noise = dice.spread(n, 1, low=0.01, high=0.4)
        reach = self._reaches(odd)
        self._reaching = _rows((reach != 0).flatten(1).sum(1) > n_regions)
        self._reach = reach[self._reaching]
        self._common = dice.sometimes(0.15 * odd, n, 1, low=0.1, high=0.6)
        self._together = Coming(1 - dt / 2.5, dt / 10.0, dice, n, 1)
        self._was = self._events.there[self._sized]
        self._height = dice.exponential(len(self._sized), n_regions)
        self._course = dice.normal(len(self._smooth), n_regions)
        self._keep = stay[self._smooth]
        self._fresh = torch.sqrt(1 - self._keep**2)

    def _amplitudes(
        self, odd: torch.Tensor, one: torch.Tensor, amplitude: torch.Tensor
    ) -> torch.Tensor:
        """Let one region of some brains outshine the others, or some be silent."""
        n, n_regions = self._size
        dice = self._dice
        place = torch.arange(n_regions, device=dice.device)
        chosen = dice.whole(0, n_regions, n, 1) == place
        dim = dice.uniform(n, 1, low=0.05, high=0.5)
        amplitude = torch.where(one & ~chosen, amplitude * dim, amplitude)
        silent = dice.chance(
            dice.sometimes(0.1 * odd, n, 1, low=0.0, high=0.5), *self._size
        )
        return torch.where(silent, 0.1 * amplitude, amplitude)

    def _reaches(self, odd: torch.Tensor) -> torch.Tensor:
        """Let events of one region of some brains reach others too."""
        n, n_regions = self._size
        dice = self._dice
        rare = dice.sometimes(0.2 * odd[..., None], n, 1, 1, low=0.3, high=1.5)
        also = dice.chance(rare / n_regions, n, n_regions, n_regions)
        size = dice.uniform(n, 1, 1, low=0.2, high=0.8)
        own = torch.eye(n_regions, device=dice.device)
        return own + size * also * (1 - own)

    def step(self) -> torch.Tensor:
        """Give the input of the next sample, shape (n_brains, n_regions)."""
        dice = self._dice
        active = self._events.step().clone()
        on = active[self._sized]
        fresh = dice.exponential(*on.shape)
        self._height = torch.where(on > self._was, fresh, self._height)
        self._was = on
        active[self._sized] = on * self._height
        fresh = dice.normal(*self._course.shape)
        self._course = torch.addcmul(self._keep * self._course, self._fresh, fresh)
        active[self._smooth] = 0.25 + 0.35 * self._course
        noise = self._noise * dice.normal(*self._size)
        reached = torch.addcmul(noise, active, self._amplitude)
        near = reached[self._reaching, :, None]
        reached[self._reaching] = torch.bmm(self._reach, near)[..., 0]
        return torch.addcmul(reached, self._common, self._together.step())


def _rows(which: torch.Tensor) -> torch.Tensor:
    """Give the numbers of the brains for which something is so."""
    return which.flatten().nonzero()[:, 0]
