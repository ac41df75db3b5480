"""A place in a row of tokens, and the names that both stores take."""

from __future__ import annotations

from atlasdb.errors import InvalidDataError
from atlasdb.store.tokens import Token

_RESERVED = """
ACYCLIC ALL AND ANY ASC ASCENDING CASE CAST COLUMN CREATE DBTYPE DEFAULT DESC
DESCENDING DISTINCT ELSE END ENDS EXISTS FALSE FOR GLOB GROUP HEADERS HINT IN
INDEX INSTALL JOIN MACRO MULTI_JOIN NONE NOT NULL ON ONLY OPTIONAL OR ORDER
PRIMARY PROFILE SHORTEST SINGLE STARTS TABLE THEN TRAIL TRUE UNION UNWIND WHEN
WHERE WITH WSHORTEST XOR
"""
RESERVED = frozenset(_RESERVED.split())
"""Words that LadybugDB does not take as the name of anything."""


class Cursor:
    """Read tokens one after the other."""

    def __init__(self, words: list[Token]) -> None:
        self.words = words
        self.at = 0

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
