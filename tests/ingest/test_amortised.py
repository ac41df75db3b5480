"""The network that reads BOLD: what it must do whatever it was trained on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors import safe_open
from scipy import signal

from atlasdb.cli import main
from atlasdb.cohorts.posterior import common, discoveries
from atlasdb.errors import NotFoundError
from atlasdb.types import FloatArray
from atlasdb_ingest import denoise
from atlasdb_ingest.learning import amortise, belief, reader, trainer
from atlasdb_ingest.learning.familiar import LIMIT
from atlasdb_ingest.learning.lessons import Lesson, drawn, plan
from atlasdb_ingest.learning.pairs import describe
from atlasdb_ingest.models import amortised
from atlasdb_ingest.simulation import dynamics, haemodynamics
from atlasdb_ingest.simulation.brains import Scans, scan
from atlasdb_ingest.simulation.coming import Coming
from atlasdb_ingest.simulation.dice import Dice
from atlasdb_ingest.simulation.misfits import MISFITS
from atlasdb_ingest.simulation.recovery import average_precision, direction_accuracy
from atlasdb_ingest.simulation.scanner import passed_once
from atlasdb_ingest.simulation.wiring import wire
from atlasdb_ingest.types import Estimate, Timeseries
from directed import bold


@cache
def brains(plain: float = 0.5) -> Scans:
    """Brains that the network has not seen."""
    return scan(40, 10, 240, 2.0, 987_654, plain=plain)


def read(series: FloatArray, tr: float = 2.0) -> FloatArray:
    found = amortised.read(series, 1 / tr).probability
    assert found is not None
    return found


def skill(series: list[FloatArray], there: np.ndarray) -> tuple[float, float]:
    """Mean average precision and share of right directions."""
    forth = [read(one) for one in series]
    found = list(zip(there, forth, strict=True))
    return (
        float(np.mean([average_precision(*one) for one in found])),
        float(np.nanmean([direction_accuracy(*one) for one in found])),
    )


@cache
def probabilities() -> tuple[FloatArray, FloatArray]:
    found = brains()
    read_out = np.stack([read(one.double().numpy()) for one in found.series])
    return read_out, (found.weights != 0).numpy()


def pairs(n: int) -> FloatArray:
    return ~np.eye(n, dtype=bool)


def test_the_order_of_the_regions_says_nothing() -> None:
    series = brains().series[0].double().numpy()
    order = np.random.default_rng(0).permutation(len(series))
    forth = read(series)
    np.testing.assert_allclose(
        read(series[order]), forth[np.ix_(order, order)], atol=2e-4
    )
    noise = np.random.default_rng(0).standard_normal((len(series), 200))
    scores = [amortised.read(one, 0.5).ood_score for one in (noise, noise[order])]
    assert scores[0] == pytest.approx(scores[1], rel=1e-4)


def test_units_say_nothing() -> None:
    series = brains().series[1].double().numpy()
    scale = np.random.default_rng(0).uniform(1, 1e4, (len(series), 1))
    np.testing.assert_allclose(read(series * scale + 1e3), read(series), atol=2e-3)


@pytest.mark.parametrize("graded", [False, True], ids=["read", "learned from"])
def test_pairs_that_are_read_row_by_row_are_read_as_all_at_once(
    monkeypatch: pytest.MonkeyPatch, graded: bool
) -> None:
    network, _ = amortised._trained()
    features = describe(brains().series[:3], 2.0)
    with torch.set_grad_enabled(graded):
        whole = network(features).detach()
        monkeypatch.setattr(reader, "_AT_ONCE", 3 * 10 * 3)  # rows of three brains
        np.testing.assert_allclose(network(features).detach(), whole, atol=1e-4)


def test_stated_probabilities_come_true() -> None:
    forth, truth = probabilities()
    off = pairs(forth.shape[1])
    stated, true = forth[:, off].ravel(), truth[:, off].ravel()
    place = np.minimum((stated * 10).astype(int), 9)
    error = sum(
        abs(stated[place == k].mean() - true[place == k].mean()) * (place == k).mean()
        for k in range(10)
        if (place == k).any()
    )
    assert error < 0.03


def test_discoveries_are_as_seldom_false_as_they_say_reversed_ones_included() -> None:
    forth, truth = probabilities()
    chosen = np.stack([discoveries(one) for one in forth])
    assert chosen.sum() > 100
    assert (chosen & ~truth).sum() / chosen.sum() < 0.15


def test_most_directions_of_plain_brains_are_right() -> None:
    found = brains(1.0)
    right = []
    for series, weights in zip(found.series, found.weights, strict=True):
        forth = read(series.double().numpy())
        there = (weights != 0).numpy()
        right.append((forth > forth.T)[there & ~there.T])
    assert np.concatenate(right).mean() > 0.85


def test_directions_of_more_areas_than_were_simulated_come_true() -> None:
    series, weights = bold.whole_brain(400)(5, 0)
    forth = read(series, 0.72)
    there = weights != 0
    source, target = np.nonzero(there & ~there.T)
    right, wrong = forth[source, target], forth[target, source]
    told = np.maximum(right, wrong) / (right + wrong)
    assert np.mean(right > wrong) > 0.9
    assert abs(np.mean(told) - np.mean(right > wrong)) < 0.075


def test_most_directions_are_right_where_connections_come_and_go() -> None:
    found = scan(600, 6, 200, 3.0, 55, plain=0.0, restless=1.0, denoised=False)
    there = (found.weights != 0).numpy()
    series = [one.double().numpy() for one in found.series]
    assert skill(series, there)[1] > 0.78


@pytest.mark.parametrize("sign", [1, -1], ids=["amplify", "control"])
def test_loops_of_two_are_told_in_both_directions(sign: int) -> None:
    n_regions = 6
    place = np.arange(n_regions)
    weights = np.zeros((n_regions, n_regions))
    weights[place, (place + 1) % n_regions] = 0.5
    weights[[1, 4], [0, 3]] = 0.35 * sign
    people = []
    for seed in range(6):
        activity = dynamics.neural(weights, 1000.0, seed)
        series = haemodynamics.bold(activity, 2.0, seed)
        people.append(read(series[:, 10:]))
    forth, there = common(np.stack(people)), weights != 0
    assert forth[there].min() > forth[~there & pairs(n_regions)].max()


@cache
def plain_brains() -> tuple[list[FloatArray], np.ndarray, tuple[float, float]]:
    """Brains without complications, what is joined, and how well they are read."""
    found = scan(40, 12, 300, 2.0, 31, plain=1.0, denoised=False)
    there = (found.weights != 0).numpy()
    series = [one.double().numpy() for one in found.series]
    return series, there, skill(series, there)


@pytest.mark.parametrize(
    ("how", "most"),
    [("global", 0.05), ("confounds", 0.05), ("drift", 0.05), ("one pass", 0.05)],
)
def test_denoising_costs_little(how: str, most: float) -> None:
    plain, there, before = plain_brains()
    rng = np.random.default_rng(0)
    cleaned = []
    for one in plain:
        courses = rng.standard_normal((300, 6)).cumsum(axis=0)
        if how == "global":
            courses = one.mean(axis=0)[:, None]
        elif how == "drift":
            time = np.linspace(-1, 1, 300)
            courses = np.stack([time, time**2, time**3], axis=1)
        elif how == "one pass":
            cleaned.append(signal.lfilter(*signal.butter(4, 0.02, "high"), one))
            continue
        cleaned.append(denoise.clean(one, 2.0, regressors=courses)[0])
    after = skill(cleaned, there)
    assert before[0] - after[0] < most
    assert before[1] - after[1] < most


def test_people_of_one_graph_tell_more_together_than_alone() -> None:
    found = scan(1, 10, 1000, 1.0, 4, plain=1.0, denoised=False)
    series = found.series[0].double().numpy()
    alone = np.stack([read(part, 1.0) for part in np.array_split(series, 5, axis=1)])
    there = (found.weights[0] != 0).numpy()
    one_way = there & ~there.T
    together = common(alone)
    of_each = [(p > p.T)[one_way].mean() for p in alone]
    assert (together > together.T)[one_way].mean() >= np.mean(of_each)


def test_a_brain_turned_upside_down_gets_no_direction() -> None:
    found = brains(1.0)
    scores = [amortised.read(-one.double().numpy(), 0.5) for one in found.series]
    withheld = [one for one in scores if one.withheld is not None]
    assert len(withheld) > len(scores) / 2
    strange = withheld[0]
    assert strange.ood_score is not None
    assert strange.ood_score > LIMIT
    assert (strange.direction[pairs(10)] == 0.5).all()


def test_brains_like_the_simulated_ones_are_believed() -> None:
    scores = [
        amortised.read(one.double().numpy(), 0.5).ood_score for one in brains().series
    ]
    assert np.mean(np.array(scores, dtype=float) > LIMIT) < 0.15


def recorded(series: FloatArray) -> Timeseries:
    codes, lengths = tuple(map(str, range(len(series)))), (series.shape[1],)
    return Timeseries(series, 0.5, codes, "fmri", lengths)


def upside_down(model: str) -> Estimate:
    """What is learned of a brain that, turned round, is like no simulated one."""
    turned = (-one.double().numpy() for one in brains(1.0).series)
    strange = next(one for one in turned if (amortised.unlike(one, 0.5) or 0) > LIMIT)
    return trainer.estimate([recorded(strange)], model=model)[0]


def test_a_run_promises_nothing_of_directions_that_it_withheld() -> None:
    found = upside_down("amortised")
    said = belief.trust(found)
    assert "direction is withheld" in str(found.params["caution"])
    assert str(found.params["caution"]) in said
    assert "of the directions" not in said


def test_a_run_says_where_the_halves_of_a_recording_contradict_each_other() -> None:
    (found,) = trainer.estimate([recorded(brains().series[0].double().numpy())])
    assert "80% of the directions" in belief.trust(replace(found, reliability=0.8))
    against = belief.trust(replace(found, reliability=0.4))
    assert "contradict each other" in against
    assert "of the directions" not in against


def test_the_closed_form_is_told_too_how_unlike_simulated_brains_a_recording_is() -> (
    None
):
    found = upside_down("fask")
    assert found.ood_score is not None
    assert found.ood_score > LIMIT
    assert "directions may be wrong" in belief.trust(found)


@pytest.fixture
def no_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A checkout without the file of the trained network."""
    monkeypatch.setattr(amortised, "WEIGHTS", tmp_path / "amortised.safetensors")
    amortised._trained.cache_clear()
    yield
    amortised._trained.cache_clear()


