"""Filters, bad channels, references and pieces of voltages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError
from atlasdb_ingest import signals
from atlasdb_ingest.signals import Signals

SFREQ = 250.0


def made(
    data: NDArray[np.float64], runs: tuple[int, ...] | None = None, sfreq: float = SFREQ
) -> Signals:
    n_channels, n_times = data.shape
    names = tuple(f"X{i}" for i in range(n_channels))
    return Signals(data, sfreq, names, runs or (n_times,), np.zeros(n_times, bool))


def wave(hz: float, seconds: float = 20.0, sfreq: float = SFREQ) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * hz * np.arange(int(seconds * sfreq)) / sfreq)


@pytest.mark.parametrize("hz", [2.0, 10.0, 40.0])
def test_the_band_passes_without_a_shift(hz: float) -> None:
    found, notes = signals.bandpass(made(wave(hz)[None]), 1.0, 45.0)
    middle = slice(1000, -1000)
    assert np.allclose(found.data[0, middle], wave(hz)[middle], atol=0.02)
    assert notes == ()


@pytest.mark.parametrize("hz", [0.0, 0.05, 50.0, 60.0])
def test_drifts_and_power_lines_do_not_pass(hz: float) -> None:
    data = wave(hz)[None] if hz else np.ones((1, 5000))
    found, _ = signals.bandpass(made(data), 1.0, 45.0)
    assert np.abs(found.data[0, 1000:-1000]).max() < 0.02


def test_short_runs_lose_their_line_and_keep_their_waves() -> None:
    data = wave(10, 2.0)[None] + np.linspace(0, 50, 500) + 1000
    found, notes = signals.bandpass(made(data), 1.0, 45.0)
    assert "too short for a filter at 1 Hz" in notes[0]
    inside = slice(50, -50)
    assert np.corrcoef(found.data[0, inside], wave(10, 2.0)[inside])[0, 1] > 0.99
    assert abs(found.data.mean()) < 0.1


def test_no_filter_reaches_over_a_break() -> None:
    data = np.concatenate([np.zeros(2000), wave(10, 8)])[None]
    found, _ = signals.bandpass(made(data, (2000, 2000)), 1.0, 45.0)
    assert np.allclose(found.data[0, :2000], 0)
    slower = signals.resample(found, 125.0)
    assert slower.runs == (1000, 1000)
    assert np.allclose(slower.data[0, :1000], 0)


def test_a_band_that_the_sampling_cannot_hold_is_lowered_and_said() -> None:
    _, notes = signals.bandpass(made(wave(5, sfreq=80)[None], sfreq=80.0), 1.0, 45.0)
    assert "32 Hz in place of 45 Hz" in notes[0]
    with pytest.raises(InvalidDataError, match="empty"):
        signals.bandpass(made(wave(5)[None]), 30.0, 20.0)


@pytest.mark.parametrize(
    "band", [(200.0, 0.0), (-1.0, 40.0), (1.0, -1.0), (np.nan, 40.0), (1.0, np.nan)]
)
def test_a_band_that_holds_nothing_is_refused(band: tuple[float, float]) -> None:
    with pytest.raises(InvalidDataError, match="empty"):
        signals.bandpass(made(wave(5)[None]), *band)


def test_resampling_keeps_time_and_bad_spans() -> None:
    given_ = made(wave(10)[None])
    given_.bad[1000:1250] = True
    found = signals.resample(given_, 100.0)
    assert found.data.shape == (1, 2000)
    assert np.allclose(
        found.data[0, 100:-100], wave(10, sfreq=100)[100:-100], atol=0.01
    )
    assert found.bad.sum() == pytest.approx(100, abs=2)
    assert signals.resample(found, 128.0) is found


def test_a_notch_takes_out_the_line_and_its_multiples_only() -> None:
    data = (wave(50) + wave(100) + wave(20))[None]
    found = signals.notch(made(data), 50.0, 110.0)
    assert np.allclose(found.data[0, 500:-500], wave(20)[500:-500], atol=0.05)
    with pytest.raises(InvalidDataError, match="notch at 200 Hz"):
        signals.notch(made(data), 200.0, 45.0)


def test_the_power_line_is_told_where_it_stands_out() -> None:
    noise = np.random.default_rng(0).normal(size=(4, 5000))
    assert signals.line_frequency(made(noise)) is None
    assert signals.line_frequency(made(noise + 3 * wave(50))) == 50.0
    assert signals.line_frequency(made(noise + 3 * wave(60))) == 60.0


def test_the_average_of_all_channels_becomes_zero() -> None:
    data = np.random.default_rng(0).normal(size=(5, 300))
    found = signals.rereference(made(data), None)
    assert np.allclose(found.data.mean(axis=0), 0)
    one = signals.rereference(made(data), ["X2"])
    assert one.names == ("X0", "X1", "X3", "X4")
    assert np.allclose(one.data[0], data[0] - data[2])


def test_pieces_are_what_is_good_and_long_enough() -> None:
    given_ = made(np.arange(1000.0)[None], (600, 400))
    given_.bad[100:200] = True
    given_.bad[590:650] = True
    data, lengths = signals.pieces(given_, 110)
    assert lengths == (390, 350)
    assert data[0, 0] == 200
    assert data[0, 390] == 650
    given_.bad[:] = True
    assert signals.pieces(given_, 1)[1] == ()


@settings(max_examples=25)
@given(
    st.lists(st.integers(1, 700), min_size=1, max_size=5),
    st.integers(0, 2**32 - 1),
    st.sampled_from([1.0, 0.5, 0.0]),
    st.sampled_from([45.0, 30.0, 0.0, 200.0]),
)
def test_any_runs_stay_finite(
    runs: list[int], seed: int, low: float, high: float
) -> None:
    data = np.random.default_rng(seed).normal(size=(3, sum(runs)))
    found, _ = signals.bandpass(made(data, tuple(runs)), low, high)
    assert found.data.shape == data.shape
    assert np.isfinite(found.data).all()
    if max(runs) > 2:
        slower = signals.resample(found, 128.0)
        assert np.isfinite(slower.data).all()
        assert sum(slower.runs) == slower.data.shape[1] == len(slower.bad)


def test_a_copy_and_a_jump_are_bad_and_said_to_be() -> None:
    data = 1e-5 * np.random.default_rng(0).standard_normal((6, 2000))
    data[4] = -data[1]
    data[5, 1000] = 0.05
    found = signals.bad_channels(made(data))
    assert found == {"X4": "a copy of X1", "X5": "one jump"}
