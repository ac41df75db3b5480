"""The network: learned filters, products of all pairs, a logistic read-out.

A few temporal filters are shared by all regions. What they let pass of two courses is
multiplied over time, for every pair, and a logistic read-out with a ridge looks at all
the products, beside what the baseline sees. Filters, how much each kind of product
counts, and the ridge are trained through the read-out: the loss is that of each
training person when left out of it, which has a closed form. So the many weights of
the read-out cannot be fitted to noise unseen, and the few numbers that are trained
start at the baseline and are held there by a penalty.

Products are linear in the power gains of the filters, so people enter by their inner
products alone: one fit costs what its people cost, whatever the number of regions,
and many fits (folds, starts, permutations) are trained in one tensor program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from atlasdb.types import FloatArray
from atlasdb_ingest.learning.descent import Adam
from atlasdb_ingest.learning.inverses import inverse
from atlasdb_ingest.supervised import baseline
from atlasdb_ingest.supervised.features import Features

N_FILTERS = 3
N_STARTS = 3
N_STEPS = 60
RATE = 0.08
HELD = 0.1
"""Penalty on what moves away from the start."""
START_SCALE = 0.3
"""Weight of filtered products at the start, the baseline's having 1."""
START_RIDGE = 1.0 / baseline.STRENGTH
INTERCEPT = 10.0
"""Variance of the intercept: next to free."""
UNSEEN = 1e7
"""Noise of an example that is not trained on."""
ROOM = 1_000_000
"""Numbers that the matrices of the fits trained at once may have."""
SETTINGS: Final = {
    "n_filters": N_FILTERS,
    "n_starts": N_STARTS,
    "n_steps": N_STEPS,
    "rate": RATE,
    "held": HELD,
    "start_scale": START_SCALE,
    "start_ridge": START_RIDGE,
}
"""Everything that decides the result beside the data and the seed."""
_CURVATURE = 0.05
_LAST_STEPS = 8


@dataclass(frozen=True, eq=False)
class Grams:
    """Inner products of examples, by kind: all that training needs of them.

    Attributes
    ----------
    plain : Tensor, shape (n, n)
    banks : dict of str to Tensor, shape (n_parts, n_parts, n, n)
    squared : bool
        As in `Features`.
    """

    plain: torch.Tensor
    banks: Mapping[str, torch.Tensor]
    squared: bool

    @classmethod
    def of(cls, features: Features, device: torch.device) -> Grams:
        """Multiply the features of all examples with one another."""
        plain = torch.as_tensor(features.plain @ features.plain.T)
        banks = {}
        for name, bank in features.banks.items():
            parts, n, _ = bank.shape
            rows = torch.as_tensor(bank).flatten(0, 1).to(device)
            gram = (rows @ rows.T).reshape(parts, n, parts, n).transpose(1, 2)
            banks[name] = gram.double().contiguous()
        return cls(plain.to(device), banks, features.squared)


class Filters(torch.nn.Module):
    """Filters of many fits at once, and how much their products count.

    Parameters
    ----------
    starts : ndarray of int, shape (n_fits,)
        Seed of each fit: fits with one seed start alike.
    n_parts, n_banks : int
        Sizes of the features.
    squared : bool
        As in `Features`.
    """

    def __init__(
        self, starts: NDArray[np.int64], n_parts: int, n_banks: int, squared: bool
    ) -> None:
        super().__init__()
        drawn = {
            seed: np.random.default_rng(seed).standard_normal((N_FILTERS, n_parts))
            for seed in np.unique(starts).tolist()
        }
        gains = np.stack([drawn[seed] for seed in starts.tolist()])
        self.squared = squared
        self.gain = torch.nn.Parameter(torch.as_tensor(gains))
        n = len(starts)
        self.scale = torch.nn.Parameter(torch.zeros(n, n_banks, N_FILTERS))
        self.ridge = torch.nn.Parameter(torch.zeros(n))
        self.register_buffer("begun", torch.as_tensor(gains))

    def mixture(self) -> torch.Tensor:
        """Give how much of each part a filter passes, (n_fits, N_FILTERS, n_parts)."""
        passed = self.gain.square() if self.squared else self.gain
        size = passed.square().mean(-1, keepdim=True).sqrt()
        mixed: torch.Tensor = passed / size.clamp_min(1e-6)
        return mixed

    def counts(self) -> torch.Tensor:
        """Give the weight of each kind of product, (n_fits, n_banks, N_FILTERS)."""
        n_kinds = self.scale.shape[1] * N_FILTERS
        return START_SCALE / n_kinds * self.scale.exp()

    def strength(self) -> torch.Tensor:
        """Give the ridge, (n_fits,)."""
        return START_RIDGE * self.ridge.exp()

    def moved(self) -> torch.Tensor:
        """Give how far each fit is from its start, (n_fits,)."""
        begun = self.get_buffer("begun")
        far = (self.gain - begun).square().sum((1, 2))
        return far + self.scale.square().sum((1, 2)) + self.ridge.square()


