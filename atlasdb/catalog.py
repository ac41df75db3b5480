"""Named queries: find them, read their headers, keep their promises.

A query is a ``.cypher`` file whose header, in ``//`` comments, is a numpydoc
docstring: a summary, ``Parameters``, ``Returns`` and, where the rows are edges that a
function of `atlasdb.analysis` turns into the answer, ``Then``. ``Needs`` names a
plugin of the store; where it is absent the query is passed over. Folders are searched
in the order ``$ATLASDB_QUERIES/<store>``, ``$ATLASDB_QUERIES``, ``queries/<store>``,
``queries``.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from atlasdb.errors import InvalidDataError, NotFoundError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Kind = Literal["str", "int", "float", "bool"]
KINDS: Mapping[str, type] = {"str": str, "int": int, "float": float, "bool": bool}
MOST = 2**53
"""Whole numbers up to this pass unchanged through every store and JSON."""
_SECTIONS = ("Parameters", "Returns", "Then", "Needs")
_FIELD = re.compile(
    r"(?P<name>[a-z_][a-z0-9_]*)\s*:\s*(?P<kind>\w+)(?:\s*=\s*(?P<default>.+))?$"
)


@dataclass(frozen=True)
class Field:
    """A parameter or a column: name, type, what it means, and its default."""

    name: str
    kind: Kind
    help: str = ""
    required: bool = True
    default: Any = None


@dataclass(frozen=True)
class Query:
    """One question: the text that asks it and what its header promises."""

    name: str
    summary: str
    parameters: tuple[Field, ...]
    columns: tuple[Field, ...]
    then: str | None
    needs: str | None
    text: str
    path: Path

    def uses(self, parameter: str) -> bool:
        """Tell whether the Cypher itself uses a parameter."""
        body = re.sub(r"//.*", "", self.text)
        return re.search(rf"\${parameter}\b", body) is not None

    def bind(self, **given: Any) -> dict[str, Any]:
        """Check names and types of the values; fill in defaults.

        Raises
        ------
        InvalidDataError
            If a value is missing, unknown or of another type.
        """
        known = {p.name: p for p in self.parameters}
        for name in given:
            if name not in known:
                listed = ", ".join(known) or "none"
                raise InvalidDataError(
                    f"The query {self.name} has no parameter '{name}'. It has: "
                    f"{listed}.{did_you_mean(name, known)}"
                )
        return {p.name: self._value(p, given.get(p.name)) for p in self.parameters}

    def _value(self, parameter: Field, value: Any) -> Any:
        if value is None:
            if parameter.required:
                raise InvalidDataError(
                    f"The query {self.name} needs a value for '{parameter.name}': "
                    f"{parameter.help}"
                )
            return parameter.default
        plain: Any = value.item() if hasattr(value, "item") else value  # of numpy
        whole = isinstance(plain, int) and not isinstance(plain, bool)
        if whole and parameter.kind == "float" and abs(plain) <= MOST:
            plain = float(plain)
        of_type = isinstance(plain, KINDS[parameter.kind])
        must = ""
        if not of_type or (parameter.kind == "int" and not whole):
            must = f"be of type {parameter.kind}"
        elif parameter.kind == "float" and not math.isfinite(plain):
            must = "be a finite number"
        elif parameter.name == "limit" and not 0 <= plain <= MOST:
            must = f"lie between 0 and {MOST}"
        elif whole and abs(plain) > MOST:
            must = f"be no larger than {MOST}"
        elif parameter.kind == "str" and not _can_be_stored(plain):
            must = "be text of valid characters"
        if must:
            raise InvalidDataError(
                f"'{parameter.name}' of the query {self.name} must {must}, "
                f"not {value!r}."
            )
        return plain

    def frame(self, table: pa.Table) -> pd.DataFrame:
        """Give rows with the promised columns and types, the same from every store.

        A whole number is int64, or Int64 where one is missing; text is ``str`` as
        pandas has it.
        """
        import pandas as pd

        missing = [c.name for c in self.columns if c.name not in table.column_names]
        if missing:
            raise InvalidDataError(
                f"{self.path.name} promises the column {missing[0]}, which its Cypher "
                "does not return."
            )
        return pd.DataFrame({c.name: _column(table, c) for c in self.columns})


def names(dialect: str | None = None) -> list[str]:
    """Give the names of all queries, sorted."""
    found = {
        path.stem for folder in _folders(dialect) for path in folder.glob("*.cypher")
    }
    return sorted(found)


def load(
    name: str,
    dialect: str | None = None,
    has: Callable[[str], bool] | None = None,
) -> Query:
    """Find a query by name and read its header.

    Parameters
    ----------
    name : str
        File name without ``.cypher``; ``_`` stands for ``-``.
    dialect : str, optional
        Name of a store: a query written for it comes first.
    has : callable, optional
        Tells whether the store has a plugin, such as ``"gds"``; default: it has all.

    Raises
    ------
    NotFoundError
        With the nearest names that there are.
    InvalidDataError
        If its header cannot be read.
    """
    wanted = name.replace("_", "-")
    for folder in _folders(dialect):
        path = folder / f"{wanted}.cypher"
        if path.parent == folder and path.is_file():
            query = _read(path, path.stat().st_mtime_ns)
            if query.needs is None or has is None or has(query.needs):
                return query
    hint = did_you_mean(wanted, names(dialect)) or " 'atlasdb query --help' lists them."
    raise NotFoundError(f"No query named '{name}'.{hint}")


def _folders(dialect: str | None) -> Iterator[Path]:
    own = os.environ.get("ATLASDB_QUERIES")
    roots = [Path(own)] if own else []
    packaged = Path(str(resources.files("atlasdb") / "queries"))
    checkout = Path(__file__).parents[1] / "queries"
    roots.append(packaged if packaged.is_dir() else checkout)
    for root in roots:
        if dialect:
            yield root / dialect
        yield root


@lru_cache(maxsize=256)
def _read(path: Path, modified: int) -> Query:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _broken(path, "it is not UTF-8 text") from error
    sections = _sections(text, path)
    summary = " ".join(sections.pop("").split())
    if not summary or "Returns" not in sections:
        raise _broken(path, "it needs a summary and a section Returns")
    query = Query(
        name=path.stem,
        summary=summary,
        parameters=_fields(sections.get("Parameters", ""), path),
        columns=_fields(sections["Returns"], path),
        then=_first_line(sections.get("Then", "")),
        needs=_first_line(sections.get("Needs", "")),
        text=text,
        path=path,
    )
    known = {p.name for p in query.parameters}
    body = re.sub(r"//.*", "", text)
    for name in re.findall(r"\$(\w+)", body):
        if name not in known:
            raise _broken(path, f"its Cypher uses ${name}, which is no parameter")
    return query


def _first_line(text: str) -> str | None:
    lines = text.strip().splitlines()
    return lines[0].strip() if lines else None


def _sections(text: str, path: Path) -> dict[str, str]:
    """Split the header into the summary, under "", and its sections."""
    header = []
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        header.append(line[2:].removeprefix(" ").rstrip())
    sections: dict[str, list[str]] = {"": []}
    current = ""
    for i, line in enumerate(header):
        below = header[i + 1] if i + 1 < len(header) else ""
        if line and set(below) == {"-"}:
            if line not in _SECTIONS:
                raise _broken(path, f"the section {line} is none of {_SECTIONS}")
            current = line
            sections[current] = []
        elif not (line and set(line) == {"-"}):
            sections[current].append(line)
    return {name: "\n".join(lines) for name, lines in sections.items()}


def _fields(text: str, path: Path) -> tuple[Field, ...]:
    fields: list[Field] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        if line.startswith(" ") and fields:
            last = fields.pop()
            joined = f"{last.help} {line.strip()}".strip()
            fields.append(
                Field(last.name, last.kind, joined, last.required, last.default)
            )
            continue
        match = _FIELD.match(line.strip())
        if match is None or match["kind"] not in KINDS:
            raise _broken(path, f"'{line.strip()}' is not 'name : type [= default]'")
        kind = cast(Kind, match["kind"])
        default = match["default"]
        value = None if default is None else _default(default, kind, path)
        fields.append(Field(match["name"], kind, "", default is None, value))
    names = [field.name for field in fields]
    for name in names:
        if names.count(name) > 1:
            raise _broken(path, f"{name} is there twice")
    return tuple(fields)


def _default(text: str, kind: Kind, path: Path) -> Any:
    bare = text.strip()
    if kind == "str":
        return bare.strip("\"'")
    if kind == "bool":
        if bare not in ("true", "false"):
            raise _broken(path, f"the default {bare} is neither true nor false")
        return bare == "true"
    try:
        return KINDS[kind](bare)
    except ValueError as error:
        raise _broken(path, f"the default {bare} is not a {kind}") from error


def _can_be_stored(text: str) -> bool:
    """Tell whether text is Unicode: a command line may hold bytes that are not."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _broken(path: Path, reason: str) -> InvalidDataError:
    return InvalidDataError(f"The header of {path.name} cannot be read: {reason}.")


def _column(table: pa.Table, column: Field) -> pd.Series[Any]:
    import pandas as pd
    import pyarrow as pa

    types = {"str": pa.string(), "int": pa.int64(), "float": pa.float64()}
    values = table.column(column.name).cast(types.get(column.kind, pa.bool_()))
    complete = values.null_count == 0
    if column.kind == "str":
        return pd.Series(values.to_pylist(), dtype=pd.Series(["x"]).dtype)
    if column.kind == "float":
        return pd.Series(values.to_numpy(zero_copy_only=False), dtype="float64")
    whole = column.kind == "int"
    nullable, plain = ("Int64", "int64") if whole else ("boolean", "bool")
    return pd.Series(values.to_pylist(), dtype=plain if complete else nullable)
