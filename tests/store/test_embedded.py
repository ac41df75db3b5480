"""The embedded store keeps whole batches, through kills, and answers in plain Arrow."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import ladybug
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlasdb.batch import Batch
from atlasdb.errors import InvalidDataError, NotFoundError, StoreError
from atlasdb.schema import NODES, RELATIONSHIPS, SCHEMA_VERSION
from atlasdb.store import bulk, embedded
from atlasdb.store.embedded import EmbeddedStore

CONNECTS = ("CONNECTS_TO", "Region", "Region")


def regions(tag: str, n: int) -> Batch:
    """Give one connectome of n regions with every ordered pair."""
    ids = np.array([f"{tag}/{i}" for i in range(n)])
    source, target = np.nonzero(~np.eye(n, dtype=bool))
    batch = Batch()
    batch.add_nodes("Connectome", {"id": [tag], "subject": [tag]})
    batch.add_nodes("Region", {"id": ids, "connectome": [tag] * n, "name": ids})
    batch.add_edges(
        "HAS_REGION", "Connectome", "Region", {"source": [tag] * n, "target": ids}
    )
    batch.add_edges(
        *CONNECTS,
        {
            "source": ids[source],
            "target": ids[target],
            "weight": np.arange(len(source)) / 7,
            "supported": source < target,
        },
    )
    return batch


@pytest.fixture
def store(tmp_path: Path) -> Any:
    opened = EmbeddedStore(tmp_path / "atlas")
    yield opened
    opened.close()


def ask(store: EmbeddedStore, text: str, **parameters: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = store.read(text, parameters).to_pylist()
    return rows


# Batches.


def test_what_is_applied_is_there_after_closing(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    assert store.applied() == 0
    store.apply(regions("c1", 4), applied=3)
    store.close()
    store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "graph.lbug"]
    reader = EmbeddedStore(tmp_path, read_only=True)
    assert reader.applied() == 3
    assert reader.edges(CONNECTS).num_rows == 12
    assert reader.nodes("Meta")["schema_version"].to_pylist() == [SCHEMA_VERSION]
    reader.close()


@pytest.mark.parametrize("copy_from", [1, 10**9])
def test_the_same_batch_twice_changes_nothing(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch, copy_from: int
) -> None:
    monkeypatch.setattr(bulk, "COPY_FROM", copy_from)
    for name in ("COMPARE_FROM", "COPY_ALWAYS_FROM"):
        monkeypatch.setattr(bulk, name, copy_from)
    held = []
    for n in range(3):
        store.apply(regions("c1", 5), applied=n)
        held.append([store.edges(CONNECTS), store.nodes("Region")])
    assert held[0] == held[1] == held[2]
    assert held[0][0].num_rows == 20


@pytest.mark.parametrize("compare_from", [1, 10**9])
def test_a_property_that_a_table_does_not_carry_stays(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch, compare_from: int
) -> None:
    monkeypatch.setattr(bulk, "COMPARE_FROM", compare_from)
    store.apply(regions("c1", 3), applied=1)
    batch = Batch(
        nodes={"Region": pa.table({"id": ["c1/0"], "pagerank": [0.5]})},
        edges={
            CONNECTS: pa.table(
                {"source": ["c1/0", "c1/2"], "target": ["c1/1", "c1/0"], "q": [0.1, 0]}
            )
        },
    )
    store.apply(batch, applied=2)
    node = store.nodes("Region").to_pylist()[0]
    assert (node["name"], node["pagerank"]) == ("c1/0", 0.5)
    edges = store.edges(CONNECTS).to_pylist()
    assert len(edges) == 6
    assert [(e["weight"], e["q"]) for e in edges if e["q"] is not None] == [
        (0.0, 0.1),
        (4 / 7, 0.0),
    ]


def test_null_unsets_a_property_that_the_table_carries(store: EmbeddedStore) -> None:
    for name in ("V1", None):
        rows = pa.table({"id": ["a"], "name": pa.array([name], pa.string())})
        store.apply(Batch(nodes={"Region": rows}), applied=1)
    assert store.nodes("Region")["name"].to_pylist() == [None]


def test_of_rows_with_one_key_the_last_stays(store: EmbeddedStore) -> None:
    nodes = pa.table({"id": ["a", "b", "a"], "name": ["x", "y", "z"]})
    edges = pa.table({"source": ["a", "a"], "target": ["b", "b"], "weight": [1.0, 2.0]})
    store.apply(Batch({"Region": nodes}, {CONNECTS: edges}), applied=1)
    assert store.nodes("Region")["name"].to_pylist() == ["z", "y"]
    assert store.edges(CONNECTS)["weight"].to_pylist() == [2.0]


@pytest.mark.parametrize("compare_from", [1, 10**9])
def test_the_key_of_a_type_tells_relationships_of_one_pair_apart(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch, compare_from: int
) -> None:
    monkeypatch.setattr(bulk, "COMPARE_FROM", compare_from)
    ends = ("DIFFERS", "Area", "Area")
    store.apply(Batch(nodes={"Area": pa.table({"id": ["a", "b"]})}), applied=1)
    for contrast, effect in (("x", 1.0), ("y", 2.0), ("x", 3.0)):
        rows = {"source": ["a"], "target": ["b"], "contrast": [contrast]}
        table = pa.table(rows | {"effect": [effect]})
        store.apply(Batch(edges={ends: table}), applied=1)
    table = store.edges(ends)
    assert table["contrast"].to_pylist() == ["x", "y"]
    assert table["effect"].to_pylist() == [3.0, 2.0]


@pytest.mark.parametrize("copy_from", [1, 10**9])
@pytest.mark.parametrize(
    ("edge", "reason"),
    [
        ({"source": ["a"], "target": ["zz"]}, "not in the graph"),
        ({"source": ["a"], "target": ["a"]}, "to itself"),
        ({"source": ["a"], "target": pa.array([None], pa.string())}, "no target"),
        ({"source": ["a"]}, "need"),
        ({"source": ["a"], "target": ["b"], "colour": ["red"]}, "no property"),
        ({"source": ["a"], "target": ["b"], "weight": ["heavy"]}, "wrong types"),
    ],
)
def test_a_bad_batch_leaves_nothing_behind(
    store: EmbeddedStore,
    monkeypatch: pytest.MonkeyPatch,
    edge: dict[str, Any],
    reason: str,
    copy_from: int,
) -> None:
    monkeypatch.setattr(bulk, "COPY_FROM", copy_from)
    store.apply(regions("c1", 3), applied=7)
    bad = Batch({"Region": pa.table({"id": ["a", "b"]})}, {CONNECTS: pa.table(edge)})
    with pytest.raises(InvalidDataError, match=reason):
        store.apply(bad, applied=8)
    assert store.applied() == 7
    assert store.nodes("Region").num_rows == 3
    store.apply(regions("c2", 3), applied=8)
    assert store.edges(CONNECTS).num_rows == 12


@given(
    sizes=st.lists(st.integers(0, 3), min_size=1, max_size=6),
    copy=st.booleans(),
    again=st.booleans(),
)
@settings(max_examples=30)
def test_no_row_is_lost_to_the_chunks_of_a_table(
    sizes: list[int], copy: bool, again: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = regions("c1", 5)
    batch = Batch(nodes=dict(whole.nodes))
    table = whole.edges[CONNECTS]
    places = [min(x, 20) for x in np.cumsum([0, *sizes]).tolist()] + [20]
    parts = [table.slice(a, b - a) for a, b in pairwise(places)]
    batch.edges[CONNECTS] = pa.concat_tables(parts)
    nodes = whole.nodes["Region"]
    batch.nodes["Region"] = pa.concat_tables([nodes.slice(0, 0), nodes])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "COPY_FROM", 1 if copy else 10**9)
        patch.setattr(bulk, "COMPARE_FROM", 1)
        store = EmbeddedStore(tmp_path_factory.mktemp("atlas"))
        if again:
            half = Batch(dict(whole.nodes), {CONNECTS: table.slice(3, 9)})
            store.apply(half, applied=1)
        store.apply(batch, applied=2)
        held = store.edges(CONNECTS)
        assert held == table.sort_by([("source", "ascending"), ("target", "ascending")])
        assert store.nodes("Region").num_rows == 5
        store.close()


@given(
    rows=st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
            st.none() | st.text("aü'\"\\,\n", max_size=5),
            st.none() | st.integers(-(2**63), 2**63 - 1),
            st.none() | st.floats(allow_nan=False),
        ),
        max_size=8,
        unique_by=lambda row: row[0],
    )
)
@settings(max_examples=20)
def test_any_values_come_back_as_they_went_in(
    rows: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = EmbeddedStore(tmp_path_factory.mktemp("atlas"))
    ids, names, whole, real = ([row[i] for row in rows] for i in range(4))
    batch = Batch()
    columns = {"id": ids, "name": names, "community": whole, "pagerank": real}
    batch.add_nodes("Region", columns)
    store.apply(batch, applied=1)
    table = store.nodes("Region").select(list(columns)).to_pylist()
    store.close()
    wanted = [dict(zip(columns, row, strict=True)) for row in rows]
    assert table == sorted(wanted, key=lambda row: row["id"].encode())


def test_tables_have_the_columns_and_types_of_the_schema(store: EmbeddedStore) -> None:
    for label, node in NODES.items():
        assert store.nodes(label).column_names == ["id", *node.properties]
    for kind, rel in RELATIONSHIPS.items():
        for ends in rel.ends:
            table = store.edges((kind, *ends))
            assert table.column_names == ["source", "target", *rel.properties]
    assert store.edges(CONNECTS).schema.field("n").type == pa.int64()


def test_rows_are_sorted_by_what_identifies_them(store: EmbeddedStore) -> None:
    store.apply(regions("c1", 11), applied=1)
    ids = store.nodes("Region")["id"].to_pylist()
    assert ids == sorted(ids)
    pairs = store.edges(CONNECTS).select(["source", "target"]).to_pylist()
    assert pairs == sorted(pairs, key=lambda e: (e["source"], e["target"]))


def test_a_full_disk_is_told_of_before_anything_is_written(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil.disk_usage("/")._replace(free=1000)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: full)
        with pytest.raises(StoreError, match="Free some space"):
            store.apply(regions("c1", 3), applied=1)
    assert store.applied() == 0
    store.apply(regions("c1", 3), applied=1)


def test_deleting_takes_relationships_along(store: EmbeddedStore) -> None:
    store.apply(regions("c1", 3), applied=1)
    store.delete("Region", ["c1/0", "nobody"])
    store.delete("Region", [])
    assert store.nodes("Region").num_rows == 2
    assert store.edges(CONNECTS).num_rows == 2
    assert store.applied() == 1


def test_a_cleared_store_is_empty_and_takes_batches(store: EmbeddedStore) -> None:
    store.apply(regions("c1", 3), applied=1)
    store.clear()
    assert store.applied() == 0
    assert store.nodes("Region").num_rows == 0
    store.apply(regions("c1", 3), applied=1)
    assert store.edges(CONNECTS).num_rows == 6


# Reading.


def test_answers_are_plain(store: EmbeddedStore) -> None:
    batch = regions("c1", 2)
    store.apply(batch, applied=1)
    table = store.read(
        "MATCH (a:Region)-[r:CONNECTS_TO]->(b:Region) "
        "RETURN a, r, a.name AS name, r.weight AS w, r.supported AS s, 1 AS n, "
        "coalesce(sum(r.n), 0) AS total, 0.0 / 0.0 AS nan ORDER BY name",
        {},
    )
    row = table.to_pylist()[0]
    assert row["a"] == {"id": "c1/0", "connectome": "c1", "name": "c1/0"}
    assert row["r"] == {"weight": 0.0, "supported": True}
    assert row["nan"] is None
    types = {str(field.type) for field in table.schema if field.name not in "ar"}
    assert types == {"string", "double", "bool", "int64"}


def test_a_question_with_parameters_is_answered(store: EmbeddedStore) -> None:
    store.apply(regions("c1", 3), applied=1)
    text = "MATCH (r:Region) WHERE r.id IN $ids RETURN r.id AS id ORDER BY id"
    given = {"ids": [np.str_("c1/2"), "c1/0", "zz"]}
    assert ask(store, text, **given) == [{"id": "c1/0"}, {"id": "c1/2"}]
    with pytest.raises(InvalidDataError, match=r"\$ids"):
        ask(store, text)
    with pytest.raises(InvalidDataError, match=r"not use \$more"):
        ask(store, text, ids=[], more=1)
    with pytest.raises(InvalidDataError, match="64 bits"):
        ask(store, "RETURN $x AS x", x=2**63)


def test_a_question_cannot_write_even_as_trusted_text(store: EmbeddedStore) -> None:
    with pytest.raises(InvalidDataError, match="--write"):
        store.read("CREATE (:Annotation {id: 'x'})", {})
    text = "CREATE (a:Annotation {id: 'x'}) RETURN a.id AS id"
    with pytest.raises((InvalidDataError, StoreError)):
        store.read(text, {}, trusted=True)
    assert store.nodes("Annotation").num_rows == 0


def test_a_slow_question_is_stopped(store: EmbeddedStore) -> None:
    many = "UNWIND range(1, 100000) AS"
    slow = f"{many} x {many} y RETURN coalesce(sum(x * y), 0) AS n"
    started = time.monotonic()
    with pytest.raises(StoreError, match=r"longer than 0\.2 s"):
        store.read(slow, {}, timeout_s=0.2)
    assert time.monotonic() - started < 5
    assert ask(store, "RETURN 1 AS n") == [{"n": 1}]


def test_what_a_question_does_wrong_is_one_line(store: EmbeddedStore) -> None:
    for text in ("RETURN 1 / 0 AS x", "RETURN 9223372036854775807 + 1 AS x"):
        with pytest.raises(InvalidDataError) as refused:
            store.read(text, {})
        assert "\n" not in str(refused.value)
    assert ask(store, "RETURN 1 AS n") == [{"n": 1}]


# Writing what people own.


def test_people_write_annotations(store: EmbeddedStore) -> None:
    store.apply(regions("c1", 2), applied=1)
    text = (
        "MATCH (r:Region {id: $id}) MERGE (a:Annotation {id: 'mine'}) "
        "MERGE (a)-[n:ANNOTATES]->(r) SET a.text = $text, n.note = 'see'"
    )
    changes = [store.write(text, {"id": "c1/0", "text": "odd"}, applied=2)]
    changes.append(store.write(text, {"id": "c1/0", "text": "odd"}, applied=3))
    changes.append(store.write(text, {"id": "c1/1", "text": "even"}, applied=4))
    assert changes == [2, 0, 2]
    assert store.applied() == 4
    gone = store.write("MATCH (a:Annotation) DETACH DELETE a", {}, applied=5)
    assert gone == 3


def test_a_refused_write_changes_nothing(store: EmbeddedStore) -> None:
    store.apply(regions("c1", 2), applied=1)
    store.write("CREATE (:Annotation {id: 'a'})", {}, applied=2)
    twice = (
        "UNWIND ['a', 'b'] AS x MATCH (r:Region {id: 'c1/0'}) "
        "CREATE (n:Annotation {id: x})-[:ANNOTATES]->(r)"
    )
    with pytest.raises(InvalidDataError, match="already"):
        store.write(twice, {}, applied=3)
    assert store.applied() == 2
    assert store.nodes("Annotation").num_rows == 1
    with pytest.raises(InvalidDataError, match="DETACH"):
        store.write(
            "MATCH (r:Region) MATCH (n:Annotation {id: 'a'}) "
            "MERGE (n)-[:ANNOTATES]->(r) DELETE n",
            {},
            applied=3,
        )
    assert store.applied() == 2


# Opening.


def test_reading_where_nothing_is_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="run 'atlasdb ingest' first"):
        EmbeddedStore(tmp_path / "nothing", read_only=True)
    assert not (tmp_path / "nothing").exists()


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    EmbeddedStore(tmp_path).close()
    reader = EmbeddedStore(tmp_path, read_only=True)
    for change in (
        lambda: reader.apply(Batch(), applied=1),
        lambda: reader.write("CREATE (:Annotation {id: 'a'})", {}, applied=1),
        lambda: reader.delete("Region", ["a"]),
        reader.clear,
    ):
        with pytest.raises(StoreError, match="reading only"):
            change()
    reader.close()
    with pytest.raises(StoreError, match="closed"):
        reader.applied()


def test_a_store_that_is_written_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATLASDB_LOCK_TIMEOUT", "0.1")
    writer = EmbeddedStore(tmp_path)
    for read_only in (True, False):
        with pytest.raises(StoreError, match=f"process {os.getpid()}"):
            EmbeddedStore(tmp_path, read_only=read_only)
    writer.close()
    readers = [EmbeddedStore(tmp_path, read_only=True) for _ in range(3)]
    for reader in readers:
        assert reader.applied() == 0
        reader.close()


def test_many_stores_fit_into_one_process(tmp_path: Path) -> None:
    stores = [EmbeddedStore(tmp_path / str(i)) for i in range(25)]
    for each in stores:
        each.close()


def test_a_closed_store_can_be_copied(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "one")
    store.apply(regions("c1", 4), applied=1)
    store.close()
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    copy = EmbeddedStore(tmp_path / "two", read_only=True)
    assert copy.edges(CONNECTS).num_rows == 12
    copy.close()


def test_a_file_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "atlas"
    path.write_text("not a folder")
    with pytest.raises(StoreError, match="cannot be made a folder"):
        EmbeddedStore(path)


def test_a_broken_graph_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "graph.lbug").write_bytes(b"rubbish" * 1000)
    for read_only in (True, False):
        with pytest.raises(StoreError, match="rebuild") as refused:
            EmbeddedStore(tmp_path, read_only=read_only)
        assert "\n" not in str(refused.value)


def test_a_newer_graph_is_refused(tmp_path: Path) -> None:
    EmbeddedStore(tmp_path).close()
    graph = tmp_path / "graph.lbug"
    original = graph.read_bytes()
    graph.write_bytes(original[:4] + bytes([original[4] + 1]) + original[5:])
    with pytest.raises(StoreError, match="newer atlasdb"):
        EmbeddedStore(tmp_path, read_only=True)
    graph.write_bytes(original)
    change(tmp_path, "MERGE (m:Meta {id: 'atlas'}) SET m.schema_version = 99")
    for read_only in (True, False):
        with pytest.raises(StoreError, match="schema 99"):
            EmbeddedStore(tmp_path, read_only=read_only)


def change(folder: Path, *statements: str) -> None:
    """Change a graph behind the store's back."""
    database = ladybug.Database(
        str(folder / "graph.lbug"), buffer_pool_size=1 << 28, max_db_size=1 << 36
    )
    connection = ladybug.Connection(database)
    for statement in statements:
        connection.execute(statement)
    connection.close()
    database.close()


