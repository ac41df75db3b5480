"""``atlasdb ingest``: one command for each modality, and a BIDS folder by itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from atlasdb.cli import Session
from atlasdb.cli.asking import SEED
from atlasdb.errors import did_you_mean
from atlasdb_ingest import modalities

_LEARNED = ("eeg", "fmri", "timeseries")
_BIDS = ("eeg", "fmri")
_BIDS_DIR = "BIDS_DIR"
_NAMED = 6
"""So many are named before the rest is counted."""

WHO = [
    click.Option(["--subject"], help="The subject's label; BIDS file names hold it."),
    click.Option(["--cohort"], help="The subject's cohort."),
    click.Option(["--species"], help="Such as 'Homo sapiens'."),
    click.Option(["--session"], help="Session label."),
    click.Option(["--task"], help="Task label."),
    click.Option(["--run"], help="Run label."),
]
TABLE = [
    click.Option(
        ["--participants"],
        type=click.Path(dir_okay=False, path_type=Path),
        help="Table of subjects (CSV, TSV, xlsx).",
    ),
    click.Option(["--id-column"], help="Its column of labels [participant_id]."),
    click.Option(["--cohort-column"], help="Its column of cohorts."),
    click.Option(
        ["--cohort-names"], metavar="VALUE=NAME,...", help="Names of cohort values."
    ),
    click.Option(
        ["--field", "fields"],
        multiple=True,
        metavar="PROPERTY=COLUMN",
        help="Also keep age_years, sex, site, scanner, handedness, diagnosis or "
        "species.",
    ),
]
HOW = [
    click.Option(
        ["--keep-ids"],
        is_flag=True,
        help="Store the labels themselves, not pseudonyms: for public data.",
    ),
    click.Option(
        ["--jobs"],
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Recordings to read at once.",
    ),
    click.Option(
        ["--on-error"],
        type=click.Choice(["continue", "abort"]),
        default="continue",
        show_default=True,
        help="What to do when a recording fails.",
    ),
    click.Option(["--dry-run"], is_flag=True, help="Say what would be done."),
]
LEARN = [
    click.Option(["--model"], help="Model that learns connections [by modality]."),
    click.Option(
        ["--engine"], help="contemporaneous, lagged, or a model of one [by modality]."
    ),
    click.Option(
        ["--seed"], type=SEED, default=0, show_default=True, help="Random seed."
    ),
    click.Option(
        ["--device"], default="auto", show_default=True, help="auto, cpu, cuda or mps."
    ),
    click.Option(
        ["--log-dir"],
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder to write to how each network learns, for TensorBoard.",
    ),
]
SELECT = [
    click.Option(
        ["--participant-label", "--participant_label"],
        multiple=True,
        help="Only these subjects: --participant-label 01 02.",
    ),
    click.Option(["--session-label"], multiple=True, help="Only these sessions."),
    click.Option(["--task"], multiple=True, help="Only these tasks."),
    click.Option(
        ["--derivatives", "-d"],
        multiple=True,
        type=click.Path(file_okay=False, path_type=Path),
        help="fMRIPrep output to take BOLD from.",
    ),
    click.Option(["--space"], help="Which space of the derivatives."),
    click.Option(
        ["--modality", "kinds"],
        multiple=True,
        type=click.Choice(_BIDS),
        help="Only these kinds of recordings.",
    ),
]


class VariadicCommand(click.Command):
    """Let ``--participant-label 01 02`` mean the option repeated, as BIDS-Apps do."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat an option that may be repeated before each of its values."""
        multiple = {
            name
            for option in self.params
            if isinstance(option, click.Option) and option.multiple
            for name in option.opts
        }
        repeated: list[str] = []
        current: str | None = None
        first = False
        for word in args:
            if word.startswith("-") and word != "-":
                current, first = (word if word in multiple else None), True
                repeated.append(word)
                continue
            if current and not first:
                repeated.append(current)
            first = False
            repeated.append(word)
        return super().parse_args(ctx, repeated)


class IngestGroup(click.Group):
    """The modalities by name; anything else is a BIDS folder."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names of the modalities."""
        return modalities.names()

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Make the command of one modality."""
        return modality_command(name) if name in modalities.names() else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take a folder for a BIDS folder."""
        name = args[0]
        if name in modalities.names() or name.startswith("-"):
            return super().resolve_command(ctx, args)
        if name == _BIDS_DIR and not Path(name).is_dir():  # to ask for its help
            return _BIDS_DIR, bids_command(), args[1:]
        if not Path(name).is_dir():
            hint = did_you_mean(name, modalities.names())
            known = ", ".join(modalities.names())
            raise click.UsageError(
                f"'{name}' is neither a BIDS folder nor a kind of input ({known})."
                + hint,
                ctx,
            )
        return _BIDS_DIR, bids_command(), args


_HELP = """Turn recordings into connectomes: a BIDS folder, a file, a cohort of files.

FILE may hold {subject}, and then stands for the files of a cohort; {session} beside
it stands for the label of a session. What was ingested before with the same settings is
passed over.

\b
Examples:
  atlasdb ingest /data/bids --participant-label 01 02 --jobs 2
  atlasdb ingest eeg rest.edf --subject 01 --cohort patients
  atlasdb ingest matrix "sub-{subject}_ses-{session}.csv" --undirected --cohort all
  atlasdb ingest eeg --help        the options of one kind of input
  atlasdb ingest BIDS_DIR --help   the options of a BIDS folder
"""


@click.group(
    cls=IngestGroup,
    help=_HELP,
    subcommand_metavar="BIDS_DIR | KIND FILE... [OPTIONS]",
)
def ingest() -> None:
    """Turn recordings into connectomes."""


