"""Atlases of every kind become areas with names, sides, places and sizes."""

from __future__ import annotations

import pickle
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb_ingest.parcellation import (
    BUILT_IN,
    beside,
    named_parcellation,
    volume_parcellation,
)

RAS = np.array([[2.0, 0, 0, -9], [0, 2, 0, -9], [0, 0, 2, -9], [0, 0, 0, 1]])
LAS = np.array([[-2.0, 0, 0, 9], [0, 2, 0, -9], [0, 0, 2, -9], [0, 0, 0, 1]])


def cubes(values: tuple[int, ...] = (3, 7, 20)) -> np.ndarray:
    """Give labels of 2 x 2 x 2 voxels: on the left, on the right, over the middle."""
    data = np.zeros((10, 10, 10), np.int16)
    for value, x in zip(values, (0, 8, 4), strict=False):
        data[x : x + 2, 4:6, 4:6] = value
    return data


def save(path: Path, data: np.ndarray, affine: np.ndarray = RAS) -> Path:
    nib.save(nib.Nifti1Image(data, affine), path)
    return path


def test_labels_with_gaps_are_areas_with_their_values_as_codes(tmp_path: Path) -> None:
    path = save(tmp_path / "My Atlas.nii.gz", cubes())
    atlas = volume_parcellation(path)
    made = atlas.parcellation
    assert (made.id, made.n_areas, made.kind) == ("my-atlas", 3, "volume")
    assert [a.code for a in made.areas] == ["3", "7", "20"]
    assert [a.name for a in made.areas] == ["label 3", "label 7", "label 20"]
    assert [a.hemisphere for a in made.areas] == ["L", "R", "M"]
    first = made.areas[0]
    assert (first.x_mm, first.y_mm, first.z_mm, first.volume_mm3) == (-8, 0, 0, 64)
    assert "--labels" in atlas.notes[0]
    assert pickle.loads(pickle.dumps(atlas)).parcellation == made


def test_an_image_stored_from_right_to_left_has_the_same_places(tmp_path: Path) -> None:
    ras = volume_parcellation(save(tmp_path / "a.nii", cubes()))
    las = volume_parcellation(save(tmp_path / "b.nii", cubes()[::-1], LAS))
    assert [(a.x_mm, a.hemisphere) for a in ras.parcellation.areas] == [
        (a.x_mm, a.hemisphere) for a in las.parcellation.areas
    ]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("n.txt", "3 Front L\n7 Front R\n20 Mid\n"),
        ("n.txt", "# LUT\n3 Front L\n7 Front R\n20 Mid\n99 Gone\n"),
        ("n.txt", "Front L\nFront R\nMid\n"),
        ("n.txt", "Background\nFront L\nFront R\nMid\n"),
        ("n.txt", "FL\tFront L\t3\nFR\tFront R\t7\nM\tMid\t20\n"),
        ("n.csv", "20,Mid\n7,Front R\n3,Front L\n"),
        ("n.csv", "id,label,hemisphere\n3,Front L,L\n7,Front R,R\n20,Mid,B"),
        ("n.tsv", "index\tname\tshort\n3\tFront L\tF\n7\tFront R\tF\n20\tMid\tM"),
        ("n.tsv", "name\tlabel\nFront L\t3\nFront R\t7\nMid\t20\n"),
        (
            "n.tsv",
            "Index\tRegion\tHemi\tNetwork\n3\tFront L\tleft\tVis\n"
            "7\tFront R\tright\tVis\n20\tMid\t\tDMN",
        ),
    ],
)  # fmt: skip
def test_names_come_from_the_tables_that_atlases_bring(
    tmp_path: Path, file: str, text: str
) -> None:
    (tmp_path / file).write_text(text)
    atlas = volume_parcellation(save(tmp_path / "a.nii.gz", cubes()), tmp_path / file)
    areas = atlas.parcellation.areas
    assert [(a.name, a.hemisphere) for a in areas] == [
        ("Front L", "L"),
        ("Front R", "R"),
        ("Mid", "M"),
    ]
    if "Network" in text:
        assert areas[0].network == "Vis"
    assert ("Gone" in text) == any("Gone" in n for n in atlas.notes)


