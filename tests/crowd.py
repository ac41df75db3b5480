"""Two cohorts large enough to learn from: Pz drives Fz by age, and more in the ill.

Everything else in their EEG connectomes is noise; sex and site say nothing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from atlasdb.types import Entry, RecordingInfo
from small_study import eeg_entry, key, learned, run

N = 12
"""People of each cohort."""


def crowd(
    *, n_sessions: int = 1, sites: tuple[str, str] = ("lab", "lab")
) -> list[Entry]:
    """Give the cohorts "ill" and "well", everybody recorded so many times."""
    rng = np.random.default_rng(0)
    made = []
    for i in range(2 * N):
        ill = i < N
        age = float(20 + 3 * (i % N) + rng.integers(3))
        for session in range(n_sessions):
            name = f"{'ill' if ill else 'well'}{i % N:02}"
            entry = eeg_entry(name, name[:-2], 0.0, age)
            assert entry.connectivity is not None
            assert entry.recording is not None
            weights = 0.2 + 0.05 * rng.random((4, 4))
            weights[2, 0] = 0.2 + 0.01 * age + 0.6 * ill + 0.01 * rng.random()
            words = ("crowd", name, str(session), *sites)
            info: RecordingInfo = replace(
                entry.recording, sha256=key("of", *words), session=str(session)
            )
            subject = replace(entry.subject, sex="FM"[i % 2], site=sites[i // N])
            graph = learned(weights, entry.connectivity.codes, "eeg", "mlp")
            made.append(
                replace(
                    entry,
                    run=run(*words),
                    subject=subject,
                    recording=info,
                    connectivity=graph,
                    maps=(),
                )
            )
    return made
