"""Tables and arrays come out as they were written, or not at all."""

from __future__ import annotations

import gzip
import io
import zipfile
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import io as scipy_io
from scipy import sparse

from atlasdb.errors import AtlasError, InvalidDataError, NotFoundError
from atlasdb_ingest.readers.matlab_structure import check_matlab5
from atlasdb_ingest.readers.table import read_array, read_named, read_table

X = np.random.default_rng(0).normal(size=(7, 4)).round(6)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "sep"),
    [("a.csv", ","), ("a.csv", ";"), ("a.tsv", "\t"), ("a.txt", "  "), ("a.1D", " ")],
)
@pytest.mark.parametrize("header", [True, False])
def test_a_text_table_gives_its_numbers_and_names(
    tmp_path: Path, name: str, sep: str, header: bool
) -> None:
    lines = [sep.join(map(str, row)) for row in X]
    if header:
        lines.insert(0, sep.join(["V1_L", "V1_R", "7Net", "12"]))
    named = read_named(write(tmp_path / name, "\n".join(lines) + "\n"))
    np.testing.assert_allclose(named.data, X)
    assert named.columns == (("V1_L", "V1_R", "7Net", "12") if header else None)


def test_a_numbered_header_is_a_header_but_a_square_matrix_has_none(
    tmp_path: Path,
) -> None:
    counted = "0,1,2\n" + "\n".join("4.5,5,6" for _ in range(9))
    assert read_array(write(tmp_path / "a.csv", counted)).shape == (9, 3)
    square = read_array(write(tmp_path / "b.csv", "0,1,2\n1,0,3\n2,3,0\n"))
    assert square.tolist() == [[0, 1, 2], [1, 0, 3], [2, 3, 0]]


def test_a_matrix_with_names_on_both_sides_as_pandas_and_r_write_it(
    tmp_path: Path,
) -> None:
    named = read_named(write(tmp_path / "a.csv", ",A,B\nA,0,1\nB,2,0\n"))
    assert (named.rows, named.columns) == (("A", "B"), ("A", "B"))
    named = read_named(write(tmp_path / "b.csv", "A,B\nA,0,1\nB,2,0\n"))
    assert (named.rows, named.columns) == (("A", "B"), ("A", "B"))
    named = read_named(write(tmp_path / "c.csv", ",0,1\n0,0,1\n1,2,0\n"))
    assert named.data.tolist() == [[0, 1], [2, 0]]


def test_names_in_a_comment_above_the_numbers_are_names(tmp_path: Path) -> None:
    path = write(tmp_path / "a.1D", "# made by a tool\n# LH RH\n1 2\n3 4\n5 6\n")
    named = read_named(path)
    assert named.columns == ("LH", "RH")
    assert named.data.shape == (3, 2)


def test_blank_and_na_cells_are_missing(tmp_path: Path) -> None:
    data = read_array(write(tmp_path / "a.csv", "a,b,c\n1,,n/a\n2,,NaN\n3,,1\n"))
    assert np.isnan(data[:, 1]).all()
    assert np.isnan(data[:2, 2]).all()
    assert read_array(write(tmp_path / "a.tsv", "a\tb\n1\t\n\t\n3\t\n")).shape == (3, 2)


def test_decimal_commas_between_semicolons_are_understood(tmp_path: Path) -> None:
    data = read_array(write(tmp_path / "a.csv", "a;b\n1,5;2,25\n3,5;4,0\n"))
    assert data.tolist() == [[1.5, 2.25], [3.5, 4.0]]


def test_a_label_table_of_index_and_name_has_no_header(tmp_path: Path) -> None:
    frame = read_table(write(tmp_path / "a.txt", "1 Precentral_L\n2 Precentral_R\n"))
    assert frame.shape == (2, 2)
    frame = read_table(write(tmp_path / "a.tsv", "index\tname\n1\tLeft frontal\n"))
    assert list(frame.columns) == ["index", "name"]


def test_compressed_text_and_other_encodings_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"\xef\xbb\xbfa,b\r\n1,2\r\n"))
    assert list(read_table(tmp_path / "a.csv.gz").columns) == ["a", "b"]
    (tmp_path / "a.csv").write_bytes("é,b\n1,2\n".encode("latin-1"))
    assert list(read_table(tmp_path / "a.csv").columns) == ["é", "b"]


def test_a_cut_table_is_refused_with_the_row(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match="row 2 has 1 cells and the first has 3"):
        read_array(write(tmp_path / "a.csv", "1,2,3\n4"))


def test_text_among_numbers_is_refused_with_its_column(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match="column 'b' holds text in row 2"):
        read_array(write(tmp_path / "a.csv", "a,b\n1,2\n3,x\n"))


