"""Series that are divided into regions already become time series, honestly."""

from __future__ import annotations

import pickle
import time
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import io as scipy_io

from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb_ingest.modalities import timeseries
from atlasdb_ingest.modalities.timeseries import Options, read

RNG = np.random.default_rng(1)
X = RNG.normal(size=(33, 4))


def save(path: Path, data: np.ndarray, header: str | None = None) -> Path:
    sep = "\t" if path.suffix == ".tsv" else "," if path.suffix == ".csv" else " "
    lines = [sep.join("" if np.isnan(v) else repr(float(v)) for v in r) for r in data]
    path.write_text("\n".join(([header] if header else []) + lines) + "\n")
    return path


def atlas(folder: Path, n: int = 4) -> tuple[Path, Path]:
    labels = np.zeros((2 * n, 3, 3), np.int16)
    for k in range(n):
        labels[2 * k : 2 * k + 2] = 10 * (k + 1)
    affine = np.diag([2.0, 2, 2, 1])
    affine[0, 3] = -2 * n
    nib.save(nib.Nifti1Image(labels, affine), folder / "atlas.nii.gz")
    (folder / "names.txt").write_text(
        "".join(f"{10 * k + 10} A{k}\n" for k in range(n))
    )
    return folder / "atlas.nii.gz", folder / "names.txt"


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".1D", ".txt", ".npy", ".mat"])
@pytest.mark.parametrize("turned", [False, True])
def test_every_format_and_orientation_gives_the_same_series(
    tmp_path: Path, ending: str, turned: bool
) -> None:
    path, data = tmp_path / f"a{ending}", X.T if turned else X
    variable = None
    if ending == ".npy":
        np.save(path, data)
    elif ending == ".mat":
        scipy_io.savemat(path, {"tc": data})
        variable = "tc"
    else:
        save(path, data)
    prepared = read(path, Options(tr=2.0, variable=variable))
    series = prepared.timeseries
    assert series is not None
    assert series.data.shape == (4, 33)
    np.testing.assert_allclose(series.data.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(series.data.std(axis=1), 1)
    np.testing.assert_allclose(np.corrcoef(series.data[2], X[:, 2])[0, 1], 1)
    assert (series.sfreq, series.lengths, series.modality) == (0.5, (33,), "fmri")
    assert "33 points of 4 regions" in prepared.notes[0]
    assert pickle.loads(pickle.dumps(prepared)).recording == prepared.recording


def test_names_in_the_header_are_the_areas_and_say_which_axis_is_time(
    tmp_path: Path,
) -> None:
    path = save(
        tmp_path / "a.csv",
        RNG.normal(size=(25, 30)),
        ",".join(f"R{i}_{'LR'[i % 2]}" for i in range(30)),
    )
    prepared = read(path, Options(tr=1.0, parcellation_name="Mine"))
    areas = prepared.parcellation.areas
    assert [(a.code, a.name, a.hemisphere) for a in areas[:2]] == [
        ("1", "R0_L", "L"),
        ("2", "R1_R", "R"),
    ]
    assert prepared.timeseries is not None
    assert prepared.timeseries.data.shape == (30, 25)
    assert (prepared.parcellation.id, prepared.notes) == ("mine", ())


def test_a_column_that_counts_time_is_no_region(tmp_path: Path) -> None:
    data = np.column_stack([np.arange(33) * 2.0, X])
    path = save(tmp_path / "a.tsv", data, "time\tA\tB\tC\tD")
    prepared = read(path, Options(tr=2.0))
    assert [a.name for a in prepared.parcellation.areas] == ["A", "B", "C", "D"]
    assert "'time'" in prepared.notes[0]


def test_constant_blank_and_holed_regions_are_left_out_by_name(tmp_path: Path) -> None:
    data = np.column_stack([X, np.ones(33), np.full(33, np.nan), X[:, 0]])
    data[5, 6] = np.nan
    path = save(tmp_path / "a.csv", data, "A,B,C,D,still,blank,holed")
    prepared = read(path, Options(tr=2.0))
    assert prepared.timeseries is not None
    assert prepared.timeseries.codes == ("1", "2", "3", "4")
    assert prepared.recording.n_bad == 3
    assert prepared.parcellation.n_areas == 7
    told = " ".join(prepared.notes)
    assert "constant: still" in told
    assert "blank: blank" in told
    assert "missing values at some times: holed" in told


def test_the_parcellation_gives_names_places_and_codes_by_order(tmp_path: Path) -> None:
    image, names = atlas(tmp_path)
    options = Options(tr=2.0, parcellation=image, labels=names)
    for data in (X, X.T):
        prepared = read(save(tmp_path / "a.csv", data), options)
        assert prepared.timeseries is not None
        assert prepared.timeseries.codes == ("10", "20", "30", "40")
        assert prepared.timeseries.data.shape == (4, 33)
    assert prepared.parcellation.areas[0].name == "A0"
    assert prepared.parcellation.areas[0].x_mm == -7
    assert timeseries.files(tmp_path / "a.csv", options) == [
        tmp_path / "a.csv",
        image,
        names,
    ]


def test_columns_named_like_the_areas_in_another_order_are_put_in_order(
    tmp_path: Path,
) -> None:
    image, names = atlas(tmp_path)
    path = save(tmp_path / "a.csv", X, "A3,A1,A2,A0")
    prepared = read(path, Options(tr=2.0, parcellation=image, labels=names))
    assert prepared.timeseries is not None
    assert np.corrcoef(prepared.timeseries.data[0], X[:, 3])[0, 1] > 0.999
    assert "by name" in prepared.notes[0]


def test_what_cannot_be_told_is_asked_for_in_one_line(tmp_path: Path) -> None:
    image, names = atlas(tmp_path)
    path = save(tmp_path / "a.csv", X)
    square = save(tmp_path / "b.csv", RNG.normal(size=(25, 25)))
    short = save(tmp_path / "c.csv", X[:19])
    wide = save(tmp_path / "d.csv", RNG.normal(size=(33, 5)))
    cases: list[tuple[Path, Options, str]] = [
        (path, Options(), "--tr SECONDS or --sfreq HERTZ"),
        (path, Options(tr=2, sfreq=0.5), "both are given"),
        (path, Options(tr=0), "above 0"),
        (path, Options(tr=2000), "no repetition time"),
        (square, Options(tr=2), "--time-axis rows or columns"),
        (short, Options(tr=2), "19 points in time; at least 20"),
        (wide, Options(tr=2, parcellation=image, labels=names), "4 areas"),
        (path, Options(tr=2, labels=names), "give both"),
        (path, Options(tr=2, variable="x"), "leave out --variable"),
        (path, Options(tr=2, low_pass=0.05, high_pass=0.1), "is none"),
        (path, Options(tr=2, high_pass=0.3), "leaves nothing"),
    ]
    for file, options, words in cases:
        with pytest.raises(InvalidDataError, match=words) as caught:
            read(file, options)
        assert "\n" not in str(caught.value)
    with pytest.raises(NotFoundError):
        read(tmp_path / "nowhere.csv", Options(tr=2))
    with pytest.raises(InvalidDataError, match="--modality"):
        Options(modality="ecog")


def test_a_filter_is_applied_where_it_is_asked_for(tmp_path: Path) -> None:
    t = np.arange(300) * 1.0
    slow, fast = np.sin(2 * np.pi * 0.03 * t), np.sin(2 * np.pi * 0.3 * t)
    data = np.column_stack([slow + fast, slow + fast + 0.1 * t])
    path = save(tmp_path / "a.csv", data)
    prepared = read(path, Options(tr=1.0, low_pass=0.1, high_pass=0.01))
    assert prepared.timeseries is not None
    assert np.corrcoef(prepared.timeseries.data[1], slow)[0, 1] > 0.97


@settings(max_examples=25)
@given(
    st.floats(1e-30, 1e30),
    st.floats(-1e6, 1e6),
    st.integers(20, 60),
    st.integers(2, 6),
)
def test_any_scale_and_offset_give_finite_series_of_unit_variance(
    tmp_path_factory: pytest.TempPathFactory,
    scale: float,
    offset: float,
    n_times: int,
    n_regions: int,
) -> None:
    path = tmp_path_factory.mktemp("series") / "a.npy"
    rng = np.random.default_rng(n_times)
    np.save(path, scale * (rng.normal(size=(n_times, n_regions)) + offset))
    series = read(path, Options(tr=1.0, time_axis="rows")).timeseries
    assert series is not None
    assert np.isfinite(series.data).all()
    np.testing.assert_allclose(series.data.std(axis=1), 1, rtol=1e-6)


def test_a_derivative_with_bids_names_says_what_it_is(tmp_path: Path) -> None:
    name = "sub-01_ses-2_task-rest_run-1_space-MNI_seg-Gordon_stat-mean_timeseries.tsv"
    prepared = read(save(tmp_path / name, X, "a\tb\tc\td"), Options(tr=2.0))
    own = prepared.recording
    assert (own.session, own.task, own.run) == ("2", "rest", "1")
    assert prepared.parcellation.id == "gordon"


def test_34_people_with_one_atlas_are_read_quickly(shared_data: Path) -> None:
    folder = shared_data / "fmri-abide-aal116-olin"
    atlas_folder = shared_data / "atlas-mni"
    options = Options(
        variable="ROISignals",
        tr=1.5,
        parcellation=atlas_folder / "AAL.nii.gz",
        labels=atlas_folder / "AAL.txt",
    )
    started = time.process_time()
    found = {p.stem: read(p, options) for p in sorted(folder.glob("*.mat"))}
    assert time.process_time() - started < 10
    assert len(found) == 34
    assert [key for key, p in found.items() if p.notes] == ["50136"]
    series = found["50136"].timeseries
    assert series is not None
    assert series.data.shape == (115, 205)
    left = found["50102"].parcellation.areas[0]
    assert (left.name, left.hemisphere) == ("Precentral_L", "L")
    assert left.x_mm is not None
    assert left.x_mm < -20


def test_copies_and_jumps_are_left_out_by_name(tmp_path: Path) -> None:
    data = RNG.normal(size=(200, 6))
    data[:, 4] = -2.0 * data[:, 1]
    data[50, 5] = 1e6
    path = save(tmp_path / "a.csv", data, "A,B,C,D,twin,jump")
    prepared = read(path, Options(tr=2.0))
    assert prepared.timeseries is not None
    assert prepared.timeseries.codes == ("1", "2", "3", "4")
    told = " ".join(prepared.notes)
    assert "copies of others: twin" in told
    assert "in a thousandth of the time: jump" in told


def test_a_time_that_nobody_has_is_one_error(tmp_path: Path) -> None:
    data = X.copy()
    data[5] = np.nan
    with pytest.raises(InvalidDataError, match="0 of 4 regions can be used"):
        read(save(tmp_path / "a.csv", data), Options(tr=2.0))


def test_fast_sensors_are_resampled_and_slow_ones_are_not(tmp_path: Path) -> None:
    path = save(tmp_path / "a.csv", RNG.normal(size=(1280, 4)))
    fast = read(path, Options(sfreq=1280.0, modality="eeg"))
    assert fast.timeseries is not None
    assert fast.timeseries.data.shape == (4, 128)
    assert (fast.timeseries.sfreq, fast.recording.sfreq_hz) == (128.0, 1280.0)
    assert fast.recording.duration_s == pytest.approx(1.0)
    assert "from 1280 to 128 Hz" in fast.notes[-1]
    slow = read(path, Options(sfreq=250.0, modality="eeg"))
    assert slow.timeseries is not None
    assert slow.timeseries.sfreq == 250.0


def test_series_of_sources_are_electrical(tmp_path: Path) -> None:
    path = save(tmp_path / "a.csv", X)
    found = read(path, Options(sfreq=128.0, modality="meg", sources=True)).timeseries
    assert found is not None
    assert found.sources
    with pytest.raises(InvalidDataError, match="--sources is of eeg and meg"):
        Options(tr=2.0, sources=True)
