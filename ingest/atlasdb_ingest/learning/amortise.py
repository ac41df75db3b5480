"""Training the amortised engine: simulate many brains, learn to read their graphs.

Everything comes from the seed; on the CPU the same seed gives the same network.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from atlasdb import devices
from atlasdb.atomic import written
from atlasdb_ingest.learning.descent import falling
from atlasdb_ingest.learning.familiar import Familiar
from atlasdb_ingest.learning.pairs import Features, describe
from atlasdb_ingest.learning.progress import hidden
from atlasdb_ingest.learning.reader import Reader, loss, probability
from atlasdb_ingest.learning.scalars import logged
from atlasdb_ingest.simulation.brains import scan
from atlasdb_ingest.simulation.dice import Dice
from atlasdb_ingest.simulation.misfits import MISFITS
from atlasdb_ingest.simulation.scanner import denoise, drifted

N_GROUPS = 120
"""Groups of brains of equal number of regions and volumes."""
N_STEPS = 6000
_REGIONS = 8000
_FEWER = 3000
"""Regions of one group, all its brains together; where brains are large, fewer."""
_PAIRS = 5000
"""Ordered pairs of one step."""
_SAMPLES = 400_000
"""Numbers in the series of one step."""
_SHORTEST = 50
_SEEN = 32
"""Brains of each group that others are compared with."""
_RATE = 3e-3
_WARM_UP = 100
_AVERAGED = 0.998
"""How slowly the averaged parameters, which are kept, follow the trained ones."""


@dataclass(frozen=True)
class Group:
    """What brains to simulate together."""

    n_brains: int
    n_regions: int
    n_volumes: int
    tr: float
    seed: int


@dataclass(frozen=True, eq=False)
class Lesson:
    """Simulated recordings, half precision, and which connections they have."""

    series: torch.Tensor
    weights: torch.Tensor
    tr: float

    def features(
        self, rows: torch.Tensor, device: torch.device, dice: Dice | None = None
    ) -> Features:
        """Describe some of the recordings, or something like them by chance."""
        series = self.series[rows].to(device).float()
        if dice is not None:
            series = varied(series, self.tr, dice)
        return describe(series, self.tr)


def varied(series: torch.Tensor, tr: float, dice: Dice) -> torch.Tensor:
    """Show recordings otherwise: a part of them, noisier, drifting, denoised, rounded.

    One simulated brain is then many lessons, and none is learned by heart.
    """
    shorter, noisier, drifting, share = dice.uniform(4).tolist()
    if shorter < 0.5:
        keep = max(_SHORTEST, round((0.5 + 0.5 * share) * series.shape[-1]))
        if keep < series.shape[-1]:
            start = int(dice.whole(0, series.shape[-1] - keep, 1).item())
            series = series[..., start : start + keep]
    if noisier < 0.3:
        size = dice.spread(len(series), 1, 1, low=0.05, high=0.5)
        series = series + size * dice.normal(*series.shape)
    if drifting < 0.4:
        series = drifted(series, tr, dice)
    series = denoise(series, tr, dice)
    # A file keeps so many digits; what a filter left lies below them, or above.
    digits = dice.uniform(1, low=2.0, high=7.0)
    return series + 10**-digits * series.std(-1, keepdim=True) * dice.normal(
        *series.shape
    )


def plan(seed: int, n_groups: int = N_GROUPS) -> list[Group]:
    """Draw sizes: 4 to 120 regions, 150 to 1,300 s, a volume each 0.5 to 3.2 s.

    A fifth of the groups has 200 volumes at 3 s, as many published simulations have.
    """
    rng = np.random.default_rng(seed)
    bounds = np.array([(4, 8), (9, 16), (17, 30), (31, 60), (80, 120)])
    groups = []
    for k in range(n_groups):
        low, high = bounds[rng.choice(5, p=(0.24, 0.33, 0.22, 0.14, 0.07))]
        n_regions = int(rng.integers(low, high + 1))
        tr, n_volumes = 3.0, 200
        if rng.random() > 0.2:
            tr = float(np.exp(rng.uniform(np.log(0.5), np.log(3.2))))
            seconds = np.exp(rng.uniform(np.log(150), np.log(1300)))
            n_volumes = int(np.clip(seconds / tr, 50, 2000))
        n_brains = (_REGIONS if n_regions <= 60 else _FEWER) // n_regions
        groups.append(Group(n_brains, n_regions, n_volumes, tr, seed * 1_000_000 + k))
    return groups


def simulate(group: Group, device: torch.device) -> Lesson:
    """Scan the brains of one group."""
    sizes = (group.n_brains, group.n_regions, group.n_volumes, group.tr)
    found = scan(*sizes, group.seed, device=device, denoised=False)
    series = found.series - found.series.mean(-1, keepdim=True)
    series = series / series.std(-1, keepdim=True).clamp_min(1e-9)
    return Lesson(series.half().cpu(), (found.weights != 0).cpu(), found.tr)


def lessons(groups: Sequence[Group], device: torch.device) -> Iterator[Lesson]:
    """Simulate groups in their order, on all cores or on the accelerator."""
    if device.type != "cpu":
        yield from (simulate(group, device) for group in groups)
        return
    from joblib import Parallel, delayed

    n_jobs = os.cpu_count() or 1
    work = Parallel(n_jobs=n_jobs, return_as="generator")
    yield from work(delayed(_alone)(group) for group in groups)


def _alone(group: Group) -> Lesson:
    torch.set_num_threads(1)
    return simulate(group, torch.device("cpu"))


def fit(
    known: Sequence[Lesson],
    n_steps: int,
    seed: int,
    device: torch.device,
    step_done: Callable[[int, torch.Tensor], object] = lambda step, wrong: None,
) -> Reader:
    """Train a network on simulated recordings.

    Parameters
    ----------
    known : sequence of Lesson
        What to learn from.
    n_steps : int
        Steps of AdamW; the rate rises for 100 steps, then falls to 0 as a cosine.
    seed : int
        Seed of the start and of the draws.
    device : torch.device
        Where to train.
    step_done : callable, optional
        Called after each step, with its number and loss, nats a region.

    Returns
    -------
    Reader
        Its parameters are averaged over the last steps.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # of the start, and of what is dropped
        return _fitted(known, n_steps, seed, device, step_done)


