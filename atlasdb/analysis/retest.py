"""What two recordings of one person say of the same connections."""

from __future__ import annotations

import numpy as np
import pandas as pd

from atlasdb.analysis import agreement
from atlasdb.types import FloatArray

_NUMBERS = "n_pairs same_direction reliability strength_correlation"


def retest(rows: pd.DataFrame) -> pd.DataFrame:
    """Compare every two connectomes of one person that should be the same.

    Parameters
    ----------
    rows : pandas.DataFrame
        Connections of one connectome that has another one to be compared with:
        ``subject, connectome, other, modality, reliability, source, target`` (areas),
        ``weight, probability, supported``. A connection that is not there has weight
        0; without a probability it counts where it is supported.

    Returns
    -------
    pandas.DataFrame
        One row for two connectomes, sorted: ``subject, first, second, modality,
        n_pairs, same_direction, reliability, strength_correlation``.
    """
    groups = rows.groupby(["connectome", "other"])
    held = {(str(own), str(other)): one for (own, other), one in groups}
    found = []
    for (first, second), one in held.items():
        if first > second or (second, first) not in held:
            continue
        both = one, held[second, first]
        row = {"subject": one["subject"].iloc[0], "first": first, "second": second}
        found.append(row | {"modality": one["modality"].iloc[0]} | _compared(*both))
    columns = ["subject", "first", "second", "modality", *_NUMBERS.split()]
    answer = pd.DataFrame(found, columns=columns)
    return answer.sort_values(columns[:3]).reset_index(drop=True)


def _compared(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, float]:
    areas = pd.Index(sorted({*first["source"], *first["target"]}))
    areas = areas.intersection([*second["source"], *second["target"]]).sort_values()
    one, likely = _matrices(first, areas)
    other, as_likely = _matrices(second, areas)
    counts = likely + as_likely
    stated = [frame["reliability"].iloc[0] for frame in (first, second)]
    compared = np.isfinite(one + one.T + other + other.T)
    return {
        "n_pairs": int(np.triu(compared, 1).sum()),
        "same_direction": agreement.same_direction(one, other, counts),
        "reliability": float(np.mean(np.array(stated, dtype=np.float64))),
        "strength_correlation": agreement.strengths(one, other),
    }


def _matrices(rows: pd.DataFrame, areas: pd.Index) -> tuple[FloatArray, FloatArray]:
    """Give weights and how much they count; NaN where neither order is there."""
    source = areas.get_indexer(pd.Index(rows["source"]))
    target = areas.get_indexer(pd.Index(rows["target"]))
    inside = (source >= 0) & (target >= 0)
    where = source[inside], target[inside]
    weight, likely = np.full((2, len(areas), len(areas)), np.nan)
    weight[where] = rows["weight"].to_numpy(dtype=np.float64)[inside]
    supported = rows["supported"].astype("boolean").fillna(False).astype(float)
    probability = rows["probability"].astype(float).fillna(supported)
    likely[where] = probability.to_numpy(dtype=np.float64)[inside]
    for matrix in (weight, likely):
        reverse = np.isnan(matrix) & np.isfinite(matrix.T)
        matrix[reverse] = 0.0
    return weight, likely
