"""A synthetic study whose answers are known, as real files in a BIDS folder.

Patients and controls with an EEG of an oddball task and resting fMRI. Planted are a
directed network in each modality, one EEG connection that patients lack, and one
evoked response. Nothing differs between the cohorts in fMRI. Electrodes see no
activity but their own: there is no volume conduction.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import linalg

from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray
from atlasdb_ingest.simulation.dynamics import neural, var
from atlasdb_ingest.simulation.graphs import random_directed
from atlasdb_ingest.simulation.haemodynamics import bold
from atlasdb_ingest.simulation.study_files import (
    CONDITIONS,
    DURATION_S,
    ELECTRODES,
    GENERATOR,
    N_VOLUMES,
    REGIONS,
    RESPONDING,
    RESPONSE_MS,
    SFREQ,
    TR,
    parcels,
    write_bold,
    write_eeg,
    write_parcellation,
    write_tables,
)


@dataclass(frozen=True, eq=False)
class Planted:
    """A network that was planted: ``weights[source, target]``, in controls."""

    names: tuple[str, ...]
    weights: FloatArray


@dataclass(frozen=True, eq=False)
class Study:
    """A study that was written, and the truth about it.

    Attributes
    ----------
    folder : Path
        BIDS folder.
    parcellation, labels : Path
        Label image on the grid of the BOLD images, and its names.
    truth : dict of str to Planted
        By modality.
    effect : (str, str)
        Source and target of the EEG connection that patients lack.
    condition, electrode, latency_ms : str, str, float
        The evoked response: to what, where, and when its peak comes.
    """

    folder: Path
    parcellation: Path
    labels: Path
    truth: dict[str, Planted]
    effect: tuple[str, str]
    patients: tuple[str, ...]
    controls: tuple[str, ...]
    condition: str = CONDITIONS[1]
    electrode: str = RESPONDING
    latency_ms: float = RESPONSE_MS


def write_study(
    folder: str | Path, *, n_patients: int = 12, n_controls: int = 12, seed: int = 0
) -> Study:
    """Write a synthetic study of patients and controls.

    Parameters
    ----------
    folder : str or Path
        Made if it is not there. One that holds the same study is written again.
    n_patients, n_controls : int, default=12, 12
        Number of people, at least 1 each.
    seed : int, default=0
        Same seed, same files, byte for byte.

    Returns
    -------
    Study
        Where the files are, and what was planted.

    Raises
    ------
    InvalidDataError
        If the folder holds something else, or a cohort has nobody.
    """
    root = Path(folder)
    if min(n_patients, n_controls) < 1:
        raise InvalidDataError("A study needs at least one patient and one control.")
    n = n_patients + n_controls
    made = f"seed {seed}, {n_patients} patients, {n_controls} controls"
    _claim(root, made)
    rng = np.random.default_rng(seed)
    eeg = random_directed(len(ELECTRODES), 0.2, seed, low=0.3, high=0.5)
    fmri = random_directed(len(REGIONS), 0.2, seed + 1, low=0.4, high=0.6)
    source, target = map(int, np.unravel_index(np.argmax(eeg), eeg.shape))
    patient = np.arange(n) < n_patients
    weights = eeg * rng.uniform(0.85, 1.15, (n, *eeg.shape))
    weights[patient, source, target] = 0.0
    electrical = var(linalg.block_diag(*weights), DURATION_S * SFREQ, seed)
    weights = fmri * rng.uniform(0.85, 1.15, (n, *fmri.shape))
    activity = neural(linalg.block_diag(*weights), N_VOLUMES * TR, seed)
    slow = bold(activity, TR, seed)  # people are blocks without a connection between

    labels = [f"{i + 1:0{max(2, len(str(n)))}d}" for i in range(n)]
    write_tables(root, made, labels, patient, rng)
    where = parcels()
    image, names = write_parcellation(root, where)
    for i, label in enumerate(labels):
        block = slice(i * len(ELECTRODES), (i + 1) * len(ELECTRODES))
        write_eeg(root, label, electrical[block], np.random.default_rng([seed, i]))
        block = slice(i * len(REGIONS), (i + 1) * len(REGIONS))
        write_bold(root, label, slow[block], where, np.random.default_rng([seed, i]))
    return Study(
        root,
        image,
        names,
        {"eeg": Planted(ELECTRODES, eeg), "fmri": Planted(REGIONS, fmri)},
        (ELECTRODES[source], ELECTRODES[target]),
        tuple(labels[:n_patients]),
        tuple(labels[n_patients:]),
    )


def _claim(root: Path, made: str) -> None:
    """Refuse a folder that holds anything but this study."""
    if root.exists() and not root.is_dir():
        raise InvalidDataError(f"{root} is a file. Choose another folder.")
    if not root.exists() or not any(root.iterdir()):
        return
    try:
        text = (root / "dataset_description.json").read_text(encoding="utf-8")
        generated = json.loads(text)["GeneratedBy"][0]
    except (OSError, ValueError, LookupError, TypeError):
        generated = {}
    if (generated.get("Name"), generated.get("Description")) != (GENERATOR, made):
        raise InvalidDataError(
            f"{root} holds something other than this study ({made}). Choose another "
            "folder, or remove it."
        )
