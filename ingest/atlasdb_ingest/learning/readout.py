"""From trained networks to strength, sign and lag: ``[source, target]`` matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from atlasdb.types import FloatArray
from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models.base import LagModel


@dataclass(frozen=True, eq=False)
class Readout:
    """What networks say of the connections, one matrix a recording.

    Attributes
    ----------
    strength : ndarray, shape (n_series, n_regions, n_regions)
        How much worse the target is predicted without the source: the logarithm of
        the ratio of the errors, at least 0; the mean of the models.
    sign : ndarray of int
        Of the mean derivative at the strongest lag.
    lag : ndarray of int
        Lag with the largest derivative (root mean square), 1 or more samples.
    """

    strength: FloatArray
    sign: FloatArray
    lag: FloatArray

    @property
    def value(self) -> FloatArray:
        """Strengths with their signs."""
        return np.asarray(self.strength * np.where(self.sign < 0, -1.0, 1.0))

    def of(self, which: slice) -> Readout:
        """Give those of some recordings."""
        return Readout(self.strength[which], self.sign[which], self.lag[which])


def read(
    models: Sequence[LagModel],
    windows: Windows,
    slopes: Sequence[tuple[torch.Tensor, torch.Tensor]],
) -> Readout:
    """Read connections out of trained models of the same recordings, on average.

    Parameters
    ----------
    models : sequence of LagModel
        Trained on `windows`.
    windows : Windows
        Where to probe them.
    slopes : sequence of (Tensor, Tensor)
        Of each model, as `LagModel.slopes` gives them.

    Returns
    -------
    Readout
        NaN on the diagonals.
    """
    n = len(models)
    strength = strengths(models, windows)
    mean, size = (_double(sum(s[k].cpu() for s in slopes)) / n for k in (0, 1))
    strongest = size.argmax(axis=-1)
    sign = np.sign(np.take_along_axis(mean, strongest[..., None], axis=-1)[..., 0])
    lag = strongest + 1.0
    place = np.arange(strength.shape[-1])
    for matrix in (sign, lag):
        matrix[:, place, place] = np.nan
    return Readout(strength, sign, lag)


def strengths(models: Sequence[LagModel], windows: Windows) -> FloatArray:
    """Read only the strengths, as in `Readout`."""
    found = sum(model.gain(windows).clamp_min(0.0).cpu() for model in models)
    strength = _double(found)
    place = np.arange(strength.shape[-1])
    strength[:, place, place] = np.nan
    return strength


def parameters(model: LagModel, which: int) -> dict[str, np.ndarray]:
    """Give the parameters of one recording's networks, as float32."""
    return {
        name: tensor.detach()[which].cpu().numpy().astype(np.float32)
        for name, tensor in model.state_dict().items()
    }


def _double(tensor: torch.Tensor | float) -> FloatArray:
    tensor = torch.as_tensor(tensor)
    return tensor.detach().cpu().numpy().astype(np.float64)
