"""What may be compared, calculated and listed so that both stores answer alike."""

from __future__ import annotations

from atlasdb.errors import InvalidDataError
from atlasdb.store.values import NULL, NUMBERS, Value, alike, word


def refuse_null(where: str, *values: Value) -> None:
    """Refuse null where it has no type: LadybugDB then fails."""
    if any(value.kind == "null" for value in values):
        raise InvalidDataError(
            f"{where} of null is null: leave it out, or write IS NULL or IS NOT NULL."
        )


def comparable(a: Value, b: Value, operator: str) -> None:
    """Refuse to compare values that are not of one kind."""
    if NULL in (a, b) or a.kind == b.kind == "null":
        refuse_null(operator, NULL)
    if not alike(a, b):
        raise InvalidDataError(
            f"{operator} compares {word(a)} with {word(b)}: never equal on Neo4j, but "
            "converted here. Give both the same type."
        )
    kinds = {a.kind, b.kind} - {"null"}
    if kinds & {"list", "map", "path"}:
        raise InvalidDataError(
            f"{operator} of {word(a)} treats null differently on Neo4j: compare the "
            "parts."
        )
    if kinds & {"node", "rel"} and operator not in ("=", "<>", "IN"):
        raise InvalidDataError(f"{operator} cannot compare {word(a)}: use a property.")


def differs(a: Value, b: Value, operator: str) -> frozenset[frozenset[str]]:
    """Give the pair of variables that cannot be one where a comparison holds."""
    same_kind = (a.kind == "node") == (b.kind == "node")
    if a.key_of and b.key_of and same_kind and operator in ("<>", "<", ">"):
        return frozenset([frozenset([a.key_of, b.key_of])])
    return frozenset()


def portable_pattern(left: Value, right: Value) -> None:
    """Refuse regular expressions beyond what both engines read alike."""
    text = right.literal
    if (
        left.kind != "str"
        or text is None
        or "\\" in text
        or "(?" in text.replace("(?i)", "", 1)
    ):
        raise InvalidDataError(
            "=~ compares text with a literal or parameter without backslashes and "
            "without (?..) but (?i): the stores read other expressions differently."
        )


def added(a: Value, b: Value, operator: str) -> Value:
    """Give the type of a sum, or of two texts joined."""
    if operator == "+" and a.kind == b.kind == "str":
        return Value("str")
    return calculated(a, b, operator)


def calculated(a: Value, b: Value, operator: str) -> Value:
    """Give the type of a calculation."""
    refuse_null(operator, a, b)
    for side in (a, b):
        if side.kind not in NUMBERS:
            raise InvalidDataError(
                f"{operator} joins {word(a)} and {word(b)}: give both the same type, "
                "or join them in your own program."
            )
    if a.constant and b.constant and a.literal is None and b.literal is None:
        raise InvalidDataError(
            "Parameters cannot be calculated with one another here: pass the result."
        )
    return Value("float" if "float" in (a.kind, b.kind) else a.kind)


def number(text: str) -> Value:
    """Give the type of a number as written."""
    if text.isdigit():
        if (
            len(text) > 19
            or int(text) >= 2**63
            or (text != "0" and text.startswith("0"))
        ):
            raise InvalidDataError(f"{text} is not a whole number of 64 bits.")
        return Value("int", literal=text, constant=True)
    if float(text) == float("inf"):
        raise InvalidDataError(f"{text} is too large.")
    return Value("float", literal=text, constant=True)


def listed(items: list[Value]) -> Value:
    """Give the type of a list literal."""
    kinds = {item.kind for item in items} - {"null"}
    if len(kinds) > 1 and not kinds <= set(NUMBERS):
        raise InvalidDataError("A list holds values of one type: split it.")
    item = next((each for each in items if each.kind != "null"), None)
    if item is not None and kinds == set(NUMBERS):
        item = Value("float")
    return Value(
        "list",
        item=item,
        holds_null=any(each.kind == "null" or not each.constant for each in items),
        gathered=kinds == set(NUMBERS),
    )


def one_kind(what: str, values: list[Value]) -> Value:
    """Give the one type that all values have."""
    kinds = {value.kind for value in values} - {"null"}
    if len(kinds) > 1:
        raise InvalidDataError(
            f"{what} gives values of several types ({', '.join(sorted(kinds))}), which "
            "are converted here: write 1.0 for 1, or split it."
        )
    if not kinds:
        refuse_null(what, NULL)
    return next(Value(v.kind, v.names) for v in values if v.kind != "null")
