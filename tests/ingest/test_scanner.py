"""What simulated scans undergo is what an ingest does to real ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from nilearn import signal

from atlasdb_ingest.simulation.dice import Dice
from atlasdb_ingest.simulation.scanner import cosines, denoise, drifted, passed, without

TR = 2.0


def noise(n_regions: int = 6, n_volumes: int = 300) -> torch.Tensor:
    made = torch.randn(
        1, n_regions, n_volumes, generator=torch.Generator().manual_seed(1)
    )
    return made.cumsum(-1) * 0.1 + made


@pytest.mark.parametrize("band", [(0.0, 0.1), (0.01, 0.0), (0.01, 0.1)])
def test_simulated_scans_are_filtered_as_real_ones(band: tuple[float, float]) -> None:
    low, high = band
    series = noise()
    real = signal.clean(
        series[0].double().numpy().T,
        detrend=False,
        standardize=None,
        filter="butterworth",
        low_pass=high or None,
        high_pass=low or None,
        t_r=TR,
    ).T
    ours = passed(series, TR, low, high)[0].double().numpy()
    for one, other in zip(ours[:, 50:-50], real[:, 50:-50], strict=True):
        assert np.corrcoef(one, other)[0, 1] > 0.97


def test_a_band_above_what_the_sampling_shows_is_none() -> None:
    assert torch.equal(passed(noise(), TR, 0.0, 0.3), noise())


def test_nothing_is_left_of_what_was_regressed_out() -> None:
    slow = cosines(300, TR, 0.01, torch.device("cpu"))
    left = without(noise(), slow[None])
    assert float((left @ slow.mT).abs().max()) < 1e-2
    assert float(left.std()) > 0.5


def test_drifts_are_slow() -> None:
    still = torch.zeros(1, 4, 300)
    moved = drifted(still, TR, Dice(0))
    power = torch.fft.rfft(moved).abs().square().mean((0, 1))
    rate = torch.fft.rfftfreq(300, TR)
    assert float(power[rate < 0.02].sum() / power.sum()) > 0.95


def test_denoising_by_chance_keeps_shape_and_changes_most_groups() -> None:
    dice, series, changed = Dice(0), noise(), 0
    for _ in range(40):
        found = denoise(series, TR, dice)
        assert found.shape == series.shape
        assert torch.isfinite(found).all()
        changed += not torch.equal(found, series)
    assert 15 <= changed <= 35
