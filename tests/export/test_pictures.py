"""Pictures of comparisons and connectomes: what was found is what is drawn."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from matplotlib.image import imread

import atlasdb
import small_study
from atlasdb.cli import main
from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb.export import brain, export_connectome, export_contrast, tested
from atlasdb.export.figure import arrange
from atlasdb.types import (
    Area,
    Connectome,
    Contrast,
    Entry,
    Parcellation,
    RecordingInfo,
    Subject,
)

NETWORKS = ("Default", "Visual")
HEART = Parcellation(
    id="ring",
    name="ring",
    kind="volume",
    areas=tuple(
        Area(
            str(i + 1),
            f"Area_{i + 1}_{'LR'[i % 2]}",
            "R" if i % 2 else "L",
            network=NETWORKS[i // 2 % 2],
            x_mm=(-40.0, 40.0)[i % 2],
            y_mm=-80.0 + 14 * i,
            z_mm=10.0 * (i % 3),
        )
        for i in range(10)
    ),
    n_areas=10,
    sha256="8" * 64,
)
PLANTED = [(0, 1), (1, 4), (4, 7), (7, 0)]
"""Connections that are stronger in patients, from source to target."""


def people(*, planted: bool = True) -> list[Entry]:
    """Give 9 patients and 9 controls; without `planted` they are all alike."""
    rng = np.random.default_rng(4)
    entries = []
    for k in range(18):
        cohort = "patients" if k < 9 else "controls"
        weights = rng.uniform(0.1, 0.3, (10, 10))
        if planted and cohort == "patients":
            weights[tuple(np.transpose(PLANTED))] += 0.5
        name = f"{cohort[0]}{k}"
        codes = tuple(str(i + 1) for i in range(10))
        entry = Entry(
            run=small_study.run("pictures", name),
            subject=Subject(name, cohort),
            recording=RecordingInfo(small_study.key("pictures", name), "fmri"),
            parcellation=HEART,
            connectivity=small_study.learned(weights, codes, "fmri", "mlp"),
            settings="pictures",
        )
        entries.append(entry)
    return entries


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures") / "atlas"
    with atlasdb.connect(folder) as atlas:
        atlas.write(*people())
        atlas.pool("controls")
        atlas.compare("patients", "controls", test="nbs", permutations=99)
        atlas.compare("patients", "controls", statistic="welch")
        atlas.compare("patients", "controls", test="node", metrics=("in_strength",))
    return folder


@pytest.fixture(scope="module")
def atlas(folder: Path) -> Iterator[atlasdb.Atlas]:
    with atlasdb.connect(folder, read_only=True) as opened:
        yield opened


def found(atlas: atlasdb.Atlas, test: str, target: str = "edges") -> Contrast:
    listed = atlas.query("contrasts")
    chosen = listed[(listed["test"] == test) & (listed["target"] == target)]
    return atlas.contrast(chosen["id"].item())


@pytest.fixture(scope="module")
def networks(atlas: atlasdb.Atlas) -> Contrast:
    return found(atlas, "nbs")


@pytest.fixture(scope="module")
def single(atlas: atlasdb.Atlas) -> Contrast:
    return found(atlas, "welch")


@pytest.fixture(scope="module")
def nothing(single: Contrast) -> Contrast:
    """The same tests, of which none is significant."""
    none = np.zeros_like(single.arrays["significant"])
    return replace(single, arrays={**single.arrays, "significant": none})


def test_a_comparison_is_read_back_in_the_order_of_its_areas(single: Contrast) -> None:
    assert list(single.areas["name"]) == [area.name for area in HEART.areas]
    assert single.properties["unit"] == "nats"
    difference = single.arrays["mean_a"] - single.arrays["mean_b"]
    np.fill_diagonal(difference, 0)
    largest = np.argsort(-difference, axis=None)[: len(PLANTED)]
    assert {tuple(divmod(k, 10)) for k in largest.tolist()} == set(PLANTED)


def test_of_several_comparisons_one_has_to_be_named(atlas: atlasdb.Atlas) -> None:
    with pytest.raises(InvalidDataError, match=r"There are 3 comparisons: .*Name one"):
        atlas.contrast()
    with pytest.raises(NotFoundError, match="There are: patients-vs-controls"):
        atlas.contrast("nobody")


def test_a_network_is_found_as_its_component_and_drawn_as_one(
    networks: Contrast, tmp_path: Path
) -> None:
    table = tested.rows(networks)
    drawn = set(
        table.loc[table["found"], ["i", "j"]].itertuples(index=False, name=None)
    )
    assert drawn >= set(PLANTED)
    assert len(table) == 90
    written, left_out = export_contrast(networks, tmp_path)
    assert left_out == {}
    assert {path.name for path in written} == {
        "matrices.png",
        "volcano.png",
        "glass-brain.png",
        "connectome.html",
        "component-1.png",
        "differences.csv",
    }
    assert all(path.stat().st_size > 500 for path in written)


def test_a_component_that_is_not_significant_is_not_drawn(
    networks: Contrast, tmp_path: Path
) -> None:
    unsure = replace(networks, components=networks.components.assign(p_fwe=0.4))
    assert not tested.rows(unsure)["found"].any()
    written, _ = export_contrast(unsure, tmp_path)
    assert not [path for path in written if path.name.startswith("component")]


def test_nothing_significant_still_gives_matrices_and_volcano(
    nothing: Contrast, tmp_path: Path
) -> None:
    written, left_out = export_contrast(nothing, tmp_path)
    names = {path.name for path in written}
    assert names == {"matrices.png", "volcano.png", "differences.csv"}
    assert left_out["glass-brain.png"] == "Nothing is significant"


def test_pictures_of_an_earlier_comparison_do_not_stay(
    networks: Contrast, nothing: Contrast, tmp_path: Path
) -> None:
    (tmp_path / "component-notes.txt").write_text("mine")
    export_contrast(networks, tmp_path)
    written, _ = export_contrast(nothing, tmp_path)
    assert set(tmp_path.iterdir()) == {*written, tmp_path / "component-notes.txt"}


def test_without_positions_there_is_no_brain(single: Contrast, tmp_path: Path) -> None:
    nowhere = replace(single, areas=single.areas.assign(x_mm=np.nan))
    written, left_out = export_contrast(nowhere, tmp_path)
    assert set(left_out) == {"glass-brain.png", "connectome.html"}
    assert "no positions" in left_out["connectome.html"]
    assert len(written) == 3


def test_the_brain_of_a_mouse_is_not_drawn_in_that_of_a_human(
    single: Contrast,
) -> None:
    places = ["x_mm", "y_mm", "z_mm"]
    small = single.areas.assign(**{c: single.areas[c] / 20 for c in places})
    drawn = brain.Drawn(np.ones((10, 10)), small, ("",), "")
    with pytest.raises(InvalidDataError, match="not a human brain"):
        brain.placed(drawn)


def test_electrodes_are_put_on_the_head_round_the_brain() -> None:
    """Cz is above the middle of the brain, Oz behind it, T8 on the right."""
    head = pd.DataFrame(
        [["Cz", -1, 28, 140], ["Oz", -2, -83, 61], ["T8", 83, 15, 31]],
        columns=["name", "x_mm", "y_mm", "z_mm"],
    )
    drawn = brain.Drawn(np.ones((3, 3)), head, ("",), "", space="head")
    expected = [[0, -9, 100], [0, -115, 15], [85, -15, -9]]
    np.testing.assert_allclose(brain.placed(drawn)[2], expected, atol=2)


def test_the_table_has_every_test_the_surest_first(
    single: Contrast, tmp_path: Path
) -> None:
    export_contrast(single, tmp_path)
    table = pd.read_csv(tmp_path / "differences.csv")
    assert len(table) == 90
    assert table["p"].is_monotonic_increasing
    first = {(r.source_code - 1, r.target_code - 1) for r in table[:4].itertuples()}
    assert first == set(PLANTED)
    assert table["significant"][:4].all()
    assert {"mean_a", "mean_b", "effect", "effect_low", "q", "n_a"} <= set(table)


def test_without_a_direction_each_pair_is_there_once(single: Contrast) -> None:
    arrays = {
        k: v + v.T if v.dtype.kind == "f" else v | v.T for k, v in single.arrays.items()
    }
    table = tested.rows(replace(single, arrays=arrays))
    assert len(table) == 45
    assert (table["i"] < table["j"]).all()


def test_measures_of_areas_are_drawn(atlas: atlasdb.Atlas, tmp_path: Path) -> None:
    measured = found(atlas, "moderated", "nodes")
    written, left_out = export_contrast(measured, tmp_path)
    assert len(written) == 3
    assert set(left_out) == {"glass-brain.png", "connectome.html"}
    table = pd.read_csv(tmp_path / "differences.csv")
    assert list(table.columns[:2]) == ["area", "metric"]
    assert len(table) == 10


def test_the_head_says_who_by_which_test_and_what_was_found(
    single: Contrast, networks: Contrast
) -> None:
    who, how, what = tested.head_lines(networks, tested.rows(networks))
    assert who == "patients (n = 9) against controls (n = 9)"
    assert how.startswith("network-based statistic (threshold")
    assert "family-wise error, p < 0.05" in how
    assert what.startswith("1 of ")
    how, what = tested.head_lines(single, tested.rows(single))[1:]
    assert "false discovery rate (Benjamini-Hochberg), q < 0.05" in how
    assert re.fullmatch(r"\d+ of 90 connections significant", what)


def test_effects_say_the_power_in_which_weights_were_compared(single: Contrast) -> None:
    said = single.properties
    as_they_are = tested.effect_name({**said, "scale": 1.0})
    assert as_they_are == "effect (Hedges' g)"
    rooted = tested.effect_name({**said, "scale": 0.34})
    assert rooted == "effect (Hedges' g of weight to the power 0.34)"


def test_areas_are_ordered_by_network_and_then_by_side(single: Contrast) -> None:
    arranged = arrange(single.areas)
    ordered = single.areas.iloc[arranged.order]
    keys = list(zip(ordered["network"], ordered["hemisphere"], strict=True))
    assert keys == sorted(keys)
    assert [label for _, label in arranged.groups] == list(NETWORKS)
    assert [labelled for _, labelled in arranged.breaks] == [False, True, False]


@pytest.fixture(scope="module")
def connectome(atlas: atlasdb.Atlas) -> Connectome:
    return atlas.connectome("p0")


def test_the_strongest_supported_connections_are_drawn_and_counted(
    connectome: Connectome,
) -> None:
    weight = connectome.matrices["weight"]
    supported = int(np.nansum(weight > 0.2))
    drawn = brain.strongest(connectome, 4)
    assert {tuple(k) for k in np.argwhere(drawn.weights).tolist()} == set(PLANTED)
    assert drawn.head[1] == f"the strongest 4 of {supported} supported connections"
    drawn = brain.strongest(connectome, 1000)
    assert int((drawn.weights > 0).sum()) == supported
    assert drawn.head[1] == f"all {supported} supported connections"


def test_where_none_is_supported_that_is_said(connectome: Connectome) -> None:
    unsure = replace(connectome, edges=connectome.edges.assign(supported=False))
    drawn = brain.strongest(unsure, 4)
    assert (drawn.weights > 0).sum() == 4
    assert drawn.head[1] == (
        "none of 90 connections is supported: the strongest 4 of 90 estimates"
    )


def test_a_glass_brain_is_not_the_matrix(
    connectome: Connectome, tmp_path: Path
) -> None:
    export_connectome(connectome, tmp_path / "m.png")
    export_connectome(connectome, tmp_path / "g.png", glass_brain=True)
    matrix, glass = imread(tmp_path / "m.png"), imread(tmp_path / "g.png")
    assert glass.shape[1] > 2 * glass.shape[0]
    assert abs(matrix.shape[1] / matrix.shape[0] - 1.3) < 0.2
    with pytest.raises(InvalidDataError, match=r"\.png"):
        export_connectome(connectome, tmp_path / "g.csv", glass_brain=True)


def test_the_page_asks_nothing_of_the_network_and_names_no_place(
    connectome: Connectome, tmp_path: Path
) -> None:
    export_connectome(connectome, tmp_path / "c.html")
    page = (tmp_path / "c.html").read_text(encoding="utf-8")
    tags = re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", page)
    assert tags
    assert not [tag for tag in tags if re.search(r"\b(?:src|href)\s*=", tag)]
    assert str(tmp_path) not in page
    assert "<title>p0: fmri, mlp</title>" in page


def test_arrow_heads_of_the_page_end_at_the_target(
    connectome: Connectome, tmp_path: Path
) -> None:
    export_connectome(connectome, tmp_path / "c.html")
    page = (tmp_path / "c.html").read_text(encoding="utf-8")
    found = re.search(r"const added = (.*);\n", page)
    assert found is not None
    added = json.loads(found[1])
    nodes = connectome.nodes
    named = nodes[["name", "x_mm", "y_mm", "z_mm"]].to_numpy().tolist()
    place = {name.replace("_", " "): xyz for name, *xyz in named}
    assert len(added["arrows"]) == int(np.nansum(connectome.matrices["weight"] > 0.2))
    for arrow in added["arrows"]:
        source, target = arrow["text"].partition(":")[0].split(" → ")
        tip = np.array(arrow["points"][0])
        assert np.linalg.norm(tip - place[target]) < 2.1
        assert np.linalg.norm(tip - place[source]) > 10


@pytest.mark.parametrize("name", ["c.html", "g.png", "g.svg"])
def test_the_same_connectome_gives_the_same_brain(
    connectome: Connectome, tmp_path: Path, name: str
) -> None:
    for part in ("one", "other"):
        glass = name.startswith("g")
        export_connectome(connectome, tmp_path / part / name, glass_brain=glass)
    one, other = ((tmp_path / part / name).read_bytes() for part in ("one", "other"))
    assert one == other
    assert b"Software" not in one[:400]


def test_the_same_comparison_gives_the_same_bytes(
    networks: Contrast, tmp_path: Path
) -> None:
    written, _ = export_contrast(networks, tmp_path / "one")
    export_contrast(networks, tmp_path / "other")
    for path in written:
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()


def run(folder: Path, *words: object) -> tuple[int, str, str]:
    said = [str(word) for word in words]
    done = CliRunner().invoke(main, ["--atlas", str(folder), "export", *said])
    return done.exit_code, done.stdout, done.stderr


def test_the_command_lists_what_it_wrote_and_says_what_it_left_out(
    folder: Path, atlas: atlasdb.Atlas, tmp_path: Path
) -> None:
    name = found(atlas, "moderated", "nodes").id
    code, out, err = run(folder, "contrast", name, tmp_path)
    assert code == 0
    assert sorted(Path(line).name for line in out.splitlines()) == sorted(
        path.name for path in tmp_path.iterdir()
    )
    assert err.splitlines() == [
        f"{picture} left out: Measures were compared, not connections."
        for picture in ("glass-brain.png", "connectome.html")
    ]


def test_too_many_or_too_few_words_are_a_usage_error(
    folder: Path, tmp_path: Path
) -> None:
    for words in (("contrast", "a", "b", tmp_path), ("connectome", tmp_path / "c.csv")):
        code, _, err = run(folder, *words)
        assert code == 2
        assert "Error: " in err


def test_what_a_cohort_has_in_common_is_exported_without_a_subject(
    folder: Path, tmp_path: Path
) -> None:
    for name in ("c.png", "c.html", "c.csv", "c.graphml"):
        code, _, err = run(
            folder, "connectome", "--cohort", "controls", tmp_path / name
        )
        assert code == 0, err
    assert "cohort controls" in (tmp_path / "c.html").read_text(encoding="utf-8")
