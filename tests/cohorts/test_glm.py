"""The linear model and its permutations, held against scipy and plain enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from atlasdb.cohorts import contrasts, corrections, permutation, shuffling
from atlasdb.errors import InvalidDataError

RNG = np.random.default_rng
FEW = {"n_permutations": 5, "seed": 0}


def ordinary(y: np.ndarray, columns: np.ndarray, tested: int) -> np.ndarray:
    """Give t of one column of a plain least-squares fit, and with many columns F."""
    beta, *_ = np.linalg.lstsq(columns, y, rcond=None)
    rss = ((y - columns @ beta) ** 2).sum(axis=0)
    df = len(y) - columns.shape[1]
    if tested == 1:
        variance = np.linalg.inv(columns.T @ columns)[0, 0] * rss / df
        return beta[0] / np.sqrt(variance)
    rest = columns[:, tested:]
    less = ((y - rest @ np.linalg.lstsq(rest, y, rcond=None)[0]) ** 2).sum(axis=0)
    return (less - rss) / tested / (rss / df)


@settings(max_examples=40)
@given(
    n_a=st.integers(3, 9),
    n_b=st.integers(3, 9),
    shift=st.floats(-1e6, 1e6),
    exponent=st.integers(-150, 150),
    seed=st.integers(0, 2**16),
)
def test_two_groups_give_students_t_at_any_scale(
    n_a: int, n_b: int, shift: float, exponent: int, seed: int
) -> None:
    y = RNG(seed).normal(size=(n_a + n_b, 5))
    theirs = stats.ttest_ind(y[:n_a], y[n_a:])
    scaled = (y + shift) * 10.0**exponent
    found = permutation.permuted(
        scaled, contrasts.between("a" * n_a + "b" * n_b), **FEW
    )
    tolerance = 1e-7 * (1 + abs(shift))
    np.testing.assert_allclose(found["statistic"], theirs.statistic, rtol=tolerance)
    np.testing.assert_allclose(found["p_model"], theirs.pvalue, rtol=100 * tolerance)


@settings(max_examples=20)
@given(
    sizes=st.lists(st.integers(3, 7), min_size=3, max_size=5), seed=st.integers(0, 9)
)
def test_more_groups_give_the_f_of_an_analysis_of_variance(
    sizes: list[int], seed: int
) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    y = RNG(seed).normal(size=(len(labels), 4))
    found = permutation.permuted(y, contrasts.between(labels), **FEW)
    theirs = stats.f_oneway(*(y[labels == g] for g in range(len(sizes))))
    np.testing.assert_allclose(found["statistic"], theirs.statistic)
    np.testing.assert_allclose(found["p_model"], theirs.pvalue)


def test_a_score_gives_the_correlation() -> None:
    y, values = RNG(0).normal(size=(20, 3)), RNG(1).normal(size=20)
    found = permutation.permuted(y, contrasts.score(values), **FEW)
    theirs = stats.pearsonr(y, values[:, None])
    np.testing.assert_allclose(found["effect"], theirs.statistic)
    np.testing.assert_allclose(found["p_model"], theirs.pvalue)


def test_differences_within_people_give_the_paired_t() -> None:
    a, b = RNG(0).normal(1, 1, (12, 3)), RNG(1).normal(0, 1, (12, 3))
    found = permutation.permuted(a - b, contrasts.paired(12), **FEW)
    np.testing.assert_allclose(found["statistic"], stats.ttest_rel(a, b).statistic)
    rows = np.concatenate([a, b])
    conditions, people = ["a"] * 12 + ["b"] * 12, [*range(12)] * 2
    again = permutation.permuted(rows, contrasts.repeated(conditions, people), **FEW)
    np.testing.assert_allclose(again["statistic"], found["statistic"])


@pytest.mark.parametrize("n_groups", [2, 3])
def test_covariates_are_held_as_in_a_least_squares_fit(n_groups: int) -> None:
    rng = RNG(3)
    labels = np.repeat(np.arange(n_groups), 8)
    held = np.column_stack(
        [rng.normal(40, 9, len(labels)), rng.integers(0, 2, 8 * n_groups)]
    )
    y = rng.normal(size=(len(labels), 6)) + 0.1 * held[:, :1]
    found = permutation.permuted(y, contrasts.between(labels, held), **FEW)
    if n_groups == 2:
        tested = (labels == 0).astype(float)[:, None]
    else:
        tested = (labels[:, None] == [1, 2]).astype(float)
    columns = np.column_stack([tested, np.ones(len(labels)), held])
    theirs = ordinary(y, columns, n_groups - 1)
    np.testing.assert_allclose(found["statistic"], theirs, rtol=1e-6)


def test_few_people_give_the_p_of_all_relabellings() -> None:
    y = RNG(4).normal(size=(7, 5))
    y[:3] += 1
    found = permutation.permuted(y, contrasts.between("aaabbbb"), n_permutations=100)
    every = []
    for chosen in itertools.combinations(range(7), 3):
        first = np.isin(np.arange(7), chosen)
        every.append(np.abs(stats.ttest_ind(y[first], y[~first]).statistic))
    reached = np.array(every) >= np.abs(found["statistic"]) * (1 - 1e-6)
    np.testing.assert_allclose(found["p"], reached.mean(axis=0))
    largest = np.array(every).max(axis=1)[:, None]
    fwe = (largest >= np.abs(found["statistic"]) * (1 - 1e-6)).mean(axis=0)
    np.testing.assert_allclose(found["p_fwe"], fwe)
    assert found["exact"]
    assert found["n_permutations"] == 34


def test_few_people_with_a_covariate_give_the_p_of_all_freedman_lane_shuffles() -> None:
    rng = RNG(5)
    y, age = rng.normal(size=(6, 3)), rng.normal(size=(6, 1))
    labels = np.repeat([0, 1], 3)
    found = permutation.permuted(y, contrasts.between(labels, age), n_permutations=720)
    held = np.column_stack([np.ones(6), age])
    fitted = held @ np.linalg.lstsq(held, y, rcond=None)[0]
    columns = np.column_stack([labels == 0, held]).astype(float)
    every = [
        np.abs(ordinary(fitted + (y - fitted)[list(order)], columns, 1))
        for order in itertools.permutations(range(6))
    ]
    reached = np.array(every) >= np.abs(found["statistic"]) * (1 - 1e-6)
    np.testing.assert_allclose(found["p"], reached.mean(axis=0))


def test_few_pairs_give_the_p_of_all_signs() -> None:
    y = RNG(6).normal(0.7, 1, size=(6, 3))
    found = permutation.permuted(y, contrasts.paired(6), n_permutations=100)
    every = [
        np.abs(stats.ttest_1samp(y * np.array(signs)[:, None], 0).statistic)
        for signs in itertools.product([1, -1], repeat=6)
    ]
    reached = np.array(every) >= np.abs(found["statistic"]) * (1 - 1e-6)
    np.testing.assert_allclose(found["p"], reached.mean(axis=0))


def test_values_are_exchanged_within_a_person_only() -> None:
    design = contrasts.repeated("abc" * 4, np.repeat(range(4), 3))
    drawn = shuffling.shuffles(design, 50, seed=0)
    assert not drawn.exact
    given_to = design.blocks[drawn.order]
    assert (given_to == design.blocks[drawn.position]).all()
    every = shuffling.shuffles(design, 6**4, seed=0)
    assert every.exact
    assert len({tuple(order) for order in every.order}) == 6**4 - 1


def test_who_has_no_estimate_is_passed_over_within_the_own_block() -> None:
    design = contrasts.repeated("abc" * 4, [0, 1, 2, 3, 3, 2, 1, 0, 0, 1, 2, 3])
    y = RNG(0).normal(size=(12, 1))
    y[[0, 4]] = np.nan
    part = next(iter(permutation.parts(y, design)))
    drawn = shuffling.shuffles(design, 40, seed=0, complete=False)
    block = design.blocks[part.rows].astype(float)
    moved = drawn.weights(part, block, slice(None))
    np.testing.assert_array_equal(moved, np.tile(block, (40, 1)))
    each = drawn.weights(part, np.arange(10.0), slice(None))
    np.testing.assert_array_equal(np.sort(each), np.tile(np.arange(10), (40, 1)))
    assert (each != np.arange(10)).any()


@settings(max_examples=30)
@given(values=st.lists(st.integers(0, 2), max_size=4), flip=st.booleans())
def test_each_different_shuffle_is_used_once(values: list[int], flip: bool) -> None:
    scores = np.array([0, 1, 2, 2, 1, *values], dtype=float)
    design = contrasts.paired(len(scores)) if flip else contrasts.score(scores)
    every = shuffling.shuffles(design, 10_000, seed=0)
    y = RNG(0).normal(size=(len(scores), 1))
    part = next(iter(permutation.parts(y, design)))
    moved = every.weights(part, part.tested[:, 0], slice(None))
    assert len(np.unique(moved.round(12), axis=0)) == every.n
    assert every.n + 1 == shuffling.n_distinct(design)


def test_the_same_seed_gives_the_same_answer_in_blocks_of_any_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    y, design = RNG(7).normal(size=(14, 30)), contrasts.between("a" * 7 + "b" * 7)
    one = permutation.permuted(y, design, n_permutations=200, seed=3)
    monkeypatch.setattr(permutation, "BLOCK", 70)
    calls: list[tuple[int, int]] = []
    two = permutation.permuted(
        y, design, n_permutations=200, seed=3, progress=lambda *c: calls.append(c)
    )
    other = permutation.permuted(y, design, n_permutations=200, seed=4)
    np.testing.assert_array_equal(one["p"], two["p"])
    np.testing.assert_array_equal(one["p_fwe"], two["p_fwe"])
    assert (one["p"] != other["p"]).any()
    assert calls[-1] == (200, 200)
    assert len(calls) == 100


def test_single_precision_gives_the_same_p(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = RNG(8)
    y, age = rng.normal(1e3, 1, size=(16, 40)), rng.normal(40, 5, (16, 1))
    design = contrasts.between("a" * 8 + "b" * 8, age)
    one = permutation.permuted(y, design, n_permutations=300)
    monkeypatch.setattr("atlasdb.cohorts.arrays.SMALL", 0)
    two = permutation.permuted(y, design, n_permutations=300)
    np.testing.assert_allclose(one["p"], two["p"], atol=2 / 300)


def test_missing_estimates_are_left_out_connection_by_connection() -> None:
    rng = RNG(9)
    y, age = rng.normal(size=(20, 4)), rng.normal(size=(20, 1))
    y[[0, 4, 15], 1] = np.nan
    y[:, 3] = np.nan
    labels = np.repeat([0, 1], 10)
    found = permutation.permuted(y, contrasts.between(labels, age), n_permutations=400)
    have = ~np.isnan(y[:, 1])
    alone = permutation.permuted(
        y[have][:, [1]], contrasts.between(labels[have], age[have]), n_permutations=400
    )
    assert found["statistic"][1] == pytest.approx(alone["statistic"][0])
    assert found["p"][1] == pytest.approx(alone["p"][0], abs=0.1)
    assert np.isnan(found["p"][3])
    assert not found["exact"]


def test_p_is_uniform_with_holes_covariates_and_repeated_measures() -> None:
    rng = RNG(10)
    n = 3000
    y = rng.normal(size=(18, n))
    y[rng.integers(0, 18, 300), rng.integers(0, n, 300)] = np.nan
    held = rng.normal(size=(18, 2))
    designs = [
        contrasts.between("a" * 7 + "b" * 11, held),
        contrasts.between("a" * 5 + "b" * 7 + "c" * 6, held),
        contrasts.score(rng.normal(size=18), held),
        contrasts.paired(18, held),
        contrasts.repeated("abc" * 6, np.repeat(range(6), 3), held),
    ]
    for design in designs:
        p = permutation.permuted(y, design, n_permutations=199, seed=1)["p"]
        assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=0.016)


def test_sessions_of_a_person_count_once() -> None:
    rng = RNG(11)
    people = np.repeat(np.arange(12), 5)  # five sessions that say the same
    trait = rng.normal(size=(12, 2, 2))[people]
    sessions = trait + rng.normal(0, 0.01, trait.shape)
    sessions[0, 0, 1] = np.nan
    averaged, who = contrasts.per_person(sessions, people)
    assert who == list(range(12))
    assert averaged.shape == (12, 2, 2)
    np.testing.assert_allclose(averaged[0, 0, 1], sessions[1:5, 0, 1].mean())
    labels = np.repeat(["a", "b"], 6)
    p = permutation.permuted(
        averaged.reshape(12, -1), contrasts.between(labels), **FEW
    )["p_model"]
    wrong = permutation.permuted(
        np.nan_to_num(sessions).reshape(60, -1),
        contrasts.between(labels[people // 1]),
        **FEW,
    )["p_model"]
    assert (wrong < p).all()


def test_an_edge_that_varies_in_too_few_people_is_not_tested() -> None:
    y = np.zeros((20, 3))
    y[:2, 0] = [1, 2]
    y[:3, 1] = [1, 2, 3]
    y[:, 2] = 5
    found = permutation.permuted(y, contrasts.between("a" * 10 + "b" * 10), **FEW)
    assert np.isfinite(found["p"]).tolist() == [False, True, False]


def test_negative_weights_are_weights() -> None:
    y = RNG(12).normal(size=(10, 3))
    design = contrasts.between("a" * 5 + "b" * 5)
    one, other = (permutation.permuted(v, design, **FEW)["statistic"] for v in (y, -y))
    np.testing.assert_allclose(one, -other)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: contrasts.between("aaaa"), "4 people are in one group"),
        (lambda: contrasts.between("aaab"), "group b has 1 people"),
        (
            lambda: contrasts.between("aaabbb", np.repeat([0.0, 1], 3)[:, None]),
            "determine what is tested exactly",
        ),
        (
            lambda: contrasts.between("aaabbb", np.full((6, 1), np.nan)),
            "6 of 6 rows have a covariate that is not a finite number",
        ),
        (lambda: contrasts.between("aaabbb", np.ones((5, 1))), "5 rows for 6"),
        (lambda: contrasts.score(np.ones(5)), "the same for everybody"),
        (lambda: contrasts.score(np.array([1, 2, 3, np.inf])), "no finite score"),
        (lambda: contrasts.paired(3), "too few"),
        (lambda: contrasts.repeated("aaaa", "wxyz"), "one condition"),
        (
            lambda: permutation.permuted(
                np.full((6, 2), np.nan), contrasts.between("aaabbb")
            ),
            "None of 2 connections can be tested",
        ),
        (
            lambda: permutation.permuted(
                np.full((6, 2), np.inf), contrasts.between("aaabbb")
            ),
            "12 weights are infinite",
        ),
        (
            lambda: permutation.permuted(np.ones((5, 2)), contrasts.between("aaabbb")),
            "5 matrices for 6 rows",
        ),
        (
            lambda: shuffling.shuffles(contrasts.paired(5), 0, 0),
            "0 permutations cannot give a p value",
        ),
    ],
)
def test_what_cannot_be_tested_is_refused_in_one_line(make, said: str) -> None:
    with pytest.raises(InvalidDataError, match=said) as caught:
        make()
    assert "\n" not in str(caught.value)


WILD = st.sampled_from([np.nan, 0.0, 1.0, -1.0, 1e308, -1e308, 1e-310, 2.0, 1e-8])


@settings(max_examples=60)
@given(
    y=arrays(np.float64, (9, 4), elements=WILD),
    age=arrays(np.float64, (9, 1), elements=st.floats(-1e9, 1e9)),
    groups=st.booleans(),
)
def test_wild_values_give_a_p_or_nan(
    y: np.ndarray, age: np.ndarray, groups: bool
) -> None:
    try:
        design = contrasts.between("aaaabbbbb", age) if groups else contrasts.paired(9)
        found = permutation.permuted(y, design, n_permutations=15)
    except InvalidDataError:
        reject()
    tested = np.isfinite(found["p"])
    assert tested.any()
    for name in ("p", "p_fwe", "p_model", "q"):
        assert (np.isfinite(found[name]) == tested).all()
        assert (found[name][tested] >= 0).all()
        assert (found[name][tested] <= 1).all()
    assert (found["p_fwe"] >= found["p"])[tested].all()


def test_identical_groups_differ_in_nothing() -> None:
    half = RNG(13).normal(size=(6, 4))
    y = np.concatenate([half, half])
    found = permutation.permuted(y, contrasts.between("a" * 6 + "b" * 6), **FEW)
    np.testing.assert_allclose(found["statistic"], 0, atol=1e-12)
    np.testing.assert_array_equal(found["p"], 1)


def test_benjamini_yekutieli_is_stricter_and_leaves_out_what_was_not_tested() -> None:
    p = np.array([0.001, 0.01, np.nan, 0.2])
    bh, by = corrections.q_values(p), corrections.q_values(p, "by")
    np.testing.assert_allclose(bh, [0.003, 0.015, np.nan, 0.2])
    np.testing.assert_allclose(by[:2], bh[:2] * (1 + 1 / 2 + 1 / 3))
