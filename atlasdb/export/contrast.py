"""All files of one comparison: its pictures and the table of what was tested."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from atlasdb.errors import InvalidDataError
from atlasdb.export import tested
from atlasdb.export.brain import READABLE, TURNABLE, Drawn, placed, plotting
from atlasdb.export.component import ring
from atlasdb.export.difference import matrices
from atlasdb.export.glass import glass
from atlasdb.export.view import view
from atlasdb.export.volcano import volcano
from atlasdb.types import Contrast

Writers = dict[str, Callable[[Path], None]]


def writers(contrast: Contrast) -> tuple[Writers, dict[str, str]]:
    """Give what can be made of a comparison, and why something cannot.

    Parameters
    ----------
    contrast : Contrast

    Returns
    -------
    writers : dict of str to callable
        By the name of the file, what writes it to a path.
    left_out : dict of str to str
        By the name of the file, why it is not made.
    """
    made: Writers = {"differences.csv": partial(differences, contrast)}
    left_out = {}
    if contrast.properties["target"] == "global":
        left_out["matrices.png"] = "there are no areas"
    else:
        made["matrices.png"] = partial(matrices, contrast)
    made["volcano.png"] = partial(volcano, contrast)
    brains = {"glass-brain.png": (glass, READABLE), "connectome.html": (view, TURNABLE)}
    for name, (draw, most) in brains.items():
        try:
            drawn = found(contrast, most)
            placed(drawn)
            plotting()
        except InvalidDataError as error:
            left_out[name] = str(error).rstrip(".")
        else:
            made[name] = partial(draw, drawn)
    for label in tested.significant_components(contrast)["label"]:
        made[f"component-{label}.png"] = partial(ring, contrast, int(label))
    return made, left_out


def found(contrast: Contrast, most: int) -> Drawn:
    """Choose the connections that were found, the largest effects where too many.

    Raises
    ------
    InvalidDataError
        If there is nothing to draw.
    """
    if not tested.of_connections(contrast):
        raise InvalidDataError("Measures were compared, not connections.")
    table = tested.rows(contrast)
    chosen = table[table["found"]]
    if chosen.empty:
        raise InvalidDataError("Nothing is significant.")
    size = chosen["effect"].abs().rename("size")
    by = [-size, chosen["i"], chosen["j"]]
    kept = chosen.iloc[np.lexsort(tuple(reversed(by)))].head(most)
    n = len(contrast.areas)
    weights = np.zeros((n, n))
    weights[kept["i"], kept["j"]] = kept["effect"]
    if not tested.directed(contrast):
        weights += weights.T
    lines = tested.head_lines(contrast, table)
    if len(kept) < len(chosen):
        lines[-1] += f"; the {len(kept)} largest effects are shown"
    said = contrast.properties
    label = tested.effect_name(said)
    return Drawn(weights, contrast.areas, tuple(lines), label, said.get("space"))


def differences(contrast: Contrast, path: Path) -> None:
    """Write one row for each connection or measure tested, the surest first.

    Columns: ``source, target`` or ``area, metric`` (names and codes), then
    ``mean_a, mean_b, effect, effect_low, effect_high, statistic, df, p, q, p_fwe,
    significant, component, n_a, n_b``, those of them that the test has.
    """
    table = tested.rows(contrast)
    target = contrast.properties["target"]
    names = contrast.areas["name"].to_numpy(dtype=object)
    codes = contrast.areas["code"].to_numpy(dtype=object)
    place = {"source": "i", "target": "j"} if target == "edges" else {"area": "i"}
    columns: dict[str, Any] = {}
    if target != "global":
        columns |= {end: names[table[at]] for end, at in place.items()}
    if target != "edges":
        columns["metric"] = contrast.arrays["metrics"][table["j"]]
    if target != "global":
        columns |= {f"{end}_code": codes[table[at]] for end, at in place.items()}
    surest = [c for c in ("p_fwe", "p") if c in table]
    order = table.assign(size=-table["statistic"].abs()).sort_values(
        [*surest, "size", "i", "j"]
    )
    kept = table.drop(columns=["i", "j", "found"])
    for k, (name, values) in enumerate(columns.items()):
        kept.insert(k, name, values)
    kept = kept.loc[order.index]
    kept.to_csv(path, index=False, lineterminator="\n")
