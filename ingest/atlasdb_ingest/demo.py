"""``atlasdb demo``: the whole way on a synthetic study whose answers are known.

Every command that is printed is the command that is run, and every figure is
computed from what came out of the atlas.
"""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from atlasdb.cli import Session
from atlasdb.cli.asking import SEED
from atlasdb.errors import InvalidDataError, NotFoundError

if TYPE_CHECKING:
    from atlasdb.atlas import Atlas
    from atlasdb_ingest.simulation.study import Planted, Study

MODALITIES = ("eeg", "fmri")
ALPHA = 0.05


@click.command()
@click.argument(
    "place",
    required=False,
    metavar="[FOLDER]",
    type=click.Path(file_okay=False, path_type=Path),
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the study and the pictures go [atlasdb-demo].",
)
@click.option(
    "--seed",
    type=SEED,
    default=0,
    show_default=True,
    help="Random seed of the study.",
)
@click.pass_context
def command(
    ctx: click.Context, place: Path | None, folder: Path | None, seed: int
) -> None:
    """Go the whole way on a synthetic study of patients and controls.

    Writes EDF and NIfTI files of 24 people with known connections into FOLDER,
    ingests them, asks questions, compares the cohorts, and says how much of what was
    planted came back. The atlas is FOLDER/atlas unless --atlas names another.

    Example: atlasdb demo my-demo
    """
    session = ctx.find_object(Session)
    named = session is not None and session.source == "--atlas"
    ctx.exit(
        run(
            session.url if session and named else None,
            place or folder or Path("atlasdb-demo"),
            files=session.files if session else None,
            seed=seed,
        )
    )


def run(
    atlas_url: str | None,
    folder: Path,
    *,
    files: Path | None = None,
    seed: int = 0,
    n_patients: int = 12,
    n_controls: int = 12,
) -> int:
    """Write a study, ingest it, ask about it, and compare the answers with the truth.

    Parameters
    ----------
    atlas_url : str or None
        Where the atlas is; None: ``folder/atlas``.
    folder : Path
        Gets ``bids``, ``matrix.png``, ``response.png`` and, without `atlas_url`,
        ``atlas``.
    files : Path, optional
        Where the files of an atlas on a server lie.
    seed, n_patients, n_controls : int
        Of the study; see `atlasdb_ingest.simulation.study.write_study`.

    Returns
    -------
    int
        Exit status: 0 all done, 1 a recording failed.

    Raises
    ------
    AtlasError
        If the folder or the atlas holds something else, or the atlas cannot be
        reached.
    click.ClickException
        If one of the commands fails.
    """
    from atlasdb.atlas import connect
    from atlasdb_ingest.simulation.study import write_study

    started = time.monotonic()
    url = atlas_url or str(folder / "atlas")
    _progress(f"Writing the recordings of {n_patients + n_controls} people ...")
    study = write_study(
        folder / "bids", n_patients=n_patients, n_controls=n_controls, seed=seed
    )
    _check_atlas(url, files, study)
    shell = Shell(url, files)
    _progress("Learning a connectome from each recording ...")
    status = shell.run(
        "ingest",
        study.folder,
        *("--parcellation", study.parcellation, "--labels", study.labels),
        "--keep-ids",
    )
    person = study.controls[0]
    _questions(shell, study, person)
    shell.run("compare", "patients", "controls", "--modality", "eeg")
    with connect(url, files=files) as atlas:
        say_effect(atlas, study)
        _recovery(atlas, study)
        _response(atlas, study, person)
    shell.run(
        *("export", "connectome", "--subject", person, "--modality", "eeg"),
        folder / "matrix.png",
    )
    shell.run(
        *("export", "activation", "--subject", person),
        *("--condition", study.condition, folder / "response.png"),
    )
    _next(shell)
    _progress(f"Done in {time.monotonic() - started:.0f} s.")
    return status


class Shell:
    """Command lines on one atlas: printed as one would type them, and run."""

    def __init__(self, url: str, files: Path | None) -> None:
        self.words = ["--atlas", url, *(["--files", str(files)] if files else [])]

    def line(self, *words: object) -> str:
        """Give a command line as one would type it."""
        return shlex.join(["atlasdb", *self.words, *map(str, words)])

    def run(self, *words: object) -> int:
        """Print a command line and its answer; give its exit status."""
        from atlasdb.cli import main

        click.echo(f"\n$ {self.line(*words)}")
        try:
            main.main(
                [*self.words, *map(str, words)],
                prog_name="atlasdb",
                standalone_mode=False,
            )
        except SystemExit as stop:  # some recordings failed, and it was said
            return int(stop.code or 0)
        return 0


def _progress(text: str) -> None:
    click.echo(text, err=True)


def _check_atlas(url: str, files: Path | None, study: Study) -> None:
    """Refuse an atlas of other people: cohorts of one name would be mixed."""
    from atlasdb.atlas import connect

    try:
        with connect(url, files=files, read_only=True) as atlas:
            there = atlas.cypher("MATCH (s:Subject) RETURN s.id AS id ORDER BY id")
    except NotFoundError:
        return  # a folder without an atlas
    others = set(there["id"]) - {*study.patients, *study.controls}
    if others:
        raise InvalidDataError(
            f"The atlas {url} holds {len(others)} subjects of another study. The demo "
            "needs an empty atlas: leave --atlas out, or name another one."
        )


