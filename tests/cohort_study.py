"""Two cohorts whose difference is known: a hub that the ill have lost.

Ten ``ill`` and ten ``well`` people with MEG connectomes of twelve areas in three
networks, computed by two estimators. In the well the first area drives all others
strongly; in the ill it drives them little more than any other. Two of the well have
tracts. Random numbers are the same every time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import atlasdb
import small_study
from atlasdb.types import (
    Area,
    Connectivity,
    Entry,
    Parcellation,
    RecordingInfo,
    Subject,
)
from small_study import key, run

N = 12
HUB = "Hub"
NETWORKS = ("Core", "Rim", "Rest")
GRID = Parcellation(
    id="grid",
    name="grid",
    kind="volume",
    areas=tuple(
        Area(
            f"{i + 1:02d}",
            HUB if i == 0 else f"Area_{i}",
            "L" if i % 2 else "R",
            network=NETWORKS[i % 3],
            x_mm=float(-60 if i % 2 else 60),
            y_mm=float(10 * i - 60),
            z_mm=20.0,
        )
        for i in range(N)
    ),
    n_areas=N,
    sha256="2" * 64,
    space="MNI152NLin2009cAsym",
)
CODES = tuple(area.code for area in GRID.areas)
COHORTS = {"ill": 1.2, "well": 4.0}
"""How much more the hub drives than another area."""


def weights(number: int, cohort: str, session: int = 0) -> np.ndarray:
    """Give the weights of a person: the person's own, and what a session adds."""
    person = np.random.default_rng([number, len(cohort)])
    day = np.random.default_rng([number, len(cohort), session])
    whole = 0.1 * np.exp(
        0.2 * person.normal(size=(N, N)) + 0.2 * day.normal(size=(N, N))
    )
    whole[0] *= COHORTS[cohort]
    np.fill_diagonal(whole, np.nan)
    return whole


def entry(
    number: int,
    cohort: str,
    *,
    method: str = "mlp",
    session: int = 0,
    site: str | None = None,
    matrix: np.ndarray | None = None,
) -> Entry:
    """Give one connectome of one person, who is called by cohort and number."""
    name = f"{cohort}{number}"
    matrix = weights(number, cohort, session) if matrix is None else matrix
    day = str(session + 1) if session else None
    graph = Connectivity(
        codes=CODES,
        weights=matrix,
        modality="meg",
        method=method,
        unit="nats",
        supported=np.isfinite(matrix),
        engine="lagged",
        source_convention="rows are sources",
        variant="learned",
    )
    made = replace(
        run("meg", name, method, str(session)),
        params={"learning": {"model": method}, "options": {"high_pass": 1.0}},
    )
    return Entry(
        run=made,
        subject=Subject(
            name,
            cohort,
            sex="FM"[number % 2],
            age_years=30.0 + number,
            site=site or ("north", "south")[number // 2 % 2],
        ),
        recording=RecordingInfo(
            sha256=key("meg", name, str(session)),
            modality="meg",
            session=day,
            sfreq_hz=128.0,
            duration_s=120.0,
        ),
        parcellation=GRID,
        connectivity=graph,
        settings=f"{method}-settings",
    )


def tract(number: int) -> Entry:
    """Give a well person's tracts: from the hub to the next five areas."""
    streamlines = np.zeros((N, N))
    streamlines[0, 1:6] = streamlines[1:6, 0] = 50.0 + number
    base = entry(number, "well")
    graph = Connectivity(
        codes=CODES,
        weights=streamlines,
        modality="dwi",
        method="tractography",
        unit="streamlines",
        directed=False,
        source_convention="undirected",
        variant="tractography",
    )
    return replace(
        base,
        run=run("tract", str(number)),
        recording=RecordingInfo(sha256=key("tract", str(number)), modality="dwi"),
        connectivity=graph,
        settings="tract-settings",
    )


def entries() -> list[Entry]:
    """Give the whole study, the estimator that is current last."""
    people = [
        entry(number, cohort, method=method)
        for method in ("linear", "mlp")
        for cohort in COHORTS
        for number in range(10)
    ]
    return [*people, tract(0), tract(1)]


def ask_everything(atlas: atlasdb.Atlas) -> None:
    """Compute what named queries are about, in this study and the small one."""
    asked: dict[str, Any] = {"modality": "meg"}
    atlas.compare("patients", "controls", modality="eeg")
    atlas.compare("ill", "well", multiverse=True, **asked)
    atlas.compare("ill", "well", test="nbs", permutations=100, **asked)
    atlas.compare("ill", "well", test="node", **asked)
    atlas.compare("ill", "well", test="global", **asked)
    atlas.compare("ill3", "well", test="node", **asked)
    atlas.predict("ill", "well", folds=5, repeats=1, permutations=9, **asked)
    atlas.predict("well", score="age", folds=5, repeats=1, permutations=9, **asked)
    atlas.pool("patients", modality="eeg")
    atlas.write_classification(small_study.classification())
    atlas.write_stimulation(small_study.stimulation())
    atlas.analyze("communities", "p1", modality="eeg", write_back=True)
