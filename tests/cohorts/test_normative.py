"""One patient against controls: calibrated for few of them, honest with holes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from atlasdb.cohorts.normative import against_controls, outside, ranked
from atlasdb.errors import InvalidDataError

RNG = np.random.default_rng


def compared(patient: np.ndarray, controls: np.ndarray, **options: float) -> dict:
    none = np.empty((len(controls), 0))
    return against_controls(patient, controls, none[0], none, **options)


@pytest.mark.parametrize("n", [3, 5, 10, 20])
def test_t_calls_as_many_healthy_people_abnormal_as_it_says_and_z_more(n: int) -> None:
    drawn = RNG(n).normal(3, 2, (n + 1, 40000))
    found = compared(drawn[0], drawn[1:])
    assert (found["p"] < 0.05).mean() == pytest.approx(0.05, abs=0.005)
    assert stats.kstest(found["p"], "uniform").pvalue > 0.001
    by_z = 2 * stats.norm.sf(np.abs(found["z"]))
    assert (by_z < 0.05).mean() > 0.05 + 0.4 / n


@pytest.mark.parametrize("age", [45.0, 80.0])
def test_t_is_calibrated_with_covariates_also_beyond_the_controls(age: float) -> None:
    rng = RNG(1)
    held = np.column_stack([rng.normal(45, 8, 12), rng.integers(0, 2, 12)])
    own = np.array([age, 1.0])
    drawn = rng.normal(0, 2, (13, 40000)) + np.append(held[:, 0], age)[:, None] * 0.4
    found = against_controls(drawn[12], drawn[:12], own, held)
    assert (found["p"] < 0.05).mean() == pytest.approx(0.05, abs=0.005)
    assert (found["df"] == 9).all()
    apart = against_controls(drawn[12], drawn[:12], own[:0], held[:, :0])
    assert age < 80 or (apart["p"] < 0.05).mean() > 0.3


def test_it_is_the_test_of_crawford_and_howell() -> None:
    rng = RNG(2)
    x, y = rng.normal(0, 1, 6), rng.normal(0, 1, (7, 6))
    found = compared(x, y)
    z = (x - y.mean(axis=0)) / y.std(axis=0, ddof=1)
    np.testing.assert_allclose(found["z"], z)
    np.testing.assert_allclose(found["t"], z / np.sqrt(8 / 7))
    np.testing.assert_allclose(found["p"], 2 * stats.t.sf(np.abs(found["t"]), 6))


def test_with_one_covariate_it_is_the_prediction_of_a_new_case() -> None:
    rng = RNG(3)
    age, y = rng.normal(40, 9, 11), rng.normal(0, 1, 11)
    found = against_controls(
        np.array([2.0]), y[:, None], np.array([61.0]), age[:, None]
    )
    line = stats.linregress(age, y)
    left = y - line.intercept - line.slope * age
    s = np.sqrt((left**2).sum() / 9)
    off = ((age - age.mean()) ** 2).sum()
    error = s * np.sqrt(1 + 1 / 11 + (61 - age.mean()) ** 2 / off)
    wanted = (2 - line.intercept - line.slope * 61) / error
    assert found["t"][0] == pytest.approx(wanted)
    assert found["sd"][0] == pytest.approx(s)


def test_what_is_planted_is_found_and_comes_first() -> None:
    rng = RNG(4)
    controls = rng.normal(0, 1, (30, 10, 10))
    patient = rng.normal(0, 1, (10, 10))
    patient[2, 7], patient[5, 1] = 9.0, -7.0
    found = compared(patient, controls)
    assert [tuple(place) for place in ranked(found)[:2].tolist()] == [(2, 7), (5, 1)]
    assert set(zip(*np.nonzero(found["significant"]), strict=True)) == {(2, 7), (5, 1)}
    assert found["percentile"][2, 7] == 100
    assert found["percentile"][5, 1] == 0
    assert len(ranked(found)) == 100


def test_the_percentile_is_the_share_of_controls_below() -> None:
    controls = np.array([[1.0], [2.0], [3.0], [3.0]])
    for own, wanted in ((0.0, 0), (2.5, 50), (3.0, 75), (4.0, 100)):
        assert compared(np.array([own]), controls)["percentile"][0] == wanted


def test_the_percentile_is_held_at_the_covariates() -> None:
    age = np.linspace(20, 60, 30)[:, None]
    controls = 0.1 * age + RNG(5).normal(0, 0.1, (30, 1))
    found = against_controls(np.array([6.0]), controls, np.array([60.0]), age)
    assert 10 < found["percentile"][0] < 90
    young = against_controls(np.array([6.0]), controls, np.array([20.0]), age)
    assert young["percentile"][0] == 100


def test_holes_are_counted_connection_by_connection() -> None:
    rng = RNG(6)
    controls, patient = rng.normal(0, 1, (6, 3, 3)), rng.normal(0, 1, (3, 3))
    controls[:2, 0, 1] = controls[:4, 0, 2] = patient[1, 2] = np.nan
    found = compared(patient, controls)
    assert found["n"][0].tolist() == [6, 4, 2]
    alone = compared(patient[0, 1:2], controls[2:, 0, 1:2])
    assert found["p"][0, 1] == pytest.approx(alone["p"][0])
    for place in ((0, 2), (1, 2)):
        assert np.isnan(found["p"][place])
        assert not found["significant"][place]
    assert np.isfinite(found["p"]).sum() == 7


def test_controls_who_are_all_alike_tell_nothing() -> None:
    found = compared(np.array([1.0, 0.0]), np.zeros((5, 2)))
    for name in ("mean", "z", "p", "percentile"):
        assert np.isnan(found[name]).all()
    assert not found["significant"].any()


def test_a_woman_is_not_predicted_from_men_alone() -> None:
    controls, men = RNG(7).normal(0, 1, (9, 4)), np.zeros((9, 1))
    woman = against_controls(controls[0], controls[1:], np.array([1.0]), men[1:])
    man = against_controls(controls[0], controls[1:], np.array([0.0]), men[1:])
    assert np.isnan(woman["p"]).all()
    assert np.isfinite(man["p"]).all()
    assert outside(np.array([1.0]), men).tolist() == [0]
    assert outside(np.array([0.0]), men).tolist() == []


@pytest.mark.parametrize("factor", [1e-9, 1e12])
def test_units_do_not_matter(factor: float) -> None:
    rng = RNG(8)
    controls, patient, age = (
        rng.normal(0, 1, (9, 5)),
        rng.normal(0, 1, 5),
        rng.random(9),
    )
    one = against_controls(patient, controls, np.array([0.7]), age[:, None])
    other = against_controls(
        patient * factor,
        controls * factor,
        np.array([0.7]) * factor,
        age[:, None] * factor,
    )
    for name in ("t", "p", "percentile"):
        np.testing.assert_allclose(one[name], other[name])


def test_what_cannot_be_done_is_said_in_one_line() -> None:
    x, y = np.zeros(4), np.zeros((5, 4))
    held, own = np.zeros((5, 3)), np.zeros(3)
    holed = np.full((5, 1), np.nan)
    for arguments, said in (
        ((x, y[:2], own[:0], held[:2, :0]), "with 2 controls; at least 3"),
        ((x[:3], y, own[:0], held[:, :0]), r"shape \(3,\), the controls \(4,\)"),
        ((x, y, own, held), "5 controls are too few for 3 columns"),
        ((x, y, own[:1], held[:, :2]), "same columns for everybody"),
        ((x, y, own[:1], holed), "not known of 5 controls"),
        ((x, y, holed[0], held[:, :1]), "not known of the patient"),
    ):
        with pytest.raises(InvalidDataError, match=said) as error:
            against_controls(*arguments)
        assert "\n" not in str(error.value)
    with pytest.raises(InvalidDataError, match="alpha"):
        compared(x, y, alpha=1.0)
