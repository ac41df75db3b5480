"""Electrodes are the same areas for everybody, whatever they are called."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb_ingest import sensors
from atlasdb_ingest.layouts import STANDARD, layout
from atlasdb_ingest.readers.electrical_tables import kind_of
from atlasdb_ingest.sensors import clean_name, electrodes

NAMES = ("Fp1", "F7", "C3", "Cz", "C4", "P8", "O1", "POz")


@pytest.mark.parametrize("style", ["{}", "EEG {}-REF", "{}..", "EEG {}-LE", "POL {}"])
@pytest.mark.parametrize("case", [str, str.upper, str.lower])
def test_a_name_means_its_electrode_in_every_style(style: str, case: type) -> None:
    found = electrodes([style.format(case(name)) for name in NAMES])
    assert [a.name for a in found.parcellation.areas] == list(NAMES)
    assert [a.code for a in found.parcellation.areas] == [n.lower() for n in NAMES]
    assert found.parcellation.id == STANDARD


def test_people_with_parts_of_one_cap_share_a_parcellation() -> None:
    one, other = electrodes(NAMES[:5]), electrodes(NAMES[2:])
    assert one.parcellation.sha256 == other.parcellation.sha256
    assert one.parcellation.n_areas == other.parcellation.n_areas > 300
    shared = set(one.parcellation.areas) & set(other.parcellation.areas)
    assert {a.name for a in shared} == {"C3", "Cz", "C4"}


def test_sides_follow_the_rule_of_names_in_the_whole_layout() -> None:
    names = [n for n in layout(STANDARD).positions if n.rstrip("h")[-1].isdigit()]
    for area in electrodes(names).parcellation.areas:
        odd = int("".join(c for c in area.name if c.isdigit())) % 2
        assert area.hemisphere == ("L" if odd else "R"), area
    middle = electrodes([n for n in layout(STANDARD).positions if n.endswith("z")])
    assert {a.hemisphere for a in middle.parcellation.areas} == {"M"}


def test_digitised_heads_are_the_layout_and_wrong_places_are_not() -> None:
    at = layout(STANDARD).positions
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    names = list(at)[::9]
    own = {n: 0.9 * turn @ np.array(at[n]) + rng.normal(0, 6, 3) + 10 for n in names}
    assert electrodes(names, own).parcellation.id == STANDARD
    mirrored = {n: np.array(at[n]) * [-1, 1, 1] for n in names}
    found = electrodes(names, mirrored)
    assert found.parcellation.id.startswith("sensors-")
    assert any("--montage" in note for note in found.notes)
    assert electrodes(names, mirrored, STANDARD).parcellation.id == STANDARD


def test_positions_that_are_on_no_head_are_not_believed() -> None:
    for place in ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (np.nan, 1.0, 1.0)):
        found = electrodes(["X1", "X2"], dict.fromkeys(["X1", "X2"], place))
        assert all(a.x_mm is None for a in found.parcellation.areas)


def test_the_same_odd_names_are_the_same_parcellation() -> None:
    one, other = electrodes(["X1", "X2", "Cz"]), electrodes(["Cz", "X2", "X1"])
    assert one.parcellation.id == other.parcellation.id
    assert one.parcellation.sha256 == other.parcellation.sha256
    areas = {a.name: a for a in one.parcellation.areas}
    assert areas["Cz"].x_mm is not None
    assert areas["X1"].x_mm is None


@pytest.mark.parametrize(
    ("name", "n"), [("biosemi128", 128), ("GSN-HydroCel-129", 129)]
)
def test_caps_of_numbered_electrodes_are_told_when_whole(name: str, n: int) -> None:
    names = list(layout(name).positions)
    assert len(names) == n
    assert electrodes(names).parcellation.id == name.lower()
    assert electrodes(names[:20]).parcellation.id.startswith("sensors-")
    assert electrodes(names[:20], None, name).parcellation.id == name.lower()


def test_a_common_reference_is_no_second_electrode() -> None:
    common = electrodes(["Fp1-Cz", "C3-Cz", "O2-Cz"])
    assert [a.name for a in common.parcellation.areas] == ["Fp1", "C3", "O2"]
    chain = electrodes(["Fp1-F7", "F7-T3", "T3-T5"])
    assert chain.bipolar
    assert [a.name for a in chain.parcellation.areas] == ["Fp1-F7", "F7-T7", "T7-P7"]


def test_what_cannot_be_told_apart_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="Cz"):
        electrodes(["Cz", "EEG CZ-REF"])
    with pytest.raises(NotFoundError, match="standard_1005"):
        electrodes(NAMES, None, "standard_105")
    with pytest.raises(InvalidDataError, match="1 of 8"):
        electrodes(NAMES, None, "GSN-HydroCel-129")


def test_no_electrode_of_the_layout_is_taken_for_another_kind() -> None:
    assert [n for n in layout(STANDARD).positions if kind_of(n)] == []
    for number in range(1, 257):
        assert kind_of(f"E{number}") is None


@settings(max_examples=60)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=6, unique=True))
def test_any_labels_become_areas_or_one_line(labels: list[str]) -> None:
    for label in labels:
        assert clean_name(label)
        assert clean_name(clean_name(label)) == clean_name(label)
        kind_of(label)
    try:
        found = electrodes(labels)
    except InvalidDataError:
        return  # two of them mean one electrode
    codes = [a.code for a in found.parcellation.areas]
    assert len(set(codes)) == len(labels)
    names = [a.name for a in found.parcellation.areas]
    assert sensors.names_of(labels, None) == names
