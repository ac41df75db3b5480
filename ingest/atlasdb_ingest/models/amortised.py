"""Contemporaneous connections read by a network that saw many simulated brains.

A brain whose connections are known can only be simulated. Many were, each unlike the
others; the network learned to read the connections of any of them from its recording
alone, and reads those of a real one. Its probabilities are right for brains like the
simulated ones: ``ood_score`` says how unlike them a recording is, and far from them
no direction is given.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import Final

import numpy as np
import torch

from atlasdb.errors import NotFoundError
from atlasdb.types import FloatArray
from atlasdb_ingest.learning import partial
from atlasdb_ingest.learning.familiar import Familiar, strange
from atlasdb_ingest.learning.pairs import Features, describe
from atlasdb_ingest.learning.reader import Reader, probability
from atlasdb_ingest.types import Reading

WEIGHTS: Final = files("atlasdb_ingest.models") / "amortised.safetensors"
ENGINE: Final = "contemporaneous"
UNIT: Final = "partial correlation"
MEANING: Final = (
    "Probabilities are conditional on the simulated brains that the model learned from."
)


def _fingerprint() -> str:
    """Tell the network that ships from any other; the other models need none."""
    if not WEIGHTS.is_file():
        return "missing"
    return hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()[:16]


SETTINGS: Final[dict[str, float | int | str]] = {
    "version": 3,
    "ridge": partial.RIDGE,
    "weights": _fingerprint(),
}


def read(data: FloatArray, sfreq: float) -> Reading:
    """Read one recording.

    Parameters
    ----------
    data : ndarray of float, shape (n_regions, n_times)
        BOLD series in any unit, none of them constant.
    sfreq : float
        Volumes per second.

    Returns
    -------
    Reading
        Probability, direction and how familiar the recording is.

    Raises
    ------
    NotFoundError
        If the trained network is not where it ships.
    """
    reader, familiar = _trained()
    with torch.no_grad():
        features = _described(data, sfreq)
        score = float(familiar.score(features)[0])
        seen = reader.look(features)
        del features  # those of 400 regions take more than all that follows
        forth = probability(reader.answer(seen))[0].double().numpy()
    withheld, why = None, strange(score)
    if why is not None:
        forth = (forth + forth.T) / 2
        withheld = f"{why}: direction is withheld"
    total = forth + forth.T
    direction = np.where(total > 0, forth / np.where(total > 0, total, 1.0), 0.5)
    return Reading(direction, forth, score, withheld)


def unlike(data: FloatArray, sfreq: float) -> float | None:
    """Score how unlike the simulated brains a recording is, whatever reads it.

    Parameters are those of `read`.

    Returns
    -------
    float or None
        `Reading.ood_score`; None where the trained network is not there to tell.
    """
    if not WEIGHTS.is_file():
        return None
    with torch.no_grad():
        return float(_trained()[1].score(_described(data, sfreq))[0])


def _described(data: FloatArray, sfreq: float) -> Features:
    series = torch.from_numpy(np.ascontiguousarray(data, dtype=np.float64)).float()
    return describe(series[None], 1.0 / sfreq)


@lru_cache(maxsize=1)
def _trained() -> tuple[Reader, Familiar]:
    from safetensors.torch import load

    if not WEIGHTS.is_file():
        raise NotFoundError(
            f"The trained network is missing: {WEIGHTS}. Install atlasdb again, make "
            "the network there with 'atlasdb train', or use --engine fask."
        )
    tensors = load(WEIGHTS.read_bytes())
    return Reader.of(tensors), Familiar.of(tensors)
