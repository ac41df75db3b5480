"""Restricted Boltzmann machines: what the past looks like, learned without a teacher.

They are trained by one step of contrastive divergence (Hinton 2002).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from atlasdb_ingest.learning.windows import Windows

Layer = tuple[torch.Tensor, torch.Tensor]
"""Weights, shape (n_series, n_visible, n_hidden), and biases of the hidden units."""


def stack(
    windows: Windows,
    starts: Sequence[torch.Tensor],
    seed: int,
    settings: Mapping[str, float | int],
) -> list[Layer]:
    """Train machines for each recording, each on what those below make of the past.

    Parameters
    ----------
    windows : Windows
        Recordings.
    starts : sequence of Tensor, shape (n_series, n_visible, n_hidden)
        Weights to start from, the lowest machine first. That one sees lag windows,
        unit Gaussians; the others see what the one below makes of them, which is
        binary.
    seed : int
        Seed of the draws, which are the same for each recording.
    settings : mapping
        ``divergence_steps``, ``divergence_rate`` and ``batch`` (samples a step).

    Returns
    -------
    list of (Tensor, Tensor)
        The trained machines.
    """
    generator = torch.Generator().manual_seed(seed)
    layers: list[Layer] = []
    for start in starts:
        layers.append(_machine(windows, start, generator, layers, settings))
    return layers


def awake(seen: torch.Tensor, layer: Layer) -> torch.Tensor:
    """Give how probably the hidden units of a machine are awake.

    Parameters
    ----------
    seen : Tensor, shape (n_series, n, n_visible)
        What the machine sees.
    layer : (Tensor, Tensor)
        The machine.

    Returns
    -------
    Tensor, shape (n_series, n, n_hidden)
    """
    weights, bias = layer
    return torch.sigmoid(seen @ weights + bias[:, None])


def _machine(
    windows: Windows,
    start: torch.Tensor,
    generator: torch.Generator,
    below: Sequence[Layer],
    settings: Mapping[str, float | int],
) -> Layer:
    n_series, n_visible, n_hidden = start.shape
    weights = start.clone()
    bias = weights.new_zeros(n_series, n_hidden)
    seen_bias = weights.new_zeros(n_series, n_visible)
    steps, batch = int(settings["divergence_steps"]), int(settings["batch"])
    rate = float(settings["divergence_rate"]) / batch
    for _ in range(steps):
        seen = windows.at(windows.draw(batch, generator))[0].flatten(2)
        for layer in below:
            seen = awake(seen, layer)
        likely = awake(seen, (weights, bias))
        chance = torch.rand(batch, n_hidden, generator=generator).to(weights.device)
        state = (likely > chance).to(weights)
        again = state @ weights.mT + seen_bias[:, None]
        if below:
            again = torch.sigmoid(again)
        after = awake(again, (weights, bias))
        weights = weights + rate * (seen.mT @ likely - again.mT @ after)
        bias = bias + rate * (likely - after).sum(1)
        seen_bias = seen_bias + rate * (seen - again).sum(1)
    return weights, bias
