"""Patterns of nodes and relationships that both stores match alike.

Neo4j never takes one relationship twice within a MATCH; LadybugDB does. Where that
could happen the pattern is refused. A relationship cannot be taken twice where the
nodes at its ends could then be one node, for nothing joins a node to itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from atlasdb.errors import InvalidDataError
from atlasdb.schema import NODES, RELATIONSHIPS
from atlasdb.store.expressions import Expressions
from atlasdb.store.values import (
    Value,
    alike,
    checked_label,
    checked_type,
    property_of,
    word,
)

MAX_HOPS = 30


@dataclass(frozen=True)
class NodePattern:
    """One node of a pattern; ``variable`` is made up where there is none."""

    variable: str
    named: bool
    new: bool
    labels: tuple[str, ...]
    properties: dict[str, Value]


@dataclass(frozen=True)
class RelPattern:
    """One relationship of a pattern, from its source to its target."""

    variable: str | None
    types: tuple[str, ...]
    source: NodePattern
    target: NodePattern
    directed: bool
    hops: tuple[int, int] | None
    properties: dict[str, Value]


class Patterns(Expressions):
    """Read patterns, and with them pattern predicates and subqueries.

    Attributes
    ----------
    walks : bool
        Whether rows stand for walks of several hops, which must not be counted.
    """

    walks = False
    _anonymous = 0

    def patterns(self) -> tuple[list[NodePattern], list[RelPattern]]:
        """Read patterns that commas separate; their variables are known after."""
        nodes: list[NodePattern] = []
        rels: list[RelPattern] = []
        while True:
            self._path(nodes, rels)
            if not self.skip(","):
                return nodes, rels

    def match(self) -> None:
        """Read what follows MATCH, with its WHERE."""
        _, rels = self.patterns()
        where = self.predicate() if self.skip("WHERE") else Value("bool")
        _refuse_repeats(rels, where.differs)
        self.walks = self.walks or any(rel.hops is not None for rel in rels)

    def pattern_predicate(self) -> None:
        """Read a pattern that stands for whether it exists."""
        before = dict(self.scope)
        _, rels = self.patterns_without_comma()
        if set(self.scope) != set(before):
            new = sorted(set(self.scope) - set(before))
            raise InvalidDataError(
                f"A pattern as a condition cannot name new variables ({new[0]}): use "
                "EXISTS { MATCH .. }."
            )
        if any(rel.hops is not None for rel in rels):
            raise InvalidDataError(
                "A pattern of several hops as a condition: use EXISTS { MATCH .. }."
            )
        _refuse_repeats(rels, frozenset())

    def patterns_without_comma(self) -> tuple[list[NodePattern], list[RelPattern]]:
        """Read one pattern."""
        nodes: list[NodePattern] = []
        rels: list[RelPattern] = []
        self._path(nodes, rels)
        return nodes, rels

    def subquery(self, what: str) -> None:
        """Read the braces of EXISTS or COUNT."""
        if what == "COLLECT":
            raise InvalidDataError(
                "COLLECT { } is not known here: use MATCH, WITH and collect()."
            )
        self.need("{")
        if not self.skip("MATCH"):
            raise InvalidDataError(
                f"Write {what} {{ MATCH .. }}: the short form is not known here."
            )
        outer, walks, self.walks = dict(self.scope), self.walks, False
        self.match()
        if what == "COUNT" and self.walks:
            raise InvalidDataError(
                "COUNT { } over several hops counts walks here and trails on Neo4j: "
                "use MATCH and count(DISTINCT x.id)."
            )
        self.scope, self.walks = outer, walks
        if not self.skip("}"):
            raise InvalidDataError(
                f"{what} {{ }} may hold one MATCH and its WHERE: "
                + str(self.unexpected("in it"))
            )

    def declare(self, name: str, value: Value) -> None:
        """Make a variable known; LadybugDB does not tell capitals from small letters.

        Raises
        ------
        InvalidDataError
            If another differs from it in case alone.
        """
        for known in self.scope:
            if known != name and known.lower() == name.lower():
                raise InvalidDataError(
                    f"The variables {known} and {name} are one and the same here: "
                    "choose names that differ in more than case."
                )
        self.scope[name] = value

    def _path(self, nodes: list[NodePattern], rels: list[RelPattern]) -> None:
        path = None
        if self.kind() in ("name", "quoted") and self.peek(1) == "=":
            path = self.name("a path")
            self.need("=")
        if self.kind() == "name" and self.peek(1) == "(":
            # shortestPath(..) and its like: refused by name.
            self._function()
        if self.peek() in ("SHORTEST", "ALL", "ANY"):
            raise InvalidDataError(
                f"{self.peek()} before a pattern is not known here: use the named "
                "query, 'atlasdb query shortest-path'."
            )
        first = len(rels)
        node = self._node()
        nodes.append(node)
        while self.peek() in ("-", "<"):
            rel = self._relationship(node)
            node = rel.target if rel.source is node else rel.source
            nodes.append(node)
            rels.append(rel)
        if path is not None:
            if any(rel.hops is not None for rel in rels[first:]):
                raise InvalidDataError(
                    "A path of several hops is a walk here and a trail on Neo4j: use "
                    "the named query, 'atlasdb query shortest-path'."
                )
            self.declare(path, Value("path"))

    def _node(self) -> NodePattern:
        self.need("(")
        variable = None
        if self.kind() in ("name", "quoted") and self.peek() != "WHERE":
            variable = self.name("a node")
        labels = self._names(checked_label) if self.skip(":") else ()
        value = Value("node", labels)
        new = variable is None or variable not in self.scope
        if variable is not None and not new:
            value = self.scope[variable]
            if value.kind != "node":
                raise InvalidDataError(f"{variable} is {word(value)}, not a node.")
            if labels and not value.names:
                value = Value("node", labels)
        properties = self._properties(value, variable)
        if self.peek() == "WHERE":
            raise InvalidDataError(
                "WHERE inside a node is not known here: put it behind the pattern."
            )
        self.need(")")
        named = variable is not None
        if variable is None:
            self._anonymous += 1
            variable = f" {self._anonymous}"
        else:
            self.declare(variable, value)
        return NodePattern(variable, named, new, labels or value.names, properties)

    def _relationship(self, left: NodePattern) -> RelPattern:
        backwards = self.skip("<")
        self.need("-")
        variable: str | None = None
        types: tuple[str, ...] = ()
        hops: tuple[int, int] | None = None
        properties: dict[str, Value] = {}
        if self.skip("["):
            if self.kind() in ("name", "quoted") and self.peek() != "WHERE":
                variable = self.name("a relationship")
            types = self._names(checked_type) if self.skip(":") else ()
            if self.skip("*"):
                hops = self._hops()
            properties = self._properties(Value("rel", types), variable)
            if self.peek() == "WHERE":
                raise InvalidDataError(
                    "WHERE inside a relationship is not known here: put it behind the "
                    "pattern."
                )
            self.need("]")
        self.need("-")
        forwards = self.skip(">")
        if self.peek() in ("{", "+", "*"):
            raise InvalidDataError(
                "Quantified patterns are not known here: write -[:TYPE*1..3]->."
            )
        if backwards and forwards:
            raise InvalidDataError("A relationship has one direction: <-[]- or -[]->.")
        if hops is not None:
            _check_hops(hops, variable, properties, backwards or forwards)
        if variable is not None:
            if variable in self.scope:
                raise InvalidDataError(
                    f"{variable} is used before: give each relationship its own name."
                )
            self.declare(variable, Value("rel", types))
        right = self._node()
        source, target = (right, left) if backwards else (left, right)
        directed = backwards or forwards
        return RelPattern(variable, types, source, target, directed, hops, properties)

    def _names(self, check: Callable[[str], str]) -> tuple[str, ...]:
        names = []
        while True:
            if self.kind() not in ("name", "quoted"):
                raise self.unexpected("where a label or type should be")
            names.append(check(self.take().value))
            if self.skip("|"):
                self.skip(":")
            elif self.peek() in (":", "&", "!"):
                raise InvalidDataError(
                    "Several labels at once are alternatives here: a node has one "
                    "label. For either of two write (n:A|B)."
                )
            else:
                return tuple(names)

    def _properties(self, value: Value, variable: str | None) -> dict[str, Value]:
        if self.kind() == "parameter":
            raise InvalidDataError(
                "A parameter as all properties is not known here: write "
                "{id: $id, name: $name}."
            )
        if self.peek() != "{":
            return {}
        given = self._literal_map()
        for name, each in given.items():
            declared = property_of(variable or "", value, name)
            same = declared.kind == each.kind or each.kind == "null"
            if not same and (declared.kind, each.kind) != ("float", "int"):
                raise InvalidDataError(
                    f"{name} is {word(declared)} ({declared.kind}), found "
                    f"{word(each)} ({each.kind}), which is converted here: give the "
                    "type that it has, or compare in WHERE."
                    if alike(declared, each)
                    else f"{name} is {word(declared)}, found {word(each)}."
                )
        return given

    def _literal_map(self) -> dict[str, Value]:
        self.need("{")
        fields: dict[str, Value] = {}
        while True:
            if self.kind() not in ("name", "quoted"):
                raise self.unexpected("where a property should be")
            name = self.take().value
            if name in fields:
                raise InvalidDataError(f"The property {name} is given twice.")
            self.need(":")
            fields[name] = self.expression()
            if self.skip("}"):
                return fields
            self.need(",")

    def _hops(self) -> tuple[int, int]:
        if self.peek() in ("SHORTEST", "ALL", "TRAIL", "ACYCLIC", "WSHORTEST"):
            raise InvalidDataError(
                f"*{self.peek()} is not Neo4j's: use the named query, 'atlasdb query "
                "shortest-path', or write *1..3."
            )
        low = self._whole()
        if not self.skip(".."):
            if low is None:
                raise InvalidDataError(
                    f"* has no end: write *1..n with n up to {MAX_HOPS}."
                )
            return low, low
        high = self._whole()
        if high is None:
            raise InvalidDataError(
                f"*{low or 1}.. has no end: write *{low or 1}..n with n up to "
                f"{MAX_HOPS}."
            )
        return (1 if low is None else low), high

    def _whole(self) -> int | None:
        if self.kind() != "number":
            return None
        text = self.take().value
        if not text.isdigit() or len(text) > 4:
            raise InvalidDataError(f"A number of hops is a small number, not {text}.")
        return int(text)


def _check_hops(
    hops: tuple[int, int],
    variable: str | None,
    properties: dict[str, Value],
    directed: bool,
) -> None:
    """Refuse what walks and trails answer differently, even as to who is reached."""
    low, high = hops
    if high > MAX_HOPS or low > high:
        raise InvalidDataError(
            f"*{low}..{high} is no range of hops: write *1..n with n up to {MAX_HOPS}."
        )
    if low > 1 and (low, high) != (2, 2):
        raise InvalidDataError(
            f"*{low}..{high} may go over a relationship twice here, not on Neo4j: "
            "begin at 1 (or write *2..2)."
        )
    if not directed:
        raise InvalidDataError(
            "Several hops without direction may go back over a relationship here, "
            "not on Neo4j: write -[:TYPE*1..3]->."
        )
    if variable is not None or properties:
        raise InvalidDataError(
            "A relationship of several hops takes no variable and no properties "
            "here: filter the nodes at its ends."
        )


def _refuse_repeats(rels: list[RelPattern], differs: frozenset[frozenset[str]]) -> None:
    """Refuse two relationships of one MATCH that could be the same."""
    for one, other in combinations(rels, 2):
        types = _shared(one, other)
        several = one.hops is not None or other.hops is not None
        if types and (
            several or not all(_apart(p, differs) for p in _unions(one, other))
        ):
            raise InvalidDataError(_repeat(one, other, types))


def _shared(one: RelPattern, other: RelPattern) -> list[str]:
    first, second = (set(rel.types or RELATIONSHIPS) for rel in (one, other))
    return sorted(first & second)


def _unions(
    one: RelPattern, other: RelPattern
) -> Iterator[list[tuple[NodePattern, NodePattern]]]:
    """Give the nodes that must be one if two relationships are one."""
    yield [(one.source, other.source), (one.target, other.target)]
    if not (one.directed and other.directed):
        yield [(one.source, other.target), (one.target, other.source)]


def _apart(
    pairs: list[tuple[NodePattern, NodePattern]],
    differs: frozenset[frozenset[str]],
) -> bool:
    """Tell whether these nodes cannot be one, or would join a node to itself."""
    for a, b in pairs:
        if frozenset([a.variable, b.variable]) in differs:
            return True
        labels = set(a.labels or NODES) & set(b.labels or NODES)
        if not labels:
            return True
    (a, c), (b, d) = pairs
    names = {x.variable for x in (a, c)}, {x.variable for x in (b, d)}
    return bool(names[0] & names[1])


def _repeat(one: RelPattern, other: RelPattern, types: list[str]) -> str:
    if one.hops is not None or other.hops is not None:
        return (
            f"Several hops of {types[0]} beside another {types[0]} in one MATCH may "
            "share a relationship here, not on Neo4j: write two MATCH clauses."
        )
    ends = {n.variable: n for n in (one.source, one.target)}
    others = {n.variable: n for n in (other.source, other.target)}
    free = [n for v, n in ends.items() if v not in others]
    free_others = [n for v, n in others.items() if v not in ends]
    if len(free) == len(free_others) == 1 and free[0].named and free_others[0].named:
        remedy = f"add WHERE {free[0].variable}.id <> {free_others[0].variable}.id"
    else:
        remedy = "name the nodes at their ends and add WHERE a.id <> c.id"
    return (
        f"Two {types[0]} of one MATCH may be the same relationship here, not on "
        f"Neo4j: {remedy}, or write two MATCH clauses."
    )
