"""BOLD images become series of areas, or one line says why they cannot."""

from __future__ import annotations

import gzip
import json
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nilearn.maskers import NiftiLabelsMasker, NiftiMapsMasker

from atlasdb.errors import AtlasError, InvalidDataError, NotFoundError
from atlasdb_ingest import denoise, volumes
from atlasdb_ingest.modalities import fmri
from atlasdb_ingest.modalities.fmri import Options, read
from atlasdb_ingest.readers.volume import open_volume
from atlasdb_ingest.types import Prepared, Timeseries

N = 60
AFFINE = np.array([[3.0, 0, 0, -15], [0, 3, 0, -15], [0, 0, 3, -15], [0, 0, 0, 1]])
MNI = "space-MNI152NLin2009cAsym"


def labels(n: int = 4) -> np.ndarray:
    data = np.zeros((10, 10, 10), np.int16)
    for k in range(n):
        data[2 * k : 2 * k + 2, 3:6, 3:6] = 5 * (k + 1)
    return data


def bold(n_volumes: int = N, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    data = 1000 + rng.normal(size=(10, 10, 10, n_volumes))
    t = np.arange(n_volumes) * 2.0
    for k in range(4):
        wave = np.sin(2 * np.pi * (0.02 + 0.015 * k) * t)
        data[labels() == 5 * (k + 1)] += 10 * wave
    return data.astype(np.float32)


def save(
    path: Path,
    data: np.ndarray,
    affine: np.ndarray = AFFINE,
    tr: float | None = 2.0,
    unit: str | None = "sec",
    code: int = 1,
) -> Path:
    image = nib.Nifti1Image(data, affine)
    image.set_sform(affine, code)
    image.set_qform(affine, code)
    if data.ndim == 4 and tr is not None:
        image.header["pixdim"][4] = tr
        image.header.set_xyzt_units("mm", unit)
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image, path)
    return path


def series(prepared: Prepared) -> Timeseries:
    assert prepared.timeseries is not None
    return prepared.timeseries


@pytest.fixture
def atlas(tmp_path: Path) -> Path:
    return save(tmp_path / "atlas.nii.gz", labels())


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return save(tmp_path / "bold.nii.gz", bold())


