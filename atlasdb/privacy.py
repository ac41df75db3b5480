"""Who somebody is stays with the laboratory: keyed pseudonyms for subjects.

A subject's id in the graph is ``sub-`` and 80 bits of HMAC-SHA256 of the
laboratory's label under a secret key, in base32. The key is a file that only its
owner may read, outside every atlas; beside it lies the table that leads from
pseudonyms back to labels. Whoever destroys both makes the atlas unlinkable.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import stat
from pathlib import Path

from atlasdb.errors import InvalidDataError

KEY_VARIABLE = "ATLASDB_KEY_FILE"


def bare_label(label: str) -> str:
    """Give a subject label without the prefix ``sub-`` that BIDS puts before it.

    Examples
    --------
    >>> bare_label("sub-01"), bare_label("01")
    ('01', '01')
    """
    return label.strip().removeprefix("sub-")


class Keyring:
    """The secret key of this user, and the labels that it has stood for.

    Parameters
    ----------
    path : Path, optional
        The key file. Default: ``$ATLASDB_KEY_FILE``, else ``key`` in the user's data
        directory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_key_file()

    @property
    def exists(self) -> bool:
        """Whether this machine holds a key."""
        return self.path.is_file()

    def pseudonym(self, label: str) -> str:
        """Give the pseudonym of a label; make the key on first use."""
        bare = bare_label(label)
        digest = hmac.new(self._key(), bare.encode(), hashlib.sha256).digest()
        return "sub-" + base64.b32encode(digest[:10]).decode().lower()

    def remember(self, labels: dict[str, str]) -> None:
        """Keep which label each pseudonym stands for, beside the key."""
        known = self.labels()
        new = {p: bare_label(v) for p, v in labels.items() if p not in known}
        if not new:
            return
        table = self._table()
        descriptor = os.open(table, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.writelines(json.dumps(pair) + "\n" for pair in new.items())

    def labels(self) -> dict[str, str]:
        """Labels by pseudonym, empty where this machine holds no key."""
        table = self._table()
        if not self.exists or not table.is_file():
            return {}
        lines = table.read_text(encoding="utf-8").splitlines()
        return dict(json.loads(line) for line in lines)

    def forget(self, pseudonym: str) -> None:
        """Remove one line of the table of labels."""
        kept = {p: v for p, v in self.labels().items() if p != pseudonym}
        table = self._table()
        if not table.is_file():
            return
        part = table.with_suffix(".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(pair) + "\n" for pair in kept.items())
        part.replace(table)

    def _table(self) -> Path:
        return self.path.with_name(self.path.name + ".labels")

    def _key(self) -> bytes:
        if not self.exists:
            self._make()
        mode = self.path.stat().st_mode
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise InvalidDataError(
                f"The key file {self.path} can be read by others (mode "
                f"{stat.S_IMODE(mode):o}). Run: chmod 600 {self.path}"
            )
        try:
            key = bytes.fromhex(self.path.read_text(encoding="ascii").strip())
        except ValueError as error:
            raise InvalidDataError(
                f"The key file {self.path} is damaged: it must hold 64 hexadecimal "
                "digits. Restore it from a backup; a new key gives new pseudonyms."
            ) from error
        if len(key) < 16:
            raise InvalidDataError(f"The key file {self.path} is too short.")
        return key

    def _make(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process was first: its key is the key
            return
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")


def default_key_file() -> Path:
    """Where the key lies: ``$ATLASDB_KEY_FILE`` or the user's data directory."""
    named = os.environ.get(KEY_VARIABLE)
    if named:
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("atlasdb", appauthor=False) / "key"
