"""One comparison over every stored variant of the connectomes: which answers survive.

A variant is what people have in common: parcellation, estimator, settings of the
ingest, band. Replaced connectomes count too, since nothing is overwritten.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from atlasdb.cohorts.multiverse import survival
from atlasdb.comparison.question import Question
from atlasdb.errors import InvalidDataError
from atlasdb.rows.ids import run_key
from atlasdb.store.base import Store

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("parcellation", "method", "engine", "unit", "band", "condition", "settings")
"""What makes a variant."""
_SAME = ("modality", "task")
"""What is another recording, not another variant of one."""
TESTS = ("edge", "tfce")
"""Tests that say of each connection whether it differs."""

Rows = list[dict[str, Any]]
Compared = Callable[[Rows, tuple[str, str]], "pd.DataFrame"]


def over_variants(
    store: Store,
    subjects: Sequence[str],
    names: Sequence[str],
    question: Question,
    compare: Compared,
) -> pd.DataFrame:
    """Compare in every variant that all people have; see `atlasdb.Atlas.compare`.

    Parameters
    ----------
    store : Store
    subjects, names : sequence of str
        Who is compared, and what they were called.
    question : Question
    compare : callable
        Takes the connectomes of one variant, and the key and name that the comparison
        gets; gives its answer.

    Returns
    -------
    pandas.DataFrame
        As `cohorts.multiverse.survival` gives it, areas by name; ``attrs`` with
        ``multiverse``, its key, ``variants``, one summary each, and ``notes``.

    Raises
    ------
    InvalidDataError
        If there are fewer than two variants.
    """
    if question.test not in TESTS:
        raise InvalidDataError(
            f"What survives is asked of single connections, and --test {question.test} "
            f"says nothing of them. Use --test {' or '.join(TESTS)}."
        )
    found, notes = _variants(store, subjects, question)
    if len(found) < 2:
        raise InvalidDataError(
            f"Everybody has {len(found)} variant of these connectomes, and what "
            f"survives is asked of several. {' '.join(notes)} Ingest all again with "
            "another --model, parcellation or denoising."
        )
    stated = {"names": list(names), "variants": sorted(found)} | question.settings
    key = f"multiverse-{run_key(stated)[:8]}"
    tables: dict[str, pd.DataFrame] = {}
    summaries = []
    for name, rows in found.items():
        try:
            answer = compare(rows, (key, name))
        except InvalidDataError as error:
            notes.append(f"{name}: {error}")
            continue
        said: Mapping[Any, Any] = answer.attrs
        summaries.append((name, said["n_significant"], said["n_tested"]))
        tables[name] = _tested(store, said["contrast"])
    table = survival(tables)
    table.attrs = {"multiverse": key, "variants": summaries, "notes": notes}
    return table


_DIFFERS = (
    "MATCH (a:Area)-[d:DIFFERS]->(b:Area) WHERE d.contrast = $contrast "
    "RETURN a.name AS source, b.name AS target, d.effect AS effect, "
    "coalesce(d.p, d.p_fwe) AS p, d.significant AS significant, "
    "a.id AS source_id, b.id AS target_id ORDER BY source_id, target_id"
)


def _tested(store: Store, contrast: str) -> pd.DataFrame:
    frame: pd.DataFrame = store.read(
        _DIFFERS, {"contrast": contrast}, trusted=True
    ).to_pandas()
    return frame


def _variants(
    store: Store, subjects: Sequence[str], question: Question
) -> tuple[dict[str, Rows], list[str]]:
    """Give the connectomes of each variant that all people have, by its name."""
    which = question.which
    people = set(subjects)
    rows = [
        row
        for row in store.nodes("Connectome").to_pylist()
        if row["level"] == "subject"
        and row["subject"] in people
        and all(row[name] == value for name, value in which.items())
    ]
    for name in _SAME:
        values = sorted({str(row[name]) for row in rows})
        if len(values) > 1:
            raise InvalidDataError(
                f"These connectomes differ in {name} ({', '.join(values[:5])}), which "
                f"is not a variant of one recording. Say which with --{name}."
            )
    by_kind: dict[tuple[str, ...], Rows] = {}
    for row in rows:
        by_kind.setdefault(tuple(str(row[k]) for k in KINDS), []).append(row)
    whole = {k: r for k, r in by_kind.items() if {x["subject"] for x in r} == people}
    notes = [
        f"{len(people) - len({x['subject'] for x in r})} of {len(people)} people lack "
        f"the variant {k[0]}, {k[1]}, {k[-1][:6]}, which is left out."
        for k, r in by_kind.items()
        if k not in whole
    ]
    names = _names(store, whole)
    return {names[k]: _latest(r) for k, r in whole.items()}, notes


def _latest(rows: Rows) -> Rows:
    """Of several connectomes of one recording and kind, take the current one."""
    chosen: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda r: (bool(r["is_current"]), r["id"])):
        chosen[tuple(str(row[n]) for n in ("subject", "session", "run"))] = row
    return [row | {"is_current": True} for row in chosen.values()]


def _names(
    store: Store, variants: Mapping[tuple[str, ...], Rows]
) -> dict[tuple[str, ...], str]:
    """Name each variant by what sets it apart from the others."""
    made_by = {
        row["source"]: row["target"]
        for row in store.edges(("GENERATED_BY", "Connectome", "Run")).to_pylist()
    }
    runs = {row["id"]: row["params"] for row in store.nodes("Run").to_pylist()}
    told: dict[tuple[str, ...], dict[str, str]] = {}
    for kind, rows in variants.items():
        said = dict(zip(KINDS[:-1], kind, strict=False))
        params = json.loads(runs.get(made_by.get(rows[0]["id"], "")) or "{}")
        options = params.get("options", {})
        plain = {
            k: v
            for k, v in options.items()
            if isinstance(v, str | int | float) and k not in said
        }
        model = params.get("learning", {}).get("model")
        told[kind] = said | {k: str(v) for k, v in plain.items()}
        told[kind] |= {"model": str(model)} if model else {}
    known = {name for said in told.values() for name in said}
    differ = [
        name
        for name in sorted(known)
        if len({said.get(name) for said in told.values()}) > 1
    ]
    if "model" in differ:
        differ = [name for name in differ if name not in ("method", "engine")]
    names: dict[tuple[str, ...], str] = {}
    for kind, said in told.items():
        name = ", ".join(f"{k}={said[k]}" for k in differ if k in said)
        if not name or name in names.values():
            name = f"{name}, settings={kind[-1][:8]}".removeprefix(", ")
        names[kind] = name
    return names