def test_a_run_becomes_clean_series_of_its_areas(image: Path, atlas: Path) -> None:
    prepared = read(image, Options(parcellation=atlas))
    made = series(prepared)
    assert made.codes == ("5", "10", "15", "20")
    assert (made.modality, made.sfreq, made.lengths) == ("fmri", 0.5, (N,))
    np.testing.assert_allclose(made.data.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(made.data.std(axis=1, ddof=1), 1)
    wave = np.sin(2 * np.pi * 0.035 * np.arange(N) * 2)
    assert abs(np.corrcoef(made.data[1], wave)[0, 1]) > 0.9
    info = prepared.recording
    assert (info.tr_s, info.duration_s, info.n_channels) == (2.0, 120.0, 4)
    again = pickle.loads(pickle.dumps(prepared))
    np.testing.assert_array_equal(series(again).data, made.data)


@pytest.mark.parametrize("axes", ["LAS", "RPI", "PIR", "SAL"])
def test_orientation_on_disk_changes_nothing(
    tmp_path: Path, image: Path, atlas: Path, axes: str
) -> None:
    plain = series(read(image, Options(parcellation=atlas)))
    stored = nib.load(image)
    turn = nib.orientations.ornt_transform(
        nib.io_orientation(stored.affine), nib.orientations.axcodes2ornt(tuple(axes))
    )
    turned = stored.as_reoriented(turn)
    other = save(tmp_path / "t.nii.gz", np.asarray(turned.dataobj), turned.affine)
    made = series(read(other, Options(parcellation=atlas)))
    np.testing.assert_allclose(made.data, plain.data, atol=1e-5)


def test_means_and_map_fits_are_those_of_nilearn(tmp_path: Path, image: Path) -> None:
    rng = np.random.default_rng(3)
    maps = np.stack([labels() == 5 * (k + 1) for k in range(4)], axis=3) * 0.8
    maps = (maps + 0.2 * rng.random(maps.shape)).astype(np.float32)
    stored = nib.load(image)
    whole = nib.Nifti1Image(np.ones((10, 10, 10), np.uint8), AFFINE)
    cases: list[tuple[Path, Any]] = [
        (
            save(tmp_path / "l.nii", labels()),
            NiftiLabelsMasker(
                nib.Nifti1Image(labels().astype(np.int32), AFFINE), standardize=None
            ),
        ),
        (
            save(tmp_path / "m.nii", maps),
            NiftiMapsMasker(
                nib.Nifti1Image(maps, AFFINE), mask_img=whole, standardize=None
            ),
        ),
    ]
    from atlasdb_ingest.parcellation import volume_parcellation

    for path, masker in cases:
        placed = volumes.on_grid(open_volume(image), volume_parcellation(path), False)
        data = np.asarray(stored.dataobj)
        ours = volumes.area_series(data, volumes.brain(data, None), placed)
        np.testing.assert_allclose(ours, masker.fit_transform(stored).T, rtol=1e-4)


@pytest.mark.parametrize(
    ("tr", "unit", "seconds"),
    [(2.0, "sec", 2.0), (2000, "msec", 2.0), (2e6, "usec", 2.0), (2.5, None, 2.5)],
)
def test_the_repetition_time_has_a_unit(
    tmp_path: Path, atlas: Path, tr: float, unit: str | None, seconds: float
) -> None:
    path = save(tmp_path / "b.nii", bold(), tr=tr, unit=unit)
    prepared = read(path, Options(parcellation=atlas))
    assert prepared.recording.tr_s == pytest.approx(seconds)
    assert any("without a unit" in n for n in prepared.notes) == (unit is None)


@pytest.mark.parametrize(
    ("tr", "unit"), [(0, "sec"), (2000, "sec"), (2, "msec"), (1, None), (3, "hz")]
)
def test_a_repetition_time_that_cannot_be_is_asked_for(
    tmp_path: Path, atlas: Path, tr: float, unit: str | None
) -> None:
    path = save(tmp_path / "b.nii", bold(), tr=tr, unit=unit)
    with pytest.raises(InvalidDataError, match="give --tr SECONDS"):
        read(path, Options(parcellation=atlas))
    assert read(path, Options(parcellation=atlas, tr=1.5)).recording.tr_s == 1.5


def test_the_sidecar_gives_the_time_and_may_not_contradict(
    tmp_path: Path, atlas: Path
) -> None:
    path = save(tmp_path / "b.nii.gz", bold(), tr=0)
    (tmp_path / "b.json").write_text(json.dumps({"RepetitionTime": 1.5}))
    assert read(path, Options(parcellation=atlas)).recording.tr_s == 1.5
    assert tmp_path / "b.json" in fmri.files(path, Options(parcellation=atlas))
    save(path, bold(), tr=2)
    with pytest.raises(InvalidDataError, match="in its JSON file; give --tr"):
        read(path, Options(parcellation=atlas))


def test_spaces_that_differ_are_refused(tmp_path: Path, atlas: Path) -> None:
    data = bold()
    raw = save(tmp_path / "sub-1_task-rest_bold.nii.gz", data)
    t1w = save(tmp_path / "sub-1_space-T1w_bold.nii.gz", data)
    mni = save(tmp_path / f"sub-1_{MNI}_bold.nii.gz", data)
    tpl = save(tmp_path / "tpl-MNI152NLin2009cAsym_atlas-A_dseg.nii.gz", labels())
    other = save(tmp_path / "tpl-MNI152NLin6Asym_atlas-A_dseg.nii.gz", labels())
    far = np.pad(labels(), 2)
    header = save(tmp_path / "AAL.nii.gz", far, code=4)
    same = save(tmp_path / "onbold.nii.gz", labels(), code=3)
    for image, parcels in [
        (raw, tpl),
        (raw, header),
        (raw, "power-2011"),
        (t1w, tpl),
        (mni, other),
    ]:
        for resample in (False, True):
            with pytest.raises(InvalidDataError, match="space") as caught:
                read(image, Options(parcellation=parcels, resample=resample))
            assert "\n" not in str(caught.value)
    for image, parcels in [(mni, tpl), (raw, atlas), (raw, same), (mni, atlas)]:
        assert len(series(read(image, Options(parcellation=parcels))).codes) == 4
    said = Options(parcellation=tpl, image_space="MNI152NLin2009cAsym")
    assert len(series(read(raw, said)).codes) == 4


def test_grids_that_differ_are_refused_unless_resampling_is_asked_for(
    tmp_path: Path, image: Path, atlas: Path
) -> None:
    fine = np.kron(labels(), np.ones((3, 3, 3), np.int16))
    affine = np.diag([1.0, 1, 1, 1])
    affine[:3, 3] = -16
    path = save(tmp_path / "fine.nii.gz", fine, affine)
    with pytest.raises(InvalidDataError, match=r"another grid.*--resample"):
        read(image, Options(parcellation=path))
    made = series(read(image, Options(parcellation=path, resample=True)))
    plain = series(read(image, Options(parcellation=atlas)))
    np.testing.assert_allclose(made.data, plain.data, atol=1e-6)
    away = AFFINE.copy()
    away[0, 3] += 500
    gone = save(tmp_path / "away.nii.gz", labels(), away)
    with pytest.raises(InvalidDataError, match="do not overlap"):
        read(image, Options(parcellation=gone, resample=True))


def test_coordinates_are_spheres_that_share_no_voxel(
    tmp_path: Path, atlas: Path
) -> None:
    image = save(tmp_path / f"sub-1_{MNI}_bold.nii.gz", bold())
    table = tmp_path / "rois.csv"
    table.write_text(
        "x,y,z,name\n-13,-2,-2,a\n-7,-2,-2,b\n-1,-2,-2,c\n5,-2,-2,d\n900,0,0,e\n"
    )
    prepared = read(image, Options(parcellation=table, radius=4))
    assert series(prepared).codes == ("1", "2", "3", "4")
    assert "have no voxels in the recording and are left out: e." in prepared.notes[0]
    plain = series(read(image, Options(parcellation=atlas))).data
    for a, b in zip(series(prepared).data, plain, strict=True):
        assert np.corrcoef(a, b)[0, 1] > 0.95


def test_areas_without_a_signal_are_left_out_by_name(tmp_path: Path) -> None:
    data = bold()
    data[labels() == 10] = 0
    data[labels() == 15] = np.nan
    (tmp_path / "n.txt").write_text("5 One\n10 Two\n15 Three\n20 Four\n")
    image = save(tmp_path / "b.nii.gz", data)
    atlas = save(tmp_path / "a.nii.gz", labels())
    prepared = read(image, Options(parcellation=atlas, labels=tmp_path / "n.txt"))
    assert series(prepared).codes == ("5", "20")
    assert prepared.recording.n_bad == 2
    assert "2 of 4 areas have no voxels" in prepared.notes[0]
    assert "Two, Three" in prepared.notes[0]


def test_confounds_are_taken_out_and_motion_is_measured(
    tmp_path: Path, atlas: Path
) -> None:
    rng = np.random.default_rng(5)
    drift = rng.normal(size=N).cumsum()
    data = bold() + (50 * drift).astype(np.float32)
    image = save(tmp_path / "b.nii.gz", data)
    motion = 0.1 * rng.normal(size=(N, 6))
    motion[:, 3:] /= 50
    table = pd.DataFrame(motion, columns=fmri.noise.MOTION)
    table["csf"] = drift
    table["unrelated"] = rng.normal(size=N)
    table.to_csv(tmp_path / "c.tsv", sep="\t", index=False)
    dirty = series(read(image, Options(parcellation=atlas)))
    assert np.corrcoef(dirty.data)[0, 1] > 0.8
    prepared = read(image, Options(parcellation=atlas, confounds=tmp_path / "c.tsv"))
    assert abs(np.corrcoef(series(prepared).data)[0, 1]) < 0.4
    steps = np.abs(np.diff(motion, axis=0))
    power = steps[:, :3].sum(axis=1) + 50 * steps[:, 3:].sum(axis=1)
    assert prepared.recording.mean_fd_mm == pytest.approx(power.mean())
    assert "unrelated" not in " ".join(prepared.notes)
    limit = float(np.quantile(power, 0.9))
    scrubbed = read(
        image,
        Options(
            parcellation=atlas,
            confounds=tmp_path / "c.tsv",
            strategy="scrub",
            fd_threshold=limit,
        ),
    )
    made = series(scrubbed)
    assert sum(made.lengths) == made.data.shape[1] == N - int((power > limit).sum())
    assert len(made.lengths) > 1
    assert any("censored" in n for n in scrubbed.notes)


def fmriprep(folder: Path, with_mask: bool = True) -> Path:
    """Write one run as fMRIPrep would."""
    rng = np.random.default_rng(6)
    stem = "sub-01_ses-a_task-rest_run-2"
    image = save(
        folder / f"{stem}_{MNI}_res-2_desc-preproc_bold.nii.gz", bold(), code=4
    )
    if with_mask:
        mask = np.ones((10, 10, 10), np.uint8)
        mask[labels() == 20] = 0
        save(folder / f"{stem}_{MNI}_res-2_desc-brain_mask.nii.gz", mask, code=4)
    columns = {}
    for name in [*fmri.noise.MOTION, "csf", "white_matter", "global_signal"]:
        base = rng.normal(size=N) * 0.01
        step = np.concatenate([[np.nan], np.diff(base)])
        columns |= {
            name: base,
            f"{name}_derivative1": step,
            f"{name}_power2": base**2,
            f"{name}_derivative1_power2": step**2,
        }
    columns |= {"cosine00": np.cos(np.pi * np.arange(N) / N), "std_dvars": np.ones(N)}
    fd = np.full(N, 0.1)
    fd[0], fd[30] = np.nan, 3.0
    columns["framewise_displacement"] = fd
    table = folder / f"{stem}_desc-confounds_timeseries.tsv"
    pd.DataFrame(columns).to_csv(table, sep="\t", index=False, na_rep="n/a")
    table.with_suffix(".json").write_text("{}")
    return image


def test_fmriprep_output_is_at_home(tmp_path: Path) -> None:
    image = fmriprep(tmp_path)
    tpl = save(tmp_path / "tpl-MNI152NLin2009cAsym_atlas-A_dseg.nii.gz", labels())
    options = Options(parcellation=tpl)
    prepared = read(image, options)
    info = prepared.recording
    assert (info.session, info.task, info.run) == ("a", "rest", "2")
    assert info.mean_fd_mm == pytest.approx((0.1 * 58 + 3) / 59)
    assert series(prepared).codes == ("5", "10", "15")  # the mask has no label 20
    assert any("26 confounds taken out" in n for n in prepared.notes)
    names = [p.name for p in fmri.files(image, options)]
    assert sum("desc-brain_mask" in n or "desc-confounds" in n for n in names) == 3
    beside = next(p for p in tmp_path.iterdir() if "timeseries.tsv" in p.name)
    given = read(image, Options(parcellation=tpl, confounds=beside))
    np.testing.assert_array_equal(series(given).data, series(prepared).data)
    few = "motion,scrub"
    made = read(image, Options(parcellation=tpl, strategy=few, fd_threshold=1.0))
    assert sum(series(made).lengths) < N
    free = read(image, Options(parcellation=tpl, strategy="none"))
    assert not any("taken out" in n for n in free.notes)
    assert free.recording.mean_fd_mm == info.mean_fd_mm


def test_fmriprep_output_without_its_confounds_is_refused(tmp_path: Path) -> None:
    image = fmriprep(tmp_path)
    atlas = save(tmp_path / "a.nii.gz", labels())
    with pytest.raises(InvalidDataError, match="does not serve --strategy ica_aroma"):
        read(image, Options(parcellation=atlas, strategy="ica_aroma"))
    next(p for p in tmp_path.iterdir() if "timeseries.tsv" in p.name).unlink()
    with pytest.raises(InvalidDataError, match="--strategy none to do without"):
        read(image, Options(parcellation=atlas))
    assert read(image, Options(parcellation=atlas, strategy="none")).timeseries


def test_dropped_volumes_shift_neither_events_nor_confounds(
    tmp_path: Path, atlas: Path
) -> None:
    data = bold()
    data[..., :4] += 500
    image = save(tmp_path / "b.nii.gz", data)
    (tmp_path / "e.tsv").write_text(
        "onset\tduration\ttrial_type\n20\t10\ta\n60\t10\ta\n90\t10\ta\n"
    )
    options = Options(parcellation=atlas, drop=4, events=tmp_path / "e.tsv")
    prepared = read(image, options)
    assert series(prepared).lengths == (N - 4,)
    assert [m.condition for m in prepared.maps] == ["a"]
    assert prepared.maps[0].codes == series(prepared).codes


def test_bad_images_and_options_get_one_line(tmp_path: Path, atlas: Path) -> None:
    data = bold()
    nan = save(tmp_path / "nan.nii.gz", np.full_like(data, np.nan))
    flat = save(tmp_path / "flat.nii.gz", np.ones_like(data))
    still = save(tmp_path / "still.nii.gz", np.repeat(data[..., :1], N, axis=3))
    three = save(tmp_path / "three.nii.gz", data[..., 0])
    short = save(tmp_path / "short.nii.gz", data[..., :19])
    good = save(tmp_path / "good.nii", data)
    cut = tmp_path / "cut.nii"
    cut.write_bytes(good.read_bytes()[:-5000])
    cutgz = tmp_path / "cutgz.nii.gz"
    cutgz.write_bytes(gzip.compress(good.read_bytes())[:-5000])
    junk = tmp_path / "junk.nii.gz"
    junk.write_bytes(b"not an image" * 100)
    mask = save(tmp_path / "mask.nii", np.ones((9, 10, 10), np.uint8))
    rows = tmp_path / "rows.tsv"
    rows.write_text("a\tb\n" + "1.5\t2.5\n" * 7)
    use = Options(parcellation=atlas)
    cases: list[tuple[Path, Options, str]] = [
        (nan, use, "no finite value"),
        (flat, use, "one value everywhere"),
        (still, use, "No voxel"),
        (three, use, "3-D image"),
        (short, use, "19 volumes; at least 20"),
        (cut, use, "cut short"),
        (cutgz, use, "cut short or damaged"),
        (junk, use, "not a NIfTI image"),
        (good, Options(), "needs --parcellation"),
        (good, Options(parcellation=atlas, tr=2000), "0.05 to 30 seconds"),
        (good, Options(parcellation=atlas, drop=50), "50 are dropped"),
        (good, Options(parcellation=atlas, mask=mask), "another grid"),
        (good, Options(parcellation=atlas, confounds=rows), "7 rows"),
        (good, Options(parcellation=atlas, strategy="motion"), "needs confounds"),
        (good, Options(parcellation=atlas, strategy="magic"), "--strategy magic"),
        (good, Options(parcellation=atlas, high_pass=0.2), "is none"),
        (good, Options(parcellation=atlas, high_pass=np.nan), "is none"),
        (good, Options(parcellation=atlas, low_pass=np.nan), "is none"),
        (good, Options(parcellation=atlas, confound_columns="a"), "--confounds FILE"),
        (good, Options(parcellation=save(tmp_path / "z.nii", labels()[:9])), "grid"),
    ]
    for path, options, words in cases:
        with pytest.raises(InvalidDataError, match=words) as caught:
            read(path, options)
        assert "\n" not in str(caught.value)
    with pytest.raises(NotFoundError):
        read(tmp_path / "nowhere.nii.gz", use)


@pytest.mark.parametrize("number", [-1.0, 0.0, np.nan])
@pytest.mark.parametrize("option", ["radius", "fd_threshold"])
def test_sizes_are_above_zero(option: str, number: float) -> None:
    with pytest.raises(InvalidDataError, match="must be above 0 mm"):
        Options(**{option: number})


def test_a_small_file_that_declares_gigabytes_is_refused_unread(
    tmp_path: Path, atlas: Path
) -> None:
    header = nib.Nifti1Header()
    header.set_data_shape((1024, 1024, 256, 40))
    header.set_data_dtype(np.float32)
    header["vox_offset"] = 352
    header["magic"] = b"n+1"
    path = tmp_path / "bomb.nii.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(header.binaryblock + bytes(4))
        for _ in range(40):
            file.write(bytes(1 << 20))
    with pytest.raises(InvalidDataError, match="declares"):
        read(path, Options(parcellation=atlas))


def test_damaged_bytes_never_end_in_another_error(tmp_path: Path, atlas: Path) -> None:
    good = save(tmp_path / "good.nii.gz", bold(20)).read_bytes()
    plain = gzip.decompress(good)

    @settings(
        max_examples=40,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        st.booleans(),
        st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6),
        st.sampled_from([1.0, 1.0, 0.9, 0.5, 0.01, 0.0]),
    )
    def check(zipped: bool, flips: list[tuple[int, int]], keep: float) -> None:
        raw = bytearray(good if zipped else plain)
        for place, value in flips:
            raw[place] = value
        path = tmp_path / ("a.nii.gz" if zipped else "a.nii")
        path.write_bytes(raw[: int(len(raw) * keep)])
        with suppress(AtlasError):
            made = series(read(path, Options(parcellation=atlas, tr=2.0)))
            assert np.isfinite(made.data).all()

    check()


