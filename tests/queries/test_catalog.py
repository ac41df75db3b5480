"""The headers of queries: what they promise is read, what is broken is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from atlasdb import catalog
from atlasdb.errors import InvalidDataError, NotFoundError

TEXT = """// Count things.
//
// Parameters
// ----------
// subject : str
//     Whose, in a line
//     that goes on.
// least : float = 0.5
//     Least.
// every : bool = false
//     Every one.
// limit : int = 10
//     Rows.
//
// Returns
// -------
// name : str
//     Name.
// n : int
//     Number.

MATCH (s:Subject) WHERE s.id = $subject RETURN s.id AS name, count(s) AS n
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATLASDB_QUERIES", str(tmp_path))
    (tmp_path / "count-things.cypher").write_text(TEXT)
    return tmp_path


def test_a_header_is_read(folder: Path) -> None:
    query = catalog.load("count-things")
    assert query.summary == "Count things."
    assert [(p.name, p.kind, p.required, p.default) for p in query.parameters] == [
        ("subject", "str", True, None),
        ("least", "float", False, 0.5),
        ("every", "bool", False, False),
        ("limit", "int", False, 10),
    ]
    assert query.parameters[0].help == "Whose, in a line that goes on."
    assert [c.name for c in query.columns] == ["name", "n"]
    assert query.then is None
    assert query.uses("subject")
    assert not query.uses("least")


def test_a_file_of_ones_own_is_one_more_question(folder: Path) -> None:
    assert "count-things" in catalog.names()
    assert "connections" in catalog.names()


def test_a_file_of_ones_own_comes_before_ours(folder: Path) -> None:
    (folder / "connections.cypher").write_text(TEXT)
    assert catalog.load("connections").summary == "Count things."


def test_one_for_a_store_comes_before_the_portable_one(folder: Path) -> None:
    (folder / "neo4j").mkdir()
    (folder / "neo4j" / "count-things.cypher").write_text(TEXT.replace("Count", "Sum"))
    assert catalog.load("count-things", "neo4j").summary == "Sum things."
    assert catalog.load("count-things", "ladybug").summary == "Count things."


def test_one_that_needs_a_plugin_is_for_stores_that_have_it(folder: Path) -> None:
    (folder / "neo4j").mkdir()
    text = TEXT.replace("Count", "Sum")
    header, _, body = text.partition("\n\n")
    own = f"{header}\n//\n// Needs\n// -----\n// gds\n\n{body}"
    (folder / "neo4j" / "count-things.cypher").write_text(own)
    with_it = catalog.load("count-things", "neo4j", lambda name: name == "gds")
    without = catalog.load("count-things", "neo4j", lambda name: False)
    assert (with_it.summary, with_it.needs) == ("Sum things.", "gds")
    assert (without.summary, without.needs) == ("Count things.", None)


def test_underscores_stand_for_dashes(folder: Path) -> None:
    assert catalog.load("count_things").name == "count-things"


def test_a_near_miss_is_suggested() -> None:
    with pytest.raises(NotFoundError, match="Did you mean 'pagerank'"):
        catalog.load("pagerang")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs a value for 'subject'"),
        ({"subject": 1}, "must be of type str"),
        ({"subject": "a", "least": "x"}, "must be of type float"),
        ({"subject": "a", "every": 1}, "must be of type bool"),
        ({"subject": "a", "leest": 1.0}, "Did you mean 'least'"),
        ({"subject": "a", "least": float("nan")}, "finite"),
        ({"subject": "a", "limit": -1}, "between 0 and"),
        ({"subject": "a", "limit": 10**30}, "between 0 and"),
        ({"subject": "a", "limit": True}, "must be of type int"),
        ({"subject": "\udcff"}, "valid characters"),
        ({"subject": "a\0"}, "valid characters"),
    ],
)
def test_values_are_checked(folder: Path, given: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidDataError, match=said):
        catalog.load("count-things").bind(**given)


def test_numbers_of_numpy_will_do(folder: Path) -> None:
    given = {"subject": "a", "least": np.float32(0.5), "limit": np.int64(3)}
    bound = catalog.load("count-things").bind(**given)
    assert (bound["least"], bound["limit"]) == (0.5, 3)
    assert type(bound["limit"]) is int


def test_a_header_may_come_from_windows(folder: Path) -> None:
    text = "\ufeff" + TEXT.replace("\n", "\r\n")
    (folder / "theirs.cypher").write_bytes(text.encode())
    query = catalog.load("theirs")
    assert query.summary == "Count things."
    assert [p.name for p in query.parameters] == ["subject", "least", "every", "limit"]


def test_a_file_that_is_not_text_is_said(folder: Path) -> None:
    (folder / "broken.cypher").write_bytes(b"// \xff\xfe\n")
    with pytest.raises(InvalidDataError, match="not UTF-8"):
        catalog.load("broken")


@pytest.mark.parametrize("name", ["../other", "/etc/passwd", "", ".", "a/b"])
def test_a_name_is_never_a_path(folder: Path, name: str) -> None:
    (folder / "a").mkdir()
    for place in (folder.parent / "other.cypher", folder / "a" / "b.cypher"):
        place.write_text(TEXT)
    with pytest.raises(NotFoundError):
        catalog.load(name)


def test_a_whole_number_will_do_for_a_float(folder: Path) -> None:
    assert catalog.load("count-things").bind(subject="a", least=1)["least"] == 1.0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("// Count things.\n", "//\n", "summary"),
        ("// Returns\n// -------\n", "//\n", "Returns"),
        ("name : str", "name : text", "name : text"),
        ("= 0.5", "= much", "not a float"),
        ("= false", "= no", "neither true nor false"),
        ("// Returns\n", "// Answers\n", "Answers"),
        ("every : bool", "least : bool", "least is there twice"),
        ("$subject", "$who", "uses \\$who"),
    ],
)
def test_a_broken_header_is_said(folder: Path, old: str, new: str, said: str) -> None:
    (folder / "broken.cypher").write_text(TEXT.replace(old, new))
    with pytest.raises(InvalidDataError, match=said):
        catalog.load("broken")


def test_frames_have_the_promised_types(folder: Path) -> None:
    query = catalog.load("count-things")
    full = query.frame(pa.table({"n": [1, 2], "name": ["a", None]}))
    holed = query.frame(
        pa.table({"n": pa.array([1, None], pa.int64()), "name": ["a", "b"]})
    )
    empty = query.frame(pa.table({"n": pa.nulls(0), "name": pa.nulls(0)}))
    assert list(full.columns) == ["name", "n"]
    assert [str(f["n"].dtype) for f in (full, holed, empty)] == [
        "int64",
        "Int64",
        "int64",
    ]
    assert full["name"].dtype == holed["name"].dtype == empty["name"].dtype


def test_a_column_that_is_not_there_is_said(folder: Path) -> None:
    with pytest.raises(InvalidDataError, match="promises the column name"):
        catalog.load("count-things").frame(pa.table({"n": [1]}))
