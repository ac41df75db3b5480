"""The synthetic study: real files that hold what is said to be planted in them."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import small_study
from atlasdb import connect
from atlasdb.errors import InvalidDataError
from atlasdb_ingest import demo
from atlasdb_ingest.bids import bids_participants, discover
from atlasdb_ingest.simulation.study import Study, write_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("study") / "bids"
    return write_study(folder, n_patients=3, n_controls=2, seed=4)


def content(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def test_everybody_has_both_recordings_with_what_belongs_to_them(study: Study) -> None:
    found = discover(study.folder)
    assert [(one.subject, one.modality) for one in found] == [
        (f"sub-{label}", modality)
        for label in study.patients + study.controls
        for modality in ("eeg", "fmri")
    ]
    assert all(one.problem is None for one in found)
    assert set(found[0].options) == {"events", "channels"}
    assert found[1].options == {"tr": 2.0}


def test_the_table_says_who_is_a_patient(study: Study) -> None:
    people = bids_participants(study.folder)
    assert people.notes == ()
    cohorts = {label: subject.cohort for label, subject in people.items()}
    assert cohorts == dict.fromkeys(study.patients, "patients") | dict.fromkeys(
        study.controls, "controls"
    )


def test_the_same_seed_writes_the_same_bytes(study: Study, tmp_path: Path) -> None:
    again = write_study(tmp_path / "a", n_patients=3, n_controls=2, seed=4)
    assert content(again.folder) == content(study.folder)
    write_study(again.folder, n_patients=3, n_controls=2, seed=4)
    assert content(again.folder) == content(study.folder)
    other = write_study(tmp_path / "b", n_patients=3, n_controls=2, seed=5)
    assert content(other.folder) != content(study.folder)


def test_another_study_is_not_written_over(study: Study, tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match="something other"):
        write_study(study.folder, n_patients=3, n_controls=2, seed=5)
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(InvalidDataError, match="something other"):
        write_study(tmp_path)
    with pytest.raises(InvalidDataError, match="is a file"):
        write_study(tmp_path / "thesis.txt")
    with pytest.raises(InvalidDataError, match="at least one"):
        write_study(tmp_path / "nobody", n_patients=0)


def past_and_present(label: str, study: Study) -> np.ndarray:
    """Correlate each electrode with the past of each: [source, target]."""
    import mne

    path = study.folder / f"sub-{label}" / "eeg" / f"sub-{label}_task-oddball_eeg.edf"
    raw = mne.io.read_raw_edf(path, verbose="error")
    assert tuple(raw.ch_names) == study.truth["eeg"].names
    data = raw.get_data()
    assert 5e-6 < data.std() < 50e-6
    n = len(data)
    lagged = [
        np.corrcoef(data[:, : -k or None], data[:, k:])[:n, n:] for k in (1, 2, 3)
    ]
    return np.asarray(np.max(lagged, axis=0))


def test_patients_lack_one_connection_and_no_other(study: Study) -> None:
    names = study.truth["eeg"].names
    source, target = (names.index(name) for name in study.effect)
    patients = np.mean([past_and_present(p, study) for p in study.patients], axis=0)
    controls = np.mean([past_and_present(c, study) for c in study.controls], axis=0)
    planted = study.truth["eeg"].weights > 0
    assert planted[source, target]
    assert controls[source, target] > patients[source, target] + 0.1
    others = planted.copy()
    others[source, target] = False
    assert patients[others].min() > 0.1


def test_the_response_is_there_after_targets_only(study: Study) -> None:
    import mne

    label = study.controls[0]
    stem = study.folder / f"sub-{label}" / "eeg" / f"sub-{label}_task-oddball"
    raw = mne.io.read_raw_edf(f"{stem}_eeg.edf", verbose="error")
    rows = Path(f"{stem}_events.tsv").read_text().splitlines()[1:]
    mean = {}
    for condition in ("standard", "target"):
        onsets = [float(r.split("\t")[0]) for r in rows if r.endswith(condition)]
        at = [round((onset + study.latency_ms / 1000) * 128) for onset in onsets]
        mean[condition] = raw.get_data(picks=[study.electrode])[0][at].mean() * 1e6
    assert mean["target"] - mean["standard"] > 6


def test_bold_and_labels_share_one_grid_and_the_regions_are_told_apart(
    study: Study,
) -> None:
    import nibabel

    labels: Any = nibabel.load(study.parcellation)
    label = study.patients[0]
    path = study.folder / f"sub-{label}" / "func" / f"sub-{label}_task-rest_bold.nii.gz"
    image: Any = nibabel.load(path)
    assert image.shape[:3] == labels.shape
    assert np.array_equal(image.affine, labels.affine)
    assert image.header.get_zooms()[3] == 2.0
    names = [line.split("\t") for line in study.labels.read_text().splitlines()[1:]]
    assert [name for _, name in names] == list(study.truth["fmri"].names)
    regions = np.asarray(labels.dataobj)
    assert set(np.unique(regions)) == set(range(11))
    data = np.asarray(image.dataobj)
    series = np.stack([data[regions == int(i)].mean(axis=0) for i, _ in names])
    assert np.abs(np.corrcoef(series) - np.eye(10)).max() < 0.95
    assert data.shape[3] >= 200


class Compared:
    """Stands for an atlas whose comparison is known."""

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self.pairs = pairs

    def compare(self, *cohorts: str, modality: str, alpha: float) -> pd.DataFrame:
        pairs = self.pairs if modality == "eeg" else ()
        row = {"mean_a": 0.1, "mean_b": 0.5, "q": 0.01}
        frame = pd.DataFrame(
            [{"source": s, "target": t, **row} for s, t in pairs],
            columns=["source", "target", *row],
        )
        frame.attrs = {"n_tested": 90, "smallest_q": 0.3}
        return frame


def test_an_effect_that_is_not_found_is_said_so(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    atlas: Any = Compared(("X", "Y"))
    demo.say_effect(atlas, study)
    said = capsys.readouterr().out
    assert "planted one NOT found at q < 0.05 (smallest q 0.3); 1 other found" in said


def test_an_effect_that_is_found_is_said_with_its_figures(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = study.effect
    atlas: Any = Compared(study.effect, (target, "Y"), ("X", "Y"))
    demo.say_effect(atlas, study)
    said = capsys.readouterr().out
    assert "planted one found (mean weight 0.1 in patients, 0.5 in controls" in said
    assert f"2 others found, 1 of them from or to {source} or {target}" in said


@pytest.mark.slow
def test_the_demo_goes_the_whole_way_and_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "demo"
    people = {"n_patients": 3, "n_controls": 3}
    assert demo.run(None, folder, **people) == 0
    said = capsys.readouterr().out
    lines = [
        line for line in said.splitlines() if line.startswith("$ atlasdb --atlas ")
    ]
    words = [shlex.split(line)[4:] for line in lines]
    assert [w[0] for w in words].count("query") == 4
    assert "12 recordings ingested, 0 unchanged" in said
    assert "the planted one" in said
    for modality in ("eeg ", "fmri"):
        assert f"{modality}       9 of 90 pairs" in said
    for name in ("matrix.png", "response.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    assert demo.run(None, folder, **people) == 0
    again = capsys.readouterr().out
    assert "0 recordings ingested, 12 unchanged" in again
    assert (
        again.replace("0 recordings ingested, 12", "12 recordings ingested, 0") == said
    )


def test_an_atlas_of_other_people_is_left_alone(tmp_path: Path) -> None:
    url = str(tmp_path / "atlas")
    with connect(url) as atlas:
        atlas.write(small_study.entries()[0])
    with pytest.raises(InvalidDataError, match="1 subjects of another study"):
        demo.run(url, tmp_path / "demo", n_patients=1, n_controls=1)
