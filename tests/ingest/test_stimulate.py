"""Stimulation on a learned model: what it ranks, what it keeps, what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from scipy import stats

import atlasdb
from atlasdb.cli import main
from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb.types import FloatArray
from atlasdb_ingest.learning import trainer
from atlasdb_ingest.stimulation import policy, refining, world
from atlasdb_ingest.stimulation.command import stimulate
from atlasdb_ingest.types import Timeseries

N, HUB, SINK = 6, 2, 5
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small systems need fewer steps."""
    monkeypatch.setattr(policy, "STEPS", 25)
    monkeypatch.setattr(policy, "JUDGED", 256)
    monkeypatch.setattr(refining, "SHARES", (1.0,))
    monkeypatch.setitem(refining.SETTINGS, "steps", 60)


def step(past: torch.Tensor) -> torch.Tensor:
    """Region 2 drives all others; 3 drives 4, and 4 drives 5, which drives nothing."""
    weights = torch.zeros(N, N)
    weights[HUB] = torch.tensor([0.7, 0.6, 0.0, 0.7, 0.6, 0.6])
    weights[3, 4] = weights[4, SINK] = 0.3
    return past[..., 0] @ (weights + 0.4 * torch.eye(N)).to(past)


def watched(n_times: int = 1000, seed: int = 0) -> FloatArray:
    """Watch the system: (n_times, N)."""
    noise = torch.from_numpy(np.random.default_rng(seed).standard_normal((n_times, N)))
    start = torch.zeros(1, 1, N, 5, dtype=torch.float64)
    free = torch.full((N,), torch.inf, dtype=torch.float64)
    itself = world.World(step, start[0], start[0], noise, free)
    rows = [now[0, 0] for now in itself.roll(start, noise[:, None])]
    return torch.stack(rows).numpy()


def course(n_times: int = 1000, seed: int = 0) -> FloatArray:
    """Give the same, standardised: (N, n_times)."""
    return np.asarray(stats.zscore(watched(n_times, seed), axis=0)).T


def series(modality: str = "simulated") -> Timeseries:
    data = course()
    return Timeseries(data, 100.0, tuple("abcdef"), modality, (data.shape[1],))


def made(one: Timeseries, model: str = "mlp", scale: float = 1.0) -> world.World:
    (found,) = trainer.estimate([one], model=model)
    state = {name: scale * part for name, part in found.state.items()}
    return world.learned(one, model, state, found.params, CPU).world


def reductions(one: world.World, seed: int = 0) -> policy.Reduction:
    policies = policy.train(one, budget=1.0, horizon=8, seed=seed)
    return policy.judge(one, policies, horizon=8, seed=seed)


@pytest.fixture(scope="module")
def learned() -> world.World:
    return made(series())


@pytest.fixture
def recorded(tmp_path: Path, key_file: Path) -> Path:
    """A folder with one recording of the system, as electrodes see it."""
    np.save(tmp_path / "rest.npy", course().T)
    return tmp_path


def url(folder: Path) -> str:
    return str(folder / "atlas")


def learn(folder: Path, modality: str = "simulated", *words: str) -> None:
    text = f"timeseries {folder}/rest.npy --subject 01 --sfreq 2"
    command = ["--atlas", url(folder), "ingest", *text.split(), *words]
    result = CliRunner().invoke(main, [*command, "--modality", modality])
    assert result.exit_code == 0, result.output


def run(folder: Path, *words: str) -> Result:
    command = ["--atlas", url(folder), "stimulate", "01", "--horizon", "5", *words]
    return CliRunner().invoke(main, command)


