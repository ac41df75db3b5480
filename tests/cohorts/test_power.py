"""What a study can see is what is seen when it is simulated."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlasdb.cohorts import contrasts, networkpower
from atlasdb.cohorts.glm import basis, left
from atlasdb.cohorts.networkbased import network_based
from atlasdb.cohorts.power import (
    detectable,
    detectable_effect,
    people_needed,
    power,
)
from atlasdb.cohorts.thresholds import default_threshold
from atlasdb.errors import InvalidDataError

RNG = np.random.default_rng
TWO = contrasts.between("a" * 20 + "b" * 20)


@given(effect=st.floats(0.05, 20), alpha=st.floats(1e-8, 0.2))
def test_the_people_needed_are_enough_and_one_fewer_are_not(
    effect: float, alpha: float
) -> None:
    n = people_needed(effect, alpha=alpha)
    assert power(effect, n, n, alpha=alpha) >= 0.8
    assert people_needed(-effect, alpha=alpha) == n
    if n > 3:
        assert power(effect, n - 1, n - 1, alpha=alpha) < 0.8


def test_people_needed_and_detectable_effect_are_each_others_inverse() -> None:
    n = people_needed(0.7, alpha=0.001)
    assert detectable_effect(n, n, alpha=0.001) <= 0.7
    assert detectable_effect(n - 1, n - 1, alpha=0.001) > 0.7


@pytest.mark.parametrize("effect", [0.0, 1e-6])
def test_an_effect_that_no_study_can_see_is_refused(effect: float) -> None:
    with pytest.raises(InvalidDataError, match="more than 1000000 people"):
        people_needed(effect, alpha=0.05)


@pytest.mark.parametrize("effect", [np.nan, np.inf, -np.inf])
def test_an_effect_that_is_no_number_has_no_answer(effect: float) -> None:
    with pytest.raises(InvalidDataError, match="finite number"):
        power(effect, 12, 12, alpha=0.05)
    with pytest.raises(InvalidDataError, match="finite number"):
        people_needed(effect, alpha=0.05)


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_the_detectable_network_effect_is_seen_in_eight_of_ten_cohorts(
    alternative,
) -> None:
    own = RNG(0).normal(size=(40, 14, 14))
    own[:20] += 0.7  # what the study itself shows does not count
    study = networkpower.plant(
        own, TWO, n_edges=10, threshold=2.5, alternative=alternative
    )
    effect = study.detectable_effect()
    assert study.power(effect + 0.02) >= 0.8
    assert study.power(0) < 0.05
    source, target = np.nonzero(~np.eye(14, dtype=bool))
    seen = 0
    for seed in range(100):
        weights = RNG(seed + 1).normal(size=(40, 14, 14))
        chosen = networkpower.connected(source, target, 10, RNG(seed))
        place = source[chosen], target[chosen]
        sign = -1 if alternative == "less" else 1
        weights[:20, place[0], place[1]] += sign * effect
        found = network_based(
            weights, TWO, threshold=2.5, alternative=alternative, n_permutations=99
        )
        seen += any(
            c.p <= 0.05 and 2 * (found.labels[place] == c.label).sum() >= 10
            for c in found.components
        )
    assert seen == pytest.approx(80, abs=13)


AGE = RNG(9).normal(40, 9, size=(45, 2))
OTHERS = {
    "score": contrasts.score(AGE[:, 0]),
    "score, covariate": contrasts.score(AGE[:, 0], AGE[:, 1:]),
    "within people": contrasts.paired(45),
    "three groups": contrasts.between("abc" * 15),
    "three groups, covariate": contrasts.between("abc" * 15, AGE[:, :1]),
    "three sessions": contrasts.repeated("abc" * 15, np.repeat(range(15), 3)),
}


def differing(design: contrasts.Design, effect: float, rng) -> np.ndarray:
    """Give what people have of an effect of this size, beside a spread of 1."""
    held = basis(design.held)
    space = basis(left(design.tested, held))
    k = space.shape[1]
    df = len(space) - held.shape[1] - k
    if design.effect == "hedges_g_paired":
        return np.full(len(space), effect)
    if design.effect == "partial_r":
        way = left(design.tested, held)[:, 0]
        length = effect * np.sqrt(df / (1 - effect**2))
    else:
        way = space @ rng.normal(size=k)
        length = np.sqrt(effect / (1 - effect) * (df + k))
    return length * way / np.sqrt((way**2).sum())


@pytest.mark.parametrize("design", OTHERS.values(), ids=OTHERS)
def test_of_scores_sessions_and_several_groups_it_is_seen_in_eight_of_ten_too(
    design,
) -> None:
    threshold = default_threshold(design, 14)
    study = networkpower.plant(
        RNG(0).normal(size=(45, 14, 14)), design, n_edges=10, threshold=threshold
    )
    effect = study.detectable_effect()
    assert study.power(0) < 0.05
    assert effect < detectable(design, alpha=0.05 / (14 * 13))
    source, target = np.nonzero(~np.eye(14, dtype=bool))
    seen = 0
    for seed in range(100):
        rng = RNG(seed + 1)
        weights = rng.normal(size=(45, 14, 14))
        chosen = networkpower.connected(source, target, 10, RNG(seed))
        place = source[chosen], target[chosen]
        weights[:, place[0], place[1]] += differing(design, effect, rng)[:, None]
        found = network_based(
            weights, design, threshold=threshold, n_permutations=99, seed=seed
        )
        seen += any(
            c.p <= 0.05 and 2 * (found.labels[place] == c.label).sum() >= 10
            for c in found.components
        )
    assert seen == pytest.approx(80, abs=13)


def test_people_needed_are_reckoned_for_two_groups_only() -> None:
    study = networkpower.plant(
        RNG(3).normal(size=(45, 8, 8)), OTHERS["score"], n_edges=5, threshold=3
    )
    with pytest.raises(InvalidDataError, match="two groups of people"):
        study.people_needed(0.5)


@pytest.mark.parametrize("holes", [False, True])
def test_what_is_planted_lies_along_the_tested_column(holes: bool) -> None:
    weights = RNG(6).normal(size=(45, 8, 8))
    if holes:
        weights[RNG(7).random(weights.shape) < 0.03] = np.nan
    one, several = (
        networkpower.plant(weights, OTHERS[name], n_edges=6, threshold=3.0)
        for name in ("score, covariate", "three groups, covariate")
    )
    np.testing.assert_allclose(one.beside, 0, atol=1e-9)
    true, shuffled = several.overlap[:300], several.overlap[300:]
    np.testing.assert_allclose(true, 1)
    assert 0 <= shuffled.min() < 0.2 < shuffled.max() < 1
    # by chance one of two directions has half of what both have
    share = several.along**2 / (several.along**2 + several.beside)
    assert share.mean() == pytest.approx(0.5, abs=0.03)


def test_a_network_needs_a_smaller_effect_than_a_single_connection() -> None:
    study = networkpower.plant(
        RNG(1).normal(size=(40, 20, 20)), TWO, n_edges=20, threshold=2.5
    )
    alone = detectable_effect(20, 20, alpha=0.05 / 380)
    assert study.detectable_effect() < alone


def test_as_many_people_as_a_network_needs_see_it_in_about_eight_of_ten() -> None:
    options = {"n_edges": 8, "threshold": 2.5}
    study = networkpower.plant(RNG(4).normal(size=(40, 12, 12)), TWO, **options)
    assert study.people_needed(-0.8) == study.people_needed(0.8)
    for effect in (0.7, 1.4):
        n = study.people_needed(effect)
        other = networkpower.plant(
            RNG(5).normal(size=(2 * n, 12, 12)),
            contrasts.between([0] * n + [1] * n),
            **options,
        )
        assert other.power(effect) == pytest.approx(0.8, abs=0.12)
    with pytest.raises(InvalidDataError, match="No number of people sees"):
        study.people_needed(0.0)


def test_a_threshold_that_hides_the_network_leaves_nothing_to_detect() -> None:
    weights = RNG(2).normal(size=(40, 30, 30))
    study = networkpower.plant(weights, TWO, n_edges=3, threshold=1.0)
    assert study.detectable_effect() == math.inf


def test_planted_connections_hang_together() -> None:
    source, target = np.nonzero(~np.eye(9, dtype=bool))
    chosen = networkpower.connected(source, target, 7, RNG(0))
    assert len(set(chosen)) == 7
    pieces = [{int(source[e]), int(target[e])} for e in chosen]
    whole = pieces.pop(0)
    while pieces:
        beside = next(piece for piece in pieces if piece & whole)
        whole |= beside
        pieces.remove(beside)


@pytest.mark.parametrize(
    ("design", "n_edges", "said"),
    [
        (TWO, 0, "component of 0 connections cannot be planted; 20 can be tested"),
        (TWO, 21, "component of 21"),
    ],
)
def test_what_cannot_be_planted_is_refused(design, n_edges: int, said: str) -> None:
    weights = RNG(3).normal(size=(40, 5, 5))
    with pytest.raises(InvalidDataError, match=said):
        networkpower.plant(weights, design, n_edges=n_edges, threshold=2)
