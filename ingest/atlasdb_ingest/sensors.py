"""Electrodes as the areas of a ``sensors`` parcellation, shared by everybody.

Names of one electrode differ from laboratory to laboratory: "EEG FP1-REF", "Fp1.",
"FP1-LE". They are matched by what they mean. Where all of them are in a standard
layout, the parcellation is that layout with its own positions, so that people with
the same cap, digitised or not, have the same areas. Positions are millimetres in head
coordinates: x to the right ear, y to the nasion, z up.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from atlasdb.errors import InvalidDataError
from atlasdb.types import Area, FloatArray, Parcellation
from atlasdb_ingest.layouts import RENAMED, STANDARD, WHOLE_CAPS, Layout, layout

_REFERENCES = re.compile(
    r"(ref(erence)?|le|re|avg|average|av|ave|aver|car|ar|lm|rm|gnd|nul|org|a[12]|m[12]|"
    r"a1\+?a2|m1\+?m2|aa|mm|linked|vref)",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^(eeg|pol|chan|electrode)[\s_:-]+(?=\S)", re.IGNORECASE)
_MIDLINE_MM = 4.0
_HEAD_MM = (30.0, 250.0)
_MISFIT = 0.2
"""Share of the spread of positions that a layout may leave unexplained."""

Side = Literal["L", "R", "M"]


@dataclass(frozen=True, eq=False)
class Electrodes:
    """Channels with the areas that they are.

    Attributes
    ----------
    parcellation : Parcellation
        One area a channel, in the order of the channels.
    bipolar : bool
        Whether channels are differences of two electrodes.
    """

    parcellation: Parcellation
    bipolar: bool
    notes: tuple[str, ...]


def electrodes(
    labels: Sequence[str],
    positions: Mapping[str, Sequence[float]] | None = None,
    montage: str | None = None,
) -> Electrodes:
    """Make a parcellation of channels.

    Parameters
    ----------
    labels : sequence of str
        Names of EEG channels as they stand in the file; unique.
    positions : mapping of str to (x, y, z), optional
        From the file, by label; mm, head coordinates.
    montage : str, optional
        A built-in layout of MNE to take names and positions from.

    Returns
    -------
    Electrodes
        A standard layout where every name is in it and the positions of the file, if
        there are any, are a head's with these names; otherwise areas of their own,
        named ``sensors-`` and a hash of the names.

    Raises
    ------
    NotFoundError
        If there is no such montage.
    InvalidDataError
        If two labels mean one electrode, or less than half are in the montage that
        was asked for.

    Examples
    --------
    >>> found = electrodes(["EEG FP1-REF", "Cz..", "EEG T4-REF"])
    >>> found.parcellation.id, [a.name for a in found.parcellation.areas]
    ('standard_1005', ['Fp1', 'Cz', 'T8'])
    >>> [a.hemisphere for a in found.parcellation.areas]
    ['L', 'M', 'R']
    """
    own = _plausible_positions(positions or {})
    chosen, names = _choose(labels, montage)
    twice = sorted(
        {n for n in names if [m.lower() for m in names].count(n.lower()) > 1}
    )
    if twice:
        raise InvalidDataError(
            f"Several channels are the electrode {', '.join(twice[:8])}; rename them, "
            "or give all but one another type in a channels.tsv (--channels)."
        )
    known = [chosen.canonical(n) is not None for n in names]
    fits = montage is not None or _fits(labels, names, known, own, chosen)
    notes = _renamed(labels, names)
    if all(known) and fits:
        return Electrodes(_standard(names, chosen), False, notes)
    if not fits:
        notes += (
            "The positions in the file are not those of electrodes with these names: "
            f"they are kept, and {chosen.name} is not used (--montage overrules).",
        )
    areas = tuple(
        _area(name, _place(name, own.get(label), chosen if fits else None))
        for label, name in zip(labels, names, strict=True)
    )
    without = [a.name for a in areas if a.x_mm is None]
    if without:
        notes += (
            f"{len(without)} of {len(areas)} electrodes have no position, in the file "
            f"or by name in {chosen.name}: {listed(without)}.",
        )
    digest = hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()
    own_id = f"sensors-{digest[:8]}"
    return Electrodes(
        Parcellation(
            own_id, own_id, "sensors", areas, len(areas), digest, space="head"
        ),
        any(_halves(n, chosen) for n in names),
        notes,
    )


def names_of(labels: Sequence[str], montage: str | None) -> list[str]:
    """Give what the electrodes of labels are called, in their order.

    Examples
    --------
    >>> names_of(["EEG FP1-REF", "fpz-cz", "X7"], None)
    ['Fp1', 'Fpz-Cz', 'X7']
    """
    return _choose(labels, montage)[1]


def listed(names: Sequence[str], most: int = 12) -> str:
    """Join names, the first ones only where there are many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def clean_name(label: str) -> str:
    """Take off a label what is not the electrode's name.

    Examples
    --------
    >>> [clean_name(n) for n in ("EEG Fp1-REF", "Fc5.", "EEG FP1-LE", "C3-A2")]
    ['Fp1', 'Fc5', 'FP1', 'C3']
    >>> [clean_name(n) for n in ("Fp1-F7", "EEG 021", "POL T3", "EEG", "O2 - Avg")]
    ['Fp1-F7', '021', 'T3', 'EEG', 'O2']
    """
    name = _PREFIX.sub("", " ".join(label.split())).strip(" ._").strip()
    head, mark, tail = _split(name)
    if mark and (_REFERENCES.fullmatch(tail) or tail.isdigit()):
        return clean_name(head)
    return name or label.strip() or "?"


