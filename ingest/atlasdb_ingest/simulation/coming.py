"""What comes and goes by chance: events, and connections."""

from __future__ import annotations

import torch

from atlasdb_ingest.simulation.dice import Dice


class Coming:
    """Things that are there for a while and away for a while, each on its own.

    Parameters
    ----------
    stay, enter : float or Tensor
        Chance that what is there is still there after one step, and that what is away
        is back.
    dice : Dice
        Where chance comes from.
    *shape : int
        Of the things; the chances are broadcast to it.
    """

    def __init__(
        self,
        stay: float | torch.Tensor,
        enter: float | torch.Tensor,
        dice: Dice,
        *shape: int,
    ) -> None:
        self._dice = dice
        self._enter = torch.as_tensor(enter, device=dice.device)
        self._more = torch.as_tensor(stay - enter, device=dice.device)
        share = self._enter / (1 - self._more)
        self.there = dice.chance(share, *shape).float()

    def step(self) -> torch.Tensor:
        """Give what is there next: 1, or 0 where it is away."""
        likely = torch.addcmul(self._enter, self._more, self.there)
        self.there = torch.lt(self._dice.uniform(*likely.shape), likely, out=likely)
        return self.there