def _fitted(
    known: Sequence[Lesson],
    n_steps: int,
    seed: int,
    device: torch.device,
    step_done: Callable[[int, torch.Tensor], object],
) -> Reader:
    rng, dice = np.random.default_rng(seed), Dice(seed, device)
    at_once = [_at_once(lesson) for lesson in known]
    share = np.array(
        [max(1.0, len(a.weights) / n) for a, n in zip(known, at_once, strict=True)]
    )
    reader, kept = _start(known, device), _start(known, device)
    optimiser = torch.optim.AdamW(
        reader.parameters(), lr=_RATE, weight_decay=1e-3, betas=(0.9, 0.98)
    )
    for step in range(n_steps):
        fall = falling(step, n_steps)
        for group in optimiser.param_groups:
            group["lr"] = _RATE * min(1.0, step / _WARM_UP) * fall + 1e-6
        k = int(rng.choice(len(known), p=share / share.sum()))
        drawn = rng.choice(len(known[k].weights), at_once[k], replace=False)
        rows = torch.from_numpy(drawn)
        logits = reader(known[k].features(rows, device, dice))
        wrong = loss(logits, known[k].weights[rows].to(device)).mean()
        optimiser.zero_grad()
        torch.autograd.backward(wrong)
        torch.nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimiser.step()
        follow = 1.0 - min(_AVERAGED, step / (step + 10))
        with torch.no_grad():
            for old, new in zip(kept.parameters(), reader.parameters(), strict=True):
                old.lerp_(new, follow)
        step_done(step, wrong.detach())
    return kept.eval()


def _at_once(lesson: Lesson) -> int:
    n_brains, n_regions, n_volumes = lesson.series.shape
    few = min(_PAIRS / n_regions**2, _SAMPLES / (n_regions * n_volumes))
    return max(1, min(n_brains, round(few)))


