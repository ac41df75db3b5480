"""Training the amortised engine: simulate many brains, learn to read their graphs.

Everything comes from the seed; on the CPU the same seed gives the same network.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from itertools import cycle, islice
from pathlib import Path

import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from atlasdb import devices
from atlasdb.atomic import written
from atlasdb_ingest.learning.descent import Adam, falling
from atlasdb_ingest.learning.familiar import Familiar
from atlasdb_ingest.learning.lessons import Draw, Lesson, drawn, lessons, plan
from atlasdb_ingest.learning.pairs import Features, describe
from atlasdb_ingest.learning.progress import hidden
from atlasdb_ingest.learning.reader import Reader, loss, probability
from atlasdb_ingest.learning.scalars import logged
from atlasdb_ingest.simulation.dice import Dice
from atlasdb_ingest.simulation.misfits import MISFITS
from atlasdb_ingest.simulation.scanner import denoise

N_GROUPS = 126
"""Groups of brains of equal number of regions and volumes."""
N_STEPS = 13_000
_ABREAST = 2
"""Slopes that are found at once."""
_SEEN = 64
"""Brains of each group that others are compared with."""
_RATE = 3e-3
_WARM_UP = 100
_UNTOLD = 0.5
"""Share of the numbers of whole recordings that one step does not see."""
_AVERAGED = 0.998
"""How slowly the averaged parameters, which are kept, follow the trained ones."""


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
        Steps of Adam; the rate rises for 100 steps, then falls to 0 as a cosine.
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
    reader = _start(known, device, seed)
    numbers = parameters_to_vector(reader.parameters()).detach()
    descent, kept = Adam([numbers], second=0.98), numbers.clone()
    draws = drawn(known, n_steps, seed, device)
    for step, (slope, wrong) in enumerate(_slopes(reader, numbers, draws, device)):
        rate = _RATE * min(1.0, step / _WARM_UP) * falling(step, n_steps)
        descent.step([slope], rate + 1e-6)
        kept.lerp_(numbers, 1.0 - min(_AVERAGED, step / (step + 10)))
        step_done(step, wrong)
    vector_to_parameters(kept, reader.parameters())
    return reader.eval()


_Found = tuple[torch.Tensor, torch.Tensor]


def _slopes(
    reader: Reader,
    numbers: torch.Tensor,
    draws: Iterator[Draw],
    device: torch.device,
) -> Iterator[_Found]:
    """Find the slopes of one step after the other, some at once.

    Each is found where the parameters, `numbers`, were one step before. Who waits for
    them to change describes recordings of later steps meanwhile.
    """
    slopes = [_Slope(deepcopy(reader)) for _ in range(_ABREAST)]
    with _cores(device) as cores:

        def show(n: int) -> list[Future[_Shown]]:
            return [cores.submit(_show, *one, device) for one in islice(draws, n)]

        shown, found = deque(show(2 * _ABREAST)), deque[Future[_Found]]()
        for slope in cycle(slopes):
            if len(found) == len(slopes):
                yield found.popleft().result()
            if not shown:
                break
            slope.move(numbers)
            found.append(cores.submit(slope.find, shown.popleft()))
            shown.extend(show(1))
        for last in found:
            yield last.result()


_Shown = tuple[Features, torch.Tensor, torch.Tensor]
"""What is seen of some recordings, how much of it counts, and what was planted."""


def _show(
    lesson: Lesson, rows: torch.Tensor, dice: Dice, device: torch.device
) -> _Shown:
    """Describe some recordings, whatever the parameters are."""
    features = lesson.features(rows, device, dice)
    # No single number may give a simulated brain away.
    told = dice.chance(1 - _UNTOLD, *features.whole.shape) / (1 - _UNTOLD)
    return features, told, lesson.weights[rows].to(device)


class _Slope:
    """Which way a network errs less, for all its parameters as one vector."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self._parameters = reader, list(reader.parameters())
        self._numbers = parameters_to_vector(self._parameters).detach()
        vector_to_parameters(self._numbers, self._parameters)

    def move(self, numbers: torch.Tensor) -> None:
        """Take other parameters, and keep them."""
        self._numbers.copy_(numbers)

    def find(self, shown: Future[_Shown]) -> _Found:
        """Give the slope, at most of length 1, and the loss, nats a region."""
        features, told, planted = shown.result()
        wrong = loss(self._reader(features, told), planted).mean()
        slopes = torch.autograd.grad(wrong, self._parameters)
        slope = torch.cat([one.flatten() for one in slopes])
        return slope / slope.norm().clamp_min(1.0), wrong.detach()


@contextmanager
def _cores(device: torch.device) -> Iterator[ThreadPoolExecutor]:
    """Give what is done at once a core each; an accelerator is one."""
    n_threads, n_workers = torch.get_num_threads(), 1
    if device.type == "cpu":
        torch.set_num_threads(1)
        n_workers = _ABREAST
    try:
        with ThreadPoolExecutor(n_workers) as cores:
            yield cores
    finally:
        torch.set_num_threads(n_threads)


def _start(known: Sequence[Lesson], device: torch.device, seed: int) -> Reader:
    """Make a network, its inputs normalised by a sample of the recordings."""
    some = [
        lesson.features(torch.arange(min(4, len(lesson.weights))), device)
        for lesson in known[:100]
    ]
    pair = torch.cat([one.pair.flatten(0, -2)[::7] for one in some])
    region = torch.cat([one.region.flatten(0, -2) for one in some])
    whole = torch.cat([one.whole for one in some])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        reader = Reader(pair.shape[-1], region.shape[-1], whole.shape[-1]).to(device)
    reader.normalise(Features(pair, region, whole, some[0].courses))
    return reader


def familiar(known: Sequence[Lesson], reader: Reader, seed: int) -> Familiar:
    """Learn which recordings the network can read, from sound and spoiled ones."""
    dice = [Dice(seed * 1_000_000 + k) for k in range(len(known))]
    with _cores(torch.device("cpu")) as cores:
        read = list(cores.map(_read, [reader] * len(known), known, dice))
        seen, n_regions, sound, misled = (torch.cat(p) for p in zip(*read, strict=True))
        return Familiar.learn(seen, n_regions, sound, misled, seed)


def _read(reader: Reader, lesson: Lesson, dice: Dice) -> tuple[torch.Tensor, ...]:
    """Read sound and spoiled recordings: what `Familiar.learn` learns from."""
    n_regions, cpu = lesson.weights.shape[1], torch.device("cpu")
    few = max(len(MISFITS), min(_SEEN, round(_SEEN * 20 / n_regions)))
    rows = torch.arange(min(few, len(lesson.weights)))
    seen, misled = [], []

    def look(features: Features, which: torch.Tensor) -> None:
        seen.append(features.whole)
        misled.append(_misled(reader(features), lesson.weights[which]))

    with torch.no_grad():
        for some in rows.chunk(4):
            look(lesson.features(some, cpu, dice), some)
        for some, spoil in zip(rows.chunk(len(MISFITS)), MISFITS, strict=False):
            series = MISFITS[spoil](lesson.series[some].float(), dice)
            series = denoise(series, lesson.tr, dice)
            look(describe(series, lesson.tr), some)
    whole = torch.cat(seen)
    sound = torch.arange(len(whole)) < len(rows)
    return whole, torch.full((len(whole),), n_regions), sound, torch.cat(misled)


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
