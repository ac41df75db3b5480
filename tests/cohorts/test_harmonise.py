"""ComBat: sites vanish, people stay, and nothing is estimated that cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from atlasdb.cohorts.fisher import fisher_z
from atlasdb.cohorts.harmonise import harmonise
from atlasdb.cohorts.siteeffects import apply, fit
from atlasdb.errors import InvalidDataError

RNG = np.random.default_rng


def none(n: int) -> np.ndarray:
    return np.empty((n, 0))


def three_sites(seed: int, n_values: int = 400) -> tuple[np.ndarray, ...]:
    """Ninety people whose sites shift and stretch what age does not explain."""
    rng = RNG(seed)
    site = np.repeat(["a", "b", "c"], 30)
    patient = np.tile([True, False, False], 30)
    age = rng.normal(40, 10, (90, 1))
    clean = rng.normal(0, 1, (90, n_values))
    clean[patient, : n_values // 4] += 1.5
    seen = np.empty_like(clean)
    for name, shift, stretch in (("a", 0, 1.0), ("b", 1, 2.0), ("c", -2, 0.5)):
        rows = site == name
        seen[rows] = clean[rows] * stretch + rng.normal(shift, 0.3, n_values)
    return seen + 0.05 * age, clean, site, patient, age


def published(
    y: np.ndarray, site: np.ndarray, covariates: np.ndarray, rounds: int = 400
) -> np.ndarray:
    """ComBat value by value, as its authors write it, in loops and without holes."""
    names = sorted(set(site))
    n, n_values = y.shape
    x = np.column_stack([(site == s).astype(float) for s in names] + [covariates])
    beta = np.linalg.inv(x.T @ x) @ x.T @ y
    n_of = np.array([(site == s).sum() for s in names])
    alpha = (n_of[:, None] / n * beta[: len(names)]).sum(axis=0)
    sigma = np.sqrt(((y - x @ beta) ** 2).sum(axis=0) / n)
    stand = alpha + covariates @ beta[len(names) :]
    z = (y - stand) / sigma
    out = np.empty_like(y)
    for s in names:
        rows = np.flatnonzero(site == s)
        gamma_hat = z[rows].mean(axis=0)
        delta_hat = z[rows].var(axis=0, ddof=1)
        gamma_bar, tau2 = gamma_hat.mean(), gamma_hat.var(ddof=1)
        v, s2 = delta_hat.mean(), delta_hat.var(ddof=1)
        lam, theta = (v**2 + 2 * s2) / s2, (v**3 + v * s2) / s2
        for g in range(n_values):
            gamma, delta = gamma_hat[g], delta_hat[g]
            for _ in range(rounds):
                gamma = (len(rows) * tau2 * gamma_hat[g] + delta * gamma_bar) / (
                    len(rows) * tau2 + delta
                )
                total = sum((z[i, g] - gamma) ** 2 for i in rows)
                delta = (theta + total / 2) / (len(rows) / 2 + lam - 1)
            out[rows, g] = sigma[g] / np.sqrt(delta) * (z[rows, g] - gamma)
    return out + stand


def test_it_is_combat_as_published() -> None:
    seen, _, site, _, age = three_sites(0, n_values=8)
    few = np.r_[0:6, 30:37, 60:68]
    found = harmonise(seen[few], site[few].tolist(), age[few])
    theirs = published(seen[few], site[few], age[few])
    np.testing.assert_allclose(found.values, theirs, rtol=1e-6, atol=1e-7)
    assert found.n_lost == 0


def test_sites_vanish_and_the_groups_stay() -> None:
    seen, clean, site, patient, age = three_sites(1)
    found = harmonise(seen, site.tolist(), age, train=~patient).values
    controls = [found[(site == s) & ~patient] for s in "abc"]
    assert (stats.f_oneway(*controls).pvalue < 0.05).mean() < 0.05
    before = [seen[(site == s) & ~patient] for s in "abc"]
    assert (stats.f_oneway(*before).pvalue < 0.05).mean() > 0.95
    for groups, ratio in ((before, 4), (controls, 1)):
        spread = [group.std(axis=0).mean() for group in groups]
        assert spread[1] / spread[2] == pytest.approx(ratio, rel=0.25)
    effect = found[patient].mean(axis=0) - found[~patient].mean(axis=0)
    wanted = clean[patient].mean(axis=0) - clean[~patient].mean(axis=0)
    unit = np.sqrt((1.0**2 + 2.0**2 + 0.5**2) / 3)  # the spread that sites share now
    assert effect[:100].mean() == pytest.approx(wanted[:100].mean() * unit, rel=0.1)
    assert abs(effect[100:].mean()) < 0.1


def test_the_age_is_kept() -> None:
    seen, _, site, patient, age = three_sites(2)
    found = harmonise(seen, site.tolist(), age, train=~patient).values[~patient, 100:]
    slope = [stats.linregress(age[~patient, 0], column).slope for column in found.T]
    assert np.mean(slope) == pytest.approx(0.05, abs=0.005)


def test_people_who_were_not_in_the_training_set_do_not_change_it() -> None:
    seen, _, site, patient, age = three_sites(3, n_values=20)
    one = harmonise(seen, site.tolist(), age, train=~patient).values
    seen[patient] *= 100
    other = harmonise(seen, site.tolist(), age, train=~patient).values
    np.testing.assert_array_equal(one[~patient], other[~patient])


def test_a_site_without_controls_is_refused_by_name() -> None:
    seen, _, site, patient, age = three_sites(4, n_values=20)
    train = ~patient & (site != "b")
    with pytest.raises(InvalidDataError, match="recorded at b, where 30 of the people"):
        harmonise(seen, site.tolist(), age, train=train)
    with pytest.raises(InvalidDataError, match="fewer than the 31 asked for"):
        harmonise(seen, site.tolist(), age, train=train, fewest_unseen=31)


def test_a_site_without_controls_can_be_estimated_from_its_own_people() -> None:
    seen, _, site, patient, age = three_sites(5)
    train = ~patient & (site != "b")
    found = harmonise(seen, site.tolist(), age, train=train, fewest_unseen=30)
    assert found.unseen == ("b",)
    means = [found.values[site == s, 100:].mean() for s in "ab"]
    assert means[0] == pytest.approx(means[1], abs=0.1)


def test_a_site_with_one_person_is_shifted_and_not_stretched() -> None:
    seen, _, site, patient, age = three_sites(6)
    train = ~patient & (site != "b")
    train[31] = True
    found = harmonise(seen, site.tolist(), age, train=train)
    assert found.alone == ("b",)
    b = found.effects.sites.index("b")
    np.testing.assert_array_equal(found.effects.stretch[b], 1.0)
    assert np.isfinite(found.values).all()


def test_holes_stay_holes_and_touch_no_other_value() -> None:
    seen, _, site, _, age = three_sites(7, n_values=50)
    whole = harmonise(seen, site.tolist(), age)
    holed = seen.copy()
    holed[[0, 40], 3] = np.nan
    found = harmonise(holed, site.tolist(), age)
    assert np.isnan(found.values[[0, 40], 3]).all()
    assert np.isnan(found.values).sum() == 2
    assert found.n_lost == 0
    others = np.delete(np.arange(50), 3)
    np.testing.assert_allclose(
        found.values[:, others], whole.values[:, others], atol=0.01
    )


def test_a_value_that_a_site_lacks_or_that_never_varies_is_lost_and_counted() -> None:
    seen, _, site, patient, age = three_sites(8, n_values=50)
    seen[(site == "a") & ~patient, 7] = np.nan  # leaves 10 patients of the site
    seen[:, 9] = 0.0
    found = harmonise(seen, site.tolist(), age, train=~patient)
    assert np.isnan(found.values[(site == "a"), 7]).all()
    assert np.isfinite(found.values[(site != "a"), 7]).all()
    assert found.n_lost == 10 + 90


def test_matrices_keep_their_shape() -> None:
    seen, _, site, _, _ = three_sites(9, n_values=16)
    found = harmonise(seen.reshape(90, 4, 4), site.tolist(), none(90)).values
    flat = harmonise(seen, site.tolist(), none(90)).values
    np.testing.assert_array_equal(found.reshape(90, 16), flat)


def test_what_was_learned_is_used_on_people_who_come_later() -> None:
    seen, _, site, _, age = three_sites(10, n_values=30)
    early = np.arange(90) % 3 > 0
    effects = fit(seen[early], site[early].tolist(), age[early])
    late = apply(effects, seen[~early], site[~early].tolist(), age[~early])
    whole = harmonise(seen, site.tolist(), age, train=early).values
    np.testing.assert_array_equal(late, whole[~early])


def test_what_cannot_be_done_is_said_in_one_line() -> None:
    seen, _, site, _, age = three_sites(11, n_values=5)
    where = site.tolist()
    for arguments, said in (
        ((seen, ["a"] * 90, age), "Everybody in the training set was recorded at a"),
        ((seen, where[:3], age), "3 sites were given for 90 people"),
        ((seen, [*where[:-1], None], age), "site of 1 of 90 people is not known"),
        ((seen[:, :1], where, age), "was given 1"),
        ((seen, where, (site == "a")[:, None].astype(float)), "told from the sites"),
    ):
        with pytest.raises(InvalidDataError, match=said) as error:
            harmonise(*arguments)
        assert "\n" not in str(error.value)


def test_fishers_z_is_for_correlations_only() -> None:
    r = np.array([-1.0, -0.3, np.nan, 0.9])
    z = fisher_z(r)
    np.testing.assert_allclose(np.tanh(z[[1, 3]]), r[[1, 3]])
    assert np.isnan(z[2])
    assert np.isfinite(z[0])
    with pytest.raises(InvalidDataError, match=r"one value is 1\.2 in size"):
        fisher_z(np.array([0.1, -1.2]))
