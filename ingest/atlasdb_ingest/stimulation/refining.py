"""A model that was trained to be read is trained on to be rolled out.

The penalty that clears useless sources away also pulls what remains towards zero, and
a rollout pays for that at every step. The stored model goes on from where it is, with
less and less of its penalty; each target keeps whichever network was best on the
held-out blocks, the stored one among them, so noise is not learned by heart.
"""

from __future__ import annotations

import torch

from atlasdb_ingest.learning import fitting
from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models.base import LagModel

SHARES = (1.0, 0.3, 0.1)
"""Of the penalty, one after the other."""
SETTINGS = {"steps": 1200, "batch": 256, "rate": 0.01}
"""Of the training with each of them."""


class _Relaxed(LagModel):
    """A model with a share of its penalty."""

    def __init__(self, inner: LagModel, share: float) -> None:
        super().__init__(inner.n_series, inner.n_regions, inner.order)
        self.inner, self.share, self.joint = inner, share, inner.joint

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        """Predict as the model does."""
        found: torch.Tensor = self.inner(past)
        return found

    def penalty(self, past: torch.Tensor) -> torch.Tensor:
        """Give a share of what its size costs."""
        return self.share * self.inner.penalty(past)


def refine(network: LagModel, windows: Windows) -> torch.Tensor:
    """Train a model on, in place.

    Parameters
    ----------
    network : LagModel
        As it was stored; one that is solved at once is left as it is.
    windows : Windows
        The recording that it was trained on.

    Returns
    -------
    Tensor, shape (n_series, n_regions)
        Mean squared error on the held-out blocks, never above the stored model's.
    """
    best = fitting.errors(network, windows)
    parameters = list(network.parameters())
    kept = [p.detach().clone() for p in parameters]
    for share in () if network.solve(windows) else SHARES:
        fitting.fit(_Relaxed(network, share), windows, SETTINGS, seed=0)
        now = fitting.errors(network, windows)
        if network.joint:
            now, best = now.mean(1, keepdim=True), best.mean(1, keepdim=True)
        better = now < best
        best = torch.where(better, now, best)
        fitting.keep(network, kept, better)
    with torch.no_grad():
        for old, new in zip(kept, parameters, strict=True):
            new.copy_(old)
    return best
