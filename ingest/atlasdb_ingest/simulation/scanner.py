"""What a scanner adds to BOLD, and what denoising takes away again."""

from __future__ import annotations

import math

import torch

from atlasdb_ingest.simulation.dice import Dice

_SLOW_S = 2.0
"""Volumes that are taken in so much time, or in more, are least noisy."""


def observe(
    bold: torch.Tensor, plain: torch.Tensor, tr: float, dice: Dice
) -> torch.Tensor:
    """Mix neighbouring areas, add thermal, slow and common noise.

    Parameters
    ----------
    bold : Tensor, shape (n_brains, n_regions, n_volumes)
        Signal.
    plain : Tensor of bool, shape (n_brains,)
        Brains with thermal noise only.
    tr : float
        Time between volumes, s.
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
    noisier = math.sqrt(max(1.0, _SLOW_S / tr))
    thermal = noisier * dice.spread(n, 1, 1, low=0.02, high=1.0)
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


def drifted(series: torch.Tensor, tr: float, dice: Dice) -> torch.Tensor:
    """Let each region drift slowly, in a way of its own.

    Parameters
    ----------
    series : Tensor, shape (n_brains, n_regions, n_volumes)
        Series of unit deviation.
    tr : float
        Time between volumes, s.
    dice : Dice
        Where chance comes from.

    Returns
    -------
    Tensor, shape (n_brains, n_regions, n_volumes)
        Series.
    """
    n, n_regions, n_volumes = series.shape
    slow = cosines(n_volumes, tr, 0.012, dice.device)
    steep = dice.uniform(n, 1, 1, low=0.0, high=2.0)
    order = torch.arange(1, len(slow) + 1, device=dice.device)
    drift = (dice.normal(n, n_regions, len(slow)) * order**-steep) @ slow
    size = dice.spread(n, 1, 1, low=0.1, high=1.0)
    usual = drift.square().mean((1, 2), keepdim=True).sqrt()
    return series + size * drift / usual


def denoise(series: torch.Tensor, tr: float, dice: Dice) -> torch.Tensor:
    """Do to a group of brains what laboratories do, or nothing.

    A third of all groups is left alone; the others lose what is slow, what is
    fast, the global signal, random courses as motion is regressed out, and slow
    cosines, each with a chance of its own: often two of these, seldom all. As
    `atlasdb_ingest.denoise.clean` does, courses are filtered like the series before
    they are regressed out. A quarter of all groups had been high-passed in one pass
    before.

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
    untouched, slow, fast, whole, motion, edge, once = dice.uniform(7).tolist()
    if once < 0.25:
        series = passed_once(_at_rest(series, dice), tr, dice)
    if untouched < 0.35:
        return series
    n_volumes = series.shape[-1]
    series = series - series.mean(-1, keepdim=True)
    low = 0.006 + 0.006 * edge if slow < 0.3 else 0.0
    high = dice.uniform(1, low=0.08, high=0.2).item() if fast < 0.3 else 0.0
    courses = []
    if whole < 0.5:
        # The rest of the head has a part in its mean that no region here has.
        mean = series.mean(1, keepdim=True)
        rest = dice.sometimes(0.3, len(series), 1, 1, low=0.0, high=1.0)
        rest = rest * mean.std(-1, keepdim=True)
        courses.append(mean + rest * dice.normal(*mean.shape))
    if motion < 0.35:
        n = min(int(dice.whole(3, 13).item()), n_volumes // 12)
        walk = dice.normal(len(series), n, n_volumes).cumsum(-1)
        courses += [walk, walk.diff(dim=-1, prepend=walk[..., :1])]
    if 0.3 <= slow < 0.55:
        slower = cosines(n_volumes, tr, 0.006 + 0.006 * edge, dice.device)
        courses.append(slower.expand(len(series), *slower.shape))
    series = passed(series, tr, low, high)
    if courses:
        series = without(series, passed(torch.cat(courses, 1), tr, low, high))
    return series


def _at_rest(series: torch.Tensor, dice: Dice) -> torch.Tensor:
    """Let some recordings begin above the level that a filter takes for rest."""
    n, n_regions, _ = series.shape
    level = dice.sometimes(0.6, n, 1, 1, low=0.0, high=2.0)
    level = level * (1 + 0.3 * dice.normal(n, n_regions, 1))
    centred = series - series.mean(-1, keepdim=True)
    return centred + level * series.std(-1, keepdim=True)


def passed_once(series: torch.Tensor, tr: float, dice: Dice) -> torch.Tensor:
    """High-pass in one pass: Butterworth of some order and edge, from rest.

    A filter that knows no future delays slow activity more than fast one: shapes
    change in time, and with them all moments but the second.
    """
    from scipy.fft import next_fast_len
    from scipy.signal import butter, lfilter

    order = int(dice.whole(1, 6).item())
    edge = dice.spread(1, low=0.003, high=0.01).item()
    n_volumes = series.shape[-1]
    impulse = [1.0] + [0.0] * (n_volumes - 1)
    answer = lfilter(*butter(order, 2 * tr * edge, "high"), impulse)
    response = torch.from_numpy(answer).to(series)
    size = next_fast_len(2 * n_volumes, real=True)
    spectrum = torch.fft.rfft(series, n=size) * torch.fft.rfft(response, n=size)
    filtered: torch.Tensor = torch.fft.irfft(spectrum, n=size)
    return filtered[..., :n_volumes]


def without(series: torch.Tensor, courses: torch.Tensor) -> torch.Tensor:
    """Regress courses, shape (n_brains, n, n_volumes), out of all series."""
    centred = courses - courses.mean(-1, keepdim=True)
    basis, _ = torch.linalg.qr(centred.mT)
    fitted: torch.Tensor = (series @ basis) @ basis.mT
    return series - fitted


def cosines(
    n_volumes: int, tr: float, edge: float, device: torch.device
) -> torch.Tensor:
    """Give the cosines slower than `edge` Hz, as SPM and fMRIPrep take them out."""
    n = min(max(1, int(2 * n_volumes * tr * edge)), n_volumes // 4)
    time = torch.arange(n_volumes, device=device) + 0.5
    order = torch.arange(1, n + 1, device=device)
    return torch.cos(math.pi / n_volumes * order[:, None] * time)


def passed(series: torch.Tensor, tr: float, low: float, high: float) -> torch.Tensor:
    """Keep what lies between two edges, Hz: Butterworth of order 5, both ways.

    An edge of 0, or above what the sampling can show, is none. At its ends a series
    is continued by its own mirror image, turned round.
    """
    n_volumes = series.shape[-1]
    if high >= 0.49 / tr:
        high = 0.0
    if not low and not high:
        return series
    n = min(33, n_volumes - 2)
    longer = continued(series, n)
    size = longer.shape[-1]
    rate = torch.fft.rfftfreq(size, tr, device=series.device)
    response = torch.ones_like(rate)
    # The filter is digital: at half the sampling rate it leaves nothing.
    bent = torch.tan(math.pi * tr * rate.clamp(max=0.4999 / tr))
    if high:
        response = response / (1 + (bent / math.tan(math.pi * tr * high)) ** 10)
    if low:
        edge = math.tan(math.pi * tr * low)
        response = response / (1 + (edge / bent.clamp_min(1e-9)) ** 10)
    kept: torch.Tensor = torch.fft.irfft(torch.fft.rfft(longer) * response, n=size)
    return kept[..., n : n + n_volumes]


def continued(series: torch.Tensor, n: int) -> torch.Tensor:
    """Continue series at both ends by n samples: their mirror images, turned round."""
    before = 2 * series[..., :1] - series[..., 1 : n + 1].flip(-1)
    after = 2 * series[..., -1:] - series[..., -n - 1 : -1].flip(-1)
    return torch.cat([before, series, after], -1)
