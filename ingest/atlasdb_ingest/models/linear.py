"""Linear autoregression with a fixed ridge: conditional Granger causality.

Solved at once. The gain of a source is how much the error grows when it is left out
and everything else is fitted again, among the predictors that the recording has: an
average reference makes every channel the sum of all others, and a source that is left
out must not come back that way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import nn

from atlasdb_ingest.learning.inverses import inverse
from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models.base import LagModel

ENGINE: Final = "lagged"
UNIT: Final = "nats"
SETTINGS: Final[dict[str, float | int]] = {
    "version": 2,
    "prior": 10.0,
    "null": 5000,
    "max_surrogates": 20,
}
SPARSITY: Final = 0.0
"""It has a prior instead."""
_NOTHING = 1e-5
"""Variance of a mixture of standardised series that is rounding."""


def moments(windows: Windows, which: str = "all") -> tuple[torch.Tensor, torch.Tensor]:
    """Second moments of the past, and of the past with the present.

    Parameters
    ----------
    windows : Windows
        Samples.
    which : {"all", "known", "held_out"}
        Samples to take.

    Returns
    -------
    past : Tensor of float64, shape (n_series, d, d)
        With ``d = n_regions * order``, source by source.
    both : Tensor of float64, shape (n_series, d, n_regions)
        Both on the CPU: solving them needs double precision, which not every
        accelerator has.
    """
    size = windows.series.shape[-1] * windows.order
    past, both, count = products(windows, which, size, lambda past: past.flatten(2))
    share = count.clamp_min(1.0)[:, None, None]
    return (past / share).cpu().double(), (both / share).cpu().double()


def products(
    windows: Windows,
    which: str,
    size: int,
    seen: Callable[[torch.Tensor], torch.Tensor],
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Sum products of predictors with each other, and with the present, over samples.

    Parameters
    ----------
    windows : Windows
        Samples.
    which : {"all", "known", "held_out"}
        Samples to take.
    size : int
        Number of predictors.
    seen : callable
        Makes predictors, shape (n_series, n, size), of lag windows.

    Returns
    -------
    inner : Tensor, shape (n_series, size, size)
    outer : Tensor, shape (n_series, size, n_regions)
    count : Tensor, shape (n_series,)
        How many samples there are.
    """
    n_series, _, n_regions = windows.series.shape
    inner = windows.series.new_zeros(n_series, size, size)
    outer = windows.series.new_zeros(n_series, size, n_regions)
    count = windows.series.new_zeros(n_series)
    for past, present, counts in windows.chunks(which):
        predictors = seen(past) * counts[..., None]
        inner += predictors.mT @ predictors
        outer += predictors.mT @ present
        count += counts.sum(1)
    return inner, outer, count


def regress(
    past: torch.Tensor, both: torch.Tensor, ridge: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Solve the ridge regression of `moments`.

    Parameters
    ----------
    past, both : Tensor
        Second moments.
    ridge : Tensor, shape (n_series,)
        Added to the diagonal: of a prior that weighs as much as so many samples,
        this many over the number of samples, so that long recordings are not biased.

    Returns
    -------
    coefficients : Tensor, shape (n_series, d, n_regions)
        Source and lag, then target.
    inverse : Tensor, shape (n_series, d, d)
        Of the second moments with the ridge, among the mixtures of regions that vary.
    """
    whole = torch.eye(past.shape[-1], dtype=past.dtype)
    ridged = past + ridge.cpu().double()[:, None, None] * whole
    n_series, _, n_regions = both.shape
    shape = (n_series, n_regions, -1, n_regions, past.shape[-1] // n_regions)
    size, vectors = torch.linalg.eigh(past.reshape(shape)[:, :, 0, :, 0])
    there = vectors * (size > _NOTHING)[:, None]
    keep = there @ there.mT
    found = inverse(ridged).reshape(shape)
    found = torch.einsum("sij,sjkml,smn->siknl", keep, found, keep)
    found = found.reshape(past.shape)
    return found @ both, found


def growth(windows: Windows, prior: float) -> torch.Tensor:
    """How much the error of each target grows when a source is left out.

    Parameters
    ----------
    windows : Windows
        Samples.
    prior : float
        So many samples the prior weighs that there is no connection.

    Returns
    -------
    Tensor of float64, shape (n_series, n_regions, n_regions)
        ``log(error without / error with)``, the ridge counted as error; at least 0,
        rows are sources.
    """
    past, both = moments(windows)
    count = windows.n_known + windows.n_held_out
    coefficients, found = regress(past, both, prior / count)
    n_series, _, n_regions = both.shape
    lags = past.shape[-1] // n_regions
    power = windows.series.new_zeros(n_series, n_regions)
    for _, present, counts in windows.chunks():
        power += (present * counts[..., None]).square().sum(1)
    power = (power / count[:, None]).cpu().double()
    fitted = (coefficients * both).sum(1)
    # Error with the ridge counted: of that, leaving a block out is exact.
    error = (power - fitted).clamp_min(1e-6)
    blocks = found.reshape(n_series, n_regions, lags, n_regions, lags)
    own = blocks.diagonal(dim1=1, dim2=3).movedim(-1, 1)
    part = coefficients.reshape(n_series, n_regions, lags, n_regions)
    spread = torch.linalg.pinv(own, rtol=1e-6, hermitian=True)
    more = (part * (spread @ part)).sum(2)
    return torch.log1p(more / error[:, None])


class Linear(LagModel):
    """One ridge regression for each recording and target."""

    def __init__(self, n_series: int, n_regions: int, order: int) -> None:
        super().__init__(n_series, n_regions, order)
        shape = (n_series, n_regions, n_regions * order)
        self.coefficients = nn.Parameter(torch.zeros(shape))

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        """Predict the next sample; see the base class."""
        return past.flatten(2) @ self.coefficients.mT

    def penalty(self, past: torch.Tensor) -> torch.Tensor:
        """Give 0: the prior is counted where the regression is solved."""
        return self.coefficients.new_zeros(self.n_series, self.n_regions)

    def solve(self, windows: Windows) -> bool:
        """Solve the regression on the samples to train on."""
        ridge = SETTINGS["prior"] / windows.n_known
        found, _ = regress(*moments(windows, "known"), ridge)
        with torch.no_grad():
            self.coefficients.copy_(found.mT)
        return True

    def gain(self, windows: Windows) -> torch.Tensor:
        """Fit all samples with and without each source."""
        return growth(windows, SETTINGS["prior"])

    def slopes(self, windows: Windows) -> tuple[torch.Tensor, torch.Tensor]:
        """Coefficients are the derivatives, everywhere."""
        shape = (self.n_series, self.n_regions, self.n_regions, self.order)
        slope = self.coefficients.detach().reshape(shape).transpose(1, 2)
        return slope, slope.abs()


def build(
    n_series: int, n_regions: int, order: int, seed: int, sparsity: float = SPARSITY
) -> LagModel:
    """Make the model; there is nothing random in it."""
    return Linear(n_series, n_regions, order)
