"""Which engine and model a series gets, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb_ingest import models
from atlasdb_ingest.learning import lagged, leakage, trainer
from atlasdb_ingest.learning.study import Study
from atlasdb_ingest.learning.windows import Windows, halves, predictable
from atlasdb_ingest.models.base import LagModel
from atlasdb_ingest.models.mlp import Perceptron
from atlasdb_ingest.simulation import dynamics, graphs
from atlasdb_ingest.types import Timeseries


def noise(
    n_regions: int = 4,
    n_times: int = 200,
    modality: str = "simulated",
    lengths: tuple[int, ...] = (),
    seed: int = 0,
) -> Timeseries:
    data = np.random.default_rng(seed).standard_normal((n_regions, n_times))
    codes = tuple(f"r{k}" for k in range(n_regions))
    return Timeseries(data, 100.0, codes, modality, lengths or (n_times,))


def test_fmri_gets_the_contemporaneous_engine_and_the_rest_the_lagged_one() -> None:
    assert trainer.defaults("fmri") == ("contemporaneous", "amortised")
    for modality in ("eeg", "meg", "calcium", "simulated"):
        assert trainer.defaults(modality)[0] == "lagged"


def test_a_batch_may_mix_modalities_and_sizes_and_keeps_its_order() -> None:
    batch = [noise(4), noise(5, modality="fmri"), noise(3, modality="eeg"), noise(4)]
    found = trainer.estimate(batch)
    assert [len(one.weight) for one in found] == [4, 5, 3, 4]
    assert found[1].method == "amortised"
    assert found[0].method == found[2].method == found[3].method


def test_lags_in_fmri_have_to_be_asked_for_and_say_so() -> None:
    series = noise(modality="fmri")
    with pytest.raises(InvalidDataError, match="lagged"):
        trainer.estimate([series], model="linear")
    (found,) = trainer.estimate([series], model="linear", engine="lagged")
    assert found.engine == "lagged"
    assert "direction in fMRI" in str(found.params["caution"])


def test_a_model_may_be_named_as_the_engine() -> None:
    series = noise(modality="fmri", n_times=60)
    (found,) = trainer.estimate([series], engine="fask")
    assert (found.engine, found.method) == ("contemporaneous", "fask")


def test_a_misspelt_model_is_suggested() -> None:
    with pytest.raises(NotFoundError, match="Did you mean 'linear'"):
        trainer.estimate([noise()], model="linaer")
    with pytest.raises(InvalidDataError, match="Did you mean 'lagged'"):
        trainer.estimate([noise()], engine="laged")


@pytest.mark.parametrize("modality", ["fmri", "simulated"])
def test_a_device_that_is_not_there_is_said_in_one_line(modality: str) -> None:
    with pytest.raises(InvalidDataError, match="cannot be used"):
        trainer.estimate([noise(modality=modality)], device="nonsense")


@pytest.mark.parametrize("modality", ["fmri", "simulated"])
def test_what_cannot_be_learned_from_is_refused(modality: str) -> None:
    with pytest.raises(InvalidDataError, match="too few"):
        trainer.estimate([noise(n_times=15, modality=modality)])
    with pytest.raises(InvalidDataError, match="at least 2 regions"):
        trainer.estimate([noise(n_regions=1, modality=modality)])
    constant = noise(modality=modality)
    constant.data[1] = 3.0
    with pytest.raises(InvalidDataError, match="constant"):
        trainer.estimate([constant])
    constant.data[1, 0] = np.nan
    with pytest.raises(InvalidDataError, match="not finite"):
        trainer.estimate([constant])


def test_an_empty_batch_gives_an_empty_list() -> None:
    assert trainer.estimate([]) == []


def test_settings_hold_names_versions_and_every_number() -> None:
    for model in models.names():
        engine = models.load(model).ENGINE
        found = trainer.settings(model, engine, "fmri")
        assert found["model"] == model
        assert {"version", "trainer_version", "engine"} <= set(found)
        assert all(isinstance(v, (str, int, float)) for v in found.values())


def test_the_bar_is_not_seen_unless_it_is_wanted(
    capfd: pytest.CaptureFixture[str],
) -> None:
    trainer.estimate([noise(modality="fmri")])
    assert capfd.readouterr() == ("", "")
    trainer.estimate([noise(modality="fmri")], progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "of 1 recordings" in err


class Bar:
    """A bar that keeps how far it moved each time."""

    def __init__(self) -> None:
        self.moves: list[float] = []

    @property
    def n(self) -> float:
        return sum(self.moves)

    def update(self, by: float) -> None:
        self.moves.append(by)


@pytest.mark.parametrize("model", ["linear", "mlp"])
def test_the_bar_moves_while_a_recording_is_learned_and_ends_with_the_last(
    model: str,
) -> None:
    bar = Bar()
    study = Study(model, float(models.load(model).SPARSITY))
    lagged.estimate([noise(3), noise(4), noise(3)], study, 0, "cpu", bar)
    assert bar.n == pytest.approx(3.0)
    assert min(bar.moves) > -1e-9
    if model == "mlp":
        assert max(bar.moves) < 0.5, "whoever waits wants to see it move"


def test_the_choice_for_a_study_has_a_bar(capfd: pytest.CaptureFixture[str]) -> None:
    trainer.choose_study([noise(3)], model="mlp", progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "choosing" in err


def test_windows_do_not_reach_over_gaps() -> None:
    assert predictable((4, 3, 2), 2).tolist() == [2, 3, 6]
    data = np.arange(20.0)[None].repeat(2, axis=0)
    windows = Windows.of([(data, (10, 10))], 3, torch.device("cpu"))
    for past, present, counts in windows.chunks():
        for before, now, real in zip(past[0], present[0], counts[0], strict=True):
            steps = torch.diff(torch.cat([now[:, None], before], 1), dim=1)
            assert torch.allclose(steps, steps[:1, :1], atol=1e-5)
            assert real == 1


@pytest.mark.parametrize("model", ["linear", "mlp"])
def test_what_happens_at_a_gap_teaches_nothing(model: str) -> None:
    series = dynamics.var(graphs.random_directed(4, 0.4, 0), 400, 0)
    cut = series.copy()
    cut[:, 200:] = dynamics.var(graphs.random_directed(4, 0.4, 0), 200, 1)
    pieces = Timeseries(cut, 1.0, tuple("abcd"), "simulated", (200, 200))
    (found,) = trainer.estimate([pieces], model=model)
    assert found.n == 390


def test_the_halves_of_a_recording_keep_its_pieces() -> None:
    data = np.arange(10.0)[None]
    first, second = halves(data, (3, 4, 3))
    assert first[1] == (3, 2)
    assert second[1] == (2, 3)
    np.testing.assert_array_equal(np.concatenate([first[0], second[0]], 1), data)


def test_more_sensors_than_samples_can_tell_are_no_discovery() -> None:
    (found,) = trainer.estimate(
        [noise(40, 150, "eeg", seed=3)], model="linear", device="cpu"
    )
    pairs = ~np.eye(40, dtype=bool)
    assert (found.p[pairs] < 0.05).mean() < 0.05
    assert not found.supported.any()


def test_leakage_between_sensors_is_taken_out() -> None:
    truth = graphs.random_directed(6, 0.25, 1, low=0.3, high=0.5)
    sources = dynamics.var(truth, 3000, 1)
    distance = np.abs(np.arange(6)[:, None] - np.arange(6))
    sensors = 0.5**distance @ sources
    clean = leakage.unmixed(sensors, (3000,), 4, 10.0).data
    pairs = ~np.eye(6, dtype=bool)
    before = np.abs(np.corrcoef(sensors)[pairs]).mean()
    assert np.abs(np.corrcoef(clean)[pairs]).mean() < 0.4 * before
    matching = [np.corrcoef(a, b)[0, 1] for a, b in zip(clean, sources, strict=True)]
    assert min(matching) > 0.9


def test_an_average_reference_does_not_break_the_unmixing() -> None:
    data = np.random.default_rng(0).standard_normal((8, 600))
    data -= data.mean(axis=0)
    assert np.isfinite(leakage.unmixed(data, (600,), 5, 10.0).data).all()


@pytest.mark.parametrize("model", ["linear", "mlp"])
def test_an_average_reference_hides_few_connections_and_makes_fewer(model: str) -> None:
    truth = graphs.random_directed(16, 0.12, 2, low=0.3, high=0.5)
    data = dynamics.var(truth, 3000, 2)
    series = Timeseries(
        data - data.mean(axis=0), 100.0, tuple("abcdefghijklmnop"), "eeg", (3000,)
    )
    (found,) = trainer.estimate([series], model=model, device="cpu")
    there = truth != 0
    assert (found.direction[there & ~there.T] > 0.5).mean() > 0.9
    # Every channel now holds a sixteenth of every other one, and that may be seen.
    assert found.supported[there].mean() > 0.7
    assert found.supported[~there].mean() < 0.02


def test_the_shortcuts_of_the_perceptron_agree_with_the_general_way() -> None:
    data = np.random.default_rng(0).standard_normal((5, 140))
    windows = Windows.of([(data, (140,))], 3, torch.device("cpu"))
    model = Perceptron(1, 5, 3, seed=0, sparsity=0.016)
    for short, general in zip(
        model.slopes(windows), LagModel.slopes(model, windows), strict=True
    ):
        torch.testing.assert_close(short, general, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(model.gain(windows), LagModel.gain(model, windows))
    past, _ = windows.at(windows.known)
    short_way = model.without(past, range(1, 4))
    long_way = LagModel.without(model, past, range(1, 4))
    for short, general in zip(short_way, long_way, strict=True):
        torch.testing.assert_close(short, general)


def test_sensors_whose_lags_would_reach_back_too_little_are_refused() -> None:
    fast = noise(modality="eeg", n_times=800)
    fast = Timeseries(fast.data, 1000.0, fast.codes, "eeg", (800,))
    with pytest.raises(InvalidDataError, match="reach back 12 ms"):
        trainer.estimate([fast], model="linear")
