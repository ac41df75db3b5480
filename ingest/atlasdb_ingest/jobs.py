"""What is to be done: one job for each recording, with the key of its result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from atlasdb.errors import InvalidDataError, NotFoundError
from atlasdb.files import sha256
from atlasdb.types import Subject
from atlasdb_ingest import modalities
from atlasdb_ingest.patterns import filled

PIPELINE_VERSION = 2
"""Raised when the same input and settings begin to give another result."""


@dataclass(frozen=True)
class Learning:
    """How connections are learned; None leaves the choice to the modality."""

    model: str | None = None
    engine: str | None = None
    seed: int = 0
    device: str = "auto"


@dataclass(frozen=True, eq=False)
class Job:
    """One recording of one subject.

    Attributes
    ----------
    subject : Subject
        With the id that the graph will hold.
    label : str
        What the user called the subject, for messages.
    options : object
        ``Options`` of the modality.
    """

    path: Path
    modality: str
    subject: Subject
    label: str
    options: Any
    session: str | None = None
    task: str | None = None
    run: str | None = None

    def check(self) -> None:
        """Refuse a recording that is not there, before anything heavy starts."""
        if not self.path.exists():
            raise NotFoundError(f"There is no file {self.path}.")

    def settings(self, learning: Learning) -> dict[str, Any]:
        """Give everything but the recording that makes the result."""
        options = {
            field.name: _content(getattr(self.options, field.name))
            for field in fields(self.options)
        }
        learned = _learned(self.modality, self.options, learning)
        return {
            "version": PIPELINE_VERSION,
            "kind": self.modality,
            "options": options,
            "learning": learned,
        }

    def key(self, learning: Learning) -> str:
        """Give the key of the result: equal inputs and settings, equal key."""
        module = modalities.load(self.modality)
        parts = [_content(path) for path in module.files(self.path, self.options)]
        where = [self.subject.id, self.session, self.task, self.run]
        return _hash({"settings": self.settings(learning), "in": parts, "of": where})


def settings_hash(settings: Mapping[str, Any]) -> str:
    """Give a short hash of settings, without what differs between subjects.

    Nor what the parcellation says: its areas.
    """
    left = ("events", "channels", "electrodes", "confounds", "mask", "nodes", "areas")
    options = {k: v for k, v in settings["options"].items() if k not in left}
    return _hash(dict(settings) | {"options": options})[:12]


def with_labels(options: Any, labels: Mapping[str, str | None]) -> Any:
    """Put labels where an option's path holds ``{subject}`` or ``{session}``."""
    changed = {}
    for field in fields(options):
        value = getattr(options, field.name)
        if isinstance(value, Path):
            changed[field.name] = Path(filled(str(value), labels))
    return replace(options, **changed)


def make_options(modality: str, given: Mapping[str, Any]) -> Any:
    """Make a modality's ``Options`` from what was given, None being not given."""
    module = modalities.load(modality)
    known = {field.name for field in fields(module.Options)}
    unknown = sorted(set(given) - known)
    if unknown:
        raise InvalidDataError(
            f"{modality} has no option {', '.join(unknown)}. It has: "
            f"{', '.join(sorted(known))}."
        )
    return module.Options(**{k: v for k, v in given.items() if v is not None})


def _learned(modality: str, options: Any, learning: Learning) -> dict[str, Any] | None:
    kind = {"eeg": "eeg", "fmri": "fmri"}.get(modality)
    kind = kind or getattr(options, "modality", None)
    if modality in ("matrix", "neurons") or kind is None:
        return None
    from atlasdb_ingest.learning import trainer

    chosen = trainer.settings(learning.model, learning.engine, kind)
    return dict(chosen) | {"seed": learning.seed}


def _content(value: Any) -> Any:
    """Give a value for hashing: a file stands for its content, not its name."""
    if isinstance(value, Path):
        if value.is_file():
            return {"file": _sha256(value, value.stat().st_mtime_ns)}
        if value.is_dir():
            inside = sorted(p for p in value.rglob("*") if p.is_file())
            return {"folder": [_sha256(p, p.stat().st_mtime_ns) for p in inside]}
        if not value.exists() and (value.suffix or value.parent != Path()):
            raise NotFoundError(f"There is no file {value}.")
        return str(value)
    if isinstance(value, tuple | list):
        return [_content(v) for v in value]
    if is_dataclass(value) and not isinstance(value, type):
        return _content(asdict(value))
    if isinstance(value, Mapping):
        return {str(k): _content(v) for k, v in value.items()}
    return value


@lru_cache(maxsize=4096)
def _sha256(path: Path, modified: int) -> str:
    return sha256(path)


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