def test_a_colour_table_of_freesurfer_is_understood(tmp_path: Path) -> None:
    (tmp_path / "n.txt").write_text(
        "3 ctx-lh-a 1 2 3 0\n7 ctx-rh-a 1 2 3 0\n20 b 1 1 1 0\n"
    )
    atlas = volume_parcellation(save(tmp_path / "a.nii", cubes()), tmp_path / "n.txt")
    assert [a.name for a in atlas.parcellation.areas] == ["ctx-lh-a", "ctx-rh-a", "b"]


def test_equal_names_are_told_apart_by_side_or_code(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("id,label,hemisphere\n3,a,L\n7,a,R\n20,a,\n")
    atlas = volume_parcellation(save(tmp_path / "a.nii", cubes()), tmp_path / "n.csv")
    assert [a.name for a in atlas.parcellation.areas] == ["a_L", "a_R", "a"]
    (tmp_path / "m.csv").write_text("id,label\n3,a\n7,a\n20,b\n")
    atlas = volume_parcellation(tmp_path / "a.nii", tmp_path / "m.csv")
    assert [a.name for a in atlas.parcellation.areas] == ["a 3", "a 7", "b"]


def test_a_name_may_end_in_a_number(tmp_path: Path) -> None:
    (tmp_path / "n.txt").write_text("Net 0\nNet 1\nNet 2\n")
    atlas = volume_parcellation(save(tmp_path / "a.nii", cubes()), tmp_path / "n.txt")
    assert [a.name for a in atlas.parcellation.areas] == ["Net 0", "Net 1", "Net 2"]


def test_a_dseg_table_beside_a_bids_atlas_is_found(tmp_path: Path) -> None:
    image = save(tmp_path / "tpl-MNI152_atlas-Toy_seg-3_res-02_dseg.nii.gz", cubes())
    (tmp_path / "atlas-Toy_dseg.tsv").write_text("index\tname\n3\told\n7\tb\n20\tc\n")
    (tmp_path / "tpl-MNI152_atlas-Toy_seg-3_dseg.tsv").write_text(
        "index\tname\n3\tone\n7\ttwo\n20\tthree\n"
    )
    (tmp_path / "tpl-MNI152_atlas-Toy_seg-9_dseg.tsv").write_text("index\tname\n1\tx\n")
    assert beside(image) == tmp_path / "tpl-MNI152_atlas-Toy_seg-3_dseg.tsv"
    atlas = volume_parcellation(image)
    assert [a.name for a in atlas.parcellation.areas] == ["one", "two", "three"]
    assert (atlas.parcellation.id, atlas.parcellation.space) == ("toy-3", "MNI152")
    assert atlas.template
    assert atlas.notes == ()


def test_labels_without_names_and_names_without_labels_are_said(tmp_path: Path) -> None:
    (tmp_path / "n.tsv").write_text("index\tname\n3\ta\n7\tb\n50\tghost\n")
    atlas = volume_parcellation(save(tmp_path / "a.nii", cubes()), tmp_path / "n.tsv")
    assert [a.name for a in atlas.parcellation.areas] == ["a", "b", "label 20"]
    assert "ghost" in atlas.notes[0]
    assert "20" in atlas.notes[1]


def test_maps_are_areas_from_1_with_weighted_centres(tmp_path: Path) -> None:
    maps = np.stack([(cubes() == v) * 0.5 for v in (3, 7, 20)], axis=3)
    atlas = volume_parcellation(save(tmp_path / "p.nii.gz", maps.astype(np.float32)))
    areas = atlas.parcellation.areas
    assert atlas.kind == "maps"
    assert [(a.code, a.x_mm, a.hemisphere) for a in areas] == [
        ("1", -8, "L"),
        ("2", 8, "R"),
        ("3", 0, "M"),
    ]


def test_coordinates_have_networks_and_sides(tmp_path: Path) -> None:
    (tmp_path / "rois.tsv").write_text(
        "x\ty\tz\tname\tnetwork\n-20\t0\t5\ta\tVis\n20\t0\t5\tb\tDMN\n0\t1\t5\tc\t\n"
    )
    atlas = volume_parcellation(tmp_path / "rois.tsv", radius=6)
    areas = atlas.parcellation.areas
    assert [(a.name, a.hemisphere, a.network) for a in areas] == [
        ("a", "L", "Vis"),
        ("b", "R", "DMN"),
        ("c", "M", None),
    ]
    assert atlas.template


@pytest.mark.parametrize(
    ("name", "n"), list(zip(BUILT_IN, (264, 160, 300), strict=True))
)
def test_built_in_coordinates_need_no_file(name: str, n: int) -> None:
    atlas = volume_parcellation(name)
    areas = atlas.parcellation.areas
    assert (atlas.parcellation.id, len(areas)) == (name, n)
    assert len({a.name for a in areas}) == n
    assert atlas.template


def test_the_hash_says_whether_two_parcellations_are_one(tmp_path: Path) -> None:
    (tmp_path / "n.txt").write_text("3 a\n7 b\n20 c\n")
    plain = volume_parcellation(save(tmp_path / "a.nii", cubes())).parcellation
    packed = volume_parcellation(save(tmp_path / "a.nii.gz", cubes())).parcellation
    named = volume_parcellation(tmp_path / "a.nii", tmp_path / "n.txt").parcellation
    assert plain.sha256 == packed.sha256 != named.sha256
    assert named_parcellation("X", 3) == named_parcellation("X", 3)
    assert named_parcellation("X", 3).sha256 != named_parcellation("X", 4).sha256


def test_a_flipped_atlas_is_noticed(tmp_path: Path) -> None:
    data = np.zeros((10, 4, 4), np.int16)
    for k in range(4):
        data[0 if k % 2 else 9, k] = k + 1
    (tmp_path / "n.txt").write_text("1 a_L\n2 a_R\n3 b_L\n4 b_R\n")
    atlas = volume_parcellation(save(tmp_path / "a.nii", data), tmp_path / "n.txt")
    assert "the wrong way round" in atlas.notes[-1]


def test_what_is_no_atlas_is_refused_in_one_line(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    stat = save(tmp_path / "stat.nii", rng.normal(size=(4, 4, 4)).astype(np.float32))
    one = save(tmp_path / "one.nii", (cubes() > 0).astype(np.int16))
    below = save(tmp_path / "below.nii", cubes((-1, 2, 3)))
    good = save(tmp_path / "good.nii", cubes())
    (tmp_path / "other.tsv").write_text("index\tname\n100\ta\n200\tb\n")
    (tmp_path / "two.txt").write_text("a\nb\n")
    (tmp_path / "nothing.tsv").write_text("foo\tbar\n1\t2\n")
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    cases = [
        (stat, None, "not whole numbers"),
        (one, None, "1 areas"),
        (below, None, "labels from -1"),
        (good, tmp_path / "other.tsv", "names none of the labels"),
        (good, tmp_path / "two.txt", "2 names without an index"),
        (good, tmp_path / "nothing.tsv", "needs an index and a name"),
        (tmp_path / "t.csv", None, "no columns x, y, z"),
        (tmp_path / "a.xml", None, "is no parcellation"),
    ]
    for image, labels, words in cases:
        with pytest.raises(InvalidDataError, match=words) as caught:
            volume_parcellation(image, labels)
        assert "\n" not in str(caught.value)
    with pytest.raises(NotFoundError, match="no file"):
        volume_parcellation(tmp_path / "nowhere.nii")
    with pytest.raises(NotFoundError, match="no file"):
        volume_parcellation(good, tmp_path / "nowhere.txt")


def test_an_atlas_is_read_once_until_its_file_changes(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", cubes())
    assert volume_parcellation(path) is volume_parcellation(path)
    before = volume_parcellation(path)
    save(path, np.pad(cubes(), 1))
    assert volume_parcellation(path) is not before


def test_real_atlases_have_the_places_that_are_known(shared_data: Path) -> None:
    folder = shared_data / "atlas-mni"
    aal = volume_parcellation(folder / "AAL.nii.gz", folder / "AAL.txt")
    areas = {a.name: a for a in aal.parcellation.areas}
    assert (aal.parcellation.id, len(areas), aal.template) == ("aal", 116, True)
    hippocampus = areas["Hippocampus_R"]
    assert hippocampus.hemisphere == "R"
    assert hippocampus.x_mm == pytest.approx(29, abs=2)
    assert areas["Vermis_6"].hemisphere == "M"
    dk = volume_parcellation(
        folder / "atlas-desikankilliany.nii.gz", folder / "atlas-desikankilliany.csv"
    )
    names = [a.name for a in dk.parcellation.areas]
    assert {"bankssts_L", "bankssts_R"} <= set(names)
    assert len(set(names)) == 83
    assert dk.parcellation.id == "desikankilliany"
