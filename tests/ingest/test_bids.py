"""Recordings found: in BIDS folders by entity, in other folders by a pattern."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlasdb.errors import AtlasError, InvalidDataError, NotFoundError
from atlasdb_ingest.bids import bids_participants, discover, entities, expand

Tree = Callable[..., Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Make a folder of empty files; JSON files hold what is given."""

    def make(*files: str, root: str = "bids", **said: Any) -> Path:
        folder = tmp_path / root
        names = ["dataset_description.json", *files]
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            content = said.get(path.name.partition(".")[0], {})
            path.write_text(json.dumps(content) if path.suffix == ".json" else "")
        return folder

    return make


def names(folder: Path, **options: Any) -> list[str]:
    return [one.path.name for one in discover(folder, **options)]


def test_each_eeg_format_is_found_with_what_belongs_to_it(tree: Tree) -> None:
    folder = tree(
        "task-odd_events.tsv",
        "sub-01/eeg/sub-01_task-odd_eeg.edf",
        "sub-01/eeg/sub-01_task-odd_channels.tsv",
        "sub-01/eeg/sub-01_space-CapTrak_electrodes.tsv",
        "sub-02/ses-a/eeg/sub-02_ses-a_task-odd_run-2_eeg.vhdr",
        "sub-02/ses-a/eeg/sub-02_ses-a_task-odd_run-2_eeg.eeg",
        "sub-02/ses-a/eeg/sub-02_ses-a_task-odd_run-2_events.tsv",
        "sub-03/eeg/sub-03_task-odd_eeg.set",
        "sub-04/eeg/sub-04_task-odd_eeg.bdf",
        "sub-04/eeg/sub-04_task-odd_eeg.json",
        "sub-04/anat/sub-04_T1w.nii.gz",
        "sourcedata/sub-09/eeg/sub-09_task-odd_eeg.edf",
    )
    one, two, three, four = discover(folder)
    assert (one.subject, one.session, one.task, one.run) == (
        "sub-01",
        None,
        "odd",
        None,
    )
    eeg = folder / "sub-01" / "eeg"
    assert one.options == {
        "events": folder / "task-odd_events.tsv",
        "channels": eeg / "sub-01_task-odd_channels.tsv",
        "electrodes": eeg / "sub-01_space-CapTrak_electrodes.tsv",
    }
    assert (two.subject, two.session, two.task, two.run) == ("sub-02", "a", "odd", "2")
    assert two.options["events"].name == "sub-02_ses-a_task-odd_run-2_events.tsv"
    assert [three.path.suffix, four.path.suffix] == [".set", ".bdf"]
    assert {r.modality for r in (one, two, three, four)} == {"eeg"}


def test_the_repetition_time_is_inherited_and_the_nearest_counts(tree: Tree) -> None:
    folder = tree(
        "task-rest_bold.json",
        "sub-01/func/sub-01_task-rest_bold.nii.gz",
        "sub-02/func/sub-02_task-rest_bold.nii",
        "sub-02/func/sub-02_task-rest_bold.json",
        "sub-02/func/sub-02_task-rest_events.tsv",
        "sub-02/func/sub-02_task-other_events.tsv",
        **{
            "task-rest_bold": {"RepetitionTime": 2.5},
            "sub-02_task-rest_bold": {"RepetitionTime": 0.8},
        },
    )
    one, two = discover(folder)
    assert one.options == {"tr": 2.5}
    assert two.options["tr"] == 0.8
    assert two.options["events"].name == "sub-02_task-rest_events.tsv"
    assert one.modality == two.modality == "fmri"


def test_participants_sessions_and_tasks_are_chosen(tree: Tree) -> None:
    folder = tree(
        *(
            f"sub-{s}/ses-{v}/eeg/sub-{s}_ses-{v}_task-{t}_eeg.edf"
            for s in ("01", "02", "03")
            for v in ("pre", "post")
            for t in ("rest", "odd")
        )
    )
    assert len(names(folder)) == 12
    assert len(names(folder, participant_label=["sub-01", "03"])) == 8
    some = names(folder, participant_label="02", session_label=["ses-pre"], task="rest")
    assert some == ["sub-02_ses-pre_task-rest_eeg.edf"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"participant_label": ["1"]}, "no participant '1'.*There are: 01, 02"),
        ({"session_label": ["pre"]}, "no session 'pre'.*There are: none"),
        ({"task": ["ret"]}, "no task 'ret'. Did you mean 'rest'"),
        ({"derivatives": ["fmriprep"]}, "no folder of derivatives fmriprep"),
        ({"modalities": ["fmri"]}, "no fmri recording.*hold: eeg"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    tree: Tree, options: dict[str, Any], message: str
) -> None:
    folder = tree(*(f"sub-{s}/eeg/sub-{s}_task-rest_eeg.edf" for s in ("01", "02")))
    with pytest.raises(NotFoundError, match=message) as error:
        discover(folder, **options)
    assert len(str(error.value).splitlines()) == 1