@pytest.mark.usefixtures("no_weights")
def test_without_the_trained_network_the_closed_form_reads_and_the_run_says_so() -> (
    None
):
    series = brains().series[0].double().numpy()
    (found,) = trainer.estimate([recorded(series)], model="fask")
    assert found.supported.any()
    assert found.ood_score is None
    assert "Caution: without the trained network" in belief.trust(found)


@pytest.mark.usefixtures("no_weights")
def test_without_the_trained_network_its_engine_names_what_to_use() -> None:
    series = brains().series[0].double().numpy()
    with pytest.raises(NotFoundError, match="--engine fask"):
        trainer.estimate([recorded(series)], model="amortised")


def test_the_closed_form_finds_a_pair_in_one_direction_only() -> None:
    for one in brains(plain=1.0).series[:5].double().numpy():
        (found,) = trainer.estimate([recorded(one)], model="fask")
        assert found.supported.any()
        assert not (found.supported & found.supported.T).any()
        assert (found.direction[found.supported] > 0.5).all()


@pytest.mark.parametrize("kind", ["average reference", "copies", "short", "scale"])
def test_awkward_series_give_finite_features(kind: str) -> None:
    series = torch.randn(1, 12, 400, generator=torch.Generator().manual_seed(0))
    if kind == "average reference":
        series = series - series.mean(1, keepdim=True)
    elif kind == "copies":
        series[:, 1] = series[:, 0]
    elif kind == "short":
        series = series[..., :21]
    else:
        series = series * 1e-9
    features = describe(series, 0.1)
    for numbers in (features.pair, features.region, features.whole, features.courses):
        assert torch.isfinite(numbers).all()


