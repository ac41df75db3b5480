"""One step of training after another: where it goes down, and how far.

A family that knows its gradient in closed form says so by a class of its own; the
others are differentiated by torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import torch

from atlasdb_ingest.learning.windows import Windows

if TYPE_CHECKING:
    from atlasdb_ingest.models.base import LagModel

FLOOR: Final = 1e-6
"""Added to mean squared errors, so that their roots have derivatives."""
_FIRST, _TINY = 0.9, 1e-8


class Descent:
    """What training changes in a model, and which way is down.

    Parameters
    ----------
    model : LagModel
        Trained in place.
    windows : Windows
        Recordings.
    """

    def __init__(self, model: LagModel, windows: Windows) -> None:
        self.model, self.windows = model, windows

    @property
    def parameters(self) -> Sequence[torch.Tensor]:
        """What is changed by steps."""
        return list(self.model.parameters())

    def gradients(self, rows: torch.Tensor) -> Sequence[torch.Tensor]:
        """Give the gradients of the objective on some samples.

        The objective of a target is the root of its mean squared error plus the
        penalty of its network.

        Parameters
        ----------
        rows : Tensor of int64, shape (n_series, n)
            Samples, as in `Windows.known`.

        Returns
        -------
        sequence of Tensor
            In the order of `parameters`.
        """
        past, present = self.windows.at(rows)
        error = (self.model(past) - present).square().mean(1)
        loss = ((error + FLOOR).sqrt() + self.model.penalty(past)).sum()
        return torch.autograd.grad(loss, list(self.model.parameters()))

    def settle(self) -> None:
        """Bring the model up to date with what was changed."""


def falling(done: int, n_steps: int) -> float:
    """Give the share of its rate that training has left: a cosine, from 1 to 0."""
    return (1 + math.cos(math.pi * done / n_steps)) / 2


class Adam:
    """Adam (Kingma and Ba 2015) without what a few tensors have no use for.

    Torch's own loads its compiler, which takes longer than some trainings.

    Parameters
    ----------
    parameters : sequence of Tensor
        Changed in place.
    second : float, default=0.999
        How slowly squares of gradients are forgotten.
    """

    def __init__(
        self, parameters: Sequence[torch.Tensor], second: float = 0.999
    ) -> None:
        self.parameters, self.second, self.done = parameters, second, 0
        self.mean = [torch.zeros_like(one) for one in parameters]
        self.power = [torch.zeros_like(one) for one in parameters]
        self.size = [torch.empty_like(one) for one in parameters]

    def step(self, gradients: Sequence[torch.Tensor], rate: float) -> None:
        """Go one step down, at most about `rate` in each parameter."""
        self.done += 1
        first, second = _FIRST, self.second
        bias = (1 - second**self.done) ** 0.5
        length = -rate / (1 - first**self.done)
        with torch.no_grad():
            for k, slope in enumerate(gradients):
                self.mean[k].lerp_(slope, 1 - first)
                self.power[k].mul_(second).addcmul_(slope, slope, value=1 - second)
                size = torch.sqrt(self.power[k], out=self.size[k])
                size.div_(bias).add_(_TINY)
                self.parameters[k].addcdiv_(self.mean[k], size, value=length)
