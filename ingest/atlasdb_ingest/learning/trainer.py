"""From time series to connectomes: which engine, which model, all in one call.

The modality decides. In fMRI the past says next to nothing about direction at any
repetition time, so it gets the contemporaneous engine; electrical, optical and
simulated series are sampled faster than activity travels and get the lagged one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from atlasdb import devices
from atlasdb.errors import InvalidDataError, did_you_mean
from atlasdb_ingest import courses, models
from atlasdb_ingest.learning.progress import Curve, hidden, placed
from atlasdb_ingest.learning.study import Study
from atlasdb_ingest.types import Estimate, Timeseries

ENGINES: Final = {"contemporaneous": "amortised", "lagged": "mlp"}
"""Engines, each with its default model."""
BASELINE: Final = "linear"
"""What the lagged engine uses where its default network does not beat it."""
_BAR: Final = "{l_bar}{bar}| of {total_fmt} recordings [{elapsed}<{remaining}]"
VERSION: Final = 8
"""Raise it with every change of an engine or of the confidence that comes with it."""


def defaults(modality: str) -> tuple[str, str]:
    """Give engine and model for a kind of recording.

    Parameters
    ----------
    modality : str
        "fmri", "eeg", "meg", "calcium" or "simulated".

    Returns
    -------
    engine, model : str
        Names, as `estimate` takes them.

    Examples
    --------
    >>> defaults("fmri"), defaults("eeg")
    (('contemporaneous', 'amortised'), ('lagged', 'mlp'))
    """
    engine = "contemporaneous" if modality == "fmri" else "lagged"
    return engine, ENGINES[engine]


def choose(modality: str, model: str | None, engine: str | None) -> tuple[str, str]:
    """Fill in what was left open, and refuse what does not go together.

    Parameters
    ----------
    modality : str
        Kind of recording.
    model, engine : str or None
        What was asked for. A model's name for the engine means that model.

    Returns
    -------
    engine, model : str
        Names.

    Raises
    ------
    InvalidDataError
        If the model does not belong to the engine, or there is no such engine.
    NotFoundError
        If there is no such model.

    Examples
    --------
    >>> choose("fmri", None, "fask")
    ('contemporaneous', 'fask')
    """
    if engine in models.names():
        model, engine = model or engine, models.load(str(engine)).ENGINE
    if engine is not None and engine not in ENGINES:
        raise InvalidDataError(
            f"No engine named '{engine}'.{did_you_mean(engine, ENGINES)} "
            f"There are: {', '.join(sorted(ENGINES))}."
        )
    wanted = engine or defaults(modality)[0]
    name = model or ENGINES[wanted]
    belongs = models.load(name).ENGINE
    if belongs != wanted:
        raise InvalidDataError(
            f"Model '{name}' is of the {belongs} engine, and {modality} series get the "
            f"{wanted} one. Leave the model out, or ask for engine '{belongs}' too."
            if engine is None
            else f"Model '{name}' is of the {belongs} engine, not of the {engine} one. "
            "Leave one of the two out."
        )
    return wanted, name


def families(model: str | None, engine: str | None, modality: str) -> tuple[str, ...]:
    """Give the models of which the study takes the best: one, unless none was named.

    Examples
    --------
    >>> families(None, None, "eeg"), families("rnn", None, "eeg")
    (('linear', 'mlp'), ('rnn',))
    """
    wanted, name = choose(modality, model, engine)
    named = model is not None or engine in models.names()
    return (name,) if named or wanted != "lagged" else (BASELINE, name)


def settings(
    model: str | None = None, engine: str | None = None, modality: str = "fmri"
) -> dict[str, Any]:
    """Everything that decides the result beside the data and the seed.

    Parameters
    ----------
    model, engine : str or None
        As in `estimate`.
    modality : str
        Kind of recording.

    Returns
    -------
    dict
        Names, versions and numbers; equal settings make equal estimates.
    """
    names = families(model, engine, modality)
    chosen, name = choose(modality, model, engine)
    numbers = dict(models.load(name).SETTINGS)
    if len(names) > 1:
        numbers["baseline"] = f"{BASELINE} {models.load(BASELINE).SETTINGS['version']}"
    return {"engine": chosen, "model": name, "trainer_version": VERSION, **numbers}


def estimate(
    series: Sequence[Timeseries],
    *,
    model: str | None = None,
    engine: str | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: bool | None = None,
    study: Study | None = None,
    curve: Curve | None = None,
) -> list[Estimate]:
    """Learn one directed, weighted connectome from each series.

    Series of equal number of regions are trained together, in one tensor program. The
    lagged engine chooses family and sparsity once for all of them; beyond that, what
    one gets does not depend on what else is in the batch.

    Parameters
    ----------
    series : sequence of Timeseries
        Recordings of any length.
    model : str, optional
        A name of `atlasdb_ingest.models.names`; the default of the engine.
    engine : str, optional
        "contemporaneous" or "lagged", or the name of a model of one of them. The
        modality's own by default; another one has to be asked for by name.
    seed : int, default=0
        Same seed, same result (on the CPU).
    device : str, default="auto"
        "auto" (CUDA, then MPS, then CPU), or a device that torch knows.
    progress : bool, optional
        Show a bar on stderr; by default only on a terminal.
    study : Study, optional
        What was chosen before for the study that the recordings belong to.
    curve : callable, optional
        Called while a network is trained on a recording, with its place in `series`,
        the number of steps done and the log-likelihood of its held-out blocks then,
        nats a sample and region beyond a constant. What needs no training (linear,
        fask, amortised) has none.

    Returns
    -------
    list of Estimate
        In the order of `series`.

    Raises
    ------
    InvalidDataError
        If a series is too short, not finite, has fewer than 2 regions, or one that is
        constant, a copy of another or all in one moment; if it is sampled faster than
        lags can be learned from; or if model, engine and device do not go together.
    NotFoundError
        If there is no such model.
    """
    from tqdm import tqdm

    devices.choose(device)  # also for recordings that are read on the CPU
    series = [_ready(one) for one in series]
    chosen = [choose(one.modality, model, engine) for one in series]
    found: dict[int, Estimate] = {}
    with tqdm(
        total=len(series), disable=hidden(progress), leave=False, bar_format=_BAR
    ) as bar:
        for which in dict.fromkeys(chosen):
            rows = [k for k, choice in enumerate(chosen) if choice == which]
            if which[0] == "contemporaneous":
                from atlasdb_ingest.learning import contemporaneous

                module = models.load(which[1])
                for k in rows:
                    found[k] = contemporaneous.estimate(series[k], module, seed)
                    bar.update()
            else:
                from atlasdb_ingest.learning import lagged

                group = [series[k] for k in rows]
                learned = lagged.estimate(
                    group,
                    study or _chosen(group, model, engine, seed, device, progress),
                    seed,
                    device,
                    bar,
                    placed(curve, rows),
                )
                found.update(zip(rows, learned, strict=True))
    return [found[k] for k in range(len(series))]


def _chosen(
    group: Sequence[Timeseries],
    model: str | None,
    engine: str | None,
    seed: int,
    device: str,
    progress: bool | None,
) -> Study:
    from atlasdb_ingest.learning import lagged

    for one in group:
        lagged.require(one)
    names = families(model, engine, group[0].modality)
    return lagged.choose(group, names, seed, device, progress)


def choose_study(
    series: Sequence[Timeseries],
    *,
    model: str | None = None,
    engine: str | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: bool | None = None,
) -> Study | None:
    """Choose what all recordings of a study share, from those that can be used.

    Parameters are those of `estimate`; the series are of one modality.

    Returns
    -------
    Study or None
        None where nothing is chosen: in the contemporaneous engine, or where no
        recording can be used.
    """
    from atlasdb_ingest.learning import lagged

    usable = [
        _ready(one) for one in series if _trouble(one) is None and lagged.suffices(one)
    ]
    if not usable:
        return None
    modality = usable[0].modality
    if choose(modality, model, engine)[0] != "lagged":
        return None
    names = families(model, engine, modality)
    return lagged.choose(usable, names, seed, device, progress)


def _ready(series: Timeseries) -> Timeseries:
    """Give every region mean 0 and deviation 1: no engine then sees a unit.

    Raises
    ------
    InvalidDataError
        If no connections can be learned from the series.
    """
    trouble = _trouble(series)
    if trouble is not None:
        raise InvalidDataError(trouble)
    return replace(series, data=courses.standardised(series.data))


def _trouble(series: Timeseries) -> str | None:
    """Say why no connections can be learned from a series; None if they can."""
    n_regions = len(series.data)
    if n_regions < 2:
        return (
            f"Connections need at least 2 regions, found {n_regions}. Give a "
            "parcellation with more."
        )
    if not np.isfinite(series.data).all():
        return "The series holds values that are not finite. Leave these regions out."
    still = courses.constant(series.data)
    if still.any():
        return (
            f"The series is constant in {_named(series.codes, still)}. Leave such "
            "regions out."
        )
    moments = courses.momentary(series.data)
    if moments.any():
        return (
            f"A few of {series.data.shape[1]} samples hold more than half of the "
            f"variance in {_named(series.codes, moments)}. Cut these times "
            "out, or leave these regions out."
        )
    same = courses.copies(series.data)
    if same:
        copy, first = next(iter(same.items()))
        return (
            f"The course of {series.codes[copy]} is that of {series.codes[first]}, or "
            f"a multiple of it; {len(same)} of {n_regions} regions are such copies. "
            "Leave them out."
        )
    return None


def _named(codes: Sequence[str], which: NDArray[np.bool_], most: int = 8) -> str:
    names = [code for code, chosen in zip(codes, which, strict=True) if chosen]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