def test_the_shipped_network_says_how_it_was_made() -> None:
    with safe_open(amortised.WEIGHTS, "pt") as file:
        said = file.metadata()
    assert {"seed", "n_groups", "n_brains", "n_steps", "device", "torch"} <= set(said)
    assert int(said["n_brains"]) > 10_000


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two networks of one seed, and the log of the second."""
    folder = tmp_path_factory.mktemp("jane")
    files = [folder / "first.safetensors", folder / "jane.safetensors"]
    logs, n_threads = folder / "logs", torch.get_num_threads()
    for file in files:
        words = ["train", str(file), "--seed", "25", "--groups", "2", "--steps", "3"]
        if file == files[1]:
            words += ["--log-dir", str(logs)]
        torch.set_num_threads(1 + files.index(file))
        result = CliRunner().invoke(main, [*words, "--device", "cpu"])
        left = torch.get_num_threads()
        torch.set_num_threads(n_threads)
        assert result.exit_code == 0, result.output
        assert left == 1 + files.index(file)
    return [*files, logs]


def test_training_from_one_seed_gives_one_network_on_any_number_of_threads(
    trained: list[Path],
) -> None:
    one, other = (safe_open(file, "pt") for file in trained[:2])
    names = list(one.keys())
    for name in names:
        assert torch.equal(one.get_tensor(name), other.get_tensor(name))


def test_a_log_holds_the_loss_of_each_step_and_no_name(trained: list[Path]) -> None:
    from tensorboard.backend.event_processing import event_accumulator

    found = event_accumulator.EventAccumulator(str(trained[2])).Reload()
    assert found.Tags()["scalars"] == ["loss"]
    losses = found.Scalars("loss")
    assert [one.step for one in losses] == [0, 1, 2]
    assert all(np.isfinite(one.value) for one in losses)
    (file,) = trained[2].iterdir()
    assert b"jane" not in file.read_bytes()


def test_a_log_without_tensorboard_is_refused_before_anything_is_simulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    words = ["train", str(tmp_path / "a.safetensors"), "--log-dir", str(tmp_path / "b")]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 1
    (line,) = result.stderr.strip().splitlines()
    assert 'pip install "atlasdb[tensorboard]"' in line
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_simulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(amortise, "lessons")
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "a.safetensors"
    result = CliRunner().invoke(main, ["train", str(out)])
    assert result.exit_code == 1
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith(f"Error: Could not write {out}")


def lesson(n_brains: int, n_regions: int, n_volumes: int) -> Lesson:
    series = torch.zeros(n_brains, n_regions, n_volumes).half()
    return Lesson(series, torch.zeros(n_brains, n_regions, n_regions) > 0, 2.0)


def test_the_later_a_step_the_more_it_learns_from() -> None:
    known = [lesson(200, 5, 100), lesson(200, 5, 1500), lesson(4, 90, 100)]
    draws = drawn(known, 400, 7, torch.device("cpu"))
    sizes = [len(rows) * one.series[0].numel() for one, rows, _ in draws]
    assert len(sizes) == 400
    assert np.mean(sizes[:100]) < 0.6 * np.mean(sizes[-100:])


def test_what_is_learned_from_depends_on_the_seed_alone() -> None:
    known, cpu = [lesson(60, 6, 80), lesson(60, 9, 80)], torch.device("cpu")

    def rows(seed: int) -> list[list[int]]:
        return [which.tolist() for _, which, _ in drawn(known, 33, seed, cpu)]

    assert rows(1) == rows(1)
    assert rows(1) != rows(2)
    assert len(rows(1)) == 33


def test_one_group_in_21_is_of_large_brains_and_the_others_are_as_without() -> None:
    sizes = [group.n_regions for group in plan(0, 21)]
    assert max(sizes[:-1]) <= 120
    assert sizes[-1] >= 125
    assert plan(0, 20) == plan(0, 21)[:-1]


def test_the_plan_depends_on_the_seed_alone() -> None:
    assert plan(3, 20) == plan(3, 20)
    assert plan(3, 20) != plan(4, 20)


@pytest.mark.parametrize("kind", MISFITS)
def test_spoiled_recordings_keep_their_shape(kind: str) -> None:
    series = brains().series[:3]
    spoiled = MISFITS[kind](series, Dice(0))
    assert spoiled.shape == series.shape
    assert torch.isfinite(spoiled).all()
    assert not torch.equal(spoiled, series)


def test_strong_connections_let_activity_end() -> None:
    restless = torch.ones(200, dtype=torch.bool)
    weights = wire(~restless, restless, 8, Dice(3))
    plain = wire(restless, ~restless, 8, Dice(3))
    assert float(weights.max()) > 1 > float(plain.max())
    assert float(torch.linalg.eigvals(weights).real.max()) < 1


def test_what_comes_and_goes_is_there_for_its_share_and_stays_for_its_time() -> None:
    coming = Coming(0.9, torch.tensor([[0.05], [0.3]]), Dice(4), 2, 500)
    there = torch.stack([coming.step() for _ in range(400)])
    assert set(there.unique().tolist()) == {0.0, 1.0}
    # How often, and how often what is there is still there one step later.
    assert there.mean((0, 2)).numpy() == pytest.approx([0.05 / 0.15, 0.75], abs=0.02)
    stays = (there[1:] * there[:-1]).sum((0, 2)) / there[:-1].sum((0, 2))
    assert stays.numpy() == pytest.approx([0.9, 0.9], abs=0.01)


@pytest.mark.parametrize("n_regions", [6, 24])
def test_what_a_source_does_comes_before_what_its_target_does(n_regions: int) -> None:
    found = scan(1500 // n_regions, n_regions, 400, 0.5, 11, plain=1.0, denoised=False)
    planted = (found.weights != 0) & (found.weights.mT == 0)
    series = found.series - found.series.mean(-1, keepdim=True)
    later = series[..., :-2] @ series[..., 2:].mT
    assert float((later > later.mT)[planted].float().mean()) > 0.52


def test_a_filter_in_one_pass_knows_no_future_and_takes_what_is_slow() -> None:
    time = torch.arange(2000.0)
    slow, fast = torch.cos(time / 600), torch.cos(time / 4)
    series = torch.stack([slow, fast])[None]
    once = passed_once(series, 1.0, Dice(1))
    changed = series.clone()
    changed[..., 1000:] += 5.0
    again = passed_once(changed, 1.0, Dice(1))
    torch.testing.assert_close(again[..., :1000], once[..., :1000])
    assert not torch.allclose(again[..., 1000:], once[..., 1000:])
    left = once[0, :, 1000:].std(-1) / series[0, :, 1000:].std(-1)
    assert left[0] < 0.2
    assert 0.9 < left[1] < 1.1


def test_one_seed_makes_the_same_brains() -> None:
    one, other = (scan(3, 6, 60, 2.0, 5) for _ in range(2))
    assert torch.equal(one.series, other.series)
    assert torch.equal(one.weights, other.weights)
    assert not torch.equal(scan(3, 6, 60, 2.0, 6).series, one.series)
