"""The headers of queries: what they promise is read, what is broken is said."""

from __future__ import annotations

from pathlib import Path

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


def test_underscores_stand_for_dashes(folder: Path) -> None:
    assert catalog.load("count_things").name == "count-things"


def test_a_near_miss_is_suggested() -> None:
    with pytest.raises(NotFoundError, match="Did you mean 'pagerank'"):
        catalog.load("pagerang")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs a value for 'subject'"),
        ({"subject": 1}, "must be a str"),
        ({"subject": "a", "least": "x"}, "must be a float"),
        ({"subject": "a", "every": 1}, "must be a bool"),
        ({"subject": "a", "leest": 1.0}, "Did you mean 'least'"),
    ],
)
def test_values_are_checked(folder: Path, given: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidDataError, match=said):
        catalog.load("count-things").bind(**given)


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
