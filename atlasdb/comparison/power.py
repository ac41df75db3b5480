"""What two cohorts could show, by their own connectomes, before they are compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from atlasdb.cohorts import power as reckoned
from atlasdb.cohorts.connections import connections
from atlasdb.cohorts.networkpower import plant
from atlasdb.cohorts.permutation import Progress
from atlasdb.comparison import properties
from atlasdb.comparison.edges import single
from atlasdb.comparison.networks import chosen_threshold
from atlasdb.comparison.people import people
from atlasdb.comparison.question import Question, settled
from atlasdb.comparison.study import Study, study
from atlasdb.errors import InvalidDataError
from atlasdb.files import Files
from atlasdb.privacy import Keyring
from atlasdb.store.base import Store

if TYPE_CHECKING:
    import pandas as pd

_TESTS = ("edge", "nbs")


def foreseen(
    store: Store,
    files: Files,
    keyring: Keyring,
    names: Sequence[str],
    question: Question,
    *,
    effect: float | None,
    edges: int,
    device: str = "auto",
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Say what two groups of people could show; see `atlasdb.Atlas.power`.

    Parameters
    ----------
    store, files, keyring : Store, Files, Keyring
    names : sequence of str
        Cohorts.
    question : Question
    effect : float or None
        In standard deviations of what the covariates leave.
    edges : int
        Connections of the component that is planted.
    device : str, default="auto"
        Where shuffles are computed.
    progress : callable, optional
    """
    import pandas as pd

    if question.test not in _TESTS:
        raise InvalidDataError(
            f"Power is reckoned for --test {' or '.join(_TESTS)}, not "
            f"'{question.test}'."
        )
    if effect is not None:
        reckoned.require_finite(effect)
    n_shuffles = 1000 if question.permutations is None else question.permutations
    if len(names) == 1 and not question.by:
        raise InvalidDataError(
            f"One cohort, {names[0]}, was named. Name another, or say by what its "
            "people differ: --by."
        )
    known = properties(store, question)
    who = people(store, keyring, names, question, known)
    if not who.two_groups:
        raise InvalidDataError(
            "Power is reckoned for two groups of people: name two cohorts, or one "
            "with --by. For others, 'atlasdb compare' says what could have been seen."
        )
    question = settled(question, two_groups=True)
    rows = [r for r in store.nodes("Connectome").to_pylist() if r["is_current"]]
    found = study(store, files, who, question, rows, known)
    row: dict[str, Any] = {
        "test": question.test,
        "n_a": found.n[0],
        "n_b": found.n[1],
        "connections": _tested(found, question),
        "alpha": question.alpha,
    }
    notes = found.notes
    if question.test == "edge":
        row |= _of_one(found.n, question.alpha / row["connections"], effect)
    else:
        row |= _of_network(found, question, effect, edges, n_shuffles, device, progress)
        if math.isinf(row["detectable_effect"]):
            line = (
                f"At this threshold {edges} connections that hang together would not "
                "be told from chance, however much they differ. Raise it."
            )
            notes = (*notes, line)
    frame = pd.DataFrame([row])
    frame.attrs = {"groups": who.groups, "notes": notes}
    return frame


def _tested(found: Study, question: Question) -> int:
    y, _ = connections(found.weights, directed=found.directed)
    return int(np.isfinite(single(found, y, question)["p"]).sum())


def _of_one(n: Sequence[int], level: float, effect: float | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "detectable_effect": reckoned.detectable_effect(n[0], n[1], alpha=level)
    }
    if effect is not None:
        row |= {
            "effect": effect,
            "power": reckoned.power(abs(effect), n[0], n[1], alpha=level),
            "people_per_group": reckoned.people_needed(effect, alpha=level),
        }
    return row


def _of_network(
    found: Study,
    question: Question,
    effect: float | None,
    edges: int,
    n_shuffles: int,
    device: str,
    progress: Progress | None,
) -> dict[str, Any]:
    threshold = chosen_threshold(found, question)
    planted = plant(
        found.rows(found.weights),
        found.design,
        n_edges=edges,
        threshold=threshold,
        alternative=question.alternative,
        directed=found.directed,
        alpha=question.alpha,
        n_permutations=n_shuffles,
        seed=question.seed,
        device=device,
        progress=progress,
    )
    row: dict[str, Any] = {
        "edges": edges,
        "threshold": threshold,
        "alternative": question.alternative,
        "detectable_effect": planted.detectable_effect(),
    }
    if effect is not None:
        row |= {
            "effect": effect,
            "power": planted.power(abs(effect)),
            "people_per_group": planted.people_needed(effect),
        }
    return row
