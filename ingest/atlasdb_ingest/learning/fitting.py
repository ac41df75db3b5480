"""The one training loop: every recording and every target in one tensor program.

The objective of a target is the root of its mean squared error plus the model's
penalty. What noise gains by a useless weight then does not depend on how well the
target is predicted, as it must not if surrogates are to tell what noise gains.

What a recording gets does not depend on the others in the batch: all draw the same
places in their own length, and each target keeps the parameters that were best on
its own held-out blocks (all targets of a recording together, where they share them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from atlasdb_ingest.learning.descent import Adam, falling
from atlasdb_ingest.learning.progress import Looked
from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models.base import LagModel
from atlasdb_ingest.models.linear import moments

_FORGETTING = 0.99
"""Of squares of gradients, a step."""
_LOOKS = 12
"""How often the held-out blocks are looked at during training."""


def fit(
    model: LagModel,
    windows: Windows,
    settings: Mapping[str, float | int],
    seed: int,
    looked: Looked = lambda step, errors: None,
    *,
    brief: bool = False,
) -> None:
    """Train a model in place, unless it can be solved at once.

    Parameters
    ----------
    model : LagModel
        Predictors for every recording in `windows`.
    windows : Windows
        Recordings.
    settings : mapping
        ``steps``, ``batch`` (samples a step) and ``rate`` (of Adam; it falls to 0 as
        a cosine).
    seed : int
        Seed of the draws.
    looked : callable, optional
        Called whenever the held-out blocks were looked at, with the number of steps
        that are done and the mean squared errors there, as `errors` gives them.
    brief : bool, default=False
        Take ``brief_steps`` instead, where a family has them: enough for what is
        compared with others that were trained no longer, or holds nothing.
    """
    if model.solve(windows):
        return
    model.prepare(windows, seed)
    steps, batch = n_steps(settings, brief=brief), int(settings["batch"])
    device = windows.series.device
    generator = torch.Generator().manual_seed(seed + 1)
    descent = model.descent(windows)
    optimiser = Adam(descent.parameters, _FORGETTING)
    best = torch.full((model.n_series, model.n_regions), torch.inf, device=device)
    kept = [p.detach().clone() for p in model.parameters()]
    every = max(1, steps // _LOOKS)
    for step in range(1, steps + 1):
        rows = windows.draw(batch, generator)
        rate = float(settings["rate"]) * falling(step - 1, steps)
        optimiser.step(descent.gradients(rows), rate)
        if step % every == 0 or step == steps:
            descent.settle()
            now = errors(model, windows, 2)
            looked(step, now)
            if model.joint:
                now = now.log().mean(1, keepdim=True).exp().expand_as(now)
            better = now < best
            best = torch.where(better, now, best)
            keep(model, kept, better)
    with torch.no_grad():
        for old, new in zip(kept, model.parameters(), strict=True):
            new.copy_(old)


def n_steps(settings: Mapping[str, float | int], *, brief: bool = False) -> int:
    """Give the number of steps of a family; 0 where it is solved at once."""
    steps = settings.get("steps", 0)
    return int(settings.get("brief_steps", steps) if brief else steps)


def keep(model: LagModel, kept: Sequence[torch.Tensor], better: torch.Tensor) -> None:
    """Put the parameters of a model among those that are kept, where it is better.

    Parameters
    ----------
    model : LagModel
    kept : sequence of Tensor
        Changed in place; in the order of the model's parameters.
    better : Tensor of bool, shape (n_series, n_regions)
        Of a joint network, the first column decides for the recording.
    """
    kind = better[:, 0] if model.joint else better
    for old, new in zip(kept, model.parameters(), strict=True):
        mask = kind.reshape(kind.shape + (1,) * (new.dim() - kind.dim()))
        old.copy_(torch.where(mask, new.detach(), old))


def gain(model: LagModel, windows: Windows, prior: float) -> torch.Tensor:
    """Held-out log-likelihood gain over autoregression, nats a sample and region.

    Returns
    -------
    Tensor, shape (n_series,)
    """
    return 0.5 * torch.log(alone(windows, prior) / errors(model, windows)).mean(1)


def errors(
    model: LagModel, windows: Windows, max_chunks: int | None = None
) -> torch.Tensor:
    """Mean squared error on the held-out blocks, shape (n_series, n_regions)."""
    total = torch.zeros((model.n_series, model.n_regions), device=windows.series.device)
    count = torch.zeros((model.n_series, 1), device=windows.series.device)
    with torch.no_grad():
        for k, (past, present, counts) in enumerate(windows.chunks("held_out", 1024)):
            if max_chunks is not None and k == max_chunks:
                break
            error = (model(past) - present).square()
            total += (error * counts[..., None]).sum(1)
            count += counts.sum(1, keepdim=True)
    return total / count.clamp_min(1.0)


def alone(windows: Windows, prior: float) -> torch.Tensor:
    """Held-out error of each region predicted by its own past only.

    Returns
    -------
    Tensor, shape (n_series, n_regions)
        Mean squared error of the baseline that every network has to beat.
    """
    order = windows.order
    past, both = moments(windows, "known")
    n_series, _, n_regions = both.shape
    blocks = past.reshape(n_series, n_regions, order, n_regions, order)
    own = blocks.diagonal(dim1=1, dim2=3).movedim(-1, 1)
    now = both.reshape(n_series, n_regions, order, n_regions)
    now = now.diagonal(dim1=1, dim2=3).movedim(-1, 1)
    ridge = (prior / windows.n_known).cpu().double()[:, None, None, None]
    ridged = own + ridge * torch.eye(order, dtype=own.dtype)
    weights = torch.linalg.solve(ridged, now[..., None])[..., 0]
    weights = weights.to(windows.series)
    total = torch.zeros((n_series, n_regions), device=windows.series.device)
    for lags, present, counts in windows.chunks("held_out"):
        error = ((lags * weights[:, None]).sum(-1) - present).square()
        total += (error * counts[..., None]).sum(1)
    return total / windows.n_held_out[:, None].clamp_min(1)
