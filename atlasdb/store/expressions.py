"""Expressions that both stores answer alike; everything else is refused by name.

Each rule was found by asking LadybugDB 0.22 and Neo4j 5.26 the same question. The
parser knows the type of what it reads, because LadybugDB compares text with numbers
by turning one into the other, where Neo4j says that they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from atlasdb.errors import InvalidDataError, did_you_mean
from atlasdb.store.tokens import Token
from atlasdb.store.values import NULL, NUMBERS, Value, alike, property_of, word

_RESERVED = """
ACYCLIC ALL AND ANY ASC ASCENDING CASE CAST COLUMN CREATE DBTYPE DEFAULT DESC
DESCENDING DISTINCT ELSE END ENDS EXISTS FALSE FOR GLOB GROUP HEADERS HINT IN
INDEX INSTALL JOIN MACRO MULTI_JOIN NONE NOT NULL ON ONLY OPTIONAL OR ORDER
PRIMARY PROFILE SHORTEST SINGLE STARTS TABLE THEN TRAIL TRUE UNION UNWIND WHEN
WHERE WITH WSHORTEST XOR
"""
RESERVED = frozenset(_RESERVED.split())
"""Words that LadybugDB does not take as the name of anything."""

_NUMBER = ("number",)
_FUNCTIONS: Mapping[str, tuple[tuple[str, ...], str]] = {
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
    "degrees": (_NUMBER, "float"),
    "radians": (_NUMBER, "float"),
    "pi": ((), "float"),
    "ceil": (("float",), "float"),
    "floor": (("float",), "float"),
    "tolower": (("str",), "str"),
    "trim": (("str",), "str"),
    "length": (("path",), "int"),
}
_AGGREGATES = frozenset(
    ["count", "sum", "avg", "min", "max", "percentilecont", "percentiledisc", "collect"]
)
_ALLOWED = sorted([*_FUNCTIONS, *_AGGREGATES, "coalesce", "size", "range"])
_DIFFERENT: Mapping[str, str] = {
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
_CONVERSIONS = ("tointeger", "tofloat", "tostring", "toboolean")


class Expressions:
    """Read expressions from tokens, with the variables that are known so far.

    Attributes
    ----------
    scope : dict of str to Value
        Variables.
    parameters : mapping of str to Value
        Parameters of the statement.
    """

    scope: dict[str, Value]
    aggregates: list[str]
    pattern_predicate: Callable[[], None]
    subquery: Callable[[str], None]

    def __init__(self, words: list[Token], parameters: Mapping[str, Value]) -> None:
        self.words = words
        self.parameters = parameters
        self.at = 0
        self.scope = {}
        self.aggregates = []
        self._in_aggregate = False

    # The cursor.

    def peek(self, ahead: int = 0) -> str:
        """Give a coming word in capitals, "" at the end; quoted names as they are."""
        place = self.at + ahead
        if place >= len(self.words):
            return ""
        token = self.words[place]
        return f"`{token.value}`" if token.kind == "quoted" else token.upper

    def kind(self, ahead: int = 0) -> str:
        """Give the kind of a coming token, "" at the end."""
        place = self.at + ahead
        return self.words[place].kind if place < len(self.words) else ""

    def take(self) -> Token:
        """Move on by one token."""
        if self.at >= len(self.words):
            raise InvalidDataError("The statement ends too early.")
        self.at += 1
        return self.words[self.at - 1]

    def skip(self, *words: str) -> bool:
        """Move on if these words come next."""
        if all(self.peek(i) == word for i, word in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def need(self, what: str) -> None:
        """Move on over a word that must come."""
        if not self.skip(what):
            raise self.unexpected(f"where {what} should be")

    def unexpected(self, where: str = "here") -> InvalidDataError:
        """Say what came instead."""
        if self.at >= len(self.words):
            return InvalidDataError(f"The statement ends {where}.")
        near = " ".join(token.value for token in self.words[self.at : self.at + 4])
        return InvalidDataError(f"Cannot read '{near[:60]}' {where}.")

    def name(self, what: str) -> str:
        """Read a name that both stores take."""
        if self.kind() not in ("name", "quoted"):
            raise self.unexpected(f"where the name of {what} should be")
        token = self.take()
        if token.kind == "name" and token.upper in RESERVED:
            raise InvalidDataError(
                f"'{token.value}' is a word of the language, not the name of {what}. "
                f"Choose another, or put it in backticks: `{token.value}`."
            )
        return token.value

    # Expressions, from the loosest operator to the tightest.

    def expression(self) -> Value:
        """Read one expression."""
        return self._logic(0)

    def predicate(self) -> Value:
        """Read an expression that is true or false."""
        value = self.expression()
        if value.kind not in ("bool", "null"):
            raise InvalidDataError(
                f"A condition must be true or false, found {word(value)}. Compare it "
                "with something."
            )
        return value

    def _logic(self, level: int) -> Value:
        operators = ("OR", "XOR", "AND")
        if level == len(operators):
            return self._negation()
        value = self._logic(level + 1)
        while self.peek() == operators[level]:
            self.at += 1
            other = self._logic(level + 1)
            for side in (value, other):
                if side.kind not in ("bool", "null"):
                    raise InvalidDataError(
                        f"{operators[level]} joins conditions, found {word(side)}."
                    )
            both = operators[level] == "AND"
            value = Value(
                "bool", differs=value.differs | other.differs if both else frozenset()
            )
        return value

    def _negation(self) -> Value:
        if not self.skip("NOT"):
            return self._comparison()
        value = self._negation()
        if value.kind not in ("bool", "null"):
            raise InvalidDataError(f"NOT needs a condition, found {word(value)}.")
        return Value("bool")

    def _comparison(self) -> Value:
        start = self.at
        left = self._sum()
        operator = self.peek()
        if operator in ("=", "<>", "<", "<=", ">", ">="):
            self.at += 1
            right = self._sum()
            _comparable(left, right, operator)
            value = Value("bool", differs=_differs(left, right, operator))
        elif operator in ("STARTS", "ENDS", "CONTAINS", "=~", "IN", "IS"):
            if self._compound(start):
                raise InvalidDataError(
                    f"{operator} binds tighter here than on Neo4j: put what stands "
                    "before it in parentheses."
                )
            value = self._tight(left, operator)
        else:
            return left
        if self.peek() in ("=", "<>", "<", "<=", ">", ">=", "IN", "IS", "=~"):
            raise InvalidDataError(
                "Comparisons in a row are not portable: join them with AND, or put "
                "one in parentheses."
            )
        return value

    def _compound(self, start: int) -> bool:
        """Tell whether the operand that was read has an operator outside brackets."""
        depth = 0
        for token in self.words[start : self.at]:
            if token.kind == "symbol":
                depth += (token.value in "([{") - (token.value in ")]}")
                if depth == 0 and token.value in ("+", "-", "*", "/", "%", "^"):
                    return True
        return False

    def _tight(self, left: Value, operator: str) -> Value:
        self.at += 1
        if operator == "IS":
            self.skip("NOT")
            self.need("NULL")
            return Value("bool")
        if operator == "IN":
            return self._membership(left)
        if operator != "=~" and operator != "CONTAINS":
            self.need("WITH")
        right = self._sum()
        for side in (left, right):
            if side.kind not in ("str", "null"):
                raise InvalidDataError(f"{operator} compares text, not {word(side)}.")
        if operator == "=~":
            _portable_pattern(left, right)
        elif not right.constant or right.literal == "":
            raise InvalidDataError(
                f"{operator} needs a text that is not empty, as a literal or a "
                "parameter: an empty one is found nowhere here and everywhere on Neo4j."
            )
        return Value("bool")

    def _membership(self, left: Value) -> Value:
        right = self._sum()
        if right.kind not in ("list", "null"):
            raise InvalidDataError(f"IN needs a list, found {word(right)}.")
        if right.holds_null:
            raise InvalidDataError(
                "IN over a list with null is false here and null on Neo4j: leave null "
                "out of the list."
            )
        if right.item is not None:
            _comparable(left, right.item, "IN")
        return Value("bool")

    def _sum(self) -> Value:
        value = self._product()
        while self.peek() in ("+", "-"):
            operator = self.take().value
            other = self._product()
            value = _added(value, other, operator)
        return value

    def _product(self) -> Value:
        value = self._power()
        while self.peek() in ("*", "/", "%"):
            operator = self.take().value
            value = _calculated(value, self._power(), operator)
        return value

    def _power(self) -> Value:
        value = self._signed()
        while self.skip("^"):
            value = replace(_calculated(value, self._signed(), "^"), kind="float")
        return value

    def _signed(self) -> Value:
        if self.peek() == "+":
            raise InvalidDataError("A plus sign before a number is not read: drop it.")
        if self.skip("-"):
            value = self._signed()
            if value.kind not in (*NUMBERS, "null"):
                raise InvalidDataError(f"- needs a number, found {word(value)}.")
            return replace(value, key_of=None)
        return self._atom()

    def _atom(self) -> Value:
        value = self._bare_atom()
        while self.peek() in (".", "[", "::"):
            if self.peek() == "[":
                raise InvalidDataError(
                    "Lists count from 1 here and from 0 on Neo4j: take one from the "
                    "list in your own program, or UNWIND it."
                )
            if self.peek() == "::":
                raise self.unexpected("in an expression")
            self.at += 1
            if value.kind != "map":
                raise InvalidDataError(
                    f"Only variables and maps have properties, not {word(value)}."
                )
            value = self._field(value, self.name("a key"))
        if self.peek() == ":" and self.kind(1) in ("name", "quoted"):
            raise InvalidDataError(
                "A label in a condition is not known here: name it in MATCH, as in "
                "(n:Region)."
            )
        return value

    def _bare_atom(self) -> Value:
        kind, word_ = self.kind(), self.peek()
        if kind == "string":
            return Value("str", literal=self.take().value[1:-1], constant=True)
        if kind == "number":
            return _number(self.take().value)
        if kind == "parameter":
            return self._parameter()
        if word_ == "(":
            return self._parenthesis()
        if word_ == "[":
            return self._list()
        if word_ == "{":
            return self.map()
        if word_ in ("TRUE", "FALSE"):
            self.at += 1
            return Value("bool", constant=True)
        if word_ == "NULL":
            self.at += 1
            return NULL
        if word_ == "CASE":
            return self._case()
        if word_ in ("EXISTS", "COUNT", "COLLECT") and self.peek(1) == "{":
            self.at += 1
            self.subquery(word_)
            return Value("bool" if word_ == "EXISTS" else "int")
        if kind in ("name", "quoted"):
            if self.peek(1) == "(":
                return self._function()
            if self.peek(1) == "." and self.peek(3) == "(":
                raise InvalidDataError(
                    f"The function {self.words[self.at].value}."
                    f"{self.words[self.at + 2].value}() is not known here."
                )
            return self._variable()
        raise self.unexpected("in an expression")

    def _parameter(self) -> Value:
        token = self.take()
        if token.upper.upper() in RESERVED:
            raise InvalidDataError(
                f"'{token.value}' is a word of the language: give the parameter "
                f"${token.value} another name."
            )
        return self.parameters[token.value]

    def _variable(self) -> Value:
        name = self.name("a variable")
        value = self.known(name)
        if self.peek() == "{":
            raise InvalidDataError(
                f"{name} {{..}} is not known here: return the properties one by one."
            )
        if self.peek() == "." and value.kind in ("node", "rel"):
            self.at += 1
            if self.peek() == "*":
                raise self.unexpected("where a property should be")
            if self.kind() not in ("name", "quoted"):
                raise self.unexpected("where a property should be")
            return property_of(name, value, self.take().value)
        if value.kind == "node":
            return replace(value, key_of=name)
        return value

    def known(self, name: str) -> Value:
        """Give a variable that must be known."""
        if name not in self.scope:
            near = did_you_mean(name, self.scope) or (
                " Text goes in quotes: 'like this'."
            )
            raise InvalidDataError(f"The variable {name} is not known here.{near}")
        return self.scope[name]

    def _field(self, value: Value, name: str) -> Value:
        if name not in value.fields:
            raise InvalidDataError(
                f"The map has no key '{name}'." + did_you_mean(name, value.fields)
            )
        return value.fields[name]

    def _parenthesis(self) -> Value:
        if self._is_pattern():
            self.pattern_predicate()
            return Value("bool")
        self.need("(")
        value = self.expression()
        self.need(")")
        return value

    def _is_pattern(self) -> bool:
        """Tell whether ( opens a node of a pattern, rather than an expression."""
        depth, place = 0, 0
        while True:
            word_ = self.peek(place)
            if word_ == "":
                return False
            if self.kind(place) == "symbol":
                depth += (word_ in "([{") - (word_ in ")]}")
            place += 1
            if depth == 0:
                break
        after = (self.peek(place), self.peek(place + 1))
        return after in {("-", "["), ("-", "-"), ("<", "-")} or place == 2

    def _list(self) -> Value:
        self.need("[")
        if self.kind() == "name" and self.peek(1) == "IN":
            raise InvalidDataError(
                "A list comprehension is not known here: UNWIND the list, filter with "
                "WITH .. WHERE."
            )
        if self.peek() == "(" and self._is_pattern():
            raise InvalidDataError(
                "A pattern comprehension is not known here: use MATCH."
            )
        items: list[Value] = []
        while not self.skip("]"):
            if items:
                self.need(",")
            items.append(self.expression())
        return _listed(items)

    def map(self) -> Value:
        """Read a map literal."""
        self.need("{")
        fields: dict[str, Value] = {}
        while True:
            key = self.name("a key")
            if key in fields:
                raise InvalidDataError(f"The key {key} is given twice.")
            self.need(":")
            fields[key] = self.expression()
            if self.skip("}"):
                return Value("map", fields=fields)
            self.need(",")

    def _case(self) -> Value:
        self.need("CASE")
        subject = None if self.peek() == "WHEN" else self.expression()
        results: list[Value] = []
        while self.skip("WHEN"):
            if subject is None:
                self.predicate()
            else:
                choice = self.expression()
                if not choice.constant or choice.kind == "null":
                    raise InvalidDataError(
                        "CASE x WHEN null differs between stores: write CASE WHEN x "
                        "IS NULL THEN .., and CASE WHEN x = y THEN ... for others."
                    )
                _comparable(subject, choice, "=")
            self.need("THEN")
            results.append(self.expression())
        if not results:
            raise self.unexpected("where WHEN should be")
        if self.skip("ELSE"):
            results.append(self.expression())
        self.need("END")
        return _one_kind("CASE", results)

    # Functions.

    def _function(self) -> Value:
        written = self.take().value
        name = written.lower()
        if name in _AGGREGATES:
            return self._aggregate(name)
        if name in _DIFFERENT:
            raise InvalidDataError(_DIFFERENT[name] + ".")
        if name in _CONVERSIONS:
            raise InvalidDataError(
                f"{written}() is not known here: convert in your own program, or pass "
                "a parameter of the right type."
            )
        self.need("(")
        if name == "coalesce" and self.peek() == "SUM" and self.peek(1) == "(":
            return self._sum_or_zero()
        arguments: list[Value] = []
        while not self.skip(")"):
            if arguments:
                self.need(",")
            arguments.append(self.expression())
        if name == "coalesce" and len(arguments) > 1:
            return _first_present(arguments)
        if name == "size" and len(arguments) == 1:
            if arguments[0].kind not in ("str", "list", "null"):
                raise InvalidDataError("size() needs text or a list.")
            return Value("int")
        if name == "range" and len(arguments) in (2, 3):
            if any(each.kind != "int" for each in arguments):
                raise InvalidDataError("range() needs whole numbers.")
            return Value("list", item=Value("int"))
        if name not in _FUNCTIONS:
            raise InvalidDataError(
                f"The function {written}() is not portable."
                + did_you_mean(name, _ALLOWED)
                + f" Allowed: {', '.join(_ALLOWED)}."
            )
        needed, result = _FUNCTIONS[name]
        if len(needed) != len(arguments):
            raise InvalidDataError(f"{written}() needs {len(needed)} arguments.")
        for wanted, given in zip(needed, arguments, strict=True):
            _check_argument(written, wanted, given)
        return Value(arguments[0].kind if result == "same" else result)

    def _sum_or_zero(self) -> Value:
        self.at += 1
        value = self._aggregate("sum", bare=False)
        self.need(",")
        if self.take().value not in ("0", "0.0"):
            raise InvalidDataError("Write coalesce(sum(x), 0): sums of nothing are 0.")
        self.need(")")
        return value

    def _aggregate(self, name: str, *, bare: bool = True) -> Value:
        if self._in_aggregate:
            raise InvalidDataError("One aggregate inside another is not possible.")
        self.need("(")
        if name == "count" and self.skip("*", ")"):
            self.aggregates.append("count")
            return Value("int")
        distinct = self.skip("DISTINCT")
        self._in_aggregate = True
        value = self.expression()
        if name.startswith("percentile"):
            self.need(",")
            token = self.take()
            if token.kind != "number" or "." not in token.value:
                raise InvalidDataError(
                    "A percentile is a literal with a point, from 0.0 to 1.0."
                )
        self._in_aggregate = False
        self.need(")")
        self.aggregates.append(f"{name} distinct" if distinct else name)
        if name == "sum" and bare:
            raise InvalidDataError(
                "sum() of nothing is null here and 0 on Neo4j: write "
                "coalesce(sum(x), 0)."
            )
        return _aggregated(name, value)


def _comparable(a: Value, b: Value, operator: str) -> None:
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


def _differs(a: Value, b: Value, operator: str) -> frozenset[frozenset[str]]:
    same_kind = (a.kind == "node") == (b.kind == "node")
    if a.key_of and b.key_of and same_kind and operator in ("<>", "<", ">"):
        return frozenset([frozenset([a.key_of, b.key_of])])
    return frozenset()


def _portable_pattern(left: Value, right: Value) -> None:
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


def _added(a: Value, b: Value, operator: str) -> Value:
    if (
        operator == "+"
        and {a.kind, b.kind} <= {"str", "null"}
        and "str"
        in (
            a.kind,
            b.kind,
        )
    ):
        return Value("str")
    return _calculated(a, b, operator)


def _calculated(a: Value, b: Value, operator: str) -> Value:
    for side in (a, b):
        if side.kind not in (*NUMBERS, "null"):
            raise InvalidDataError(
                f"{operator} joins {word(a)} and {word(b)}: give both the same type, "
                "or join them in your own program."
            )
    if a.constant and b.constant and a.literal is None and b.literal is None:
        raise InvalidDataError(
            "Parameters cannot be calculated with one another here: pass the result."
        )
    return Value("float" if "float" in (a.kind, b.kind) else a.kind)


def _number(text: str) -> Value:
    if text.isdigit():
        if int(text) >= 2**63 or (text != "0" and text.startswith("0")):
            raise InvalidDataError(f"{text} is not a whole number of 64 bits.")
        return Value("int", literal=text, constant=True)
    if float(text) == float("inf"):
        raise InvalidDataError(f"{text} is too large.")
    return Value("float", literal=text, constant=True)


def _listed(items: list[Value]) -> Value:
    kinds = {item.kind for item in items} - {"null"}
    if len(kinds) > 1 and not kinds <= set(NUMBERS):
        raise InvalidDataError("A list holds values of one type: split it.")
    item = next((each for each in items if each.kind != "null"), None)
    if item is not None and kinds == set(NUMBERS):
        item = Value("float")
    return Value(
        "list",
        item=item,
        holds_null=any(each.kind == "null" for each in items),
        gathered=kinds == set(NUMBERS),
    )


def _one_kind(what: str, values: list[Value]) -> Value:
    kinds = {value.kind for value in values} - {"null"}
    if len(kinds) > 1:
        raise InvalidDataError(
            f"{what} gives values of several types ({', '.join(sorted(kinds))}), which "
            "are converted here: write 1.0 for 1, or split it."
        )
    return next((Value(v.kind, v.names) for v in values if v.kind != "null"), NULL)


def _first_present(values: list[Value]) -> Value:
    first, *rest = [value for value in values if value.kind != "null"] or [NULL]
    for other in rest:
        if other.kind != first.kind and (first.kind, other.kind) != ("float", "int"):
            raise InvalidDataError(
                f"coalesce() of {word(first)} and {word(other)} of another type is "
                "converted here: give both the same type."
            )
    return Value(first.kind, first.names)


def _check_argument(function: str, wanted: str, given: Value) -> None:
    if given.kind == "null":
        return
    if wanted == "number" and given.kind in NUMBERS:
        return
    if wanted == "float" and given.kind == "int":
        raise InvalidDataError(
            f"{function}() of a whole number stays whole here: leave it out, or write "
            "1.0 * x."
        )
    if given.kind != wanted:
        raise InvalidDataError(f"{function}() cannot take {word(given)}.")


def _aggregated(name: str, value: Value) -> Value:
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