def _split(name: str) -> tuple[str, str, str]:
    """Divide ``Fp1-F7`` at its last mark; only a head where there is none."""
    found = re.fullmatch(r"(.+?)\s*([-:/])\s*([^-:/]+)", name)
    return (found[1], found[2], found[3]) if found else (name, "", "")


def _choose(labels: Sequence[str], montage: str | None) -> tuple[Layout, list[str]]:
    """Choose a layout, and give the names in its spelling."""
    cleaned = [clean_name(label) for label in labels]
    tails = {_split(name)[2].lower() for name in cleaned}
    if len(labels) > 1 and len(tails) == 1 and "" not in tails:
        cleaned = [_split(name)[0] for name in cleaned]  # of one common reference
    chosen = layout(montage or STANDARD)
    if montage is not None:
        n = sum(chosen.canonical(name) is not None for name in cleaned)
        if 2 * n < len(cleaned):
            raise InvalidDataError(
                f"{n} of {len(cleaned)} channels are in the montage {chosen.name}; "
                f"choose another. The channels are: {listed(cleaned)}."
            )
    else:
        lower = {name.lower() for name in cleaned}
        if "e1" in lower or {"a3", "b3"} <= lower:
            caps = [layout(name) for name in WHOLE_CAPS]
            whole = [c for c in caps if {n.lower() for n in c.positions} == lower]
            chosen = whole[0] if whole else chosen
    return chosen, [_spelled(name, chosen) for name in cleaned]


def _spelled(name: str, chosen: Layout) -> str:
    halves = _halves(name, chosen)
    return "-".join(halves) if halves else chosen.canonical(name) or name


def _halves(name: str, chosen: Layout) -> tuple[str, str] | None:
    """Give the two electrodes of a bipolar channel."""
    head, mark, tail = _split(name)
    first, second = chosen.canonical(head), chosen.canonical(tail)
    return (first, second) if mark and first and second else None


def _renamed(labels: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    old = [
        f"{clean_name(label).upper()} is {name}"
        for label, name in zip(labels, names, strict=True)
        if RENAMED.get(clean_name(label).upper()) == name
    ]
    return (f"Electrodes by their present names: {', '.join(old)}.",) if old else ()


def _plausible_positions(
    given: Mapping[str, Sequence[float]],
) -> dict[str, FloatArray]:
    """Keep positions that are somewhere on a head."""
    found = {
        name: np.asarray(p, dtype=np.float64)
        for name, p in given.items()
        if np.isfinite(p).all() and np.any(p)
    }
    if not found:
        return {}
    size = np.median([np.linalg.norm(p) for p in found.values()])
    same = len(found) > 1 and np.ptp(np.array([*found.values()]), axis=0).max() < 1
    return found if _HEAD_MM[0] <= size <= _HEAD_MM[1] and not same else {}


def _fits(
    labels: Sequence[str],
    names: Sequence[str],
    known: Sequence[bool],
    own: Mapping[str, FloatArray],
    chosen: Layout,
) -> bool:
    """Tell whether positions of a file are a version of a layout's.

    They are moved, turned and scaled onto it, not mirrored; so a head of another size
    in another frame fits, and names on the wrong places do not.
    """
    pairs = [
        (own[label], chosen.positions[name])
        for label, name, there in zip(labels, names, known, strict=True)
        if there and label in own
    ]
    if len(pairs) < 4:
        return True
    a, b = (np.array([p[i] for p in pairs], dtype=np.float64) for i in (0, 1))
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    spread = float(np.linalg.norm(a) * np.linalg.norm(b))
    if spread == 0:
        return False
    left, strength, right = np.linalg.svd(a.T @ b)
    strength[-1] *= np.sign(np.linalg.det(left @ right)) or 1.0
    return bool(1 - (strength.sum() / spread) ** 2 < _MISFIT)


def _place(
    name: str, own: FloatArray | None, chosen: Layout | None
) -> Sequence[float] | None:
    """Give the position of a channel: the file's, else the layout's."""
    if own is not None:
        return [float(v) for v in own]
    if chosen is None:
        return None
    there = chosen.canonical(name)
    if there:
        return chosen.positions[there]
    halves = _halves(name, chosen)
    if halves:  # between the two
        ends = np.array([chosen.positions[h] for h in halves])
        return [float(v) for v in ends.mean(axis=0)]
    return None


def _standard(names: Sequence[str], chosen: Layout) -> Parcellation:
    return Parcellation(
        chosen.name.lower(),
        chosen.name,
        "sensors",
        tuple(_area(n, chosen.positions[n]) for n in names),
        len(chosen.positions),
        chosen.sha256,
        space="head",
    )


def _area(name: str, position: Sequence[float] | None) -> Area:
    if position is None:
        return Area(name.lower(), name, _hemisphere(name, None))
    x, y, z = (round(float(v), 1) for v in position)
    return Area(name.lower(), name, _hemisphere(name, x), x_mm=x, y_mm=y, z_mm=z)


def _hemisphere(name: str, x_mm: float | None) -> Side | None:
    """Tell the side by position, else by the rule of names: odd is left."""
    if x_mm is not None:
        return "M" if abs(x_mm) < _MIDLINE_MM else "L" if x_mm < 0 else "R"
    found = re.fullmatch(r"[A-Za-z]{1,3}(\d{1,2})h?|[A-Za-z]{1,3}(z)", name)
    if found is None:
        return None
    if found[2]:
        return "M"
    return "L" if int(found[1]) % 2 else "R"
