"""Who took part: a table of participants becomes `Subject` records.

The table is a BIDS ``participants.tsv`` or any CSV, TSV or Excel sheet with one row
a person. Only the columns of `PROPERTIES` and the cohort are read, and only as
categories and numbers: never names, dates or free text. Keys and ids are the
laboratory's own labels; whoever stores them makes pseudonyms first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

from atlasdb.errors import InvalidDataError, did_you_mean
from atlasdb.privacy import bare_label
from atlasdb.types import Subject
from atlasdb_ingest.phenotypes import (
    category,
    check_repeats,
    is_missing,
    values,
    whole_number,
)
from atlasdb_ingest.readers.sheet import Sheet, read_sheet

PROPERTIES = (
    "species",
    "sex",
    "age_years",
    "handedness",
    "diagnosis",
    "site",
    "scanner",
)
BIDS_ID = "participant_id"

_BIDS_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "species": ("species",),
    "sex": ("sex", "gender"),
    "age_years": ("age", "age_years"),
    "handedness": ("handedness", "hand"),
    "diagnosis": ("diagnosis", "dx"),
    "site": ("site", "site_id"),
    "scanner": ("scanner", "scanner_id"),
}
_BIDS_COHORTS = ("group", "diagnosis", "cohort")
_SOME = 20


class Participants(dict[str, Subject]):
    """Subjects by the laboratory's own label, as the table writes it.

    Attributes
    ----------
    notes : tuple of str
        Lines for the user: which columns were left out and why.
    """

    notes: tuple[str, ...] = ()

    def find(self, label: str) -> Subject | None:
        """Give the subject of a recording's label, or None where no row fits.

        Labels are compared as they are, without ``sub-``; then, if both are whole
        numbers, by value: ``0050102``, ``50102`` and ``50102.0`` are one person.
        The id of what comes back is `label` without ``sub-``.

        Raises
        ------
        InvalidDataError
            If two rows have the same value.

        Examples
        --------
        >>> people = Participants({"50102.0": Subject("50102.0", "autism")})
        >>> people.find("sub-0050102")
        Subject(id='0050102', cohort='autism', ...)
        """
        bare = bare_label(label)
        if bare in self:
            return replace(self[bare], id=bare)
        value = whole_number(bare)
        alike = [
            key for key in self if value is not None and whole_number(key) == value
        ]
        if len(alike) > 1:
            raise InvalidDataError(
                f"The label {bare} fits {len(alike)} rows of the participants table by "
                "its value, and none letter for letter. Write ids there as the file "
                "names have them."
            )
        return replace(self[alike[0]], id=bare) if alike else None


def read_participants(
    path: str | Path,
    *,
    id_column: str = BIDS_ID,
    cohort_column: str | None = None,
    cohort_names: Mapping[str, str] | str | None = None,
    fields: Mapping[str, str] | Iterable[str] = (),
) -> Participants:
    """Read a table of participants.

    Parameters
    ----------
    path : str or Path
        CSV, TSV or xlsx, one row a person.
    id_column : str, default="participant_id"
        Column of the labels that file names have. With the default, the columns that
        BIDS names (age, sex, hand, species, site, scanner, group, diagnosis) need no
        option.
    cohort_column : str, optional
        Column of the cohort. Default in a BIDS table: group, diagnosis or cohort.
    cohort_names : mapping or str, optional
        Names of the values of the cohort column: ``"1=autism,0=control"``.
    fields : mapping or iterable of str
        Column of a property: ``{"age_years": "AGE_AT_SCAN"}`` or
        ``["age_years=AGE_AT_SCAN"]``.

    Returns
    -------
    Participants
        `Subject` by label. Missing values (``n/a``, ``-9999``, ...) are None; sex is
        M, F or O; handedness R, L or A; ages above 89 are 90.

    Raises
    ------
    NotFoundError
        If there is no such file.
    InvalidDataError
        If the file is not a table, a column is not in it, a person is in it twice, or
        a value is not what its column should hold.
    """
    sheet = read_sheet(Path(path))
    if id_column not in sheet.columns:
        hint = " Name the column of the labels with --id-column."
        raise _no_column(sheet, id_column, hint if id_column == BIDS_ID else "")
    bids = id_column == BIDS_ID
    chosen = parse_fields(fields)
    for column in [*chosen.values(), *([cohort_column] if cohort_column else [])]:
        if column not in sheet.columns:
            raise _no_column(sheet, column)
    found = _bids_columns(sheet) if bids else {}
    names = parse_cohort_names(cohort_names)
    if cohort_column is None and bids:
        cohort_column = next((c for c in map(sheet.named, _BIDS_COHORTS) if c), None)
    if names and cohort_column is None:
        raise InvalidDataError(
            f"{sheet.name}: cohort names were given, but no column of cohorts. Name it "
            "with --cohort-column."
        )
    notes = []
    columns: dict[str, list[str | float | None]] = {}
    for name in PROPERTIES:
        try:
            if name in chosen:
                columns[name] = values(sheet, chosen[name], name)
            elif name in found:
                columns[name] = values(sheet, found[name], name)
        except InvalidDataError as error:
            if name in chosen:
                raise
            notes.append(f"{error} The column is left out.")
    cohorts = _cohorts(sheet, cohort_column, names)
    people = Participants()
    n_nameless = 0
    for row, cell in enumerate(sheet.columns[id_column]):
        label = bare_label(cell)
        if is_missing(label):
            n_nameless += 1
            continue
        known = {name: column[row] for name, column in columns.items()}
        subject = _subject(label, cohorts[row], known)
        if people.setdefault(label, subject) != subject:
            raise InvalidDataError(
                f"{sheet.name}: row {row + 2} is about the same person as a row above "
                "and says something else. Keep one row for each person."
            )
    if n_nameless:
        notes.append(f"{sheet.name}: {n_nameless} rows without an id are left out.")
    people.notes = tuple(notes)
    return people


def parse_fields(fields: Mapping[str, str] | Iterable[str]) -> dict[str, str]:
    """Read ``property=COLUMN`` pairs.

    Examples
    --------
    >>> parse_fields(["age_years=AGE_AT_SCAN", "sex=SEX"])
    {'age_years': 'AGE_AT_SCAN', 'sex': 'SEX'}
    """
    if isinstance(fields, str):
        fields = [fields]
    pairs = dict(
        fields.items()
        if isinstance(fields, Mapping)
        else (_pair(text, "a field", "age_years=COLUMN") for text in fields)
    )
    for name in pairs:
        if name not in PROPERTIES:
            raise InvalidDataError(
                f"There is no property '{name}' of a subject."
                f"{did_you_mean(name, PROPERTIES)} There are: {', '.join(PROPERTIES)}."
            )
    return pairs


def parse_cohort_names(names: Mapping[str, str] | str | None) -> dict[str, str]:
    """Read ``VALUE=NAME`` pairs between commas.

    Examples
    --------
    >>> parse_cohort_names("1=autism,0=control")
    {'1': 'autism', '0': 'control'}
    """
    if not names:
        return {}
    if isinstance(names, Mapping):
        return {str(value): str(name) for value, name in names.items()}
    texts = [text for text in names.split(",") if text.strip()]
    return dict(_pair(text, "cohort names", "1=autism,0=control") for text in texts)


def _pair(text: str, what: str, example: str) -> tuple[str, str]:
    left, separator, right = (part.strip() for part in text.partition("="))
    if not (left and separator and right):
        raise InvalidDataError(f"Cannot read {what} in '{text}'. Write it as {example}")
    return left, right


def _no_column(sheet: Sheet, column: str, hint: str = "") -> InvalidDataError:
    near = did_you_mean(column, sheet.columns)
    same = sheet.named(column)
    if same:
        near = f" Did you mean '{same}'?"
    listed = ", ".join(islice(sheet.columns, _SOME))
    more = len(sheet.columns) - _SOME
    return InvalidDataError(
        f"{sheet.name} has no column '{column}'.{near} It has: {listed}"
        + (f" and {more} more." if more > 0 else ".")
        + hint
    )


def _bids_columns(sheet: Sheet) -> dict[str, str]:
    """Columns that are there, by the property that BIDS has them for."""
    return {
        name: column
        for name, spellings in _BIDS_COLUMNS.items()
        for column in [next((c for c in map(sheet.named, spellings) if c), None)]
        if column
    }


def _cohorts(
    sheet: Sheet, column: str | None, names: Mapping[str, str]
) -> list[str | None]:
    if column is None:
        return [None] * sheet.n_rows
    by_value = {whole_number(value): name for value, name in names.items()}
    cohorts: list[str | None] = []
    for cell in sheet.columns[column]:
        if cell in names:
            cohorts.append(names[cell])
        elif is_missing(cell):
            cohorts.append(None)
        elif not names:
            cohorts.append(category(cell, sheet, column))
        elif whole_number(cell) is not None and whole_number(cell) in by_value:
            cohorts.append(by_value[whole_number(cell)])
        else:
            value = category(cell, sheet, column)
            raise InvalidDataError(
                f"{sheet.name}: column '{column}' holds '{value}', which has no cohort "
                f"name. Named are: {', '.join(names)}. Add '{value}=NAME'."
            )
    check_repeats(cohorts, sheet, column)
    return cohorts


def _subject(
    label: str, cohort: str | None, known: Mapping[str, str | float | None]
) -> Subject:
    texts = {name: v for name, v in known.items() if isinstance(v, str)}
    age = known.get("age_years")
    years = age if isinstance(age, float) else None
    return Subject(label, cohort=cohort, age_years=years, **texts)
