"""The engine for fast series: whose past helps to predict whom.

Each recording is trained whole, by halves, and as surrogates whose connections are
cut; networks also from another start, and on recordings redrawn from what they
learned, which tells their errors. p compares the evidence for a connection, given all
others, with what the same model finds in the surrogates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import torch

from atlasdb import devices
from atlasdb.analysis import agreement
from atlasdb.errors import InvalidDataError
from atlasdb.types import FloatArray
from atlasdb_ingest import courses, models
from atlasdb_ingest.learning import (
    confidence,
    fitting,
    leakage,
    readout,
    redrawn,
    sampling,
)
from atlasdb_ingest.learning import study as studies
from atlasdb_ingest.learning.learned import Learned, learn
from atlasdb_ingest.learning.progress import Curve, hidden, moving, placed
from atlasdb_ingest.learning.study import Study
from atlasdb_ingest.learning.windows import Piece, halves, predictable
from atlasdb_ingest.models import linear
from atlasdb_ingest.types import SENSORS, Estimate, Timeseries

FIT_METRIC = "held-out log-likelihood gain over autoregression, nats/sample/region"
MIN_WINDOWS = 60
_PRIOR: Final = float(linear.SETTINGS["prior"])
_ROOM = {"cpu": 2_000_000}
_MUCH_ROOM = 200_000_000
"""Numbers that one tensor program may hold, roughly: what fits the caches of a CPU is
twice as fast there, an accelerator wants all it can get. Results do not depend on it.
"""


def order(modality: str, sfreq: float) -> int:
    """Give the number of lags: 60 ms of sensors, 3 volumes of fMRI, 5 of the rest.

    Examples
    --------
    >>> order("eeg", 128.0), order("fmri", 0.5), order("simulated", 1.0)
    (8, 3, 5)
    """
    if modality in SENSORS:
        return int(np.clip(round(0.06 * sfreq), 3, 12))
    return 3 if modality == "fmri" else 5


def choose(
    series: Sequence[Timeseries],
    families: Sequence[str],
    seed: int,
    where: str,
    progress: bool | None = None,
) -> Study:
    """Choose family and sparsity for all recordings of a study, from some of them.

    Parameters
    ----------
    series : sequence of Timeseries
        Recordings of the study.
    families : sequence of str
        Names of lagged models.
    seed : int
        Seed of starts and draws.
    where : str
        Device.
    progress : bool, optional
        Show a bar on stderr; by default only on a terminal.

    Raises
    ------
    InvalidDataError
        If the device cannot be used.
    """
    from tqdm import tqdm

    target = devices.choose(where)
    chosen = [series[k] for k in studies.spread(len(series))]
    voters = [((_seen(one).data, one.lengths), _lags(one)) for one in chosen]
    with tqdm(
        desc="choosing", unit=" networks", disable=hidden(progress), leave=False
    ) as bar:
        return studies.choose(voters, families, seed, target, bar.update)


def estimate(
    series: Sequence[Timeseries],
    study: Study,
    seed: int,
    where: str,
    bar: Any,
    curve: Curve | None = None,
) -> list[Estimate]:
    """Estimate the connectomes of many recordings.

    Parameters
    ----------
    series : sequence of Timeseries
        Recordings.
    study : Study
        Family and sparsity, the same for all.
    seed : int
        Seed of starts, draws and surrogates.
    where : str
        Device.
    bar : tqdm
        Moves by one for each recording, bit by bit.
    curve : callable, optional
        Told how the network of each recording learns.

    Returns
    -------
    list of Estimate
        In the order of `series`.

    Raises
    ------
    InvalidDataError
        If a recording is too short, or sampled faster than lags can be learned from,
        or the device cannot be used.
    """
    found: dict[int, Estimate] = {}
    target, model = devices.choose(where), models.load(study.model)
    groups: dict[tuple[int, int], list[int]] = {}
    for k, one in enumerate(series):
        require(one)
        groups.setdefault((len(one.data), _lags(one)), []).append(k)
    for (n_regions, lags), members in groups.items():
        longest = max(series[k].data.shape[1] for k in members)
        n_surrogates = _surrogates(n_regions, model.SETTINGS)
        plan = _Plan(study, lags, n_surrogates, seed, target)
        room = _ROOM.get(target.type, _MUCH_ROOM)
        networks = max(1 + redrawn.TIMES, n_surrogates) * n_regions
        at_once = max(1, room // (networks * max(longest, 10 * n_regions * lags)))
        for start in range(0, len(members), at_once):
            part = members[start : start + at_once]
            group = [series[k] for k in part]
            before = bar.n
            estimates = _together(group, plan, bar, placed(curve, part))
            found.update(zip(part, estimates, strict=True))
            bar.update(before + len(part) - bar.n)
    return [found[k] for k in range(len(series))]


def _lags(series: Timeseries) -> int:
    return order(series.modality, series.sfreq)


def _windows(series: Timeseries) -> int:
    return int(predictable(series.lengths, _lags(series)).size)


def suffices(series: Timeseries) -> bool:
    """Tell whether a recording is long enough, and sampled so, to learn from."""
    return _trouble(series) is None


def require(series: Timeseries) -> None:
    """Refuse a recording that cannot be learned from."""
    trouble = _trouble(series)
    if trouble is not None:
        raise InvalidDataError(trouble)


def _trouble(series: Timeseries) -> str | None:
    lags = _lags(series)
    if _windows(series) < MIN_WINDOWS:
        return (
            f"{_windows(series)} samples with {lags} samples before them are too few "
            f"to learn from: at least {MIN_WINDOWS} are needed. Leave this recording "
            "out."
        )
    return sampling.trouble(series, lags)


def _seen(series: Timeseries) -> leakage.Unmixed:
    """Give the data as models see them: of sensors, with the mixture taken out."""
    if not series.mixed:
        return leakage.untouched(series.data)
    return leakage.unmixed(series.data, series.lengths, _lags(series), _PRIOR)


def _surrogates(n_regions: int, settings: Mapping[str, float | int]) -> int:
    """Fewer surrogates where there are many pairs to pool."""
    wanted = -(-int(settings["null"]) // (n_regions * (n_regions - 1)))
    return min(max(wanted, 2), int(settings["max_surrogates"]))


@dataclass(frozen=True)
class _Plan:
    """How recordings of equal number of regions are learned from."""

    study: Study
    lags: int
    n_surrogates: int
    seed: int
    where: torch.device

    @property
    def stride(self) -> float:
        """How far a bar moves with a step of training on one piece: 1 in all."""
        settings = models.load(self.study.model).SETTINGS
        brief = (2 + self.n_surrogates) * fitting.n_steps(settings, brief=True)
        return 1 / max(1, brief + (2 + redrawn.TIMES) * fitting.n_steps(settings))

    def learn(
        self,
        pieces: Sequence[Piece],
        bar: Any,
        curve: Curve | None = None,
        *,
        start: int = 0,
        brief: bool = False,
    ) -> Learned:
        """Train on pieces of recordings, from another start where one is named."""
        looked = moving(bar, self.stride * len(pieces), curve)
        seed = self.seed + start
        study, lags, where = self.study, self.lags, self.where
        return learn(pieces, lags, study, seed, where, looked, brief=brief)


def _together(
    series: Sequence[Timeseries], plan: _Plan, bar: Any, curve: Curve | None
) -> list[Estimate]:
    """Train recordings of equal number of regions: whole, in parts, as surrogates."""
    clean = [_seen(one) for one in series]
    wholes = [(c.data, s.lengths) for c, s in zip(clean, series, strict=True)]
    full = plan.learn(wholes, bar, curve)
    seen = full.read()
    evidence, kept = full.doubted(clean)
    direct = full.direct()
    score, *baseline = full.scores()
    pieces = [half for one in wholes for half in halves(*one)]
    parts = plan.learn(pieces, bar, brief=True).read()
    shifts = plan.n_surrogates, plan.seed
    cut = [list(confidence.shifted(one.data, *shifts)) for one in clean]
    pieces = [
        (surrogate, one.lengths)
        for one, surrogates in zip(series, cut, strict=True)
        for surrogate, _ in surrogates
    ]
    nothing = np.split(plan.learn(pieces, bar, brief=True).evidence(), len(series))
    again = _again(series, clean, full, plan, bar)
    found = []
    for k, one in enumerate(series):
        null = [s[far] for s, (_, far) in zip(nothing[k], cut[k], strict=True)]
        np.fill_diagonal(evidence[k], np.nan)
        chance = np.concatenate(null)
        wider = confidence.inflation(evidence[k], chance)
        p = confidence.p_values(evidence[k] * direct[k], wider * chance)
        read = seen.of(slice(k, k + 1)), parts.of(slice(2 * k, 2 * k + 2))
        others = None if again is None else again[k]
        found.append(_one(one, p, kept[k], *read, others, float(score[k]), plan))
        found[-1].state.update(readout.parameters(full.models[0], k))
        found[-1].params.update(n_surrogates=plan.n_surrogates, inflation=wider)
        if baseline:
            found[-1].params["linear_fit_score"] = float(baseline[0][k])
    return [replace(one, device=plan.where.type) for one in found]


def _again(
    series: Sequence[Timeseries],
    clean: Sequence[leakage.Unmixed],
    full: Learned,
    plan: _Plan,
    bar: Any,
) -> FloatArray | None:
    """Learn recordings again from another start, and those that networks redraw.

    Returns
    -------
    ndarray of float, shape (n_series, 1 + redrawn.TIMES, n_regions, n_regions) or None
        Weights; None where there is no network.
    """
    if full.network is None:
        return None
    seen, pieces = [], []
    drawn = redrawn.redraw(full.network, full.windows, plan.seed)
    for one, first, others in zip(series, clean, drawn, strict=True):
        seen.append(first)
        pieces.append((first.data, one.lengths))
        for data, lengths in others:
            # How they were mixed is drawn too, so that unmixing errs again.
            mixed = courses.standardised(first.mixing @ data)
            seen.append(_seen(replace(one, data=mixed, lengths=lengths)))
            pieces.append((seen[-1].data, lengths))
    found = plan.learn(pieces, bar, start=1)
    weights = found.strengths()
    if any(one.doubt.any() or one.noise.any() for one in seen):
        weights = weights * found.doubted(seen)[1]
    return weights.reshape(len(series), -1, *weights.shape[1:])


def _one(
    series: Timeseries,
    p: FloatArray,
    kept: FloatArray,
    seen: readout.Readout,
    parts: readout.Readout,
    again: FloatArray | None,
    score: float,
    plan: _Plan,
) -> Estimate:
    """Put together what is known of one recording, the halves of which follow it."""
    study, lags = plan.study, plan.lags
    model = models.load(study.model)
    q = confidence.false_discovery(p)
    probability = confidence.connected(p)
    # A little on both sides: of two that are nothing, neither is the direction.
    direction = (probability + 1e-3) / (probability + probability.T + 2e-3)
    (whole,), (first, second) = seen.strength, parts.strength
    weight = whole * kept
    stability = confidence.agreement(*parts.value)
    np.fill_diagonal(stability, np.nan)
    params: dict[str, float | int | str] = {**model.SETTINGS, "order": lags}
    params |= {"family": study.model, "sparsity": study.sparsity, "chosen": study.said}
    strength = agreement.strengths(first, second)
    params["strength_reliability"] = agreement.full_length(strength)
    if series.mixed:
        params["leakage"] = "innovations orthogonalised"
    if series.modality == "fmri":
        params["caution"] = "lags say little about direction in fMRI"
    # Half of a recording is a small recording to the linear model, but to a network,
    # which finds late what bends, none.
    reliability = (
        agreement.reliability(first, second, probability)
        if again is None
        else agreement.doubted_reliability(weight, again[0], again[1:], probability)
    )
    return Estimate(
        weight=weight,
        value=seen.value[0] * kept,
        probability=probability,
        direction=direction,
        p=p,
        q=q,
        stability=stability,
        supported=q < 0.05,
        engine=model.ENGINE,
        method=model.__name__.rpartition(".")[2],
        unit=model.UNIT,
        n=int(predictable(series.lengths, lags).size),
        fit_score=score,
        fit_metric=FIT_METRIC,
        reliability=reliability,
        device="cpu",
        lag_ms=seen.lag[0] * 1000.0 / series.sfreq,
        params=params,
    )
