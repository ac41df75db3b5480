"""The files of a BIDS folder by their entities, and what they inherit.

Names are parsed by ancpbids. Only the root and its ``sub-`` folders are looked at,
and nothing that a link leads to outside of them.
"""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from atlasdb.errors import InvalidDataError, NotFoundError

DESCRIPTION = "dataset_description.json"
_LARGEST_JSON = 16 * 1024 * 1024


@dataclass(frozen=True)
class NamedFile:
    """A file whose name says what it is: ``sub-01_task-rest_bold.nii.gz``."""

    path: Path
    folder: PurePosixPath
    """Where it lies, relative to the root of the data set."""
    entities: Mapping[str, str]
    suffix: str
    extension: str


class Index:
    """All named files of one data set.

    Parameters
    ----------
    root : Path
        A folder with ``sub-`` folders.

    Raises
    ------
    NotFoundError
        If there is no such folder.
    InvalidDataError
        If it cannot be read, or a folder in it is a link that leads out of it.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            what = "is a file, not a folder" if root.exists() else "is not there"
            raise NotFoundError(f"The BIDS folder {root} {what}. Check the path.")
        self.root = root
        self._real = root.resolve()
        self.files = self._walk()
        self._by_folder: dict[PurePosixPath, list[NamedFile]] = {}
        for file in self.files:
            self._by_folder.setdefault(file.folder, []).append(file)

    @property
    def subjects(self) -> list[str]:
        """Labels of the subjects that have a folder, without ``sub-``, sorted."""
        return sorted(
            path.name[4:]
            for path in self.root.iterdir()
            if path.name.startswith("sub-") and path.is_dir()
        )

    def select(
        self, datatype: str, suffix: str, extensions: Collection[str]
    ) -> list[NamedFile]:
        """Give the files of a datatype's folders by suffix and ending, sorted."""
        return [
            file
            for file in self.files
            if file.folder.name == datatype
            and file.suffix == suffix
            and file.extension in extensions
        ]

    def inherited(
        self,
        file: NamedFile,
        suffix: str,
        extension: str,
        free: Collection[str] = (),
    ) -> list[NamedFile]:
        """Give the files that apply to one by BIDS's inheritance, nearest first.

        They lie in its folder or above, and all their entities are entities of the
        file (or in `free`).
        """
        applicable = []
        for folder in (file.folder, *file.folder.parents):
            here = [
                other
                for other in self._by_folder.get(folder, ())
                if other.suffix == suffix
                and other.extension == extension
                and all(
                    file.entities.get(key) == value or key in free
                    for key, value in other.entities.items()
                )
            ]
            shared = file.entities.keys()
            here.sort(
                key=lambda other: (
                    len(other.entities.keys() - shared),
                    -len(other.entities),
                    other.path.name,
                )
            )
            applicable += here
        return applicable

    def metadata(self, file: NamedFile, suffix: str | None = None) -> dict[str, Any]:
        """Give what the JSON files say of a file; the nearest one has the last word."""
        said: dict[str, Any] = {}
        for sidecar in reversed(self.inherited(file, suffix or file.suffix, ".json")):
            said.update(read_json(self.checked(sidecar.path)))
        return said

    def same(
        self, file: NamedFile, suffix: str, extension: str, **entities: str
    ) -> Path | None:
        """Give the file beside one whose entities are equal but for these."""
        wanted = {**file.entities, **entities}
        wanted = {key: value for key, value in wanted.items() if value}
        for other in self._by_folder.get(file.folder, ()):
            if (
                other.suffix == suffix
                and other.extension == extension
                and other.entities == wanted
            ):
                return self.checked(other.path)
        return None

    def checked(self, path: Path) -> Path:
        """Give a path back if it leads to a file within the data set.

        Raises
        ------
        InvalidDataError
            If it is a link to nothing, or to something outside.
        """
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise InvalidDataError(
                f"{path.name} is a link to a file that is not here. Fetch its content "
                "first (with DataLad: datalad get)."
            ) from error
        if not real.is_relative_to(self._real):
            raise InvalidDataError(
                f"{path.name} is a link out of the data set, which is not followed. "
                "Copy the file into the BIDS folder."
            )
        return path

    def _walk(self) -> list[NamedFile]:
        from ancpbids.utils import parse_bids_name

        files: list[NamedFile] = []
        seen: set[Path] = set()
        for top, folders, names in os.walk(
            self.root, onerror=_unreadable, followlinks=True
        ):
            folder = Path(top)
            real = folder.resolve()
            if folder == self.root:
                folders[:] = [name for name in folders if name.startswith("sub-")]
            elif real in seen or not real.is_relative_to(self._real):
                if not real.is_relative_to(self._real):
                    raise InvalidDataError(
                        f"The folder {folder.name} is a link out of the data set, "
                        "which is not followed. Copy it into the BIDS folder."
                    )
                folders.clear()
                continue
            seen.add(real)
            folders.sort()
            relative = PurePosixPath(folder.relative_to(self.root).as_posix())
            for name in sorted(names):
                parsed = parse_bids_name(name) or _bare(name)
                if parsed and not name.startswith("."):
                    files.append(NamedFile(folder / name, relative, **parsed))
        return files


def open_dataset(root: Path) -> Index:
    """Index a folder that must be a BIDS data set.

    Raises
    ------
    NotFoundError
        If there is no such folder.
    InvalidDataError
        If it has no readable dataset_description.json.
    """
    if root.is_dir() and not (root / DESCRIPTION).is_file():
        there = Counter(_kind(path) for path in root.iterdir())
        held = ", ".join(f"{n} {kind}" for kind, n in there.most_common(5))
        raise InvalidDataError(
            f"{root} is not a BIDS folder: it has no {DESCRIPTION}. It holds "
            f"{held or 'nothing'}. For single files: atlasdb ingest eeg FILE."
        )
    index = Index(root)
    read_json(index.checked(root / DESCRIPTION))
    return index


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds one object.

    Raises
    ------
    InvalidDataError
        If it is not JSON, not an object, or larger than 16 MiB.
    """
    try:
        size = path.stat().st_size
        text = path.read_text(encoding="utf-8-sig") if size <= _LARGEST_JSON else ""
        content = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidDataError(
            f"{path.name} cannot be read as JSON ({type(error).__name__}). Correct it, "
            "for example with the BIDS validator's help."
        ) from error
    if not isinstance(content, dict):
        raise InvalidDataError(f"{path.name} must hold one JSON object.")
    return content


def positive(value: object) -> float | None:
    """Give a number above zero, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) and value > 0 else None


def _unreadable(error: OSError) -> None:
    raise InvalidDataError(
        f"A folder of the data set cannot be read ({error.strerror}). Check who may."
    ) from error


def _bare(name: str) -> dict[str, Any] | None:
    """Parse a name without entities, as ``bold.json`` at the root."""
    stem, dot, extension = name.partition(".")
    if not dot or not stem.isalpha():
        return None
    return {"entities": {}, "suffix": stem, "extension": f".{extension}"}


def _kind(path: Path) -> str:
    if path.is_dir():
        return "sub- folders" if path.name.startswith("sub-") else "folders"
    return f"{''.join(path.suffixes[-2:]) or 'nameless'} files"
