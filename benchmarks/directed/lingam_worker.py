"""Runs LiNGAM in its own environment: python lingam_worker.py HOW LAGS IN OUT."""

import resource
import sys
import time
import warnings

import lingam
import numpy as np


def most() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


warnings.simplefilter("ignore")
how, lags, given, made = sys.argv[1:]
with np.load(given) as file:
    data = file["data"].T
held, started = most(), time.process_time()
if how == "direct":
    model = lingam.DirectLiNGAM()
    model.fit(data)
    effects = np.abs(model.adjacency_matrix_)[None]
else:
    model = lingam.VARLiNGAM(lags=int(lags), criterion=None)
    model.fit(data)
    effects = np.abs(np.asarray(model.adjacency_matrices_))
np.savez(
    made,
    score=effects.max(axis=0).T,  # theirs is [target, source]
    seconds=time.process_time() - started,
    mib=most() - held,
)
