"""Keeping the graph true to its files: catch up, rebuild, verify, check."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from atlasdb.batch import Batch, Ends, merged
from atlasdb.errors import StoreError
from atlasdb.files import Files, JournalLine
from atlasdb.schema import NODES, RELATIONSHIPS, WRITABLE_NODES, WRITABLE_RELATIONSHIPS
from atlasdb.store.base import Store

ROWS_AT_ONCE = 1_000_000
"""So many rows go into the graph in one piece when it is made anew."""


@dataclass(frozen=True)
class Verification:
    """How a graph compares with its files.

    Attributes
    ----------
    counts : dict of str to int
        Rows in the graph by label and type.
    differences : list of str
        One line for each table that is not as the files say, and each damaged file.
    checksum : str
        Hash of everything that the files say: equal for equal content.
    """

    counts: dict[str, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    checksum: str = ""

    @property
    def equal(self) -> bool:
        """Whether graph and files agree."""
        return not self.differences


def catch_up(store: Store, files: Files) -> int:
    """Apply what is in the journal and not yet in the graph; give the lines.

    An atlas whose writer was stopped between the journal and the graph is whole
    again after this.
    """
    applied = store.applied()
    last = files.last()
    if applied > last:
        if last == 0:
            return 0  # the files are elsewhere: writing refuses, reading may go on
        raise StoreError(
            f"The graph at {store.address} is ahead of the files in {files.folder}: "
            "they are not its files, or an old copy. Name the right folder with "
            "--files, or run 'atlasdb rebuild' to make the graph from these."
        )
    return _replay(store, files, after=applied)


def rebuild(store: Store, files: Files) -> int:
    """Remove the graph and make it anew from the files; give the number of rows."""
    if files.atlas() is None:
        raise StoreError(
            f"There are no files in {files.folder} to make the graph from. Name their "
            "folder with --files or $ATLASDB_FILES."
        )
    for line in files.lines():  # read once before anything is removed
        if line.kind == "run":
            files.load(line.content["path"])
    store.clear()
    return _replay(store, files, after=0)


def verify(store: Store, files: Files) -> Verification:
    """Compare every table of the graph with what the files say."""
    expected = merged(
        files.load(line.content["path"]) for line in files.lines() if line.kind == "run"
    )
    differences = [f"{name}: missing or damaged" for name in files.damaged()]
    counts: dict[str, int] = {}
    digest = hashlib.sha256()
    for name, held, wanted in _tables(store, expected):
        counts[name] = held.num_rows
        digest.update(name.encode())
        _update(digest, wanted)
        if not held.equals(wanted):
            differences.append(_difference(name, held, wanted))
    return Verification(counts, differences, digest.hexdigest())


def check(store: Store, files: Files) -> list[str]:
    """Give one line for each rule of the graph that does not hold."""
    found = []
    for rule, text in _RULES.items():
        count = store.read(text, {}, trusted=True).column("n")[0].as_py()
        if count:
            found.append(f"{count} {rule}")
    found += [f"{name}: missing or damaged file" for name in files.damaged()]
    behind = files.last() - store.applied()
    if behind > 0:
        found.append(f"{behind} entries of the journal are not in the graph yet")
    return found


_RULES = {
    "connections of a region onto itself": (
        "MATCH (a:Region)-[c:CONNECTS_TO]->(b:Region) WHERE a.id = b.id "
        "RETURN count(c) AS n"
    ),
    "connections of a neuron onto itself": (
        "MATCH (a:Neuron)-[c:CONNECTS_TO]->(b:Neuron) WHERE a.id = b.id "
        "RETURN count(c) AS n"
    ),
    "connections without a weight, or with a negative one": (
        "MATCH (a:Region)-[c:CONNECTS_TO]->(b:Region) "
        "WHERE c.weight IS NULL OR c.weight < 0 RETURN count(c) AS n"
    ),
    "connections between two connectomes": (
        "MATCH (a:Region)-[c:CONNECTS_TO]->(b:Region) "
        "WHERE a.connectome <> b.connectome RETURN count(c) AS n"
    ),
    "regions without an area": (
        "MATCH (r:Region) WHERE NOT EXISTS { MATCH (r)-[:OF_AREA]->(a:Area) } "
        "RETURN count(r) AS n"
    ),
    "regions outside a connectome": (
        "MATCH (r:Region) WHERE NOT EXISTS "
        "{ MATCH (g:Connectome)-[:HAS_REGION]->(r) } RETURN count(r) AS n"
    ),
    "connectomes without a subject or cohort": (
        "MATCH (g:Connectome) WHERE NOT EXISTS "
        "{ MATCH (s:Subject)-[:HAS_CONNECTOME]->(g) } AND NOT EXISTS "
        "{ MATCH (c:Cohort)-[:HAS_CONNECTOME]->(g) } RETURN count(g) AS n"
    ),
    "connectomes without a run": (
        "MATCH (g:Connectome) WHERE NOT EXISTS "
        "{ MATCH (g)-[:GENERATED_BY]->(r:Run) } RETURN count(g) AS n"
    ),
    "stimulations that do not say that they are simulated": (
        "MATCH (x:Stimulation) WHERE x.simulated IS NULL OR x.simulated = false "
        "RETURN count(x) AS n"
    ),
    "ages above 90": ("MATCH (s:Subject) WHERE s.age_years > 90 RETURN count(s) AS n"),
}


def _replay(store: Store, files: Files, *, after: int) -> int:
    rows = 0
    for batch, line in _pieces(files, after):
        if batch is None:
            text, parameters = line.content["text"], line.content["parameters"]
            store.write(text, parameters, applied=line.n)
            rows += 1
        else:
            store.apply(batch, applied=line.n)
            rows += batch.n_rows
    if store.applied() < files.last():  # the last lines add nothing to the graph
        store.apply(Batch(), applied=files.last())
    return rows


def _pieces(files: Files, after: int) -> Iterator[tuple[Batch | None, JournalLine]]:
    """Group runs into batches of moderate size; users' own writes stand alone."""
    waiting: list[Batch] = []
    size = 0
    last: JournalLine | None = None
    for line in files.lines(after=after):
        if line.kind == "cypher":
            if waiting and last is not None:
                yield merged(waiting), last
            waiting, size = [], 0
            yield None, line
        elif line.kind == "run":
            batch = files.load(line.content["path"])
            if waiting and last and size + batch.n_rows > ROWS_AT_ONCE:
                yield merged(waiting), last
                waiting, size = [], 0
            waiting.append(batch)
            size += batch.n_rows
            last = line
    if waiting and last is not None:
        yield merged(waiting), last


