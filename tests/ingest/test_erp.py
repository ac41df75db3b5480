"""Evoked responses and the honesty of their test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from atlasdb.errors import InvalidDataError
from atlasdb_ingest import erp
from atlasdb_ingest.erp import Events
from atlasdb_ingest.signals import Signals

SFREQ = 128.0
TIMES = np.arange(-26, 103) / SFREQ


def noise(n_trials: int, n_channels: int, seed: int = 0) -> np.ndarray:
    """Trials of noise whose power falls with frequency, V."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.normal(size=(n_trials, n_channels, 512)))
    hz = np.fft.rfftfreq(512, 1 / SFREQ)
    spectrum *= (hz <= 30) & (hz >= 0.5)
    spectrum[..., 1:] /= np.sqrt(hz[1:])
    trials = np.fft.irfft(spectrum, 512)[..., 100 : 100 + len(TIMES)]
    return np.asarray(1e-5 * trials / trials.std())


def test_a_response_is_found_where_and_when_it_is() -> None:
    trials = noise(40, 6)
    trials[:, 2] -= 8e-6 * np.exp(-(((TIMES - 0.2) / 0.03) ** 2))
    codes = tuple("abcdef")
    (found,), notes = erp.activation_maps({"go": trials}, codes, SFREQ, TIMES[0], 150)
    assert notes == ()
    assert found.data.shape == (6, 129)
    assert (found.unit, found.measure, found.n_trials) == ("uV", "erp", 40)
    assert found.t0_ms == pytest.approx(-203.125)
    assert found.dt_ms == pytest.approx(7.8125)
    assert found.q is not None
    assert found.z is not None
    assert found.q[2] < 0.01
    assert found.z[2] < -3
    assert abs(TIMES[found.data[2].argmin()] - 0.2) < 0.03
    assert np.abs(found.data[:, TIMES < 0].mean(axis=1)).max() < 1e-9


@pytest.mark.parametrize("n_trials", [6, 40])
def test_noise_is_rarely_a_response(n_trials: int) -> None:
    trials = noise(n_trials, 400, seed=n_trials)
    trials = trials - trials[:, :, TIMES < 0].mean(axis=2, keepdims=True)
    _, p, q = erp.peak_test(trials, TIMES, SFREQ)
    assert (p < 0.05).mean() <= 0.05
    assert (q < 0.05).sum() <= 1


def test_far_tails_stay_numbers() -> None:
    trials = noise(200, 3) + 1e-4 * (TIMES > 0.1)
    z, p, q = erp.peak_test(trials, TIMES, SFREQ)
    assert ((p > 0) & (p < 1e-100)).all()
    assert np.isfinite(z).all()
    assert (q >= p).all()


def test_trials_with_artefacts_are_left_out_and_counted() -> None:
    trials = noise(12, 4)
    trials[:3, 1, 50] += 1e-3
    (found,), notes = erp.activation_maps(
        {"go": trials}, tuple("abcd"), SFREQ, TIMES[0], 150
    )
    assert found.n_trials == 9
    assert "3 of 12 trials" in notes[0]
    none, notes = erp.activation_maps(
        {"go": trials[:7], "rare": trials[:2]}, tuple("abcd"), SFREQ, TIMES[0], 150
    )
    assert none == ()
    assert any("4 of 7 trials" in note for note in notes)
    assert any("1 conditions have fewer" in note for note in notes)


def test_trials_lie_in_one_run_and_touch_nothing_bad() -> None:
    data = np.arange(2000.0)[None]
    given = Signals(data, 100.0, ("Cz",), (1000, 1000), np.zeros(2000, bool))
    given.bad[300:310] = True
    onsets = np.array([0.1, 2.0, 3.05, 5.0, 9.9, 12.0, 19.9])
    cut, t0 = erp.trials(given, Events(onsets, ("go",) * 7), -0.2, 0.8)
    assert t0 == pytest.approx(-0.2)
    assert cut["go"].shape == (3, 1, 101)
    assert list(cut["go"][:, 0, 20]) == [200, 500, 1200]


def test_a_label_is_a_condition_when_it_recurs() -> None:
    texts = ["go"] * 5 + ["rare"] * 4 + ["BAD eye"] * 9 + ["Sleep stage W"] * 9
    texts += ["a remark, rather long, of the kind that people type in"] * 9
    found = erp.from_annotations(
        np.arange(len(texts), dtype=float), np.zeros(len(texts)), texts
    )
    assert set(found.labels) == {"go"}
    states = erp.from_annotations(np.arange(9.0), np.full(9, 30.0), ["N2"] * 9)
    assert states.labels == ()


@pytest.mark.parametrize(
    ("table", "labels"),
    [
        ("onset\tduration\ttrial_type\n1\t0\tgo\n2\t0\tstop\n", ("go", "stop")),
        (
            "onset\tduration\ttrial_type\tvalue\n1\t0\tn/a\t7\n2\tn/a\tn/a\t8\n",
            ("7", "8"),
        ),
        ("onset\tduration\n1\t0\n", ()),
        ("onset\tduration\ttrial_type\n", ()),
        ("onset\tduration\ttrial_type\n1\t0\tn/a\n", ()),
    ],
)
def test_tables_of_events_are_read_as_they_are(
    tmp_path: Path, table: str, labels: tuple[str, ...]
) -> None:
    path = tmp_path / "a_events.tsv"
    path.write_text(table)
    found = erp.from_table(path)
    assert found.labels == labels
    assert len(found.onsets) == len(labels)
    assert bool(found.notes) == (not labels)


def test_a_table_without_onsets_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a_events.tsv"
    path.write_text("start\ttrial_type\n1\tgo\n")
    with pytest.raises(InvalidDataError, match="column onset"):
        erp.from_table(path)
