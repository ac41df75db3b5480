"""Files of a synthetic study: EDF, NIfTI and the tables of a BIDS folder.

The same numbers make the same bytes.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlasdb.types import FloatArray

ELECTRODES = ("F3", "Fz", "F4", "C3", "Cz", "C4", "P3", "Pz", "P4", "Oz")
SFREQ = 128
DURATION_S = 60
RESPONDING, RESPONSE_MS, RESPONSE_UV = "Pz", 300.0, 12.0
CONDITIONS = ("standard", "target")

TR = 2.0
N_VOLUMES = 240
VOXEL_MM = 12.0
SHAPE = (12, 14, 10)
CENTRES_MM = {  # of the right side; the left is its mirror image
    "Frontal": (30.0, 42.0, 18.0),
    "Motor": (36.0, 6.0, 42.0),
    "Temporal": (48.0, -12.0, -18.0),
    "Parietal": (30.0, -48.0, 42.0),
    "Occipital": (24.0, -78.0, 6.0),
}
REGIONS = tuple(f"{name}_{side}" for name in CENTRES_MM for side in "LR")

GENERATOR = "atlasdb demo"
_BIDS_VERSION = "1.10.0"


def write_tables(
    root: Path,
    made: str,
    labels: list[str],
    patient: NDArray[np.bool_],
    rng: np.random.Generator,
) -> None:
    """Write what is said once for the whole study: people, tasks, channels."""
    by = {"Name": GENERATOR, "Description": made}
    described = {"Name": "A synthetic study", "BIDSVersion": _BIDS_VERSION}
    described |= {"DatasetType": "raw", "License": "CC0"}
    _json(root / "dataset_description.json", described | {"GeneratedBy": [by]})
    _text(
        root / "README",
        f"Synthetic recordings by {GENERATOR} ({made}). Nobody was recorded.\n",
    )
    ages = rng.integers(20, 60, len(labels))
    sexes = rng.choice(["F", "M"], len(labels))
    _tsv(
        root / "participants.tsv",
        ["participant_id", "age", "sex", "group"],
        [
            [f"sub-{label}", str(age), str(sex), "patients" if ill else "controls"]
            for label, age, sex, ill in zip(labels, ages, sexes, patient, strict=True)
        ],
    )
    _json(
        root / "task-oddball_eeg.json",
        {
            "TaskName": "oddball",
            "SamplingFrequency": SFREQ,
            "EEGReference": "n/a",
            "PowerLineFrequency": 50,
            "SoftwareFilters": "n/a",
        },
    )
    kinds = [[name, "EEG", "uV"] for name in ELECTRODES]
    _tsv(root / "task-oddball_channels.tsv", ["name", "type", "units"], kinds)
    _json(root / "task-rest_bold.json", {"TaskName": "rest", "RepetitionTime": TR})


def write_eeg(
    root: Path, label: str, series: FloatArray, rng: np.random.Generator
) -> None:
    """Write one EDF file with its events; the response is added to the activity."""
    import edfio

    onsets = np.arange(1.0, DURATION_S - 1.5, 1.1)
    onsets = onsets + rng.uniform(0.0, 0.3, onsets.size)
    is_target = rng.random(onsets.size) < 0.35
    data = 10.0 * series  # microvolts
    times = np.arange(data.shape[1]) / SFREQ
    for onset in onsets[is_target]:
        since = (times - onset) * 1000.0 - RESPONSE_MS
        data[ELECTRODES.index(RESPONDING)] += RESPONSE_UV * np.exp(-((since / 60) ** 2))
    limit = float(np.ceil(np.abs(data).max()))
    signals = [
        edfio.EdfSignal(
            row,
            SFREQ,
            label=name,
            physical_dimension="uV",
            physical_range=(-limit, limit),
        )
        for name, row in zip(ELECTRODES, data, strict=True)
    ]
    stem = root / f"sub-{label}" / "eeg" / f"sub-{label}_task-oddball"
    stem.parent.mkdir(parents=True, exist_ok=True)
    edfio.Edf(signals).write(f"{stem}_eeg.edf")
    rows = [
        [f"{onset:.4f}", "0", CONDITIONS[int(odd)]]
        for onset, odd in zip(onsets, is_target, strict=True)
    ]
    _tsv(Path(f"{stem}_events.tsv"), ["onset", "duration", "trial_type"], rows)


def write_bold(
    root: Path,
    label: str,
    series: FloatArray,
    parcels: NDArray[np.int16],
    rng: np.random.Generator,
) -> None:
    """Write one 4-D image: a head of noise in which the regions follow their course."""
    course = series - series.mean(axis=1, keepdims=True)
    course = course / course.std(axis=1, keepdims=True)
    image = rng.normal(0.0, 6.0, (*SHAPE, series.shape[1]))
    image[_head()] += 1000.0
    for i in range(len(REGIONS)):
        image[parcels == i + 1] += 10.0 * course[i]
    path = root / f"sub-{label}" / "func" / f"sub-{label}_task-rest_bold.nii.gz"
    _nifti(path, np.rint(np.clip(image, 0, None)).astype(np.int16), TR)


def write_parcellation(root: Path, parcels: NDArray[np.int16]) -> tuple[Path, Path]:
    """Write a label image and its names as derivatives; give both paths."""
    folder = root / "derivatives" / "parcellation"
    described = {"Name": "Ten regions", "BIDSVersion": _BIDS_VERSION}
    described |= {"DatasetType": "derivative"}
    by: list[dict[str, Any]] = [{"Name": GENERATOR}]
    _json(folder / "dataset_description.json", described | {"GeneratedBy": by})
    image, names = folder / "atlas-demo_dseg.nii.gz", folder / "atlas-demo_dseg.tsv"
    _nifti(image, parcels)
    rows = [[str(i + 1), name] for i, name in enumerate(REGIONS)]
    _tsv(names, ["index", "name"], rows)
    return image, names


def _grid() -> tuple[FloatArray, FloatArray]:
    """Give the affine, and the position of every voxel in mm."""
    affine: FloatArray = np.eye(4)
    affine[:3] *= VOXEL_MM
    affine[:3, 3] = [-66.0, -96.0, -48.0]
    voxels = np.moveaxis(np.indices(SHAPE), 0, -1)
    return affine, np.asarray(voxels * VOXEL_MM + affine[:3, 3])


def _head() -> NDArray[np.bool_]:
    _, position = _grid()
    inside = ((position - [0.0, -18.0, 6.0]) / [66.0, 80.0, 54.0]) ** 2
    return np.asarray(inside.sum(axis=-1) <= 1.0)


def parcels() -> NDArray[np.int16]:
    """Give the label of every voxel: 1 to 10 in the order of `REGIONS`, 0 elsewhere."""
    _, position = _grid()
    parcels = np.zeros(SHAPE, dtype=np.int16)
    for i, name in enumerate(REGIONS):
        centre = np.array(CENTRES_MM[name[:-2]])
        centre[0] *= -1.0 if name.endswith("L") else 1.0
        parcels[np.linalg.norm(position - centre, axis=-1) <= 1.3 * VOXEL_MM] = i + 1
    return parcels


def _nifti(path: Path, data: NDArray[np.int16], tr: float | None = None) -> None:
    nifti1: Any = import_module("nibabel.nifti1")  # has no types
    image = nifti1.Nifti1Image(data, _grid()[0])
    image.header.set_xyzt_units("mm", "sec" if tr else "unknown")
    if tr:
        image.header.set_zooms((VOXEL_MM, VOXEL_MM, VOXEL_MM, tr))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.to_filename(path)


def _json(path: Path, content: dict[str, Any]) -> None:
    _text(path, json.dumps(content, indent=2) + "\n")


def _tsv(path: Path, header: list[str], rows: list[list[str]]) -> None:
    _text(path, "".join("\t".join(row) + "\n" for row in [header, *rows]))


def _text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
