"""Networks that differ: against a plain count, another package, and planted effects."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from atlasdb.cohorts import contrasts, permutation
from atlasdb.cohorts.networkbased import network_based
from atlasdb.cohorts.networkpower import connected
from atlasdb.cohorts.thresholdfree import STEP, threshold_free
from atlasdb.errors import InvalidDataError

RNG = np.random.default_rng


def cohort(n: int, n_areas: int, seed: int, *, directed: bool = True) -> np.ndarray:
    weights = RNG(seed).normal(size=(n, n_areas, n_areas))
    return weights if directed else (weights + weights.transpose(0, 2, 1)) / 2


def planted(d: float, seed: int, n: int = 40, n_areas: int = 20) -> np.ndarray:
    """Give two groups that differ in twelve directed connections that hang together."""
    weights = cohort(n, n_areas, seed)
    source, target = component(seed, n_areas)
    weights[: n // 2, source, target] += d
    return weights


def component(seed: int, n_areas: int = 20) -> tuple[np.ndarray, np.ndarray]:
    source, target = np.nonzero(~np.eye(n_areas, dtype=bool))
    chosen = connected(source, target, 12, RNG(seed))
    return source[chosen], target[chosen]


TWO = contrasts.between("a" * 20 + "b" * 20)


def graph_of(passing: np.ndarray, directed: bool) -> list[set[tuple[int, int]]]:
    graph = nx.from_numpy_array(passing.astype(int), create_using=nx.DiGraph)
    pieces = nx.weakly_connected_components(graph)
    found = [{(i, j) for i, j in graph.edges if i in piece} for piece in pieces]
    if not directed:
        found = [{(i, j) for i, j in piece if i < j} for piece in found]
    return [piece for piece in found if piece]


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**16),
    threshold=st.floats(0.2, 4),
    directed=st.booleans(),
    alternative=st.sampled_from(["two-sided", "greater", "less"]),
    size=st.sampled_from(["extent", "intensity"]),
)
def test_components_are_those_of_the_graph_above_the_threshold(
    seed: int, threshold: float, directed: bool, alternative, size
) -> None:
    weights = cohort(12, 7, seed, directed=directed)
    found = network_based(
        weights,
        contrasts.between("a" * 6 + "b" * 6),
        threshold=threshold,
        alternative=alternative,
        size=size,
        directed=directed,
        n_permutations=20,
    )
    t = stats.ttest_ind(weights[:6], weights[6:]).statistic
    np.fill_diagonal(t, 0)
    turned = {"two-sided": np.abs(t), "greater": t, "less": -t}[alternative]
    pieces = graph_of(turned > threshold, directed)
    sizes = [
        len(p) if size == "extent" else sum(turned[e] - threshold for e in p)
        for p in pieces
    ]
    assert [c.statistic for c in found.components] == pytest.approx(
        sorted(sizes, reverse=True)
    )
    for component in found.components:
        place = set(zip(*np.nonzero(found.labels == component.label), strict=True))
        if not directed:
            place = {(i, j) for i, j in place if i < j}
        assert place in pieces
        assert component.n_edges == len(place)
        assert component.n_nodes == len({node for pair in place for node in pair})
        assert component.n_positive == sum(t[e] > 0 for e in place)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("paired", [False, True])
def test_p_is_that_of_the_brain_connectivity_toolbox(
    alternative: str, paired: bool
) -> None:
    bct = pytest.importorskip("bct")
    weights = cohort(24, 8, seed=5, directed=False)
    weights[:12, :4, :4] += 0.5 if alternative != "less" else -0.5
    a, b = weights[:12], weights[12:]
    ours = network_based(
        a - b if paired else weights,
        contrasts.paired(12) if paired else contrasts.between("a" * 12 + "b" * 12),
        threshold=2.0,
        alternative=alternative,
        directed=False,
        n_permutations=4095,
    )
    tail = {"two-sided": "both", "greater": "right", "less": "left"}[alternative]
    p, labels, null = bct.nbs_bct(
        a.transpose(1, 2, 0),
        b.transpose(1, 2, 0),
        thresh=2.0,
        k=400,
        tail=tail,
        paired=paired,
        seed=0,
    )
    np.testing.assert_array_equal(labels > 0, ours.labels > 0)
    theirs = {labels[labels == i + 1].size // 2: value for i, value in enumerate(p)}
    assert theirs
    for component in ours.components:
        error = np.sqrt(component.p * (1 - component.p) / 400)
        assert theirs[component.n_edges] == pytest.approx(
            component.p, abs=3.5 * error + 0.003
        )
    assert null.mean() == pytest.approx(ours.null.mean(), rel=0.15)


def test_planted_differences_are_found_with_their_direction() -> None:
    seen = wrong_way = 0
    for seed in range(40):
        weights = planted(1.2, seed)
        greater = network_based(
            weights, TWO, threshold=2.5, alternative="greater", n_permutations=200
        )
        first = greater.components[0]
        inside = (greater.labels[component(seed)] == 1).sum()
        right = first.n_positive == first.n_edges
        seen += first.p <= 0.05 and inside >= 6 and right
        less = network_based(
            weights, TWO, threshold=2.5, alternative="less", n_permutations=200
        )
        wrong_way += any(c.p <= 0.05 for c in less.components)
    assert seen > 0.9 * 40
    assert wrong_way <= 6


@pytest.mark.parametrize("size", ["extent", "intensity"])
def test_under_the_null_five_in_a_hundred_cohorts_have_a_component(size) -> None:
    wrong = 0
    age = RNG(0).normal(size=(16, 1))
    design = contrasts.between("a" * 8 + "b" * 8, age)
    for seed in range(200):
        weights = cohort(16, 8, seed) + age[:, :, None]
        found = network_based(
            weights, design, threshold=2.2, size=size, n_permutations=99, seed=seed
        )
        wrong += any(c.p <= 0.05 for c in found.components)
    assert stats.binomtest(wrong, 200, 0.05).pvalue > 0.001


def test_p_of_few_people_is_that_of_all_relabellings() -> None:
    weights = planted(1.5, 3, n=8, n_areas=14)
    design = contrasts.between("aaaabbbb")
    found = network_based(weights, design, threshold=2.5, n_permutations=100)
    assert found.exact
    assert len(found.null) == 69
    for component in found.components:
        reached = (found.null >= component.statistic).sum()
        assert component.p == pytest.approx((reached + 1) / 70)


def test_more_than_two_groups_and_scores_are_tested_as_networks_too() -> None:
    weights = planted(1.5, 4, n=45)
    three = contrasts.between("a" * 22 + "b" * 11 + "c" * 12)
    found = network_based(weights, three, threshold=6, n_permutations=100)
    assert found.components[0].p < 0.05
    score = np.r_[np.ones(22), np.zeros(23)] + RNG(0).normal(0, 0.3, 45)
    found = network_based(
        weights, contrasts.score(score), threshold=3, n_permutations=100
    )
    assert found.components[0].p < 0.05
    with pytest.raises(InvalidDataError, match="no direction 'greater'"):
        network_based(weights, three, threshold=6, alternative="greater")


def test_missing_is_never_zero() -> None:
    weights = planted(1.2, 5)
    weights[:, 19] = weights[:, :, 19] = np.nan  # a region that nobody has
    weights[:3, 0] = np.nan
    found = network_based(weights, TWO, threshold=3, n_permutations=50)
    assert np.isnan(found.statistic[19]).all()
    assert (found.labels[19] == 0).all()
    assert found.n_people[:, 0, 5].tolist() == [17, 20]
    assert found.n_people[:, 19, 5].tolist() == [0, 0]
    assert found.n_tested == 19 * 18
    filled = network_based(np.nan_to_num(weights), TWO, threshold=3, n_permutations=50)
    assert not np.allclose(found.statistic[0, 1:19], filled.statistic[0, 1:19])


def test_a_threshold_that_leaves_nothing_is_an_answer() -> None:
    found = network_based(cohort(40, 6, 0), TWO, threshold=50, n_permutations=20)
    assert found.components == ()
    assert not found.labels.any()
    assert not found.null.any()


@pytest.mark.parametrize(
    ("weights", "options", "said"),
    [
        (cohort(40, 5, 0), {"threshold": 0}, "threshold must be positive, not 0"),
        (cohort(40, 5, 0), {"threshold": 2, "directed": False}, "not symmetric"),
        (cohort(40, 5, 0)[:, :4], {"threshold": 2}, "have shape"),
        (cohort(39, 5, 0), {"threshold": 2}, "39 matrices for 40 rows"),
        (np.full((40, 5, 5), np.inf), {"threshold": 2}, "infinite"),
        (np.full((40, 5, 5), np.nan), {"threshold": 2}, "None of 20 connections"),
    ],
)
def test_what_cannot_be_a_network_is_refused(weights, options, said: str) -> None:
    with pytest.raises(InvalidDataError, match=said):
        network_based(weights, TWO, n_permutations=5, **options)


def plain_scores(t: np.ndarray, directed: bool) -> np.ndarray:
    score = np.zeros(t.shape)
    for step in range(1, int(t.max() / STEP) + 1):
        height = step * STEP
        for piece in graph_of(t * (1 + 1e-6) >= height, directed):
            for i, j in piece:
                score[i, j] += len(piece) ** 0.5 * height**2 * STEP
                if not directed:
                    score[j, i] = score[i, j]
    return score


@settings(max_examples=15)
@given(seed=st.integers(0, 2**16), directed=st.booleans())
def test_threshold_free_scores_are_the_sum_over_heights(
    seed: int, directed: bool
) -> None:
    weights = cohort(12, 6, seed, directed=directed)
    weights[:6, 0, 1] += 1
    weights[:6, 1, 0] += 1
    found = threshold_free(
        weights,
        contrasts.between("a" * 6 + "b" * 6),
        directed=directed,
        n_permutations=19,
    )
    t = np.abs(stats.ttest_ind(weights[:6], weights[6:]).statistic)
    np.fill_diagonal(t, 0)
    expected = plain_scores(t, directed)
    seen = np.isfinite(found.score)
    assert seen.sum() == 30
    np.testing.assert_allclose(found.score[seen], expected[seen])


def test_the_largest_score_of_a_shuffle_is_that_of_the_shuffled_cohort() -> None:
    weights = cohort(8, 6, 1)
    found = threshold_free(
        weights, contrasts.between("aaaabbbb"), alternative="greater", n_permutations=99
    )
    y = weights[:, ~np.eye(6, dtype=bool)]
    fitted = permutation.fit(y, contrasts.between("aaaabbbb"), 99, 0)
    order = fitted.shuffles.order[17]
    again = threshold_free(
        weights[order],
        contrasts.between("aaaabbbb"),
        alternative="greater",
        n_permutations=1,
    )
    assert np.nanmax(again.score) == pytest.approx(found.null[17])


def test_threshold_free_finds_what_is_planted_and_little_under_the_null() -> None:
    seen = wrong = 0
    for seed in range(20):
        found = threshold_free(planted(1.2, seed), TWO, n_permutations=100)
        seen += (found.p_fwe[component(seed)] < 0.05).sum()
        null = threshold_free(cohort(40, 12, seed), TWO, n_permutations=100)
        wrong += np.nanmin(null.p_fwe) < 0.05
    assert seen >= 0.6 * 20 * 12
    assert wrong <= 4
