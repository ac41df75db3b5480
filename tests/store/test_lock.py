"""A folder has one writer or many readers, whatever becomes of them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from atlasdb.errors import InvalidDataError, StoreError
from atlasdb.store.lock import LOCK_NAME, VARIABLE, FolderLock

HOLD = """
import sys, time
from pathlib import Path
from atlasdb.store.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]), exclusive=sys.argv[2] == "write")
print("held", flush=True)
time.sleep(60)
"""


def holder(folder: Path, how: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), how],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_readers_share_and_a_writer_waits_for_them(tmp_path: Path) -> None:
    readers = [FolderLock(tmp_path, exclusive=False) for _ in range(2)]
    with pytest.raises(StoreError, match="is being read by"):
        FolderLock(tmp_path, exclusive=True, timeout_s=0)
    for reader in readers:
        reader.release()
    with FolderLock(tmp_path, exclusive=True, timeout_s=0) as lock:
        assert lock.held


def test_a_second_writer_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    process = holder(tmp_path, "write")
    try:
        for exclusive in (True, False):
            with pytest.raises(StoreError) as refused:
                FolderLock(tmp_path, exclusive=exclusive, timeout_s=0.1)
            line = str(refused.value)
            assert f"process {process.pid}" in line
            assert "since 20" in line
            assert "\n" not in line
    finally:
        end(process)


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    process = holder(tmp_path, "write")
    end(process)
    with FolderLock(tmp_path, exclusive=True, timeout_s=0) as lock:
        assert lock.held


def test_whoever_comes_second_gets_in_when_the_first_lets_go(tmp_path: Path) -> None:
    process = holder(tmp_path, "read")
    started = time.monotonic()
    try:
        with pytest.raises(StoreError):
            FolderLock(tmp_path, exclusive=True, timeout_s=0.2)
        assert time.monotonic() - started >= 0.2
    finally:
        end(process)
    FolderLock(tmp_path, exclusive=True, timeout_s=5).release()


def test_the_lock_file_holds_no_path_and_no_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sys, "argv", ["/home/jane/bin/atlasdb", "ingest", "eeg", "/data/jane.edf"]
    )
    with FolderLock(tmp_path, exclusive=True):
        holder = json.loads((tmp_path / LOCK_NAME).read_text())
    assert holder["command"] == "atlasdb ingest"


def test_a_lock_file_of_rubbish_still_locks(tmp_path: Path) -> None:
    with FolderLock(tmp_path, exclusive=True):
        (tmp_path / LOCK_NAME).write_bytes(b"\xff not json")
        with pytest.raises(StoreError, match="another process"):
            FolderLock(tmp_path, exclusive=False, timeout_s=0)


@pytest.mark.parametrize("text", ["soon", "-1", "inf", "nan"])
def test_a_waiting_time_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(InvalidDataError, match=VARIABLE):
        FolderLock(tmp_path, exclusive=True)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere is not there"):
        FolderLock(tmp_path / "nowhere", exclusive=True)


def test_release_may_come_twice(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path, exclusive=True)
    lock.release()
    lock.release()
    assert not lock.held
