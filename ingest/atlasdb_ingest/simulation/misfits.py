"""Recordings that no simulated brain could have: to learn when not to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from atlasdb_ingest.simulation.dice import Dice

_USUAL_S = 8.0


def inverted(series: torch.Tensor, dice: Dice) -> torch.Tensor:
    """Let activity push the signal down."""
    return -series


def mixed(series: torch.Tensor, dice: Dice) -> torch.Tensor:
    """Let every region take up its neighbours, as blurred images do."""
    n, n_regions, _ = series.shape
    place = torch.argsort(dice.uniform(n, n_regions), 1).float()
    apart = (place[:, :, None] - place[:, None, :]).abs()
    reach = dice.uniform(n, 1, 1, low=0.8, high=2.5)
    mixture: torch.Tensor = torch.exp(-apart / reach) @ series
    return mixture


def bent(series: torch.Tensor, dice: Dice) -> torch.Tensor:
    """Stretch what is large, as a response that does not saturate would."""
    size = dice.uniform(len(series), 1, 1, low=1.2, high=2.5)
    return torch.sinh(size * _standard(series))


def drowned(series: torch.Tensor, dice: Dice) -> torch.Tensor:
    """Add one slow course to all regions, as unregressed breathing does."""
    n, n_regions, n_times = series.shape
    course = _standard(_smooth(dice.normal(n, 1, n_times)))
    size = dice.uniform(n, 1, 1, low=1.0, high=3.0)
    load = dice.uniform(n, n_regions, 1, low=0.7, high=1.3)
    return _standard(series) + size * load * course


def jerked(series: torch.Tensor, dice: Dice) -> torch.Tensor:
    """Add spikes to all regions at once, as unscrubbed movement does."""
    n, n_regions, n_times = series.shape
    when = dice.chance(dice.uniform(n, 1, 1, low=0.01, high=0.06), n, 1, n_times)
    size = dice.normal(n, 1, n_times) * dice.uniform(n, 1, 1, low=4, high=10)
    load = dice.uniform(n, n_regions, 1, low=0.5, high=1.5)
    return _standard(series) + when * size * load


MISFITS: Mapping[str, Callable[[torch.Tensor, Dice], torch.Tensor]] = {
    kind.__name__: kind for kind in (inverted, mixed, bent, drowned, jerked)
}


def _standard(series: torch.Tensor) -> torch.Tensor:
    centred = series - series.mean(-1, keepdim=True)
    return centred / centred.std(-1, keepdim=True).clamp_min(1e-9)


def _smooth(course: torch.Tensor) -> torch.Tensor:
    kernel = torch.exp(-torch.arange(13, device=course.device) / (_USUAL_S / 2))
    return torch.nn.functional.conv1d(course, kernel[None, None], padding="same")