def _tables(store: Store, expected: Batch) -> Iterator[tuple[str, pa.Table, pa.Table]]:
    """Each table in the graph beside the one that the files make, both sorted."""
    for label in NODES:
        if label in WRITABLE_NODES or label == "Meta":
            continue
        held = store.nodes(label)
        wanted = expected.nodes.get(label, held.schema.empty_table())
        yield label, held, _sorted(wanted, ["id"])
    for type, relationship in RELATIONSHIPS.items():
        if type in WRITABLE_RELATIONSHIPS:
            continue
        for source, target in relationship.ends:
            ends: Ends = (type, source, target)
            held = store.edges(ends)
            wanted = expected.edges.get(ends, held.schema.empty_table())
            key = ["source", "target", *relationship.key]
            yield f"{source}-{type}-{target}", held, _sorted(wanted, key)


def _sorted(table: pa.Table, key: list[str]) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in key]).combine_chunks()


def _update(digest: hashlib._Hash, table: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    digest.update(sink.getvalue())


def _difference(name: str, held: pa.Table, wanted: pa.Table) -> str:
    if held.num_rows != wanted.num_rows:
        return f"{name}: {held.num_rows} in the graph, {wanted.num_rows} in the files"
    columns = [c for c in wanted.column_names if not held[c].equals(wanted[c])]
    return f"{name}: {', '.join(columns) or 'columns'} differ from the files"
