"""Every model recovers planted directed connections, the right way round."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

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
    codes = tuple(f"r{k}" for k in range(len(data)))
    course = stats.zscore(data, axis=1)
    return Timeseries(course, 0.5, codes, modality, lengths or (data.shape[1],))


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
def test_the_same_seed_gives_the_same_estimate(model: str) -> None:
    data, _ = planted(models.load(model).ENGINE, 2)
    one, two = (
        estimate([series(data, modality(model))], model=model, seed=3)[0]
        for _ in range(2)
    )
    for name in ("weight", "value", "probability", "direction", "p", "stability"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@every_model
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
