"""The files that an atlas is made from: the truth, of which a graph is a view.

``journal.jsonl`` has one line for each thing that was ever added, in order. A run's
line names its folder, which holds the rows as they go into the graph (small tables
in ``rows.json``, large ones as Parquet), the arrays (``.npz``) and ``manifest.json``
with the hash of every file. A folder gets its name, and its line, only when all of
it is on disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from atlasdb.batch import ARROW, Batch
from atlasdb.errors import InvalidDataError, NotFoundError, StoreError
from atlasdb.schema import NODES, RELATIONSHIPS, PropertyType

SMALL = 512
"""Tables of at most so many rows lie in ``rows.json``."""


@dataclass(frozen=True)
class JournalLine:
    """One thing that was added: a run's folder, or a user's own write."""

    n: int
    kind: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class StoredFile:
    """A file of a run, by content."""

    name: str
    sha256: str
    bytes: int


class Files:
    """The folder of files behind one atlas.

    Parameters
    ----------
    folder : Path
        Made on first write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def _journal(self) -> Path:
        return self.folder / "journal.jsonl"

    def atlas(self) -> str | None:
        """Give the random name of this atlas, None where nothing was written yet."""
        first = next(self.lines(every=True), None)
        return None if first is None else str(first.content["atlas"])

    def lines(self, *, after: int = 0, every: bool = False) -> Iterator[JournalLine]:
        """Give the journal's lines in order, those numbered above ``after``."""
        if not self._journal.is_file():
            return
        with self._journal.open(encoding="utf-8") as file:
            for text in file:
                if not text.endswith("\n"):  # a line cut short was never acknowledged
                    return
                content = json.loads(text)
                line = JournalLine(content.pop("n"), content.pop("kind"), content)
                if every or (line.n > after and line.kind != "atlas"):
                    yield line

    def last(self) -> int:
        """Give the number of the newest line, 0 for an empty journal."""
        return max((line.n for line in self.lines(every=True)), default=0)

    def keys(self) -> dict[str, str]:
        """Folders of runs by key: what needs not be computed again."""
        runs = (line for line in self.lines() if line.kind == "run")
        return {line.content["key"]: line.content["path"] for line in runs}

    def __contains__(self, key: str) -> bool:
        """Tell whether a run with this key is there."""
        return key in self.keys()

    def append(self, *contents: Mapping[str, Any]) -> list[JournalLine]:
        """Add lines to the journal; they are on disk when this returns."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._drop_torn_line()
        number = self.last()
        lines = []
        if not number:
            lines.append(JournalLine(1, "atlas", {"atlas": uuid.uuid4().hex}))
            number = 1
        for content in contents:
            number += 1
            rest = {k: v for k, v in content.items() if k != "kind"}
            lines.append(JournalLine(number, content["kind"], rest))
        text = "".join(
            json.dumps({"n": line.n, "kind": line.kind, **line.content}) + "\n"
            for line in lines
        )
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        return [line for line in lines if line.kind != "atlas"]

    def save(
        self,
        path: str,
        batch: Batch,
        arrays: Mapping[str, Mapping[str, NDArray[Any]]],
    ) -> None:
        """Write a run's folder; it has its name only when it is complete.

        Parameters
        ----------
        path : str
            Folder of the run below this folder, such as ``subject/key``.
        batch : Batch
            Rows as they go into the graph.
        arrays : mapping of str to dict of ndarray
            Each group becomes ``<name>.npz``.
        """
        final = self.folder / path
        final.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=final.parent))
        try:
            for name, group in arrays.items():
                save_arrays(part / f"{name}.npz", group)
            _save_rows(part, batch)
            manifest = {f.name: f.sha256 for f in _hashed(part)}
            with (part / "manifest.json").open("w", encoding="utf-8") as file:
                json.dump(manifest, file, indent=1, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            if final.exists():  # left by a run that was stopped before its line
                shutil.rmtree(final)
            part.rename(final)
        except OSError as error:
            raise StoreError(
                f"Could not write {final}: {error.strerror or error}. Nothing was "
                "added; free some space or choose another folder, and run it again."
            ) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def load(self, path: str) -> Batch:
        """Read the rows of a run back."""
        return _load_rows(self._run(path))

    def arrays(self, path: str) -> dict[str, NDArray[Any]]:
        """Read one file of arrays, by its path below this folder."""
        file = self.folder / path
        if not file.is_file():
            raise NotFoundError(
                f"The file {path} is not in {self.folder}. Name the folder that holds "
                "the atlas's files with --files."
            )
        with np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}

    def damaged(self) -> list[str]:
        """Give the files that are missing or not as they were written."""
        wrong = []
        for path in self.keys().values():
            folder = self.folder / path
            manifest = folder / "manifest.json"
            if not manifest.is_file():
                wrong.append(f"{path}/manifest.json")
                continue
            for name, digest in json.loads(manifest.read_text("utf-8")).items():
                file = folder / name
                if not file.is_file() or sha256(file) != digest:
                    wrong.append(f"{path}/{name}")
        return wrong

    def remove(self, concerned: Callable[[JournalLine], bool]) -> int:
        """Remove lines of the journal, then the folders that only they named.

        Returns
        -------
        int
            How many lines were removed.
        """
        lines = list(self.lines(every=True))
        gone = [line for line in lines if concerned(line)]
        part = self._journal.with_suffix(".part")
        with part.open("w", encoding="utf-8") as file:
            for line in lines:
                if line not in gone:
                    content = {"n": line.n, "kind": line.kind, **line.content}
                    file.write(json.dumps(content) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._journal)
        for line in gone:
            if "path" in line.content:
                folder = self.folder / line.content["path"]
                shutil.rmtree(folder, ignore_errors=True)
                with contextlib.suppress(OSError):  # others' runs may be beside it
                    folder.parent.rmdir()
        return len(gone)

    def _run(self, path: str) -> Path:
        folder = self.folder / path
        if not (folder / "rows.json").is_file():
            raise StoreError(
                f"The files of {path} are missing from {self.folder}. Restore them "
                "from a backup; 'atlasdb verify' lists all that are."
            )
        return folder

    def _drop_torn_line(self) -> None:
        if not self._journal.is_file():
            return
        text = self._journal.read_bytes()
        if text and not text.endswith(b"\n"):
            os.truncate(self._journal, text.rfind(b"\n") + 1)


def sha256(path: Path) -> str:
    """Hash the content of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write named arrays to one file, the same bytes for the same arrays."""
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **dict(arrays))
        file.flush()
        os.fsync(file.fileno())


def pack(arrays: Mapping[str, NDArray[Any]]) -> tuple[str, int]:
    """Give the hash of named arrays, and their size in bytes."""
    digest = hashlib.sha256()
    size = 0
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(array.tobytes())
        size += array.nbytes
    return digest.hexdigest(), size


def _hashed(folder: Path) -> list[StoredFile]:
    files = sorted(p for p in folder.iterdir() if p.is_file())
    return [StoredFile(p.name, sha256(p), p.stat().st_size) for p in files]


def _save_rows(folder: Path, batch: Batch) -> None:
    tables: dict[str, pa.Table] = dict(batch.nodes)
    tables |= {"-".join(ends): table for ends, table in batch.edges.items()}
    small: dict[str, Any] = {"batch": 1, "tables": {}}
    for name, table in tables.items():
        if table.num_rows <= SMALL:
            small["tables"][name] = _compact(table)
        else:
            small["tables"][name] = None
            path = folder / f"{name}.parquet"
            with path.open("wb") as file:
                pq.write_table(table, file, compression="zstd", compression_level=1)
                file.flush()
                os.fsync(file.fileno())
    with (folder / "rows.json").open("w", encoding="utf-8") as file:
        json.dump(small, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())


def _compact(table: pa.Table) -> dict[str, Any]:
    """Columns as lists; a column without any value is left out."""
    columns = zip(table.column_names, table.columns, strict=True)
    return {"rows": table.num_rows} | {
        name: column.to_pylist()
        for name, column in columns
        if column.null_count < table.num_rows
    }


def _load_rows(folder: Path) -> Batch:
    stored = json.loads((folder / "rows.json").read_text("utf-8"))
    if stored.get("batch") != 1:
        raise InvalidDataError(
            f"{folder.name} was written by a newer version of atlasdb. Upgrade it: "
            "pip install -U atlasdb"
        )
    batch = Batch()
    for name, columns in stored["tables"].items():
        if columns is None:
            table = _whole(name, pq.read_table(folder / f"{name}.parquet"))
        else:
            table = _table(name, columns)
        if "-" in name:
            kind, source, target = name.split("-")
            batch.edges[(kind, source, target)] = table
        else:
            batch.nodes[name] = table
    return batch


def _types(name: str) -> dict[str, PropertyType]:
    if "-" in name:
        declared = RELATIONSHIPS[name.split("-")[0]].properties
        return {"source": "str", "target": "str", **declared}
    return {"id": "str", **NODES[name].properties}


def _whole(name: str, table: pa.Table) -> pa.Table:
    """Give rows that an older version wrote the properties that there are now."""
    held = set(table.column_names)
    return pa.table(
        {
            column: table.column(column)
            if column in held
            else pa.nulls(table.num_rows, ARROW[kind])
            for column, kind in _types(name).items()
        }
    )


def _table(name: str, columns: dict[str, Any]) -> pa.Table:
    n_rows = columns["rows"]
    return pa.table(
        {
            column: pa.array(columns[column], type=ARROW[kind])
            if column in columns
            else pa.nulls(n_rows, ARROW[kind])
            for column, kind in _types(name).items()
        }
    )
