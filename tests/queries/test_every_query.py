"""Every named query keeps the promises of its header, on every store."""

from __future__ import annotations

from pathlib import Path

import pytest

import atlasdb
from atlasdb import catalog
from atlasdb.store import dialect

QUERIES = Path(__file__).parents[2] / "queries"
SAMPLE = {
    "subject": "p1",
    "source": "Fz",
    "target": "Cz",
    "region": "Fz",
    "condition": "target",
    "package": "torch",
    "version": "2.2.0",
    "modality": "eeg",
}
BY_QUERY = {
    "neurons": {"subject": "worm"},
    "relays": {"target": "Pz"},
    "same-direction": {"first": "fmri", "second": "fmri"},
    "tract-and-function": {"modality": "fmri"},
}
EMPTY_HERE = {"same-direction", "feed-forward"}
"""The small study has no answer to these."""


def sample(query: catalog.Query) -> dict[str, str]:
    names = {p.name for p in query.parameters}
    given = {k: v for k, v in SAMPLE.items() if k in names}
    return given | BY_QUERY.get(query.name, {})


@pytest.mark.parametrize("name", catalog.names())
def test_answer_has_the_promised_columns_and_rows(
    name: str, atlas: atlasdb.Atlas
) -> None:
    query = catalog.load(name)
    table = atlas.query(name, **sample(query))
    assert list(table.columns) == [c.name for c in query.columns]
    assert (len(table) == 0) == (name in EMPTY_HERE)


@pytest.mark.parametrize("name", catalog.names())
def test_an_empty_answer_has_the_promised_columns_and_types(
    name: str, atlas: atlasdb.Atlas
) -> None:
    query = catalog.load(name)
    given = sample(query) | {
        p.name: "nothing-like-this"
        for p in query.parameters
        if p.kind == "str" and p.name not in ("subject", "cohort")
    }
    full = atlas.query(name, **sample(query))
    try:
        empty = atlas.query(name, **given)
    except atlasdb.NotFoundError:
        assert query.then == "shortest_path"  # its ends must be there
        return
    assert list(empty.columns) == list(full.columns)
    for column in query.columns:
        if column.kind == "float":
            assert empty[column.name].dtype == full[column.name].dtype == "float64"


@pytest.mark.parametrize("name", catalog.names())
def test_an_unknown_subject_is_an_error(name: str, atlas: atlasdb.Atlas) -> None:
    query = catalog.load(name)
    if "subject" not in {p.name for p in query.parameters}:
        pytest.skip("asks nothing of one subject")
    with pytest.raises(atlasdb.NotFoundError):
        atlas.query(name, **(sample(query) | {"subject": "nobody"}))


@pytest.mark.parametrize("name", catalog.names())
def test_its_text_is_what_both_stores_answer_alike(name: str) -> None:
    query = catalog.load(name)
    values = query.bind(**sample(query))
    given = {k: v for k, v in values.items() if query.uses(k)}
    dialect.check_read(query.text, given, "ladybug")


@pytest.mark.parametrize("name", catalog.names())
def test_every_column_and_parameter_is_explained(name: str) -> None:
    query = catalog.load(name)
    assert all(f.help for f in (*query.parameters, *query.columns))


@pytest.mark.parametrize("path", sorted((QUERIES / "neo4j").glob("*.cypher")))
def test_a_query_for_one_store_has_the_header_of_the_portable_one(path: Path) -> None:
    own, portable = catalog.load(path.stem, "neo4j"), catalog.load(path.stem)
    assert own.parameters == portable.parameters
    assert own.columns == portable.columns


def test_there_are_at_least_fifteen_questions() -> None:
    assert len(catalog.names()) >= 15


def test_pagerank_of_a_mixture_of_connectomes_is_refused(
    atlas: atlasdb.Atlas,
) -> None:
    with pytest.raises(atlasdb.InvalidDataError, match="--connectome"):
        atlas.query("pagerank", subject="p1")


def test_supported_connections_alone_unless_told_otherwise(
    atlas: atlasdb.Atlas,
) -> None:
    few = atlas.query("drivers", subject="c1", region="Fz")
    every = atlas.query("drivers", subject="c1", region="Fz", supported=False)
    assert len(few) < len(every) == 3


def test_averages_take_every_estimate_supported_or_not(atlas: atlasdb.Atlas) -> None:
    rows = atlas.query(
        "connection-in-cohorts", source="Pz", target="Fz", modality="eeg"
    ).set_index("cohort")
    assert rows.loc["controls", "n_supported"] == 0
    assert rows.loc["controls", "n_present"] == rows.loc["controls", "n_total"] == 3
    assert rows.loc["controls", "mean_weight"] == pytest.approx(0.07)


def test_a_path_that_is_not_there_is_an_empty_answer(atlas: atlasdb.Atlas) -> None:
    path = atlas.query("shortest-path", subject="worm", source="VD01", target="AVAL")
    assert path.empty


def test_an_unknown_end_of_a_path_is_an_error(atlas: atlasdb.Atlas) -> None:
    with pytest.raises(atlasdb.NotFoundError, match="Did you mean 'AVAL'"):
        atlas.query("shortest-path", subject="worm", source="AVALL", target="VD01")
