"""Directed graphs of many brains at once: chains, hubs, modules, rings and feedback.

Nothing here follows one published network: what is learned from these graphs must
hold for graphs that nobody drew.
"""

from __future__ import annotations

import torch

from atlasdb_ingest.simulation.dice import Dice

GROWTH = 0.75
"""Largest real part of an eigenvalue: regions decay at rate 1, so activity ends."""
_RADIUS = 0.95
_REACH = 10.0
"""Largest activity that events of unit size, one in each region, may end in."""
_LARGE = 40
"""Regions from which brains may be denser."""


def wire(
    plain: torch.Tensor, driven: torch.Tensor, n_regions: int, dice: Dice
) -> torch.Tensor:
    """Draw one graph for each brain.

    Parameters
    ----------
    plain : Tensor of bool, shape (n_brains,)
        Brains without hubs, with little feedback, and no inhibition but, in a few, of
        sources by their targets, as in most published simulations.
    driven : Tensor of bool, shape (n_brains,)
        Brains, most of them with strong connections.
    n_regions : int
        Number of regions.
    dice : Dice
        Where chance comes from.

    Returns
    -------
    Tensor, shape (n_brains, n_regions, n_regions)
        Weights, rows are sources; the diagonal is 0.
    """
    n = len(plain)
    size = (n, n_regions, n_regions)
    odd = ~plain[:, None, None]
    order = torch.argsort(dice.uniform(n, n_regions), 1).float()
    joined = _pairs(odd, order, dice)
    acyclic = dice.chance(torch.where(odd, 0.4, 0.6), n, 1, 1)
    later = order[:, :, None] < order[:, None, :]
    forward = torch.where(acyclic, later, dice.chance(0.5, *size))
    back = dice.chance(
        dice.sometimes(torch.where(odd, 0.4, 0.15), n, 1, 1, low=0, high=0.4), *size
    )
    there = (joined & (forward | back)) | (joined & (~forward | back)).mT
    weights = _strengths(odd, size, dice) * there
    rarely = 0.1 * odd
    strong = dice.chance(torch.where(driven[:, None, None], 0.85, rarely), n, 1, 1)
    weights = torch.where(strong, _stronger(weights, dice), weights)
    inhibits = dice.chance(
        dice.sometimes(0.35 * odd, n, 1, 1, low=0.05, high=0.4), *size
    )
    weights = torch.where(inhibits, -weights, weights)
    # In some brains the target of a connection inhibits its source.
    often = torch.where(odd, 0.25, 0.05)
    answers = dice.chance(dice.sometimes(often, n, 1, 1, low=0.1, high=1.0), *size)
    share = dice.uniform(n, 1, 1, low=0.3, high=1.0)
    answers = answers & (weights.mT != 0) & (weights == 0)
    weights = torch.where(answers, -share * weights.mT.abs(), weights)
    return _bounded(weights)


def _pairs(odd: torch.Tensor, order: torch.Tensor, dice: Dice) -> torch.Tensor:
    """Choose which pairs are joined, as the upper triangle."""
    n, n_regions = order.shape
    size = (n, n_regions, n_regions)
    most = 2.2 if n_regions <= 12 else 2.8 if n_regions < _LARGE else 4.0
    few = 1.6 if n_regions < _LARGE else 2.5
    degree = torch.where(
        odd,
        dice.uniform(n, 1, 1, low=0.7, high=most),
        dice.uniform(n, 1, 1, low=0.8, high=few),
    )
    likely = torch.zeros(size, device=dice.device)
    fame = dice.normal(n, n_regions)
    hubs = odd & dice.chance(0.3, n, 1, 1)
    likely = likely + hubs * (fame[:, :, None] + fame[:, None, :])
    label = dice.whole(0, max(2, n_regions // 5), n, n_regions)
    modular = dice.chance(0.4, n, 1, 1)
    likely = likely + 2.0 * (modular & (label[:, :, None] == label[:, None, :]))
    apart = (order[:, :, None] - order[:, None, :]).abs()
    apart = torch.minimum(apart, n_regions - apart)
    ring = dice.chance(0.25, n, 1, 1)
    near = torch.log(torch.exp(-2.0 * (apart - 1)) + 0.02)
    likely = torch.where(ring, near, likely)
    # Drawing without replacement: the largest of log-probability plus Gumbel noise.
    gumbel = -torch.log(dice.exponential(*size).clamp_min(1e-9))
    upper = torch.ones(size[1:], device=dice.device).triu(1) > 0
    score = torch.where(upper, likely + gumbel, -torch.inf)
    rank = score.flatten(1).argsort(1, descending=True).argsort(1).reshape(size)
    n_pairs = n_regions * (n_regions - 1) // 2
    wanted = (degree * n_regions).round().clamp(1, n_pairs)
    return upper & (rank < wanted)


def _strengths(
    odd: torch.Tensor, size: tuple[int, int, int], dice: Dice
) -> torch.Tensor:
    low = dice.uniform(size[0], 1, 1, low=0.1, high=0.35)
    width = dice.uniform(size[0], 1, 1, low=0.1, high=0.5)
    wide = low + width * dice.uniform(*size)
    usual = 0.4 + 0.1 * dice.normal(*size)
    return torch.where(dice.chance(0.3, size[0], 1, 1) | ~odd, usual, wide).clamp(
        0.1, 0.9
    )


def _stronger(weights: torch.Tensor, dice: Dice) -> torch.Tensor:
    """Let targets follow their sources nearly one to one, or more."""
    larger = weights * dice.uniform(len(weights), 1, 1, low=1.5, high=2.6)
    # Where regions are many, activity would pile up; weights stay what they were.
    own = torch.eye(weights.shape[1], device=dice.device)
    reached = torch.linalg.inv(own - larger)
    ends = (reached > -1e-4).flatten(1).all(1) & (reached.sum(1).amax(1) < _REACH)
    return torch.where(ends[:, None, None], larger, weights)


def _bounded(weights: torch.Tensor) -> torch.Tensor:
    """Shrink graphs in which activity would grow without end."""
    values = torch.linalg.eigvals(weights)
    growth = values.real.amax(1).clamp_min(1e-6)
    radius = values.abs().amax(1).clamp_min(1e-6)
    share = torch.minimum(GROWTH / growth, _RADIUS / radius).clamp(max=1.0)
    return weights * share[:, None, None]
