"""What every store promises, held over the embedded one and a real Neo4j server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import small_study
from atlasdb.batch import Batch, merged
from atlasdb.errors import AtlasError, InvalidDataError, StoreError
from atlasdb.rows import entry_batch
from atlasdb.schema import NODES, RELATIONSHIPS
from atlasdb.store.base import Store, open_store

PAIR = ("CONNECTS_TO", "Region", "Region")
both_stores = pytest.mark.neo4j


def study() -> Batch:
    return merged(
        entry_batch(entry, [], code_version="0") for entry in small_study.entries()
    )


def rows(label: str, **columns: Any) -> Batch:
    return Batch(nodes={label: pa.table(columns)})


def connections(**columns: Any) -> Batch:
    return Batch(edges={PAIR: pa.table(columns)})


def dump(store: Store) -> dict[Any, pa.Table]:
    """Give everything that a store holds."""
    held: dict[Any, pa.Table] = {label: store.nodes(label) for label in NODES}
    for rel in RELATIONSHIPS.values():
        for source, target in rel.ends:
            held[rel.type, source, target] = store.edges((rel.type, source, target))
    return held


def assert_same(one: pa.Table, other: pa.Table) -> None:
    """Hold two tables equal: names, order, values, and types where there are values."""
    assert one.column_names == other.column_names
    assert one.to_pylist() == other.to_pylist()
    for name in one.column_names:
        if one.column(name).null_count < one.num_rows:
            assert one.schema.field(name).type == other.schema.field(name).type


def refusal(store: Store, text: str, **parameters: Any) -> str:
    """Give the line with which a store refuses a question."""
    with pytest.raises(AtlasError) as caught:
        store.read(text, parameters, timeout_s=30)
    assert len(str(caught.value).splitlines()) == 1
    return f"{type(caught.value).__name__}: {caught.value}"


@pytest.fixture
def stores(tmp_path: Path, neo4j_url: str) -> Iterator[tuple[Store, Store]]:
    """Both stores, empty, side by side."""
    embedded, server = open_store(str(tmp_path / "atlas")), open_store(neo4j_url)
    yield embedded, server
    embedded.close()
    server.close()


def test_an_empty_store_has_empty_tables_of_the_schema(store: Store) -> None:
    assert store.applied() == 0
    for label, node in NODES.items():
        table = store.nodes(label)
        assert table.num_rows == 0
        assert table.column_names == ["id", *node.properties]
    for rel in RELATIONSHIPS.values():
        for source, target in rel.ends:
            table = store.edges((rel.type, source, target))
            assert table.num_rows == 0
            assert table.column_names == ["source", "target", *rel.properties]


def test_what_goes_in_comes_out(store: Store) -> None:
    batch = study()
    store.apply(batch, applied=9)
    assert store.applied() == 9
    for label, table in batch.nodes.items():
        held = store.nodes(label)
        assert held.equals(table.sort_by("id").cast(held.schema))
    for ends, table in batch.edges.items():
        held = store.edges(ends)
        order = ["source", "target", *RELATIONSHIPS[ends[0]].key]
        by = [(name, "ascending") for name in order]
        assert held.equals(table.sort_by(by).cast(held.schema))


def test_the_same_batch_again_changes_nothing(store: Store) -> None:
    store.apply(study(), applied=1)
    before = dump(store)
    store.apply(study(), applied=1)
    assert dump(store) == before


def test_an_upsert_leaves_what_it_does_not_carry(store: Store) -> None:
    store.apply(rows("Region", id=["a", "b"], name=["A", "B"]), applied=1)
    store.apply(rows("Region", id=["b", "c"], pagerank=[0.5, 0.25]), applied=2)
    held = store.nodes("Region").select(["id", "name", "pagerank"]).to_pylist()
    assert held == [
        {"id": "a", "name": "A", "pagerank": None},
        {"id": "b", "name": "B", "pagerank": 0.5},
        {"id": "c", "name": None, "pagerank": 0.25},
    ]


def test_a_null_that_is_carried_removes_a_value(store: Store) -> None:
    store.apply(rows("Area", id=["a"], name=["A"], code=["1"]), applied=1)
    name = pa.array([None], pa.string())
    store.apply(rows("Area", id=["a"], name=name), applied=2)
    (held,) = store.nodes("Area").to_pylist()
    assert (held["name"], held["code"]) == (None, "1")


def test_of_rows_with_one_key_the_last_stays(store: Store) -> None:
    store.apply(rows("Region", id=["a", "b", "a"], name=["1", "2", "3"]), applied=1)
    twice = {"source": ["a", "a"], "target": ["b", "b"], "weight": [1.0, 2.0]}
    store.apply(connections(**twice), applied=2)
    assert store.nodes("Region")["name"].to_pylist() == ["3", "2"]
    assert store.edges(PAIR)["weight"].to_pylist() == [2.0]


def test_relationships_of_a_pair_are_told_apart_by_their_key(store: Store) -> None:
    batch = rows("Area", id=["a", "b"])
    ends = ("DIFFERS", "Area", "Area")
    columns = {
        "source": ["a", "a", "b"],
        "target": ["b", "b", "a"],
        "contrast": ["x", "y", "x"],
        "effect": [0.1, 0.2, 0.3],
    }
    batch.edges[ends] = pa.table(columns)
    store.apply(batch, applied=1)
    again = pa.table({**columns, "effect": [0.1, 0.5, 0.3]})
    store.apply(Batch(edges={ends: again}), applied=2)
    held = store.edges(ends).select(["source", "contrast", "effect"]).to_pylist()
    assert [tuple(row.values()) for row in held] == [
        ("a", "x", 0.1),
        ("a", "y", 0.5),
        ("b", "x", 0.3),
    ]


def test_numbers_and_text_come_back_to_the_last_bit(store: Store) -> None:
    numbers = [0.1, 5e-324, 1.7976931348623157e308, -0.0, float("nan"), 1 / 3]
    texts = ["", "ñ é 脳 🧠", "a\nb\tc", "'\"`\\$x", "\x00end", " "]
    whole = [2**63 - 1, -(2**63), 0, None, 1, -1]
    ids = [f"n{i}" for i in range(6)]
    batch = rows("Neuron", id=ids, name=texts, x_um=numbers, n_pre=whole)
    store.apply(batch, applied=1)
    held = store.nodes("Neuron")
    assert held["name"].to_pylist() == texts
    assert held["n_pre"].to_pylist() == whole
    assert held["x_um"].to_pylist() == [*numbers[:4], None, 1 / 3]
    assert str(held["x_um"][3].as_py()) == "-0.0"


def test_ids_keep_every_character(store: Store) -> None:
    ids = ["脳/Ä", "720575940379281479", "a b'c\"d", "{x: 1}"]
    store.apply(rows("Region", id=ids), applied=1)
    joined = {"source": ids[:3], "target": ids[1:], "weight": [1.0, 2.0, 3.0]}
    store.apply(connections(**joined), applied=2)
    assert sorted(store.edges(PAIR)["source"].to_pylist()) == sorted(ids[:3])


@pytest.mark.parametrize(
    "batch",
    [
        rows("Region", id=["a"], nope=[1]),
        rows("Region", name=["a"]),
        rows("Region", id=["a", None]),
        rows("Region", id=["a"], pagerank=["high"]),
        Batch(edges={("CONNECTS_TO", "Region", "Neuron"): pa.table({"source": ["a"]})}),
        connections(source=["here"], target=["here"], weight=[1.0]),
        connections(source=["here"], target=["nowhere"], weight=[1.0]),
        connections(source=["nowhere", "here"], target=["here", "too"], weight=[1, 2]),
        Batch(edges={("IN_COHORT", "Subject", "Cohort"): pa.table({"source": ["s"]})}),
        Batch(
            nodes={"Subject": pa.table({"id": ["s"]})},
            edges={
                ("IN_COHORT", "Subject", "Cohort"): pa.table(
                    {"source": ["s"], "target": ["nobody"]}
                )
            },
        ),
    ],
)
def test_rows_that_do_not_fit_change_nothing(store: Store, batch: Batch) -> None:
    store.apply(rows("Region", id=["here", "too"]), applied=1)
    before = dump(store)
    with pytest.raises(InvalidDataError) as caught:
        store.apply(batch, applied=2)
    assert len(str(caught.value).splitlines()) == 1
    assert dump(store) == before
    assert store.applied() == 1


def test_deleting_takes_the_relationships_along(store: Store) -> None:
    store.apply(study(), applied=1)
    before = store.edges(PAIR)
    gone = store.nodes("Region")["id"].to_pylist()[:3]
    store.delete("Region", [*gone, "was never there"])
    assert not set(gone) & set(store.nodes("Region")["id"].to_pylist())
    held = store.edges(PAIR)
    assert 0 < held.num_rows < before.num_rows
    assert not set(gone) & set(held["source"].to_pylist() + held["target"].to_pylist())
    store.delete("Region", [])


def test_clearing_leaves_nothing_and_can_be_written_again(store: Store) -> None:
    store.apply(study(), applied=4)
    store.clear()
    assert store.applied() == 0
    assert all(table.num_rows == 0 for table in dump(store).values())
    store.apply(study(), applied=4)
    assert store.nodes("Subject").num_rows > 0


def test_what_is_closed_can_be_closed_again(atlas_url: str) -> None:
    store = open_store(atlas_url)
    store.apply(rows("Area", id=["a"]), applied=1)
    store.close()
    store.close()


def test_a_store_opened_for_reading_refuses_to_change(atlas_url: str) -> None:
    writer = open_store(atlas_url)
    writer.apply(rows("Area", id=["a"]), applied=1)
    writer.close()
    reader = open_store(atlas_url, read_only=True)
    try:
        for change in (
            lambda: reader.apply(rows("Area", id=["b"]), applied=2),
            lambda: reader.delete("Area", ["a"]),
            lambda: reader.write("CREATE (:Annotation {id: 'x'})", {}, applied=2),
            reader.clear,
        ):
            with pytest.raises(StoreError, match="reading only"):
                change()
        assert reader.nodes("Area")["id"].to_pylist() == ["a"]
        assert reader.applied() == 1
    finally:
        reader.close()


def test_people_can_write_annotations(store: Store) -> None:
    store.apply(study(), applied=1)
    text = "CREATE (:Annotation {id: $key, name: 'odd', text: 'look again'})"
    assert store.write(text, {"key": "n1"}, applied=2) == 1
    assert store.applied() == 2
    text = (
        "MATCH (n:Annotation {id: $key}) MATCH (s:Subject {id: $subject}) "
        "MERGE (n)-[:ANNOTATES]->(s)"
    )
    assert store.write(text, {"key": "n1", "subject": "p1"}, applied=3) == 1
    assert store.write(text, {"key": "n1", "subject": "p1"}, applied=4) == 0
    assert store.edges(("ANNOTATES", "Annotation", "Subject")).num_rows == 1
    text = "MATCH (n:Annotation {id: $key}) SET n.text = $said"
    assert store.write(text, {"key": "n1", "said": "fine"}, applied=5) == 1
    text = "MATCH (n:Annotation {id: $key}) DETACH DELETE n"
    assert store.write(text, {"key": "n1"}, applied=6) == 2
    assert store.nodes("Annotation").num_rows == 0


@pytest.mark.parametrize(
    "text",
    [
        "CREATE (:Annotation {id: 'x', mood: 'good'})",
        "CREATE (:Annotation {name: 'no id'})",
        "CREATE (:Subject {id: 'somebody'})",
        "MATCH (s:Subject) SET s.sex = 'F'",
        "MATCH (s:Subject) DETACH DELETE s",
        "CREATE (:Annotation {id: 'one'}) CREATE (:Annotation {id: 'one'})",
    ],
)
def test_a_write_that_reaches_too_far_changes_nothing(store: Store, text: str) -> None:
    store.apply(study(), applied=1)
    before = dump(store)
    with pytest.raises(AtlasError) as caught:
        store.write(text, {}, applied=2)
    assert len(str(caught.value).splitlines()) == 1
    assert dump(store) == before


QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("MATCH (s:Subject) RETURN count(s) AS n", {}),
    (
        "MATCH (s:Subject) RETURN s.id AS id, s.age_years AS age, s.sex AS sex "
        "ORDER BY id",
        {},
    ),
    (
        "MATCH (g:Connectome)-[:HAS_REGION]->(a:Region)-[c:CONNECTS_TO]->(b:Region) "
        "WHERE g.subject = $subject AND c.weight >= $least AND c.supported = true "
        "RETURN a.name AS source, b.name AS target, c.weight AS weight, "
        "c.supported AS supported, c.n AS n, c.p AS p "
        "ORDER BY weight DESC, source, target LIMIT 5",
        {"subject": "p1", "least": 0.01},
    ),
    (
        "MATCH (s:Subject)-[:IN_COHORT]->(k:Cohort) RETURN k.id AS cohort, "
        "count(*) AS n, avg(s.age_years) AS mean_age, min(s.age_years) AS youngest, "
        "max(s.id) AS last ORDER BY cohort",
        {},
    ),
    (
        "MATCH (a:Region)-[c:CONNECTS_TO]->(b:Region) WHERE a.name STARTS WITH 'F' "
        "AND b.name CONTAINS 'z' RETURN a.id AS a_id, "
        "coalesce(sum(c.weight), 0.0) AS total, "
        "count(DISTINCT b.name) AS targets ORDER BY a_id",
        {},
    ),
    (
        "MATCH (s:Subject) OPTIONAL MATCH (s)-[:HAS_MAP]->(m:ActivationMap) "
        "RETURN s.id AS id, m.condition AS condition, m.n_trials AS trials "
        "ORDER BY id, condition",
        {},
    ),
    ("MATCH (s:Subject {id: $id}) RETURN s AS person", {"id": "p1"}),
    (
        "MATCH (s:Subject)-[r:IN_COHORT]->(k:Cohort) RETURN s.id AS id, r AS link, "
        "k AS cohort ORDER BY id",
        {},
    ),
    ("MATCH (m:ActivationMap)-[r:ACTIVATES]->(a:Area) RETURN r AS r ORDER BY a.id", {}),
    (
        "MATCH (s:Subject) WHERE s.id IN $ids RETURN s.id AS id, $ids AS asked, "
        "[1, 2] AS whole, [0.5] AS real ORDER BY id",
        {"ids": ["p1", "c1", "nobody"]},
    ),
    ("MATCH (n:Neuron) RETURN n.body_id AS id, n.sign AS sign ORDER BY id", {}),
    (
        "MATCH (s:Subject) WHERE EXISTS { MATCH (s)-[:HAS_MAP]->(m:ActivationMap) } "
        "RETURN s.id AS id, CASE WHEN s.age_years > 30 THEN 'old' ELSE 'young' END "
        "AS kind ORDER BY id",
        {},
    ),
    ("MATCH (s:Subject) WHERE s.id = 'nobody' RETURN s.id AS id, s.sex AS sex", {}),
    ("MATCH (s:Subject) WHERE s.id = 'nobody' RETURN count(s) AS n", {}),
    ("RETURN 1 AS one, 'a;b' AS text, 0.5 AS half, true AS yes", {}),
    ("UNWIND [3, 1, 2] AS x RETURN x AS x ORDER BY x", {}),
    (
        "MATCH (a:Region {name: 'Fz'})-[:CONNECTS_TO*1..3]->(b:Region) "
        "RETURN a.connectome AS g, count(DISTINCT b.id) AS reached ORDER BY g",
        {},
    ),
]

REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("CREATE (:Subject {id: 'x'})", {}),
    ("MATCH (s:Subject) SET s.sex = 'F' RETURN s.id AS id", {}),
    ("MATCH (s:Subject) DETACH DELETE s", {}),
    ("MERGE (s:Subject {id: 'x'}) RETURN s.id AS id", {}),
    ("DROP TABLE Subject", {}),
    ("LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line", {}),
    ("MATCH (s:Subject) RETURN s.id AS id; MATCH (s:Subject) DELETE s", {}),
    ("MATCH (s:Subject {id: $id}) RETURN s.id AS id", {}),
    ("MATCH (s:Subject) RETURN s.id AS id", {"id": "p1"}),
    ("", {}),
    ("MATCH (s:Subject) RETURN 'open AS x", {}),
]


@both_stores
def test_both_stores_answer_alike(stores: tuple[Store, Store]) -> None:
    for store in stores:
        store.apply(study(), applied=1)
    embedded, server = stores
    for text, parameters in QUESTIONS:
        one, other = embedded.read(text, parameters), server.read(text, parameters)
        assert_same(one, other)
        trusted = server.read(text, parameters, trusted=True, timeout_s=60)
        assert_same(other, trusted)


@both_stores
def test_both_stores_refuse_alike(stores: tuple[Store, Store]) -> None:
    embedded, server = stores
    for text, parameters in REFUSED:
        one = refusal(embedded, text, **parameters)
        assert one == refusal(server, text, **parameters)
        assert one.startswith("InvalidDataError")


@both_stores
def test_both_stores_refuse_the_same_rows_alike(stores: tuple[Store, Store]) -> None:
    lines = []
    for store in stores:
        store.apply(rows("Region", id=["here", "too"]), applied=1)
        ids = {"source": ["here", "x", "y"], "target": ["too", "here", "x"]}
        with pytest.raises(InvalidDataError) as caught:
            store.apply(connections(**ids), applied=2)
        lines.append(str(caught.value))
    assert lines[0] == lines[1]


@st.composite
def changes(draw: st.DrawFn) -> list[Batch]:
    """Give some batches of few regions, so that they meet each other."""
    names = draw(st.lists(st.sampled_from("abcdef"), min_size=2, unique=True))
    batches = []
    for _ in range(draw(st.integers(1, 4))):
        some = draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
        n = len(some)
        numbers = st.none() | st.floats(allow_infinity=False)
        whole = st.none() | st.integers(-(2**63), 2**63 - 1)
        columns: dict[str, Any] = {
            "pagerank": pa.array(draw(_column(numbers, n)), pa.float64()),
            "community": pa.array(draw(_column(whole, n)), pa.int64()),
            "name": pa.array(draw(_column(st.none() | st.text(), n)), pa.string()),
        }
        carried = draw(st.lists(st.sampled_from(sorted(columns)), unique=True))
        batch = rows("Region", id=some, **{name: columns[name] for name in carried})
        batches.append(batch)
    pairs = [(a, b) for a in names for b in names if a != b]
    joined = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=12))
    weights = draw(_column(st.floats(0, 1), len(joined)))
    columns = {"source": [a for a, _ in joined], "target": [b for _, b in joined]}
    whole_batch = rows("Region", id=names)
    whole_batch.edges[PAIR] = pa.table({**columns, "weight": weights})
    return [*batches, whole_batch, connections(**columns)]


def _column(values: st.SearchStrategy[Any], n: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=n, max_size=n)


@both_stores
@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches=changes())
def test_any_course_of_changes_ends_alike(
    stores: tuple[Store, Store], batches: list[Batch]
) -> None:
    for store in stores:
        ids = store.nodes("Region")["id"].to_pylist()
        store.delete("Region", ids)
        for number, batch in enumerate(batches):
            store.apply(batch, applied=number)
    embedded, server = stores
    assert embedded.nodes("Region").equals(server.nodes("Region"))
    assert embedded.edges(PAIR).equals(server.edges(PAIR))


@both_stores
def test_a_big_batch_goes_in_alike(stores: tuple[Store, Store]) -> None:
    batch = big_batch(n_connectomes=3, n_regions=150)
    for store in stores:
        store.apply(batch, applied=1)
    embedded, server = stores
    assert embedded.edges(PAIR).equals(server.edges(PAIR))
    assert embedded.nodes("Region").equals(server.nodes("Region"))
    assert embedded.nodes("Connectome").equals(server.nodes("Connectome"))


def big_batch(*, n_connectomes: int, n_regions: int) -> Batch:
    """Give connectomes with every ordered pair, in more than one transaction."""
    rng = np.random.default_rng(0)
    batch = Batch()
    graphs = [f"g{i}" for i in range(n_connectomes)]
    columns = {"id": graphs, "subject": graphs, "is_current": [True] * len(graphs)}
    batch.add_nodes("Connectome", columns)
    for graph in graphs:
        ids = pa.array([f"{graph}/{i}" for i in range(n_regions)])
        batch.add_nodes("Region", {"id": ids, "connectome": [graph] * n_regions})
        batch.add_edges(
            "HAS_REGION",
            "Connectome",
            "Region",
            {"source": [graph] * n_regions, "target": ids},
        )
        source, target = np.nonzero(~np.eye(n_regions, dtype=bool))
        n = len(source)
        columns = {
            "source": ids.take(source),
            "target": ids.take(target),
            "weight": rng.random(n),
            "sign": rng.integers(-1, 2, n),
            "supported": rng.random(n) < 0.1,
            "n": np.full(n, 190),
            "p": np.where(rng.random(n) < 0.5, rng.integers(1, 20, n) / 20, np.nan),
        }
        batch.add_edges("CONNECTS_TO", "Region", "Region", columns)
    return batch
