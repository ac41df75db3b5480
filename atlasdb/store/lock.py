"""One writer, many readers: a lock on a folder that holds between processes.

The lock is the operating system's, on the file ``.lock`` of the folder: it is let go
when its holder ends, however that happens. The file names who took it last, for the
message to whoever comes second. On Windows readers, too, come one at a time.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType

from atlasdb.errors import InvalidDataError, StoreError

LOCK_NAME = ".lock"
VARIABLE = "ATLASDB_LOCK_TIMEOUT"
_POLL_S = 0.05
# What may be said of a command line: no path, no label of a subject.
_WORDS = "ingest query cypher compare export rebuild verify check demo subjects info"

if sys.platform == "win32":
    import msvcrt

    # Bytes that are locked cannot be read there: lock one behind the holder's name.
    _OFFSET = 1 << 30

    def _try_lock(file: int, exclusive: bool) -> bool:
        os.lseek(file, _OFFSET, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: int) -> None:
        os.lseek(file, _OFFSET, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(file: int, exclusive: bool) -> bool:
        kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


class FolderLock:
    """A shared or exclusive lock on a folder, held until it is released.

    Parameters
    ----------
    folder : Path
        Folder that the lock stands for; it must exist.
    exclusive : bool
        True for a writer; readers share.
    timeout_s : float, optional
        How long to wait for others, s: ``ATLASDB_LOCK_TIMEOUT``, or 5.

    Raises
    ------
    StoreError
        If others do not let go in time: names the holder, what it runs and since
        when. Also if the file system cannot lock, or a writer may not write there.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as name:
    ...     with FolderLock(Path(name), exclusive=True) as lock:
    ...         lock.held
    True
    """

    def __init__(
        self, folder: Path, *, exclusive: bool, timeout_s: float | None = None
    ) -> None:
        self.folder = folder
        self.exclusive = exclusive
        self._file: int | None = None
        wait_s = _timeout() if timeout_s is None else timeout_s
        file = _open(folder, exclusive)
        if file is None:
            return
        try:
            deadline = time.monotonic() + wait_s
            while not _try_lock(file, exclusive):
                if time.monotonic() >= deadline:
                    raise StoreError(_refusal(folder, file, exclusive))
                time.sleep(_POLL_S)
            _write_holder(file, exclusive)
        except OSError as error:
            os.close(file)
            raise StoreError(
                f"{folder} cannot be locked ({error.strerror}). Put the atlas on a "
                "file system with file locks."
            ) from error
        except BaseException:
            os.close(file)
            raise
        self._file = file

    @property
    def held(self) -> bool:
        """Whether the lock is held: a reader of a read-only folder needs none."""
        return self._file is not None

    def release(self) -> None:
        """Let go; safe to call twice."""
        file, self._file = self._file, None
        if file is not None:
            try:
                _unlock(file)
            finally:
                os.close(file)

    def __enter__(self) -> FolderLock:
        """Give the lock, which is held already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go."""
        self.release()


def _timeout() -> float:
    """Give the waiting time that the user asked for, s."""
    text = os.environ.get(VARIABLE, "5")
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise InvalidDataError(f"{VARIABLE} must be a number of seconds, not '{text}'.")
    return seconds


def _open(folder: Path, exclusive: bool) -> int | None:
    """Open the lock file; None where a reader can have none and needs none."""
    path = folder / LOCK_NAME
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except FileNotFoundError as error:
        raise StoreError(f"{folder} is not there.") from error
    except OSError as error:
        if exclusive:
            raise StoreError(
                f"{folder} cannot be written to ({error.strerror}). Ask for the right "
                "to write, or copy the atlas to a folder of your own."
            ) from error
    try:
        return os.open(path, os.O_RDONLY)
    except OSError:
        return None


def _write_holder(file: int, exclusive: bool) -> None:
    """Say in the lock file who holds it: of many readers, the last."""
    words = [word for word in sys.argv[1:] if word in _WORDS.split()]
    holder = {
        "pid": os.getpid(),
        "host": platform.node(),
        "command": " ".join([Path(sys.argv[0] or "python").name, *words[:1]]),
        "since": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "writes": exclusive,
    }
    text = json.dumps(holder).encode()
    try:
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, text)
        os.ftruncate(file, len(text))
    except OSError:
        # A reader of a folder that it may not write to, or a full disk: the lock
        # itself holds, only the name is missing.
        return


def _refusal(folder: Path, file: int, exclusive: bool) -> str:
    """Name the holder in one line."""
    try:
        os.lseek(file, 0, os.SEEK_SET)
        holder = json.loads(os.read(file, 4096))
        who = (
            f"{holder['command']}, process {holder['pid']} on {holder['host']}, "
            f"since {holder['since']}"
        )
        verb = "written" if holder["writes"] else "read"
    except (OSError, ValueError, KeyError, TypeError):
        who, verb = "another process", "used"
    then = "write" if exclusive else "read"
    return (
        f"{folder} is being {verb} by {who}. Wait until it has ended to {then}, or "
        f"set {VARIABLE} to the seconds to wait."
    )
