"""Every model recovers planted directed connections, the right way round.

And none answers where there is nothing to learn from, or answers by the unit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from scipy import signal, stats

from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray
from atlasdb_ingest import models
from atlasdb_ingest.learning import trainer
from atlasdb_ingest.learning.study import Study
from atlasdb_ingest.simulation import dynamics, graphs, haemodynamics
from atlasdb_ingest.types import Estimate, Timeseries

N = 7
PAIRS = ~np.eye(N, dtype=bool)


def series(
    data: FloatArray, modality: str, lengths: tuple[int, ...] = ()
) -> Timeseries:
    course = stats.zscore(data, axis=1)
    return raw(course, modality, lengths)


def raw(data: FloatArray, modality: str, lengths: tuple[int, ...] = ()) -> Timeseries:
    codes = tuple(f"r{k}" for k in range(len(data)))
    return Timeseries(data, 0.5, codes, modality, lengths or (data.shape[1],))


@cache
def planted(engine: str, seed: int) -> tuple[FloatArray, FloatArray]:
    """Give series and the truth, of the kind that the engine is for."""
    truth = graphs.random_directed(N, 0.25, seed, low=0.3, high=0.6)
    if engine == "lagged":
        return dynamics.var(truth, 400, seed), truth
    activity = dynamics.neural(truth, 620.0, seed)
    return haemodynamics.bold(activity, 2.0, seed)[:, 10:], truth


def modality(model: str) -> str:
    return "simulated" if models.load(model).ENGINE == "lagged" else "fmri"


def estimate(batch: list[Timeseries], *, model: str, seed: int = 0) -> list[Estimate]:
    """Learn with the sparsity where its search begins, so that nothing is searched."""
    module = models.load(model)
    study = Study(model, module.SPARSITY) if module.ENGINE == "lagged" else None
    return trainer.estimate(batch, model=model, seed=seed, study=study)


@pytest.fixture
def brief(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train hardly at all: what must hold of every answer holds of a poor one too."""
    settings = models.load(model).SETTINGS
    for steps in ("steps", "brief_steps", "divergence_steps"):
        if steps in settings:
            monkeypatch.setitem(settings, steps, 24)


@cache
def learned(model: str) -> tuple[list[Estimate], list[FloatArray]]:
    made = [planted(models.load(model).ENGINE, seed) for seed in range(3)]
    batch = [series(data, modality(model)) for data, _ in made]
    return estimate(batch, model=model), [truth for _, truth in made]


def precision(score: FloatArray, truth: FloatArray) -> float:
    """Average precision over the ordered pairs."""
    right = (truth[PAIRS] != 0)[np.argsort(-score[PAIRS], kind="stable")]
    rank = np.arange(1, right.size + 1)
    return float(((np.cumsum(right) / rank) * right).sum() / right.sum())


every_model = pytest.mark.parametrize("model", models.names())


@every_model
def test_planted_connections_are_recovered(model: str) -> None:
    found, truth = learned(model)
    scores = [precision(one.weight, t) for one, t in zip(found, truth, strict=True)]
    assert np.mean(scores) > 0.85


@every_model
def test_the_right_direction_is_the_more_probable_one(model: str) -> None:
    found, truth = learned(model)
    told = np.concatenate(
        [one.direction[t != 0] for one, t in zip(found, truth, strict=True)]
    )
    assert (told > 0.5).mean() > 0.9


@every_model
def test_what_runs_backwards_in_the_graph_runs_backwards_in_the_estimate(
    model: str,
) -> None:
    engine = models.load(model).ENGINE
    _, truth = planted(engine, 0)
    if engine == "lagged":
        turned = dynamics.var(truth.T.copy(), 400, 0)
    else:
        activity = dynamics.neural(truth.T.copy(), 620.0, 0)
        turned = haemodynamics.bold(activity, 2.0, 0)[:, 10:]
    (back,) = estimate([series(turned, modality(model))], model=model)
    forth = learned(model)[0][0]
    joined = truth != 0
    assert forth.weight[joined].sum() > 1.5 * forth.weight.T[joined].sum()
    assert back.weight.T[joined].sum() > 1.5 * back.weight[joined].sum()


