"""The benchmark measures what it says, on systems that give nothing away."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import analytics
import reliability
from atlasdb_ingest import models
from directed import (
    bold,
    electric,
    judge,
    measures,
    ours,
    patience,
    peers,
    report,
    systems,
)
from directed.known import Recording, System, standardised
from directed.method import Found, Method

CHAIN = np.eye(4, k=1, dtype=bool)
SMALL = [s for s in (*bold.SYSTEMS, *electric.SYSTEMS) if s.name != "fmri-whole-400"]
LINE = System("line", "", "simulated", lambda seed, person: _line(seed))


def _line(seed: int) -> tuple[np.ndarray, np.ndarray]:
    series = np.random.default_rng(seed).standard_normal((4, 1500))
    for t in range(2, 1500):
        series[1:, t] += 0.6 * series[:-1, t - 2]
    return series, CHAIN.astype(float)


def _sleep(data: np.ndarray, system: System) -> Found:
    time.sleep(60)
    return Found(data)


def _fail(data: np.ndarray, system: System) -> Found:
    raise ValueError("no idea")


def test_a_perfect_score_is_1() -> None:
    assert measures.average_precision(CHAIN, CHAIN * 1.0) == 1.0
    assert measures.direction_accuracy(CHAIN, CHAIN * 1.0) == 1.0


def test_a_reversed_score_has_no_direction_right() -> None:
    assert measures.direction_accuracy(CHAIN, CHAIN.T * 1.0) == 0.0


def test_a_symmetric_score_is_a_coin() -> None:
    assert measures.direction_accuracy(CHAIN, (CHAIN | CHAIN.T) * 1.0) == 0.5


def test_measures_do_not_depend_on_the_order_of_the_regions() -> None:
    rng = np.random.default_rng(0)
    score, truth = rng.random((9, 9)), rng.random((9, 9)) < 0.2
    np.fill_diagonal(truth, False)
    order = np.ix_(*[rng.permutation(9)] * 2)
    for measure in (measures.average_precision, measures.direction_accuracy):
        moved = measure(truth[order], score[order])
        assert moved == pytest.approx(measure(truth, score))


def test_a_reversed_connection_is_a_false_one() -> None:
    chosen = CHAIN.copy()
    chosen[0, 1], chosen[1, 0] = False, True
    n, n_false, false, found = measures.delivered(chosen, CHAIN)
    assert (n, n_false) == (3, 1)
    assert (false, found) == pytest.approx((1 / 3, 2 / 3))


def test_what_is_said_as_often_as_it_is_so_has_no_calibration_error() -> None:
    rng = np.random.default_rng(0)
    said = rng.random(200_000)
    bins = measures.calibration([(said, rng.random(said.size) < said)])
    assert sum(n for n, _, _ in bins) == said.size
    assert measures.expected_error(bins) < 0.005
    bins = measures.calibration([(said, rng.random(said.size) < said**2)])
    assert measures.expected_error(bins) == pytest.approx(1 / 6, abs=0.01)


def test_directions_are_judged_in_both_orders() -> None:
    said, so = measures.direction_pairs(np.where(CHAIN, 0.8, 0.2), CHAIN)
    assert said.size == 2 * CHAIN.sum()
    assert so.mean() == 0.5
    bins = measures.calibration([(said, so)])
    assert measures.expected_error(bins) == pytest.approx(0.2)


@pytest.mark.parametrize("system", SMALL, ids=lambda system: system.name)
def test_every_system_is_finite_and_made_from_its_seed(system: System) -> None:
    series, weights = system.make(3, 0)
    assert np.isfinite(series).all()
    assert (series.std(axis=1) > 0).all()
    assert weights.shape == (len(series), len(series))
    assert not np.diagonal(weights).any()
    if not system.name.startswith("fmri-whole"):
        again, same = system.make(3, 0)
        assert np.array_equal(again, series)
        assert np.array_equal(same, weights)
        other, _ = system.make(4, 0)
        assert other.shape != series.shape or not np.allclose(other, series)


def test_people_of_one_seed_share_the_graph_and_the_order() -> None:
    system = next(s for s in SMALL if s.name == "fmri-5")
    first, *others = system.cohort(0)
    assert len(others) == 4
    for other in others:
        assert np.array_equal(other.truth, first.truth)
        assert not np.allclose(other.series, first.series)


def test_the_order_of_the_columns_says_nothing() -> None:
    def ordered(seed: int, person: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        return rng.standard_normal((15, 20)), bold.rings(15, rng)

    system = System("ordered", "", "fmri", ordered)
    column = np.arange(15.0)
    lower_first = column[None, :] - column[:, None]
    right, found, base = [], [], []
    for seed in range(60):
        (one,) = system.cohort(seed)
        right.append(measures.direction_accuracy(one.truth, lower_first))
        found.append(measures.average_precision(one.truth, lower_first))
        base.append(one.truth.sum() / (15 * 14))
    assert np.mean(right) == pytest.approx(0.5, abs=0.06)
    assert np.mean(found) == pytest.approx(np.mean(base), abs=0.04)


@pytest.mark.parametrize(
    "method",
    [m for m in peers.PEERS if m.fast],
    ids=lambda method: method.name,
)
def test_rows_of_lagged_peers_are_sources(method: Method) -> None:
    series, truth = _line(0)
    score = method.run(standardised(series), LINE).score
    assert measures.direction_accuracy(truth != 0, score) == 1.0
    assert measures.average_precision(truth != 0, score) == 1.0


@pytest.mark.parametrize("peer", [peers.patel, peers.pairwise])
def test_rows_of_skewed_peers_are_sources(
    peer: Callable[[np.ndarray, System], Found],
) -> None:
    rng = np.random.default_rng(0)
    source = rng.exponential(size=20_000) * (rng.random(20_000) < 0.2)
    target = source + rng.exponential(size=20_000) * (rng.random(20_000) < 0.2)
    series = standardised(np.stack([source, target]))
    score = peer(series, LINE).score
    assert score[0, 1] > score[1, 0]


def test_a_method_without_end_is_ended() -> None:
    method = Method("asleep", _sleep)
    started = time.monotonic()
    found = patience.run(method, LINE, [_line(0)[0]], 0.3)
    assert found == "not finished in 0.3 s"
    assert time.monotonic() - started < 20


def test_a_method_that_fails_says_so() -> None:
    found = patience.run(Method("broken", _fail), LINE, [_line(0)[0]], 60)
    assert found == "failed: ValueError: no idea"


def test_a_missing_package_is_named() -> None:
    method = Method("absent", _fail, needs="a_package_that_nobody_has")
    said = patience.run(method, LINE, [_line(0)[0]], 60)
    assert "a_package_that_nobody_has" in said
    assert 'pip install "atlasdb[benchmark]"' in said


def test_five_people_are_judged_together() -> None:
    people = [Recording(np.zeros((4, 5)), CHAIN)] * 2
    sure, wrong = np.where(CHAIN, 0.99, 0.01), np.where(CHAIN.T, 0.9, 0.1)
    found = [
        Found(p, probability=p, direction=p, seconds=0.0, mib=0.0)
        for p in (sure, wrong)
    ]
    row = judge.row(Method("two", _fail), [people], found)
    assert row["direction"] == 0.5
    assert row["direction_pooled"] == row["auprc_pooled"] == 1.0


def test_it_is_counted_where_no_direction_is_told() -> None:
    people = [Recording(np.zeros((4, 5)), CHAIN)]
    half = np.where(np.eye(4) > 0, np.nan, 0.5)
    found = [Found(half, probability=half, direction=half, seconds=0.0, mib=0.0)]
    assert judge.row(Method("silent", _fail), [people], found)["withheld"] == 1.0


def test_names_of_systems_are_unique() -> None:
    names = [system.name for system in systems.chosen()]
    assert len(names) == len(set(names))
    assert [s.name for s in systems.chosen("lorenz-*")] == ["lorenz-10", "lorenz-40"]


def test_the_page_says_what_was_measured() -> None:
    root = Path(__file__).parents[1]
    page = root / "docs" / "learning.md"
    made = (root / "benchmarks" / "connectivity.json").read_text(encoding="utf-8")
    assert report.section(json.loads(made), page) in page.read_text(encoding="utf-8")


def test_what_was_measured_are_the_models_that_there_are() -> None:
    made = Path(__file__).parents[1] / "benchmarks" / "connectivity.json"
    settings = json.loads(made.read_text(encoding="utf-8"))["conditions"]["settings"]
    assert settings == {
        method.name: dict(models.load(method.name).SETTINGS) for method in ours.OURS
    }


def test_measurements_under_unlike_conditions_are_not_put_together(
    tmp_path: Path,
) -> None:
    for seeds in (1, 2):
        part = {"conditions": {"seeds": seeds}, "systems": [], "readouts": []}
        (tmp_path / f"{seeds}.json").write_text(json.dumps(part), encoding="utf-8")
    script = Path(__file__).parents[1] / "benchmarks" / "connectivity.py"
    paths = [tmp_path / "1.json", tmp_path / "2.json"]
    asked = [sys.executable, script, "--from", *paths]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "same conditions" in done.stderr


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here", encoding="utf-8")
    with pytest.raises(ValueError, match="has no lines"):
        report.renew(page, {})
    assert page.read_text(encoding="utf-8") == "nothing here"


def test_the_benchmark_of_graph_measures_agrees_with_networkx(
    key_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["analytics.py", "--neurons", "300", "--connections", "3000"]
    monkeypatch.setattr("sys.argv", words)
    analytics.main()
    said = capsys.readouterr().out
    assert "| PageRank |" in said
    found = said.rsplit("Largest difference: PageRank ", 1)[1]
    pagerank, _, distance = found.partition(", distance ")
    assert float(pagerank) < 1e-10
    assert float(distance) < 1e-9


def test_the_connectome_of_that_benchmark_has_hubs_and_no_pair_twice() -> None:
    graph = analytics.neurons(500, 5000)
    pairs = set(zip(graph.source.tolist(), graph.target.tolist(), strict=True))
    assert len(pairs) == 5000
    assert all(source != target for source, target in pairs)
    degree = np.bincount(graph.source, minlength=500)
    assert degree.max() > 5 * degree.mean()


@pytest.mark.parametrize("words", ["10 regions, 80", "global signal", "7 regions"])
def test_both_recordings_of_a_person_are_of_one_brain_at_two_times(words: str) -> None:
    kind = next(kind for kind in reliability.KINDS if words in kind.about)
    pairs = kind.make(12)
    ones, others = (np.stack([shared(pair[k]) for pair in pairs]) for k in (0, 1))
    # What all people have in common tells nobody from the others.
    alike = np.corrcoef(ones - ones.mean(0), others - others.mean(0))[:12, 12:]
    assert np.diag(alike).mean() > 0.2
    assert np.abs(alike[~np.eye(12, dtype=bool)].mean()) < 0.1
    courses = [np.corrcoef(one[0], other[0])[0, 1] for one, other in pairs]
    assert np.abs(courses).mean() < 0.3


def shared(series: np.ndarray) -> np.ndarray:
    return np.corrcoef(series)[np.triu_indices(len(series), 1)]


def test_what_recordings_share_is_set_beside_what_they_promise() -> None:
    kind = next(k for k in reliability.KINDS if "one ring" in k.about)
    same, stated, seconds = reliability.measured(kind, kind.make(10), "fask")
    assert 0.5 < same < 1.0
    assert 0.5 < stated < 1.0
    assert seconds > 0
