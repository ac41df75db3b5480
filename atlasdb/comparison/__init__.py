"""Comparing cohorts on the full matrices of their connectomes, and keeping the answer.

`people` says who, `study` what was measured in them, `edges`, `networks` and `nodes`
what is tested; `answer` turns it into a part of the graph and into rows to read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlasdb import clock, writing
from atlasdb.cohorts.permutation import Progress
from atlasdb.comparison.answer import frame, kept
from atlasdb.comparison.edges import edges, enhanced
from atlasdb.comparison.finding import Finding
from atlasdb.comparison.networks import networks
from atlasdb.comparison.nodes import nodes, wholes
from atlasdb.comparison.people import people
from atlasdb.comparison.phenotypes import read_phenotypes
from atlasdb.comparison.question import Question, refuse_unknown, settled
from atlasdb.comparison.study import Study, study
from atlasdb.comparison.variants import over_variants
from atlasdb.errors import InvalidDataError
from atlasdb.files import Files
from atlasdb.privacy import Keyring
from atlasdb.store.base import Store

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Question", "asked", "compare", "multiverse"]

_Tested = Callable[[Study, Question, Progress | None, str], Finding]
_TESTS: Mapping[str, _Tested] = {
    "edge": edges,
    "nbs": networks,
    "tfce": enhanced,
    "node": nodes,
    "global": wholes,
}


def compare(
    store: Store,
    files: Files,
    keyring: Keyring,
    names: Sequence[str],
    question: Question,
    *,
    progress: Progress | None = None,
    device: str = "auto",
    rows: Sequence[dict[str, Any]] | None = None,
    multiverse: tuple[str, str] | None = None,
) -> pd.DataFrame:
    """Compare cohorts; see `atlasdb.Atlas.compare`.

    Parameters
    ----------
    store, files, keyring : Store, Files, Keyring
    names : sequence of str
        Cohorts, or one subject and then cohorts of controls.
    question : Question
    progress : callable, optional
    device : str, default="auto"
        Where permutations are computed. The answer is the same: its key says nothing
        of it.
    rows : sequence of dict, optional
        Connectomes to choose from; the current ones by default.
    multiverse : (str, str), optional
        Key of the many analyses that this is one of, and its name among them.
    """
    started = clock.now()
    known = properties(store, question)
    who = people(store, keyring, names, question, known)
    if who.kind == "patient" and (question.statistic or question.correct == "fwe"):
        raise InvalidDataError(
            "One person is compared by Crawford and Howell's test with a false "
            "discovery rate; leave out --statistic and --correct fwe."
        )
    question = settled(question, two_groups=who.two_groups)
    if rows is None:
        rows = [r for r in store.nodes("Connectome").to_pylist() if r["is_current"]]
    found = study(store, files, who, question, rows, known)
    finding = _TESTS[question.test](found, question, progress, device)
    result = kept(found, question, finding, names, started, multiverse)
    contrast = writing.write_contrast(store, files, result)
    return frame(store, found, question, finding, contrast)


def multiverse(
    store: Store,
    files: Files,
    keyring: Keyring,
    names: Sequence[str],
    question: Question,
    *,
    progress: Progress | None = None,
    device: str = "auto",
) -> pd.DataFrame:
    """Compare in every stored variant of the connectomes; see `variants`."""
    who = people(store, keyring, names, question, properties(store, question))

    def one(rows: list[dict[str, Any]], variant: tuple[str, str]) -> pd.DataFrame:
        return compare(
            store,
            files,
            keyring,
            names,
            question,
            progress=progress,
            device=device,
            rows=rows,
            multiverse=variant,
        )

    return over_variants(store, who.subjects, names, question, one)


def asked(
    said: Mapping[str, Any],
    phenotypes: str | Path | None,
    store: Store,
    keyring: Keyring,
) -> Question:
    """Make a question of options by name.

    Raises
    ------
    InvalidDataError
        If there is no such option, or the table cannot be read.
    """
    known = {f.name for f in fields(Question)} - {"phenotypes"}
    refuse_unknown("A comparison", said, known)
    given: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in said.items()
    }
    table: dict[str, dict[str, Any]] = {}
    if phenotypes is not None:
        table = read_phenotypes(Path(phenotypes), store, keyring)
    return Question(**given, phenotypes=table)


def properties(store: Store, question: Question) -> dict[str, dict[str, Any]]:
    """Give what is known of every subject, with the user's own table."""
    known: dict[str, dict[str, Any]] = {
        row["id"]: dict(row) for row in store.nodes("Subject").to_pylist()
    }
    for name, values in question.phenotypes.items():
        for subject in known:
            known[subject].setdefault(name, None)
        for subject, value in values.items():
            known[subject][name] = value
    return known
