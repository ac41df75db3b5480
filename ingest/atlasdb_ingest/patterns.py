"""File arguments that stand for a cohort: ``{subject}`` and ``{session}`` in a path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from atlasdb.errors import InvalidDataError, NotFoundError

SUBJECT, SESSION = "{subject}", "{session}"
_WORD = re.compile(r"\{(subject|session)\}")


@dataclass(frozen=True)
class Found:
    """A file, and the labels that its path has in the place of the words."""

    path: Path
    subject: str
    session: str | None = None


def filled(path: str, labels: Mapping[str, str | None]) -> str:
    """Put labels in the place of the words that stand for them.

    Examples
    --------
    >>> filled("{subject}_ses-{session}.tsv", {"subject": "01", "session": None})
    '01_ses-{session}.tsv'
    """
    return _WORD.sub(lambda word: labels.get(word[1]) or word[0], path)


def expand(pattern: str) -> list[Found]:
    """Find the files that a pattern stands for.

    Parameters
    ----------
    pattern : str
        A path with ``{subject}`` in the names of folders or of the file, and
        ``{session}`` where people came more than once; wherever a word stands again,
        it is the same label. It matches one or more characters of one name, as few as
        fit. All other characters stand for themselves.

    Returns
    -------
    list of Found
        Sorted by path. Hidden files are left out.

    Raises
    ------
    NotFoundError
        If no file fits.
    InvalidDataError
        If the pattern has no ``{subject}``, or another word in braces; or if the
        label of a subject holds a BIDS session, so that each would be a person.

    Examples
    --------
    >>> expand("nowhere/{subject}/eeg.edf")
    Traceback (most recent call last):
    atlasdb.errors.NotFoundError: No file fits nowhere/{subject}/eeg.edf: there is no
    folder nowhere. ...
    """
    other = re.search(r"\{(?!(?:subject|session)\})[^{}/]*\}", pattern)
    if SUBJECT not in pattern or (other and not Path(pattern).exists()):
        raise InvalidDataError(
            f"{pattern} has {other[0] if other else 'no such word in braces'}; "
            f"{SUBJECT} is the one that stands for the label of a subject, {SESSION} "
            "beside it for that of a session."
        )
    parts = Path(pattern).expanduser().parts
    first = next(i for i, part in enumerate(parts) if _WORD.search(part))
    start = Path(*parts[:first])
    if not start.is_dir():
        raise NotFoundError(
            f"No file fits {pattern}: there is no folder {start}. Check the path."
        )
    reached: list[tuple[Path, dict[str, str]]] = [(start, {})]
    for depth, part in enumerate(parts[first:], start=first):
        last = depth == len(parts) - 1
        reached = [
            (folder / name, known | new)
            for folder, known in reached
            for name, new in _matches(folder, filled(part, known))
            if last or (folder / name).is_dir()
        ]
    found = [
        Found(path, known["subject"], known.get("session")) for path, known in reached
    ]
    if not found:
        raise NotFoundError(
            f"No file fits {pattern}. Each word in braces stands for one part of a "
            "name, every other character for itself."
        )
    for one in found:
        if "_ses-" in one.subject:
            raise InvalidDataError(
                f"In {pattern}, {SUBJECT} is {one.subject}: each session would be a "
                f"person. Write _ses-{SESSION} where the file names hold the session."
            )
    return sorted(found, key=lambda one: one.path)


def _matches(folder: Path, part: str) -> list[tuple[str, dict[str, str]]]:
    """Names in a folder that fit one part of the pattern, with their labels."""
    if not _WORD.search(part):
        return [(part, {})] if (folder / part).exists() else []
    known: set[str] = set()
    expression, at = "", 0
    for word in _WORD.finditer(part):
        expression += re.escape(part[at : word.start()])
        again = word[1] in known
        expression += f"(?P={word[1]})" if again else f"(?P<{word[1]}>.+?)"
        known.add(word[1])
        at = word.end()
    fits = re.compile(expression + re.escape(part[at:]), re.DOTALL)
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError as error:
        raise InvalidDataError(
            f"The folder {folder} cannot be read ({error.strerror}). Check who may."
        ) from error
    hidden = part.startswith(".")
    return [
        (name, match.groupdict())
        for name in names
        if (match := fits.fullmatch(name)) and (hidden or not name.startswith("."))
    ]