@every_model
def test_permuting_the_regions_permutes_the_estimate(model: str) -> None:
    data, truth = planted(models.load(model).ENGINE, 1)
    order = np.random.default_rng(0).permutation(N)
    (moved,) = estimate([series(data[order], modality(model))], model=model)
    assert precision(moved.weight, truth[np.ix_(order, order)]) > 0.85


@every_model
def test_supported_connections_are_mostly_true(model: str) -> None:
    found, truth = learned(model)
    joined = [t != 0 for t in truth]
    if models.load(model).ENGINE == "contemporaneous":
        joined = [t | t.T for t in joined]
    supported = np.concatenate([one.supported[PAIRS] for one in found])
    true = np.concatenate([t[PAIRS] for t in joined])
    assert (supported & true).sum() / true.sum() > 0.4
    assert (supported & ~true).sum() / supported.sum() < 0.2


@every_model
def test_signs_are_those_that_were_planted(model: str) -> None:
    engine = models.load(model).ENGINE
    truth = graphs.random_directed(N, 0.2, 5, negative=0.5, low=0.35, high=0.6)
    if engine == "lagged":
        data = dynamics.var(truth, 800, 5)
    else:
        data = haemodynamics.bold(dynamics.neural(truth, 1220.0, 5), 2.0, 5)[:, 10:]
    (found,) = estimate([series(data, modality(model))], model=model)
    sure = (truth != 0) & found.supported
    assert (np.sign(found.value) == np.sign(truth))[sure].mean() > 0.85


@every_model
def test_every_matrix_keeps_its_range(model: str) -> None:
    found = learned(model)[0][0]
    for name in ("weight", "value", "probability", "direction", "p", "q", "stability"):
        matrix = getattr(found, name)
        assert matrix.shape == (N, N)
        assert matrix.dtype == np.float64
        assert np.isfinite(matrix[PAIRS]).all()
        if name != "value":
            assert (matrix[PAIRS] >= 0).all()
        if name not in ("value", "weight"):
            assert (matrix[PAIRS] <= 1).all()
    both = found.direction + found.direction.T
    np.testing.assert_allclose(both[PAIRS], 1.0, atol=1e-9)
    assert not np.diag(found.supported).any()
    assert found.fit_score > 0
    assert 0 <= found.reliability <= 1
    assert -1 <= float(found.params["strength_reliability"]) <= 1


@every_model
@pytest.mark.usefixtures("brief")
def test_the_same_seed_gives_the_same_estimate(model: str) -> None:
    data, _ = planted(models.load(model).ENGINE, 2)
    one, two = (
        estimate([series(data, modality(model))], model=model, seed=3)[0]
        for _ in range(2)
    )
    for name in ("weight", "value", "probability", "direction", "p", "stability"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@every_model
@pytest.mark.usefixtures("brief")
def test_a_batch_of_unequal_lengths_gives_what_each_gets_alone(model: str) -> None:
    made = [planted(models.load(model).ENGINE, seed)[0] for seed in range(2)]
    cut = [data[:, : 290 - 60 * k] for k, data in enumerate(made)]
    batch = [series(data, modality(model)) for data in cut]
    together = estimate(batch, model=model)
    for one, alone in zip(together, batch, strict=True):
        (apart,) = estimate([alone], model=model)
        np.testing.assert_allclose(one.weight, apart.weight, atol=2e-3)
        np.testing.assert_allclose(one.p, apart.p, atol=0.05)
        assert one.n == apart.n


@every_model
def test_where_the_engine_has_lags_they_are_the_planted_ones(model: str) -> None:
    if models.load(model).ENGINE != "lagged":
        assert learned(model)[0][0].lag_ms is None
        return
    weights = np.zeros((3, 3))
    weights[0, 1] = weights[1, 2] = 0.6
    data = dynamics.var(weights, 800, 4, order=1)
    (found,) = estimate([series(data, "simulated")], model=model)
    assert found.lag_ms is not None
    assert found.lag_ms[0, 1] == found.lag_ms[1, 2] == 2000.0


def one_changed(data: FloatArray, row: int, course: FloatArray | float) -> FloatArray:
    changed = data.copy()
    changed[row] = course
    return changed


def jumping(data: FloatArray) -> FloatArray:
    changed = data.copy()
    changed[2, 100] = 1e4 * data.std()
    return changed


UNITS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "teslas": lambda data: 1e-13 * data,
    "a baseline of 1e4": lambda data: 1e4 + data / data.std(),
    "each channel in its own": lambda data: np.array([[1e6], [1.0], [1e-9]]) * data,
    "next to what a number can hold": lambda data: 1e300 * data / np.abs(data).max(),
}