@pytest.mark.parametrize("version", ["5", "7.3"])
def test_matlab_files_of_both_versions_give_the_same(
    tmp_path: Path, version: str
) -> None:
    path = tmp_path / "a.mat"
    if version == "5":
        scipy_io.savemat(path, {"tc": X, "sc": sparse.csc_array(X), "note": "text"})
    else:
        with h5py.File(path, "w", userblock_size=512) as file:
            file["tc"] = X.T
            group = file.create_group("sc")
            group.attrs["MATLAB_sparse"] = X.shape[0]
            csc = sparse.csc_array(X)
            group["data"], group["ir"], group["jc"] = csc.data, csc.indices, csc.indptr
            file.create_dataset("note", data=np.array([1, 2], "u2")).attrs[
                "MATLAB_class"
            ] = b"char"
    np.testing.assert_array_equal(read_array(path, "tc"), X)
    np.testing.assert_array_equal(read_array(path, "sc"), X)
    with pytest.raises(NotFoundError, match=r"no variable 'nope'.*tc \(7 x 4\)"):
        read_array(path, "nope")
    with pytest.raises(NotFoundError, match=r"several variables.*--variable"):
        read_array(path)


def test_a_field_of_a_matlab_structure_has_a_dotted_name(tmp_path: Path) -> None:
    scipy_io.savemat(tmp_path / "a.mat", {"out": {"tc": X}})
    np.testing.assert_array_equal(read_array(tmp_path / "a.mat", "out.tc"), X)
    with pytest.raises(NotFoundError, match="no field 'x'; it has: tc"):
        read_array(tmp_path / "a.mat", "out.x")
    with pytest.raises(InvalidDataError, match=r"structure\.field"):
        read_array(tmp_path / "a.mat", "out")


def test_numpy_files_are_read_without_unpickling(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", X)
    np.savez(tmp_path / "a.npz", x=X, y=X)
    np.testing.assert_array_equal(read_array(tmp_path / "a.npy"), X)
    np.testing.assert_array_equal(read_array(tmp_path / "a.npz", "y"), X)
    np.save(tmp_path / "o.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InvalidDataError, match="objects instead of numbers"):
        read_array(tmp_path / "o.npy")
    np.save(tmp_path / "c.npy", X + 1j)
    with pytest.raises(InvalidDataError, match="complex"):
        read_array(tmp_path / "c.npy")


def test_a_small_file_that_declares_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (5 << 24,)}
    )
    with (
        zipfile.ZipFile(
            tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1
        ) as archive,
        archive.open("x.npy", "w", force_zip64=True) as member,
    ):
        member.write(header.getvalue())
        for _ in range(5 << 4):
            member.write(bytes(1 << 23))
    with pytest.raises(InvalidDataError, match="declares"):
        read_array(tmp_path / "a.npz", "x")
    (tmp_path / "a.npy").write_bytes(header.getvalue())
    with pytest.raises(InvalidDataError):
        read_array(tmp_path / "a.npy")


def test_what_is_not_there_or_of_no_known_kind_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no file"):
        read_array(tmp_path / "a.csv")
    with pytest.raises(InvalidDataError, match=r"'\.doc' is not a kind"):
        read_array(write(tmp_path / "a.doc", "x"))
    with pytest.raises(InvalidDataError, match="empty"):
        read_array(write(tmp_path / "a.csv", "\n\n"))
    with pytest.raises(InvalidDataError, match="not a file"):
        read_array(tmp_path)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    kind=st.sampled_from([".csv", ".tsv", ".txt", ".npy", ".npz", ".mat", ".csv.gz"]),
    flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=9),
    keep=st.floats(0, 1),
)
def test_damaged_bytes_never_end_in_another_error(
    tmp_path: Path, kind: str, flips: list[tuple[int, int]], keep: float
) -> None:
    path = tmp_path / f"a{kind}"
    if kind == ".mat":
        scipy_io.savemat(path, {"x": X}, do_compression=True)
    elif kind == ".npy":
        np.save(path, X)
    elif kind == ".npz":
        np.savez(path, x=X)
    else:
        text = "\n".join(",".join(map(str, row)) for row in X).encode()
        path.write_bytes(gzip.compress(text) if kind.endswith("gz") else text)
    raw = bytearray(path.read_bytes())
    for place, value in flips:
        raw[place % len(raw)] = value
    path.write_bytes(raw[: int(len(raw) * keep)])
    with suppress(AtlasError):
        assert read_array(path).dtype == np.float64


@pytest.mark.parametrize("place", [0, 127])
def test_a_damaged_start_does_not_keep_the_rest_from_being_checked(
    tmp_path: Path, place: int
) -> None:
    path = tmp_path / "a.mat"
    scipy_io.savemat(path, {"x": X}, do_compression=False)
    raw = bytearray(path.read_bytes())
    raw[place] = 0x49 if place == 127 else 0x58
    raw[raw.index(b"x", 128) + 4] = 200  # a type of number that SciPy has no room for
    path.write_bytes(raw)
    with pytest.raises(InvalidDataError, match="damaged"):
        check_matlab5(path)
