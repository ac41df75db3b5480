"""Policies learned on a model, judged on the system that the model was learned from.

    python benchmarks/stimulation.py

Systems of 20 regions whose steps are known are watched for 1,500 samples, without
input. Policies that stimulate one region each are trained on what was learned from
that, by `mlp` and by `linear`, and on the system itself. Prints, for each system, the
share of the energy of all regions that is removed from the TRUE system

- by the region that the model ranks first, with the policy trained on that model, and
  as a share of what the best region gives with the policy trained on the true system;
- by the region that sends most in the learned connectome, and by the average region,
  with the policies of the `mlp` model;

Spearman's rho between the reductions that a model predicts and those of the true
system, by region, and CPU seconds, learning included.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy import stats

from atlasdb.types import FloatArray
from atlasdb_ingest.learning import trainer
from atlasdb_ingest.simulation import graphs
from atlasdb_ingest.stimulation import policy, world
from atlasdb_ingest.types import Timeseries

N, T, LAGS = 20, 1500, 5
BUDGET, HORIZON = 1.0, 20
Step = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class System:
    """What follows a past ``(n, N, LAGS)``, and the size of the noise."""

    step: Step
    noise: float


def var(seed: int) -> System:
    """Each connection acts at one lag of 1 to 3."""
    weights = graphs.random_directed(
        N, 0.12, seed, feedback=0.2, negative=0.3, low=0.2, high=0.5
    )
    lag = np.random.default_rng(seed).integers(0, 3, weights.shape)
    lagged = np.stack([np.where(lag == k, weights, 0.0).T for k in range(3)])
    lagged[0] += 0.4 * np.eye(N)
    companion = np.eye(3 * N, k=-N)
    companion[:N] = np.concatenate(list(lagged), axis=1)
    largest = float(np.abs(np.linalg.eigvals(companion)).max())
    lagged *= min(1.0, 0.95 / largest) ** np.arange(1, 4)[:, None, None]
    turned = torch.from_numpy(lagged).mT

    def step(past: torch.Tensor) -> torch.Tensor:
        return torch.stack([past[..., k] @ turned[k] for k in range(3)]).sum(0)

    return System(step, 1.0)


def saturating(seed: int) -> System:
    """Regions that send less and less more, the more active they are."""
    weights = torch.from_numpy(
        graphs.random_directed(
            N, 0.12, seed, feedback=0.2, negative=0.4, low=0.3, high=1.0
        )
    )

    def step(past: torch.Tensor) -> torch.Tensor:
        now = past[..., 0]
        return 0.5 * now + 0.6 * torch.tanh(2 * now) @ weights

    return System(step, 0.5)


def lorenz(seed: int) -> System:
    """The system of Lorenz (1996), with couplings of unequal strength."""
    rng = np.random.default_rng(seed)
    strength = torch.from_numpy(rng.uniform(0.2, 1.8, N))

    def slope(x: torch.Tensor) -> torch.Tensor:
        ahead = torch.roll(x, -1, -1) - torch.roll(x, 2, -1)
        return strength * ahead * torch.roll(x, 1, -1) - x + 10.0

    def step(past: torch.Tensor) -> torch.Tensor:
        x, h = past[..., 0], 0.01
        for _ in range(5):
            k1 = slope(x)
            k2 = slope(x + h / 2 * k1)
            k3 = slope(x + h / 2 * k2)
            k4 = slope(x + h * k3)
            x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return x

    return System(step, 0.2)


def run(system: System, n_times: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Watch a system without input: activity and noise, (n_times, N)."""
    burn_in = 500
    draw = torch.Generator().manual_seed(seed)
    shape = (burn_in + n_times, 1, N)
    noise = system.noise * torch.randn(shape, generator=draw, dtype=torch.float64)
    start = 0.1 * torch.randn(1, 1, N, LAGS, generator=draw, dtype=torch.float64)
    free = torch.full((N,), torch.inf, dtype=torch.float64)
    itself = world.World(system.step, start[0], start[0], noise[:, 0], free)
    with torch.no_grad():
        course = torch.stack([now[0, 0] for now in itself.roll(start, noise)])
    return course[burn_in:].numpy(), noise[burn_in:, 0].numpy()


def truth(system: System, watched: FloatArray, seed: int) -> world.World:
    """The system itself, in the units of what was watched."""
    course, noise = run(system, 2 * T, seed)
    mean, scale = (torch.from_numpy(v) for v in (watched.mean(0), watched.std(0)))
    units = (torch.from_numpy(course) - mean) / scale

    def predict(past: torch.Tensor) -> torch.Tensor:
        real = past.double() * scale[:, None] + mean[:, None]
        return ((system.step(real) - mean) / scale).float()

    rows = torch.arange(LAGS, len(units))
    past = torch.stack([units[rows - k] for k in range(1, LAGS + 1)], -1).float()
    drawn = (torch.from_numpy(noise) / scale).float()
    far = 10 * past.abs().amax((0, 2))
    return world.World(predict, past[:T], past[T:], drawn, far)


SYSTEMS: dict[str, System] = {
    "VAR(3), a": var(0),
    "VAR(3), b": var(1),
    "saturating, a": saturating(0),
    "saturating, b": saturating(1),
    "Lorenz-96, unequal, a": lorenz(0),
    "Lorenz-96, unequal, b": lorenz(1),
}


def trained(system: world.World) -> policy.Policies:
    return policy.train(system, budget=BUDGET, horizon=HORIZON, seed=0)


def removed(system: world.World, policies: policy.Policies, seed: int) -> FloatArray:
    return policy.judge(system, policies, horizon=HORIZON, seed=seed).mean


def main() -> None:
    torch.set_num_threads(1)
    head = f"{'system':<24}{'true':>7}{'mlp':>7}{'share':>7}{'linear':>8}{'share':>7}"
    print(head + f"{'degree':>8}{'mean':>7}{'rho mlp':>9}{'lin':>6}{'CPU s':>7}")
    table = []
    for name, system in SYSTEMS.items():
        watched, _ = run(system, T, 1)
        true = truth(system, watched, 2)
        best = removed(true, trained(true), 1)
        codes = tuple(map(str, range(N)))
        course = stats.zscore(watched, axis=0).T
        series = Timeseries(course, 1.0, codes, "simulated", (T,))
        cells = [best.max()]
        rhos = []
        for model in ("mlp", "linear"):
            started = time.process_time()
            (found,) = trainer.estimate([series], model=model)
            where = torch.device("cpu")
            learned = world.learned(series, model, found.state, found.params, where)
            policies = trained(learned.world)
            predicted = removed(learned.world, policies, 0)
            spent = time.process_time() - started
            really = removed(true, policies, 1)
            gained = really[predicted.argmax()]
            cells += [gained, gained / best.max()]
            rhos.append(stats.spearmanr(predicted, best).statistic)
            if model == "mlp":
                sends = int(np.nansum(found.weight, axis=1).argmax())
                others, seconds = [really[sends], really.mean()], spent
        table.append([*cells, *others, *rhos, seconds])
        print(line(name, table[-1]), flush=True)
    print(line("mean", np.mean(table, axis=0).tolist()))


def line(name: str, values: list[float]) -> str:
    widths = (7, 7, 7, 8, 7, 8, 7, 9, 6, 7)
    both = zip(values, widths, strict=True)
    return f"{name:<24}" + "".join(f"{value:>{width}.2f}" for value, width in both)


if __name__ == "__main__":
    main()