def _questions(shell: Shell, study: Study, person: str) -> None:
    """Ask four named questions."""
    source, target = study.effect
    which = ("--subject", person, "--modality", "eeg")
    shell.run("query", "cohorts")
    shell.run("query", "connections", *which, "--limit", 5)
    shell.run("query", "pagerank", *which, "--limit", 5)
    shell.run(
        *("query", "shortest-path", *which, "--source", source, "--target", target)
    )


def say_effect(atlas: Atlas, study: Study) -> None:
    """Say whether the comparison found the planted effect, and what else it found."""
    source, target = study.effect
    click.echo(
        f"\nPlanted: {source} -> {target} in the EEG of controls and of no patient; "
        "in fMRI, nothing differs."
    )
    for modality in MODALITIES:
        frame = atlas.compare("patients", "controls", modality=modality, alpha=ALPHA)
        rows = {(row["source"], row["target"]): row for row in frame.to_dict("records")}
        said = [f"{frame.attrs['n_tested']} connections tested"]
        planted = rows.pop(study.effect, None) if modality == "eeg" else None
        if planted:
            said.append(
                f"the planted one found (mean weight {planted['mean_a']:.3g} in "
                f"patients, {planted['mean_b']:.3g} in controls; q = "
                f"{planted['q']:.2g})"
            )
        elif modality == "eeg":
            said.append(
                f"the planted one NOT found at q < {ALPHA:g} (smallest q "
                f"{frame.attrs['smallest_q']:.2g})"
            )
        beside = sum(bool({*pair} & {*study.effect}) for pair in rows)
        others = f"{len(rows)} other{'s' * (len(rows) != 1)} found"
        if rows and modality == "eeg":
            others += f", {beside} of them from or to {source} or {target}"
        said.append(others)
        click.echo(f"{modality:5s} {'; '.join(said)}.")


def _recovery(atlas: Atlas, study: Study) -> None:
    """Compare what was recovered with what was planted, and with chance."""
    people = [*study.patients, *study.controls]
    click.echo(
        f"\nRecovered and planted connections ({len(people)} people; AUPRC: area under "
        "the precision-recall\ncurve; direction: share of the planted whose right "
        "direction scores higher):\n\n"
        "modality  planted        AUPRC: chance  one person  pooled   "
        "direction: chance  one person  pooled"
    )
    for modality in MODALITIES:
        planted = study.truth[modality]
        figures = _figures(atlas, people, modality, planted)
        chance, one, together, one_way, all_ways = figures
        n = int((planted.weights > 0).sum())
        pairs = len(planted.names) * (len(planted.names) - 1)
        click.echo(
            f"{modality:8s}  {n:2d} of {pairs} pairs  {chance:13.2f}  {one:10.2f}  "
            f"{together:6.2f}   {0.5:17.2f}  {one_way:10.2f}  {all_ways:6.2f}"
        )


def _figures(
    atlas: Atlas, people: list[str], modality: str, planted: Planted
) -> tuple[float, float, float, float, float]:
    """Give chance, then AUPRC and direction of one person (mean) and of all."""
    from atlasdb_ingest.simulation import recovery

    truth = planted.weights > 0
    found = []
    for person in people:
        connectome = atlas.connectome(person, modality=modality)
        names = list(connectome.nodes["name"])
        order = [names.index(name) for name in planted.names]
        matrix = np.asarray(connectome.matrices["probability"], dtype=np.float64)
        found.append(matrix[np.ix_(order, order)])
    together = recovery.pooled(found)
    n_pairs = truth.size - len(truth)
    return (
        float(truth.sum() / n_pairs),
        float(np.mean([recovery.average_precision(truth, one) for one in found])),
        recovery.average_precision(truth, together),
        float(np.mean([recovery.direction_accuracy(truth, one) for one in found])),
        recovery.direction_accuracy(truth, together),
    )


def _response(atlas: Atlas, study: Study, person: str) -> None:
    """Compare the evoked response of one person with the one that was planted."""
    found = atlas.activation(person, study.condition, modality="eeg")
    areas: list[Any] = found.areas.to_dict("records")
    largest = max(areas, key=lambda row: abs(row["peak_amp"]))
    click.echo(
        f"\nPlanted: a response to '{study.condition}' at {study.electrode}, "
        f"{study.latency_ms:.0f} ms. Found in subject {person}: the largest at "
        f"{largest['name']}, {largest['peak_ms']:.0f} ms."
    )


def _next(shell: Shell) -> None:
    click.echo(
        "\nTry next:\n"
        f"  {shell.line('query', '--help')}\n"
        "      the questions that an atlas answers\n"
        f"  {shell.line('cypher', 'MATCH (s:Subject) RETURN s.sex, count(s) AS n')}\n"
        "      a question of your own\n"
        "  atlasdb --atlas my-atlas ingest BIDS_DIR --parcellation IMAGE\n"
        "      recordings of your own: a BIDS folder, or: atlasdb ingest --help"
    )
