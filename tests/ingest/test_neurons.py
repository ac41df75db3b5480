"""Neurons: every naming habit is read, ids stay whole, nothing is lost unsaid."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb.types import NeuronGraph
from atlasdb_ingest.modalities.neurons import Options, read

BIG = 720575940600000001


def graph(path: Path, **options: object) -> NeuronGraph:
    found = read(path, Options(**options)).neurons
    assert found is not None
    return found


def edges(found: NeuronGraph) -> dict[tuple[str, str], float]:
    ids = found.body_ids
    ends = zip(ids[found.source], ids[found.target], strict=True)
    return {
        (str(s), str(t)): float(w) for (s, t), w in zip(ends, found.weight, strict=True)
    }


@pytest.mark.parametrize(
    "header",
    [
        "bodyId_pre,bodyId_post,weight",
        "pre_root_id,post_root_id,syn_count",
        "Source,Target,Weight",
        "source,target,weight",
        "pre,post,synapses",
        "From,To,Count",
        " Source , Target , Weight ",
    ],
)
def test_columns_are_found_by_the_names_of_the_field(
    tmp_path: Path, header: str
) -> None:
    path = tmp_path / "edges.csv"
    path.write_text(f"{header}\n{BIG},2,5\n2, {BIG + 1} ,1\n")
    assert edges(graph(path)) == {(str(BIG), "2"): 5.0, ("2", str(BIG + 1)): 1.0}


def test_a_list_without_a_header_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "larva.csv"
    path.write_text(f"{BIG},2,5\n2,3,1\n")
    assert len(edges(graph(path))) == 2
    path.write_text("ADAL ADAR 5\nADAR AVAL 1\n")
    assert edges(graph(path)) == {("ADAL", "ADAR"): 5.0, ("ADAR", "AVAL"): 1.0}


def test_a_list_that_networkx_wrote_keeps_its_weights(tmp_path: Path) -> None:
    path = tmp_path / "larva.edgelist"
    path.write_text("a b {'weight': 5, 'roi': 'MB'}\nb c {'weight': 1, 'roi': 'LH'}\n")
    assert edges(graph(path)) == {("a", "b"): 5.0, ("b", "c"): 1.0}


@pytest.mark.parametrize("sign", ["\t", ";", ","])
def test_any_separator_will_do_also_compressed(tmp_path: Path, sign: str) -> None:
    path = tmp_path / "edges.csv.gz"
    text = f"source{sign}target{sign}weight\na{sign}b{sign}2\n"
    path.write_bytes(gzip.compress(text.encode()))
    assert edges(graph(path)) == {("a", "b"): 2.0}


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_64_bit_ids_stay_whole_in_columnar_files(tmp_path: Path, kind: str) -> None:
    frame = pd.DataFrame(
        {"pre_root_id": [BIG, BIG + 1], "post_root_id": [BIG + 1, BIG], "weight": 1}
    )
    path = tmp_path / f"edges.{kind}"
    getattr(frame, f"to_{kind}")(path)
    assert set(graph(path).body_ids) == {str(BIG), str(BIG + 1)}


def test_ids_that_floating_point_has_cut_are_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"pre": [float(BIG)], "post": [2.0], "weight": [1]})
    frame.to_parquet(tmp_path / "cut.parquet")
    with pytest.raises(InvalidDataError, match="64-bit"):
        read(tmp_path / "cut.parquet", Options())


def test_synapses_are_summed_over_neuropils_and_the_table_is_kept(
    tmp_path: Path,
) -> None:
    path = tmp_path / "edges.csv"
    path.write_text("bodyId_pre,bodyId_post,roi,weight\n1,2,MB,3\n1,2,LH,4\n2,1,MB,1\n")
    found = graph(path)
    assert edges(found) == {("1", "2"): 7.0, ("2", "1"): 1.0}
    assert found.by_neuropil is not None
    assert list(found.by_neuropil["roi"]) == ["MB", "LH", "MB"]
    assert list(found.by_neuropil["weight"]) == [3, 4, 1]


def test_a_cell_onto_itself_is_counted_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "edges.csv"
    path.write_text("source,target,weight\na,a,5\na,b,1\nb,b,2\n")
    prepared = read(path, Options())
    assert prepared.neurons is not None
    assert edges(prepared.neurons) == {("a", "b"): 1.0}
    assert prepared.neurons.n_self_loops == 2
    assert "2 connections of a cell onto itself left out." in prepared.notes


def test_only_the_rows_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "edges.csv"
    path.write_text("Source,Target,Weight,Type\na,b,1,chemical\nb,a,2,electrical\n")
    assert edges(graph(path, where=("Type=chemical",))) == {("a", "b"): 1.0}
    with pytest.raises(InvalidDataError, match="chemical, electrical"):
        read(path, Options(where=("Type=gap",)))
    with pytest.raises(InvalidDataError, match="Did you mean 'Type'"):
        read(path, Options(where=("type=chemical",)))


def test_without_weights_every_row_counts_once_and_that_is_said(
    tmp_path: Path,
) -> None:
    path = tmp_path / "edges.csv"
    path.write_text("a,b,tyramine,lgc-55\na,b,tyramine,ser-2\nb,a,dopamine,dop-1\n")
    prepared = read(path, Options())
    assert prepared.neurons is not None
    assert edges(prepared.neurons) == {("a", "b"): 2.0, ("b", "a"): 1.0}
    assert any("every row counts as 1" in note for note in prepared.notes)


def test_a_table_of_neurons_gives_types_and_cells_without_connections(
    tmp_path: Path,
) -> None:
    (tmp_path / "edges.csv").write_text("pre,post,weight\n1,2,3\n")
    (tmp_path / "nodes.csv").write_text(
        "bodyId,type,instance,class,predictedNt\n"
        "1,AVA,AVAL,inter,acetylcholine\n2,VD,VD01,motor,gaba\n3,RIA,,inter,\n"
    )
    found = graph(tmp_path / "edges.csv", nodes=tmp_path / "nodes.csv")
    assert list(found.body_ids) == ["1", "2", "3"]
    assert found.neurons["name"] == ["AVAL", "VD01", "3"]
    assert found.neurons["cell_type"] == ["AVA", "VD", "RIA"]
    assert found.neurons["sign"] == [1, -1, None]
    assert found.sign is not None
    assert list(found.sign) == [1]


@pytest.mark.parametrize("weight", ["-1", "inf", "nan", "many", ""])
def test_a_weight_that_is_no_count_is_refused_with_its_row(
    tmp_path: Path, weight: str
) -> None:
    path = tmp_path / "edges.csv"
    path.write_text(f"source,target,weight\na,b,1\nb,c,2\nc,d,{weight}\n")
    with pytest.raises(InvalidDataError, match="row 3"):
        read(path, Options())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no rows|empty"),
        ("x,y\n1,2\n", "which column is the source"),
        ("source,target,weight\n,b,1\n", "no id"),
    ],
)
def test_what_is_no_edge_list_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "edges.csv"
    path.write_text(text)
    with pytest.raises(InvalidDataError, match=said):
        read(path, Options())


def test_a_file_that_is_not_there_or_damaged_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read(tmp_path / "none.csv", Options())
    for name in ("bad.parquet", "bad.xlsx", "bad.graphml", "bad.feather"):
        (tmp_path / name).write_bytes(b"not what it says")
        with pytest.raises(InvalidDataError, match="damaged"):
            read(tmp_path / name, Options())


@given(
    st.lists(
        st.tuples(
            st.integers(0, 8), st.integers(0, 8), st.integers(min_value=1, max_value=99)
        ),
        min_size=1,
        max_size=40,
    )
)
def test_no_synapse_is_lost(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, int]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    lines = "".join(f"n{s},n{t},{w}\n" for s, t, w in rows)
    path.write_text("source,target,weight\n" + lines)
    found = graph(path)
    assert found.weight.sum() == sum(w for s, t, w in rows if s != t)
    assert len(found.body_ids) == len({x for s, t, _ in rows for x in (s, t)})
    keys = found.source * len(found.body_ids) + found.target
    assert len(np.unique(keys)) == len(keys)


@pytest.mark.data
def test_the_worm_has_419_cells_and_4647_chemical_connections(
    shared_data: Path,
) -> None:
    path = shared_data / "connectome-celegans" / "herm_full_edgelist.csv"
    prepared = read(path, Options(where=("Type=chemical",)))
    assert prepared.neurons is not None
    assert len(prepared.neurons.body_ids) == 419
    assert len(prepared.neurons.weight) == 4647
    assert prepared.neurons.n_self_loops == 34
