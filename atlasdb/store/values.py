"""What the guard knows of a value: enough to see where two stores would differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from atlasdb.errors import InvalidDataError, did_you_mean
from atlasdb.schema import NODES, RELATIONSHIPS

Kind = Literal["str", "int", "float", "bool", "null", "list", "map", "node", "rel"]
NUMBERS = ("int", "float")
_WORDS: Mapping[str, str] = {
    "str": "text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "map": "a map",
    "node": "a node",
    "rel": "a relationship",
    "path": "a path",
    "null": "null",
}


@dataclass(frozen=True)
class Value:
    """An expression's value.

    Attributes
    ----------
    kind : str
        Its type; ``"path"`` for a named path.
    names : tuple of str
        Labels or types of a node or relationship; () where any is possible.
    item : Value or None
        What a list holds.
    fields : mapping of str to Value
        What a map holds.
    gathered : bool
        A list in no particular order.
    holds_null : bool
        A list that may hold a null.
    literal : str or None
        A literal or parameter as text: ``""`` for an empty string.
    constant : bool
        A literal or a parameter.
    differs : frozenset of frozenset of str
        Pairs of variables that cannot be the same where this is true.
    key_of : str or None
        The variable that this is, or whose ``id`` this is.
    """

    kind: str
    names: tuple[str, ...] = ()
    item: Value | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)
    gathered: bool = False
    holds_null: bool = False
    literal: str | None = None
    constant: bool = False
    differs: frozenset[frozenset[str]] = frozenset()
    key_of: str | None = None


NULL = Value("null", constant=True, literal="null")


def word(value: Value) -> str:
    """Name the type of a value for a message."""
    return _WORDS[value.kind]


def alike(a: Value, b: Value) -> bool:
    """Tell whether two values may be compared: null with everything."""
    if "null" in (a.kind, b.kind):
        return True
    return a.kind == b.kind or (a.kind in NUMBERS and b.kind in NUMBERS)


def of_python(name: str, values: Sequence[Any]) -> Value:
    """Give what the values of a parameter have in common.

    Parameters
    ----------
    name : str
        Of the parameter, for messages.
    values : sequence
        One value, or the items of a list.

    Raises
    ------
    InvalidDataError
        If they are of several types, or of one that no store knows.
    """
    given = [_scalar(value) for value in values]
    kinds = {_kind(name, value) for value in given} - {"null"}
    if kinds == {"int", "float"}:
        kinds = {"float"}
    if not kinds:
        return Value("null", constant=True)
    if len(kinds) > 1:
        raise InvalidDataError(
            f"${name} mixes {' and '.join(sorted(_WORDS[k] for k in kinds))}. Give "
            "values of one type."
        )
    (kind,) = kinds
    present = [value for value in given if value is not None]
    if kind == "list":
        items = [item for value in present for item in value]
        return Value(
            "list",
            item=of_python(name, items),
            holds_null=any(item is None for item in items),
            constant=True,
        )
    if kind == "map":
        names = {key for value in present for key in value}
        if any(set(value) != names for value in present):
            raise InvalidDataError(
                f"The maps of ${name} have different keys. Give each all of "
                f"{sorted(map(str, names))}, null where there is no value."
            )
        fields = {
            str(key): of_python(name, [value[key] for value in present])
            for key in names
        }
        return Value("map", fields=fields, constant=True)
    text = present[0] if kind == "str" and len(given) == 1 else None
    return Value(kind, literal=text, constant=True)


def _scalar(value: Any) -> Any:
    """Give a plain value for a numpy scalar."""
    return value.item() if getattr(value, "shape", None) == () else value


def _kind(name: str, value: Any) -> str:
    if value is None:
        return "null"
    for types, kind in (
        (str, "str"),
        (bool, "bool"),
        (int, "int"),
        (float, "float"),
        ((list, tuple), "list"),
        (Mapping, "map"),
    ):
        if isinstance(value, types):
            return kind
    raise InvalidDataError(
        f"${name} is a {type(value).__name__}. Give text, a number, true or false, or "
        "a list or map of them."
    )


def property_of(variable: str, entity: Value, name: str) -> Value:
    """Give a property of a node or relationship.

    Raises
    ------
    InvalidDataError
        If none of its labels or types has it: names those that there are.
    """
    declared = NODES if entity.kind == "node" else RELATIONSHIPS
    names = entity.names or tuple(declared)
    known: dict[str, str] = {"id": "str"} if entity.kind == "node" else {}
    for each in names:
        known.update(declared[each].properties)
    if name not in known:
        what = "|".join(entity.names) or f"Any {_WORDS[entity.kind].split()[1]}"
        where = f" ({variable}.{name})" if variable else ""
        listed = f" It has: {', '.join(known)}." if len(known) <= 20 else ""
        raise InvalidDataError(
            f"{what} has no property '{name}'{where}."
            + (did_you_mean(name, known) or listed)
        )
    key = variable if name == "id" else None
    return Value(known[name], key_of=key)


def checked_label(name: str) -> str:
    """Give a label of the schema.

    Raises
    ------
    InvalidDataError
        If there is no such label: suggests the nearest.
    """
    return _known("label", name, NODES)


def checked_type(name: str) -> str:
    """Give a relationship type of the schema.

    Raises
    ------
    InvalidDataError
        If there is no such type: suggests the nearest.
    """
    return _known("relationship type", name, RELATIONSHIPS)


def _known(what: str, name: str, names: Iterable[str]) -> str:
    known = list(names)
    if name not in known:
        near = did_you_mean(name, known)
        if not near:
            same = [k for k in known if k.lower() == name.lower()]
            near = (
                f" Did you mean '{same[0]}'?"
                if same
                else f" There are: {', '.join(known)}."
            )
        raise InvalidDataError(f"There is no {what} '{name}'.{near}")
    return name
