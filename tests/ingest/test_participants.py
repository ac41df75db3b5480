"""The table of participants: what is taken from it, and what is refused."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb.types import Subject
from atlasdb_ingest.participants import read_participants


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


@pytest.fixture
def bids_table(tmp_path: Path) -> Path:
    return write(
        tmp_path / "participants.tsv",
        "\ufeffparticipant_id\tage\tsex\thand\tgroup\tsite\tname\n"
        "sub-01\t29\tF\tA\tpatients\tA1\tJane Doe\n"
        "02\t90.5\tmale\tright\tcontrols\tA1\tJohn Doe\n"
        "sub-03\tn/a\t2\t-9999\tn/a\tn/a\t\n",
    )


def test_a_bids_table_needs_no_options(bids_table: Path) -> None:
    people = read_participants(bids_table)
    assert people["01"] == Subject(
        "01", "patients", sex="F", age_years=29.0, handedness="A", site="A1"
    )
    assert people["02"] == Subject(
        "02", "controls", sex="M", age_years=90.0, handedness="R", site="A1"
    )
    assert people["03"] == Subject("03", sex="F")
    assert people.notes == ()


def test_names_in_the_table_are_not_taken(bids_table: Path) -> None:
    assert "Doe" not in repr(read_participants(bids_table))


def test_a_phenotype_table_is_read_by_named_columns(tmp_path: Path) -> None:
    table = write(
        tmp_path / "phenotypes.csv",
        ",SUB_ID,DX_GROUP,AGE_AT_SCAN,SEX,SITE_ID\n"
        "0,50102,1,24.4,1,OLIN\n1,50103,0,-9999,2,OLIN\n2,50104,-9999,93,1.0,\n",
    )
    people = read_participants(
        table,
        id_column="SUB_ID",
        cohort_column="DX_GROUP",
        cohort_names="1=autism,0=control",
        fields=["age_years=AGE_AT_SCAN", "sex=SEX", "site=SITE_ID"],
    )
    assert people["50102"] == Subject(
        "50102", "autism", sex="M", age_years=24.4, site="OLIN"
    )
    assert people["50103"] == Subject("50103", "control", sex="F", site="OLIN")
    assert people["50104"] == Subject("50104", sex="M", age_years=90.0)


def test_the_real_phenotype_table_is_read(shared_data: Path) -> None:
    folder = shared_data / "fmri-abide-aal116-olin"
    people = read_participants(
        folder / "Phenotypic_V1_0b_preprocessed1.csv",
        id_column="SUB_ID",
        cohort_column="DX_GROUP",
        cohort_names={"1": "autism", "0": "control"},
        fields={"age_years": "AGE_AT_SCAN", "handedness": "HANDEDNESS_CATEGORY"},
    )
    assert len(people) == 1112
    there = [people.find(path.stem) for path in folder.glob("*.mat")]
    cohorts = [subject.cohort for subject in there if subject]
    assert (cohorts.count("autism"), cohorts.count("control")) == (19, 15)


def test_the_mark_at_the_head_of_a_real_table_does_no_harm(shared_data: Path) -> None:
    people = read_participants(shared_data / "bids-eeg-tiny" / "participants.tsv")
    assert people["01"] == Subject("01", sex="F", age_years=29.0, handedness="A")


@pytest.mark.parametrize("label", ["50102", "050102", "sub-0050102", "50102.0"])
@pytest.mark.parametrize("written", ["50102", "050102", "50102.0", "sub-50102"])
def test_a_label_is_found_by_its_value(
    tmp_path: Path, label: str, written: str
) -> None:
    people = read_participants(write(tmp_path / "t.csv", f"participant_id\n{written}"))
    found = people.find(label)
    assert found is not None
    assert found.id == label.removeprefix("sub-")


def test_letter_for_letter_comes_before_the_value(tmp_path: Path) -> None:
    table = write(tmp_path / "t.csv", "participant_id,group\n1,a\n01,b\n")
    people = read_participants(table)
    found = [people.find(label) for label in ("1", "01")]
    assert [subject.cohort for subject in found if subject] == ["a", "b"]
    with pytest.raises(InvalidDataError, match="fits 2 rows"):
        people.find("001")
    assert people.find("2") is None
    assert people.find("x1") is None


def test_a_workbook_is_a_table(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["participant_id", "age", "group"], [50102.0, 24.5, "x"], ["s2"]):
        sheet.append(row)
    book.save(tmp_path / "people.xlsx")
    people = read_participants(tmp_path / "people.xlsx")
    assert people["50102"] == Subject("50102", "x", age_years=24.5)
    assert people["s2"] == Subject("s2")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_separator_and_encoding_are_found(
    tmp_path: Path, separator: str, encoding: str
) -> None:
    lines = [["participant_id", "site"], ["s1", "Zürich"]]
    text = "\r\n".join(separator.join(line) for line in lines)
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    assert read_participants(tmp_path / "t.csv")["s1"].site == "Zürich"


GOOD = "participant_id,group,age,sex,note\ns1,p,20,M,x\ns2,c,21,F,y\n"


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (GOOD, {"id_column": "SUB"}, "no column 'SUB'.*It has: participant_id, group"),
        (GOOD, {"id_column": "Participant_ID"}, "Did you mean 'participant_id'"),
        (GOOD, {"cohort_column": "grup"}, "no column 'grup'. Did you mean 'group'"),
        (GOOD, {"fields": ["age_years=AGE"]}, "Did you mean 'age'"),
        (GOOD, {"fields": ["aeg=age"]}, "no property 'aeg'.*There are: species"),
        (GOOD, {"fields": ["age"]}, "age_years=COLUMN"),
        (GOOD, {"cohort_names": "p"}, "1=autism,0=control"),
        (GOOD, {"cohort_names": "p=patients"}, "holds 'c'.*Add 'c=NAME'"),
        (GOOD, {"fields": {"age_years": "group"}}, "row 2: not an age"),
        (GOOD, {"fields": {"sex": "group"}}, "row 2: not one of M, F or O"),
        ("participant_id,age\ns1,700\n", {"fields": ["age_years=age"]}, "not an age"),
        ("participant_id,site\ns1," + "x" * 65, {"fields": ["site=site"]}, "free text"),
        ("participant_id,group\ns1," + "x" * 65, {}, "free text"),
        (GOOD.replace("s2", "s1"), {}, "row 3 is about the same person"),
        ("a,b\n1,2\n", {}, "--id-column"),
        ("participant_id,age,age\n", {}, "'age' twice"),
        ("participant_id,age\ns1,20,3\n", {}, "row 2 has 3 cells"),
        ("", {}, "is empty"),
        ("\n\n", {}, "is empty"),
        ("a\0b", {}, "not a text table"),
    ],
)
def test_what_does_not_fit_is_one_line(
    tmp_path: Path, text: str, options: dict[str, Any], message: str
) -> None:
    table = write(tmp_path / "people.csv", text)
    with pytest.raises(InvalidDataError, match=message) as error:
        read_participants(table, **options)
    assert len(str(error.value).splitlines()) == 1


def test_names_without_a_column_of_cohorts_are_refused(tmp_path: Path) -> None:
    table = write(tmp_path / "t.csv", "SUB\n1\n")
    with pytest.raises(InvalidDataError, match="--cohort-column"):
        read_participants(table, id_column="SUB", cohort_names="1=a")


def test_a_column_of_names_is_no_category(tmp_path: Path) -> None:
    rows = "".join(f"s{i},Person {i}\n" for i in range(30))
    table = write(tmp_path / "t.csv", "participant_id,who\n" + rows)
    with pytest.raises(InvalidDataError, match="names or notes") as error:
        read_participants(table, fields={"site": "who"})
    assert "Person" not in str(error.value)


def test_a_bids_column_that_nobody_asked_for_is_left_out_and_said(
    tmp_path: Path,
) -> None:
    table = write(tmp_path / "t.tsv", "participant_id\tage\tsex\ns1\t20-25\tF\n")
    people = read_participants(table)
    assert people["s1"] == Subject("s1", sex="F")
    assert len(people.notes) == 1
    assert "'age'" in people.notes[0]
    assert "20-25" not in people.notes[0]


def test_rows_without_an_id_are_counted(tmp_path: Path) -> None:
    people = read_participants(write(tmp_path / "t.csv", "participant_id,age\n,3\na,4"))
    assert list(people) == ["a"]
    assert "1 row" in people.notes[0]


@pytest.mark.parametrize("name", ["nowhere.csv", "."])
def test_a_table_that_is_not_there_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFoundError, match=r"is (not there|a folder)"):
        read_participants(tmp_path / name)


@pytest.mark.parametrize("content", [b"PK\x03\x04broken", b"", b"a,b\n1,2"])
def test_a_broken_workbook_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.xlsx").write_bytes(content)
    with pytest.raises(InvalidDataError, match="Save it as CSV"):
        read_participants(tmp_path / "t.xlsx")


CELL = st.text(alphabet=string.printable + "äß\u2028\x00\ufeff", max_size=80)


@given(header=st.lists(CELL, max_size=4), rows=st.lists(st.lists(CELL, max_size=4)))
def test_wild_tables_give_people_or_one_line(
    tmp_path_factory: pytest.TempPathFactory,
    header: list[str],
    rows: list[list[str]],
) -> None:
    path = tmp_path_factory.mktemp("wild") / "t.csv"
    table = [["participant_id", "group", *header], *rows]
    lines = (",".join('"' + c.replace('"', '""') + '"' for c in row) for row in table)
    path.write_text("\r\n".join(lines), encoding="utf-8", newline="")
    said = ""
    people: dict[str, Subject] = {}
    try:
        people = read_participants(path)
    except InvalidDataError as error:
        said = str(error)
    assert len(said.splitlines()) <= 1
    assert all(s.cohort is None or len(s.cohort) <= 64 for s in people.values())


def test_a_scanner_is_kept_by_its_name_and_no_serial_number(tmp_path: Path) -> None:
    table = tmp_path / "participants.tsv"
    table.write_text("participant_id\tscanner\nsub-1\tPrisma\nsub-2\tTrio\n")
    assert read_participants(table)["1"].scanner == "Prisma"
    table.write_text("participant_id\tscanner\nsub-1\tSN 35177\nsub-2\tTrio\n")
    people = read_participants(table)
    assert people["1"].scanner is None
    assert any("serial number" in note for note in people.notes)
    assert not any("35177" in note for note in people.notes)
