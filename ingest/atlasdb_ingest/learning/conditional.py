"""What a source adds to all that the others say: the evidence for a connection.

A network that is pushed to be sparse shares one effect among sources that resemble
each other, and what it loses without one of them the others could often make good.
So the evidence is taken where nothing is pushed out: each target is regressed on the
past of all regions and on what its network says without the source; the past of the
source, and what the network makes of it, are tested together.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch

from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models.base import LagModel
from atlasdb_ingest.models.linear import moments, regress

_ROOM = 20_000_000
"""Moments that are held at once."""
_PRIOR = 0.1
"""So many samples the prior weighs that there is no effect: next to nothing. Where
rhythms are narrow a little shrinkage lets much pass through others.
"""
_DISTRUST = 10.0
"""The same for what a network says, which was made to fit: what is all but linear in
the past must not be blown up.
"""
_UNDERSTATED = 2.0
"""What noise feigns is told from coefficients that the same noise has made smaller."""
_TINY = 1e-12
_FAINT = 1e-6
"""Variance, of 1, below which what a network says is rounding."""


@dataclass(frozen=True, eq=False)
class Effects:
    """Effects of each source on each target, beyond all other regions.

    Attributes
    ----------
    effect : Tensor of float64, shape (n_series, n_regions, n_regions, k)
        Source, target: coefficients of the lags of the source and, where there is a
        network, of what it makes of the source.
    error : Tensor of float64, shape (n_series, n_regions, n_regions, k, k)
        Covariance of their errors of estimation.
    linear : Tensor of float64, shape (n_series, n_regions, n_regions, order)
        Source, target: coefficients of the regression on the past alone.
    innovation : Tensor of float64, shape (n_series, n_regions)
        Variance of what that regression leaves.
    inverse : Tensor of float64, shape (n_series, n_regions * order, ...)
        Of the second moments of the past, source by source.
    """

    effect: torch.Tensor
    error: torch.Tensor
    linear: torch.Tensor
    innovation: torch.Tensor
    inverse: torch.Tensor

    def of(self, which: int) -> Effects:
        """Give those of one series."""
        part = slice(which, which + 1)
        return Effects(*(getattr(self, f.name)[part] for f in fields(self)))

    def evidence(
        self, doubt: torch.Tensor | None = None, noise: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Give the Wald statistic of each connection.

        Parameters
        ----------
        doubt : Tensor, shape (n_regions, n_regions), optional
            Variance of the share of each region that may still be mixed into each
            other one. What such mixtures may feign counts as error.
        noise : Tensor, shape (n_regions, n_regions), optional
            Covariance of noise that may be in the regions. What it may feign counts as
            error too.

        Returns
        -------
        Tensor of float64, shape (n_series, n_regions, n_regions)
            Chi-square with k degrees of freedom where there is no connection.
        """
        error, lags = self.error.clone(), self.linear.shape[-1]
        if doubt is not None:
            error[..., :lags, :lags] += self._feigned(doubt.to(error))
        if noise is not None:
            blurred = self._blurred(noise.to(error))
            outer = blurred[..., :, None] * blurred[..., None, :]
            error[..., :lags, :lags] += _UNDERSTATED * outer
        weighted = torch.linalg.solve(error, self.effect[..., None])[..., 0]
        found: torch.Tensor = (self.effect * weighted).sum(-1)
        return found

    def _feigned(self, doubt: torch.Tensor) -> torch.Tensor:
        """Covariance of the coefficients that mixtures make of other coefficients.

        A target that holds a little of a third region seems to be driven by what
        drives that one; a source that does, to drive what that one drives. Either
        may be the third region of the other: then it is its own rhythm that passes.
        """
        size = self.innovation.sqrt()
        unit = size[:, :, None] / size[:, None, :]
        drive = self.linear * unit[..., None]
        drive = drive[..., :, None] * drive[..., None, :]
        shared = doubt * (1 - torch.eye(len(doubt)).to(doubt))
        got = torch.einsum("tm,xsmkl->xstkl", shared, drive)
        sent = torch.einsum("sm,xmtkl->xstkl", shared, drive)
        feigned: torch.Tensor = (got + sent) / unit.square()[..., None, None]
        return feigned

    def _blurred(self, noise: torch.Tensor) -> torch.Tensor:
        """Coefficients that noise in the past makes of other coefficients.

        A past that is seen through noise is known better with the help of whatever
        shares with it the noise, or the rhythm: that then seems to drive what it
        drives. With errors in its predictors a regression finds, for coefficients b,
        b - noise x inverse x b; of this, what comes from other sources.
        """
        n_series, n_regions, _, lags = self.linear.shape
        blocks = self.inverse.reshape(n_series, n_regions, lags, n_regions, lags)
        passed = torch.einsum("mr,xrksl->xmksl", noise, blocks)
        passed = passed * (1 - torch.eye(n_regions).to(noise))[:, None, :, None]
        return torch.einsum("xmtk,xmksl->xstl", self.linear, passed)


