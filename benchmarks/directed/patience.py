"""Runs a method in a process of its own, which is ended when patience is.

Seconds are CPU time of one thread. Memory is how far the largest resident set of the
process rose above what it was before the method started, in MiB.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection

import numpy as np

from directed import separate
from directed.known import Array, System, standardised
from directed.method import Found, Method

_HOW = "fork" if sys.platform == "linux" else "spawn"


def run(
    method: Method, system: System, series: Sequence[Array], patience: float
) -> list[Found] | str:
    """Run a method on recordings, one after the other.

    Returns
    -------
    list of Found, or str
        In the order of `series`; or why there is nothing.
    """
    why = method.hindrance(len(series[0]))
    if why is None and method.apart:
        why = separate.unavailable()
    if why is not None:
        return why
    context = multiprocessing.get_context(_HOW)
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(theirs, method, system, series))
    with warnings.catch_warnings():
        # A fork of a process with threads is warned of; ours wait for nothing.
        warnings.simplefilter("ignore", DeprecationWarning)
        child.start()
    theirs.close()
    found: list[Found] = []
    try:
        while len(found) < len(series):
            if not ours.poll(patience):
                return f"not finished in {patience:g} s"
            one = ours.recv()
            if isinstance(one, str):
                return one
            found.append(one)
    except EOFError:
        return "failed: the process ended"
    finally:
        ours.close()
        _end(child.pid)
        child.kill()  # if it had no group of its own yet
        child.join()
    return found


def _end(pid: int | None) -> None:
    """End a child and what it started."""
    try:
        if pid is not None:
            os.killpg(pid, signal.SIGKILL)
    except (AttributeError, ProcessLookupError, PermissionError):
        pass


def _work(
    pipe: Connection, method: Method, system: System, series: Sequence[Array]
) -> None:
    if hasattr(os, "setsid"):
        os.setsid()
    warnings.simplefilter("ignore")
    try:
        _warm_up(method, system)
        for data in series:
            held, started = _most(), time.process_time()
            found = method.run(data, system)
            seconds, mib = time.process_time() - started, _most() - held
            if found.seconds is None:
                found = replace(found, seconds=seconds, mib=mib)
            pipe.send(found)
    except Exception as error:  # whatever a peer does, the others go on
        pipe.send(f"failed: {type(error).__name__}: {error}"[:120])


def _warm_up(method: Method, system: System) -> None:
    """Import what is imported late, so that it is not timed."""
    if not method.apart:
        rng = np.random.default_rng(0)
        method.run(standardised(rng.standard_normal((4, 600))), system)


def _most() -> float:
    try:
        import resource
    except ImportError:  # there is none on Windows
        return float("nan")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
