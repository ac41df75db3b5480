"""Names and procedures in Cypher that is not read in full: questions to Neo4j."""

from __future__ import annotations

from collections.abc import Iterator

from atlasdb.errors import InvalidDataError
from atlasdb.store.tokens import Token
from atlasdb.store.values import Value, checked_label, checked_type, property_of

_PROCEDURES = ("db.labels", "db.relationshipTypes", "db.propertyKeys")
_FUNCTIONS = (
    *("date.", "datetime.", "localdatetime.", "time.", "localtime.", "duration."),
    *("point.", "gds.util.", "gds.similarity.", "vector."),
)
_BEFORE_QUERY = ("EXISTS", "COUNT", "COLLECT", "CALL", ")", "UNION")


def check_procedures(words: list[Token]) -> None:
    """Refuse procedures and functions that could do more than answer.

    Raises
    ------
    InvalidDataError
        Naming the procedure, and those that are allowed.
    """
    at = 0
    while at < len(words):
        dotted, end = _dotted(words, at)
        called = at > 0 and words[at - 1].upper == "CALL"
        function = end < len(words) and words[end].value == "("
        if dotted and called:
            streams = dotted.startswith("gds.") and dotted.endswith(".stream")
            if dotted not in _PROCEDURES and not streams:
                raise InvalidDataError(
                    f"CALL {dotted} is not allowed: only {', '.join(_PROCEDURES)} and "
                    "gds..stream are."
                )
        elif "." in dotted and function and not dotted.startswith(_FUNCTIONS):
            raise InvalidDataError(f"The function {dotted}() is not allowed here.")
        at = max(end, at + 1)


def _dotted(words: list[Token], at: int) -> tuple[str, int]:
    """Read ``a.b.c``; give it, and the place behind it."""
    parts: list[str] = []
    while at < len(words) and words[at].kind in ("name", "quoted"):
        parts.append(words[at].value)
        if at + 1 >= len(words) or words[at + 1].value != ".":
            return ".".join(parts), at + 1
        at += 2
    return ".".join(parts), at


def check_names(words: list[Token]) -> None:
    """Refuse labels, types and properties that the schema does not have.

    Neo4j would answer null or nothing. Properties are looked at where the pattern
    says what their variable is; a name that is used for other things is left alone.

    Raises
    ------
    InvalidDataError
        With the nearest names that there are.
    """
    entities: dict[str, Value] = {}
    braces: list[str] = []
    for at, token in enumerate(words):
        if token.kind != "symbol":
            continue
        if token.value in "([{":
            before = words[at - 1] if at else None
            query = before is not None and before.upper in _BEFORE_QUERY
            braces.append("query" if token.value == "{" and query else token.value)
        elif token.value in ")]}":
            if braces:
                braces.pop()
        elif token.value == ":" and braces and braces[-1] in ("(", "["):
            _entity(words, at, braces[-1], entities)
    again = {
        words[at + 1].value
        for at, token in enumerate(words[:-1])
        if token.upper == "AS" or words[at + 1].value in ("IN",)
    }
    for at, token in enumerate(words[:-2]):
        known = entities.get(token.value) if token.kind in ("name", "quoted") else None
        if known is None or token.value in again or (at and words[at - 1].value == "."):
            continue
        called = at + 3 < len(words) and words[at + 3].value in ("(", ".")
        named = words[at + 2].kind in ("name", "quoted")
        if words[at + 1].value == "." and named and not called:
            property_of(token.value, known, words[at + 2].value)


def _entity(
    words: list[Token], at: int, brace: str, entities: dict[str, Value]
) -> None:
    """Read the labels behind a colon; remember what they are given to."""
    rel = brace == "["
    names: list[str] = []
    place = at
    while place < len(words) and words[place].value in (":", "|", "&", "!", "(", ")"):
        if words[place].value in "()" and place + 1 < len(words):
            following = words[place + 1]
            if words[place].value == ")" or following.kind not in ("name", "quoted"):
                break
        place += 1
        if place < len(words) and words[place].kind in ("name", "quoted"):
            check = checked_type if rel else checked_label
            names.append(check(words[place].value))
            place += 1
    before = words[at - 1] if at else None
    kind = "rel" if rel else "node"
    if names and place < len(words) and words[place].value == "{":
        for key in _keys(words, place):
            property_of("", Value(kind, tuple(names)), key)
    if before is None or before.kind not in ("name", "quoted") or not names:
        return
    held = entities.get(before.value)
    if held is not None and held.kind != kind:
        entities.pop(before.value)
        return
    merged = tuple(dict.fromkeys((*(held.names if held else ()), *names)))
    entities[before.value] = Value(kind, merged)


def _keys(words: list[Token], at: int) -> Iterator[str]:
    """Give the keys of the map that opens here."""
    depth = 0
    for place in range(at, len(words) - 1):
        word = words[place].value
        if words[place].kind == "symbol":
            depth += (word in "([{") - (word in ")]}")
            if depth == 0:
                return
        behind = words[place - 1].value in ("{", ",") and words[place + 1].value == ":"
        if depth == 1 and behind and words[place].kind in ("name", "quoted"):
            yield word
