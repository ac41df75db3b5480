"""What a comparison tested, as rows; and in words, for the head of its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from atlasdb.types import Contrast

if TYPE_CHECKING:
    import pandas as pd

_MEASURED = "mean_a mean_b effect effect_low effect_high statistic df p q p_fwe"
_COLUMNS = f"{_MEASURED} significant n_a n_b component".split()
_TESTS = {
    "welch": "Welch's t test",
    "moderated": "moderated t test",
    "glm": "linear model",
    "permutation": "permutation test",
    "rank": "Mann-Whitney test",
    "crawford_howell": "Crawford-Howell t test",
    "nbs": "network-based statistic",
    "nbs_intensity": "network-based statistic by intensity",
    "tfce": "threshold-free enhancement",
}
_CORRECTIONS = {
    "fdr_bh": "false discovery rate (Benjamini-Hochberg)",
    "fdr_by": "false discovery rate (Benjamini-Yekutieli)",
    "fwe": "family-wise error",
}
_UNITS = {"edges": "connections", "nodes": "measures of areas", "global": "measures"}


def rows(contrast: Contrast) -> pd.DataFrame:
    """Give one row for each connection or measure that was tested.

    Returns
    -------
    pandas.DataFrame
        ``i, j`` (places in the arrays; of connections source and target, of areas
        ``j`` is the measure), what the arrays say, and ``found``: significant, or of
        a significant component. Where no direction counts, each pair is there once.
    """
    import pandas as pd

    arrays = contrast.arrays
    shape = arrays["statistic"].shape
    tested = np.isfinite(arrays["statistic"])
    if of_connections(contrast):
        tested = tested & ~np.eye(len(contrast.areas), dtype=bool)
        if not directed(contrast):
            tested = np.triu(tested)
    place = np.nonzero(tested)
    table: dict[str, Any] = {"i": place[0], "j": place[-1]}
    for name in _COLUMNS:
        if name in arrays and arrays[name].shape == shape:
            table[name] = arrays[name][place]
    frame = pd.DataFrame(table)
    if "significant" in frame:
        frame["found"] = frame["significant"].astype(bool)
    else:
        labels = significant_components(contrast)["label"]
        component = frame.get("component", pd.Series(0, index=frame.index))
        frame["found"] = component.isin(list(labels))
    return frame


def of_connections(contrast: Contrast) -> bool:
    """Tell whether connections were compared, and not measures."""
    return bool(contrast.properties["target"] == "edges")


def directed(contrast: Contrast) -> bool:
    """Tell whether the two directions of a pair were two tests."""
    statistic = contrast.arrays["statistic"]
    return not np.array_equal(statistic, statistic.T, equal_nan=True)


def significant_components(contrast: Contrast) -> pd.DataFrame:
    """Give the components whose p passes the comparison's own level."""
    alpha = contrast.properties["alpha"]
    found: pd.DataFrame = contrast.components[contrast.components["p_fwe"] < alpha]
    return found


def head_lines(contrast: Contrast, tested: pd.DataFrame) -> list[str]:
    """Say who was compared, by which test, and how much was found: three lines."""
    said = contrast.properties
    test = _TESTS.get(said["test"], said["test"])
    if said.get("threshold") is not None:
        test += f" (threshold {said['threshold']:.2f})"
    if said.get("alternative") in ("greater", "less"):
        test += f", one-sided: {directions(said)[said['alternative'] == 'less']}"
    correction = _CORRECTIONS.get(said["correction"], said["correction"])
    level = "p" if said["correction"] == "fwe" else "q"
    lines = [who(said), f"{test}; {correction}, {level} < {said['alpha']:g}"]
    if said.get("covariates"):
        lines[-1] += f"; held constant: {said['covariates'].replace(',', ', ')}"
    if said.get("harmonisation"):
        lines[-1] += "; sites taken out by ComBat"
    if len(contrast.components) or "component" in tested:
        parts = significant_components(contrast)
        n, whole = len(parts), len(contrast.components)
        lines.append(f"{n} of {whole} components significant")
        if n:
            lines[-1] += f", with {int(tested['found'].sum()):,} connections"
    else:
        n, what = int(tested["found"].sum()), _UNITS[said["target"]]
        lines.append(f"{n:,} of {len(tested):,} {what} significant")
    return lines


def who(said: Mapping[str, Any]) -> str:
    """Say who was compared with whom, and how many they are."""
    question, a, b = said.get("question"), said["cohort_a"], said.get("cohort_b")
    several = str(said.get("groups", "")).split(",")
    if question == "score":
        return f"{several[0]} (n = {said['n_a']}) by {several[-1]}"
    if question == "sessions":
        return f"{' against '.join(several)}, within {said['n_a']} people"
    if question == "patient":
        return f"{a} against {b} (n = {said['n_b']})"
    if several_groups(said):
        return " against ".join(several)
    return f"{a} (n = {said['n_a']}) against {b} (n = {said['n_b']})"


def several_groups(said: Mapping[str, Any]) -> bool:
    """Tell whether more than two groups were compared: effects then have no sign."""
    return len(str(said.get("groups", "")).split(",")) > 2


def effect_name(said: Mapping[str, Any]) -> str:
    """Say what the effects of a comparison are measured in."""
    if said.get("question") == "score":
        return "partial correlation"
    if said.get("question") == "patient":
        return "deviation (SD of the controls)"
    if several_groups(said):
        return "share of the variance (partial η²)"
    power = said.get("scale")
    if power is None or power == 1:
        return "effect (Hedges' g)"
    return f"effect (Hedges' g of {quantity(said)[0]} to the power {power:g})"


def quantity(said: Mapping[str, Any]) -> tuple[str, str]:
    """Say what was compared, weights or signed estimates, and in which unit."""
    unit = str(said.get("unit") or "a.u.")
    if said.get("quantity") != "value":
        return "weight", unit
    return "estimate", "Fisher's z" if "correlation" in unit else unit


def directions(said: Mapping[str, Any]) -> tuple[str, str]:
    """Say what positive and negative effects mean."""
    if said.get("question") == "score":
        score = str(said["groups"]).split(",")[-1]
        return f"rises with {score}", f"falls with {score}"
    if several_groups(said):
        return "differs", "differs"
    if said["target"] != "edges":
        return f"larger in {said['cohort_a']}", f"smaller in {said['cohort_a']}"
    return f"stronger in {said['cohort_a']}", f"weaker in {said['cohort_a']}"
