"""The edge-wise comparison: Welch's test, honest with covariates and holes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from atlasdb.cohorts import design
from atlasdb.cohorts.edgewise import detectable_effect, edgewise
from atlasdb.errors import InvalidDataError

RNG = np.random.default_rng


def none(n: int) -> np.ndarray:
    return np.empty((n, 0))


def test_without_covariates_it_is_welchs_test() -> None:
    rng = RNG(0)
    a, b = rng.normal(0, 1, (9, 4, 4)), rng.normal(0.5, 3, (14, 4, 4))
    found = edgewise(a, b, none(9), none(14))
    theirs = stats.ttest_ind(a, b, equal_var=False)
    np.testing.assert_allclose(found["statistic"], theirs.statistic)
    np.testing.assert_allclose(found["p"], theirs.pvalue)
    np.testing.assert_allclose(found["df"], theirs.df)
    np.testing.assert_allclose(found["mean_a"], a.mean(axis=0))


def test_swapping_the_groups_turns_the_sign() -> None:
    rng = RNG(1)
    a, b = rng.normal(0, 1, (8, 3, 3)), rng.normal(1, 1, (10, 3, 3))
    one = edgewise(a, b, none(8), none(10))
    other = edgewise(b, a, none(10), none(8))
    np.testing.assert_allclose(one["effect"], -other["effect"])
    np.testing.assert_allclose(one["p"], other["p"])


def test_missing_estimates_are_left_out_pair_by_pair() -> None:
    rng = RNG(2)
    a, b = rng.normal(0, 1, (8, 3, 3)), rng.normal(0, 1, (9, 3, 3))
    a[0, 0, 1] = a[3, 0, 1] = b[5, 2, 1] = np.nan
    found = edgewise(a, b, none(8), none(9))
    assert found["n_a"][0, 1] == 6
    assert found["n_b"][2, 1] == 8
    one = stats.ttest_ind(a[:, 0, 1], b[:, 0, 1], equal_var=False, nan_policy="omit")
    assert found["p"][0, 1] == pytest.approx(one.pvalue)


def test_a_pair_that_nobody_has_is_not_tested() -> None:
    rng = RNG(3)
    a, b = rng.normal(0, 1, (5, 2, 2)), rng.normal(0, 1, (5, 2, 2))
    a[:, 0, 1] = np.nan
    found = edgewise(a, b, none(5), none(5))
    assert np.isnan(found["p"][0, 1])
    assert not found["significant"][0, 1]
    assert found["n_a"][0, 1] == 0


def test_values_that_are_all_alike_are_not_tested() -> None:
    a, b = np.ones((5, 2, 2)), np.ones((6, 2, 2))
    found = edgewise(a, b, none(5), none(6))
    assert np.isnan(found["p"]).all()
    assert not found["significant"].any()


def test_a_covariate_that_explains_the_difference_takes_it_away() -> None:
    rng = RNG(4)
    age_a, age_b = rng.normal(40, 5, (40, 1)), rng.normal(45, 5, (40, 1))
    a = age_a[:, :, None] * 0.3 + rng.normal(0, 1, (40, 3, 3))
    b = age_b[:, :, None] * 0.3 + rng.normal(0, 1, (40, 3, 3))
    raw = edgewise(a, b, none(40), none(40))
    held = edgewise(a, b, age_a, age_b)
    assert raw["significant"].all()
    assert not held["significant"].any()


def test_a_covariate_does_not_hide_a_true_difference() -> None:
    rng = RNG(5)
    age = rng.normal(40, 5, (60, 1))
    y = age[:, :, None] * 0.3 + rng.normal(0, 1, (60, 2, 2))
    y[:30] += 2
    found = edgewise(y[:30], y[30:], age[:30], age[30:])
    assert found["significant"].all()
    assert (found["effect"] > 1.3).all()


def test_p_is_uniform_when_nothing_differs_also_with_covariates() -> None:
    rng = RNG(6)
    p = []
    for _ in range(12):
        y = rng.normal(0, 1, (24, 12, 12))
        y[:10] *= 3  # groups of unequal spread and size
        c = rng.normal(0, 1, (24, 2))
        p.append(edgewise(y[:10], y[10:], c[:10], c[10:])["p"].ravel())
    assert stats.kstest(np.concatenate(p), "uniform").pvalue > 0.001
    assert np.mean(np.concatenate(p) < 0.05) == pytest.approx(0.05, abs=0.015)


def test_the_detectable_effect_is_seen_in_eight_of_ten_studies() -> None:
    effect = detectable_effect(20, 20, alpha=0.05)
    rng = RNG(7)
    a, b = rng.normal(effect, 1, (2000, 20)), rng.normal(0, 1, (2000, 20))
    seen = stats.ttest_ind(a, b, axis=1).pvalue < 0.05
    assert seen.mean() == pytest.approx(0.8, abs=0.03)


def test_permutations_agree_with_the_linear_model_and_keep_the_effect() -> None:
    rng = RNG(8)
    y, age = rng.normal(0, 1, (30, 4, 4)), rng.normal(40, 5, (30, 1))
    y[:14, 0, 1] += 2
    y[2, 3, 2] = np.nan
    groups = (y[:14], y[14:], age[:14], age[14:])
    welch = edgewise(*groups)
    found = edgewise(*groups, test="permutation", correction="fwe", n_permutations=999)
    for name in ("mean_a", "mean_b", "effect", "n_a", "n_b"):
        np.testing.assert_allclose(found[name], welch[name], err_msg=name)
    np.testing.assert_allclose(found["p"], welch["p"], atol=0.06)
    assert found["significant"][0, 1]
    assert found["p"][0, 1] == pytest.approx(0.001)
    assert found["significant"].sum() == (found["p_fwe"] < 0.05).sum()
    assert (found["p_fwe"] >= found["p"]).all()


def test_ranks_give_mann_and_whitneys_test() -> None:
    rng = RNG(9)
    a, b = rng.normal(0, 1, (8, 3, 3)), rng.normal(1, 1, (9, 3, 3))
    a[0, 0, 1] = np.nan
    found = edgewise(a, b, none(8), none(9), test="rank")
    theirs = stats.mannwhitneyu(a, b, nan_policy="omit")
    np.testing.assert_allclose(found["p"], theirs.pvalue)
    cubed = edgewise(a**3, b**3, none(8), none(9), test="rank")
    np.testing.assert_allclose(found["p"], cubed["p"])


def test_benjamini_yekutieli_finds_no_more_than_benjamini_hochberg() -> None:
    rng = RNG(10)
    a, b = rng.normal(0.9, 1, (12, 6, 6)), rng.normal(0, 1, (12, 6, 6))
    bh = edgewise(a, b, none(12), none(12))
    by = edgewise(a, b, none(12), none(12), correction="by")
    assert bh["significant"].sum() > by["significant"].sum()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"test": "rank"}, "cannot hold covariates constant"),
        ({"correction": "fwe"}, "needs permutations, not the welch test"),
        ({"alpha": 0.0}, "alpha must lie between 0 and 1, not 0"),
    ],
)
def test_tests_that_do_not_go_together_are_refused(options, said: str) -> None:
    y, age = RNG(0).normal(size=(10, 2, 2)), RNG(1).normal(size=(10, 1))
    with pytest.raises(InvalidDataError, match=said):
        edgewise(y[:5], y[5:], age[:5], age[5:], **options)


def test_infinite_weights_are_refused_and_not_taken_for_missing() -> None:
    y = RNG(0).normal(size=(10, 2, 2))
    y[0, 0, 1] = np.inf
    with pytest.raises(InvalidDataError, match="1 weights are infinite"):
        edgewise(y[:5], y[5:], none(5), none(5))


@pytest.mark.parametrize("correction", ["bh", "by", "fwe"])
def test_shuffled_labels_have_findings_in_five_of_a_hundred_studies(correction) -> None:
    rng = RNG(11)
    common = rng.normal(size=(24, 8, 1))  # connections of a person go together
    y = rng.normal(size=(24, 8, 8)) + common + common.transpose(0, 2, 1)
    wrong = 0
    for seed in range(200):
        mixed = y[rng.permutation(24)]
        found = edgewise(
            mixed[:11],
            mixed[11:],
            none(11),
            none(13),
            test="permutation" if correction == "fwe" else "welch",
            correction=correction,
            n_permutations=99,
            seed=seed,
        )
        wrong += bool(found["significant"].any())
    most = stats.binom.ppf(0.999, 200, 0.05)
    assert wrong <= most
    if correction == "fwe":
        assert wrong >= stats.binom.ppf(0.001, 200, 0.05)


SUBJECTS = {
    f"s{i}": {
        "id": f"s{i}",
        "age_years": 20.0 + i,
        "sex": "MF"[i % 2],
        "site": "one" if i < 4 else "two",
        "diagnosis": None,
    }
    for i in range(8)
}
WHO = design.groups(("a", "b"), ["s0", "s1", "s2", "s3"], ["s4", "s5", "s6", "s7"])


def test_numbers_and_categories_become_columns() -> None:
    matrix = design.covariates(WHO, SUBJECTS, ("age_years", "sex"))
    np.testing.assert_array_equal(matrix[:, 0], 20 + np.arange(8))
    np.testing.assert_array_equal(matrix[:, 1], [1, 0] * 4)
    assert design.covariates(WHO, SUBJECTS, ()).shape == (8, 0)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("age",), "Did you mean 'age_years'"),
        (("diagnosis",), "not known of 8 of 8"),
        (("site",), "tells a from b exactly"),
    ],
)
def test_covariates_that_cannot_be_used_are_refused(
    names: tuple[str, ...], said: str
) -> None:
    with pytest.raises(InvalidDataError, match=said):
        design.covariates(WHO, SUBJECTS, names)


def test_groups_must_not_share_people_or_be_too_small() -> None:
    with pytest.raises(InvalidDataError, match="1 subjects are in a and in b"):
        design.groups(("a", "b"), ["x", "y", "z"], ["z", "u", "v"])
    with pytest.raises(InvalidDataError, match="b has 1 subjects"):
        design.groups(("a", "b"), ["x", "y", "z"], ["u"])