def test_a_folder_that_is_not_bids_is_said_with_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "jane_doe.edf").touch()
    with pytest.raises(InvalidDataError, match=r"1 \.edf files") as error:
        discover(tmp_path)
    assert "jane" not in str(error.value)
    with pytest.raises(NotFoundError, match="is not there"):
        discover(tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["", "[1]", "{", "[" * 100_000, "\xff"])
def test_a_broken_description_is_one_line(tree: Tree, text: str) -> None:
    folder = tree("sub-01/eeg/sub-01_task-rest_eeg.edf")
    (folder / "dataset_description.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InvalidDataError, match="dataset_description"):
        discover(folder)


def prepared(tree: Tree, *spaces: str, root: str = "prep") -> Path:
    """Write what fMRIPrep leaves of one participant, in some spaces."""
    func = "sub-01/func/sub-01_task-rest"
    return tree(
        f"{func}_desc-confounds_timeseries.tsv",
        *(f"{func}_{s}_desc-preproc_bold.nii.gz" for s in spaces),
        *(f"{func}_{s}_desc-brain_mask.nii.gz" for s in spaces),
        *(f"{func}_{s}_desc-preproc_bold.json" for s in spaces),
        root=root,
        **{
            f"sub-01_task-rest_{s}_desc-preproc_bold": {"RepetitionTime": 2}
            for s in spaces
        },
    )


def test_preprocessed_bold_comes_with_its_confounds_and_mask(tree: Tree) -> None:
    folder = tree(
        "sub-01/func/sub-01_task-rest_bold.nii.gz",
        "sub-01/func/sub-01_task-rest_events.tsv",
    )
    func = prepared(tree, "space-MNI") / "sub-01" / "func"
    (one,) = discover(folder, derivatives=[f"fmriprep={func.parents[1]}"])
    assert one.path == func / "sub-01_task-rest_space-MNI_desc-preproc_bold.nii.gz"
    assert one.options == {
        "events": folder / "sub-01" / "func" / "sub-01_task-rest_events.tsv",
        "tr": 2.0,
        "confounds": func / "sub-01_task-rest_desc-confounds_timeseries.tsv",
        "mask": func / "sub-01_task-rest_space-MNI_desc-brain_mask.nii.gz",
    }


def test_of_several_spaces_one_must_be_chosen(tree: Tree) -> None:
    raw = tree("sub-01/func/sub-01_task-rest_bold.nii.gz")
    prep = prepared(tree, "space-T1w", "space-MNI_res-1", "space-MNI_res-2")
    with pytest.raises(
        InvalidDataError, match=r"3 spaces: MNI:res-1.*--space MNI:res-1"
    ):
        discover(raw, derivatives=[prep])
    with pytest.raises(InvalidDataError, match="2 spaces"):
        discover(raw, derivatives=[prep], space="MNI")
    with pytest.raises(NotFoundError, match="There are: MNI:res-1, MNI:res-2, T1w"):
        discover(raw, derivatives=[prep], space="MNI152")
    assert "space-T1w" in names(raw, derivatives=[prep], space="T1w")[0]
    (one,) = discover(raw, derivatives=[prep], space="MNI:res-2")
    assert "space-MNI_res-2" in one.options["mask"].name
    with pytest.raises(InvalidDataError, match="fMRIPrep's output with --deriv"):
        discover(raw, space="MNI")


def test_derivatives_are_found_by_name_and_a_folder_of_several_is_refused(
    tree: Tree,
) -> None:
    raw = tree("sub-01/func/sub-01_task-rest_bold.nii.gz")
    prepared(tree, "space-MNI", root="bids/derivatives/fmriprep")
    assert len(names(raw, derivatives=["fmriprep"])) == 1
    with pytest.raises(InvalidDataError, match="one of its folders: fmriprep"):
        discover(raw, derivatives=[raw / "derivatives"])


def test_a_derivative_data_set_can_be_given_itself(tree: Tree) -> None:
    folder = prepared(tree, "space-MNI")
    (one,) = discover(folder)
    assert one.options["mask"].is_file()


def test_what_the_derivatives_lack_is_a_problem_not_passed_over(tree: Tree) -> None:
    raw = tree(*(f"sub-{s}/func/sub-{s}_task-rest_bold.nii.gz" for s in ("01", "02")))
    prep = prepared(tree, "space-MNI")
    one, two = discover(raw, derivatives=[prep])
    assert one.problem is None
    assert two.subject == "sub-02"
    assert two.problem is not None
    assert "derivatives hold no BOLD" in two.problem


@pytest.mark.parametrize(
    ("files", "said", "problem"),
    [
        (["_echo-1_bold.nii.gz", "_echo-2_bold.nii.gz"], {}, "several echoes"),
        (["_bold.nii.gz", "_bold.nii"], {}, "there as .nii"),
        (["_bold.nii", "_bold.json"], {"RepetitionTime": "2 s"}, "not a number"),
        (["_bold.nii", "_bold.json"], {"RepetitionTime": 0}, "not a number"),
        (["_bold.nii", "_bold.json"], {"VolumeTiming": [0, 1, 5]}, "uneven times"),
        (["_bold.nii", "_bold.json"], ["RepetitionTime"], "one JSON object"),
    ],
)
def test_bold_that_cannot_be_used_is_a_problem_and_the_rest_is_found(
    tree: Tree, files: list[str], said: Any, problem: str
) -> None:
    folder = tree(
        *(f"sub-01/func/sub-01_task-rest{file}" for file in files),
        "sub-02/func/sub-02_task-rest_bold.nii.gz",
        **{"sub-01_task-rest_bold": said},
    )
    *bad, good = discover(folder)
    assert good.problem is None
    assert all(one.problem and problem in one.problem for one in bad)


def test_phase_images_and_single_band_references_are_no_bold(tree: Tree) -> None:
    folder = tree(
        *(
            f"sub-01/func/sub-01_task-rest_{what}.nii.gz"
            for what in ("part-mag_bold", "part-phase_bold", "sbref")
        )
    )
    assert names(folder) == ["sub-01_task-rest_part-mag_bold.nii.gz"]


def test_acquisitions_of_one_run_stay_apart(tree: Tree) -> None:
    folder = tree(
        *(
            f"sub-01/func/sub-01_task-rest_{what}_bold.nii.gz"
            for what in ("acq-fast_run-1", "acq-slow_run-1", "run-1")
        )
    )
    assert [one.run for one in discover(folder)] == [
        "acq-fast_run-1",
        "acq-slow_run-1",
        "1",
    ]


def test_a_link_out_of_the_data_set_is_not_followed(tree: Tree, tmp_path: Path) -> None:
    folder = tree("sub-01/eeg/sub-01_task-rest_eeg.edf", "sub-02/eeg/README")
    outside = tmp_path / "outside.edf"
    outside.touch()
    (folder / "sub-02" / "eeg" / "sub-02_task-rest_eeg.edf").symlink_to(outside)
    one, two = discover(folder)
    assert one.problem is None
    assert two.problem is not None
    assert "link out of the data set" in two.problem


def test_a_linked_side_file_and_a_linked_folder_are_not_followed(
    tree: Tree, tmp_path: Path
) -> None:
    folder = tree("sub-01/eeg/sub-01_task-rest_eeg.edf")
    events = folder / "sub-01" / "eeg" / "sub-01_task-rest_events.tsv"
    events.symlink_to("/etc/hostname")
    (one,) = discover(folder)
    assert one.problem is not None
    assert "link" in one.problem
    (tmp_path / "elsewhere").mkdir()
    (folder / "sub-02").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidDataError, match="folder sub-02 is a link"):
        discover(folder)


