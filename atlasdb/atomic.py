"""Files that have their name only when they are complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from atlasdb.errors import InvalidDataError


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Write a file under another name first: a half-written one never has its own.

    Parameters
    ----------
    path : Path
        Its folder is made if it is not there.

    Yields
    ------
    Path
        Where to write. It gets the name when the block ends, and is gone if it fails.

    Raises
    ------
    InvalidDataError
        If nothing can be written there: before the block runs, where that shows.
    """
    part = path.with_name(f".part-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
        yield part
        part.replace(path)
    except OSError as error:
        raise InvalidDataError(
            f"Could not write {path}: {error.strerror or error}."
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()
