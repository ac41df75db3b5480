"""The one order of the steps: read, learn, write; what failed is said at the end.

Recordings are read in parallel and learned from together, so that one tensor
program serves many subjects. A recording whose result is in the atlas already is
passed over before anything is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from tqdm.auto import tqdm

from atlasdb import clock
from atlasdb.atlas import Atlas
from atlasdb.errors import AtlasError, InvalidDataError
from atlasdb.privacy import bare_label
from atlasdb.types import Entry, Subject
from atlasdb_ingest import modalities
from atlasdb_ingest.entries import entry
from atlasdb_ingest.jobs import (
    Job,
    Learning,
    make_options,
    settings_hash,
)
from atlasdb_ingest.learning.progress import Curve, placed
from atlasdb_ingest.learning.scalars import logged
from atlasdb_ingest.types import Estimate, Prepared, Timeseries

if TYPE_CHECKING:
    from atlasdb_ingest.learning.study import Study

JobCurve: TypeAlias = Callable[[Job, int, float], object]
"""Takes a recording, the step of its training, and the held-out log-likelihood then."""
TOGETHER = 64
"""So many subjects are read before they are learned from and written."""


@dataclass
class Report:
    """What an ingest did.

    Attributes
    ----------
    done, unchanged : list of str
        Labels of subjects, one for each recording.
    failed : list of (str, str)
        Label and reason.
    notes : list of (str, str)
        Label and what was left out, changed or found odd.
    n_curves : int
        Recordings whose training was logged.
    """

    done: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    n_curves: int = 0


def ingest(
    atlas: Atlas,
    path: str | Path,
    *,
    modality: str,
    subject: str,
    cohort: str | None = None,
    species: str | None = None,
    session: str | None = None,
    task: str | None = None,
    run: str | None = None,
    keep_ids: bool = False,
    model: str | None = None,
    engine: str | None = None,
    seed: int = 0,
    device: str = "auto",
    log_dir: str | Path | None = None,
    **options: Any,
) -> Report:
    """Turn one file into a connectome in an atlas.

    Parameters
    ----------
    atlas : Atlas
        Open for writing.
    path : str or Path
        The recording, matrix or edge list.
    modality : str
        "eeg", "fmri", "timeseries", "matrix" or "neurons": the command's name.
    subject : str
        The laboratory's label; a keyed pseudonym is stored unless `keep_ids`.
    cohort, species, session, task, run : str, optional
        What is known of the subject and the recording.
    keep_ids : bool, default=False
        Store the label itself: for public data.
    model, engine, seed, device
        How connections are learned; see `atlasdb_ingest.estimate`.
    log_dir : str or Path, optional
        Folder for TensorBoard, as in `run_jobs`.
    **options
        The modality's own, as ``Options`` of its module names them.

    Returns
    -------
    Report

    Raises
    ------
    AtlasError
        If the file cannot be used; nothing is added then.
    """
    person = Subject(subject, cohort=cohort, species=species)
    made = make_options(modality, options)
    (person,) = pseudonymise(atlas, [person], keep_ids=keep_ids)
    job = Job(Path(path), modality, person, subject, made, session, task, run)
    learning = Learning(model, engine, seed, device)
    report = run_jobs(atlas, [job], learning, log_dir=log_dir)
    if report.failed:
        raise InvalidDataError(report.failed[0][1])
    return report


def pseudonymise(
    atlas: Atlas, subjects: Sequence[Subject], *, keep_ids: bool
) -> list[Subject]:
    """Give subjects the ids that the graph will hold."""
    if keep_ids:
        return [replace(s, id=bare_label(s.id)) for s in subjects]
    codes = {s.id: atlas.keyring.pseudonym(s.id) for s in subjects}
    atlas.keyring.remember({code: label for label, code in codes.items()})
    return [replace(s, id=codes[s.id]) for s in subjects]


def run_jobs(
    atlas: Atlas,
    jobs: Sequence[Job],
    learning: Learning,
    *,
    n_jobs: int = 1,
    abort: bool = False,
    log_dir: str | Path | None = None,
) -> Report:
    """Do the jobs whose result is not in the atlas; see `Report` for what failed.

    Parameters
    ----------
    atlas : Atlas
        Open for writing.
    jobs : sequence of Job
    learning : Learning
    n_jobs : int, default=1
        So many recordings are read at once, in processes of their own.
    abort : bool, default=False
        Raise the first failure instead of going on with the others.
    log_dir : str or Path, optional
        Folder for TensorBoard: how the network of each recording learns, under the
        place of the recording in `jobs`, from 1. Nothing else is written there.

    Raises
    ------
    MissingExtraError
        If a log is wanted and tensorboard is not installed.
    """
    report = Report()
    places = {job: place for place, job in enumerate(jobs, 1)}
    seen: set[Job] = set()
    with logged(log_dir) as log:

        def curve(job: Job, step: int, value: float) -> None:
            seen.add(job)
            log(f"held-out log-likelihood/{places[job]}", value, step)

        told = None if log_dir is None else curve  # whom nobody asks waits for nothing
        _run(atlas, jobs, learning, report, told, n_jobs=n_jobs, abort=abort)
    report.n_curves = len(seen)
    return report


def _run(
    atlas: Atlas,
    jobs: Sequence[Job],
    learning: Learning,
    report: Report,
    curve: JobCurve | None,
    *,
    n_jobs: int,
    abort: bool,
) -> None:
    todo = list(_new(atlas, jobs, learning, report, abort))
    hidden = None if len(todo) > 1 else True  # None: shown on a terminal only
    bar = tqdm(total=len(todo), unit="recording", disable=hidden, leave=False)
    with bar:
        for start in range(0, len(todo), TOGETHER):
            part = todo[start : start + TOGETHER]
            started = clock.now()
            ready = []
            for (job, key), result in zip(
                part, _read_all([job for job, _ in part], n_jobs), strict=True
            ):
                bar.update()
                if isinstance(result, AtlasError):
                    _fail(report, job, result, abort)
                else:
                    ready.append((job, key, result))
            entries = _learn(atlas, ready, learning, started, report, curve, abort)
            atlas.write(*[made for _, made in entries])
            report.done += [job.label for job, _ in entries]
    atlas.describe(*[job.subject for job in jobs])


def _new(
    atlas: Atlas,
    jobs: Sequence[Job],
    learning: Learning,
    report: Report,
    abort: bool,
) -> Iterator[tuple[Job, str]]:
    known = atlas.files.keys()
    for job in jobs:
        try:
            job.check()
            key = job.key(learning)
        except AtlasError as error:
            _fail(report, job, error, abort)
            continue
        if key in known:
            report.unchanged.append(job.label)
        else:
            yield job, key


def _fail(report: Report, job: Job, error: AtlasError, abort: bool) -> None:
    if abort:
        raise error
    report.failed.append((job.label, " ".join(str(error).split())))


def _read_all(jobs: Sequence[Job], n_jobs: int) -> Iterator[Prepared | AtlasError]:
    if n_jobs == 1 or len(jobs) < 2:
        yield from (read(job) for job in jobs)
        return
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=n_jobs, return_as="generator")
    yield from parallel(delayed(read)(job) for job in jobs)


def read(job: Job) -> Prepared | AtlasError:
    """Read one recording; give what went wrong instead of raising it."""
    try:
        prepared = modalities.load(job.modality).read(job.path, job.options)
    except AtlasError as error:
        return error
    return prepared


def _learn(
    atlas: Atlas,
    ready: Sequence[tuple[Job, str, Prepared]],
    learning: Learning,
    started: str,
    report: Report,
    curve: JobCurve | None,
    abort: bool,
) -> list[tuple[Job, Entry]]:
    """Learn from all series of one study together; give an entry for each job."""
    estimates: dict[int, Estimate] = {}
    studies: dict[tuple[str, str, str], list[int]] = {}
    for i, (job, _, prepared) in enumerate(ready):
        if prepared.timeseries is not None:
            same = settings_hash(job.settings(learning))
            where = prepared.timeseries.modality, prepared.parcellation.id, same
            studies.setdefault(where, []).append(i)
    for (_, parcellation, same), rows in sorted(studies.items()):
        series = [_series(ready[i][2]) for i in rows]
        study = _study(atlas, parcellation, same)
        told = placed(curve, [ready[i][0] for i in rows])
        estimated = _estimate(series, learning, study, told)
        for i, found in zip(rows, estimated, strict=True):
            if isinstance(found, AtlasError):
                _fail(report, ready[i][0], found, abort)
            else:
                estimates[i] = found
    entries = []
    for i, (job, key, prepared) in enumerate(ready):
        if prepared.timeseries is not None and i not in estimates:
            continue
        report.notes += [(job.label, note) for note in prepared.notes]
        made = entry(job, key, prepared, estimates.get(i), learning, started)
        entries.append((job, made))
    return entries


def _series(prepared: Prepared) -> Timeseries:
    assert prepared.timeseries is not None  # its caller looked
    return prepared.timeseries


def _study(atlas: Atlas, parcellation: str, same: str) -> Study | None:
    """Give what was chosen for the study, by its people who are in the atlas."""
    from atlasdb_ingest.learning.study import Study

    runs = atlas.cypher(
        "MATCH (g:Connectome)-[:GENERATED_BY]->(r:Run) WHERE g.settings = $same "
        "AND g.parcellation = $parcellation RETURN r.params AS params, r.id AS id "
        "ORDER BY id LIMIT 1",
        {"same": same, "parcellation": parcellation},
    )
    if not len(runs):
        return None
    return Study.of(json.loads(runs["params"].iloc[0]).get("fit") or {})


def _estimate(
    series: list[Timeseries],
    learning: Learning,
    study: Study | None,
    curve: Curve | None,
) -> list[Estimate | AtlasError]:
    """Learn from series together; one that cannot be learned from fails alone."""
    from atlasdb_ingest.learning import trainer

    options = asdict(learning)
    try:
        study = study or trainer.choose_study(series, **options)
        return list(trainer.estimate(series, study=study, curve=curve, **options))
    except AtlasError as error:
        if len(series) == 1:
            return [error]
    return [
        found
        for k, one in enumerate(series)
        for found in _estimate([one], learning, study, placed(curve, [k]))
    ]
