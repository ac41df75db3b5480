"""Whole statements that both stores answer alike, and what they may write.

A statement is read clause by clause, with the variables that each one leaves. What
is not known here is refused: that is how an answer is never silently another one.
"""

from __future__ import annotations

from dataclasses import replace

from atlasdb.errors import InvalidDataError
from atlasdb.schema import RELATIONSHIPS, WRITABLE_NODES, WRITABLE_RELATIONSHIPS
from atlasdb.store.patterns import NodePattern, Patterns, RelPattern
from atlasdb.store.unions import repeats_with_limit
from atlasdb.store.values import Value, property_of, word

_OWN = " and ".join((*WRITABLE_NODES, *WRITABLE_RELATIONSHIPS))
_STEADY = frozenset(
    ["count distinct", "collect distinct", "min", "max", "min distinct", "max distinct"]
)
_READING = ("MATCH", "OPTIONAL", "UNWIND", "WITH", "RETURN")
_WRITING = ("CREATE", "MERGE", "SET", "DELETE", "DETACH")


class Statement(Patterns):
    """A statement, to be read once by `check`."""

    _writes = False
    _ordered = False
    _shadowed: set[str]

    def check(self, *, write: bool) -> None:
        """Read the statement to its end.

        Parameters
        ----------
        write : bool
            Whether it is to write; a question may not, and a write must.

        Raises
        ------
        InvalidDataError
            For the first thing that is not portable, or may not be written.
        """
        columns = self._query(write)
        union = ""
        while self.peek() == "UNION":
            self.at += 1
            every = "ALL" if self.skip("ALL") else "DISTINCT"
            if union not in ("", every):
                raise InvalidDataError("UNION and UNION ALL cannot be mixed.")
            union, self.scope, self.walks = every, {}, False
            others = self._query(write)
            if list(others) != list(columns):
                raise InvalidDataError(
                    f"Both sides of UNION need the same columns, found "
                    f"{', '.join(columns)} and {', '.join(others)}."
                )
            for name, value in columns.items():
                if value.kind != others[name].kind:
                    raise InvalidDataError(
                        f"Both sides of UNION need one type for {name}, found "
                        f"{word(value)} ({value.kind}) and {word(others[name])} "
                        f"({others[name].kind})."
                    )
        if union and repeats_with_limit([w.upper for w in self.words]):
            raise InvalidDataError(
                "A part of a UNION that returns one expression twice and has a LIMIT "
                "ends LadybugDB's process: return it once."
            )
        if self.at < len(self.words):
            raise self.unexpected("after the end of the statement")
        if write and not self._writes:
            raise InvalidDataError(
                f"Nothing is written. Write {_OWN}, or ask without --write."
            )

    def _query(self, write: bool) -> dict[str, Value]:
        """Read clauses up to the end or UNION; give the columns."""
        columns: dict[str, Value] | None = None
        wrote = False
        while self.at < len(self.words) and self.peek() != "UNION":
            if columns is not None:
                raise self.unexpected("after RETURN")
            clause = self.peek()
            if clause in ("MATCH", "OPTIONAL", "UNWIND") and wrote:
                raise InvalidDataError(
                    f"{clause} after a write needs a WITH before it."
                )
            if clause in _WRITING and self.walks:
                raise InvalidDataError(
                    f"{clause} after several hops would write once for each walk: put "
                    "WITH DISTINCT before it."
                )
            if clause in _READING:
                columns = self._reading()
                wrote = wrote and clause != "WITH"
            elif clause in _WRITING and write:
                self._writing()
                wrote = self._writes = True
            elif clause == "CALL":
                raise InvalidDataError(
                    "CALL is not portable: use WITH and a further MATCH, or a named "
                    "query ('atlasdb query')."
                )
            else:
                raise self.unexpected("where MATCH, WITH or RETURN should be")
        if columns is None and not write:
            raise InvalidDataError("A question ends in RETURN.")
        return columns or {}

    def _reading(self) -> dict[str, Value] | None:
        clause = self.take().upper
        if clause == "OPTIONAL":
            self.need("MATCH")
        if clause in ("MATCH", "OPTIONAL"):
            self.match()
        elif clause == "UNWIND":
            self._unwind()
        elif clause == "WITH":
            self._projection(last=False)
        else:
            return self._projection(last=True)
        return None

    def _unwind(self) -> None:
        value = self.expression()
        if value.kind not in ("list", "null"):
            raise InvalidDataError(f"UNWIND needs a list, found {word(value)}.")
        self.need("AS")
        name = self.name("a variable")
        if name in self.scope:
            raise InvalidDataError(f"{name} is used before: take another name.")
        item = value.item or Value("null")
        self.declare(name, replace(item, literal=None, constant=False))

    # WITH and RETURN.

    def _projection(self, *, last: bool) -> dict[str, Value]:
        clause = "RETURN" if last else "WITH"
        distinct = self.skip("DISTINCT")
        self.aggregates = []
        self._shadowed = set()
        before = dict(self.scope)
        if self.peek() == "*":
            if last or self.peek(1) == ",":
                raise InvalidDataError(
                    f"{clause} * puts columns in another order here: name them."
                )
            self.at += 1
            columns = dict(before)
        else:
            columns = self._columns(last)
        aggregates = self.aggregates
        if self.walks and (
            any(name not in _STEADY for name in aggregates)
            if aggregates
            else not distinct
        ):
            raise InvalidDataError(
                "Several hops are walks here and trails on Neo4j, so that their number "
                "differs: use DISTINCT, or count(DISTINCT x.id)."
            )
        self.walks = self.walks and not (distinct or aggregates)
        if "collect" in {name.split()[0] for name in aggregates} and self._ordered:
            raise InvalidDataError(
                "collect() does not keep an order here: return rows, and gather them "
                "in your own program."
            )
        self.scope = {} if distinct or aggregates else dict(before)
        for name, value in columns.items():
            self.declare(name, value)
        self._ordered = self._order(clause)
        self.scope = {}
        for name, value in columns.items():
            self.declare(name, value)
        if not last and self.skip("WHERE"):
            self.predicate()
        return columns

    def _columns(self, last: bool) -> dict[str, Value]:
        columns: dict[str, Value] = {}
        while True:
            name, value = self._column(last)
            if name.lower() in {known.lower() for known in columns}:
                raise InvalidDataError(
                    f"Two columns are called {name}: choose names that differ in more "
                    "than case."
                )
            columns[name] = value
            if not self.skip(","):
                return columns

    def _column(self, last: bool) -> tuple[str, Value]:
        start = self.at
        counted = len(self.aggregates)
        value = self.expression()
        words = self.words[start : self.at]
        plain = len(words) == 1 and words[0].kind in ("name", "quoted")
        if last:
            _check_returned(value)
        if self.skip("AS"):
            name = self.name("a column")
            if name in self.scope and not (plain and words[0].value == name):
                self._shadowed.add(name)
        elif plain:
            name = words[0].value
        elif last and len(words) == 3 and words[1].value == ".":
            name = f"{words[0].value}.{words[2].value}"
        else:
            text = "".join(token.value for token in words)
            raise InvalidDataError(
                f"Give {text[:40]} a name, as in {text[:40]} AS x: the stores name it "
                "differently."
            )
        one = len(self.aggregates) == counted
        constant = value.constant and one
        return name, replace(value, constant=constant, differs=frozenset())

    def _order(self, clause: str) -> bool:
        ordered = self.skip("ORDER")
        if ordered:
            self.need("BY")
            while True:
                counted, start = len(self.aggregates), self.at
                value = self.expression()
                self._refuse_shadowed(start)
                if len(self.aggregates) > counted:
                    raise InvalidDataError("ORDER BY the column of an aggregate.")
                if value.kind in ("node", "rel", "list", "map", "path"):
                    raise InvalidDataError(
                        f"Nothing is ordered by {word(value)} here: use a property."
                    )
                if self.peek() in ("ASC", "DESC", "ASCENDING", "DESCENDING"):
                    self.at += 1
                if not self.skip(","):
                    break
        limited = False
        for part in ("SKIP", "LIMIT"):
            if self.skip(part):
                limited = True
                self._amount(part)
        if ordered and clause == "WITH" and not limited:
            raise InvalidDataError(
                "WITH .. ORDER BY needs a LIMIT here, and does not order what follows: "
                "put ORDER BY behind RETURN."
            )
        return ordered and clause == "WITH"

    def _refuse_shadowed(self, start: int) -> None:
        for token in self.words[start : self.at]:
            if token.kind in ("name", "quoted") and token.value in self._shadowed:
                raise InvalidDataError(
                    f"ORDER BY {token.value} takes the variable of that name here, "
                    "not the column: give the column another name."
                )

    def _amount(self, part: str) -> None:
        if self.kind() == "parameter":
            token = self.take()
            value = self.parameters[token.value]
            if value.kind == "int":
                return
            raise InvalidDataError(f"{part} ${token.value} needs a whole number.")
        if self.kind() != "number" or not self.peek().isdigit():
            raise InvalidDataError(f"{part} needs a whole number or a parameter.")
        self.at += 1

    # Writing.

    def _writing(self) -> None:
        clause = self.take().upper
        if clause == "CREATE":
            nodes, rels = self.patterns()
            for node in nodes:
                self._check_created(node, clause)
            for rel in rels:
                self._check_joined(rel)
                if not (rel.source.new or rel.target.new):
                    raise InvalidDataError(
                        "CREATE of a relationship between nodes that are there could "
                        "make it twice: use MERGE."
                    )
        elif clause == "MERGE":
            self._merge()
        elif clause == "SET":
            self._set()
        else:
            if clause == "DETACH":
                self.need("DELETE")
            self._delete()

    def _merge(self) -> None:
        nodes, rels = self.patterns_without_comma()
        if len(rels) > 1:
            raise InvalidDataError("MERGE one relationship at a time.")
        for rel in rels:
            self._check_joined(rel)
            if rel.source.new or rel.target.new:
                raise InvalidDataError(
                    "MERGE of a relationship needs both its nodes first: MATCH or "
                    "MERGE them before, then MERGE (a)-[:TYPE]->(b)."
                )
            if rel.properties:
                raise InvalidDataError(
                    "MERGE of a relationship with properties could make it twice: SET "
                    "them behind it."
                )
        for node in nodes:
            self._check_created(node, "MERGE")
        while self.skip("ON"):
            if not (self.skip("CREATE") or self.skip("MATCH")):
                raise self.unexpected("where CREATE or MATCH should be")
            self.need("SET")
            self._set()

    def _check_created(self, node: NodePattern, clause: str) -> None:
        """Refuse new nodes of other labels than people's own, or without an id."""
        if not node.new:
            return
        if len(node.labels) != 1:
            raise InvalidDataError(
                f"{clause} needs the label of a new node: (n:{WRITABLE_NODES[0]} "
                "{id: ..})."
            )
        self._check_own(node.labels, WRITABLE_NODES)
        given = node.properties.get("id")
        if given is None or given.kind != "str":
            raise InvalidDataError(
                f"A new {node.labels[0]} needs an id, a text: (n:{node.labels[0]} "
                "{id: 'mine'})."
            )

    def _check_joined(self, rel: RelPattern) -> None:
        """Refuse relationships that are not people's own, or join other labels."""
        if len(rel.types) != 1 or not rel.directed or rel.hops is not None:
            raise InvalidDataError(
                "A relationship to write has one type and one direction: "
                f"(a)-[:{WRITABLE_RELATIONSHIPS[0]}]->(b)."
            )
        self._check_own(rel.types, WRITABLE_RELATIONSHIPS)
        ends = RELATIONSHIPS[rel.types[0]].ends
        starts, stops = (sorted({end[place] for end in ends}) for place in (0, 1))
        for known, node in ((starts, rel.source), (stops, rel.target)):
            if not node.labels or not set(node.labels) <= set(known):
                raise InvalidDataError(
                    f"{rel.types[0]} goes from {' or '.join(starts)} to "
                    f"{' or '.join(stops)}: give each end one "
                    "of these labels."
                )

    def _check_own(self, names: tuple[str, ...], own: tuple[str, ...]) -> None:
        if len(names) != 1 or names[0] not in own:
            what = "|".join(names) or "Any node or relationship"
            raise InvalidDataError(
                f"{what} is made from the files and cannot be written here. You can "
                f"write {_OWN}."
            )

    def _owned(self, name: str) -> Value:
        value = self.known(name)
        if value.kind not in ("node", "rel"):
            raise InvalidDataError(f"{name} is {word(value)}: it cannot be written.")
        own = WRITABLE_NODES if value.kind == "node" else WRITABLE_RELATIONSHIPS
        self._check_own(value.names, own)
        return value

    def _set(self) -> None:
        while True:
            name = self.name("a variable")
            if self.peek() in (":", "=", "+="):
                raise InvalidDataError(
                    f"SET one property at a time: SET {name}.text = $text."
                )
            self.need(".")
            entity = self._owned(name)
            if self.kind() not in ("name", "quoted"):
                raise self.unexpected("where a property should be")
            key = self.take().value
            declared = property_of(name, entity, key)
            if key == "id":
                raise InvalidDataError("An id stays: make a new node instead.")
            self.need("=")
            value = self.expression()
            if value.kind not in (declared.kind, "null"):
                raise InvalidDataError(
                    f"{name}.{key} is {word(declared)} ({declared.kind}), found "
                    f"{word(value)} ({value.kind})."
                )
            if not self.skip(","):
                return

    def _delete(self) -> None:
        while True:
            self._owned(self.name("a variable"))
            if not self.skip(","):
                return


def _check_returned(value: Value) -> None:
    if value.kind == "path":
        raise InvalidDataError(
            "A path is not returned alike by both stores: return its nodes, or its "
            "length()."
        )
    if value.kind == "list" and value.gathered:
        raise InvalidDataError(
            "A collected list has no order here: return rows, and gather them in your "
            "own program (their number is count(DISTINCT x))."
        )
