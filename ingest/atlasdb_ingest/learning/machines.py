"""Restricted Boltzmann machines: what the past looks like, learned without a teacher.

They are trained by one step of contrastive divergence (Hinton 2002).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from atlasdb_ingest.learning.windows import Windows

Layer = tuple[torch.Tensor, torch.Tensor]
"""Weights, shape (n_series, n_visible, n_hidden), and biases of the hidden units."""


def machine(
    windows: Windows,
    weights: torch.Tensor,
    generator: torch.Generator,
    below: Sequence[Layer],
    settings: Mapping[str, float | int],
) -> Layer:
    """Train one machine for each recording.

    Parameters
    ----------
    windows : Windows
        Recordings; the machine looks at their lag windows.
    weights : Tensor, shape (n_series, n_visible, n_hidden)
        Where it starts.
    generator : torch.Generator
        Of the draws, the same for each recording.
    below : sequence of (Tensor, Tensor)
        Machines under it, the lowest first. The lowest one sees lag windows, unit
        Gaussians; the others see what those below make of them, which is binary.
    settings : mapping
        ``divergence_steps``, ``divergence_rate`` and ``batch`` (samples a step).

    Returns
    -------
    weights, bias : Tensor
        Of the trained machine.
    """
    n_series, n_visible, n_hidden = weights.shape
    weights = weights.clone()
    bias = weights.new_zeros(n_series, n_hidden)
    seen_bias = weights.new_zeros(n_series, n_visible)
    steps, batch = int(settings["divergence_steps"]), int(settings["batch"])
    rate = float(settings["divergence_rate"]) / batch
    for _ in range(steps):
        place = torch.rand(batch, generator=generator).to(weights.device)
        rows = windows.known.gather(1, (place * windows.n_known[:, None]).long())
        seen = windows.at(rows)[0].flatten(2)
        for lower, offset in below:
            seen = torch.sigmoid(seen @ lower + offset[:, None])
        likely = torch.sigmoid(seen @ weights + bias[:, None])
        chance = torch.rand(batch, n_hidden, generator=generator).to(weights.device)
        awake = (likely > chance).to(weights)
        again = awake @ weights.mT + seen_bias[:, None]
        if below:
            again = torch.sigmoid(again)
        after = torch.sigmoid(again @ weights + bias[:, None])
        weights = weights + rate * (seen.mT @ likely - again.mT @ after)
        bias = bias + rate * (likely - after).sum(1)
        seen_bias = seen_bias + rate * (seen - again).sum(1)
    return weights, bias