@dataclass(frozen=True, eq=False)
class _Fitted:
    """Many fits: their filters, and what each says of every example."""

    filters: Filters
    logits: torch.Tensor
    dual: torch.Tensor
    sizes: list[torch.Tensor]
    """Mean squares of training examples: of the plain numbers, then of each bank."""


def held_out(
    grams: Grams,
    labels: NDArray[np.int64],
    weights: FloatArray,
    starts: NDArray[np.int64],
    progress: Callable[[int], object] | None = None,
) -> FloatArray:
    """Fit many times, and say what each fit thinks of every example.

    Parameters
    ----------
    grams : Grams
        Of n examples.
    labels : ndarray of int, shape (n_fits, n)
        1 or 0. Those of examples with weight 0 are not looked at.
    weights : ndarray, shape (n_fits, n)
        How much an example counts; 0 holds it out.
    starts : ndarray of int, shape (n_fits,)
        Seeds.
    progress : callable, optional
        Told how many fits were done since it was last called.

    Returns
    -------
    ndarray, shape (n_fits, n)
        Logits; honest for what was held out.
    """
    at_once = max(1, ROOM // labels.shape[1] ** 2)
    found = []
    for first in range(0, len(labels), at_once):
        part = slice(first, first + at_once)
        fitted = _fit(grams, labels[part], weights[part], starts[part])
        found.append(fitted.logits.cpu().numpy().astype(np.float64))
        if progress is not None:
            progress(len(found[-1]))
    return np.concatenate(found)


def trained(
    features: Features,
    grams: Grams,
    labels: NDArray[np.int64],
    weight: FloatArray,
    starts: NDArray[np.int64],
) -> dict[str, NDArray[np.float32]]:
    """Fit an ensemble on all examples and give its weights.

    Parameters
    ----------
    features : Features
    grams : Grams
        Of these features.
    labels : ndarray of int, shape (n_examples,)
    weight : ndarray, shape (n_examples,)
        How much an example counts.
    starts : ndarray of int, shape (n_starts,)
        Seeds.

    Returns
    -------
    dict of ndarray
        ``mixture`` (n_starts, N_FILTERS, n_parts): what the filters pass;
        ``readout_plain`` (n_starts, n_numbers) and ``readout_<bank>`` (n_starts,
        N_FILTERS, n_numbers); ``bias`` (n_starts,). See `logits`.
    """
    n = len(starts)
    fitted = _fit(grams, np.tile(labels, (n, 1)), np.tile(weight, (n, 1)), starts)
    mixture = fitted.filters.mixture().detach().cpu().numpy()
    counts = fitted.filters.counts().detach().cpu().numpy()
    dual = fitted.dual.cpu().numpy().astype(np.float64)
    sizes = [size.cpu().numpy().astype(np.float64) for size in fitted.sizes]
    share = (weight > 0) / (weight > 0).sum()
    around = dual - dual.sum(axis=1, keepdims=True) * share
    model = {"readout_plain": around @ features.plain / sizes[0][:, None]}
    bias = INTERCEPT * dual.sum(axis=1) - model["readout_plain"] @ (
        share @ features.plain
    )
    for k, (name, bank) in enumerate(features.banks.items()):
        passed = np.einsum("skb,si,bip->skp", mixture, around, bank, optimize=True)
        readout = passed * (counts[:, k] / sizes[k + 1][:, None])[..., None]
        mean = np.einsum("i,bip->bp", share, bank)
        bias = bias - np.einsum("skp,skb,bp->s", readout, mixture, mean, optimize=True)
        model[f"readout_{name}"] = readout
    model |= {"mixture": mixture, "bias": bias}
    return {name: array.astype(np.float32) for name, array in model.items()}


def logits(model: Mapping[str, NDArray[np.float32]], features: Features) -> FloatArray:
    """Apply a stored ensemble.

    Parameters
    ----------
    model : mapping of str to ndarray
        As `trained` gives it.
    features : Features
        Of n_examples, made as those that it was trained on.

    Returns
    -------
    ndarray, shape (n_examples,)
        Mean logit of the first class over the ensemble.
    """
    found = model["readout_plain"] @ features.plain.T + model["bias"][:, None]
    for name, bank in features.banks.items():
        readout = model[f"readout_{name}"]
        found = found + np.einsum(
            "skp,skb,bip->si", readout, model["mixture"], bank, optimize=True
        )
    mean: FloatArray = found.mean(axis=0).astype(np.float64)
    return mean


def _fit(
    grams: Grams,
    labels: NDArray[np.int64],
    weights: FloatArray,
    starts: NDArray[np.int64],
) -> _Fitted:
    wanted = torch.as_tensor(labels).to(grams.plain)
    counted = torch.as_tensor(weights).to(grams.plain)
    first = next(iter(grams.banks.values()))
    filters = Filters(starts, len(first), len(grams.banks), grams.squared)
    filters.to(grams.plain)
    kernel = _Kernel(grams, counted)
    parameters = list(filters.parameters())
    optimiser = Adam(parameters)
    found = torch.zeros_like(counted)
    for _ in range(N_STEPS):
        made = kernel(filters)
        found, alone, _ = _newton(made, filters.strength(), wanted, counted, found)
        wrong = functional.softplus((1 - 2 * wanted) * alone)
        missed = (counted * wrong).sum(1) / counted.sum(1)
        loss = (missed + HELD * filters.moved()).sum()
        optimiser.step(torch.autograd.grad(loss, parameters), RATE)
        found = found.detach()
    with torch.no_grad():
        made, strength = kernel(filters), filters.strength()
        for _ in range(_LAST_STEPS):
            found, _, dual = _newton(made, strength, wanted, counted, found)
    return _Fitted(filters, found, dual, kernel.sizes)


class _Kernel:
    """Inner products of what the filters make of examples, as training sees them.

    Features are centred on the training examples of a fit and have a mean square of
    1 over them, kind by kind.
    """

    def __init__(self, grams: Grams, weights: torch.Tensor) -> None:
        seen = (weights > 0).to(weights)
        self.share = seen / seen.sum(1, keepdim=True)
        self.banks = list(grams.banks.values())
        n_fits = len(weights)
        whole = [grams.plain]
        whole += [
            bank[range(len(bank)), range(len(bank))].sum(0) for bank in self.banks
        ]
        around = [self._centred(gram.expand(n_fits, -1, -1)) for gram in whole]
        self.sizes = [
            (gram.diagonal(dim1=1, dim2=2) * self.share).sum(1).clamp_min(1e-12)
            for gram in around
        ]
        self.plain = around[0] / self.sizes[0][:, None, None]

    def __call__(self, filters: Filters) -> torch.Tensor:
        mixture, counts = filters.mixture(), filters.counts()
        total = torch.zeros_like(self.plain)
        for k, bank in enumerate(self.banks):
            scaled = counts[:, k] / self.sizes[k + 1][:, None]
            both = torch.einsum("fk,fka,fkb->fab", scaled, mixture, mixture)
            made = both.flatten(1) @ bank.flatten(2).flatten(0, 1)
            total = total + made.reshape(total.shape)
        return self.plain + self._centred(total) + INTERCEPT

    def _centred(self, gram: torch.Tensor) -> torch.Tensor:
        mean = gram @ self.share[..., None]
        centred: torch.Tensor = gram - mean - mean.mT + self.share[:, None] @ mean
        return centred


def _newton(
    kernel: torch.Tensor,
    ridge: torch.Tensor,
    labels: torch.Tensor,
    weights: torch.Tensor,
    logits: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Take one step towards the logistic read-out.

    At the solution a step leads back to it, and its derivative by the kernel is that
    of the solution.

    Returns
    -------
    logits, alone, dual : Tensor, shape (n_fits, n)
        After the step; those of each example when left out of it; weights of examples.
    """
    share = torch.sigmoid(logits)
    curve = (share * (1 - share)).clamp_min(_CURVATURE)
    seen = weights > 0
    wanted = torch.where(seen, logits + (labels - share) / curve, 0.0)
    counted = torch.where(seen, curve * weights, 1.0)
    noise = torch.where(seen, ridge[:, None] / counted, UNSEEN)
    found = inverse(kernel + torch.diag_embed(noise))
    dual = (found @ wanted[..., None])[..., 0]
    alone = wanted - dual / found.diagonal(dim1=1, dim2=2)
    return (kernel @ dual[..., None])[..., 0], alone, dual
