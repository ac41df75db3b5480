"""``atlasdb stimulate``: which region to act on, by the model of one recording."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import click
import numpy as np

from atlasdb import clock, devices, reading
from atlasdb.atlas import Atlas
from atlasdb.cli import Session
from atlasdb.cli.asking import seed_option
from atlasdb.cli.output import format_option, show
from atlasdb.errors import InvalidDataError
from atlasdb.rows.ids import run_key, stimulation_id
from atlasdb.types import Run, StimulationResult
from atlasdb_ingest.types import Timeseries

BUDGET, HORIZON = 1.0, 20
FARTHEST = 1000
"""Samples that a rollout may have: time and memory grow with them."""
_UNIT = "nats/sample/region"


@dataclass(frozen=True)
class _Recording:
    """What the atlas keeps of a learned connectome and the recording behind it."""

    series: Timeseries
    method: str
    state: dict[str, Any]
    settings: dict[str, Any]


def stimulate(
    atlas: Atlas,
    subject: str,
    *,
    modality: str | None = None,
    session: str | None = None,
    task: str | None = None,
    budget: float = BUDGET,
    horizon: int = HORIZON,
    seed: int = 0,
    device: str = "auto",
) -> str:
    """Train policies on the model of one recording, and keep the ranking of regions.

    Parameters
    ----------
    atlas : Atlas
        Open for writing.
    subject : str
        Whose current connectome, which the lagged engine must have learned.
    modality, session, task : str, optional
        Which one, where there are several.
    budget : float, default=1.0
        Largest input at a sample, standard deviations of the region's activity.
    horizon : int, default=20
        Samples of a rollout, at most 1000.
    seed : int, default=0
        Same seed, same result (on the CPU).
    device : str, default="auto"
        "auto" (CUDA, then MPS, then CPU), or a device that torch knows.

    Returns
    -------
    str
        Id of the ``Stimulation``, a simulation result; what is there is not computed
        again.

    Raises
    ------
    NotFoundError
        If there is no such subject or connectome.
    InvalidDataError
        If the connectome has no dynamics, or a number lies outside its range.
    """
    if not 0 < budget < math.inf or not 1 <= horizon <= FARTHEST:
        raise InvalidDataError(
            f"budget must be above 0 and horizon between 1 and {FARTHEST}, found "
            f"{budget:g} and {horizon}. Give other numbers."
        )
    wanted = {
        "subject": atlas.subject(subject),
        "modality": modality,
        "session": session,
        "task": task,
    }
    rows = atlas.store.nodes("Connectome").to_pylist()
    connectome = reading.choose(rows, wanted, "connectome")
    _has_dynamics(connectome)
    from atlasdb_ingest.stimulation import policy  # torch is slow to import

    params = {"goal": "energy", "budget": float(budget), "horizon": horizon}
    params |= {"policy_version": policy.VERSION}
    settings = params | {"connectome": connectome["id"], "seed": seed}
    key = run_key(["stimulate", settings])
    if not atlas.has(key):
        recording = _recording(atlas, connectome)
        atlas.write_stimulation(
            _simulate(connectome, recording, key, params, seed, device)
        )
    return stimulation_id(connectome["id"], key)


def _has_dynamics(connectome: dict[str, Any]) -> None:
    name, engine = connectome["id"], connectome["engine"]
    if engine is None:
        raise InvalidDataError(
            f"The connectome {name} was imported, not learned: it has no model to roll "
            "out. Ingest the recording itself."
        )
    if engine != "lagged":
        raise InvalidDataError(
            f"The connectome {name} says what regions share at one time (engine "
            f"{engine}): it has no dynamics to roll out. Ingest the recording with "
            "--engine lagged, and mind that lags say little about direction in fMRI."
        )


def _recording(atlas: Atlas, connectome: dict[str, Any]) -> _Recording:
    """Read the series of a connectome, and the model that was learned from it."""
    name, subject = connectome["id"], connectome["subject"]
    files = {
        role: atlas.files.arrays(
            reading.artifact(atlas.store, "Connectome", name, role)
        )
        for role in ("series", "model", "matrix")
    }
    series = Timeseries(
        files["series"]["data"],
        float(files["series"]["sfreq"]),
        tuple(str(code) for code in files["matrix"]["codes"]),
        connectome["modality"],
        tuple(int(n) for n in files["series"]["lengths"]),
    )
    runs = atlas.query("runs", subject=subject, limit=1_000_000)
    (params,) = runs.loc[runs["connectome"] == name, "params"]
    fit = json.loads(params)["fit"]
    return _Recording(series, connectome["method"], files["model"], fit)


def _simulate(
    connectome: dict[str, Any],
    recording: _Recording,
    key: str,
    params: dict[str, Any],
    seed: int,
    where: str,
) -> StimulationResult:
    """Train the policies and judge them, both on the learned model."""
    from tqdm.auto import tqdm

    from atlasdb_ingest.entries import versions
    from atlasdb_ingest.stimulation import policy, world

    started, target = clock.now(), devices.choose(where)
    budget, horizon = params["budget"], params["horizon"]
    fit = recording.settings
    learned = world.learned(
        recording.series, recording.method, recording.state, fit, target
    )
    steps = policy.STEPS * len(list(policy.turns(learned.world, policy.ROLLOUTS)))
    with tqdm(total=steps, unit="step", disable=None, leave=False) as bar:
        policies = policy.train(
            learned.world,
            budget=budget,
            horizon=horizon,
            seed=seed,
            step_done=bar.update,
        )
    found = policy.judge(learned.world, policies, horizon=horizon, seed=seed)
    table = {
        "reduction": found.mean,
        "reduction_low": found.low,
        "reduction_high": found.high,
    }
    weights = {
        "gains": policies.gains.cpu().numpy(),
        "offsets": policies.offsets.cpu().numpy(),
        "codes": np.array(recording.series.codes),
    }
    run = Run(
        key=key,
        kind="stimulate",
        command="stimulate",
        params=params | {"method": recording.method, "simulated": True},
        seed=seed,
        versions=versions(),
        device=target.type,
        started=started,
        ended=clock.now(),
    )
    return StimulationResult(
        run=run,
        subject=connectome["subject"],
        connectome=connectome["id"],
        goal=params["goal"],
        budget=budget,
        horizon=horizon,
        n_rollouts=policy.JUDGED,
        fit_score=learned.fit_score,
        linear_fit_score=fit.get("linear_fit_score", learned.fit_score),
        codes=recording.series.codes,
        **table,
        arrays={"policy": weights | table, "model": learned.state},
    )


@click.command()
@click.argument("subject")
@click.option("--modality", help="Which connectome, where there are several.")
@click.option("--session", help="Session label.")
@click.option("--task", help="Task label.")
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    default=BUDGET,
    show_default=True,
    help="Largest input at a sample, standard deviations of the region's activity.",
)
@click.option(
    "--horizon",
    type=click.IntRange(min=1, max=FARTHEST),
    default=HORIZON,
    show_default=True,
    help="Samples that a policy looks ahead.",
)
@seed_option
@click.option(
    "--device", default="auto", show_default=True, help="auto, cpu, cuda or mps."
)
@format_option
@click.pass_obj
def command(
    opened: Session, /, subject: str, output_format: str, **options: Any
) -> None:
    """Rank a subject's regions by what stimulating them would change, in simulation.

    On the model that was learned from one recording, a feedback policy is trained for
    each region: its input, bounded by --budget, is to lower the mean power of all
    regions. Nothing of this is an effect in the person, or medical advice.

    Example: atlasdb stimulate 01 --modality eeg
    """
    with opened.open() as atlas:
        found = stimulate(atlas, subject, **options)
        frame = atlas.query(
            "stimulation-targets", subject=subject, stimulation=found, limit=1_000_000
        )
        (row,) = (
            r for r in atlas.store.nodes("Stimulation").to_pylist() if r["id"] == found
        )
    click.echo(
        "Simulated on the model learned from this recording (held-out fit "
        f"{row['fit_score']:.3g}, linear baseline {row['linear_fit_score']:.3g} "
        f"{_UNIT}): not an effect in the person, and no medical advice -> {found}",
        err=True,
    )
    show(frame, output_format)
