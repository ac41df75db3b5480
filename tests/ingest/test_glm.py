"""A condition that drives an area is found there, and nowhere else."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from nilearn.glm.first_level import FirstLevelModel, compute_regressor

from atlasdb.errors import InvalidDataError
from atlasdb_ingest import glm

TR = 2.0
TIMES = np.arange(120) * TR
NONE = np.empty((120, 0))
ALL = np.ones(120, bool)


def events(folder: Path, text: str) -> glm.Events:
    path = folder / "events.tsv"
    path.write_text("onset\tduration\ttrial_type\n" + text)
    return glm.read_events(path)


def two(folder: Path) -> glm.Events:
    rows = [(10 + 40 * k + (20 if c == "b" else 0), c) for k in range(5) for c in "ab"]
    return events(folder, "".join(f"{t}\t8\t{c}\n" for t, c in rows))


def response(made: glm.Events, condition: str) -> np.ndarray:
    table = made.table[made.table.trial_type == condition]
    block = np.vstack([table.onset, table.duration, np.ones(len(table))])
    return compute_regressor(block, "spm", TIMES)[0][:, 0]


def test_each_condition_is_found_in_the_area_that_it_drives(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    read = two(tmp_path)
    noise = rng.normal(size=(12, 120)).cumsum(axis=1) * 0.3 + 100
    noise += rng.normal(size=noise.shape)
    noise[0] += 6 * response(read, "a")
    noise[1] -= 6 * response(read, "b")
    made = glm.design(read, TIMES, ALL, NONE)
    inside = np.zeros((3, 4, 2), bool)
    inside.flat[:12] = True
    codes = tuple(map(str, range(12)))
    a, b = glm.activation_maps(
        made, noise, codes, noise.astype(np.float32), inside, np.eye(4)
    )
    assert (a.condition, b.condition, a.n_trials, a.measure) == ("a", "b", 5, "glm_z")
    assert a.z is not None
    assert b.z is not None
    assert a.q is not None
    assert a.z[0] > 4
    assert b.z[1] < -4
    assert np.abs(np.delete(a.z, 0)).max() < 4
    assert a.q[0] < 0.01
    np.testing.assert_array_equal(a.data[:, 0], a.z)
    assert a.volume is not None
    assert a.volume.dtype == np.float32
    assert (a.volume[~inside] == 0).all()
    np.testing.assert_allclose(a.volume[inside], a.z, rtol=1e-2, atol=1e-2)


def test_the_numbers_are_those_of_nilearns_own_model(tmp_path: Path) -> None:
    import nibabel as nib

    rng = np.random.default_rng(1)
    read = two(tmp_path)
    data = (rng.normal(size=(2, 2, 2, 120)) + 100).astype(np.float32)
    model = FirstLevelModel(
        TR,
        hrf_model="spm",
        high_pass=glm.DRIFT_HZ,
        signal_scaling=False,
        standardize=False,
        minimize_memory=False,
    )
    model.set_params(mask_img=nib.Nifti1Image(np.ones((2, 2, 2), np.uint8), np.eye(4)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(nib.Nifti1Image(data, np.eye(4)), read.table)
        theirs = model.compute_contrast("a", output_type="z_score").get_fdata().ravel()
    ours = glm.fit(data.reshape(8, 120), glm.design(read, TIMES, ALL, NONE))[0]
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_censored_volumes_have_no_row_and_confounds_have_a_column(
    tmp_path: Path,
) -> None:
    keep = ALL.copy()
    keep[30:35] = False
    rng = np.random.default_rng(2)
    plain = glm.design(two(tmp_path), TIMES, ALL, NONE)
    made = glm.design(two(tmp_path), TIMES, keep, rng.normal(size=(120, 3)))
    assert made.matrix.shape == (115, plain.matrix.shape[1] + 3)


def test_events_outside_the_recording_and_without_a_name_are_said(
    tmp_path: Path,
) -> None:
    read = events(tmp_path, "10\t5\ta\n50\tn/a\ta\n100\t5\tn/a\n900\t5\tlate\n")
    made = glm.design(read, TIMES, ALL, NONE)
    assert made.conditions == (("a", 2),)
    told = " ".join(made.notes)
    assert "1 events without a trial_type" in told
    assert "1 events have no duration" in told
    assert "1 of 3 events lie outside" in told


def test_conditions_that_cannot_be_told_apart_get_no_z(tmp_path: Path) -> None:
    read = events(tmp_path, "10\t5\ta\n10\t5\tb\n60\t5\ta\n60\t5\tb\n80\t5\tc\n")
    rng = np.random.default_rng(3)
    scores = glm.fit(rng.normal(size=(4, 120)), glm.design(read, TIMES, ALL, NONE))
    assert (scores[:2] == 0).all()
    assert (scores[2] != 0).all()


def test_numbers_as_conditions_keep_their_look(tmp_path: Path) -> None:
    read = events(tmp_path, "10\t5\t1\n20\t5\tn/a\n60\t5\t2\n")
    assert sorted(set(read.table["trial_type"])) == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("onset\ttrial_type\n1\ta\n", "onset and duration"),
        ("onset\tduration\ttrial_type\nx\t1\ta\n", "needs an onset"),
        ("onset\tduration\ttrial_type\n1\t-5\ta\n", "needs an onset"),
        ("onset\tduration\ttrial_type\n1\t1\tn/a\n", "no event with a trial_type"),
        (
            "onset\tduration\ttrial_type\n"
            + "".join(f"{k}\t1\tfree text {k}\n" for k in range(101)),
            "101 different values",
        ),
    ],
)
def test_events_that_cannot_be_used_are_refused(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "e.tsv").write_text(text)
    with pytest.raises(InvalidDataError, match=words) as caught:
        glm.read_events(tmp_path / "e.tsv")
    assert "\n" not in str(caught.value)


def test_too_few_volumes_for_the_regressors_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match="degrees of freedom"):
        glm.design(
            two(tmp_path), TIMES, ALL, np.random.default_rng(0).normal(size=(120, 110))
        )
    late = events(tmp_path, "9000\t5\ta\n")
    with pytest.raises(InvalidDataError, match="No event lies"):
        glm.design(late, TIMES, ALL, NONE)
