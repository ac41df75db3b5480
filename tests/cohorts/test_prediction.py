"""Prediction: what is planted is found, what is not is not, and nothing leaks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from atlasdb.cohorts import folds
from atlasdb.cohorts.cpm import Sums
from atlasdb.cohorts.prediction import MODELS, Prediction, predict
from atlasdb.cohorts.ridge import N_INNER, STRENGTHS, Ridge, _fit
from atlasdb.errors import InvalidDataError

RNG = np.random.default_rng
every_model = pytest.mark.parametrize("model", MODELS)


def tried(x: np.ndarray, y: np.ndarray, **options: Any) -> Prediction:
    """Predict with one case a person, no confounds and a quick setting."""
    quick = {"n_folds": 5, "n_repeats": 1, "n_permutations": 0, "threshold": 0.05}
    person = options.pop("person", np.arange(len(y)))
    confounds = options.pop("confounds", np.empty((len(y), 0)))
    return predict(x, y, person, confounds, **quick | options)


@every_model
def test_a_planted_score_is_found_where_it_was_planted(model: str) -> None:
    rng = RNG(0)
    y, x = rng.normal(50, 10, 60), rng.normal(0, 1, (60, 300))
    x[:, :10] += 0.08 * (y[:, None] - 50)
    x[:, 10:20] -= 0.08 * (y[:, None] - 50)
    found = tried(x, y, model=model, n_permutations=39, threshold=0.01)
    assert found.scores["r"].value > 0.7
    assert found.scores["r2"].value > 0.3
    assert found.scores["mae"].value < 0.8 * found.scores["mae"].baseline
    assert all(score.p == 1 / 40 for score in found.scores.values())
    share = 0.01 if model == "cpm" else 0.06  # ridge has no p: so many are chosen
    stable = tried(x, y, model=model, threshold=share)
    assert stable.rises[:10].mean() > 0.8
    assert stable.falls[10:20].mean() > 0.8
    assert stable.rises[20:].mean() < 0.05
    assert stable.falls[:10].max() == stable.rises[10:20].max() == 0
    if model == "ridge":
        assert found.weights is not None
        ranked = np.argsort(found.weights)
        assert (np.isin(ranked[-10:], np.arange(10))).mean() > 0.8


@every_model
def test_planted_groups_are_told_apart(model: str) -> None:
    rng = RNG(1)
    y, x = np.repeat([0.0, 1.0], 30), rng.normal(0, 1, (60, 300))
    x[y == 1, :20] += 1
    found = tried(x, y, model=model, n_permutations=39)
    assert found.target == "groups"
    assert found.scores["auc"].value > 0.8
    assert found.scores["auc"].p == 1 / 40


@every_model
def test_without_a_signal_scores_are_chance_and_p_is_uniform(model: str) -> None:
    p, auc, r, r2 = [], [], [], []
    for seed in range(40):
        rng = RNG([2, seed])
        x, confounds = rng.normal(0, 1, (24, 40)), rng.normal(0, 1, (24, 1))
        label = (rng.permutation(24) < 12).astype(float)
        options = {"model": model, "confounds": confounds, "n_folds": 3, "seed": seed}
        groups = tried(x, label, n_permutations=19, **options).scores
        auc.append(groups["auc"].value)
        p.append(groups["auc"].p)
        score = tried(x, rng.normal(0, 1, 24), n_permutations=19, **options).scores
        r.append(score["r"].value)
        r2.append(score["r2"].value)
        p.append(score["r"].p)
    assert np.mean(auc) == pytest.approx(0.5, abs=0.08)  # four standard errors
    assert np.mean(r) == pytest.approx(0, abs=0.1)
    assert np.mean(r2) < 0.01
    whole = np.array(p)
    assert (whole <= 0.05).mean() <= 0.1
    assert (whole <= 0.2).mean() == pytest.approx(0.2, abs=0.11)
    assert whole.mean() == pytest.approx(0.525, abs=0.08)


@every_model
@pytest.mark.parametrize("groups", [False, True])
def test_what_only_a_confound_knows_is_not_found(model: str, groups: bool) -> None:
    values, p, bare = [], [], []
    for seed in range(12):
        rng = RNG([3, seed])
        age = rng.normal(0, 1, (50, 1))
        y = age[:, 0] + rng.normal(0, 0.5, 50)
        x = rng.normal(0, 1, (50, 100)) + age
        y = (y > np.median(y)).astype(float) if groups else y
        name = "auc" if groups else "r"
        held = tried(x, y, model=model, confounds=age, n_permutations=19)
        values.append(held.scores[name].value)
        p.append(held.scores[name].p)
        assert held.scores[name].confounds is not None
        assert held.scores[name].confounds > 0.7
        bare.append(tried(x, y, model=model).scores[name].value)
    assert np.mean(bare) > 0.7
    above = np.mean(values) - (0.5 if groups else 0)
    assert -0.25 < above < 0.1  # held-out scores of nothing lie a little below chance
    assert np.mean(np.array(p) <= 0.05) <= 0.2


@every_model
def test_a_signal_beside_a_confound_is_found(model: str) -> None:
    rng = RNG(4)
    age, skill = rng.normal(0, 1, (60, 1)), rng.normal(0, 1, 60)
    x = rng.normal(0, 1, (60, 200)) + age
    x[:, :20] += skill[:, None]
    found = tried(x, skill + 2 * age[:, 0], model=model, confounds=age)
    assert found.scores["r"].value > 0.6


@every_model
def test_sessions_given_twice_do_not_raise_the_score(model: str) -> None:
    rng = RNG(5)
    once, thrice, split = [], [], []
    for seed in range(8):
        x, y = rng.normal(0, 1, (30, 100)), rng.normal(0, 1, 30)
        again = np.repeat(np.arange(30), 3)
        options = {"model": model, "seed": seed}
        once.append(tried(x, y, **options).scores["r"].value)
        noisy = x[again] + rng.normal(0, 0.1, (90, 100))
        kept = tried(noisy, y[again], person=again, **options)
        thrice.append(kept.scores["r"].value)
        split.append(tried(noisy, y[again], **options).scores["r"].value)
    assert np.mean(split) > 0.6  # what dividing people over folds would have said
    assert abs(np.mean(once)) < 0.15
    assert abs(np.mean(thrice)) < 0.15


@every_model
def test_the_people_who_are_tested_teach_nothing(model: str) -> None:
    rng = RNG(6)
    x, y = rng.normal(0, 1, (30, 50)), rng.normal(0, 1, 30)
    base = np.column_stack([np.ones(30), rng.normal(0, 1, 30)])
    fold, order = np.arange(30) % 5, np.arange(30)

    def learned(target: np.ndarray) -> np.ndarray:
        if model == "cpm":
            return Sums.of(x, 0.1).held_out(target, fold, base, order)[0]
        whose = (fold, base, order, order, RNG(0))
        return Ridge.of(x).held_out(target, *whose)[0]

    changed = y.copy()
    changed[fold == 2] = rng.normal(100, 50, 6)
    one, other = learned(y), learned(changed)
    np.testing.assert_allclose(one[fold == 2], other[fold == 2])
    assert not np.allclose(one[fold != 2], other[fold != 2])


def test_a_ridge_by_products_is_the_ridge_on_values() -> None:
    rng = RNG(7)
    x, y = rng.normal(0, 1, (25, 8)), rng.normal(0, 1, 25)
    base = np.column_stack([np.ones(25), rng.normal(0, 1, 25)])
    left = np.eye(25) - base @ np.linalg.pinv(base)
    inner = folds.deal(np.arange(25), y, N_INNER, rng)

    def weights(rows: np.ndarray, strength: float) -> np.ndarray:
        both = np.column_stack([base[rows], x[rows]])
        penalty = np.diag([0.0] * 2 + [strength] * 8)
        return np.linalg.solve(both.T @ both + penalty, both.T @ y[rows])

    free = left @ x
    unit = np.linalg.eigvalsh(free @ free.T).clip(0).mean()
    errors = []
    for strength in STRENGTHS * unit:
        error = 0.0
        for k in range(N_INNER):
            rows = inner != k
            found = np.column_stack([base, x])[~rows] @ weights(rows, strength)
            error += ((y[~rows] - found) ** 2).sum()
        errors.append(error)
    best = STRENGTHS[np.argmin(errors)] * unit
    alpha = _fit(free @ free.T, y, base, inner)
    whole = np.ones(25, dtype=bool)
    np.testing.assert_allclose(free.T @ alpha, weights(whole, best)[2:], atol=1e-9)


def test_cpm_chooses_by_the_p_of_the_partial_correlation() -> None:
    rng = RNG(8)
    x, y, age = rng.normal(0, 1, (24, 40)), rng.normal(0, 1, 24), rng.normal(0, 1, 24)
    x += age[:, None]
    y = y + age + x[:, 0]
    fold, base = np.arange(24) % 4, np.column_stack([np.ones(24), age])
    _, chosen = Sums.of(x, 0.1).held_out(y, fold, base, np.arange(24))
    train = fold != 1
    left = np.eye(train.sum()) - base[train] @ np.linalg.pinv(base[train])
    for e in range(40):
        r = np.corrcoef(left @ x[train, e], left @ y[train])[0, 1]
        t = r * np.sqrt((18 - 3) / (1 - r**2))
        wanted = np.sign(r) * (2 * stats.t.sf(abs(t), 15) < 0.1)
        assert chosen[1, e] == wanted
    assert chosen[1, 0] == 1


def test_exchanging_people_is_exchanging_their_values() -> None:
    rng = RNG(9)
    x, y = rng.normal(0, 1, (20, 30)), rng.normal(0, 1, 20)
    base, fold, order = np.ones((20, 1)), np.arange(20) % 4, np.arange(20)
    taken = folds.exchanged(order, rng)
    for one, other in (
        (
            Sums.of(x, 0.2).held_out(y, fold, base, taken)[0],
            Sums.of(x[taken], 0.2).held_out(y, fold, base, order)[0],
        ),
        (
            Ridge.of(x).held_out(y, fold, base, order, taken, RNG(0))[0],
            Ridge.of(x[taken]).held_out(y, fold, base, order, order, RNG(0))[0],
        ),
    ):
        np.testing.assert_allclose(one, other, atol=1e-6)
        assert np.ptp(one) > 0


def test_people_are_exchanged_whole_with_people_of_as_many_sessions() -> None:
    person = np.array([0, 1, 1, 2, 3, 3, 4, 4, 4])
    seen = set()
    for seed in range(30):
        taken = folds.exchanged(person, RNG(seed))
        assert sorted(taken) == list(range(9))
        assert (taken[6:] == [6, 7, 8]).all()
        assert taken[2] == taken[1] + 1
        assert taken[5] == taken[4] + 1
        seen.add(tuple(taken.tolist()))
    assert len(seen) == 4
    assert folds.exchangeable(person) == 4


def test_folds_keep_people_together_and_classes_even() -> None:
    rng = RNG(10)
    person = np.repeat(np.arange(40), rng.integers(1, 4, 40))
    label = (person < 20).astype(float)
    fold = folds.deal(person, label, 5, rng)
    for who in range(40):
        assert len(set(fold[person == who].tolist())) == 1
    for k in range(5):
        inside = np.unique(person[fold == k])
        assert len(inside) == 8
        assert (inside < 20).sum() == 4


def test_connections_that_somebody_lacks_are_left_out_and_counted() -> None:
    rng = RNG(11)
    x, y = rng.normal(0, 1, (30, 20)), rng.normal(0, 1, 30)
    x[:, :5] += y[:, None]
    x[3, 7] = x[8, 11] = np.nan
    found = tried(x, y, model="cpm")
    assert (found.n_values, found.n_left_out) == (18, 2)
    assert np.isnan(found.rises).nonzero()[0].tolist() == [7, 11]


def test_where_nothing_is_chosen_the_mean_is_predicted_and_it_is_said() -> None:
    rng = RNG(12)
    x, y = rng.normal(0, 1, (30, 20)), rng.normal(0, 1, 30)
    found = tried(x, y, model="cpm", threshold=1e-12)
    assert found.n_empty == 5
    assert found.scores["r2"].value == 0.0
    assert found.scores["r"].value == 0.0


def test_a_target_that_changes_between_sessions_is_scored_by_session() -> None:
    rng = RNG(13)
    person = np.repeat(np.arange(30), 2)
    y, x = rng.normal(0, 1, 60), rng.normal(0, 1, (60, 100))
    x[:, :20] += y[:, None]
    found = tried(x, y, person=person, n_permutations=19)
    assert found.scores["r"].value > 0.6
    assert found.scores["r"].p == 1 / 20


def test_the_same_seed_gives_the_same_result() -> None:
    rng = RNG(14)
    x, y = rng.normal(0, 1, (25, 20)), rng.normal(0, 1, 25)
    one, other = (tried(x, y, n_repeats=2, n_permutations=5, seed=3) for _ in range(2))
    assert one.scores == other.scores
    assert one.scores != tried(x, y, n_repeats=2, n_permutations=5, seed=4).scores


def test_how_far_it_has_come_is_said_after_every_exchange() -> None:
    rng = RNG(15)
    told: list[tuple[int, int]] = []
    tried(
        rng.normal(0, 1, (20, 5)),
        rng.normal(0, 1, 20),
        n_permutations=3,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_what_cannot_be_done_is_said_in_one_line() -> None:
    x, y = np.zeros((20, 6)), np.arange(20.0)
    label, wide = (y < 4).astype(float), np.zeros((20, 15))
    holes = np.full((20, 6), np.nan)
    for options, said in (
        ({"model": "cmp"}, "Did you mean 'cpm'"),
        ({"y": np.ones(20)}, "Everybody has the same target, 1"),
        ({"y": y[:4]}, "do not fit one another"),
        ({"y": np.append(y[1:], np.nan)}, "1 of the target are not known"),
        ({"n_folds": 1}, "At least 2 folds"),
        ({"n_folds": 21}, "There are 20 people, fewer than 21 folds"),
        ({"y": label}, "There are 4 people in group 1, fewer than 5 folds"),
        ({"confounds": wide}, "too few for 15 columns of confounds"),
        ({"x": holes}, "Each of 6 connections is missing for somebody"),
        ({"n_permutations": -1}, "permutations must be at least 0"),
        ({"threshold": 1.0}, "threshold between 0 and 1"),
    ):
        given = {"x": x, "y": y, "person": np.arange(20), "confounds": wide[:, :0]}
        given |= options
        with pytest.raises(InvalidDataError, match=said) as error:
            tried(given.pop("x"), given.pop("y"), **given)
        assert "\n" not in str(error.value)
    lonely = np.repeat(np.arange(12), np.arange(1, 13))
    x, y = np.zeros((len(lonely), 3)), np.arange(float(len(lonely)))
    with pytest.raises(InvalidDataError, match="nobody can be exchanged"):
        tried(x, y, person=lonely, n_folds=3, n_permutations=9)