def test_links_within_a_data_set_and_loops_do_no_harm(tree: Tree) -> None:
    folder = tree(".git/annex/key.edf", "sub-01/eeg/README")
    link = folder / "sub-01" / "eeg" / "sub-01_task-rest_eeg.edf"
    link.symlink_to(folder / ".git" / "annex" / "key.edf")
    (folder / "sub-01" / "again").symlink_to(folder / "sub-01")
    (one,) = discover(folder)
    assert one.problem is None
    (folder / ".git" / "annex" / "key.edf").unlink()
    (one,) = discover(folder)
    assert one.problem is not None
    assert "datalad get" in one.problem


def test_a_file_in_another_participants_folder_is_a_problem(tree: Tree) -> None:
    folder = tree("sub-01/eeg/sub-02_task-rest_eeg.edf", "sub-02/README.txt")
    (one,) = discover(folder)
    assert one.problem is not None
    assert "lies in the folder sub-01" in one.problem


def test_the_real_data_set_is_found(shared_data: Path) -> None:
    folder = shared_data / "bids-eeg-tiny"
    (one,) = discover(folder, participant_label=("01",))
    assert one.path.name == "sub-01_ses-eeg_task-rest_eeg.vhdr"
    assert (one.subject, one.session, one.task) == ("sub-01", "eeg", "rest")
    assert {"events", "channels", "electrodes"} <= set(one.options)
    assert list(bids_participants(folder)) == ["01"]


