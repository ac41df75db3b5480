"""What is learned of recordings: a network, and a linear model that is read beside it.

The network is blind to what it pushed out, the linear model to what bends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from atlasdb.types import FloatArray
from atlasdb_ingest import models
from atlasdb_ingest.learning import conditional, fitting, readout
from atlasdb_ingest.learning.leakage import Unmixed
from atlasdb_ingest.learning.progress import Looked
from atlasdb_ingest.learning.study import Study
from atlasdb_ingest.learning.windows import Piece, Windows
from atlasdb_ingest.models import linear
from atlasdb_ingest.models.base import LagModel

_FORGETFUL = 0.2
"""Share of itself that a region keeps for a sample, at least."""
_NOTHING = 1e-12


@dataclass(frozen=True, eq=False)
class Learned:
    """Models of some recordings, trained side by side.

    Attributes
    ----------
    windows : Windows
        What they were trained on.
    network : LagModel or None
        None where the family of the study is the linear one.
    plain : LagModel
        The linear model.
    """

    windows: Windows
    network: LagModel | None
    plain: LagModel

    @property
    def models(self) -> list[LagModel]:
        """All of them, what was chosen for the study first."""
        return [self.plain] if self.network is None else [self.network, self.plain]

    @property
    def _witness(self) -> LagModel | None:
        """What is tested beside the past, if anything is."""
        return self.network if self.network and self.network.tested else None

    @cached_property
    def slopes(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Derivatives of each model, as `LagModel.slopes` gives them."""
        return [model.slopes(self.windows) for model in self.models]

    def read(self) -> readout.Readout:
        """Read strength, sign and lag of the connections."""
        return readout.read(self.models, self.windows, self.slopes)

    def strengths(self) -> FloatArray:
        """Read only the strengths."""
        return readout.strengths(self.models, self.windows)

    def evidence(self) -> FloatArray:
        """Tell what each source adds to all others, shape as in `Readout.strength`."""
        found = conditional.effects(self._witness, self.windows).evidence()
        return np.asarray(found.numpy())

    def doubted(self, clean: Sequence[Unmixed]) -> tuple[FloatArray, FloatArray]:
        """Tell the same where mixtures may be left, and of how much of it no mixture.

        Parameters
        ----------
        clean : sequence of Unmixed
            Of each recording, the mixtures that are allowed for.

        Returns
        -------
        evidence, kept : ndarray of float, shape (n_series, n_regions, n_regions)
            Evidence, and its share of what it were without mixtures.
        """
        found = conditional.effects(self._witness, self.windows)
        each = [
            found.of(k).evidence(*(torch.from_numpy(x) for x in (one.doubt, one.noise)))
            for k, one in enumerate(clean)
        ]
        evidence = torch.cat(each)
        kept = evidence / found.evidence().clamp_min(_NOTHING)
        return evidence.numpy(), kept.numpy()

    def direct(self) -> FloatArray:
        """Tell what share of each connection is more than others pass on.

        A region that is moved between two samples moves others before the second:
        half of what two connections do one after the other (the second term of the
        exponential of a flow), more where the region between forgets fast. What is no
        larger is not told from it.

        Returns
        -------
        ndarray of float, shape (n_series, n_regions, n_regions)
            From 0 to 1.
        """
        _, size = self.slopes[0]
        n_regions = size.shape[1]
        power = size.square() * (1 - torch.eye(n_regions).to(size))[..., None]
        next_sample, whole = power[..., 0], power.sum(-1)
        # By the root, not the whole, of what it keeps: what bends seems to forget.
        own = size[..., 0].diagonal(dim1=1, dim2=2).clamp(_FORGETFUL, 1.0)
        passed = next_sample @ (next_sample / own[..., None]) / 4
        share = (1 - passed / whole.clamp_min(_NOTHING)).clamp_min(0.0)
        return np.asarray(share.cpu().double().numpy())

    def scores(self) -> list[FloatArray]:
        """Give the held-out gain over autoregression of each model, in their order."""
        prior = float(linear.SETTINGS["prior"])
        gains = [fitting.gain(model, self.windows, prior) for model in self.models]
        return [np.asarray(gain.cpu().double().numpy()) for gain in gains]


def learn(
    pieces: Sequence[Piece],
    order: int,
    study: Study,
    seed: int,
    where: torch.device,
    looked: Looked = lambda step, errors: None,
    *,
    brief: bool = False,
) -> Learned:
    """Train on recordings of equal number of regions.

    Parameters
    ----------
    pieces : sequence of (ndarray, tuple of int)
        As `Windows.of` takes them.
    order : int
        Number of lags.
    study : Study
        Family and sparsity.
    seed : int
        Seed of starts and draws.
    where : torch.device
        Where to train.
    looked : callable, optional
    brief : bool, default=False
        As in `fitting.fit`.

    Returns
    -------
    Learned
    """
    windows = Windows.of(pieces, order, where)
    sizes = len(pieces), len(pieces[0][0]), order
    plain = linear.build(*sizes, seed).to(where)
    plain.solve(windows)
    family, network = models.load(study.model), None
    if family is not linear:
        network = family.build(*sizes, seed, study.sparsity).to(where)
        fitting.fit(network, windows, family.SETTINGS, seed, looked, brief=brief)
    return Learned(windows, network, plain)
