"""Recordings made once more, as a trained network says that they are made.

Half of a recording is no small recording to a network: what bends it finds late, and
then all at once. So how often the directions of a recording would return is asked of
recordings of the same length. The past stays what it was; what follows it is what the
network says, and the errors that it makes on held-out blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from atlasdb.types import FloatArray
from atlasdb_ingest import models
from atlasdb_ingest.learning import fitting, readout
from atlasdb_ingest.learning.study import Study
from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models import linear
from atlasdb_ingest.models.base import LagModel

TIMES = 2
"""How often each recording is redrawn."""
_WIDEST = 2.0
"""Errors on held-out blocks are at most so many times those of training."""


def strengths(
    model: LagModel, windows: Windows, which: Sequence[int], study: Study, seed: int
) -> FloatArray:
    """Find connections anew in recordings that a network redraws.

    Parameters
    ----------
    model : LagModel
        Trained on `windows`.
    windows : Windows
        Recordings.
    which : sequence of int
        Those to redraw.
    study : Study
        Family and sparsity of the network.
    seed : int
        Seed of starts and draws.

    Returns
    -------
    ndarray of float, shape (n_recordings, TIMES, n_regions, n_regions)
        As in `readout.Readout`.
    """
    drawn = redraw(model, windows, which, seed)
    family, where = models.load(study.model), windows.series.device
    sizes = len(drawn.series), model.n_regions, model.order
    network: LagModel = family.build(*sizes, seed, study.sparsity)
    network.to(where)
    fitting.fit(network, drawn, family.SETTINGS, seed)
    plain = linear.build(*sizes, seed).to(where)
    plain.solve(drawn)
    found = readout.strengths([network, plain], drawn)
    return found.reshape(len(which), TIMES, *found.shape[1:])


def redraw(
    model: LagModel, windows: Windows, which: Sequence[int], seed: int
) -> Windows:
    """Draw anew what follows the past in some recordings.

    Parameters
    ----------
    model : LagModel
        Trained on `windows`.
    windows : Windows
        Recordings.
    which : sequence of int
        Those to redraw.
    seed : int
        Seed of the draws, of each recording the same whatever is beside it.

    Returns
    -------
    Windows
        `TIMES` of each, one after the other.
    """
    said = _said(model, windows)
    following = []
    for k in which:
        known = windows.known[k, : windows.n_known[k]]
        tested = windows.held_out[k, : windows.n_held_out[k]]
        course = windows.series[k]
        # What predicts best, so that too much is as rare as too little.
        power = said[k, tested].square().sum()
        share = (said[k, tested] * course[tested]).sum() / power.clamp_min(1e-12)
        expected = said[k] * share.clamp(0.0, 1.0)
        error = course - expected
        size, honest = (error[rows].square().mean(0) for rows in (known, tested))
        wider = (honest / size.clamp_min(1e-12)).clamp(1.0, _WIDEST**2).sqrt()
        pool = torch.cat([error[known] * wider, error[tested]])
        pool = pool - pool.mean(0)
        rng = np.random.default_rng([seed, len(pool)])
        for _ in range(TIMES):
            drawn = torch.from_numpy(rng.integers(0, len(pool), len(course)))
            following.append(expected + pool[drawn.to(pool.device)])
    again = [k for k in which for _ in range(TIMES)]
    return replace(
        windows,
        series=windows.series[again],
        known=windows.known[again],
        held_out=windows.held_out[again],
        n_known=windows.n_known[again],
        n_held_out=windows.n_held_out[again],
        following=torch.stack(following),
    )


def _said(model: LagModel, windows: Windows) -> torch.Tensor:
    """Give what a model predicts at each sample; 0 where it predicts none."""
    said = torch.zeros_like(windows.series)
    place = torch.arange(len(said), device=said.device)[:, None]
    with torch.no_grad():
        for rows in (windows.known, windows.held_out):
            for start in range(0, rows.shape[1], 2048):
                part = rows[:, start : start + 2048]
                said[place, part] = model(windows.at(part)[0])
    return said
