"""Shuffles computed by torch: the answer is numpy's, wherever it is computed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from atlasdb import devices
from atlasdb.cohorts import arrays, contrasts, permutation
from atlasdb.cohorts.networkbased import network_based
from atlasdb.cohorts.networkpower import plant
from atlasdb.cohorts.thresholdfree import threshold_free
from atlasdb.errors import InvalidDataError, MissingExtraError

RNG = np.random.default_rng
AGE = RNG(0).normal(40, 9, size=(24, 2))
DESIGNS = {
    "t": contrasts.between("a" * 12 + "b" * 12),
    "t, covariates": contrasts.between("a" * 12 + "b" * 12, AGE),
    "F, covariates": contrasts.between("a" * 8 + "b" * 8 + "c" * 8, AGE),
    "score": contrasts.score(AGE[:, 0]),
    "signs": contrasts.paired(24),
    "signs, covariates": contrasts.paired(24, AGE),
}
Test = Callable[[np.ndarray, Any], dict[str, Any]]


def edges(weights: np.ndarray, design: Any, **options: Any) -> dict[str, Any]:
    y = weights.reshape(len(weights), -1)
    found = permutation.permuted(y, design, n_permutations=200, seed=1, **options)
    return {k: v for k, v in found.items() if k != "exact"}


def extent(weights: np.ndarray, design: Any, **options: Any) -> dict[str, Any]:
    options |= {"threshold": 2.5, "n_permutations": 200}
    found = vars(network_based(weights, design, **options))
    return found | {"p": [c.p for c in found.pop("components")]}


def intensity(weights: np.ndarray, design: Any, **options: Any) -> dict[str, Any]:
    return extent(weights, design, size="intensity", **options)


def enhanced(weights: np.ndarray, design: Any, **options: Any) -> dict[str, Any]:
    return vars(threshold_free(weights, design, n_permutations=50, **options))


def study(*, holes: bool) -> np.ndarray:
    weights = RNG(3).normal(size=(24, 10, 10))
    weights[:12, :4, :4] += 1.5
    if holes:
        weights[RNG(4).random(weights.shape) < 0.05] = np.nan
    return weights


@pytest.fixture
def by_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute with tensors, on the CPU: what an accelerator does too."""
    here = arrays.Tensors(torch.device("cpu"))
    monkeypatch.setattr(permutation, "chosen", lambda device, n: here)


def alike(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() == other.keys()
    assert len(one["p" if "p" in one else "p_fwe"])
    for name in one.keys() - {"device"}:
        if name.startswith(("p", "q")) or name in ("labels", "n_people", "exact"):
            np.testing.assert_array_equal(one[name], other[name], name)
        else:
            np.testing.assert_allclose(one[name], other[name], 1e-5, 1e-5, True, name)


@pytest.mark.parametrize("small", [arrays.SMALL, 0], ids=["double", "single"])
@pytest.mark.parametrize("holes", [False, True], ids=["whole", "holes"])
@pytest.mark.parametrize("test", [edges, extent, intensity, enhanced])
@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_torch_gives_the_p_of_numpy(
    design: Any,
    test: Test,
    holes: bool,
    small: int,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setattr(arrays, "SMALL", small)
    monkeypatch.setattr(permutation, "BLOCK", 5_000)  # several blocks, one not full
    numpy = test(study(holes=holes), design)
    request.getfixturevalue("by_torch")
    alike(numpy, test(study(holes=holes), design))


@pytest.mark.usefixtures("by_torch")
def test_planting_is_the_same_by_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {"n_edges": 8, "threshold": 2.5, "n_permutations": 200}
    design = DESIGNS["t, covariates"]
    torchs = plant(study(holes=True), design, **options)
    monkeypatch.undo()
    numpys = plant(study(holes=True), design, **options)
    assert torchs.power(1.2) == numpys.power(1.2) > 0
    assert torchs.study.fitted.arrays.lib is torch
    assert numpys.study.fitted.arrays.lib is np


def test_products_keep_single_precision_where_tf32_was_allowed() -> None:
    here = arrays.Tensors(torch.device("cpu"))
    settings: Any = torch.backends.cuda.matmul
    new = hasattr(settings, "fp32_precision")
    name, fast, exact = (
        ("fp32_precision", "tf32", "ieee") if new else ("allow_tf32", True, False)
    )
    before, seen = getattr(settings, name), []

    class Spy:
        backends = torch.backends

        @staticmethod
        def matmul(*_: Any, **__: Any) -> None:
            seen.append(getattr(settings, name))

    here.lib = Spy
    try:
        setattr(settings, name, fast)
        here.product(None, None, None)
        assert getattr(settings, name) == fast
    finally:
        setattr(settings, name, before)
    assert seen == [exact]


def test_few_statistics_are_computed_without_torch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(devices, "choose", lambda name: torch.device("meta"))
    assert arrays.chosen("auto", arrays.SMALL).device == "cpu"
    assert arrays.chosen("cpu", arrays.SMALL + 1).device == "cpu"
    assert arrays.chosen("auto", arrays.SMALL + 1).device == "meta"
    assert arrays.chosen("meta", 1).device == "meta"


@pytest.mark.skipif(
    torch.cuda.is_available() or torch.backends.mps.is_available(),
    reason="there is an accelerator",
)
def test_without_an_accelerator_auto_is_numpy_however_many_there_are() -> None:
    assert arrays.chosen("auto", arrays.SMALL + 1).lib is np


def test_without_torch_auto_is_numpy_and_a_device_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert arrays.chosen("auto", arrays.SMALL + 1).lib is np
    with pytest.raises(MissingExtraError, match=r"'cuda' needs torch.*pip install"):
        arrays.chosen("cuda", 1)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
@pytest.mark.parametrize("test", [edges, extent, enhanced])
def test_a_device_that_is_not_there_is_said_in_one_line(test: Any) -> None:
    with pytest.raises(InvalidDataError, match=r"finds .*cpu here") as caught:
        test(study(holes=False), DESIGNS["t"], device="cuda")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("holes", [False, True], ids=["whole", "holes"])
@pytest.mark.parametrize("test", [edges, extent, intensity, enhanced])
@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_the_gpu_gives_the_p_of_the_cpu(design: Any, test: Any, holes: bool) -> None:
    weights = study(holes=holes)
    slow, fast = (test(weights, design, device=d) for d in ("cpu", "cuda"))
    assert (str(slow["device"]), str(fast["device"])) == ("cpu", "cuda")
    alike(slow, fast)
