"""Random networks to compare with: the same degrees, the same weights.

Pairs of connections swap their targets, a -> b and c -> d become a -> d and c -> b,
where that makes neither a self-loop nor a second connection of one pair. Every node
keeps its numbers of incoming and outgoing connections and the weights that it sends;
what it receives in weight changes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from atlasdb.analysis.network import Weights, checked
from atlasdb.errors import InvalidDataError

SWAPS = 5
"""Rounds go on until so many swaps for each connection are made, and as many again."""
ROUNDS = 1_000
"""Give up after so many rounds: of a nearly complete network little can be swapped."""
IDLE = 100
"""Give up after so many rounds without a swap: there may be none."""


def nulls(weights: Weights, n_nulls: int, seed: int) -> Iterator[Weights]:
    """Give random networks with the degrees and the weights of this one.

    Parameters
    ----------
    weights : sparse array, shape (n, n)
    n_nulls : int
        How many.
    seed : int
        Equal seeds give equal networks.
    """
    if n_nulls < 1:
        raise InvalidDataError(f"n_nulls must be at least 1, not {n_nulls}.")
    weights = checked(weights)
    for own in np.random.SeedSequence(seed).spawn(n_nulls):
        yield rewired(weights, np.random.default_rng(own))


def rewired(weights: Weights, rng: np.random.Generator) -> Weights:
    """Give one random network with the degrees and the weights of this one.

    A round proposes swaps for disjoint pairs of connections and makes those that
    collide with no other connection, before or after: so its reverse is as likely,
    and every network that can be reached is in the end equally likely.
    """
    edges = weights.tocoo()
    n, n_edges = weights.shape[0], weights.nnz
    source = edges.row.astype(np.int64)
    target = edges.col.astype(np.int64)
    empty = 1 - n_edges / (n * (n - 1))
    n_pairs = max(1, int(n_edges / 2 * empty))
    if not empty:  # every pair is connected: there is nothing to swap
        return weights
    left, rounds, idle = SWAPS * n_edges, ROUNDS, 0
    for done in range(1, ROUNDS + 1):
        if done > rounds or idle > IDLE:
            break
        order = rng.permutation(n_edges)
        one, other = order[:n_pairs], order[n_pairs : 2 * n_pairs]
        to_one, to_other = target[other], target[one]
        proposed = np.concatenate(
            [source[one] * n + to_one, source[other] * n + to_other]
        )
        known = np.sort(np.concatenate([source * n + target, proposed]))
        repeated = known[1:][known[1:] == known[:-1]]
        free = ~np.isin(proposed, repeated)
        held = np.isin(source * n + target, repeated)
        good = free[: len(one)] & free[len(one) :] & ~held[one] & ~held[other]
        good &= (source[one] != to_one) & (source[other] != to_other)
        target[one[good]], target[other[good]] = to_one[good], to_other[good]
        left -= int(good.sum())
        idle = 0 if good.any() else idle + 1
        if left <= 0 and rounds == ROUNDS:  # as many again: to stop at a given number
            rounds = min(2 * done, ROUNDS)  # of swaps would favour some networks
    shape = weights.shape
    return sparse.csr_array((edges.data, (source, target)), shape=shape)