@pytest.mark.parametrize("read_only", [True, False])
def test_an_older_graph_gets_what_the_schema_gained(
    tmp_path: Path, read_only: bool
) -> None:
    store = EmbeddedStore(tmp_path)
    store.apply(regions("c1", 2), applied=1)
    store.close()
    change(
        tmp_path,
        "ALTER TABLE Region DROP community",
        "ALTER TABLE CONNECTS_TO DROP q",
        "ALTER TABLE USED DROP FROM Run TO Parcellation",
        "DROP TABLE REPLACES",
    )
    store = EmbeddedStore(tmp_path, read_only=read_only)
    assert store.nodes("Region")["community"].to_pylist() == [None, None]
    assert store.edges(CONNECTS)["q"].to_pylist() == [None, None]
    assert store.edges(("USED", "Run", "Parcellation")).num_rows == 0
    assert store.edges(("REPLACES", "Connectome", "Connectome")).num_rows == 0
    store.close()
    store = EmbeddedStore(tmp_path)
    store.apply(regions("c2", 3), applied=2)
    assert store.edges(CONNECTS).num_rows == 8
    store.close()


# Kills.

WRITE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_embedded import regions
from atlasdb.store import bulk, embedded
if sys.argv[3] == "copy":
    bulk.COPY_FROM, bulk.COPY_ALWAYS_FROM, bulk.COPY_PIECE = 500, 500, 700