def rows(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.output
    found: list[dict[str, object]] = json.loads(result.stdout)
    return found


def test_what_drives_the_network_is_ranked_above_what_it_ends_in(
    learned: world.World,
) -> None:
    found = reductions(learned)
    assert found.mean.argmax() == HUB
    assert found.low[HUB] > found.high[SINK]
    assert (found.low <= found.mean).all()
    assert (found.mean <= found.high).all()


def test_the_ranking_agrees_with_that_of_the_true_system(learned: world.World) -> None:
    data = torch.from_numpy(course(1200, seed=1)).float()
    scale = torch.from_numpy(watched().std(0)).float()

    def predict(past: torch.Tensor) -> torch.Tensor:
        return (step(past * scale[:, None]) / scale).float()

    at = torch.arange(5, data.shape[1])
    past = torch.stack([data[:, at - lag].T for lag in range(1, 6)], -1)
    noise = torch.randn(500, N, generator=torch.Generator().manual_seed(0)) / scale
    true = world.World(predict, past[:600], past[600:], noise, 3 * learned.reach)
    policies = policy.train(learned, budget=1.0, horizon=8, seed=0)
    predicted = policy.judge(learned, policies, horizon=8, seed=0).mean
    best = reductions(true).mean
    really = policy.judge(true, policies, horizon=8, seed=0).mean
    assert stats.spearmanr(predicted, best).statistic > 0.8
    assert really[predicted.argmax()] > 0.9 * best.max()


def test_the_same_seed_gives_the_same_answer_and_another_one_not(
    learned: world.World,
) -> None:
    first, again = reductions(learned), reductions(learned)
    np.testing.assert_array_equal(first.mean, again.mean)
    assert (reductions(learned, seed=1).mean != first.mean).any()


def test_regions_that_take_turns_learn_the_same(
    learned: world.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = reductions(learned)
    monkeypatch.setattr(policy, "_ROOM", {"cpu": 1})
    assert len(list(policy.turns(learned, policy.ROLLOUTS))) == N
    np.testing.assert_allclose(reductions(learned).mean, together.mean, atol=1e-3)


@pytest.mark.parametrize("scale", [50.0, 1e30])
def test_rollouts_of_a_badly_scaled_model_stay_finite(
    scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refining, "SHARES", ())
    wild = made(series(), scale=scale)
    past, noise = wild.draw(16, 30, seed=0)
    for now in wild.roll(past[None], noise):
        assert (now.abs() <= wild.reach).all()
    assert np.isfinite(reductions(wild).mean).all()


@pytest.mark.parametrize("model", ["linear", "rnn"])
def test_every_lagged_model_can_be_rolled_out(model: str) -> None:
    found = reductions(made(series(), model))
    assert found.mean[HUB] > found.mean[SINK]


def test_sensors_are_unmixed_as_they_were_before_learning() -> None:
    one = series("eeg")
    mixing = np.eye(N) + 0.4
    mixed = replace(one, data=stats.zscore(mixing @ one.data, axis=1))
    found = made(mixed)
    left = np.corrcoef(found.noise.T.numpy())
    raw = np.corrcoef(made(replace(mixed, modality="simulated")).noise.T.numpy())
    apart = ~np.eye(N, dtype=bool)
    assert np.abs(left[apart]).max() < 0.2 < np.abs(raw[apart]).max()


def test_a_model_of_another_version_is_refused() -> None:
    (found,) = trainer.estimate([series()], model="mlp")
    for settings in (found.params | {"version": 0}, found.params | {"order": 4}):
        with pytest.raises(InvalidDataError, match="another version"):
            world.learned(series(), "mlp", found.state, settings, CPU)


def test_what_is_refined_never_predicts_worse_than_what_was_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (found,) = trainer.estimate([series()], model="mlp")
    given = (series(), "mlp", found.state, found.params, CPU)
    refined = world.learned(*given)
    monkeypatch.setattr(refining, "SHARES", ())
    stored = world.learned(*given)
    assert stored.fit_score == pytest.approx(found.fit_score, abs=1e-4)
    assert refined.fit_score >= stored.fit_score
    for name, array in found.state.items():
        np.testing.assert_array_equal(stored.state[name], array)


def test_the_command_ranks_regions_and_says_that_it_is_a_simulation(
    recorded: Path,
) -> None:
    learn(recorded)
    result = run(recorded, "-o", "json")
    found = rows(result)
    assert [row["rank"] for row in found] == list(range(1, N + 1))
    reduction = [row["reduction"] for row in found]
    assert reduction == sorted(reduction, key=lambda share: -float(str(share)))
    assert all(row["simulated"] is True for row in found)
    (line,) = result.stderr.splitlines()
    for said in ("Simulated", "held-out", "linear", "no medical advice"):
        assert said in line


def test_the_same_command_twice_changes_nothing(
    recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn(recorded)
    first = rows(run(recorded, "-o", "json"))
    with atlasdb.connect(url(recorded)) as atlas:
        before = atlas.verify()
    monkeypatch.setattr(world, "learned", None)  # nothing is computed again
    assert rows(run(recorded, "-o", "json")) == first
    with atlasdb.connect(url(recorded)) as atlas:
        assert atlas.verify() == before
        assert before.equal
        assert atlas.check() == []


def test_a_rebuild_keeps_it_and_erasing_the_person_removes_it(recorded: Path) -> None:
    learn(recorded)
    with atlasdb.connect(url(recorded)) as atlas:
        found = stimulate(atlas, "01", horizon=5)
        before = atlas.query("stimulation-targets", subject="01")
        atlas.rebuild()
        assert atlas.query("stimulation-targets", subject="01").equals(before)
        assert atlas.verify().equal
        made_with = atlas.cypher(
            "MATCH (x:Stimulation)-[:GENERATED_BY]->(r:Run)-[:USED]->(g:Connectome) "
            "WHERE x.id = $id "
            "RETURN r.kind AS kind, r.seed AS seed, g.id AS connectome",
            {"id": found},
        )
        assert made_with.to_dict("records") == [
            {"kind": "stimulate", "seed": 0, "connectome": found.rpartition("/")[0]}
        ]
        atlas.erase("01")
        for label in ("Stimulation", "Run", "Artifact", "Region"):
            assert atlas.store.nodes(label).num_rows == 0
        assert atlas.verify().equal
        left = [p for p in atlas.files.folder.rglob("*") if p.suffix == ".npz"]
        assert left == []


def test_what_was_kept_of_it_is_in_its_files(recorded: Path) -> None:
    learn(recorded)
    with atlasdb.connect(url(recorded)) as atlas:
        found = stimulate(atlas, "01", horizon=5)
        kept = {
            row["role"]: atlas.files.arrays(row["target"])
            for row in atlas.store.edges(
                ("STORED_AS", "Stimulation", "Artifact")
            ).to_pylist()
        }
        targets = atlas.query("stimulation-targets", subject="01", stimulation=found)
    assert set(kept) == {"policy", "model"}
    assert kept["policy"]["gains"].shape == (N, N, 5)
    assert sorted(kept["policy"]["reduction"]) == sorted(targets["reduction"])


def test_other_settings_stand_beside_the_first(recorded: Path) -> None:
    learn(recorded)
    with atlasdb.connect(url(recorded)) as atlas:
        ids = {stimulate(atlas, "01", horizon=5, budget=b) for b in (0.5, 1.0)}
        table = atlas.query("stimulation-targets", subject="01")
    assert set(table["stimulation"]) == ids
    assert len(table) == 2 * N


def refused(folder: Path, *words: str) -> str:
    """Give the one line of a refusal that wrote nothing."""
    with atlasdb.connect(url(folder)) as atlas:
        before = atlas.verify()
    result = run(folder, *words)
    assert result.exit_code == 1, result.output
    with atlasdb.connect(url(folder)) as atlas:
        assert atlas.verify() == before
    (line,) = result.stderr.splitlines()
    return line


def test_a_connectome_without_dynamics_is_refused_in_one_line(recorded: Path) -> None:
    learn(recorded, "fmri")
    assert "--engine lagged" in refused(recorded)
    learn(recorded, "fmri", "--engine", "lagged")
    assert len(rows(run(recorded, "-o", "json"))) == N


def test_an_imported_connectome_is_refused_in_one_line(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "m.csv", np.eye(3)[::-1], delimiter=",")
    words = f"ingest matrix {tmp_path}/m.csv --rows source --subject 01 --keep-ids"
    command = ["--atlas", url(tmp_path), *words.split()]
    assert CliRunner().invoke(main, command).exit_code == 0
    assert "imported" in refused(tmp_path)


def test_numbers_out_of_range_and_unknown_people_are_said(recorded: Path) -> None:
    learn(recorded)
    assert "budget" in refused(recorded, "--budget", "nan")
    assert "device" in refused(recorded, "--device", "none").lower()
    with (
        atlasdb.connect(url(recorded)) as atlas,
        pytest.raises(NotFoundError, match="nobody"),
    ):
        stimulate(atlas, "nobody")
    with (
        atlasdb.connect(url(recorded)) as atlas,
        pytest.raises(InvalidDataError, match="between 1 and 1000"),
    ):
        stimulate(atlas, "01", horizon=1001)
    for horizon in ("0", "1001"):
        assert run(recorded, "--horizon", horizon).exit_code == 2
