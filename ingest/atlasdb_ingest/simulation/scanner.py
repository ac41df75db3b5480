"""What a scanner adds to BOLD, and what denoising takes away again."""

from __future__ import annotations

import math

import torch

from atlasdb_ingest.simulation.dice import Dice


def observe(bold: torch.Tensor, plain: torch.Tensor, dice: Dice) -> torch.Tensor:
    """Mix neighbouring areas, add thermal, slow and common noise.

    Parameters
    ----------
    bold : Tensor, shape (n_brains, n_regions, n_volumes)
        Signal.
    plain : Tensor of bool, shape (n_brains,)
        Brains with thermal noise only.
    dice : Dice
        Where chance comes from.

    Returns
    -------
    Tensor, shape (n_brains, n_regions, n_volumes)
        Series.
    """
    n, n_regions, n_volumes = bold.shape
    odd = ~plain[:, None, None]
    own = bold.std(-1, keepdim=True).clamp_min(1e-6)
    usual = own.mean(1, keepdim=True)
    rare = dice.sometimes(0.2 * odd, n, 1, 1, low=0.5, high=2.0)
    apart = 1 - torch.eye(n_regions, device=dice.device)
    mixed = dice.chance(rare / n_regions, n, n_regions, n_regions) * apart
    mixed = mixed * dice.uniform(n, n_regions, n_regions, low=0.05, high=0.5)
    series = bold + mixed @ bold
    thermal = dice.spread(n, 1, 1, low=0.04, high=1.0)
    series = series + thermal * (own + usual) / 2 * dice.normal(*bold.shape)
    keep = dice.uniform(n, 1, low=0.3, high=0.9)
    slow = torch.empty(n, n_regions + 1, n_volumes, device=dice.device)
    state = dice.normal(n, n_regions + 1)
    for t in range(n_volumes):
        fresh = dice.normal(n, n_regions + 1)
        state = keep * state + torch.sqrt(1 - keep**2) * fresh
        slow[..., t] = state
    private = dice.sometimes(0.3 * odd, n, 1, 1, low=0.1, high=0.6)
    shared = dice.sometimes(0.2 * odd, n, 1, 1, low=0.1, high=1.5)
    shared = shared * dice.uniform(n, n_regions, 1, low=0.5, high=1.5)
    return series + usual * (private * slow[:, 1:] + shared * slow[:, :1])


def denoise(series: torch.Tensor, tr: float, dice: Dice) -> torch.Tensor:
    """Do to a group of brains what laboratories do, or nothing.

    Half of all groups are left alone; the others lose the global signal, random
    courses as motion is regressed out, slow drifts, and what is fast, each with a
    chance of its own.

    Parameters
    ----------
    series : Tensor, shape (n_brains, n_regions, n_volumes)
        Series.
    tr : float
        Time between volumes, s.
    dice : Dice
        Where chance comes from.

    Returns
    -------
    Tensor, shape (n_brains, n_regions, n_volumes)
        Series.
    """
    untouched, whole, motion, high, low = dice.uniform(5).tolist()
    if untouched < 0.5:
        return series
    series = series - series.mean(-1, keepdim=True)
    if whole < 0.35:
        series = without_global(series)
    if motion < 0.4:
        n = min(int(dice.whole(3, 13).item()), series.shape[-1] // 12)
        walk = dice.normal(series.shape[-1], n).cumsum(0)
        series = without(
            series, torch.cat([walk, walk.diff(dim=0, prepend=walk[:1])], 1)
        )
    if high < 0.8:
        edge = dice.uniform(1, low=0.007, high=0.012).item()
        series = high_pass(series, tr, edge)
    if low < 0.5:
        edge = dice.uniform(1, low=0.08, high=0.2).item()
        if edge < 0.45 / tr:
            series = low_pass(series, tr, edge)
    return series


def without(series: torch.Tensor, courses: torch.Tensor) -> torch.Tensor:
    """Regress courses, shape (n_volumes, n), out of all series."""
    basis, _ = torch.linalg.qr(courses - courses.mean(0))
    fitted: torch.Tensor = (series @ basis) @ basis.mT
    return series - fitted


def without_global(series: torch.Tensor) -> torch.Tensor:
    """Regress the mean of the standardised regions out of each."""
    mean = (series / series.std(-1, keepdim=True).clamp_min(1e-9)).mean(1, keepdim=True)
    mean = mean / mean.norm(dim=-1, keepdim=True).clamp_min(1e-9)
    fitted: torch.Tensor = (series @ mean.mT) @ mean
    return series - fitted


def high_pass(series: torch.Tensor, tr: float, edge: float) -> torch.Tensor:
    """Take out what is slower than `edge` Hz by cosines, as SPM and nilearn do."""
    n_volumes = series.shape[-1]
    n = min(max(1, int(2 * n_volumes * tr * edge)), n_volumes // 4)
    time = torch.arange(n_volumes, device=series.device) + 0.5
    order = torch.arange(1, n + 1, device=series.device)
    return without(series, torch.cos(math.pi / n_volumes * time[:, None] * order))


def low_pass(series: torch.Tensor, tr: float, edge: float) -> torch.Tensor:
    """Take out what is faster than `edge` Hz: Butterworth of order 5, both ways."""
    n_volumes = series.shape[-1]
    rate = torch.fft.rfftfreq(n_volumes, tr, device=series.device)
    response = 1 / (1 + (rate / edge) ** 10)
    slow: torch.Tensor = torch.fft.irfft(torch.fft.rfft(series) * response, n=n_volumes)
    return slow
