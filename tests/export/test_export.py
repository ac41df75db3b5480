"""Files for others: they read back, hold everything, and say nothing of a header."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

import networkx as nx
import nibabel as nib
import numpy as np
import pandas as pd
import pytest

import atlasdb
import small_study
from atlasdb.errors import InvalidDataError
from atlasdb.export import export_activation, export_connectome
from atlasdb.export.relmat import to_relmat
from atlasdb.types import Activation, Connectome
from atlasdb_ingest.modalities.matrix import Options, read


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[atlasdb.Atlas]:
    with atlasdb.connect(tmp_path_factory.mktemp("export") / "atlas") as atlas:
        atlas.write(*small_study.entries())
        yield atlas


@pytest.fixture(scope="module")
def eeg(filled: atlasdb.Atlas) -> Connectome:
    return filled.connectome("p1", modality="eeg")


@pytest.fixture(scope="module")
def worm(filled: atlasdb.Atlas) -> Connectome:
    return filled.connectome("worm")


def test_csv_has_every_connection_strongest_first(
    eeg: Connectome, tmp_path: Path
) -> None:
    export_connectome(eeg, tmp_path / "c.csv")
    table = pd.read_csv(tmp_path / "c.csv")
    assert list(table.columns[:3]) == ["source", "target", "weight"]
    assert tuple(table.iloc[0][:3]) == ("Fz", "Cz", 0.9)
    assert len(table) == 12
    assert {"p", "q", "stability", "direction"} <= set(table.columns)


@pytest.mark.parametrize("kind", ["graphml", "gexf"])
@pytest.mark.parametrize("which", ["eeg", "worm"])
def test_graph_files_read_back_with_every_node_and_connection(
    kind: str, which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    found: Connectome = request.getfixturevalue(which)
    path = tmp_path / f"c.{kind}"
    export_connectome(found, path)
    back = getattr(nx, f"read_{kind}")(path)
    assert back.is_directed()
    assert set(back) == set(found.nodes["id"])
    for row in found.edges.itertuples():
        assert back.edges[row.source, row.target]["weight"] == row.weight
    names = {data["name"] for _, data in back.nodes(data=True)}
    assert names == set(found.nodes["name"])


@pytest.mark.parametrize("name", ["c.csv", "c.graphml", "c.gexf", "c.png", "c.svg"])
def test_the_same_connectome_gives_the_same_bytes(
    eeg: Connectome, tmp_path: Path, name: str
) -> None:
    for folder in ("one", "other"):
        export_connectome(eeg, tmp_path / folder / name)
    one, other = ((tmp_path / f / name).read_bytes() for f in ("one", "other"))
    assert len(one) > 500
    assert one == other


def test_a_relation_matrix_reads_back_the_same_way_round(
    eeg: Connectome, tmp_path: Path
) -> None:
    path = to_relmat(eeg, tmp_path)
    assert path.name.startswith("sub-p1_task-oddball_atlas-standard1005_meas-")
    assert json.loads((tmp_path / "dataset_description.json").read_text())
    prepared = read(path, Options())
    assert prepared.connectivity is not None
    np.testing.assert_array_equal(prepared.connectivity.weights, eeg.matrices["weight"])
    assert prepared.connectivity.directed
    assert [a.name for a in prepared.parcellation.areas] == ["Fz", "Cz", "Pz", "C3"]


def test_relation_matrices_of_two_bands_have_two_names(
    eeg: Connectome, tmp_path: Path
) -> None:
    said = dict(eeg.properties)
    alpha, beta = (
        to_relmat(replace(eeg, properties=said | {"band": band}), tmp_path)
        for band in ("alpha", "beta")
    )
    assert alpha != beta
    assert alpha.name.endswith("_desc-alpha_relmat.tsv")


def test_validators_are_told_to_pass_over_the_files_of_the_draft(
    eeg: Connectome, tmp_path: Path
) -> None:
    to_relmat(eeg, tmp_path / "new")
    told = (tmp_path / "new" / ".bidsignore").read_text().split()
    for file in (tmp_path / "new").glob("sub-*/*"):
        path = file.relative_to(tmp_path / "new").as_posix()
        assert any(fnmatch(path, pattern) for pattern in told), path
    mine = tmp_path / "old" / "dataset_description.json"
    mine.parent.mkdir()
    mine.write_text("{}")
    to_relmat(eeg, mine.parent)
    assert mine.read_text() == "{}"
    assert not (mine.parent / ".bidsignore").exists(), "that data set is another's"


def test_an_unknown_ending_names_those_that_are_known(
    eeg: Connectome, tmp_path: Path
) -> None:
    with pytest.raises(InvalidDataError, match=r"\.graphml"):
        export_connectome(eeg, tmp_path / "c.xyz")
    assert list(tmp_path.iterdir()) == []


def test_neurons_have_no_matrix_to_draw(worm: Connectome, tmp_path: Path) -> None:
    for name in ("c.png", "c.svg"):
        with pytest.raises(InvalidDataError, match="neurons"):
            export_connectome(worm, tmp_path / name)
    with pytest.raises(InvalidDataError, match="neurons"):
        to_relmat(worm, tmp_path)


def test_a_failed_export_leaves_nothing_behind(
    eeg: Connectome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Connectome, path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("atlasdb.export.graph.to_csv", full)
    with pytest.raises(InvalidDataError, match="No space left"):
        export_connectome(eeg, tmp_path / "c.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_refused(
    eeg: Connectome, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidDataError, match="Could not write"):
        export_connectome(eeg, tmp_path / "file" / "c.csv")
    with pytest.raises(InvalidDataError, match="Could not write"):
        to_relmat(eeg, tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.fixture(scope="module")
def response(filled: atlasdb.Atlas) -> Activation:
    return filled.activation("p1", "target")


def test_a_response_as_csv_has_every_area_and_time(
    response: Activation, tmp_path: Path
) -> None:
    export_activation(response, tmp_path / "a.csv")
    table = pd.read_csv(tmp_path / "a.csv")
    assert len(table) == 4 * 20
    peak = table.loc[table["amplitude"].idxmax()]
    assert (peak["area"], peak["time_ms"], peak["amplitude"]) == ("Cz", 100.0, 8.0)


def test_a_response_is_drawn(response: Activation, tmp_path: Path) -> None:
    export_activation(response, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"


def test_electrodes_have_no_voxels(response: Activation, tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match=r"\.png"):
        export_activation(response, tmp_path / "a.nii.gz")


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii"])
def test_a_volume_keeps_place_and_numbers_and_no_text(
    response: Activation, tmp_path: Path, name: str
) -> None:
    volume = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    affine = np.diag([-3.0, 3.0, 3.0, 1.0])
    with_voxels = Activation(
        response.id,
        response.properties,
        response.areas,
        response.data[:, :1],
        volume,
        affine,
    )
    export_activation(with_voxels, tmp_path / name)
    image = nib.load(tmp_path / name)
    np.testing.assert_array_equal(image.get_fdata(), volume)
    np.testing.assert_array_equal(image.affine, affine)
    assert bytes(image.header["descrip"]).strip(b"\0") == b""
    export_activation(with_voxels, tmp_path / "bars.png")