@settings(max_examples=30)
@given(
    st.integers(20, 80),
    st.lists(st.integers(0, 79), max_size=15),
    st.sampled_from([0.0, 0.01]),
    st.sampled_from([0.0, 0.1]),
    st.sampled_from([0.7, 2.0, 6.0]),
)
def test_cleaning_gives_finite_unit_series_and_pieces_that_add_up(
    n: int, gone: list[int], high: float, low: float, tr: float
) -> None:
    rng = np.random.default_rng(n)
    keep = np.ones(n, bool)
    keep[[g for g in gone if g < n]] = False
    noise = rng.normal(size=(n, 2))
    raw = rng.normal(size=(3, n)).cumsum(axis=1) + 1000
    if keep.sum() < 22:
        with pytest.raises(InvalidDataError, match="at least 20 more"):
            denoise.clean(raw, tr, keep=keep, regressors=noise)
        return
    data, lengths = denoise.clean(
        raw, tr, keep=keep, regressors=noise, high_pass=high, low_pass=low
    )
    assert data.shape == (3, keep.sum())
    assert sum(lengths) == keep.sum()
    assert np.isfinite(data).all()
    np.testing.assert_allclose(data.std(axis=1, ddof=1), 1)


def test_a_real_run_with_events_has_a_map_of_faces(shared_data: Path) -> None:
    subject = shared_data / "fmri-haxby2001-tiny" / "haxby2001" / "sub001"
    run = subject / "BOLD" / "task001_run001"
    options = Options(
        parcellation=subject / "masks" / "25mm" / "hoc.nii.gz",
        events=run / "bold_events.tsv",
    )
    prepared = read(run / "bold_25mm.nii.gz", options)
    assert series(prepared).data.shape == (21, 121)
    assert prepared.recording.tr_s == 2.5
    face = next(m for m in prepared.maps if m.condition == "face")
    assert len(prepared.maps) == 8
    assert face.data.shape == (21, 1)
    assert face.volume is not None
    assert face.volume.shape == (6, 10, 10)
    aal = shared_data / "atlas-mni" / "AAL.nii.gz"
    with pytest.raises(InvalidDataError, match="in its own space"):
        read(run / "bold_25mm.nii.gz", Options(parcellation=aal, resample=True))
