"""Telling people apart: what is planted is found, what is not is not claimed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from scipy import signal, stats

import atlasdb
import small_study
from atlasdb.cli import main
from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb.types import ActivationMap, Entry, Parcellation, Subject
from atlasdb_ingest import classify
from atlasdb_ingest.simulation import dynamics, graphs
from atlasdb_ingest.supervised import features, network, scores, splits, trial
from atlasdb_ingest.supervised.splits import Design

N, N_REGIONS = 20, 8
CODES = tuple(str(i) for i in range(N_REGIONS))
ATLAS = Parcellation(
    "eight",
    "eight",
    "volume",
    tuple(atlasdb.Area(code, f"area {code}") for code in CODES),
    N_REGIONS,
    "8" * 64,
)


def people(n: int, seed: int) -> list[np.ndarray]:
    """Give series of n with and n without a few edges, people side by side."""
    weights = graphs.random_directed(N_REGIONS, 0.25, 3, low=0.4, high=0.5)
    rng = np.random.default_rng(seed)
    each = np.array(
        [weights * rng.uniform(0.7, 1.3, weights.shape) for _ in range(2 * n)]
    )
    source, target = np.nonzero(weights)
    each[:n, source[:3], target[:3]] *= 0.3
    blocks = [
        dynamics.var(own, 150 + 10 * (i % 5), 100 * seed + i, order=1)
        for i, own in enumerate(each)
    ]
    return [stats.zscore(block, axis=1) for block in blocks]


def entry(name: str, cohort: str, data: np.ndarray, **subject: object) -> Entry:
    """Give one recording as an ingest writes it."""
    learned = small_study.learned(np.full((N_REGIONS,) * 2, 0.1), CODES, "fmri", "fask")
    words = ("classify", name, hashlib.sha256(data.tobytes()).hexdigest())
    return Entry(
        run=small_study.run(*words),
        subject=Subject(name.partition("/")[0], cohort, **subject),
        recording=atlasdb.types.RecordingInfo(
            small_study.key(*words), "fmri", session=name.partition("/")[2] or None
        ),
        parcellation=ATLAS,
        connectivity=learned,
        arrays={
            "series": {
                "data": data.astype(np.float32),
                "sfreq": np.array(0.5),
                "lengths": np.array([data.shape[1]]),
            }
        },
        settings="settings",
    )


def cohorts(series: list[np.ndarray], **subject: object) -> list[Entry]:
    n = len(series) // 2
    return [
        entry(f"s{i:02d}", "patients" if i < n else "controls", data, **subject)
        for i, data in enumerate(series)
    ]


@pytest.fixture(scope="module")
def series() -> list[np.ndarray]:
    return people(N, 1)


@pytest.fixture
def study(tmp_path: Path, key_file: Path) -> Iterator[atlasdb.Atlas]:
    with atlasdb.connect(tmp_path / "atlas") as atlas:
        yield atlas


def design_of(n: int) -> Design:
    labels = (np.arange(2 * n) < n).astype(int)
    return Design(np.arange(2 * n), labels, within=False)


def tried(
    made: features.Features, design: Design, seed: int, n: int = 0
) -> trial.Outcome:
    return trial.run(
        design,
        made,
        baseline_name="correlation",
        n_folds=5,
        n_permutations=n,
        seed=seed,
        device=torch.device("cpu"),
    )


def seen(series: list[np.ndarray]) -> features.Features:
    return features.of_series(
        series, [0.5] * len(series), [[one.shape[1]] for one in series]
    )


def test_a_planted_difference_is_found_and_kept(
    study: atlasdb.Atlas, series: list[np.ndarray]
) -> None:
    study.write(*cohorts(series))
    found = classify(study, "patients", "controls", permutations=19)
    assert found["classifier"].tolist() == ["network", "correlation", "majority"]
    assert (found["auc"][:2] > 0.75).all()
    assert (found["p"][:2] <= 0.1).all()
    assert (found["auc_low"] <= found["auc"])[:2].all()
    assert found["n_permutations"].tolist() == [19, 19, 0]
    assert "baseline" in found.attrs["verdict"]

    before = study.verify()
    assert before.equal
    again = classify(study, "patients", "controls", permutations=19)
    assert again.equals(found)
    assert again.attrs == found.attrs
    assert study.verify() == before
    study.rebuild()
    assert study.verify() == before
    listed = study.query("classifications").set_index("classifier")
    assert listed.loc["network", "auc"] == found["auc"][0]
    assert study.check() == []

    runs = study.store.nodes("Run").to_pylist()
    (run,) = (row for row in runs if row["kind"] == "classify")
    said = json.dumps(run)
    assert not any(f"s{i:02d}" in said for i in range(2 * N))

    study.erase("s03")
    assert study.query("classifications").empty
    assert not list((study.files.folder / "classifiers").glob("*/*"))
    assert study.verify().equal


def test_the_kept_model_says_what_was_said_in_training(
    series: list[np.ndarray],
) -> None:
    made, design = seen(series), design_of(N)
    grams = network.Grams.of(made, torch.device("cpu"))
    weight = np.ones(2 * N)
    starts = np.arange(2)
    model = network.trained(made, grams, design.labels, weight, starts)
    said = network.held_out(
        grams, np.tile(design.labels, (2, 1)), np.ones((2, 2 * N)), starts
    )
    np.testing.assert_allclose(network.logits(model, made), said.mean(0), atol=1e-3)


def test_the_network_starts_at_the_baseline(
    series: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "N_STEPS", 0)
    monkeypatch.setattr(network, "START_SCALE", 1e-12)
    said = tried(seen(series), design_of(N), 0).logits
    assert np.corrcoef(said["network"], said["correlation"])[0, 1] > 0.999


def test_labels_that_say_nothing_are_told_apart_by_chance() -> None:
    rng = np.random.default_rng(0)
    found = []
    for seed in range(6):
        noise = [rng.standard_normal((N_REGIONS, 120)) for _ in range(24)]
        outcome = tried(seen(noise), design_of(12), seed, 9)
        found.append([outcome.table["auc"][:2], outcome.table["p"][:2]])
    area, p = np.array(found).mean(axis=0)
    assert (np.abs(area - 0.5) < 0.15).all()
    assert (p > 0.25).all()


def test_a_person_is_never_on_both_sides_of_a_split() -> None:
    rng = np.random.default_rng(0)
    people = [rng.standard_normal((N_REGIONS, 60)) for _ in range(20)]
    twice = [one + 0.1 * rng.standard_normal(one.shape) for one in people for _ in "12"]
    labels = (np.arange(20) < 10).astype(int)
    own = Design(np.arange(20), labels, within=False)
    apart = Design(np.arange(40), np.repeat(labels, 2), within=False)
    made = seen(twice)
    together = tried(made.averaged(np.repeat(np.arange(20), 2)), own, 0).table["auc"]
    assert max(together[:2]) < 0.75
    assert min(tried(made, apart, 0).table["auc"][:2]) > 0.85  # what a leak looks like
    for fold in (splits.folds(own, labels, 5, [k]) for k in range(5)):
        assert np.bincount(fold, labels).tolist() == [2.0] * 5


def test_sessions_of_one_person_are_one_case(
    study: atlasdb.Atlas, series: list[np.ndarray]
) -> None:
    few = [*series[:6], *series[N : N + 6]]
    *others, last = cohorts(few)
    study.write(*others, without_a_region(last))
    study.write(entry("s00/later", "patients", series[7]))
    found = classify(study, "patients", "controls", folds=3, permutations=0)
    assert (found["n_a"][0], found["n_b"][0]) == (6, 6)
    assert found["p"].isna().all()
    used = study.cypher("MATCH (r:Run)-[:USED]->(g:Connectome) RETURN count(g) AS n")
    assert used["n"][0] == 13
    assert found.attrs["notes"] == (
        "1 of 8 regions are left out: not all recordings have them.",
    )
    again = classify(study, "patients", "controls", folds=3, permutations=0)
    assert again.attrs == found.attrs


def without_a_region(whole: Entry) -> Entry:
    graph, own = whole.connectivity, dict(whole.arrays["series"])
    assert graph is not None
    small = small_study.learned(graph.weights[1:, 1:], CODES[1:], "fmri", "fask")
    own["data"] = own["data"][1:]
    return replace(whole, connectivity=small, arrays={"series": own})


def test_the_same_seed_gives_the_same_answer(series: list[np.ndarray]) -> None:
    made = seen(series[: N + 10])
    one, same, other = (tried(made, design_of(15), seed).logits for seed in (3, 3, 4))
    np.testing.assert_array_equal(one["network"], same["network"])
    assert (one["network"] != other["network"]).any()


def test_a_rhythm_that_correlations_miss_is_seen_by_the_network() -> None:
    rng = np.random.default_rng(0)
    series = []
    for i in range(40):
        slow = signal.lfilter([1], [1, -0.9], rng.standard_normal((4, 400)))
        sign = 1 if i < 20 else -1
        quick = 0.2 * rng.standard_normal(400)
        quick = quick - np.roll(quick, 1)
        slow[0] += quick
        slow[1] += sign * quick
        series.append(stats.zscore(slow, axis=1))
    outcome = tried(seen(series), design_of(20), 0)
    assert outcome.table["auc"][0] > 0.9
    drawn = scores.resampled(design_of(20), 0)
    apart = scores.difference(
        design_of(20), outcome.logits["network"], outcome.logits["correlation"], drawn
    )
    assert apart.better


def test_products_by_band_sum_to_the_correlation() -> None:
    data = features.standard(np.random.default_rng(0).standard_normal((3, 101)))
    edges = np.array(features.BANDS) * 5.0
    found = features.products(data, 10.0, [101], edges)
    np.testing.assert_allclose(found.real.sum(0), np.corrcoef(data), atol=1e-12)


def test_products_say_who_leads() -> None:
    course = np.random.default_rng(0).standard_normal(1000)
    data = features.standard(np.stack([course, np.roll(course, 1)]))
    found = features.products(data, 1.0, [1000], np.array([0.0, 0.25]))
    assert found.imag[0, 0, 1] > 0.1 > found.imag[0, 1, 0]


def test_conditions_are_told_apart_within_people(study: atlasdb.Atlas) -> None:
    rng = np.random.default_rng(0)
    study.write(*[faces(f"s{i}", rng) for i in range(10)])
    found = classify(study, "all", condition=("face", "house"), permutations=19)
    assert found["classifier"].tolist() == ["network", "amplitude", "majority"]
    assert (found["auc"][:2] > 0.8).all()
    assert (found["n_a"][0], found["n_b"][0]) == (10, 10)
    assert study.verify().equal
    with pytest.raises(NotFoundError, match="Did you mean 'face'"):
        classify(study, "all", condition=("faces", "house"))
    study.erase("s1")
    assert study.query("classifications").empty


def faces(name: str, rng: np.random.Generator) -> Entry:
    """Give responses to faces, which one region sees later, and to houses."""
    maps = []
    for condition, late in (("face", 6), ("house", 0)):
        data = rng.standard_normal((N_REGIONS, 30)) + rng.standard_normal(
            (N_REGIONS, 1)
        )
        data[2, 10 + late : 14 + late] += 4.0
        own = ActivationMap(
            CODES, 1e-6 * data, "eeg", condition, "erp", "V", t0_ms=-100.0, dt_ms=20.0
        )
        maps.append(own)
    plain = entry(name, "all", rng.standard_normal((N_REGIONS, 50)))
    return replace(plain, maps=tuple(maps), arrays={})


def test_what_cannot_be_told_apart_is_said_in_one_line(
    study: atlasdb.Atlas, series: list[np.ndarray]
) -> None:
    few = [*series[:3], *series[N : N + 3]]
    study.write(*cohorts(few))
    study.write(entry("s00", "both", series[9]), entry("s03", "both", series[9]))
    two = ("patients", "controls")
    bad = [
        (two, {}, "patients has 3 people, fewer than 5 folds"),
        (("patients",), {}, "Two cohorts"),
        (("patients", "patients"), {}, "named twice"),
        (two, {"folds": 1}, "At least 2 folds"),
        (two, {"permutations": -1}, "at least 0"),
        (two, {"condition": ("a", "a")}, "from itself"),
        (two, {"device": "abacus", "folds": 3}, "Device 'abacus'"),
        (("patients", "both"), {}, "must not share people|needs at least"),
    ]
    for names, options, said in bad:
        with pytest.raises(InvalidDataError, match=said):
            classify(study, *names, **options)
    with pytest.raises(NotFoundError, match="'both', 'controls'"):
        classify(study, "patients", "contols")
    with pytest.raises(NotFoundError, match="no eeg recording"):
        classify(study, *two, modality="eeg")
    with pytest.raises(NotFoundError, match="There are: none"):
        classify(study, "patients", condition=("face", "house"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda e: replace(e, arrays={}), "no stored series"),
        (lambda e: replace(e, settings="others"), "settings is"),
        (lambda e: flat(e), "Region 2 .* is constant"),
    ],
)
def test_recordings_that_do_not_fit_are_refused(
    study: atlasdb.Atlas, series: list[np.ndarray], change, said: str
) -> None:
    entries = cohorts([*series[:3], *series[N : N + 3]])
    study.write(change(entries[0]), *entries[1:])
    with pytest.raises(InvalidDataError, match=said):
        classify(study, "patients", "controls", folds=3)


def flat(whole: Entry) -> Entry:
    own = dict(whole.arrays["series"])
    own["data"] = own["data"].copy()
    own["data"][2] = 1.0
    return replace(whole, arrays={"series": own})


def test_a_difference_of_sites_or_ages_is_named(
    study: atlasdb.Atlas, series: list[np.ndarray]
) -> None:
    entries = [
        replace(e, subject=replace(e.subject, site=site, age_years=age + i % 3))
        for i, (e, site, age) in enumerate(
            zip(
                cohorts([*series[:4], *series[N : N + 4]]),
                ["here"] * 4 + ["there"] * 4,
                [60.0] * 4 + [20.0] * 4,
                strict=True,
            )
        )
    ]
    study.write(*entries)
    with pytest.raises(InvalidDataError, match="--allow-confounded"):
        classify(study, "patients", "controls", folds=3)
    found = classify(
        study, "patients", "controls", folds=3, permutations=0, allow_confounded=True
    )
    (note,) = found.attrs["notes"]
    assert "Only people of patients were recorded at site here (4)" in note
    assert "age_years (mean 60.8, 21)" in note


def test_the_command_prints_a_table_and_a_verdict(
    study: atlasdb.Atlas, series: list[np.ndarray]
) -> None:
    study.write(*cohorts([*series[:5], *series[N : N + 5]]))
    url = study.url
    study.close()
    words = ["--atlas", url, "classify", "patients", "controls", "--permutations", "0"]
    result = CliRunner().invoke(main, [*words, "-o", "json"])
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)
    assert [row["classifier"] for row in rows] == ["network", "correlation", "majority"]
    assert "baseline" in result.stderr
    result = CliRunner().invoke(main, [*words, "--condition", "face"])
    assert result.exit_code == 2
    assert "face,house" in result.stderr
