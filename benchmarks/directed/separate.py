"""Peers that cannot share our environment: lingam pins a scipy older than others need.

It gets a virtual environment of its own in the user's cache folder, made when it is
first wanted; arrays go there and back as .npz files.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from functools import lru_cache
from pathlib import Path

import numpy as np

from directed.known import Array, System
from directed.method import Found

_WORKER = Path(__file__).with_name("lingam_worker.py")
_PACKAGE = "lingam==1.13.*"


def folder() -> Path:
    import platformdirs

    name = f"lingam-py{sys.version_info.major}{sys.version_info.minor}"
    return platformdirs.user_cache_path("atlasdb") / "benchmarks" / name


@lru_cache(maxsize=1)
def unavailable() -> str | None:
    """Make the environment if it is not there; say why where that fails."""
    made = folder() / "made"
    if made.exists():
        return None
    print(f"Making {folder()} for {_PACKAGE} ...", file=sys.stderr, flush=True)
    try:
        venv.create(folder(), with_pip=True, clear=True)
        subprocess.run(
            [_python(), "-m", "pip", "install", "--quiet", _PACKAGE],
            check=True,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        last = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1]
        return f"not run: could not install {_PACKAGE} in {folder()} ({last})"
    made.touch()
    return None


def direct(data: Array, system: System) -> Found:
    return _run("direct", data, 0)


def lagged(data: Array, system: System) -> Found:
    return _run("lagged", data, 1 if system.slow else system.lags)


def _python() -> str:
    bin_folder = "Scripts" if sys.platform == "win32" else "bin"
    return str(folder() / bin_folder / "python")


def _run(which: str, data: Array, lags: int) -> Found:
    with tempfile.TemporaryDirectory() as place:
        given, made = Path(place) / "in.npz", Path(place) / "out.npz"
        np.savez(given, data=data)
        done = subprocess.run(
            [_python(), str(_WORKER), which, str(lags), str(given), str(made)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1])
        with np.load(made) as found:
            return Found(
                found["score"],
                seconds=float(found["seconds"]),
                mib=float(found["mib"]),
            )
