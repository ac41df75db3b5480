"""Activation maps as tables, pictures and volumes."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from atlasdb.errors import InvalidDataError, MissingExtraError
from atlasdb.export.figure import new_figure, save
from atlasdb.types import Activation


def times_ms(activation: Activation) -> np.ndarray[Any, Any] | None:
    """Give the time of each column after the event, ms; None without a course."""
    said = activation.properties
    n_times = activation.data.shape[1]
    if said.get("t0_ms") is None or said.get("dt_ms") is None or n_times < 2:
        return None
    times: np.ndarray[Any, Any] = said["t0_ms"] + said["dt_ms"] * np.arange(n_times)
    return times


def to_csv(activation: Activation, path: Path) -> None:
    """Write one row an area; with a time course, one row an area and time.

    Columns: ``area, code, hemisphere, x_mm, y_mm, z_mm``, then ``time_ms, amplitude``
    or ``amplitude``, and ``peak_amp, peak_ms, z, p, q`` of the area.
    """
    import pandas as pd

    areas = activation.areas.rename(columns={"name": "area"})
    first = ["area", "code", "hemisphere", "x_mm", "y_mm", "z_mm"]
    last = ["peak_amp", "peak_ms", "z", "p", "q"]
    times = times_ms(activation)
    if times is None:
        frame = areas[first].assign(amplitude=activation.data[:, 0])
        frame = pd.concat([frame, areas[["z", "p", "q"]]], axis=1)
    else:
        rows = np.repeat(np.arange(len(areas)), len(times))
        frame = areas.iloc[rows][[*first, *last]].reset_index(drop=True)
        frame.insert(6, "time_ms", np.tile(times, len(areas)))
        frame.insert(7, "amplitude", activation.data.ravel())
    frame.to_csv(path, index=False, lineterminator="\n")


def to_figure(activation: Activation, path: Path) -> None:
    """Draw the courses of all areas and where the peak lies; bars without a course."""
    times = times_ms(activation)
    if times is None:
        _bars(activation, path)
        return
    said = activation.properties
    data = activation.data
    figure = new_figure(9, 4)
    left, right = figure.subplots(1, 2, width_ratios=[2, 1])
    after = np.where(times > 0, np.abs(data).max(axis=0), -1)
    peak = int(after.argmax())
    largest = int(np.abs(data[:, peak]).argmax())
    left.plot(times, data.T, color="0.6", linewidth=0.7)
    name = activation.areas["name"].iloc[largest]
    left.plot(times, data[largest], color="C0", linewidth=1.8, label=name)
    left.axvline(0, color="0.3", linewidth=0.8)
    left.axhline(0, color="0.3", linewidth=0.8)
    left.axvline(times[peak], color="C3", linewidth=0.8, linestyle="--")
    left.set_xlabel("time after the event (ms)")
    left.set_ylabel(f"amplitude ({said.get('unit')})")
    left.legend(frameon=False)
    _title(activation, left)
    _positions(activation, data[:, peak], right)
    right.set_title(f"at {times[peak]:.0f} ms")
    save(figure, path)


def _title(activation: Activation, axes: Any) -> None:
    said = activation.properties
    trials = f", {said['n_trials']} trials" if said.get("n_trials") else ""
    axes.set_title(f"{said['subject']}: {said['condition']}{trials}")


def _positions(activation: Activation, values: np.ndarray[Any, Any], axes: Any) -> None:
    """Draw areas as dots from above, coloured by a value."""
    areas = activation.areas
    place = areas[["x_mm", "y_mm"]].to_numpy(dtype=float)
    known = np.isfinite(place).all(axis=1)
    axes.set_aspect("equal")
    axes.axis("off")
    if not known.any():
        axes.text(0.5, 0.5, "no positions", ha="center", transform=axes.transAxes)
        return
    limit = float(np.abs(values).max()) or 1.0
    dots = axes.scatter(
        *place[known].T,
        c=values[known],
        cmap="RdBu_r",
        vmin=-limit,
        vmax=limit,
        s=140,
        edgecolors="0.4",
        linewidths=0.5,
    )
    if known.sum() <= 40:
        for (x, y), name in zip(place[known], areas["name"][known], strict=True):
            axes.annotate(name, (x, y), ha="center", va="center", fontsize=5)
    unit = activation.properties.get("unit")
    axes.figure.colorbar(dots, ax=axes, shrink=0.7, label=f"{unit}")


def _bars(activation: Activation, path: Path) -> None:
    """Draw the response of each area, largest first."""
    values = activation.data[:, 0]
    order = np.argsort(-np.abs(values))[:40]
    figure = new_figure(7, max(3.0, 0.2 * len(order) + 1))
    axes = figure.add_subplot()
    names = activation.areas["name"].to_numpy(dtype=object)[order]
    colours = ["C3" if v > 0 else "C0" for v in values[order]]
    axes.barh(range(len(order)), values[order], color=colours)
    axes.set_yticks(range(len(order)), names, fontsize=7)
    axes.invert_yaxis()
    axes.axvline(0, color="0.3", linewidth=0.8)
    axes.set_xlabel(str(activation.properties.get("unit")))
    _title(activation, axes)
    save(figure, path)


def to_nifti(activation: Activation, path: Path) -> None:
    """Write the map by voxel as NIfTI, made anew: no header text of the recording.

    Raises
    ------
    InvalidDataError
        If the map has no voxels, as an evoked response of electrodes.
    """
    if activation.volume is None or activation.affine is None:
        raise InvalidDataError(
            f"{activation.id} has no voxels, so it cannot be a NIfTI image; export it "
            "as .csv or .png."
        )
    try:
        nib: Any = import_module("nibabel")
    except ModuleNotFoundError as error:
        raise MissingExtraError("A NIfTI image", "nibabel", "ingest") from error
    image = nib.Nifti1Image(activation.volume.astype(np.float32), activation.affine)
    image.header.set_xyzt_units("mm")
    nib.save(image, path)