def test_participants_come_from_the_table_at_the_root(tree: Tree) -> None:
    folder = tree("sub-01/eeg/sub-01_task-rest_eeg.edf")
    assert bids_participants(folder) == {}
    (folder / "participants.tsv").write_text("participant_id\tgroup\nsub-01\tp\n")
    assert bids_participants(folder)["01"].cohort == "p"


def test_a_file_name_says_whose_it_is() -> None:
    found = entities(Path("x/sub-01_ses-2_task-rest_acq-a_run-03_eeg.edf"))
    assert found == {
        "subject": "01",
        "session": "2",
        "task": "rest",
        "run": "acq-a_run-03",
    }
    assert entities(Path("rest.edf")) == {}


def make(folder: Path, *files: str) -> None:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def labels(pattern: Path) -> list[str]:
    return [one.subject for one in expand(str(pattern))]


def test_a_pattern_finds_the_subjects_of_a_folder(tmp_path: Path) -> None:
    make(tmp_path, "50103.mat", "50102.mat", "._50102.mat", ".mat", "notes.txt")
    assert labels(tmp_path / "{subject}.mat") == ["50102", "50103"]


def test_a_label_that_stands_twice_is_one_label(tmp_path: Path) -> None:
    make(
        tmp_path,
        "sub-01/eeg/sub-01_x_sub-01.edf",
        "sub-02/eeg/sub-01_x_sub-02.edf",
        "sub-03/eeg/sub-03_x_sub-03.edf",
        "sub-04",
    )
    pattern = tmp_path / "sub-{subject}" / "eeg" / "sub-{subject}_x_sub-{subject}.edf"
    assert labels(pattern) == ["01", "03"]
    assert labels(tmp_path / "{subject}" / "eeg" / "{subject}_x_{subject}.edf") == [
        "sub-01",
        "sub-03",
    ]


def test_signs_of_patterns_stand_for_themselves(tmp_path: Path) -> None:
    make(tmp_path, "a[1]*.csv", "a1x.csv", "b[1]*.csv")
    assert labels(tmp_path / "{subject}[1]*.csv") == ["a", "b"]


def test_a_pattern_finds_the_sessions_of_its_subjects(tmp_path: Path) -> None:
    make(
        tmp_path,
        "ses-a/sub-01_ses-a.csv",
        "ses-a/sub-02_ses-b.csv",
        "ses-b/sub-01_ses-b.csv",
    )
    found = expand(f"{tmp_path}/ses-{{session}}/sub-{{subject}}_ses-{{session}}.csv")
    assert [(one.subject, one.session) for one in found] == [("01", "a"), ("01", "b")]


def test_sessions_are_never_taken_for_people(tmp_path: Path) -> None:
    make(tmp_path, "sub-01_ses-1_dwi.csv", "sub-01_ses-2_dwi.csv")
    with pytest.raises(AtlasError, match=r"each session would be a person"):
        expand(f"{tmp_path}/{{subject}}_dwi.csv")


def test_a_pattern_may_be_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a/x.csv", "b/x.csv")
    monkeypatch.chdir(tmp_path)
    assert [str(one.path) for one in expand("{subject}/x.csv")] == [
        "a/x.csv",
        "b/x.csv",
    ]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{subject}.mat", "No file fits"),
        ("no/{subject}.mat", "no folder"),
        ("x.mat", "no such word in braces"),
        ("{session}.mat", "no such word in braces"),
        ("{run}/{subject}.mat", r"\{run\}"),
        ("{Subject}.mat", r"\{Subject\}"),
    ],
)
def test_a_pattern_that_fits_nothing_is_one_line(
    tmp_path: Path, pattern: str, message: str
) -> None:
    with pytest.raises(AtlasError, match=message) as error:
        expand(f"{tmp_path}/{pattern}")
    assert len(str(error.value).splitlines()) == 1


@given(
    label=st.text("aZ0_-. []*+?()\\ä", min_size=1, max_size=8).filter(
        lambda text: not text.startswith(".")
    ),
    before=st.text("ab_-(", max_size=3),
    after=st.text("ab_-)", max_size=3),
)
def test_any_label_is_found_again(
    tmp_path_factory: pytest.TempPathFactory, label: str, before: str, after: str
) -> None:
    folder = tmp_path_factory.mktemp("wild")
    (folder / f"{before}{label}{after}.csv").touch()
    pattern = f"{folder}/{before}{{subject}}{after}.csv"
    (found,) = expand(pattern)
    assert found.subject == label
