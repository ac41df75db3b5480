"""Small EEG files of every format, made of a cap that conducts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mne
import numpy as np
from numpy.typing import NDArray

NAMES = ("Fp1", "Fp2", "F3", "F4", "C3", "Cz", "C4", "P3", "Pz", "P4", "O1", "O2")
SFREQ = 200.0
RESPONDING = "Pz"
Array = NDArray[np.float64]


def voltages(
    n_channels: int = 12, seconds: float = 20.0, sfreq: float = SFREQ, seed: int = 0
) -> Array:
    """Give volts of 10 uV size that neighbours share."""
    rng = np.random.default_rng(seed)
    n = int(seconds * sfreq)
    common = np.cumsum(rng.normal(size=(3, n)), axis=1)
    common -= np.linspace(0, 1, n) * common[:, -1:]
    common /= common.std(axis=1, keepdims=True)
    own = rng.normal(size=(n_channels, n))
    phase = np.linspace(0, np.pi, n_channels)[:, None]
    mixed = np.cos(phase) * common[0] + np.sin(phase) * common[1]
    alpha = np.sin(2 * np.pi * 10 * np.arange(n) / sfreq)
    return np.asarray(1e-5 * (0.6 * mixed + 0.5 * alpha + 0.3 * own))


def respond(
    data: Array, onsets: Sequence[float], row: int, sfreq: float = SFREQ
) -> None:
    """Add 15 uV at 300 ms after each onset to one channel."""
    times = np.arange(data.shape[1]) / sfreq
    for onset in onsets:
        data[row] += 15e-6 * np.exp(-(((times - onset - 0.3) / 0.05) ** 2))


def edf(
    path: Path,
    data: Array,
    names: Sequence[str],
    annotations: Sequence[tuple[float, float, str]] = (),
    sfreq: float = SFREQ,
    unit: str = "uV",
    scale: float = 1e6,
) -> Path:
    """Write EDF+, or BDF by the ending, in microvolts."""
    import edfio

    signal: Any = edfio.EdfSignal
    file: Any = edfio.Edf
    if path.suffix == ".bdf":
        signal, file = edfio.BdfSignal, edfio.Bdf
    limit = float(np.ceil(np.abs(scale * data).max())) + 1
    signals = [
        signal(
            scale * row,
            sfreq,
            label=name,
            physical_dimension=unit,
            physical_range=(-limit, limit),
        )
        for name, row in zip(names, data, strict=True)
    ]
    marks = [edfio.EdfAnnotation(a, b or None, text) for a, b, text in annotations]
    file(signals, annotations=marks).write(path)
    return path


def brainvision(path: Path, data: Array, names: Sequence[str]) -> Path:
    """Write the three files of BrainVision."""
    header = [
        "Brain Vision Data Exchange Header File Version 1.0",
        "[Common Infos]",
        "Codepage=UTF-8",
        f"DataFile={path.stem}.eeg",
        f"MarkerFile={path.stem}.vmrk",
        "DataFormat=BINARY",
        "DataOrientation=MULTIPLEXED",
        f"NumberOfChannels={len(names)}",
        f"SamplingInterval={1e6 / SFREQ:g}",
        "[Binary Infos]",
        "BinaryFormat=INT_16",
        "[Channel Infos]",
        *(f"Ch{i}={name},,0.1,µV" for i, name in enumerate(names, 1)),
    ]
    marks = [
        "Brain Vision Data Exchange Marker File, Version 1.0",
        "[Common Infos]",
        "Codepage=UTF-8",
        f"DataFile={path.stem}.eeg",
        "[Marker Infos]",
        "Mk1=New Segment,,1,1,0,20000101120000000000",
        *(f"Mk{k}=Stimulus,S  1,{k * 400},1,0" for k in range(2, 9)),
        "Mk9=Comment,Jane Doe sneezed,900,1,0",
    ]
    path.write_text("\n".join(header) + "\n", encoding="utf-8")
    path.with_suffix(".vmrk").write_text("\n".join(marks) + "\n", encoding="utf-8")
    values = np.rint(data.T / 1e-7).astype("<i2")
    path.with_suffix(".eeg").write_bytes(values.tobytes())
    return path


def raw(
    data: Array, names: Sequence[str], sfreq: float = SFREQ, kinds: Any = "eeg"
) -> Any:
    """Give an MNE Raw."""
    info = mne.create_info(list(names), sfreq, kinds)
    return mne.io.RawArray(data, info, verbose="ERROR")


def fif(path: Path, data: Array, names: Sequence[str]) -> Path:
    """Write a continuous FIF."""
    raw(data, names).save(path, verbose="ERROR")
    return path


def epochs_fif(path: Path, data: Array, names: Sequence[str]) -> Path:
    """Write epochs of -0.2 to 0.8 s, every 2 s."""
    n = int(data.shape[1] / SFREQ / 2)
    events = np.column_stack(
        [(np.arange(n) * 2 + 1) * SFREQ, np.zeros(n), np.ones(n)]
    ).astype(int)
    respond(data, list(events[:, 0] / SFREQ), list(names).index(RESPONDING))
    found = mne.Epochs(
        raw(data, names),
        events,
        {"target": 1},
        -0.2,
        0.8,
        baseline=None,
        preload=True,
        verbose="ERROR",
    )
    found.save(path, verbose="ERROR", overwrite=True)
    return path


def eeglab(
    path: Path, data: Array, names: Sequence[str], *, fdt: bool = True, trials: int = 1
) -> Path:
    """Write EEGLAB, continuous or epoched, with the samples beside it or inside."""
    from scipy.io import savemat

    n_points = data.shape[1] // trials
    micro = (1e6 * data[:, : n_points * trials]).astype("<f4")
    if fdt:
        path.with_suffix(".fdt").write_bytes(micro.T.tobytes())
    shape = (len(names), n_points, trials)
    inside = micro.reshape(len(names), trials, n_points).transpose(0, 2, 1)
    start = 0.0 if trials == 1 else -0.2
    latencies = np.arange(trials) * n_points + 0.2 * SFREQ + 1
    if trials == 1:
        latencies = np.arange(1, 9) * 2 * SFREQ + 1
    events = [
        {"latency": float(at), "type": "target", "epoch": float(i + 1)}
        for i, at in enumerate(latencies)
    ]
    epochs = [
        {"event": float(i + 1), "eventlatency": 0.0, "eventtype": "target"}
        for i in range(trials if trials > 1 else 0)
    ]
    savemat(
        path,
        {
            "EEG": {
                "setname": "made",
                "nbchan": float(len(names)),
                "trials": float(trials),
                "pnts": float(n_points),
                "srate": SFREQ,
                "xmin": start,
                "xmax": start + (n_points - 1) / SFREQ,
                "data": path.with_suffix(".fdt").name
                if fdt
                else inside.reshape(shape).squeeze(),
                "chanlocs": [{"labels": name, "type": ""} for name in names],
                "event": events,
                "epoch": epochs,
                "ref": "common",
            }
        },
        appendmat=False,
    )
    return path


def _eeglab_inside(path: Path, data: Array, names: Sequence[str]) -> Path:
    return eeglab(path, data, names, fdt=False)


FORMATS: dict[str, Callable[[Path, Array, Sequence[str]], Path]] = {
    "one.edf": edf,
    "one.bdf": edf,
    "one.vhdr": brainvision,
    "one_raw.fif": fif,
    "one-epo.fif": epochs_fif,
    "one.set": eeglab,
    "inside.set": _eeglab_inside,
}
