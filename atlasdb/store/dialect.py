"""The guard before users' own Cypher: what may be asked, and what may be written.

A question to LadybugDB, and a write to either store, must be of the portable part of
the language (`atlasdb.store.statements`): each of its answers is the same on both.
A question to Neo4j may use all of Cypher but what writes, administers or reaches
files; the server checks it once more. Nothing is ever rewritten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atlasdb.errors import InvalidDataError
from atlasdb.schema import WRITABLE_NODES, WRITABLE_RELATIONSHIPS
from atlasdb.store.freeform import check_names, check_procedures
from atlasdb.store.statements import Statement
from atlasdb.store.tokens import Token, tokens
from atlasdb.store.values import of_python

_WRITING = frozenset(
    ["CREATE", "INSERT", "MERGE", "SET", "DELETE", "DETACH", "REMOVE", "FOREACH"]
)
_FILES = frozenset(
    ["LOAD", "COPY", "EXPORT", "IMPORT", "INSTALL", "UNINSTALL", "ATTACH"]
)
_ADMINISTRATION = frozenset(
    [
        *("ALTER", "ANALYZE", "BEGIN", "CHECKPOINT", "COMMIT", "CYPHER", "DEALLOCATE"),
        *("DENY", "DROP", "DRYRUN", "ENABLE", "EXPLAIN", "GRANT", "PROFILE"),
        *("REALLOCATE", "RENAME", "REVOKE", "ROLLBACK", "SHOW", "TERMINATE", "USE"),
    ]
)
_PAIRS = ("START DATABASE", "STOP DATABASE", "COMMENT ON")
_SCHEMA = frozenset(
    [
        *("ALIAS", "COMPOSITE", "CONSTRAINT", "DATABASE", "FULLTEXT", "INDEX"),
        *("LOOKUP", "NODE", "OR", "POINT", "RANGE", "REL", "ROLE", "SEQUENCE"),
        *("TABLE", "TEXT", "TYPE", "USER", "VECTOR"),
    ]
)


def check_read(text: str, parameters: Mapping[str, Any], dialect: str) -> None:
    """Refuse a statement that is not a plain question.

    Parameters
    ----------
    text : str
        Cypher of a user.
    parameters : mapping
        Its parameters: exactly the ``$names`` of the text.
    dialect : str
        ``"ladybug"`` or ``"neo4j"``: where it would run.

    Raises
    ------
    InvalidDataError
        With the reason and the portable spelling, in one line.

    Examples
    --------
    >>> check_read("MATCH (s:Subject) RETURN count(s) AS n", {}, "ladybug")
    >>> check_read("MATCH (s:Subject) RETURN log(s.age_years) AS x", {}, "ladybug")
    Traceback (most recent call last):
    atlasdb.errors.InvalidDataError: log() is the natural logarithm on Neo4j and ...
    """
    words = tokens(text)
    _refuse_commands(words, write=False)
    check_parameters(text, parameters)
    if dialect == "neo4j":
        check_procedures(words)
        check_names(words)
    else:
        _check_portable(words, parameters, write=False)


def check_write(text: str, parameters: Mapping[str, Any], dialect: str) -> None:
    """Refuse a write that touches more than what people may write themselves.

    Parameters and errors are those of `check_read`. A write must be portable on
    either dialect: it is kept, and replayed wherever the graph is made anew.

    Examples
    --------
    >>> check_write("CREATE (:Annotation {id: 'a', text: 'odd'})", {}, "neo4j")
    """
    words = tokens(text)
    _refuse_commands(words, write=True)
    check_parameters(text, parameters)
    _check_portable(words, parameters, write=True)


def check_parameters(text: str, parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that are missing (ladybug would take null) or unused.

    Raises
    ------
    InvalidDataError
        Naming each of them.
    """
    used = {token.value for token in tokens(text) if token.kind == "parameter"}
    missing = sorted(used - set(parameters))
    if missing:
        raise InvalidDataError(
            "The statement needs a value for "
            + ", ".join(f"${name}" for name in missing)
            + "."
        )
    unused = sorted(set(parameters) - used)
    if unused:
        raise InvalidDataError(
            "The statement does not use "
            + ", ".join(f"${name}" for name in unused)
            + ". Leave it out, or write it into the text."
        )


def _check_portable(
    words: list[Token], parameters: Mapping[str, Any], *, write: bool
) -> None:
    values = {name: of_python(name, [value]) for name, value in parameters.items()}
    try:
        Statement(words, values).check(write=write)
    except RecursionError as error:
        raise InvalidDataError("The statement is nested too deeply.") from error


def _refuse_commands(words: list[Token], *, write: bool) -> None:
    """Refuse what no user's statement may hold, wherever it stands."""
    for at, token in enumerate(words):
        if token.value == ";":
            raise InvalidDataError("One statement at a time: leave out the semicolon.")
        if token.kind != "name" or (at and words[at - 1].value == "."):
            # No exemption behind AS: a variable may itself be called so.
            continue
        word = token.upper
        after = words[at + 1].upper if at + 1 < len(words) else ""
        if word in _FILES:
            raise InvalidDataError(
                f"{word} reaches files or packages, which no statement may do. Use "
                "'atlasdb ingest' and 'atlasdb export'."
            )
        if word in _ADMINISTRATION or f"{word} {after}" in _PAIRS:
            raise InvalidDataError(
                f"{word} administers the database, which no statement may do here."
            )
        if word == "CREATE" and after in _SCHEMA:
            raise InvalidDataError(
                f"CREATE {after} changes the schema, which belongs to atlasdb."
            )
        if word == "TRANSACTIONS" and words[at - 1].upper == "IN":
            raise InvalidDataError("CALL { } IN TRANSACTIONS is for writes: leave it.")
        if word in ("REMOVE", "FOREACH") and write:
            instead = "SET n.p = NULL" if word == "REMOVE" else "UNWIND"
            raise InvalidDataError(f"{word} is not portable: use {instead}.")
        if word in _WRITING and not write:
            own = " and ".join((*WRITABLE_NODES, *WRITABLE_RELATIONSHIPS))
            raise InvalidDataError(
                f"{word} writes: a question cannot. Add --write to write {own}."
            )
