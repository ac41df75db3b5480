"""The guard lets through what both stores answer alike, and says why it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlasdb.batch import Batch
from atlasdb.errors import InvalidDataError
from atlasdb.schema import NODES, RELATIONSHIPS
from atlasdb.store.dialect import check_parameters, check_read, check_write
from atlasdb.store.embedded import EmbeddedStore

# Questions that LadybugDB 0.22 and Neo4j 5.26 answered alike, and both allow.
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("MATCH (s:Subject) RETURN count(s) AS n", {}),
    ("MATCH (s:Subject) RETURN count(*) AS n, count(DISTINCT s.sex) AS d;", {}),
    ("MATCH (s:Subject) RETURN s.id, s.sex ORDER BY s.id", {}),
    ("MATCH (s:Subject) RETURN s.age_years AS a, s.id AS id ORDER BY a DESC, id", {}),
    ("MATCH (s:Subject) WHERE NOT s.sex = 'F' OR s.sex IS NULL RETURN s.id AS x", {}),
    ("MATCH (s:Subject) WHERE s.age_years > 5 AND s.age_years <= 40.5 RETURN s", {}),
    ("MATCH (s:Subject {id: $id}) RETURN s.age_years AS x", {"id": "s1"}),
    ("MATCH (s:Subject) WHERE s.id IN $ids RETURN s.id AS x", {"ids": ["s1", "s2"]}),
    ("MATCH (s:Subject) WHERE s.id IN $ids RETURN s.id AS x", {"ids": []}),
    ("MATCH (s:Subject) WHERE s.age_years IN [31, 20.5] RETURN s.id AS x", {}),
    ("MATCH (s:Subject) WHERE s.id STARTS WITH 's' RETURN s.id AS x", {}),
    ("MATCH (s:Subject) WHERE toLower(s.id) CONTAINS $t RETURN s", {"t": "s"}),
    ("MATCH (r:Region) WHERE r.name =~ '(?i).*_[LR]' RETURN r.name AS x", {}),
    (
        "MATCH (s:Subject) RETURN s.id AS x ORDER BY x SKIP $a LIMIT $b",
        {"a": 0, "b": 2},
    ),
    ("MATCH (s:Subject) RETURN DISTINCT s.sex AS x ORDER BY x", {}),
    ("MATCH (s:Subject)-[i:IN_COHORT]->(c:Cohort) RETURN s.id, c.id, i.role", {}),
    ("MATCH (c:Cohort)<-[:IN_COHORT]-(s:Subject) RETURN c.id AS x, count(s) AS n", {}),
    ("MATCH (s:Subject) OPTIONAL MATCH (s)-[:IN_COHORT]->(c:Cohort) RETURN s, c", {}),
    (
        "MATCH (s:Subject) WHERE EXISTS { MATCH (s)-[:IN_COHORT]->(c:Cohort) "
        "WHERE c.id = 'con' } RETURN s.id AS x",
        {},
    ),
    ("MATCH (s:Subject) WHERE NOT (s)-[:IN_COHORT]->(:Cohort) RETURN s.id AS x", {}),
    (
        "MATCH (s:Subject) RETURN s.id AS x, "
        "COUNT { MATCH (s)-[:IN_COHORT]->(:Cohort) } AS n",
        {},
    ),
    (
        "MATCH (a:Region)-[c:CONNECTS_TO]->(b:Region) WHERE c.weight > $w RETURN "
        "a.name AS source, b.name AS target, c.weight AS weight "
        "ORDER BY weight DESC, source, target LIMIT 10",
        {"w": 0.5},
    ),
    ("MATCH (a:Region)-[:CONNECTS_TO {sign: 1}]->(b:Region) RETURN b.id AS x", {}),
    (
        "MATCH (a:Region)-[:CONNECTS_TO]->(b:Region)-[:CONNECTS_TO]->(c:Region) "
        "RETURN count(*) AS n",
        {},
    ),
    (
        "MATCH (a:Region)-[:CONNECTS_TO]->(b:Region)<-[:CONNECTS_TO]-(c:Region) "
        "WHERE a.id <> c.id RETURN count(*) AS n",
        {},
    ),
    (
        "MATCH (a:Region)-[:CONNECTS_TO]->(b:Region) MATCH (b)<-[:CONNECTS_TO]-"
        "(c:Region) RETURN count(*) AS n",
        {},
    ),
    (
        "MATCH (s:Subject)-[:HAS_CONNECTOME]->(c:Connectome)-[:HAS_REGION]->(r:Region) "
        "RETURN count(r) AS n",
        {},
    ),
    (
        "MATCH (a:Region {id: 'r1'})-[:CONNECTS_TO*1..3]->(b:Region) "
        "RETURN count(DISTINCT b.id) AS n",
        {},
    ),
    (
        "MATCH (a:Region {id: 'r1'})-[:CONNECTS_TO*..2]->(b:Region) "
        "WITH DISTINCT b RETURN b.id AS x ORDER BY x",
        {},
    ),
    ("MATCH (a:Region)-[:CONNECTS_TO*2]->(b:Region) RETURN DISTINCT b.id AS x", {}),
    ("MATCH p = (a:Region)-[:CONNECTS_TO]->(b:Region) RETURN length(p) AS n", {}),
    ("MATCH (r:Region) RETURN min(r.name) AS a, max(r.pagerank) AS b", {}),
    (
        "MATCH (r:Region) RETURN avg(r.pagerank) AS a, percentileCont(r.pagerank, 0.5)"
        " AS m",
        {},
    ),
    ("MATCH (r:Region) RETURN coalesce(sum(r.pagerank), 0) AS s", {}),
    (
        "MATCH (r:Region) WITH avg(r.pagerank) AS m MATCH (q:Region) "
        "WHERE q.pagerank > m RETURN q.id AS x",
        {},
    ),
    (
        "MATCH (r:Region) WITH collect(r.id) AS ids MATCH (q:Region) WHERE q.id IN ids"
        " RETURN count(q) AS n",
        {},
    ),
    ("MATCH (s:Subject) WITH s.sex AS g, count(*) AS n WHERE n > 1 RETURN g, n", {}),
    ("MATCH (s:Subject) WITH s ORDER BY s.id LIMIT 1 RETURN s.id AS x", {}),
    (
        "MATCH (r:Region) RETURN CASE WHEN r.pagerank > 0.1 THEN 'hub' ELSE 'leaf' END"
        " AS x",
        {},
    ),
    ("MATCH (r:Region) RETURN CASE r.hemisphere WHEN 'L' THEN 1 ELSE 0 END AS x", {}),
    (
        "MATCH (r:Region) RETURN avg(CASE WHEN r.hemisphere = 'L' THEN r.pagerank END)"
        " AS x",
        {},
    ),
    ("MATCH (n) RETURN n LIMIT 5", {}),
    ("MATCH (n)-[r]->(m) RETURN n, r, m LIMIT 5", {}),
    ("MATCH (n:Region|Neuron) RETURN n.name AS x", {}),
    ("MATCH (a)-[r:CONNECTS_TO|IN_COHORT]->(b) RETURN count(r) AS n", {}),
    (
        "UNWIND $rows AS r MATCH (s:Subject {id: r.id}) RETURN s.id AS x, r.n AS n",
        {"rows": [{"id": "s1", "n": 1}, {"id": "s2", "n": None}]},
    ),
    ("UNWIND range(1, 3) AS x RETURN x * 2 AS y", {}),
    ("RETURN 5 / 2 AS a, -5 % 3 AS b, 2 ^ 3 AS c, 1.5e-3 AS d, abs(-2.5) AS e", {}),
    ("RETURN sqrt(2.0) AS a, log10(100) AS b, atan2(1.0, 2) AS c, pi() AS d", {}),
    ("RETURN 'a' + 'b' AS x, size('ü') AS n, trim(' a ') AS t", {}),
    ("RETURN true AND NOT false XOR true AS x, null IS NULL AS y", {}),
    ("RETURN 'CREATE; // not a comment' AS x /* DELETE */ // SET", {}),
    ("RETURN \"it's\" AS x, 'a\\'b' AS y", {}),
    ("RETURN {a: 1, b: 'x'} AS m, [1, 2] AS l", {}),
    ("RETURN $m.a AS x", {"m": {"a": 1}}),
    ("RETURN 1 AS `end`", {}),
    (
        "MATCH (s:Subject) RETURN s.id AS id UNION MATCH (c:Cohort) RETURN c.id AS id",
        {},
    ),
    ("MATCH (`n`:`Region` {`id`: 'r1'}) RETURN `n`.`name` AS x", {}),
]

# What is refused on LadybugDB, and a part of the reason.
REFUSED: list[tuple[str, str]] = [
    # It would write, reach files, or administer.
    ("CREATE (:Subject {id: 'x'})", "--write"),
    ("MATCH (s:Subject) SET s.sex = 'F'", "--write"),
    ("MATCH (s:Subject) DETACH DELETE s", "--write"),
    ("MERGE (s:Subject {id: 'x'}) RETURN s", "--write"),
    ("MATCH (s:Subject) REMOVE s.sex", "--write"),
    ("FOREACH (x IN [1] | CREATE (:Subject))", "--write"),
    ("INSERT (:Subject)", "--write"),
    ("RETURN 1 AS x; MATCH (n) DETACH DELETE n", "One statement"),
    ("WITH 1 AS AS CREATE (n) RETURN n", "--write"),
    ("LOAD CSV FROM 'file:///etc/passwd' AS x RETURN x", "reaches files"),
    ("LOAD FROM '/etc/passwd' RETURN *", "reaches files"),
    ("COPY (MATCH (n) RETURN n) TO 'x.csv'", "reaches files"),
    ("EXPORT DATABASE '/tmp/x'", "reaches files"),
    ("IMPORT DATABASE '/tmp/x'", "reaches files"),
    ("INSTALL httpfs", "reaches files"),
    ("ATTACH 'x' AS y (dbtype duckdb)", "reaches files"),
    ("USE other MATCH (n) RETURN n", "administers"),
    ("CHECKPOINT", "administers"),
    ("ALTER TABLE Region DROP name", "administers"),
    ("DROP INDEX x", "administers"),
    ("SHOW DATABASES", "administers"),
    ("GRANT ROLE x TO y", "administers"),
    ("EXPLAIN MATCH (n) RETURN n", "administers"),
    ("START DATABASE x", "administers"),
    ("BEGIN TRANSACTION", "administers"),
    ("CALL threads=1", "CALL is not portable"),
    ("CALL show_tables() RETURN *", "CALL is not portable"),
    ("CALL { MATCH (n) RETURN n } RETURN n", "CALL is not portable"),
    # Another answer than Neo4j's.
    ("RETURN log(10.0) AS x", "natural logarithm"),
    ("RETURN substring('hello', 1, 3) AS x", "counts from"),
    ("RETURN reverse([1, 2]) AS x", "reverse"),
    ("RETURN round(-2.5, 0) AS x", "rounds halves"),
    ("RETURN toUpper('ß') AS x", "toLower"),
    ("RETURN [1, 2][0] AS x", "count from 1"),
    ("RETURN [1, 2, 3][0..2] AS x", "count from 1"),
    ("MATCH (r:Region) RETURN sum(r.pagerank) AS x", "coalesce"),
    ("MATCH (r:Region) RETURN coalesce(sum(r.pagerank), 5) AS x", "coalesce"),
    ("RETURN 1 IN [null] AS x", "null"),
    ("RETURN 'a' + null AS x", "null"),
    ("RETURN [1] = [null] AS x", "treats null"),
    ("RETURN CASE WHEN false THEN 1 ELSE 2.5 END AS x", "several types"),
    ("RETURN CASE null WHEN null THEN 1 ELSE 2 END AS x", "IS NULL"),
    ("MATCH (r:Region) RETURN coalesce(r.community, 0.5) AS x", "converted"),
    ("RETURN ceil(2) AS x", "stays whole"),
    ("RETURN any(x IN [null] WHERE x > 1) AS x", "null for false"),
    ("MATCH (s:Subject) WHERE s.age_years > '5' RETURN s", "number with text"),
    ("MATCH (s:Subject) WHERE s.id = 5 RETURN s", "text with a number"),
    ("MATCH (s:Subject) WHERE s.id IN [1, 2] RETURN s", "text with a number"),
    ("MATCH (c:Connectome) WHERE c.directed = 1 RETURN c", "true or false with"),
    ("MATCH (r:Region {community: 1.5}) RETURN r", "converted here"),
    ("MATCH (s:Subject {id: 5}) RETURN s", "id is text"),
    ("MATCH (r:Region) WHERE r.name CONTAINS '' RETURN r", "not empty"),
    ("MATCH (r:Region) WHERE r.name CONTAINS r.id RETURN r", "literal"),
    ("MATCH (r:Region) WHERE r.name =~ '\\\\w' RETURN r", "backslash"),
    ("MATCH (r:Region) WHERE r.name =~ '(?!x)' RETURN r", "=~"),
    ("MATCH (a:Subject:Cohort) RETURN a", "alternatives"),
    ("MATCH (s:Subject) MATCH (S:Subject) RETURN s, S", "one and the same"),
    ("RETURN 1 AS a, 2 AS A", "more than case"),
    ("RETURN 1 AS a, 2 AS a", "more than case"),
    ("MATCH (s:Subject) RETURN *", "name them"),
    ("MATCH (s:Subject) RETURN count(*)", "a name"),
    ("MATCH (s:Subject) RETURN s.id AS s ORDER BY s", "another name"),
    ("MATCH (s:Subject) RETURN keys(s) AS k", "unset properties"),
    ("MATCH (r:Region) RETURN collect(r.id) AS x", "no order"),
    (
        "MATCH (r:Region) WITH r ORDER BY r.id LIMIT 3 WITH collect(r.id) AS x "
        "RETURN size(x) AS n",
        "does not keep an order",
    ),
    # Relationships that repeat, walks and trails.
    (
        "MATCH (a:Region)-[r:CONNECTS_TO]->(b:Region)<-[q:CONNECTS_TO]-(c:Region) "
        "RETURN count(*) AS n",
        "a.id <> c.id",
    ),
    (
        "MATCH (a:Region)-[r]->(b)<-[q]-(c:Region) WHERE a.id <> c.id OR a.id = 'x' "
        "RETURN count(*) AS n",
        "may be the same",
    ),
    (
        "MATCH (a:Region)-[:CONNECTS_TO]-(b:Region)-[:CONNECTS_TO]-(c:Region) "
        "RETURN count(*) AS n",
        "may be the same",
    ),
    (
        "MATCH (c:Connectome)-[:HAS_REGION]->(:Region), (c)-[:HAS_REGION]->(:Region) "
        "RETURN count(*) AS n",
        "name the nodes",
    ),
    (
        "MATCH (a:Region)-[:CONNECTS_TO*1..3]->(b:Region) RETURN count(*) AS n",
        "DISTINCT",
    ),
    ("MATCH (a:Region)-[:CONNECTS_TO*1..3]->(b:Region) RETURN b.id AS x", "DISTINCT"),
    (
        "MATCH (a:Region)-[:CONNECTS_TO*1..3]->(b:Region) WITH b RETURN DISTINCT b.id "
        "AS x",
        "DISTINCT",
    ),
    (
        "MATCH (a:Region)-[:CONNECTS_TO*1..3]->(b:Region) "
        "RETURN DISTINCT count(b) AS x",
        "DISTINCT",
    ),
    (
        "MATCH (a:Region)-[:CONNECTS_TO*3..4]->(b:Region) RETURN DISTINCT b.id AS x",
        "begin at 1",
    ),
    (
        "MATCH (a:Region)-[:CONNECTS_TO*1..3]-(b:Region) RETURN DISTINCT b.id AS x",
        "without direction",
    ),
    (
        "MATCH (a:Region)-[:CONNECTS_TO*]->(b:Region) RETURN DISTINCT b.id AS x",
        "no end",
    ),
    (
        "MATCH (a:Region)-[:CONNECTS_TO*1..99]->(b:Region) RETURN DISTINCT b.id AS x",
        "up to 30",
    ),
    (
        "MATCH (a:Region)-[r:CONNECTS_TO*1..2]->(b:Region) RETURN DISTINCT b.id AS x",
        "no variable",
    ),
    (
        "MATCH p = (a:Region)-[:CONNECTS_TO*1..2]->(b:Region) RETURN length(p) AS n",
        "shortest-path",
    ),
    (
        "MATCH (a:Region)-[:CONNECTS_TO*1..2]->(b:Region)-[:CONNECTS_TO]->(c:Region) "
        "RETURN DISTINCT c.id AS x",
        "share a relationship",
    ),
    (
        "MATCH (r:Region) "
        "RETURN COUNT { MATCH (r)-[:CONNECTS_TO*1..2]->(:Region) } AS n",
        "counts walks",
    ),
    (
        "MATCH p = shortestPath((a:Region)-[:CONNECTS_TO*1..3]->(b:Region)) RETURN p",
        "shortest-path",
    ),
    ("MATCH p = SHORTEST 1 (a:Region)-[:CONNECTS_TO]->(b:Region) RETURN p", "SHORTEST"),
    (
        "MATCH (a:Region)-[:CONNECTS_TO* SHORTEST 1..3]->(b:Region) RETURN b",
        "shortest-path",
    ),
    ("MATCH p = (a:Region)-[:CONNECTS_TO]->(b:Region) RETURN p", "path"),
    # What LadybugDB does not know.
    ("MATCH (n:Region) RETURN labels(n) AS x", "labels()"),
    ("MATCH ()-[r]->() RETURN type(r) AS x", "type()"),
    ("MATCH (n:Region) RETURN elementId(n) AS x", "elementId()"),
    ("MATCH (n:Region) RETURN id(n) AS x", "id()"),
    ("RETURN toInteger('3') AS x", "toInteger()"),
    ("RETURN toString(3) AS x", "toString()"),
    ("RETURN toFlot('3') AS x", "toFlot() is not portable"),
    ("RETURN apoc.text.join(['a'], '') AS x", "apoc"),
    ("RETURN [x IN [1] | x] AS y", "list comprehension"),
    (
        "MATCH (n:Region) RETURN [(n)-[:CONNECTS_TO]->(m) | m.id] AS x",
        "pattern comprehension",
    ),
    ("RETURN reduce(a = 0, x IN [1] | a + x) AS y", "reduce()"),
    ("MATCH (n:Region) RETURN n {.name} AS x", "one by one"),
    ("MATCH (n:Region WHERE n.id = 'x') RETURN n", "behind the pattern"),
    ("MATCH (n:Region) WHERE n:Region RETURN n", "name it in MATCH"),
    ("MATCH (n:Region $p) RETURN n", "needs a value for $p"),
    ("MATCH (a:Region)-[:CONNECTS_TO]->{1,3}(b:Region) RETURN b", "Quantified"),
    ("MATCH (s:Subject) WITH s ORDER BY s.id RETURN s", "needs a LIMIT"),
    ("MATCH (s:Subject) RETURN s ORDER BY s", "ordered by a node"),
    ("MATCH (s:Subject) WHERE EXISTS { (s)-[:IN_COHORT]->() } RETURN s", "MATCH"),
    ("MATCH (s:Subject) RETURN COLLECT { MATCH (s) RETURN s } AS x", "COLLECT"),
    ("RETURN 1 < 2 < 3 AS x", "in a row"),
    ("RETURN 1 + 2 IN [3] AS x", "parentheses"),
    ("RETURN 'a' + 1 AS x", "same type"),
    ("RETURN +1 AS x", "plus sign"),
    ("RETURN ['a', 1] AS x", "one type"),
    ("RETURN 1 AS end", "word of the language"),
    ("MATCH (case:Region) RETURN case", "word of the language"),
    ("RETURN 9223372036854775808 AS x", "64 bits"),
    ("RETURN 1e400 AS x", "too large"),
    ("RETURN count(count(*)) AS x", "inside another"),
    # Names that are not there, and text that is none.
    ("MATCH (s:Subjct) RETURN s", "Did you mean 'Subject'"),
    ("MATCH (s:subject) RETURN s", "Did you mean 'Subject'"),
    ("MATCH (a)-[:CONNECTS]->(b) RETURN a", "Did you mean 'CONNECTS_TO'"),
    ("MATCH (s:Subject) RETURN s.agee_years AS x", "Did you mean 'age_years'"),
    ("MATCH (s:Subject) RETURN s.weight AS x", "Subject has no property 'weight'"),
    ("MATCH (s:Subject {ID: 'x'}) RETURN s", "no property 'ID'"),
    ("MATCH (s:Subject) RETURN x.id AS y", "variable x is not known"),
    ("MATCH (s:Subject) WITH s.id AS x RETURN s.sex AS y", "variable s is not known"),
    ("RETURN 'open", "not closed"),
    ("RETURN 1 /* open", "not closed"),
    ("RETURN '\\u0027 + x' AS y", "not portable"),
    ("RETURN 1 \\u003b DROP", "Unexpected character"),
    ("", "empty"),
    ("// nothing", "empty"),
    ("MATCH (s:Subject)", "RETURN"),
    ("hello world", "where MATCH, WITH or RETURN should be"),
    ("MATCH (s:Subject RETURN s", "Cannot read"),
    ("RETURN " + "(" * 60 + "1" + ")" * 60 + " AS x", "nested"),
    (
        "MATCH (s:Subject) RETURN s.id AS x UNION MATCH (s:Subject) RETURN s.id AS y",
        "same columns",
    ),
    (
        "MATCH (s:Subject) RETURN s.id AS x UNION MATCH (s:Subject) RETURN s.age_years "
        "AS x",
        "one type",
    ),
    ("RETURN 1 AS x MATCH (s:Subject) RETURN s", "after RETURN"),
]

WRITTEN: list[tuple[str, dict[str, Any]]] = [
    ("CREATE (:Annotation {id: 'a', name: 'x', text: $t})", {"t": "y"}),
    (
        "MERGE (a:Annotation {id: 'a'}) ON CREATE SET a.text = 'new' "
        "ON MATCH SET a.text = 'old'",
        {},
    ),
    (
        "MATCH (s:Subject {id: 's1'}) CREATE (b:Annotation {id: 'b'})"
        "-[:ANNOTATES {note: 'n'}]->(s)",
        {},
    ),
    (
        "MATCH (a:Annotation {id: 'a'}) MATCH (r:Region {id: 'r1'}) "
        "MERGE (a)-[n:ANNOTATES]->(r) SET n.note = 'see', a.name = null",
        {},
    ),
    (
        "UNWIND $rows AS r MERGE (a:Annotation {id: r.id}) SET a.text = r.text",
        {"rows": [{"id": "c", "text": "t"}, {"id": "d", "text": None}]},
    ),
    ("MATCH (a:Annotation {id: 'a'})-[n:ANNOTATES]->(:Region) DELETE n", {}),
    ("MATCH (a:Annotation) WHERE a.id <> 'b' DETACH DELETE a", {}),
    ("CREATE (a:Annotation {id: 'z'}) RETURN a.id AS id", {}),
]

FORBIDDEN: list[tuple[str, dict[str, Any], str]] = [
    ("CREATE (:Subject {id: 'x'})", {}, "made from the files"),
    ("CREATE (n {id: 'x'})", {}, "label of a new node"),
    ("CREATE (:Annotation {text: 'x'})", {}, "needs an id"),
    ("CREATE (:Annotation {id: $id})", {"id": None}, "needs an id"),
    ("CREATE (:Annotation {id: 'x', colour: 'red'})", {}, "no property 'colour'"),
    ("MATCH (s:Subject) SET s.sex = 'F'", {}, "made from the files"),
    ("MATCH (s:Subject) DETACH DELETE s", {}, "made from the files"),
    ("MATCH (n) DETACH DELETE n", {}, "made from the files"),
    ("MATCH ()-[r]->() DELETE r", {}, "made from the files"),
    ("MATCH (a:Annotation|Subject) DETACH DELETE a", {}, "made from the files"),
    ("MATCH (s:Subject) WITH s AS a SET a.sex = 'F'", {}, "made from the files"),
    (
        "MATCH (a:Annotation) WITH count(a) AS n MATCH (a) SET a.name = 'x'",
        {},
        "made from the files",
    ),
    ("MATCH (a:Annotation) UNWIND [a] AS b DELETE b, c", {}, "not known"),
    (
        "MATCH (a:Region) MATCH (b:Region) MERGE (a)-[:CONNECTS_TO]->(b)",
        {},
        "made from the files",
    ),
    (
        "MATCH (a:Annotation) MATCH (s:Subject) CREATE (a)-[:ANNOTATES]->(s)",
        {},
        "use MERGE",
    ),
    (
        "MATCH (s:Subject) MERGE (:Annotation {id: 'x'})-[:ANNOTATES]->(s)",
        {},
        "both its nodes",
    ),
    (
        "MATCH (a:Annotation) MATCH (s:Subject) "
        "MERGE (a)-[:ANNOTATES {note: 'x'}]->(s)",
        {},
        "SET them behind",
    ),
    (
        "MATCH (a:Annotation) MATCH (r:Run) MERGE (a)-[:ANNOTATES]->(r)",
        {},
        "one of these labels",
    ),
    ("MATCH (a:Annotation) SET a:Subject", {}, "one property at a time"),
    ("MATCH (a:Annotation) SET a += {text: 'x'}", {}, "one property at a time"),
    ("MATCH (a:Annotation) SET a.id = 'x'", {}, "An id stays"),
    ("MATCH (a:Annotation) SET a.text = $p", {"p": 5}, "a.text is text"),
    ("MATCH (a:Annotation) REMOVE a.text", {}, "SET n.p = NULL"),
    ("FOREACH (x IN [1] | CREATE (:Annotation {id: 'x'}))", {}, "UNWIND"),
    ("CREATE INDEX FOR (n:Region) ON (n.name)", {}, "changes the schema"),
    ("CREATE CONSTRAINT c", {}, "changes the schema"),
    ("CREATE OR REPLACE DATABASE d", {}, "changes the schema"),
    ("CREATE NODE TABLE T(id STRING PRIMARY KEY)", {}, "changes the schema"),
    ("DROP CONSTRAINT c", {}, "administers"),
    ("CREATE (:Annotation {id: 'x'}); MATCH (n) DETACH DELETE n", {}, "One statement"),
    ("CREATE (:Annotation {id: 'x'}) MATCH (s:Subject) RETURN s", {}, "WITH before"),
    (
        "MATCH (a:Region)-[:CONNECTS_TO*1..2]->(b:Region) "
        "CREATE (:Annotation {id: b.id})",
        {},
        "once for each walk",
    ),
    (
        "UNWIND $rows AS r MERGE (a:Annotation {id: r.id})",
        {"rows": [{"id": "x"}, {"id": "y", "text": "t"}]},
        "different keys",
    ),
    ("MATCH (s:Subject) RETURN s", {}, "Nothing is written"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    batch = Batch()
    subjects = {"id": ["s1", "s2", "s3"], "sex": ["F", "M", None]}
    batch.add_nodes("Subject", subjects | {"age_years": [20.5, 31.0, None]})
    batch.add_nodes("Cohort", {"id": ["con", "pat"]})
    members = {"source": ["s1", "s2"], "target": ["con", "pat"], "role": ["c", None]}
    batch.add_edges("IN_COHORT", "Subject", "Cohort", members)
    names = {"id": ["r1", "r2", "r3"], "name": ["V1_L", "V1_R", "M1"]}
    batch.add_nodes("Region", names | {"pagerank": [0.5, 0.3, None]})
    pairs = {"source": ["r1", "r2", "r3"], "target": ["r2", "r3", "r2"]}
    values = {"weight": [1.0, 2.0, 0.25], "sign": [1, -1, None]}
    batch.add_edges("CONNECTS_TO", "Region", "Region", pairs | values)
    opened = EmbeddedStore(tmp_path_factory.mktemp("atlas"))
    opened.apply(batch, applied=1)
    yield opened
    opened.close()


@pytest.mark.parametrize(("text", "parameters"), ASKED)
def test_what_both_answer_alike_is_answered(
    store: EmbeddedStore, text: str, parameters: dict[str, Any]
) -> None:
    check_read(text, parameters, "neo4j")
    assert store.read(text, parameters).num_columns > 0


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_what_would_differ_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidDataError) as refused:
        check_read(text, {}, "ladybug")
    line = str(refused.value)
    assert reason in line
    assert "\n" not in line
    assert len(line) < 600


def test_what_people_own_is_written_in_turn(store: EmbeddedStore) -> None:
    for n, (text, parameters) in enumerate(WRITTEN):
        check_write(text, parameters, "neo4j")
        assert store.write(text, parameters, applied=n) > 0


@pytest.mark.parametrize("dialect", ["ladybug", "neo4j"])
@pytest.mark.parametrize(("text", "parameters", "reason"), FORBIDDEN)
def test_nothing_else_is_written(
    text: str, parameters: dict[str, Any], reason: str, dialect: str
) -> None:
    with pytest.raises(InvalidDataError, match=reason):
        check_write(text, parameters, dialect)


@pytest.mark.parametrize(
    "text",
    [
        "MATCH (n:Region) RETURN [x IN collect(n.name) | toUpper(x)] AS x, labels(n)",
        "MATCH (n:Region) CALL (n) { MATCH (n)-->(m) RETURN count(m) AS c } RETURN c",
        "MATCH p = shortestPath((a:Region)-[:CONNECTS_TO*]->(b:Region)) RETURN p",
        "CALL db.labels() YIELD label RETURN label",
        "CALL gds.pageRank.stream('g') YIELD nodeId, score RETURN nodeId, score",
        "RETURN date.truncate('day', date()) AS x, duration.between(a, b) AS y",
        "MATCH (n:Region&!Neuron) RETURN n {.name, x: n.id} AS x, {a: n} AS y",
        "MATCH (n:Region) WITH {other: 1} AS n RETURN n.other AS x",
        "MATCH (a:Region) ((x)-[:CONNECTS_TO]->(y)){1,3} (b:Region) RETURN b",
        "MATCH (s:Subject) RETURN s.id AS start ORDER BY start",
    ],
)
def test_neo4j_is_asked_in_all_of_cypher(text: str) -> None:
    check_read(text, {}, "neo4j")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *((text, why) for text, why in REFUSED[:25] if "CALL" not in why),
        ("CALL dbms.listConfig()", "not allowed"),
        ("CALL `apoc`.`load`.json('x') YIELD value RETURN value", "not allowed"),
        ("CALL gds.pageRank.write('g', {})", "not allowed"),
        ("RETURN apoc.cypher.runFirstColumnSingle('x', {}) AS x", "not allowed"),
        ("RETURN gds.graph.project('g', 1, 2) AS x", "not allowed"),
        ("MATCH (n) CALL (n) { SET n.x = 1 } IN TRANSACTIONS RETURN n", "--write"),
        ("CALL () { MATCH (n) RETURN n } IN TRANSACTIONS RETURN n", "TRANSACTIONS"),
        ("WITH 1 AS AS LOAD CSV FROM 'http://x' AS y RETURN y", "reaches files"),
        ("RETURN '\\u0027 LOAD CSV' AS x", "not portable"),
        ("MATCH (n:Regin) RETURN n", "Did you mean 'Region'"),
        ("MATCH (n:Region)-[r:CONECTS_TO]->() RETURN n", "CONNECTS_TO"),
        ("MATCH (n:Region {nme: 'x'}) RETURN n", "Did you mean 'name'"),
        ("MATCH (n:Region)-[r:CONNECTS_TO]->() RETURN r.wieght", "weight"),
        ("RETURN $x AS y", r"value for \$x"),
    ],
)
def test_neo4j_is_never_asked_to_do_more_than_answer(text: str, reason: str) -> None:
    with pytest.raises(InvalidDataError, match=reason):
        check_read(text, {}, "neo4j")


def test_the_same_missing_name_is_the_same_line_on_both() -> None:
    for text in ("MATCH (s:Subject) RETURN s.agee AS x", "MATCH (s:Sub) RETURN s"):
        lines = set()
        for dialect in ("ladybug", "neo4j"):
            with pytest.raises(InvalidDataError) as refused:
                check_read(text, {}, dialect)
            lines.add(str(refused.value))
        assert len(lines) == 1


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (object(), "is a object"),
        ([1, "a"], "mixes"),
        ([{"a": 1}, {"b": 1}], "different keys"),
        (b"x", "is a bytes"),
    ],
)
def test_a_parameter_that_a_store_does_not_know_is_refused(
    value: Any, reason: str
) -> None:
    with pytest.raises(InvalidDataError, match=reason):
        check_read("RETURN $x AS x", {"x": value}, "ladybug")


def test_a_dollar_in_a_string_or_comment_is_no_parameter() -> None:
    check_parameters("RETURN '$a' AS x // $b", {})


def test_every_name_of_the_schema_can_be_asked_for(store: EmbeddedStore) -> None:
    for label, node in NODES.items():
        columns = ", ".join(f"n.{name}" for name in ("id", *node.properties))
        store.read(f"MATCH (n:{label}) RETURN {columns}", {})
    for kind, rel in RELATIONSHIPS.items():
        columns = ", ".join(f"r.{name} AS {name}" for name in rel.properties)
        text = f"MATCH (a)-[r:{kind}]->(b) RETURN a.id AS source, b.id AS target"
        store.read(f"{text}, {columns}" if columns else text, {})


OPERATORS = ["+", "-", "*", "/", "%", "^", "=", "<>", "<", ">=", "AND", "OR", "XOR"]
FUNCTIONS = ["abs", "sign", "sqrt", "floor", "size", "toLower", "trim", "NOT ", "- "]
PIECES = """
MATCH OPTIONAL WHERE RETURN WITH UNWIND AS ORDER BY LIMIT 1 DISTINCT UNION ALL CREATE
MERGE SET DELETE ( ) [ ] { } - -> <- < > = <> , . : | * .. + / ' " ` $ $p n m r Region
Subject CONNECTS_TO :Region -[:CONNECTS_TO]-> (n) (n:Region) n.id n.name 'x' 2.5 null
true NOT AND OR IN IS NULL CASE WHEN THEN ELSE END EXISTS COUNT count(*) count( sum(
coalesce( size( ; // /* */ \\ \u2028 \0 é 1..3 *1..2 CALL gds.x.stream( db.labels()
LOAD CSV FROM shortestPath( any( x IN [1]
"""
SOUP = st.lists(st.sampled_from([*PIECES.split(), "\n"]), max_size=25).map(" ".join)
TERMS = st.sampled_from(
    ["n.id", "n.name", "n.pagerank", "n.community", "1", "2.5", "'x'", "true", "null"]
)
EXPRESSIONS = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(OPERATORS), inner),
        st.builds("{}({})".format, st.sampled_from(FUNCTIONS), inner),
        st.builds("(CASE WHEN {} THEN {} ELSE {} END)".format, inner, inner, inner),
        st.builds("({} IN [{}, {}])".format, inner, inner, inner),
        st.builds("({} IS NOT NULL)".format, inner),
        st.builds("coalesce({}, {})".format, inner, inner),
    ),
    max_leaves=6,
)


def refusal(check: Callable[..., object], *arguments: Any) -> str:
    """Give the line of a refusal, or nothing."""
    try:
        check(*arguments)
    except InvalidDataError as error:
        return str(error) or "nothing was said"
    return ""


@given(
    text=st.text(max_size=60) | SOUP,
    value=st.none() | st.integers() | st.text() | st.lists(st.floats()),
)
@settings(max_examples=300)
def test_any_text_is_refused_in_one_line_or_passes(text: str, value: Any) -> None:
    for parameters in ({}, {"p": value}):
        for check in (check_read, check_write):
            for dialect in ("ladybug", "neo4j"):
                assert "\n" not in refusal(check, text, parameters, dialect)


@given(expression=EXPRESSIONS, write=st.sampled_from(["", "count", "min", "avg"]))
@settings(max_examples=200)
def test_what_passes_the_guard_is_answered(
    store: EmbeddedStore, expression: str, write: str
) -> None:
    text = f"MATCH (n:Region) RETURN {write}({expression}) AS x"
    if not refusal(check_read, text, {}, "ladybug"):
        line = refusal(store.read, text, {})
        assert not line or "Divide" in line or "Modulo" in line or "Overflow" in line


@pytest.mark.parametrize(
    "text",
    [
        "(" * 90_000,
        "NOT " * 25_000,
        "- " * 40_000,
        "{a:" * 30_000,
        "x" * 200_000,
        "9" * 90_000,
    ],
)
def test_huge_text_is_refused_at_once(text: str) -> None:
    with pytest.raises(InvalidDataError):
        check_read(f"RETURN {text}", {}, "ladybug")
    refusal(check_read, f"RETURN {text}", {}, "neo4j")


def test_a_union_that_would_end_the_process_is_refused() -> None:
    twice = "MATCH (s:Subject) RETURN s.id AS a, s.id AS b LIMIT 3"
    once = "MATCH (s:Subject) RETURN s.id AS a, s.sex AS b LIMIT 3"
    with pytest.raises(InvalidDataError, match="return it once"):
        check_read(f"{twice} UNION ALL {twice}", {}, "ladybug")
    check_read(f"{once} UNION ALL {once}", {}, "ladybug")
