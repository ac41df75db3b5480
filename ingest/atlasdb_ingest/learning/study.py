"""What is chosen once for a study: the family of the network, and its sparsity.

A choice that is made for one recording depends on its length and its motion, and so on
the diagnosis. It is made on held-out blocks, pooled over some people of the study, and
used for all: first the sparsity of a family, climbing from where it usually lies, then
the family. A network that does not beat the linear model there is not used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch

from atlasdb_ingest import models
from atlasdb_ingest.learning import fitting
from atlasdb_ingest.learning.windows import Piece, Windows

VOTERS: Final = 4
"""Recordings that decide for all, spread over the study."""
_FACTOR = 2.0
_FARTHEST = 3
"""Steps, each by the factor, from where the search begins."""


@dataclass(frozen=True)
class Study:
    """What all recordings of a study share.

    Attributes
    ----------
    model : str
        Name of the family.
    sparsity : float
        Strength of the push to zero; 0 where the family has none.
    said : str
        Held-out scores of what was tried, for the Run.
    """

    model: str
    sparsity: float
    said: str = ""

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Study | None:
        """Restore from the parameters of a Run what was chosen; None if nothing was."""
        if "sparsity" not in params or "family" not in params:
            return None
        chosen = str(params["family"]), float(params["sparsity"])
        return cls(*chosen, str(params.get("chosen", "")))


def choose(
    voters: Sequence[tuple[Piece, int]],
    families: Sequence[str],
    seed: int,
    where: torch.device,
    tried: Callable[[], object] = lambda: None,
) -> Study:
    """Choose family and sparsity on the held-out blocks of some recordings.

    Parameters
    ----------
    voters : sequence of (piece, int)
        Recordings as the engine sees them, each with its number of lags.
    families : sequence of str
        Names of lagged models; of two that are equally good the first is taken.
    seed : int
        Seed of starts and draws.
    where : torch.device
        Where to train.
    tried : callable, optional
        Called after each training.

    Returns
    -------
    Study
        With the best mean log-likelihood gain over autoregression, nats a sample and
        region.
    """
    scores: dict[tuple[str, float], float] = {}

    def score(family: str, sparsity: float) -> float:
        if (family, sparsity) not in scores:
            gains = []
            for one in voters:
                gains.append(_gain(*one, family, sparsity, seed, where))
                tried()
            scores[family, sparsity] = float(np.mean(gains))
        return scores[family, sparsity]

    for family in families:
        start = float(models.load(family).SPARSITY)
        best = score(family, start)
        for factor in (_FACTOR, 1 / _FACTOR) if start > 0 else ():
            steps = 0
            while steps < _FARTHEST:
                steps += 1
                now = score(family, start * factor**steps)
                if now <= best:
                    break
                best = now
            if steps > 1:  # it was better on this side, so it is not on the other
                break
    model, sparsity = max(scores, key=lambda one: scores[one])
    said = "; ".join(f"{m} {s:.3g}: {v:.4f}" for (m, s), v in sorted(scores.items()))
    return Study(model, sparsity, f"{said} nats held out, {len(voters)} recordings")


def spread(n: int) -> list[int]:
    """Give the places of the voters among `n` recordings.

    Examples
    --------
    >>> spread(3), spread(9)
    ([0, 1, 2], [0, 3, 5, 8])
    """
    places = np.linspace(0, n - 1, min(n, VOTERS)).round().astype(int)
    return [int(place) for place in places]


def _gain(
    piece: Piece,
    order: int,
    family: str,
    sparsity: float,
    seed: int,
    where: torch.device,
) -> float:
    windows = Windows.of([piece], order, where)
    module = models.load(family)
    network = module.build(1, len(piece[0]), order, seed, sparsity).to(where)
    fitting.fit(network, windows, module.SETTINGS, seed, brief=True)
    return float(fitting.gain(network, windows, float(module.SETTINGS["prior"])))
