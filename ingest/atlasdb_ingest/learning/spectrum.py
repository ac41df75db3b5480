"""Giving back to a recording what a filter took: the spectrum that BOLD usually has.

A filter turns frequencies down, but not to nothing, and turns them down alike in all
regions. What all regions lack together is turned up again, so that a recording that
was band-passed shows nearly what it showed before, and one that was not stays as it is.
"""

from __future__ import annotations

import math

import torch
from scipy.fft import next_fast_len

from atlasdb_ingest.simulation.scanner import continued

_CORNER_HZ, _STEEPNESS = 0.09, 4
"""Vessels follow slower activity; above, power falls."""
_LEAST = 1e-3
"""Power at high frequencies, of that at low ones, in the quietest scanner."""
_BODY_HZ = (0.01, 0.08)
"""Frequencies that nobody filters out."""
_NOTABLE = 2.5
"""Amplitudes that are so many times smaller than usual have been turned down."""
_MOST = 1e3
"""What was turned down farther is lost among the digits."""
_RESOLUTION_HZ = 0.004


def restored(series: torch.Tensor, tr: float) -> torch.Tensor:
    """Turn up the frequencies that are unusually weak in all regions together.

    Parameters
    ----------
    series : Tensor, shape (n, n_regions, n_times)
        Series of mean 0 and equal deviation.
    tr : float
        Time between samples, s.

    Returns
    -------
    Tensor, shape (n, n_regions, n_times)
        The same mixtures of regions are 0 as before.
    """
    n_times = series.shape[-1]
    n = n_times - 2
    # Steps at the ends have frequencies that would drown what little a filter left.
    longer = continued(series, n)
    size = _fast(longer.shape[-1])
    seen = torch.fft.rfft(longer, n=size)
    rate = torch.fft.rfftfreq(size, tr, device=series.device).to(series)
    parts = torch.view_as_real(seen)
    power = parts.square().mean(-3).sum(-1)
    power = _smooth(power, round(_RESOLUTION_HZ * size * tr))
    wanted = 1 / (1 + (rate / _CORNER_HZ) ** _STEEPNESS) + _LEAST
    gain = (wanted / power).sqrt()
    body = ((rate > _BODY_HZ[0]) & (rate < _BODY_HZ[1])).to(gain)
    usual = (gain * body).sum(-1, keepdim=True) / body.sum().clamp_min(1.0)
    gain = (gain / usual.clamp_min(1e-12)).clamp(1.0, _MOST)
    gain = torch.where(gain > _NOTABLE, gain, 1.0)
    parts *= gain[:, None, :, None]  # a view: `seen` changes
    found: torch.Tensor = torch.fft.irfft(seen, n=size)
    return found[..., n : n + n_times]


def _fast(size: int) -> int:
    """Find the longest length, at most `size`, that is transformed fast."""
    while next_fast_len(size, real=True) > size:
        size -= 1
    return size


def _smooth(power: torch.Tensor, width: int) -> torch.Tensor:
    """Take geometric means, which keep slopes, over `width` frequencies each side."""
    width = min(max(3, width), power.shape[-1] - 1)
    place = torch.arange(-width, width + 1, device=power.device) / (width + 1)
    kernel = torch.cos(math.pi / 2 * place).square()
    kernel = (kernel / kernel.sum()).to(power)[None, None]
    level = power.clamp_min(1e-12).log()[:, None]
    level = torch.nn.functional.pad(level, (width, width), mode="reflect")
    return torch.nn.functional.conv1d(level, kernel)[:, 0].exp()
