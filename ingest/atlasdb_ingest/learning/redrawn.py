"""Recordings made once more, as a trained network says that they are made.

Stretch by stretch, from a past that was recorded, what follows is what the network
says of it and the errors that it makes on held-out blocks; what was drawn is the past
of what comes next. No region goes farther than it did in the recording.
"""

from __future__ import annotations

import numpy as np
import torch

from atlasdb.types import FloatArray
from atlasdb_ingest.learning.windows import Piece, Windows
from atlasdb_ingest.models.base import LagModel

TIMES = 2
"""How often each recording is redrawn."""
_LONG = 50
"""Samples that are drawn one after the other."""
_WIDEST = 2.0
"""Errors on held-out blocks are at most so many times those of training."""


def redraw(model: LagModel, windows: Windows, seed: int) -> list[list[Piece]]:
    """Draw recordings anew.

    Parameters
    ----------
    model : LagModel
        Trained on `windows`.
    windows : Windows
        Recordings.
    seed : int
        Seed of the draws, of each recording the same whatever is beside it.

    Returns
    -------
    list of list of (ndarray, tuple of int)
        `TIMES` of each recording, as `Windows.of` takes them: each contiguous piece
        begins with a past that was recorded.
    """
    said = _said(model, windows)
    shares, pools, starts, draws, longs = [], [], [], [], []
    for k, course in enumerate(windows.series):
        known = windows.known[k, : windows.n_known[k]]
        tested = windows.held_out[k, : windows.n_held_out[k]]
        # What predicts best, so that too much is as rare as too little.
        power = said[k, tested].square().sum()
        best = (said[k, tested] * course[tested]).sum() / power.clamp_min(1e-12)
        shares.append(best.clamp(0.0, 1.0))
        error = course - said[k] * shares[-1]
        size, honest = (error[rows].square().mean(0) for rows in (known, tested))
        wider = (honest / size.clamp_min(1e-12)).clamp(1.0, _WIDEST**2).sqrt()
        pool = torch.cat([error[known] * wider, error[tested]])
        pools.append(pool - pool.mean(0))
        rows = torch.cat([known, tested]).sort().values
        n = -(-len(rows) // _LONG)
        longs.append(len(rows) // n)
        starts.append(rows[:: longs[-1]][:n].repeat(TIMES))
        rng = np.random.default_rng([seed, len(pool)])
        draws.append(rng.integers(0, len(pool), (_LONG, len(starts[-1]))))
    most = max(len(rows) for rows in starts)
    padded = torch.stack([rows.repeat(-(-most // len(rows)))[:most] for rows in starts])
    past = windows.at(padded)[0]
    low, high = (windows.series.aminmax(dim=1)[k][:, None] for k in (0, 1))
    keep = torch.stack(shares)[:, None, None]
    made = [past.flip(-1)]
    for t in range(_LONG):
        error = torch.zeros_like(past[..., 0])
        for k, pool in enumerate(pools):
            which = torch.from_numpy(draws[k][t]).to(pool.device)
            error[k, : len(which)] = pool[which]
        with torch.no_grad():
            now = (model(past) * keep + error).clamp(low, high)
        past = torch.cat([now[..., None], past[..., :-1]], -1)
        made.append(now[..., None])
    drawn = torch.cat(made, -1).cpu().double().numpy()
    return [
        [
            _joined(one[..., : windows.order + long])
            for one in np.split(drawn[k, : len(rows)], TIMES)
        ]
        for k, (rows, long) in enumerate(zip(starts, longs, strict=True))
    ]


def _joined(stretches: FloatArray) -> Piece:
    """Lay stretches one after the other."""
    n, n_regions, long = stretches.shape
    return stretches.transpose(1, 0, 2).reshape(n_regions, n * long), (long,) * n


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
