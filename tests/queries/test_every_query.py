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
    "cohort-connections": {"cohort": "patients"},
    "feed-forward": {"subject": "worm", "region": "AVAL", "modality": "em"},
    "hubs-lost": {"subject": "ill3"},
    "neurons": {"subject": "worm"},
    "relays": {"target": "Pz"},
    "same-direction": {"first": "fmri", "second": "fmri"},
    "test-retest": {"cohort": "twice"},
    "tract-and-function": {"modality": "fmri"},
}
EMPTY_HERE = {"same-direction"}
"""The small study has no answer to this."""


def sample(query: catalog.Query) -> dict[str, str]:
    names = {p.name for p in query.parameters}
    given = {k: v for k, v in SAMPLE.items() if k in names}
    return given | BY_QUERY.get(query.name, {})


@pytest.mark.parametrize("name", catalog.names())
def test_answer_has_the_promised_columns_and_rows(
    name: str, study: atlasdb.Atlas
) -> None:
    query = catalog.load(name)
    table = study.query(name, **sample(query))
    assert list(table.columns) == [c.name for c in query.columns]
    assert (len(table) == 0) == (name in EMPTY_HERE)


@pytest.mark.parametrize("name", catalog.names())
def test_an_empty_answer_has_the_promised_columns_and_types(
    name: str, study: atlasdb.Atlas
) -> None:
    query = catalog.load(name)
    names = {p.name for p in query.parameters}
    elsewhere = {"subject": "c1", "region": "Vermis", "source": "C3", "target": "Pz"}
    elsewhere |= {"modality": "em", "version": "0", "cohort": "controls", "limit": 0}
    if query.then == "shortest_path":
        elsewhere |= {"subject": "worm", "source": "VD01", "target": "AVAL"}
    if query.name == "why":
        elsewhere |= {"target": "Vermis"}
    given = sample(query) | {k: v for k, v in elsewhere.items() if k in names}
    full = study.query(name, **sample(query))
    empty = study.query(name, **given)
    if name in ("cohorts", "everything-of"):  # never empty
        return
    assert empty.empty
    assert list(empty.columns) == list(full.columns)
    for column in query.columns:
        if column.kind == "float":
            assert empty[column.name].dtype == full[column.name].dtype == "float64"


@pytest.mark.parametrize("name", catalog.names())
def test_an_unknown_subject_is_an_error(name: str, study: atlasdb.Atlas) -> None:
    query = catalog.load(name)
    if "subject" not in {p.name for p in query.parameters}:
        pytest.skip("asks nothing of one subject")
    with pytest.raises(atlasdb.NotFoundError):
        study.query(name, **(sample(query) | {"subject": "nobody"}))


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
    study: atlasdb.Atlas,
) -> None:
    with pytest.raises(atlasdb.InvalidDataError, match="--connectome"):
        study.query("pagerank", subject="p1")


def test_supported_connections_alone_unless_told_otherwise(
    study: atlasdb.Atlas,
) -> None:
    few = study.query("drivers", subject="c1", region="Fz")
    every = study.query("drivers", subject="c1", region="Fz", supported=False)
    assert len(few) < len(every) == 3


def test_averages_take_every_estimate_supported_or_not(study: atlasdb.Atlas) -> None:
    rows = study.query(
        "connection-in-cohorts", source="Pz", target="Fz", modality="eeg"
    ).set_index("cohort")
    assert rows.loc["controls", "n_supported"] == 0
    assert rows.loc["controls", "n_present"] == rows.loc["controls", "n_total"] == 3
    assert rows.loc["controls", "mean_weight"] == pytest.approx(0.07)


def test_two_sessions_are_compared_with_what_they_promised(
    study: atlasdb.Atlas,
) -> None:
    (row,) = study.query("test-retest", cohort="twice").to_dict("records")
    assert row["subject"] == "twin"
    assert row["first"] < row["second"]
    assert row["n_pairs"] == 6
    # 0.95 where supported, 0.1 elsewhere: Fz-Cz and Cz-Pz keep their order, Fz-Pz
    # turns round, and the three weak pairs of C3 tell none.
    turned, kept, coin = 4 * 0.95, 2 * 2 * (0.95 + 0.1), 3 * 4 * 0.1
    expected = (kept + coin / 2) / (turned + kept + coin)
    assert row["same_direction"] == pytest.approx(expected)
    assert row["reliability"] == pytest.approx(0.8)
    assert 0.5 < row["strength_correlation"] < 1


def test_one_session_alone_cannot_be_compared(study: atlasdb.Atlas) -> None:
    assert study.query("test-retest", cohort="patients").empty
    assert study.query("test-retest", cohort="twice", modality="fmri").empty


def test_a_path_that_is_not_there_is_an_empty_answer(study: atlasdb.Atlas) -> None:
    path = study.query("shortest-path", subject="worm", source="VD01", target="AVAL")
    assert path.empty


def test_an_unknown_end_of_a_path_is_an_error(study: atlasdb.Atlas) -> None:
    with pytest.raises(atlasdb.NotFoundError, match="Did you mean 'AVAL'"):
        study.query("shortest-path", subject="worm", source="AVALL", target="VD01")


@pytest.mark.parametrize("region", ["AVAR", "2"])
def test_neurons_are_asked_of_by_name_or_body_id(
    region: str, study: atlasdb.Atlas
) -> None:
    drivers = study.query("drivers", subject="worm", region=region)
    targets = study.query("targets", subject="worm", region=region)
    assert list(drivers["source"]) == ["AVAL"]
    assert list(targets["target"]) == ["VD01"]


def test_the_path_of_least_cost_goes_round_a_weak_connection(
    study: atlasdb.Atlas,
) -> None:
    path = study.query("shortest-path", subject="worm", source="AVAL", target="VD01")
    assert list(path["target"]) == ["AVAR", "VD01"]  # 1/7 + 1/3, not 1/1
    assert path["total_cost"].iloc[-1] == pytest.approx(1 / 7 + 1 / 3)


def test_a_limit_keeps_the_strongest_of_regions_and_neurons(
    study: atlasdb.Atlas,
) -> None:
    every = study.query("connections", subject="c1", limit=1000)
    few = study.query("connections", subject="c1", limit=2)
    assert list(few["weight"]) == [0.9, 0.6] == list(every["weight"][:2])


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("drivers", {"region": "Fzz"}, "No region 'Fzz' .* Did you mean 'Fz'"),
        ("relays", {"source": "Fz", "target": "Czz"}, "Did you mean 'Cz'"),
        ("activations", {"condition": "targt"}, "Did you mean 'target'"),
        ("connections", {"modality": "egg"}, "No modality 'egg'"),
        (
            "shortest-path",
            {"source": "Fz", "target": "Cz", "modality": "egg"},
            "No modality 'egg'",
        ),
        ("tract-and-function", {"tract_modality": "dti"}, "No modality 'dti'"),
    ],
)
def test_a_name_that_is_nowhere_in_the_atlas_is_an_error(
    name: str, parameters: dict[str, str], said: str, study: atlasdb.Atlas
) -> None:
    with pytest.raises(atlasdb.NotFoundError, match=said):
        study.query(name, subject="p1", **parameters)


def test_a_name_that_somebody_else_has_gives_an_empty_answer(
    study: atlasdb.Atlas,
) -> None:
    assert study.query("drivers", subject="c1", region="Vermis").empty
    assert study.query("connections", subject="c1", modality="fmri").empty
