"""Random numbers for many brains at once: one generator, one seed, any device."""

from __future__ import annotations

import math

import torch


class Dice:
    """Draws of torch tensors.

    Parameters
    ----------
    seed : int
        Same seed, same draws on the same device.
    device : torch.device, optional
        Where the tensors live; the CPU by default.
    """

    def __init__(self, seed: int, device: torch.device | None = None) -> None:
        self.device = device or torch.device("cpu")
        self.generator = torch.Generator(self.device).manual_seed(seed)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        """Draw numbers between two bounds."""
        drawn = torch.rand(*shape, generator=self.generator, device=self.device)
        # Most draws of a simulation are between 0 and 1, and pass this line in haste.
        return drawn if (low, high) == (0.0, 1.0) else low + (high - low) * drawn

    def spread(self, *shape: int, low: float, high: float) -> torch.Tensor:
        """Draw positive numbers, every factor between two bounds equally likely."""
        logarithm = self.uniform(*shape, low=math.log(low), high=math.log(high))
        return logarithm.exp()

    def normal(self, *shape: int) -> torch.Tensor:
        """Draw from the standard normal distribution."""
        return torch.randn(*shape, generator=self.generator, device=self.device)

    def exponential(self, *shape: int) -> torch.Tensor:
        """Draw from the exponential distribution of mean 1."""
        return -torch.log1p(-self.uniform(*shape, high=1.0 - 1e-7))

    def whole(self, low: int, high: int, *shape: int) -> torch.Tensor:
        """Draw whole numbers from `low` to below `high`."""
        return torch.randint(
            low, high, shape, generator=self.generator, device=self.device
        )

    def chance(self, share: float | torch.Tensor, *shape: int) -> torch.Tensor:
        """Draw truths, of which `share` are true."""
        return self.uniform(*shape) < share

    def sometimes(
        self, share: float | torch.Tensor, *shape: int, low: float, high: float
    ) -> torch.Tensor:
        """Draw numbers between two bounds for a share of the brains, 0 for the rest."""
        size = self.uniform(*shape, low=low, high=high)
        return size * self.chance(share, *shape)
