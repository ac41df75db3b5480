"""A filter that was the same for all regions is taken back before anything is read."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from atlasdb_ingest import denoise
from atlasdb_ingest.learning.moments import standardised
from atlasdb_ingest.learning.spectrum import restored
from atlasdb_ingest.simulation.brains import scan

TR = 3.0


@pytest.fixture(scope="module")
def recordings() -> torch.Tensor:
    found = scan(8, 10, 240, TR, 31, plain=1.0, denoised=False)
    return standardised(found.series.double())


def filtered(series: torch.Tensor, **band: float) -> torch.Tensor:
    cleaned = [denoise.clean(one, TR, **band)[0] for one in series.numpy()]
    return standardised(torch.from_numpy(np.stack(cleaned)))


def alike(one: torch.Tensor, other: torch.Tensor) -> float:
    """Mean correlation of courses."""
    return float((standardised(one) * standardised(other)).mean())


@pytest.mark.parametrize(
    "band",
    [
        {"low_pass": 0.1},
        {"low_pass": 0.08},
        {"low_pass": 0.12},
        {"high_pass": 0.008, "low_pass": 0.1},
    ],
)
def test_part_of_what_a_filter_took_is_given_back(
    recordings: torch.Tensor, band: dict[str, float]
) -> None:
    before = filtered(recordings, **band)
    after = restored(before, TR)
    assert 1 - alike(after, recordings) < 0.85 * (1 - alike(before, recordings))


def test_a_recording_that_nobody_filtered_stays_as_it_is(
    recordings: torch.Tensor,
) -> None:
    assert alike(restored(recordings, TR), recordings) > 0.99


def test_what_is_zero_stays_zero(recordings: torch.Tensor) -> None:
    without = recordings - recordings.mean(1, keepdim=True)
    found = restored(filtered(without, low_pass=0.1), TR)
    power = torch.linalg.eigvalsh(torch.from_numpy(np.cov(found[0].numpy())))
    assert power[0] < 1e-6 * power[-1]


@pytest.mark.parametrize("n_times", [40, 61, 200])
@pytest.mark.parametrize("tr", [0.5, 2.0, 8.0])
def test_any_length_and_any_sampling_gives_finite_courses(
    n_times: int, tr: float
) -> None:
    course = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 4, n_times)))
    found = restored(standardised(course), tr)
    assert found.shape == course.shape
    assert torch.isfinite(found).all()
