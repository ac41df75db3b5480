"""What every lagged estimator is: a network from lag windows to the next sample."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import nn

from atlasdb_ingest.learning.descent import Descent
from atlasdb_ingest.learning.windows import Windows

PROBES = 256
"""Samples at which derivatives are taken."""
_OWN = 0.9
"""A target's own past is that much cheaper."""


class LagModel(nn.Module, ABC):
    """Predictors of every region of every recording, in one module.

    Every parameter has the shape ``(n_series, n_regions, ...)``: one network for each
    recording and target, trained side by side, sharing nothing; or, where ``joint``,
    ``(n_series, ...)``: one network for all targets of a recording. A new family
    writes `forward` and `penalty`; the rest has a way that works for every network.

    Parameters
    ----------
    n_series, n_regions, order : int
        Numbers of recordings, regions and lags.
    sparsity : float, default=0
        How strongly sources are pushed out of the network.
    """

    joint: bool = False
    tested: bool = True
    """Whether what it says is tested beside the past: not where it bends to the noise
    of a target by way of all sources at once, and does so less where none is joined."""

    def __init__(
        self, n_series: int, n_regions: int, order: int, sparsity: float = 0.0
    ) -> None:
        super().__init__()
        self.n_series, self.n_regions, self.order = n_series, n_regions, order
        self.sparsity = sparsity

    @abstractmethod
    def forward(self, past: torch.Tensor) -> torch.Tensor:
        """Predict.

        Parameters
        ----------
        past : Tensor, shape (n_series, n, n_regions, order)
            Lag windows, lag 1 first.

        Returns
        -------
        Tensor, shape (n_series, n, n_regions)
            The next sample of every region.
        """

    @abstractmethod
    def penalty(self, past: torch.Tensor) -> torch.Tensor:
        """Give what the network costs beside its errors, shape (n_series, n_regions).

        `past` are the lag windows of the step, for what depends on them.
        """

    def solve(self, windows: Windows) -> bool:
        """Set the parameters at once where that is possible; else return False."""
        return False

    def descent(self, windows: Windows) -> Descent:
        """Give the way down; a family that knows a shorter one gives that."""
        return Descent(self, windows)

    def prepare(self, windows: Windows, seed: int) -> None:
        """Learn without a teacher before training, where a family does so."""

    def without(
        self, past: torch.Tensor, sources: Sequence[int]
    ) -> Iterator[torch.Tensor]:
        """Predict without one source after the other, its past set to its mean."""
        for source in sources:
            rest = past.clone()
            rest[:, :, source] = 0.0
            yield self(rest)

    def gain(self, windows: Windows) -> torch.Tensor:
        """Tell how much worse each region is predicted without each source.

        Parameters
        ----------
        windows : Windows
            What to predict.

        Returns
        -------
        Tensor, shape (n_series, n_regions, n_regions)
            ``log(error without / error with)``, rows are sources.
        """
        rows = windows.some(1024)
        past, present = windows.at(rows)
        with torch.no_grad():
            error = (self(past) - present).square().mean(1)
            less = self.without(past, range(self.n_regions))
            rest = [(one - present).square().mean(1) for one in less]
        return torch.log(torch.stack(rest, 1) / error[:, None])

    def slopes(self, windows: Windows) -> tuple[torch.Tensor, torch.Tensor]:
        """Take the derivatives of the prediction by each lag of each source.

        Parameters
        ----------
        windows : Windows
            Where to take them.

        Returns
        -------
        mean, size : Tensor, shape (n_series, n_regions, n_regions, order)
            Mean and root mean square over samples; source, target, lag.
        """
        rows = windows.some(PROBES)
        past = windows.at(rows)[0].detach().requires_grad_()
        total = self(past).sum((0, 1))
        mean, size = [], []
        for target in range(self.n_regions):
            (slope,) = torch.autograd.grad(total[target], past, retain_graph=True)
            mean.append(slope.mean(1))
            size.append(slope.square().mean(1).sqrt())
        return torch.stack(mean, 2), torch.stack(size, 2)


def drawn(
    n_series: int, n_targets: int | None, seed: int
) -> Callable[..., nn.Parameter]:
    """Give a function that draws parameters of one shape for every target, or for all.

    Every recording starts alike, whatever else is in the batch.
    """
    generator = torch.Generator().manual_seed(seed)
    apart = () if n_targets is None else (n_targets,)

    def make(*shape: int, scale: float) -> nn.Parameter:
        one = scale * torch.randn(*apart, *shape, generator=generator)
        return nn.Parameter(one.expand(n_series, *one.shape).clone())

    return make


def source_weights(
    sparsity: float, n_regions: int, device: torch.device
) -> torch.Tensor:
    """Give what sources cost targets: own past a tenth. Rows are targets."""
    own = torch.eye(n_regions, device=device)
    return sparsity * (1 - _OWN * own)


def source_norms(sparsity: float, *entering: torch.Tensor) -> torch.Tensor:
    """Give the sum of the norms of what enters from each source.

    Parameters
    ----------
    sparsity : float
        Weight of the sum.
    *entering : Tensor, shape (n_series, n_regions, n_regions, n)
        Parameters by target and source; all of one source are one group.

    Returns
    -------
    Tensor, shape (n_series, n_regions)
    """
    power = sum(part.square().sum(-1) for part in entering)
    size = (power + torch.full_like(entering[0][..., 0], 1e-10)).sqrt()
    return (size * source_weights(sparsity, size.shape[-1], size.device)).sum(-1)
