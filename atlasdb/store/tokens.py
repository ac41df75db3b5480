"""Cypher text cut into tokens, so that no rule looks inside a string or a comment.

Where Neo4j and LadybugDB could disagree about where a string or a comment ends, the
text is refused: otherwise one of them might run what was taken for a remark.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from atlasdb.errors import InvalidDataError

Kind = Literal["name", "quoted", "string", "number", "parameter", "symbol"]
MAX_CHARACTERS = 100_000
MAX_DEPTH = 50

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n\f]+)
  | (?P<remark>//[^\r\n]*|/\*.*?\*/)
  | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
  | (?P<quoted>`[^`]*`)
  | (?P<parameter>\$[^\W\d]\w*)
  | (?P<number>(?:\d+(?:\.(?!\.)\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?!\w))
  | (?P<name>[^\W\d]\w*)
  | (?P<symbol><>|<=|>=|=~|\.\.|\+=|\|\||::|/(?![*])|[-+*%^=<>(){}\[\],.:|;&!])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Token:
    """One word of a statement.

    Attributes
    ----------
    value : str
        As written, but a parameter without ``$`` and a quoted name without backticks.
    """

    kind: Kind
    value: str

    @property
    def upper(self) -> str:
        """The word in capitals where it may be a keyword, else as written."""
        return self.value.upper() if self.kind == "name" else self.value


def tokens(text: str) -> list[Token]:
    """Cut a statement into tokens; comments and spaces are left out.

    Parameters
    ----------
    text : str
        Cypher, at most 100,000 characters.

    Returns
    -------
    list of Token
        At least one; a semicolon at the very end is left out.

    Raises
    ------
    InvalidDataError
        If the text is empty or too long, a string or a comment is not closed, or a
        character has no place in Cypher.

    Examples
    --------
    >>> [token.value for token in tokens("RETURN 'a;b' AS x // ; y")]
    ['RETURN', "'a;b'", 'AS', 'x']
    """
    if len(text) > MAX_CHARACTERS:
        raise InvalidDataError(
            f"The statement has {len(text)} characters; at most {MAX_CHARACTERS} are "
            "read. Pass values as parameters."
        )
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise InvalidDataError(_unreadable(text, at))
        at = match.end()
        kind, value = match.lastgroup, match.group()
        if kind == "string":
            _refuse_escapes(value)
            found.append(Token("string", value))
        elif kind == "quoted":
            if not _PLAIN.fullmatch(value[1:-1]):
                raise InvalidDataError(
                    f"A name in backticks may hold letters, digits and _ only: {value}."
                )
            found.append(Token("quoted", value[1:-1]))
        elif kind == "parameter":
            found.append(Token("parameter", value[1:]))
        elif kind == "number":
            found.append(Token("number", value))
        elif kind == "name":
            found.append(Token("name", value))
        elif kind == "symbol":
            found.append(Token("symbol", value))
    if found and found[-1].value == ";":
        found.pop()
    _refuse_depth(found)
    if not found:
        raise InvalidDataError(
            "The statement is empty. Write Cypher, such as RETURN 1."
        )
    return found


def _refuse_depth(found: list[Token]) -> None:
    """Refuse what would take either engine, or the guard, out of its stack."""
    depth = 0
    for token in found:
        if token.kind == "symbol":
            depth += (token.value in "([{") - (token.value in ")]}")
            if depth > MAX_DEPTH:
                raise InvalidDataError(
                    f"Brackets are nested more than {MAX_DEPTH} deep. Write it flatter."
                )


def _refuse_escapes(string: str) -> None:
    """Refuse escapes that the two stores read differently, or one does not know."""
    for escape in _ESCAPE.finditer(string):
        if escape[1] not in "\\'\"nrt":
            raise InvalidDataError(
                f"The escape {escape[0]!r} in a string is not portable. Write the "
                "character itself, or pass the text as a parameter."
            )
    if "\0" in string:
        raise InvalidDataError("A string holds a NUL character. Leave it out.")


def _unreadable(text: str, at: int) -> str:
    """Say what is wrong with text that no token begins with."""
    rest = text[at : at + 20].split("\n")[0]
    if rest[0] in "'\"":
        return f"A string is not closed: {rest}"
    if rest.startswith("`"):
        return f"A name in backticks is not closed: {rest}"
    if rest.startswith("/*"):
        return "A comment is not closed: /* needs */."
    if rest[0] == "$":
        return f"A parameter is $ and a name of letters, digits and _, found: {rest!r}."
    return (
        f"Unexpected character {rest[0]!r} outside a string. Put text in quotes, or "
        "pass it as a parameter."
    )
