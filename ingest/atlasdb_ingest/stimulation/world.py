"""The learned model of one recording as a system that can be acted on.

Activity is in standard deviations of each region over the recording. A step is what
the model predicts, plus what it could not predict at some other time of the same
recording, plus the input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from atlasdb.errors import InvalidDataError
from atlasdb_ingest import models
from atlasdb_ingest.learning import fitting, leakage, readout
from atlasdb_ingest.learning.windows import Windows
from atlasdb_ingest.models.base import LagModel
from atlasdb_ingest.stimulation.refining import refine
from atlasdb_ingest.types import Timeseries

Predict = Callable[[torch.Tensor], torch.Tensor]
"""From the past ``(n, n_regions, order)``, lag 1 first, to what follows it."""
REACH = 1.0
"""No region goes farther from its mean than so many times what was recorded: a model
says anything where it has seen nothing, and may grow without end."""
MEMORY = 0.9
"""Share of a gradient that survives one step back in time: chaotic systems blow up
what comes from far away, until it says nothing."""
_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class World:
    """A system to roll out from many starts at once.

    Attributes
    ----------
    predict : callable
        What follows a past, without noise and input.
    starts, other_starts : Tensor, shape (n, n_regions, order)
        Pasts to start from: to train policies, and to judge them.
    noise : Tensor, shape (n, n_regions)
        Innovations to draw from, all regions of one time together.
    reach : Tensor, shape (n_regions,)
        Activity stays within it, on both sides of 0.
    """

    predict: Predict
    starts: torch.Tensor
    other_starts: torch.Tensor
    noise: torch.Tensor
    reach: torch.Tensor

    @property
    def n_regions(self) -> int:
        """Number of regions, each of which can be stimulated."""
        return self.noise.shape[1]

    def draw(
        self, n: int, horizon: int, seed: int, *, judging: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw starts and noise of rollouts, alike on every device.

        Parameters
        ----------
        n, horizon : int
            Number of rollouts, and of their samples.
        seed : int
            Same seed, same draw.
        judging : bool, default=False
            Start from `other_starts`.

        Returns
        -------
        past : Tensor, shape (n, n_regions, order)
        noise : Tensor, shape (horizon, n, n_regions)
        """
        generator = torch.Generator().manual_seed(seed % 2**63)
        starts = self.other_starts if judging else self.starts
        where = torch.randint(len(starts), (n,), generator=generator)
        when = torch.randint(len(self.noise), (horizon, n), generator=generator)
        return starts[where.to(starts.device)], self.noise[when.to(starts.device)]

    def roll(
        self,
        past: torch.Tensor,
        noise: torch.Tensor,
        act: Callable[[torch.Tensor], torch.Tensor] | None = None,
    ) -> Iterator[torch.Tensor]:
        """Let time pass.

        Parameters
        ----------
        past : Tensor, shape (n_worlds, n, n_regions, order)
            Where each world's rollouts start.
        noise : Tensor, shape (horizon, n, n_regions)
            The same in every world, so that worlds differ by their input alone.
        act : callable, optional
            From the past to the input ``(n_worlds, n, n_regions)``.

        Yields
        ------
        Tensor, shape (n_worlds, n, n_regions)
            The next sample, finite and within `reach`.
        """
        for innovation in noise:
            now = self.predict(past.flatten(0, 1)).reshape(past.shape[:-1])
            now = now.nan_to_num(0.0) + innovation
            if act is not None:
                now = now + act(past)
            now = torch.clamp(now.nan_to_num(0.0), -self.reach, self.reach)
            past = torch.cat([now[..., None], past[..., :-1]], -1)
            past = torch.lerp(past.detach(), past, MEMORY)
            yield now


@dataclass(frozen=True, eq=False)
class Learned:
    """A world that was learned from a recording.

    Attributes
    ----------
    fit_score : float
        How well its model predicts held-out blocks, as that of a connectome.
    state : dict of ndarray
        Parameters of its model.
    """

    world: World
    fit_score: float
    state: dict[str, NDArray[np.float32]]


def learned(
    series: Timeseries,
    method: str,
    state: Mapping[str, NDArray[np.float32]],
    settings: Mapping[str, Any],
    device: torch.device,
) -> Learned:
    """Make a world of a recording and the model that was learned from it.

    Parameters
    ----------
    series : Timeseries
        The recording, as it was given to the lagged engine.
    method : str
        Name of the model.
    state : mapping of str to ndarray
        Its parameters.
    settings : mapping
        ``order``, ``prior`` and ``version`` that it was learned with.
    device : torch.device
        Where to compute.

    Returns
    -------
    Learned
        Starts to train from are the samples that the model was trained on, those to
        judge from were held out.

    Raises
    ------
    InvalidDataError
        If this version of the model has other parameters.
    """
    order, prior = int(settings["order"]), float(settings["prior"])
    data = series.data.astype(np.float64)
    if "leakage" in settings:  # the model saw them unmixed
        data = leakage.unmixed(data, series.lengths, order, prior).data
    windows = Windows.of([(data, series.lengths)], order, device)
    network = rebuilt(method, state, len(data), order, settings).to(device)
    error = refine(network, windows)
    network.requires_grad_(False)

    def predict(past: torch.Tensor) -> torch.Tensor:
        after: torch.Tensor = network(past[None])[0]
        return after

    past, present = windows.at(torch.cat([windows.known, windows.held_out], 1))
    parts = torch.split(past[0], _AT_ONCE)
    expected = torch.cat([predict(part) for part in parts])
    n_known = windows.known.shape[1]
    reach = REACH * windows.series[0].abs().amax(0)
    left = torch.clamp(present[0] - expected.nan_to_num(0.0), -reach, reach)
    world = World(
        predict,
        past[0, :n_known],
        past[0, n_known:],
        left,
        reach,
    )
    score = 0.5 * torch.log(fitting.alone(windows, prior) / error).mean()
    return Learned(world, float(score), readout.parameters(network, 0))


def rebuilt(
    method: str,
    state: Mapping[str, NDArray[np.float32]],
    n_regions: int,
    order: int,
    settings: Mapping[str, Any],
) -> LagModel:
    """Make a stored model work again, one series of it; see `learned`."""
    module = models.load(method)
    sparsity = float(settings.get("sparsity", module.SPARSITY))
    network: LagModel = module.build(1, n_regions, order, 0, sparsity)
    held = {name: torch.from_numpy(array)[None] for name, array in state.items()}
    wanted = {name: tensor.shape for name, tensor in network.state_dict().items()}
    same = module.SETTINGS["version"] == settings.get("version")
    if not same or wanted != {name: tensor.shape for name, tensor in held.items()}:
        raise InvalidDataError(
            f"This connectome was learned by another version of the model '{method}', "
            "which cannot be rolled out any more. Ingest the recording again."
        )
    network.load_state_dict(held)
    return network