def effects(model: LagModel | None, windows: Windows) -> Effects:
    """Estimate the effects of all sources.

    Parameters
    ----------
    model : LagModel or None
        Trained on `windows`; None: effects are linear.
    windows : Windows
        Recordings.

    Returns
    -------
    Effects
        On the CPU.
    """
    past, both = moments(windows)
    count = (windows.n_known + windows.n_held_out).cpu().double()
    ridge = _PRIOR / count
    coefficients, inverse = regress(past, both, ridge)
    n_series, _, n_regions = both.shape
    power = windows.series.new_zeros(n_series, n_regions)
    for _, present, counts in windows.chunks():
        power += (present * counts[..., None]).square().sum(1)
    power = power.cpu().double() / count[:, None]
    innovation = (power - (coefficients * both).sum(1)).clamp_min(1e-6)
    shape = (n_series, n_regions, -1, n_regions)
    linear = coefficients.reshape(shape).transpose(2, 3)
    blocks = inverse.reshape(*shape, windows.order)
    own = blocks.diagonal(dim1=1, dim2=3).movedim(-1, 1)[:, :, None]
    effect, left = linear, innovation[:, None].expand(-1, n_regions, -1)
    spread = own.expand(-1, -1, n_regions, -1, -1)
    if model is not None:
        members = max(1, _ROOM // (2 * n_regions * both.shape[:2].numel()))
        parts = []
        for start in range(0, n_regions, members):
            sources = range(start, min(start + members, n_regions))
            said = _Said.of(model, windows, sources, coefficients, inverse)
            parts.append(said.beside(linear, own, innovation))
        effect, spread, left = (torch.cat(p, 1) for p in zip(*parts, strict=True))
    error = spread * (left / count[:, None, None])[..., None, None]
    # A region that is a mixture of others has directions without any error.
    size = error.diagonal(dim1=-2, dim2=-1).mean(-1)[..., None, None]
    whole = torch.eye(error.shape[-1], dtype=error.dtype)
    error = error + (1e-9 * size + _TINY) * whole
    return Effects(effect, error, linear, innovation, inverse)


@dataclass(frozen=True, eq=False)
class _Said:
    """What networks say without a source, and what they make of it: two regressors.

    Each of the tensors below has the shape (n_series, n_sources, n_regions, ...).

    Attributes
    ----------
    sources : range
    told : Tensor, shape (..., order, 2)
        Coefficients of the source's past in the regression of the two on all past.
    apart : Tensor, shape (..., 2, 2)
        Inverse of the moments of what that leaves of the two.
    toward : Tensor, shape (..., 2)
        Moments of that with what the past leaves of the target.
    """

    sources: range
    told: torch.Tensor
    apart: torch.Tensor
    toward: torch.Tensor

    @classmethod
    def of(
        cls,
        model: LagModel,
        windows: Windows,
        sources: range,
        coefficients: torch.Tensor,
        inverse: torch.Tensor,
    ) -> _Said:
        n_series, size, n_regions = coefficients.shape
        shape = (n_series, len(sources), n_regions, 2)
        make = windows.series.new_zeros
        mean, toward, within = make(shape), make(shape), make(*shape, 2)
        cross = make(n_series, size, len(sources) * n_regions * 2)
        total = make(n_series)
        for past, present, counts in windows.chunks():
            with torch.no_grad():
                rest = torch.stack(list(model.without(past, sources)), 2)
                said = torch.stack([rest, model(past)[:, :, None] - rest], -1)
            said = said * counts[..., None, None, None]
            mean += said.sum(1)
            toward += torch.einsum("xnstk,xnt->xstk", said, present)
            within += torch.einsum("xnstk,xnstl->xstkl", said, said)
            cross += past.flatten(2).mT @ said.flatten(2)
            total += counts.sum(1)
        count = total[:, None, None, None]
        mean, toward, within = (
            (part / (count if part.dim() == 4 else count[..., None])).cpu().double()
            for part in (mean, toward, within)
        )
        within = within - mean[..., :, None] * mean[..., None, :]
        scale = within.diagonal(dim1=-2, dim2=-1).clamp_min(_FAINT).sqrt()
        within = within / (scale[..., :, None] * scale[..., None, :])
        share = (cross / total[:, None, None]).cpu().double()
        share = share.reshape(n_series, size, *shape[1:]) / scale[:, None]
        told = (inverse @ share.flatten(2)).reshape(share.shape)
        left = within - torch.einsum("xdstk,xdstl->xstkl", share, told)
        size, vectors = torch.linalg.eigh((left + left.mT) / 2)
        ridge = (_DISTRUST / total).cpu().double()[:, None, None, None]
        size = size.clamp_min(0.0) + ridge
        apart = (vectors / size[..., None, :]) @ vectors.mT
        rest = toward / scale - torch.einsum("xdstk,xdt->xstk", share, coefficients)
        blocks = told.reshape(n_series, n_regions, -1, *shape[1:])
        mine = blocks[:, list(sources)].diagonal(dim1=1, dim2=3).movedim(-1, 1)
        return cls(sources, mine.transpose(2, 3), apart, rest)

    def beside(
        self, linear: torch.Tensor, own: torch.Tensor, innovation: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Add them to the regression on the past.

        Returns
        -------
        effect, spread, left : Tensor
            Of `Effects`: the effects, their errors per variance, and that variance.
        """
        rows = slice(self.sources.start, self.sources.stop)
        weight = (self.apart @ self.toward[..., None])[..., 0]
        past = linear[:, rows] - (self.told @ weight[..., None])[..., 0]
        joint = -self.told @ self.apart
        corner = own[:, rows] - joint @ self.told.mT
        made = joint[..., 1:]
        upper = torch.cat([corner, made], -1)
        lower = torch.cat([made.mT, self.apart[..., 1:, 1:]], -1)
        left = innovation[:, None] - (weight * self.toward).sum(-1)
        effect = torch.cat([past, weight[..., 1:]], -1)
        return effect, torch.cat([upper, lower], -2), left.clamp_min(1e-6)
