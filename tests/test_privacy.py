"""Pseudonyms: keyed, stable, and never a way back without the key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlasdb.errors import InvalidDataError
from atlasdb.privacy import Keyring


def test_the_same_label_and_key_give_the_same_pseudonym(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "key")
    assert keyring.pseudonym("p01") == Keyring(tmp_path / "key").pseudonym("p01")


def test_the_prefix_sub_does_not_change_the_pseudonym(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "key")
    assert keyring.pseudonym("sub-01") == keyring.pseudonym("01")


def test_another_key_gives_another_pseudonym(tmp_path: Path) -> None:
    one, other = Keyring(tmp_path / "one"), Keyring(tmp_path / "other")
    assert one.pseudonym("p01") != other.pseudonym("p01")


def test_a_pseudonym_is_a_valid_bids_label_in_lower_case(tmp_path: Path) -> None:
    code = Keyring(tmp_path / "key").pseudonym("Jane Doe 1950-01-02")
    assert code.startswith("sub-")
    assert code[4:].isalnum()
    assert len(code) == 20
    assert code == code.lower()


@given(labels=st.sets(st.text(min_size=1, max_size=20), max_size=50))
def test_different_labels_get_different_pseudonyms(
    labels: set[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    keyring = Keyring(tmp_path_factory.getbasetemp() / "shared-key")
    bare = {label.strip().removeprefix("sub-") for label in labels}
    assert len({keyring.pseudonym(label) for label in labels}) == len(bare)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_key_and_labels_are_for_their_owner_only(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "secret" / "key")
    keyring.remember({keyring.pseudonym("p01"): "p01"})
    for path in (tmp_path / "secret").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "key")
    keyring.pseudonym("p01")
    keyring.path.chmod(0o644)
    with pytest.raises(InvalidDataError, match="chmod 600"):
        keyring.pseudonym("p01")


def test_a_damaged_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("not hexadecimal")
    path.chmod(0o600)
    with pytest.raises(InvalidDataError, match="damaged"):
        Keyring(path).pseudonym("p01")


def test_labels_come_back_where_the_key_is_and_can_be_forgotten(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "key")
    codes = {keyring.pseudonym(label): label for label in ("p01", "p02")}
    keyring.remember(codes)
    keyring.remember(codes)
    assert keyring.labels() == codes
    keyring.forget(keyring.pseudonym("p01"))
    assert list(keyring.labels().values()) == ["p02"]
    assert Keyring(tmp_path / "elsewhere").labels() == {}