@every_model
@pytest.mark.usefixtures("brief")
def test_the_unit_of_a_recording_changes_nothing(model: str) -> None:
    data, _ = planted(models.load(model).ENGINE, 0)
    data = data[:3, :100]
    batch = [raw(change(data), modality(model)) for change in UNITS.values()]
    first, *others = estimate([raw(data, modality(model)), *batch], model=model)
    for unit, other in zip(UNITS, others, strict=True):
        for name in ("weight", "value", "probability", "direction", "p", "stability"):
            one, two = getattr(first, name), getattr(other, name)
            np.testing.assert_allclose(one, two, atol=1e-4, err_msg=f"{name}, {unit}")
        assert other.ood_score == pytest.approx(first.ood_score, abs=1e-3)


REFUSED: dict[str, tuple[Callable[[FloatArray], FloatArray], str]] = {
    "one region": (lambda data: data[:1], "at least 2 regions, found 1"),
    "too short": (lambda data: data[:, :15], "too few"),
    "a hole": (lambda data: one_changed(data, 2, np.nan), "not finite"),
    "infinite": (lambda data: one_changed(data, 2, np.inf), "not finite"),
    "constant": (lambda data: one_changed(data, 2, 0.1), "constant in r2"),
    "a copy": (
        lambda data: one_changed(data, 2, data[0]),
        "course of r2 is that of r0",
    ),
    "a negative": (lambda data: one_changed(data, 2, -3 * data[0]), "course of r2"),
    "one jump": (jumping, "variance in r2"),
}


@every_model
@pytest.mark.parametrize("fault", REFUSED)
def test_what_no_model_can_learn_from_is_refused_in_one_line(
    model: str, fault: str
) -> None:
    spoil, said = REFUSED[fault]
    data, _ = planted(models.load(model).ENGINE, 0)
    with pytest.raises(InvalidDataError, match=said) as refused:
        estimate([raw(spoil(data), modality(model))], model=model)
    assert "\n" not in str(refused.value)


MIXED: dict[str, Callable[[FloatArray], FloatArray]] = {
    "average reference": lambda data: data - data.mean(axis=0),
    "interpolated": lambda data: one_changed(data, 6, data[:4].mean(axis=0)),
    "both": lambda data: (
        one_changed(data, 6, data[:4].mean(axis=0))
        - one_changed(data, 6, data[:4].mean(axis=0)).mean(axis=0)
    ),
    "two channels": lambda data: data[:2],
    "as short as is allowed": lambda data: data[:, :65],
    "half of it silent": lambda data: np.where(np.arange(data.shape[1]) < 150, data, 0),
}


@every_model
@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("how", MIXED)
def test_awkward_recordings_get_finite_answers(model: str, how: str) -> None:
    data, _ = planted(models.load(model).ENGINE, 0)
    (found,) = estimate([series(MIXED[how](data), modality(model))], model=model)
    pairs = ~np.eye(len(found.weight), dtype=bool)
    for name in ("weight", "value", "probability", "direction", "p", "q", "stability"):
        assert np.isfinite(getattr(found, name)[pairs]).all()
    assert np.isfinite(found.fit_score)
    assert np.isfinite(found.reliability)


@every_model
@pytest.mark.parametrize("how", ["band-limited", "straight lines"])
def test_lags_are_not_learned_from_samples_that_follow_each_other_too_fast(
    model: str, how: str
) -> None:
    data, _ = planted(models.load(model).ENGINE, 0)
    n_times = data.shape[1]
    if how == "band-limited":
        faster = signal.resample(data, 10 * n_times, axis=1)
    else:
        at = np.linspace(0, n_times - 1, 10 * n_times)
        faster = np.stack([np.interp(at, np.arange(n_times), row) for row in data])
    if models.load(model).ENGINE == "lagged":
        with pytest.raises(InvalidDataError, match=r"0\.5 samples a second.*Resample"):
            estimate([series(faster, modality(model))], model=model)
    else:  # it does not look back: more samples of the same tell it nothing new
        (slow,) = estimate([series(data, modality(model))], model=model)
        (fast,) = estimate([series(faster, modality(model))], model=model)
        assert fast.supported.sum() <= slow.supported.sum() + 2
