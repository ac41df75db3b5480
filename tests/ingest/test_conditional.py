"""What a source adds beyond all others, and what leakage may feign."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from atlasdb_ingest import models
from atlasdb_ingest.learning import conditional, fitting, leakage, trainer
from atlasdb_ingest.learning.learned import learn
from atlasdb_ingest.learning.study import Study
from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models import linear
from atlasdb_ingest.simulation import dynamics, graphs
from atlasdb_ingest.types import Timeseries

CPU = torch.device("cpu")


def rhythms(n_regions: int, n_times: int, drive: np.ndarray, seed: int) -> np.ndarray:
    """Give rhythms of different speed; `drive[source, target]` acts after a sample."""
    rng = np.random.default_rng(seed)
    turn, width = np.linspace(0.3, 1.2, n_regions), rng.uniform(0.8, 0.9, n_regions)
    data = rng.standard_normal((n_times + 200, n_regions))
    for t in range(2, len(data)):
        own = 2 * width * np.cos(turn) * data[t - 1] - width**2 * data[t - 2]
        data[t] += own + data[t - 1] @ drive
    return np.asarray(data[200:].T)


def test_evidence_of_the_linear_model_is_that_of_leaving_the_source_out() -> None:
    data = dynamics.var(graphs.random_directed(6, 0.3, 1), 800, 1)
    windows = Windows.of([(data, (800,))], 3, CPU)
    evidence = conditional.effects(None, windows).evidence()[0]
    expected = linear.growth(windows, 0.1)[0].expm1() * windows.known.new_tensor(797)
    pairs = ~torch.eye(6, dtype=torch.bool)
    torch.testing.assert_close(evidence[pairs], expected[pairs], rtol=1e-4, atol=1e-4)


def test_evidence_is_chi_square_where_nothing_is_joined() -> None:
    data = [rhythms(8, 1500, np.zeros((8, 8)), seed) for seed in range(6)]
    windows = Windows.of([(one, (1500,)) for one in data], 5, CPU)
    evidence = conditional.effects(None, windows).evidence().numpy()
    found = evidence[:, ~np.eye(8, dtype=bool)].ravel()
    for share in (0.5, 0.05, 0.01):
        larger = (found > stats.chi2.isf(share, 5)).mean()
        assert abs(larger - share) < 4 * np.sqrt(share / found.size)


@pytest.mark.parametrize(("model", "own"), [("mlp", True), ("joint", False)])
def test_what_one_network_says_of_all_targets_is_not_tested(
    model: str, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for steps in ("steps", "brief_steps"):
        monkeypatch.setitem(models.load(model).SETTINGS, steps, 24)
    piece = dynamics.var(graphs.random_directed(6, 0.3, 1), 400, 1), (400,)
    found, plain = (
        learn([piece], 3, Study(name, 0.01), 0, CPU).evidence()
        for name in (model, "linear")
    )
    assert np.allclose(found, plain) != own


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_sources_in_small_groups_give_the_same_evidence(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = dynamics.var(graphs.random_directed(5, 0.3, 1), 400, 1)
    windows = Windows.of([(data, (400,))] * 2, 3, CPU)
    network = models.load(model).build(2, 5, 3, 0)
    whole = conditional.effects(network, windows).evidence()
    monkeypatch.setattr(conditional, "_ROOM", 700)
    parts = conditional.effects(network, windows).evidence()
    torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-3)


def test_what_bends_is_evidence_only_beside_a_network() -> None:
    rng = np.random.default_rng(0)
    data = rng.standard_normal((3, 1500))
    data[1, 1:] += data[0, :-1] ** 2
    windows = Windows.of([(data, (1500,))], 2, CPU)
    mlp = models.load("mlp")
    network = mlp.build(1, 3, 2, 0)
    fitting.fit(network, windows, mlp.SETTINGS, 0)
    bent = conditional.effects(network, windows).evidence()[0]
    straight = conditional.effects(None, windows).evidence()[0]
    assert bent[0, 1] > 300 > 50 > straight[0, 1]
    others = ~torch.eye(3, dtype=torch.bool)
    others[0, 1] = False
    assert bent[others].max() < 30


def test_what_a_mixture_feigns_is_no_evidence_and_what_is_driven_is() -> None:
    drive = np.zeros((6, 6))
    drive[0, 1] = 0.3
    data = rhythms(6, 4000, drive, 0)
    data = stats.zscore(data, axis=1)
    data[5] += 0.15 * data[2]
    effects = conditional.effects(None, Windows.of([(data, (4000,))], 4, CPU))
    doubt = torch.full((6, 6), 0.01)
    before, after = effects.evidence()[0], effects.evidence(doubt)[0]
    false = stats.chi2.isf(1e-4, 4)
    assert before[2, 5] > 2 * false > false > after[2, 5]
    assert after[0, 1] > 3 * false


def test_doubt_is_largest_between_channels_that_shared_most() -> None:
    sources = np.random.default_rng(0).standard_normal((5, 2000))
    mixed = np.eye(5)
    mixed[0, 1] = mixed[1, 0] = 0.5
    mixed[2, 3] = mixed[3, 2] = 0.1
    doubt = leakage.unmixed(mixed @ sources, (2000,), 3, 10.0).doubt
    np.testing.assert_allclose(doubt, doubt.T)
    assert doubt[0, 1] > 10 * doubt[2, 3] > 10 * doubt[0, 4] > 0
    referred = sources - sources.mean(axis=0)
    assert leakage.unmixed(referred, (2000,), 3, 10.0).doubt[0, 4] > 0.1


def test_paths_through_others_are_not_supported() -> None:
    chain = np.diag([0.4] * 7, 1)
    data = stats.zscore(rhythms(8, 4000, chain, 3), axis=1)
    series = Timeseries(data, 100.0, tuple("abcdefgh"), "calcium", (4000,))
    (found,) = trainer.estimate([series], model="mlp", device="cpu")
    assert found.supported[chain > 0].all()
    assert (found.supported & (chain == 0)).sum() <= 1
