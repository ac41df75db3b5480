"""File arguments that stand for a cohort: ``{subject}`` in a path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from atlasdb.errors import InvalidDataError, NotFoundError

SUBJECT = "{subject}"


@dataclass(frozen=True)
class Found:
    """A file, and the label that its path has in the place of ``{subject}``."""

    path: Path
    subject: str


def expand(pattern: str) -> list[Found]:
    """Find the files that a pattern stands for.

    Parameters
    ----------
    pattern : str
        A path with ``{subject}`` in the names of folders or of the file, once or more
        often; wherever it stands, it is the same label. It matches one or more
        characters of one name. All other characters stand for themselves.

    Returns
    -------
    list of Found
        Sorted by path. Hidden files are left out.

    Raises
    ------
    NotFoundError
        If no file fits.
    InvalidDataError
        If the pattern has no ``{subject}``, or another word in braces.

    Examples
    --------
    >>> expand("nowhere/{subject}/eeg.edf")
    Traceback (most recent call last):
    atlasdb.errors.NotFoundError: No file fits nowhere/{subject}/eeg.edf: there is no
    folder nowhere. ...
    """
    other = re.search(r"\{(?!subject\})[^{}/]*\}", pattern)
    if SUBJECT not in pattern or (other and not Path(pattern).exists()):
        raise InvalidDataError(
            f"{pattern} has {other[0] if other else 'no word in braces'}; {SUBJECT} is "
            "the one that stands for the label of a subject."
        )
    parts = Path(pattern).expanduser().parts
    first = next(i for i, part in enumerate(parts) if SUBJECT in part)
    start = Path(*parts[:first])
    if not start.is_dir():
        raise NotFoundError(
            f"No file fits {pattern}: there is no folder {start}. Check the path."
        )
    reached: list[tuple[Path, str | None]] = [(start, None)]
    for depth, part in enumerate(parts[first:], start=first):
        last = depth == len(parts) - 1
        reached = [
            (folder / name, label)
            for folder, known in reached
            for name, label in _matches(folder, part, known)
            if last or (folder / name).is_dir()
        ]
    found = [Found(path, label) for path, label in reached if label]
    if not found:
        raise NotFoundError(
            f"No file fits {pattern}. Each {SUBJECT} stands for one part of a name, "
            "every other character for itself."
        )
    return sorted(found, key=lambda one: one.path)


def _matches(
    folder: Path, part: str, known: str | None
) -> list[tuple[str, str | None]]:
    """Names in a folder that fit one part of the pattern, with their label."""
    if SUBJECT not in part:
        return [(part, known)] if (folder / part).exists() else []
    if known is not None:
        name = part.replace(SUBJECT, known)
        return [(name, known)] if (folder / name).exists() else []
    before, *between = (re.escape(text) for text in part.split(SUBJECT))
    later = "".join(f"(?P=label){text}" for text in between[1:])
    fits = re.compile(f"{before}(?P<label>.+?){between[0]}{later}", re.DOTALL)
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError as error:
        raise InvalidDataError(
            f"The folder {folder} cannot be read ({error.strerror}). Check who may."
        ) from error
    hidden = part.startswith(".")
    return [
        (name, match["label"])
        for name in names
        if (match := fits.fullmatch(name)) and (hidden or not name.startswith("."))
    ]
