"""Functions that both stores answer alike, and why others are refused.

``toLower`` is allowed although the two differ in a few letters (a capital I with a
dot, a final sigma): searching without regard to case needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from atlasdb.errors import InvalidDataError
from atlasdb.store.rules import refuse_null
from atlasdb.store.values import NUMBERS, Value, word

_NUMBER = ("number",)
FUNCTIONS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "abs": (_NUMBER, "same"),
    "sign": (_NUMBER, "int"),
    "sqrt": (_NUMBER, "float"),
    "log10": (_NUMBER, "float"),
    "sin": (_NUMBER, "float"),
    "cos": (_NUMBER, "float"),
    "tan": (_NUMBER, "float"),
    "asin": (_NUMBER, "float"),
    "acos": (_NUMBER, "float"),
    "atan": (_NUMBER, "float"),
    "atan2": (("number", "number"), "float"),
    "degrees": (("float",), "float"),
    "radians": (("float",), "float"),
    "pi": ((), "float"),
    "ceil": (("float",), "float"),
    "floor": (("float",), "float"),
    "tolower": (("str",), "str"),
    "trim": (("str",), "str"),
    "length": (("path",), "int"),
}
AGGREGATES = frozenset(
    ["count", "sum", "avg", "min", "max", "percentilecont", "percentiledisc", "collect"]
)
ALLOWED = sorted([*FUNCTIONS, *AGGREGATES, "coalesce", "size", "range"])
DIFFERENT: Mapping[str, str] = {
    "log": "log() is the natural logarithm on Neo4j and base 10 here: use log10(x), "
    "or log10(x) / 0.4342944819032518",
    "substring": "substring() counts from 0 on Neo4j and from 1 here: cut text in "
    "your own program",
    "reverse": "reverse() of a list is text here: turn it round in your own program",
    "round": "round() rounds halves of negative numbers differently: round in your "
    "own program",
    "toupper": "toUpper() differs in letters such as ß: compare with toLower()",
    "labels": "labels() is not known here: name the label in MATCH, as in (n:Region)",
    "type": "type() is not known here: name the type in MATCH, as in -[r:USED]->",
    "id": "id() is not the same on another store: use the property, as in n.id",
    "elementid": "elementId() is not the same on another store: use n.id",
    "keys": "keys() names unset properties here: ask for the properties by name",
    "properties": "properties() holds unset ones here: return the node itself",
    "exists": "exists() is not portable: use IS NOT NULL, or EXISTS { MATCH .. }",
    "shortestpath": "shortestPath() is not known here: use the named query, 'atlasdb "
    "query shortest-path'",
    "allshortestpaths": "allShortestPaths() is not known here: use the named query, "
    "'atlasdb query shortest-path'",
    "reduce": "reduce() is not known here: UNWIND the list and aggregate",
    "any": "any() takes null for false here: UNWIND the list, or use EXISTS { .. }",
    "all": "all() takes null for false here: UNWIND the list, or NOT EXISTS { .. }",
    "none": "none() takes null for false here: UNWIND the list, or NOT EXISTS { .. }",
    "single": "single() takes null for false here: UNWIND the list and count",
    "stdev": "stDev() is not known here: use sqrt() of the moments",
}
CONVERSIONS = ("tointeger", "tofloat", "tostring", "toboolean")


def first_present(values: list[Value]) -> Value:
    """Give the type of coalesce()."""
    refuse_null("coalesce()", *values)
    first, *rest = values
    for other in rest:
        if other.kind != first.kind and (first.kind, other.kind) != ("float", "int"):
            raise InvalidDataError(
                f"coalesce() of {word(first)} and {word(other)} of another type is "
                "converted here: give both the same type."
            )
    return Value(first.kind, first.names)


def check_argument(function: str, wanted: str, given: Value) -> None:
    """Refuse an argument of another type than a function takes."""
    refuse_null(f"{function}()", given)
    if wanted == "number" and given.kind in NUMBERS:
        return
    if wanted == "float" and given.kind == "int":
        raise InvalidDataError(
            f"{function}() of a whole number stays whole or fails here: leave it out, "
            "or write 1.0 * x."
        )
    if given.kind != wanted:
        raise InvalidDataError(f"{function}() cannot take {word(given)}.")


def aggregated(name: str, value: Value) -> Value:
    """Give the type of an aggregate."""
    refuse_null(f"{name}()", value)
    if name == "count":
        return Value("int")
    if name == "collect":
        return Value("list", item=replace(value, key_of=None), gathered=True)
    if name in ("min", "max"):
        if value.kind in ("list", "map", "node", "rel", "path"):
            raise InvalidDataError(f"{name}() cannot order {word(value)}.")
        return Value(value.kind)
    if value.kind not in (*NUMBERS, "null"):
        raise InvalidDataError(f"{name}() needs numbers, found {word(value)}.")
    return Value("float" if name in ("avg", "percentilecont") else value.kind)
