"""The guard before users' own Cypher: what may be asked, and what may be written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atlasdb.errors import InvalidDataError
from atlasdb.store.tokens import tokens


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
    """
    check_parameters(text, parameters)


def check_write(text: str, parameters: Mapping[str, Any], dialect: str) -> None:
    """Refuse a write that touches more than what people may write themselves.

    Parameters and errors are those of `check_read`. A write must be portable on
    either dialect: it is kept, and replayed wherever the graph is made anew.
    """
    check_parameters(text, parameters)


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
