"""Many simulated brains at once, from graphs to the BOLD series of a scanner.

Each brain has its own graph, events, haemodynamics and noise; many are plain, the
others have complications: inhibition, feedback, hubs, one strong input, inputs that
several regions share, connections that come and go, mixed areas, slow noise.
Neural activity follows the linear model of dynamic causal modelling, blood the balloon
model in logarithms; the steps are those of `dynamics.neural` and `haemodynamics.bold`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from atlasdb_ingest.simulation.coming import Coming
from atlasdb_ingest.simulation.dice import Dice
from atlasdb_ingest.simulation.drive import Drive
from atlasdb_ingest.simulation.scanner import denoise, observe
from atlasdb_ingest.simulation.wiring import wire

PLAIN = 0.6
"""Share of the brains without complications."""
RESTLESS = 0.6
"""Share of the others in which connections come and go."""
_DRIVEN = 0.4
"""Share of the rest of the others that are driven as strongly as those are."""
_STEP_S = 0.1
_SETTLE_S = 20.0
_MOST = 1e3
"""Signal that no vessel comes near."""
_FEW = 20
"""Regions: fewer are few."""
_REWIRE_S = 1.0
"""How often it is looked whether a connection comes or goes."""


@dataclass(frozen=True, eq=False)
class Scans:
    """Recordings whose connections are known.

    Attributes
    ----------
    series : Tensor, shape (n_brains, n_regions, n_volumes)
        BOLD, a.u.
    weights : Tensor, shape (n_brains, n_regions, n_regions)
        What was planted; rows are sources.
    tr : float
        Time between volumes, s.
    """

    series: torch.Tensor
    weights: torch.Tensor
    tr: float


def scan(
    n_brains: int,
    n_regions: int,
    n_volumes: int,
    tr: float,
    seed: int,
    *,
    device: torch.device | None = None,
    plain: float = PLAIN,
    restless: float = RESTLESS,
    denoised: bool = True,
) -> Scans:
    """Simulate brains with equal number of regions and volumes.

    Parameters
    ----------
    n_brains, n_regions, n_volumes : int
        Sizes.
    tr : float
        Time between volumes, s.
    seed : int
        Same seed, same brains.
    device : torch.device, optional
        Where to compute; the CPU by default.
    plain : float, default=0.6
        Share of the brains without complications.
    restless : float, default=0.6
        Share of the others in which connections come and go.
    denoised : bool, default=True
        Whether groups are denoised, or left alone, as `scanner.denoise` draws it.

    Returns
    -------
    Scans
        Regions in random order.
    """
    dice = Dice(seed, device)
    kind = _Kind.drawn(n_brains, plain, restless, dice)
    weights = wire(kind.graph, kind.driven, n_regions, dice)
    bold = _bold(weights, kind, n_volumes, tr, dice)
    series = observe(bold, kind.scanner, tr, dice)
    if denoised:
        series = denoise(series, tr, dice)
    order = torch.argsort(dice.uniform(n_regions))
    return Scans(series[:, order], weights[:, order][:, :, order], tr)


@dataclass(frozen=True, eq=False)
class _Kind:
    """What is plain about each brain; complications seldom come all together.

    Each attribute is a tensor of bool, shape (n_brains,): where the graph, the events
    and the scanner are plain, where one strong input may drive all through strong
    connections, and where, among those, connections come and go.
    """

    graph: torch.Tensor
    events: torch.Tensor
    scanner: torch.Tensor
    driven: torch.Tensor
    changing: torch.Tensor

    @classmethod
    def drawn(cls, n: int, plain: float, restless: float, dice: Dice) -> _Kind:
        odd = ~dice.chance(plain, n)
        changing = odd & dice.chance(restless, n)
        driven = changing | odd & dice.chance(_DRIVEN, n)
        # Where connections come and go there is enough to be learned from that.
        likely = torch.where(driven, 0.25, 0.6)
        graph, events, scanner = (~(odd & dice.chance(likely, n)) for _ in range(3))
        return cls(graph, events, scanner, driven, changing)


class _Paths:
    """Connections, which in some brains come and go, each in its own time.

    Parameters
    ----------
    weights : Tensor, shape (n_brains, n_regions, n_regions)
        Rows are sources.
    changing : Tensor of bool, shape (n_brains,)
        Where they come and go.
    seconds : float
        Of one step.
    dice : Dice
        Where chance comes from.
    """

    def __init__(
        self, weights: torch.Tensor, changing: torch.Tensor, seconds: float, dice: Dice
    ) -> None:
        # Of many small matrices these products are fast, of few large ones the others.
        self._by_target = weights.shape[1] < _FEW
        if self._by_target:
            weights = weights.mT
        self._now = weights.clone(memory_format=torch.contiguous_format)
        self._rows = changing.nonzero()[:, 0]
        some, n = self._now[self._rows], len(self._rows)
        on_s = dice.spread(n, 1, 1, low=8.0, high=60.0)
        off_s = dice.spread(n, 1, 1, low=5.0, high=60.0)
        depth = dice.uniform(n, 1, 1, low=0.4, high=1.2)
        share = some * (depth + 0.2 * dice.normal(*some.shape))
        # In some brains all connections lose alike, and weak ones turn round.
        alike = depth * _usual(some) * some.sign()
        lost = torch.where(dice.chance(0.5, n, 1, 1), alike, share)
        self._least, self._more = some - lost, lost
        stay, enter = 1 - seconds / on_s, seconds / off_s
        self._coming = Coming(stay, enter, dice, *some.shape)

    def step(self) -> None:
        """Let connections come and go."""
        there = self._coming.step()
        self._now[self._rows] = torch.addcmul(self._least, self._more, there)

    def arriving(self, state: torch.Tensor) -> torch.Tensor:
        """Sum up what sources send to each region, shape (n_brains, n_regions)."""
        if self._by_target:
            return torch.bmm(self._now, state[..., None])[..., 0]
        return torch.bmm(state[:, None], self._now)[:, 0]


def _usual(weights: torch.Tensor) -> torch.Tensor:
    """Give the mean size of the connections of each brain."""
    size = weights.abs().sum((1, 2), keepdim=True)
    return size / (weights != 0).sum((1, 2), keepdim=True).clamp_min(1)


def _bold(
    weights: torch.Tensor,
    kind: _Kind,
    n_volumes: int,
    tr: float,
    dice: Dice,
) -> torch.Tensor:
    n, n_regions, _ = weights.shape
    every = max(1, round(tr / _STEP_S))
    dt = tr / every
    drive = Drive(kind.events, kind.driven, n_regions, dt, dice)
    rewire = max(1, round(_REWIRE_S / dt))
    paths = _Paths(weights, kind.changing, rewire * dt, dice)
    keep = torch.exp(-dt / dice.spread(n, 1, low=0.03, high=0.2))
    vessels = _Vessels(n, n_regions, dt, dice)
    state = torch.zeros(n, n_regions, device=dice.device)
    settle = round(_SETTLE_S / dt)
    seen = torch.empty(n_volumes, n, n_regions, device=dice.device)
    for t in range(settle + n_volumes * every):
        if t % rewire == 0:
            paths.step()
        pushed = paths.arriving(state) + drive.step()
        state = torch.lerp(pushed, state, keep)
        vessels.step(state)
        volume, rest = divmod(t - settle + 1, every)
        if rest == 0 and volume > 0:
            seen[volume - 1] = vessels.signal()
    # Vessels of one brain in ten thousands are too fast for the step.
    return seen.permute(1, 2, 0).contiguous().nan_to_num().clamp(-_MOST, _MOST)


class _Vessels:
    """The balloon model, region by region, in logarithms so that all stays positive."""

    def __init__(self, n: int, n_regions: int, dt: float, dice: Dice) -> None:
        size = (n, n_regions)
        varied = dice.uniform(n, 1, high=0.45)
        decay = 0.65 * torch.exp(0.6 * varied * dice.normal(*size))
        feedback = 0.41 * torch.exp(0.6 * varied * dice.normal(*size))
        transit = 0.98 * torch.exp(varied * dice.normal(*size))
        self._swelling = 1 / 0.32 - 1
        self._extraction = 0.34 + 0.04 * dice.normal(*size).clamp(-2, 2)
        strength = dice.spread(n, 1, low=0.2, high=1.0)
        efficacy = strength * torch.exp(0.1 * dice.normal(*size))
        self._left, self._unit = torch.log(1 - self._extraction), -1 / self._extraction
        # A step is many small products: what does not change is multiplied once.
        self._dt, self._pace, self._keep = dt, dt / transit, 1 - dt * decay
        self._efficacy, self._feedback = dt * efficacy, dt * feedback
        nothing = torch.zeros(4, *size, device=dice.device)
        self._signal, self._flow, self._volume, self._content = nothing.unbind()

    def step(self, activity: torch.Tensor) -> None:
        """Let activity act for one step."""
        flow = self._flow.exp()
        outflow = torch.exp(self._swelling * self._volume)
        change = torch.exp(self._flow - self._volume).sub_(outflow)
        extracted = torch.expm1(self._left / flow).mul_(self._unit)
        supply = torch.exp(self._flow - self._content).mul_(extracted)
        self._flow.addcdiv_(self._signal, flow, value=self._dt).clamp_(-1.2, 1.5)
        signal = torch.addcmul(self._feedback, self._keep, self._signal)
        signal.addcmul_(self._efficacy, activity)
        self._signal = signal.addcmul_(self._feedback, flow, value=-1)
        self._volume.addcmul_(self._pace, change)
        self._content.addcmul_(self._pace, supply.sub_(outflow))

    def signal(self) -> torch.Tensor:
        """Give BOLD, relative signal change up to a factor."""
        volume, content = self._volume.exp(), self._content.exp()
        inside = 7 * self._extraction * (1 - content)
        between = 2 * (1 - content / volume)
        return inside + between + (2 * self._extraction - 0.2) * (1 - volume)