def _start(known: Sequence[Lesson], device: torch.device) -> Reader:
    """Make a network, its inputs normalised by a sample of the recordings."""
    some = [
        lesson.features(torch.arange(min(4, len(lesson.weights))), device)
        for lesson in known[:100]
    ]
    pair = torch.cat([one.pair.flatten(0, -2)[::7] for one in some])
    region = torch.cat([one.region.flatten(0, -2) for one in some])
    whole = torch.cat([one.whole for one in some])
    reader = Reader(pair.shape[-1], region.shape[-1], whole.shape[-1]).to(device)
    reader.normalise(Features(pair, region, whole, some[0].courses))
    return reader


def familiar(known: Sequence[Lesson], reader: Reader, seed: int) -> Familiar:
    """Learn which recordings the network can read, from sound and spoiled ones."""
    cpu, dice = torch.device("cpu"), Dice(seed)
    seen, n_regions, sound, misled = [], [], [], []

    def add(features: Features, weights: torch.Tensor, simulated: bool) -> None:
        seen.append(features.whole)
        n_regions.append(torch.full((len(weights),), weights.shape[1]))
        sound.append(torch.full((len(weights),), simulated))
        misled.append(_misled(reader(features), weights))

    with torch.no_grad():
        for lesson in known:
            few = max(
                len(MISFITS), min(_SEEN, round(_SEEN * 20 / lesson.weights.shape[1]))
            )
            rows = torch.arange(min(few, len(lesson.weights)))
            for some in rows.chunk(4):
                add(lesson.features(some, cpu, dice), lesson.weights[some], True)
            for some, spoil in zip(rows.chunk(len(MISFITS)), MISFITS, strict=False):
                series = MISFITS[spoil](lesson.series[some].float(), dice)
                series = denoise(series, lesson.tr, dice)
                add(describe(series, lesson.tr), lesson.weights[some], False)
    learned = torch.cat(seen), torch.cat(n_regions), torch.cat(sound)
    return Familiar.learn(*learned, torch.cat(misled), seed)


def _misled(logits: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Tell where directions cost more bits than a coin would."""
    forth = probability(logits).clamp_min(1e-6)
    direction = forth / (forth + forth.mT)
    one_way = weights & ~weights.mT
    bits = -(direction.log2() * one_way).sum((1, 2))
    return bits > one_way.sum((1, 2))


def train(
    out: Path,
    *,
    seed: int = 0,
    n_groups: int = N_GROUPS,
    n_steps: int = N_STEPS,
    device: str = "auto",
    progress: bool | None = None,
    log_dir: str | Path | None = None,
) -> None:
    """Make the amortised network anew, and write it to a file.

    Parameters
    ----------
    out : Path
        safetensors file; how it was made is in its metadata.
    seed : int, default=0
        Same seed, same network (on the CPU, and with the same versions).
    n_groups, n_steps : int
        Groups of simulated brains, and steps of training.
    device : str, default="auto"
        "auto" (CUDA, then MPS, then CPU), or a device that torch knows.
    progress : bool, optional
        Show bars on stderr; by default only on a terminal.
    log_dir : str or Path, optional
        Folder for TensorBoard: the loss of each step, nats a region.

    Raises
    ------
    MissingExtraError
        If a log is wanted and tensorboard is not installed.
    InvalidDataError
        If the file or the log cannot be written; before anything is simulated.
    """
    from safetensors.torch import save
    from tqdm import tqdm

    where = devices.choose(device)
    off = hidden(progress)
    with written(out) as file, logged(log_dir) as log:
        groups = plan(seed, n_groups)
        made = tqdm(lessons(groups, where), "simulating", n_groups, disable=off)
        known = list(made)
        with tqdm(total=n_steps, desc="learning", disable=off) as bar:

            def step_done(step: int, wrong: torch.Tensor) -> None:
                bar.update()
                log("loss", wrong, step)

            reader = fit(known, n_steps, seed, where, step_done)
        run = {
            "seed": seed,
            "n_groups": n_groups,
            "n_brains": sum(group.n_brains for group in groups),
            "n_steps": n_steps,
            "device": where.type,
            "torch": torch.__version__,
        }
        tensors = {**reader.tensors(), **familiar(known, reader.cpu(), seed).tensors()}
        said = {name: str(value) for name, value in run.items()}
        file.write_bytes(save(tensors, said))
