"""How far a recording can be believed: whether it is like the simulated brains.

A network that learned from simulations answers with confidence far from them too.
Each recording is described by means and deviations of its features. Two things speak
against it: to be far from all simulated recordings, and to look like those, spoiled
ones among them, in which the network's directions were worse than a coin.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional

from atlasdb_ingest.learning.pairs import Features

LIMIT = 1.0
"""Beyond this score no direction is given."""
_NEAREST = 10
_KEPT = 24
"""Directions in which simulated recordings differ most."""
_FAR = 0.998
"""Share of the simulated recordings that are nearer to the others than a score of 1."""
_CONSTANT = 1e-3
"""What varies less is 0 by symmetry, but for rounding, which must not be enlarged."""
_LARGEST = 20.0
_CLIP = 3.0
_HIDDEN = 64
_DROPPED = 0.5
_STEPS = 600
_AT_ONCE = 2048
"""Recordings of one step."""
_SURE = 2.0
"""Odds of being misled at a score of 1, at least: brains of other simulators, which the
network reads well, have odds somewhat above 1 now and then."""
_ALARMS = 0.02
"""Share of sound recordings, well read, of any number of regions that score above 1."""
_SIZES = (6, 9, 17, 31)
"""Numbers of regions that part small recordings from large ones: with few regions the
numbers that describe a recording vary more, and odds with them."""
_PREFIX = "familiar."


def strange(score: float) -> str | None:
    """Say that a score is beyond the limit; None where it is not."""
    if score <= LIMIT:
        return None
    return f"unlike the simulated brains (ood_score {score:.2f}, above {LIMIT:.2f})"


class Familiar(nn.Module):
    """A sample of simulated recordings, and a guess where the network is misled.

    Parameters
    ----------
    n_numbers : int
        Numbers that describe a recording.
    n_known : int
        Simulated recordings that are kept.
    """

    centre: torch.Tensor
    scale: torch.Tensor
    turn: torch.Tensor
    known: torch.Tensor
    usual: torch.Tensor
    sure: torch.Tensor

    def __init__(self, n_numbers: int, n_known: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(n_numbers))
        self.register_buffer("scale", torch.ones(n_numbers))
        self.register_buffer("turn", torch.zeros(n_numbers, _KEPT))
        self.register_buffer("known", torch.zeros(n_known, _KEPT).half())
        self.register_buffer("usual", torch.ones(()))
        self.register_buffer("sure", torch.full((len(_SIZES) + 1,), _SURE))
        self.misled = nn.Sequential(
            nn.Dropout(_DROPPED),
            nn.Linear(n_numbers, _HIDDEN),
            nn.SiLU(),
            nn.Linear(_HIDDEN, 1),
        )

    @classmethod
    def learn(
        cls,
        seen: torch.Tensor,
        n_regions: torch.Tensor,
        sound: torch.Tensor,
        misled: torch.Tensor,
        seed: int = 0,
    ) -> Familiar:
        """Learn from recordings whose connections are known.

        Parameters
        ----------
        seen : Tensor, shape (n, n_numbers)
            `Features.whole` of recordings.
        n_regions : Tensor of int, shape (n,)
            Their numbers of regions.
        sound : Tensor of bool, shape (n,)
            Whether they are simulated brains, as against spoiled ones; every other of
            these is kept.
        misled : Tensor of bool, shape (n,)
            Whether directions read from them were worse than a coin.
        seed : int
            Seed of the start.
        """
        simulated = seen[sound]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            made = cls(simulated.shape[1], len(simulated[::2]))
            made.centre.copy_(simulated.mean(0))
            made.scale.copy_(simulated.std(0))
            made._practise(made._level(seen).clamp(-_CLIP, _CLIP), misled.float())
        level = made._level(simulated)
        size, vectors = torch.linalg.eigh(level.mT @ level / len(level))
        made.turn.copy_(vectors[:, -_KEPT:] / size[-_KEPT:].clamp_min(1e-6).sqrt())
        made.known.copy_((level @ made.turn)[::2].half())
        made.eval()
        with torch.no_grad():
            made.usual.copy_(torch.quantile(made._distance(level[1::2]), _FAR))
            well = sound & ~misled
            odds, place = made._odds(made._level(seen[well])), _place(n_regions[well])
            for k in range(len(made.sure)):
                if (place == k).any():
                    usual = torch.quantile(odds[place == k], 1 - _ALARMS)
                    made.sure[k] = usual.clamp_min(_SURE)
        return made

    @classmethod
    def of(cls, tensors: Mapping[str, torch.Tensor]) -> Familiar:
        """Restore what `tensors` saved."""
        own = {
            name.removeprefix(_PREFIX): tensor
            for name, tensor in tensors.items()
            if name.startswith(_PREFIX)
        }
        made = cls(len(own["centre"]), len(own["known"]))
        made.load_state_dict(own)
        return made.eval()

    def tensors(self) -> dict[str, torch.Tensor]:
        """Give everything, by names that no network uses."""
        return {
            _PREFIX + name: tensor.detach().contiguous()
            for name, tensor in self.state_dict().items()
        }

    def score(self, features: Features) -> torch.Tensor:
        """Give the score of recordings, shape (n,).

        Above 1 where directions are twice as likely worse than a coin as not (surer
        than that, where two of 100 sound ones of as many regions look like it), or
        where a recording is farther from the simulated ones than all but one of 500.
        """
        n_regions = torch.full((len(features.region),), features.region.shape[1])
        with torch.no_grad():
            level = self._level(features.whole)
            far = self._distance(level) / self.usual
            odds = self._odds(level) / self.sure[_place(n_regions)]
            return torch.maximum(far, odds.sqrt()).clamp(max=_LARGEST)

    def _odds(self, level: torch.Tensor) -> torch.Tensor:
        odds: torch.Tensor = self.misled(level.clamp(-_CLIP, _CLIP))[:, 0].exp()
        return odds

    def _distance(self, level: torch.Tensor) -> torch.Tensor:
        apart = torch.cdist(level @ self.turn, self.known.float())
        return apart.topk(_NEAREST, largest=False).values.mean(-1)

    def _level(self, numbers: torch.Tensor) -> torch.Tensor:
        return (numbers - self.centre) / self.scale.clamp_min(_CONSTANT)

    def _practise(self, level: torch.Tensor, truth: torch.Tensor) -> None:
        """Learn where the network is misled."""
        optimiser = torch.optim.AdamW(
            self.misled.parameters(), lr=3e-3, weight_decay=1.0
        )
        for _ in range(_STEPS):
            some = torch.randint(len(level), (_AT_ONCE,))
            optimiser.zero_grad()
            odds = self.misled(level[some])[:, 0]
            wrong = functional.binary_cross_entropy_with_logits(odds, truth[some])
            torch.autograd.backward(wrong)
            optimiser.step()


def _place(n_regions: torch.Tensor) -> torch.Tensor:
    return torch.bucketize(n_regions, torch.tensor(_SIZES), right=True)