def modality_command(name: str) -> click.Command:
    """Make the command of a modality: its own options, then the common ones."""
    module = modalities.load(name)
    own = list(module.OPTIONS)
    common = WHO + TABLE + (LEARN if name in _LEARNED else []) + HOW
    argument = click.Argument(["patterns"], nargs=-1, required=True, metavar="FILE...")
    names = {str(option.name) for option in own}

    def run(patterns: tuple[str, ...], **values: Any) -> None:
        session = click.get_current_context().find_object(Session)
        given = _given(values, names)
        who, rest = _who(values)

        def plan(atlas: Any) -> Any:
            from atlasdb_ingest.cohort import plan_files

            return plan_files(atlas, name, patterns, given, who)

        _ingest(session, plan, rest)

    params: list[click.Parameter] = [argument, *own]
    params += [option for option in common if option.name not in names]
    return click.Command(name, params=params, callback=run, help=module.__doc__)


def bids_command() -> click.Command:
    """Make the command of a BIDS folder: the options of EEG and fMRI together."""
    own: dict[str, click.Option] = {}
    for kind in _BIDS:
        for option in modalities.load(kind).OPTIONS:
            own.setdefault(str(option.name), option)
    taken = {option.name for option in SELECT}
    who = [o for o in WHO if o.name in ("cohort", "species")]
    argument = click.Argument(
        ["folder"], type=click.Path(exists=True, file_okay=False, path_type=Path)
    )

    def run(folder: Path, **values: Any) -> None:
        session = click.get_current_context().find_object(Session)
        given = _given(values, set(own))
        select = {str(o.name): values.pop(str(o.name)) for o in SELECT}
        select["kinds"] = select["kinds"] or None
        people, rest = _who(values)

        def plan(atlas: Any) -> Any:
            from atlasdb_ingest.cohort import plan_bids

            return plan_bids(atlas, folder, given, people, **select)

        _ingest(session, plan, rest)

    params: list[click.Parameter] = [argument, *SELECT]
    params += [o for name, o in own.items() if name not in taken]
    params += who + TABLE + LEARN + HOW
    return VariadicCommand(
        "BIDS_DIR",
        params=params,
        callback=run,
        help="Ingest the EEG and BOLD recordings of a BIDS folder.\n\n"
        "Subjects and cohorts come from its participants.tsv.\n\n"
        "Example: atlasdb ingest /data/bids --participant-label 01 02",
    )


def _given(values: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """Take a modality's own options out of all; keep those that the user named."""
    ctx = click.get_current_context()
    default = click.core.ParameterSource.DEFAULT
    own = {name: values.pop(name) for name in list(values) if name in names}
    return {k: v for k, v in own.items() if ctx.get_parameter_source(k) is not default}


def _who(values: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    from atlasdb_ingest.cohort import Who

    known = [o.name for o in WHO + TABLE] + ["keep_ids"]
    mine = {k: values.pop(k) for k in list(values) if k in known}
    return Who(**mine), values


def _ingest(
    session: Session | None, plan: Callable[[Any], Any], rest: dict[str, Any]
) -> None:
    """Do what was planned; print one line for each recording."""
    from atlasdb_ingest.jobs import Learning
    from atlasdb_ingest.pipeline import run_jobs

    if session is None:
        raise click.UsageError("ingest is a command of atlasdb")
    learning = Learning(
        **{k: rest[k] for k in ("model", "engine", "seed", "device") if k in rest}
    )
    log_dir = rest.get("log_dir")
    with session.open() as atlas:
        found = plan(atlas)
        if rest["dry_run"]:
            for job in found.jobs:
                state = "unchanged" if atlas.has(job.key(learning)) else "new"
                click.echo(f"{job.label}\t{job.modality}\t{job.path.name}\t{state}")
            _failures(found.failed, len(found.jobs))
            return
        report = run_jobs(
            atlas,
            found.jobs,
            learning,
            n_jobs=rest["jobs"],
            abort=rest["on_error"] == "abort",
            log_dir=log_dir,
        )
    for line in _together([*found.notes, *report.notes]):
        click.echo(line, err=True)
    if log_dir is not None:
        none = "" if report.n_curves else ": nothing was trained step by step"
        click.echo(f"{report.n_curves} trainings logged -> {log_dir}{none}", err=True)
    done, same = len(report.done), len(report.unchanged)
    if done or same:
        click.echo(f"{done} recordings ingested, {same} unchanged -> {session.url}")
    _failures([*found.failed, *report.failed], done + same)


def _together(notes: Sequence[tuple[str, str]]) -> list[str]:
    """Give one line for what is to be said of several recordings.

    Examples
    --------
    >>> _together([("01", "Short."), ("02", "Noisy."), ("03", "Short.")])
    ['01, 03: Short.', '02: Noisy.']
    """
    labels: dict[str, list[str]] = {}
    for label, note in notes:
        labels.setdefault(note, []).append(label)
    lines = []
    for note, whose in labels.items():
        first = list(dict.fromkeys(whose))
        more = f" and {len(first) - _NAMED} more" if len(first) > _NAMED else ""
        lines.append(f"{', '.join(first[:_NAMED])}{more}: {note}")
    return lines


def _failures(failed: Sequence[tuple[str, str]], others: int) -> None:
    """Print what failed, one line each, and exit with 1."""
    if not failed:
        return
    if len(failed) == 1 and not others:
        raise click.ClickException(failed[0][1])
    for label, reason in failed:
        click.echo(f"{label}: {reason}", err=True)
    click.echo(f"Error: {len(failed)} of {len(failed) + others} failed.", err=True)
    sys.exit(1)
