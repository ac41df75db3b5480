"""The files: what is written is read back, and nothing half-written is seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import small_study
from atlasdb.batch import Batch
from atlasdb.errors import NotFoundError, StoreError
from atlasdb.files import SMALL, Files
from atlasdb.rows import entry_batch


def batch() -> Batch:
    return entry_batch(small_study.entries()[0], [], code_version="0")


def test_rows_come_back_as_they_went_in(tmp_path: Path) -> None:
    files, rows = Files(tmp_path), batch()
    files.save("p1/key", rows, {})
    back = files.load("p1/key")
    assert back.nodes.keys() == rows.nodes.keys()
    assert back.edges.keys() == rows.edges.keys()
    assert all(back.nodes[k].equals(rows.nodes[k]) for k in rows.nodes)
    assert all(back.edges[k].equals(rows.edges[k]) for k in rows.edges)


def test_large_tables_lie_in_parquet_and_come_back_too(tmp_path: Path) -> None:
    files, rows = Files(tmp_path), Batch()
    rows.add_nodes("Cohort", {"id": [f"k{i}" for i in range(SMALL + 1)]})
    files.save("many/key", rows, {})
    assert (tmp_path / "many" / "key" / "Cohort.parquet").is_file()
    assert files.load("many/key").nodes["Cohort"].equals(rows.nodes["Cohort"])


def test_arrays_come_back_as_they_went_in(tmp_path: Path) -> None:
    files = Files(tmp_path)
    weight = np.array([[np.nan, 1.0], [2.0, np.nan]])
    files.save("p1/key", Batch(), {"matrix": {"weight": weight}})
    stored = files.arrays("p1/key/matrix.npz")
    np.testing.assert_array_equal(stored["weight"], weight)


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        arrays = {"matrix": {"weight": np.eye(3)}}
        Files(tmp_path / name).save("p1/key", batch(), arrays)
    one, other = (
        {p.name: p.read_bytes() for p in (tmp_path / n / "p1" / "key").iterdir()}
        for n in ("one", "other")
    )
    assert one == other


def test_a_failed_write_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("atlasdb.files._save_rows", full)
    with pytest.raises(StoreError, match="No space left"):
        Files(tmp_path).save("p1/key", batch(), {})
    assert list((tmp_path / "p1").iterdir()) == []


def test_lines_are_numbered_and_in_order(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.append({"kind": "run", "key": "a", "path": "p/a"})
    files.append({"kind": "cypher", "text": "x", "parameters": {}})
    numbers = [line.n for line in files.lines()]
    assert numbers == sorted(set(numbers))
    assert [line.kind for line in files.lines()] == ["run", "cypher"]
    assert files.keys() == {"a": "p/a"}
    assert list(files.lines(after=files.last())) == []


def test_a_line_cut_short_is_not_seen_and_is_written_over(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.append({"kind": "run", "key": "a", "path": "p/a"})
    with (tmp_path / "journal.jsonl").open("a") as journal:
        journal.write('{"n": 3, "kind": "ru')
    assert files.keys() == {"a": "p/a"}
    files.append({"kind": "run", "key": "b", "path": "p/b"})
    assert files.keys() == {"a": "p/a", "b": "p/b"}


def test_damage_is_found(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.save("p1/a", batch(), {"matrix": {"weight": np.eye(2)}})
    files.append({"kind": "run", "key": "a", "path": "p1/a"})
    assert files.damaged() == []
    path = tmp_path / "p1" / "a" / "matrix.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert files.damaged() == ["p1/a/matrix.npz"]


def test_a_missing_array_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="--files"):
        Files(tmp_path).arrays("p1/a/matrix.npz")


def test_rows_of_an_older_schema_get_the_properties_of_this_one(tmp_path: Path) -> None:
    files, rows = Files(tmp_path), Batch()
    rows.add_nodes("Cohort", {"id": [f"k{i}" for i in range(SMALL + 1)]})
    rows.nodes["Cohort"] = rows.nodes["Cohort"].drop_columns(["definition"])
    files.save("old/key", rows, {})
    back = files.load("old/key").nodes["Cohort"]
    assert back.column_names == ["id", "definition"]
    assert back.column("definition").null_count == back.num_rows
