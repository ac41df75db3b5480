"""The atlas: what goes in comes out, once, on every store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import atlasdb
import small_study
from atlasdb.errors import InvalidDataError, NotFoundError, StoreError
from atlasdb.store.base import is_server
from atlasdb.types import Area
from small_study import CAP

COUNT = "MATCH (g:Connectome) RETURN count(g) AS n"


def count(atlas: atlasdb.Atlas) -> int:
    return int(atlas.cypher(COUNT)["n"][0])


def test_the_same_entries_again_change_nothing(atlas: atlasdb.Atlas) -> None:
    before = atlas.verify()
    assert atlas.write(*small_study.entries()) == 0
    assert atlas.verify() == before


def test_graph_and_files_agree_and_no_rule_is_broken(atlas: atlasdb.Atlas) -> None:
    assert atlas.verify().differences == []
    assert atlas.check() == []


def test_a_rebuild_gives_the_same_graph(atlas: atlasdb.Atlas) -> None:
    before = atlas.verify()
    atlas.rebuild()
    assert atlas.verify() == before


def test_a_changed_setting_makes_a_second_connectome(atlas: atlasdb.Atlas) -> None:
    entry = small_study.entries()[0]
    changed = replace(entry, run=replace(entry.run, key=small_study.key("changed")))
    before = count(atlas)
    assert atlas.write(changed) == 1
    assert count(atlas) == before + 1
    rows = atlas.cypher(
        "MATCH (a:Connectome)-[:REPLACES]->(b:Connectome) "
        "RETURN a.is_current AS new, b.is_current AS old"
    )
    assert rows.to_dict("records") == [{"new": True, "old": False}]
    assert atlas.verify().equal


def test_a_parcellation_of_one_name_with_other_areas_is_refused(
    atlas: atlasdb.Atlas,
) -> None:
    entry = small_study.entries()[0]
    assert entry.parcellation is not None
    other = replace(
        entry,
        run=replace(entry.run, key=small_study.key("other")),
        parcellation=replace(
            entry.parcellation,
            sha256="f" * 64,
            areas=tuple(replace(a, name=f"{a.name}x") for a in CAP.areas),
        ),
    )
    before = atlas.verify()
    with pytest.raises(InvalidDataError, match="--parcellation-name"):
        atlas.write(other)
    assert atlas.verify() == before


def test_areas_known_by_name_only_are_those_of_the_atlas(atlas: atlasdb.Atlas) -> None:
    entry = small_study.entries()[0]
    by_name = tuple(Area(a.code, a.name) for a in CAP.areas)
    atlas.write(
        replace(
            entry,
            run=replace(entry.run, key=small_study.key("by name")),
            parcellation=replace(CAP, sha256="f" * 64, areas=by_name),
        )
    )
    assert atlas.connectome("p1", modality="eeg").nodes["x_mm"].notna().all()
    assert atlas.verify().equal


def test_a_connectome_comes_back_as_it_went_in(atlas: atlasdb.Atlas) -> None:
    given = small_study.entries()[0].connectivity
    assert given is not None
    found = atlas.connectome("p1", modality="eeg")
    assert list(found.nodes["name"]) == ["Fz", "Cz", "Pz", "C3"]
    np.testing.assert_array_equal(found.matrices["weight"], given.weights)
    strongest = found.edges.sort_values("weight").iloc[-1]
    assert (strongest["source_name"], strongest["target_name"]) == ("Fz", "Cz")


def test_a_graph_points_from_source_to_target(atlas: atlasdb.Atlas) -> None:
    graph = atlas.graph("p1", modality="eeg")
    assert graph.has_edge("Fz", "Cz")
    assert not graph.has_edge("Cz", "Fz")


def test_transposing_the_input_changes_the_hubs(atlas: atlasdb.Atlas) -> None:
    entry = small_study.entries()[3]
    assert entry.connectivity is not None
    turned = replace(
        entry,
        run=replace(entry.run, key=small_study.key("turned")),
        subject=replace(entry.subject, id="turned"),
        connectivity=replace(
            entry.connectivity,
            weights=entry.connectivity.weights.T,
            supported=entry.connectivity.supported.T
            if entry.connectivity.supported is not None
            else None,
        ),
    )
    atlas.write(turned)
    ranks = [atlas.query("pagerank", subject=s)["name"][0] for s in ("c1", "turned")]
    assert ranks == ["Pz", "Fz"]


def test_an_activation_map_comes_back_as_it_went_in(atlas: atlasdb.Atlas) -> None:
    given = small_study.entries()[0].maps[0]
    found = atlas.activation("p1", "target")
    np.testing.assert_array_equal(found.data, given.data)
    peak = found.areas.set_index("name").loc["Cz"]
    assert peak["peak_ms"] == 100.0
    assert peak["peak_amp"] == pytest.approx(8.0)


def test_an_unknown_condition_names_those_there_are(atlas: atlasdb.Atlas) -> None:
    with pytest.raises(NotFoundError, match="'target'"):
        atlas.activation("p1", "standard")


def test_an_unknown_subject_is_an_error_with_a_suggestion(
    atlas: atlasdb.Atlas,
) -> None:
    with pytest.raises(NotFoundError, match="Did you mean 'worm'"):
        atlas.query("connections", subject="wurm")


def test_a_subject_is_found_with_and_without_sub(atlas: atlasdb.Atlas) -> None:
    assert atlas.subject("sub-p1") == atlas.subject("P1") == "p1"


def test_the_laboratorys_label_finds_a_pseudonym(atlas: atlasdb.Atlas) -> None:
    entry = small_study.entries()[0]
    code = atlas.keyring.pseudonym("jane")
    hidden = replace(
        entry,
        run=replace(entry.run, key=small_study.key("jane")),
        subject=replace(entry.subject, id=code),
    )
    atlas.write(hidden)
    assert atlas.subject("jane") == code


def test_several_connectomes_of_a_person_must_be_told_apart(
    atlas: atlasdb.Atlas,
) -> None:
    with pytest.raises(InvalidDataError, match="modality"):
        atlas.connectome("p1")


def test_what_is_known_of_a_subject_is_completed_never_blanked(
    atlas: atlasdb.Atlas,
) -> None:
    assert atlas.describe(atlasdb.Subject("p1", site="other")) == 1
    assert atlas.describe(atlasdb.Subject("p1", site="other")) == 0
    row = atlas.cypher(
        "MATCH (s:Subject) WHERE s.id = 'p1' "
        "RETURN s.site AS site, s.age_years AS age_years"
    )
    assert row.to_dict("records") == [{"site": "other", "age_years": 25.0}]
    assert atlas.verify().equal


def test_the_planted_difference_is_found_and_only_that(atlas: atlasdb.Atlas) -> None:
    found = atlas.compare("patients", "controls", modality="eeg")
    assert list(zip(found["source"], found["target"], strict=True)) == [("Pz", "Fz")]
    assert found["n_a"][0] == found["n_b"][0] == 3
    assert found["mean_a"][0] > found["mean_b"][0]


def test_comparing_again_adds_nothing(atlas: atlasdb.Atlas) -> None:
    before = atlas.verify()
    atlas.compare("patients", "controls", modality="eeg")
    assert atlas.verify() == before


def test_connectomes_that_were_not_made_alike_are_refused(
    atlas: atlasdb.Atlas,
) -> None:
    entry = small_study.entries()[0]
    atlas.write(
        replace(
            entry,
            run=replace(entry.run, key=small_study.key("unlike")),
            settings="other-settings",
        )
    )
    with pytest.raises(InvalidDataError, match="--allow-mixed"):
        atlas.compare("patients", "controls", modality="eeg")
    atlas.compare("patients", "controls", modality="eeg", allow_mixed=True)


def test_an_unknown_cohort_names_those_there_are(atlas: atlasdb.Atlas) -> None:
    with pytest.raises(NotFoundError, match="'controls', 'patients'"):
        atlas.compare("patients", "control")


def test_a_users_own_note_survives_a_rebuild(atlas: atlasdb.Atlas) -> None:
    note = (
        "MATCH (s:Subject) WHERE s.id = 'p1' "
        "CREATE (a:Annotation {id: $id, text: 'look again'})-[:ANNOTATES]->(s)"
    )
    atlas.cypher(note, {"id": "note-1"}, write=True)
    atlas.rebuild()
    rows = atlas.cypher(
        "MATCH (a:Annotation)-[:ANNOTATES]->(s:Subject) "
        "RETURN a.text AS text, s.id AS subject"
    )
    assert rows.to_dict("records") == [{"text": "look again", "subject": "p1"}]


def test_erasing_leaves_nothing_of_the_person(atlas: atlasdb.Atlas) -> None:
    atlas.erase("p1")
    with pytest.raises(NotFoundError):
        atlas.subject("p1")
    assert not list(atlas.files.folder.glob("p1/*"))
    assert "p1" not in (atlas.files.folder / "journal.jsonl").read_text()
    assert atlas.query("contrasts").empty
    assert atlas.verify().equal
    assert atlas.check() == []
    atlas.rebuild()
    assert atlas.verify().equal


def test_simulated_stimulation_is_kept_once_and_erased_with_the_person(
    atlas: atlasdb.Atlas,
) -> None:
    before = atlas.verify()
    found = atlas.write_stimulation(small_study.stimulation())
    assert atlas.verify() == before
    held = atlas.query("everything-of", subject="p1")
    assert held["id"][held["kind"] == "Stimulation"].tolist() == [found]
    ranked = atlas.query("stimulation-targets", subject="p1")
    assert ranked["region"].tolist() == ["Fz", "Cz", "Pz", "C3"]
    atlas.erase("p1")
    assert atlas.store.nodes("Stimulation").num_rows == 0
    assert not (atlas.files.folder / "p1").exists()
    assert atlas.verify().equal


def test_a_writer_stopped_before_the_graph_is_caught_up(
    atlas_url: str, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with atlasdb.connect(atlas_url) as atlas:
        atlas.write(small_study.entries()[0])

        def stopped(*_: object, **__: object) -> None:
            raise StoreError("stopped")

        with monkeypatch.context() as patch:
            patch.setattr(type(atlas.store), "apply", stopped)
            with pytest.raises(StoreError, match="stopped"):
                atlas.write(small_study.entries()[1])
        assert count(atlas) == 1
    with atlasdb.connect(atlas_url) as atlas:
        assert count(atlas) == 2
        assert atlas.verify().equal


def test_a_reader_cannot_write(atlas_url: str, key_file: Path) -> None:
    with atlasdb.connect(atlas_url) as atlas:
        atlas.write(small_study.entries()[0])
    with atlasdb.connect(atlas_url, read_only=True) as atlas:
        with pytest.raises(StoreError, match="reading only"):
            atlas.write(small_study.entries()[1])
        assert count(atlas) == 1
        assert len(atlas.files.keys()) == 1


def test_other_files_than_the_graphs_are_refused(
    atlas_url: str, key_file: Path, tmp_path: Path
) -> None:
    if not is_server(atlas_url):
        pytest.skip("an embedded atlas holds its own files")
    with atlasdb.connect(atlas_url) as atlas:
        atlas.write(small_study.entries()[0])
    with (
        atlasdb.connect(atlas_url, files=tmp_path / "others") as atlas,
        pytest.raises(StoreError, match="--files"),
    ):
        atlas.write(small_study.entries()[1])