else:
    embedded.LOG_BYTES = 1 << 18
store = embedded.EmbeddedStore(Path(sys.argv[1]))
while True:
    n = store.applied()
    store.apply(regions(f"c{n}", 40), applied=n + 1)
    print(n + 1, flush=True)
"""


@pytest.mark.parametrize("way", ["copy", "create"])
def test_a_killed_writer_leaves_whole_batches(tmp_path: Path, way: str) -> None:
    chance = random.Random(7)
    here = str(Path(__file__).parent)
    for round_ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITE, str(tmp_path), here, way],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        for _ in range(chance.randint(1, 3)):
            last = int(writer.stdout.readline())
        time.sleep(chance.uniform(0, 0.15))
        writer.kill()
        rest, _ = writer.communicate()
        last = int(rest.split()[-1]) if rest else last
        store = EmbeddedStore(tmp_path, read_only=round_ % 2 == 0)
        n = store.applied()
        assert n in (last, last + 1)
        assert store.nodes("Region").num_rows == n * 40
        assert store.edges(CONNECTS).num_rows == n * 40 * 39
        assert store.edges(("HAS_REGION", "Connectome", "Region")).num_rows == n * 40
        store.close()
        names = sorted(path.name for path in tmp_path.iterdir())
        assert names == [".lock", "graph.lbug"]


def test_a_large_batch_that_was_cut_off_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = EmbeddedStore(tmp_path)
    store.apply(regions("c1", 5), applied=1)
    monkeypatch.setattr(bulk, "COPY_FROM", 1)
    monkeypatch.setattr(bulk, "COPY_ALWAYS_FROM", 1)
    monkeypatch.setattr(embedded.tables, "drop_undo", lambda graph: None)
    store.apply(regions("c2", 5), applied=2)
    store.close()
    for read_only in (True, False):
        store = EmbeddedStore(tmp_path, read_only=read_only)
        assert store.applied() == 1
        assert store.nodes("Region").num_rows == 5
        store.close()


def test_a_torn_log_loses_only_what_was_never_finished(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2]); "
        "from test_embedded import regions; "
        "from atlasdb.store.embedded import EmbeddedStore; "
        "s = EmbeddedStore(Path(sys.argv[1])); "
        "s.apply(regions('a', 5), applied=1); s.apply(regions('b', 5), applied=2); "
        "os._exit(9)"
    )
    here = str(Path(__file__).parent)
    subprocess.run([sys.executable, "-c", code, str(tmp_path), here], check=False)
    log = tmp_path / "graph.lbug.wal"
    data = log.read_bytes()
    log.write_bytes(data[:-100])
    store = EmbeddedStore(tmp_path, read_only=True)
    assert store.applied() == 1
    assert store.edges(CONNECTS).num_rows == 20
    store.close()
