"""Expressions that both stores answer alike; everything else is refused by name.

Each rule was found by asking LadybugDB 0.22 and Neo4j 5.26 the same question. The
parser knows the type of what it reads, because LadybugDB compares text with numbers
by turning one into the other, where Neo4j says that they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from atlasdb.errors import InvalidDataError, did_you_mean
from atlasdb.store.cursor import RESERVED, Cursor
from atlasdb.store.functions import (
    AGGREGATES,
    ALLOWED,
    CONVERSIONS,
    DIFFERENT,
    FUNCTIONS,
    aggregated,
    check_argument,
    first_present,
)
from atlasdb.store.rules import (
    added,
    calculated,
    comparable,
    differs,
    listed,
    number,
    one_kind,
    portable_pattern,
    refuse_null,
)
from atlasdb.store.tokens import Token
from atlasdb.store.values import NULL, NUMBERS, Value, property_of, word


class Expressions(Cursor):
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
        super().__init__(words)
        self.parameters = parameters
        self.scope = {}
        self.aggregates = []
        self._in_aggregate = False

    # Expressions, from the loosest operator to the tightest.

    def expression(self) -> Value:
        """Read one expression."""
        return self._logic(0)

    def predicate(self) -> Value:
        """Read an expression that is true or false."""
        value = self.expression()
        if value.kind != "bool":
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
                if side.kind != "bool":
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
        if value.kind != "bool":
            raise InvalidDataError(f"NOT needs a condition, found {word(value)}.")
        return Value("bool")

    def _comparison(self) -> Value:
        start = self.at
        left = self._sum()
        operator = self.peek()
        if operator in ("=", "<>", "<", "<=", ">", ">="):
            self.at += 1
            right = self._sum()
            comparable(left, right, operator)
            value = Value("bool", differs=differs(left, right, operator))
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
            if side.kind != "str":
                raise InvalidDataError(f"{operator} compares text, not {word(side)}.")
        if operator == "=~":
            portable_pattern(left, right)
        elif not right.constant or right.literal == "":
            raise InvalidDataError(
                f"{operator} needs a text that is not empty, as a literal or a "
                "parameter: an empty one is found nowhere here and everywhere on Neo4j."
            )
        return Value("bool")

    def _membership(self, left: Value) -> Value:
        right = self._sum()
        if right.kind != "list":
            raise InvalidDataError(f"IN needs a list, found {word(right)}.")
        if right.holds_null:
            raise InvalidDataError(
                "IN over a list that may hold null is false here and null on Neo4j: "
                "list literals and parameters that are not null."
            )
        if right.item is not None:
            comparable(left, right.item, "IN")
        return Value("bool")

    def _sum(self) -> Value:
        value = self._product()
        while self.peek() in ("+", "-"):
            operator = self.take().value
            other = self._product()
            value = added(value, other, operator)
        return value

    def _product(self) -> Value:
        value = self._power()
        while self.peek() in ("*", "/", "%"):
            operator = self.take().value
            value = calculated(value, self._power(), operator)
        return value

    def _power(self) -> Value:
        value = self._signed()
        while self.skip("^"):
            value = replace(calculated(value, self._signed(), "^"), kind="float")
        return value

    def _signed(self) -> Value:
        if self.peek() == "+":
            raise InvalidDataError("A plus sign before a number is not read: drop it.")
        if self.skip("-"):
            value = self._signed()
            refuse_null("-", value)
            if value.kind not in NUMBERS:
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
            return number(self.take().value)
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
        return listed(items)

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
                comparable(subject, choice, "=")
            self.need("THEN")
            results.append(self.expression())
        if not results:
            raise self.unexpected("where WHEN should be")
        if self.skip("ELSE"):
            results.append(self.expression())
        self.need("END")
        return one_kind("CASE", results)

    # Functions.

    def _function(self) -> Value:
        written = self.take().value
        name = written.lower()
        if name in AGGREGATES:
            return self._aggregate(name)
        if name in DIFFERENT:
            raise InvalidDataError(DIFFERENT[name] + ".")
        if name in CONVERSIONS:
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
            return first_present(arguments)
        if name == "size" and len(arguments) == 1:
            if arguments[0].kind not in ("str", "list"):
                raise InvalidDataError("size() needs text or a list.")
            return Value("int")
        if name == "range" and len(arguments) in (2, 3):
            if any(each.kind != "int" for each in arguments):
                raise InvalidDataError("range() needs whole numbers.")
            return Value("list", item=Value("int"))
        if name not in FUNCTIONS:
            raise InvalidDataError(
                f"The function {written}() is not portable."
                + did_you_mean(name, ALLOWED)
                + f" Allowed: {', '.join(ALLOWED)}."
            )
        needed, result = FUNCTIONS[name]
        if len(needed) != len(arguments):
            raise InvalidDataError(f"{written}() needs {len(needed)} arguments.")
        for wanted, given in zip(needed, arguments, strict=True):
            check_argument(written, wanted, given)
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
        return aggregated(name, value)
