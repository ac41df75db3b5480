"""Everything that can go wrong, in one place.

::

    AtlasError              every error raised on purpose
    ├── NotFoundError       a subject, region, cohort or query that is not there
    ├── InvalidDataError    an input file, array or option that cannot be used as it is
    ├── StoreError          the database refused, or could not be reached
    └── MissingExtraError   a package that an optional part needs is not installed

A message says what was wrong, what was found, and what to do, in one line. It
never holds a name, a date or a path that could identify a person beyond what the
user typed.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class AtlasError(Exception):
    """Base of every error that atlasdb raises on purpose; its message is one line."""

    def __init__(self, message: str = "") -> None:
        super().__init__(" ".join(message.splitlines()))


class NotFoundError(AtlasError, LookupError):
    """A subject, region, cohort, file or query that is not there."""


class InvalidDataError(AtlasError, ValueError):
    """An input file, array or option that cannot be used as it is."""


class StoreError(AtlasError):
    """The database refused, or could not be reached."""


class MissingExtraError(AtlasError, ImportError):
    """A package that an optional part needs is not installed."""

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(
            f"{what} needs {package}, which is not installed. "
            f'Run: pip install "atlasdb[{extra}]"'
        )


def did_you_mean(name: str, known: Iterable[str], *, n: int = 3) -> str:
    """Suggest the nearest known names, as the end of a message.

    Parameters
    ----------
    name : str
        What was asked for.
    known : iterable of str
        What there is.
    n : int, default=3
        At most so many suggestions.

    Returns
    -------
    str
        ``" Did you mean 'a' or 'b'?"``, or an empty string when nothing is near.

    Examples
    --------
    >>> did_you_mean("pagerang", ["pagerank", "regions"])
    " Did you mean 'pagerank'?"
    >>> did_you_mean("x", ["pagerank"])
    ''
    """
    names = sorted(set(known))
    near = get_close_matches(name, names, n=n, cutoff=0.6)
    starts = [k for k in names if name and k.lower().startswith(name.lower())]
    for k in starts:
        if k not in near and len(near) < n:
            near.append(k)
    if not near:
        return ""
    return " Did you mean " + " or ".join(f"'{k}'" for k in near) + "?"
