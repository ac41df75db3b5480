"""What is drawn in a brain: which connections, and where their areas are."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError, MissingExtraError
from atlasdb.export.matrix import brightest, whose
from atlasdb.types import Connectome

if TYPE_CHECKING:
    import pandas as pd

READABLE = 100
"""So many connections can be told apart in a glass brain."""
TURNABLE = 200
"""So many where the brain can be turned round."""
_TILT = np.radians(3.25)
_TURN = np.array(
    [
        [1, 0, 0],
        [0, np.cos(_TILT), -np.sin(_TILT)],
        [0, np.sin(_TILT), np.cos(_TILT)],
    ]
)
_SHIFT_MM = np.array([1.9, -28.8, -41.3])
"""From head coordinates to the template brain, for a head of the standard size."""
_REACH = np.array([[-110, 110], [-145, 125], [-100, 130]])
"""Where areas and electrodes of a human head can be, mm."""
_SMALLEST = 30
"""The areas of a human brain are not all within so many mm."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Connections to be drawn in a brain.

    Attributes
    ----------
    weights : ndarray, shape (n_areas, n_areas)
        Sources are rows; 0 where nothing is drawn. Symmetric without a direction.
    areas : pandas.DataFrame
        In the order of the weights.
    head : tuple of str
        Lines above the picture.
    label : str
        What the colours are.
    space : str or None
        Of the positions; "head" for electrodes.
    """

    weights: NDArray[np.float64]
    areas: pd.DataFrame
    head: tuple[str, ...]
    label: str
    space: str | None = None


def strongest(connectome: Connectome, most: int) -> Drawn:
    """Choose the strongest supported connections, and say how many of how many.

    Where none is supported, the strongest estimates are chosen, and that is said.
    """
    if not connectome.matrices:
        raise InvalidDataError(
            f"{connectome.id} is between neurons, which have no place in a brain here; "
            "export it as .csv or .graphml."
        )
    said = connectome.properties
    weight = np.nan_to_num(connectome.matrices["weight"].astype(float))
    np.fill_diagonal(weight, 0)
    if not said["directed"]:
        weight = np.triu(np.maximum(weight, weight.T))
    supported = _supported(connectome) & (weight > 0)
    n_known = int((weight > 0).sum())
    if supported.any():
        chosen, what = np.where(supported, weight, 0), "supported connections"
    else:
        chosen, what = weight, "estimates"
    n = int((chosen > 0).sum())
    if n > most:
        at = np.argsort(-chosen, axis=None, kind="stable")[:most]
        kept = np.zeros(chosen.size)
        kept[at] = chosen.ravel()[at]
        chosen = kept.reshape(chosen.shape)
        shown = f"the strongest {most} of {n:,} {what}"
    else:
        shown = f"all {n:,} {what}"
    if not supported.any():
        shown = f"none of {n_known:,} connections is supported: {shown}"
    if not said["directed"]:
        chosen = chosen + chosen.T
    first = f"{whose(said)}: {said['modality']}, {said['method']}"
    label = f"weight ({said.get('unit') or 'a.u.'})"
    return Drawn(chosen, connectome.nodes, (first, shown), label, said.get("space"))


def _supported(connectome: Connectome) -> NDArray[np.bool_]:
    """Give the pairs that pass the connectome's own rule."""
    place = {name: i for i, name in enumerate(connectome.nodes["id"])}
    edges = connectome.edges[connectome.edges["supported"].fillna(True).astype(bool)]
    found = np.zeros((len(place), len(place)), dtype=bool)
    found[edges["source"].map(place), edges["target"].map(place)] = True
    return found if connectome.properties["directed"] else found | found.T


def placed(drawn: Drawn) -> tuple[NDArray[np.float64], pd.DataFrame, NDArray[Any]]:
    """Give weights, areas and positions of those that take part in something drawn.

    Raises
    ------
    InvalidDataError
        If the areas have no positions, or not those of a human brain in MNI space.
    """
    xyz = drawn.areas[["x_mm", "y_mm", "z_mm"]].to_numpy(dtype=float)
    if drawn.space == "head":
        xyz = xyz @ _TURN.T + _SHIFT_MM
    known = np.isfinite(xyz).all(axis=1)
    if not known.any():
        raise InvalidDataError("The areas have no positions, so no brain can be drawn.")
    low, high = xyz[known].min(axis=0), xyz[known].max(axis=0)
    inside = (low >= _REACH[:, 0]).all() and (high <= _REACH[:, 1]).all()
    if not inside or (known.sum() > 3 and (high - low).max() < _SMALLEST):
        raise InvalidDataError(
            f"The areas lie from {_mm(low)} to {_mm(high)} mm, which is not a human "
            "brain in MNI space, so no brain can be drawn."
        )
    joined = (drawn.weights != 0).any(axis=0) | (drawn.weights != 0).any(axis=1)
    chosen = np.flatnonzero(known & joined)
    if not (drawn.weights[np.ix_(chosen, chosen)] != 0).any():
        raise InvalidDataError("There is no connection to draw.")
    areas = drawn.areas.iloc[chosen].reset_index(drop=True)
    return drawn.weights[np.ix_(chosen, chosen)], areas, xyz[chosen]


def _mm(point: NDArray[np.float64]) -> str:
    return "(" + ", ".join(f"{x:.0f}" for x in point) + ")"


def has_direction(weights: NDArray[np.float64]) -> bool:
    """Tell whether some connections differ from their way back."""
    return not np.allclose(weights, weights.T, rtol=1e-3)


def scale(weights: NDArray[np.float64]) -> tuple[str, float, float]:
    """Choose colours: from 0 up, or both ways from 0 where some are negative."""
    top = brightest(np.abs(weights))
    return ("RdBu_r", -top, top) if (weights < 0).any() else ("viridis_r", 0.0, top)


def plotting() -> Any:
    """Give nilearn's plotting, or say what to install."""
    try:
        return import_module("nilearn.plotting")
    except ModuleNotFoundError as error:
        raise MissingExtraError("A brain picture", "nilearn", "ingest") from error
