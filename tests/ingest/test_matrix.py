"""Ready connectomes: the direction is declared, and nothing is taken for granted."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import io

from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb_ingest.modalities.matrix import Options, files, read

ONE_WAY = np.array([[0.0, 3.0, 0.0], [0.0, 0.0, 2.0], [1.0, 0.0, 0.0]])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "weights.npy"
    np.save(file, ONE_WAY)
    return file


def weights(path: Path, **options: object) -> np.ndarray:
    found = read(path, Options(**options)).connectivity
    assert found is not None
    return np.nan_to_num(found.weights)


def test_rows_are_sources_where_that_is_declared(path: Path) -> None:
    np.testing.assert_array_equal(weights(path, rows="source"), ONE_WAY)


def test_rows_that_are_targets_are_turned(path: Path) -> None:
    np.testing.assert_array_equal(weights(path, rows="target"), ONE_WAY.T)


def test_an_undeclared_direction_is_refused_and_both_ways_named(path: Path) -> None:
    with pytest.raises(InvalidDataError, match=r"--rows source .*--undirected"):
        read(path, Options())


def test_an_undirected_matrix_must_be_symmetric_or_be_made_so(path: Path) -> None:
    with pytest.raises(InvalidDataError, match="--symmetrize"):
        read(path, Options(undirected=True))
    mean = weights(path, undirected=True, symmetrize="mean")
    largest = weights(path, undirected=True, symmetrize="max")
    np.testing.assert_array_equal(mean, (ONE_WAY + ONE_WAY.T) / 2)
    np.testing.assert_array_equal(largest, np.maximum(ONE_WAY, ONE_WAY.T))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rows": "source", "undirected": True}, "one of them"),
        ({"rows": "source", "symmetrize": "mean"}, "goes with --undirected"),
        ({"rows": "columns"}, "source or target"),
    ],
)
def test_declarations_that_contradict_one_another_are_refused(
    options: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidDataError, match=said):
        Options(**options)


@given(
    hnp.arrays(
        np.float64,
        st.integers(2, 6).map(lambda n: (n, n)),
        elements=st.floats(-1e6, 1e6) | st.just(np.nan),
    )
)
def test_any_square_matrix_keeps_its_numbers_off_the_diagonal(
    tmp_path_factory: pytest.TempPathFactory, matrix: np.ndarray
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.npy"
    np.save(file, matrix)
    found = read(file, Options(rows="source")).connectivity
    assert found is not None
    off = ~np.eye(len(matrix), dtype=bool)
    np.testing.assert_array_equal(found.weights[off], np.abs(matrix[off]))
    signed = found.weights if found.value is None else found.value
    np.testing.assert_array_equal(signed[off] + 0.0, matrix[off] + 0.0)


@pytest.mark.parametrize(
    ("matrix", "said"),
    [
        (np.ones((2, 3)), "2 x 3"),
        (np.array([[0, np.inf], [1, 0]]), "row 1, column 2"),
        (np.ones((1, 1)), "1 areas"),
    ],
)
def test_what_is_no_matrix_of_connections_is_refused(
    tmp_path: Path, matrix: np.ndarray, said: str
) -> None:
    np.save(tmp_path / "bad.npy", matrix)
    with pytest.raises(InvalidDataError, match=said):
        read(tmp_path / "bad.npy", Options(rows="source"))


def test_a_variable_that_is_not_there_is_named_with_those_that_are(
    tmp_path: Path,
) -> None:
    io.savemat(tmp_path / "c.mat", {"sc": ONE_WAY})
    np.testing.assert_array_equal(
        weights(tmp_path / "c.mat", rows="source", variable="sc"), ONE_WAY
    )
    with pytest.raises(NotFoundError, match="sc"):
        read(tmp_path / "c.mat", Options(rows="source", variable="nope"))


def test_names_come_from_the_header(tmp_path: Path) -> None:
    text = "A,B,C\n" + "\n".join(",".join(map(str, row)) for row in ONE_WAY)
    (tmp_path / "named.csv").write_text(text)
    prepared = read(tmp_path / "named.csv", Options(rows="source"))
    assert [a.name for a in prepared.parcellation.areas] == ["A", "B", "C"]


def test_graphml_says_itself_which_way_it_goes(tmp_path: Path) -> None:
    for kind in (nx.DiGraph, nx.Graph):
        graph = kind()
        graph.add_edge("a", "b", weight=2.0)
        nx.write_graphml(graph, tmp_path / f"{kind.__name__}.graphml")
    directed = weights(tmp_path / "DiGraph.graphml")
    assert (directed[0, 1], directed[1, 0]) == (2.0, 0.0)
    both = weights(tmp_path / "Graph.graphml")
    assert (both[0, 1], both[1, 0]) == (2.0, 2.0)
    with pytest.raises(InvalidDataError, match="undirected; leave out --rows"):
        read(tmp_path / "Graph.graphml", Options(rows="source"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sub-1.edgelist", "1 2 3\n2 3 2\n10 1 1\n"),
        ("sub-1.edgelist", "1 2 {'weight': 3}\n2 3 {'weight': 2}\n10 1 {'weight': 1}"),
        ("sub-1.csv", "source,target,weight\n1,2,3\n2,3,2\n10,1,1\n"),
        ("sub-1.csv", "1,2,3\n2,3,2\n10,1,1\n1,10,0\n3,1,0\n"),
        ("sub-1.ssv", "1 2 3\n2 3 2\n10 1 1\n"),
    ],
)
def test_a_list_of_connections_is_the_matrix_it_stands_for(
    tmp_path: Path, name: str, text: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    expected = np.zeros((4, 4))
    expected[[0, 1, 3], [1, 2, 0]] = [3, 2, 1]
    np.testing.assert_array_equal(weights(path, rows="source"), expected)
    np.testing.assert_array_equal(weights(path, rows="target"), expected.T)
    with pytest.raises(InvalidDataError, match=r"--rows source .*--undirected"):
        read(path, Options())
    made = read(path, Options(rows="source"))
    assert [area.name for area in made.parcellation.areas] == ["1", "2", "3", "10"]


def test_an_undirected_list_may_name_each_pair_once(tmp_path: Path) -> None:
    path = tmp_path / "mouse.edgelist"
    path.write_text("a b 3\nb c 2\n")
    both = weights(path, undirected=True)
    np.testing.assert_array_equal(both, both.T)
    assert both[0, 1] == 3
    path.write_text("a b 3\nb a 1\nb c 2\n")
    with pytest.raises(InvalidDataError, match="--symmetrize"):
        read(path, Options(undirected=True))


def test_labels_give_areas_that_a_list_does_not_name(tmp_path: Path) -> None:
    path, labels = tmp_path / "mouse.edgelist", tmp_path / "areas.tsv"
    path.write_text("7 3 2\n")
    labels.write_text("index\tname\n3\tCA1\n5\tCA3\n7\tDG\n")
    made = read(path, Options(rows="source", labels=labels))
    assert [area.name for area in made.parcellation.areas] == ["CA1", "CA3", "DG"]
    assert weights(path, rows="source", labels=labels)[2, 0] == 2
    path.write_text("7 4 2\n")
    with pytest.raises(InvalidDataError, match="has the area 4"):
        read(path, Options(rows="source", labels=labels))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a b 1\na b 2\n", "several connections of one pair"),
        ("a b x\n", "'x' in row 1"),
        ("a b\nb c\n", "without a weight"),
    ],
)
def test_a_list_that_is_no_matrix_is_refused(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "x.edgelist"
    path.write_text(text)
    with pytest.raises(InvalidDataError, match=said):
        read(path, Options(rows="source"))


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    np.save(tmp_path / "own.npy", ONE_WAY + np.eye(3))
    notes = read(tmp_path / "own.npy", Options(rows="source")).notes
    assert any("3 connections of an area onto itself" in note for note in notes)


def test_every_file_that_makes_the_result_is_named(tmp_path: Path) -> None:
    matrix = tmp_path / "sub-1_relmat.tsv"
    for name in ("sub-1_relmat.tsv", "sub-1_relmat.json", "sub-1_nodeindices.tsv"):
        (tmp_path / name).write_text("")
    assert len(files(matrix, Options())) == 3
