"""Standard layouts of electrodes, in head coordinates."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from atlasdb.errors import NotFoundError, did_you_mean

STANDARD = "standard_1005"
RENAMED = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
"""Names of the 10-20 system, and what the 10-10 system calls the same places."""
WHOLE_CAPS = (
    "biosemi128", "biosemi160", "biosemi256", "GSN-HydroCel-32", "GSN-HydroCel-64_1.0",
    "GSN-HydroCel-65_1.0", "GSN-HydroCel-128", "GSN-HydroCel-129", "GSN-HydroCel-256",
    "GSN-HydroCel-257",
)  # fmt: skip
"""Caps whose electrodes are only numbered: told by having all of the numbers."""


@dataclass(frozen=True, eq=False)
class Layout:
    """A standard layout: positions in mm by the layout's own spelling of names."""

    name: str
    positions: Mapping[str, tuple[float, float, float]]

    def canonical(self, name: str) -> str | None:
        """Give the layout's spelling of a name; None if it has no such electrode."""
        return _spellings(self.name).get(name.lower())

    @property
    def sha256(self) -> str:
        """Hash of the names and positions, to a tenth of a millimetre."""
        rows = (
            f"{n} {x:.1f} {y:.1f} {z:.1f}" for n, (x, y, z) in self.positions.items()
        )
        return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()


@lru_cache(maxsize=32)
def layout(name: str) -> Layout:
    """Give one of MNE's built-in layouts, in head coordinates.

    The layouts of MNE that were called ``standard_`` and are now called ``colin27_``
    keep their first name here, so that an atlas outlives a version of MNE.

    Raises
    ------
    NotFoundError
        If MNE has none of this name.

    Examples
    --------
    >>> layout("standard_1005").canonical("FPZ"), layout("colin27_1005").name
    ('Fpz', 'standard_1005')
    """
    from mne.channels import get_builtin_montages, make_standard_montage
    from mne.channels.montage import transform_to_head

    built_in = {m.lower(): m for m in get_builtin_montages()}
    known = {m.replace("colin27_", "standard_"): m for m in built_in}
    wanted = name.lower().replace("colin27_", "standard_")
    if wanted not in known:
        names = sorted(built_in[m] if m == k else k for k, m in known.items())
        raise NotFoundError(
            f"There is no montage '{name}'.{did_you_mean(name, names)} "
            f"There are: {', '.join(names)}."
        )
    montage = make_standard_montage(built_in[known[wanted]])
    own = built_in[known[wanted]] if known[wanted] == wanted else wanted
    found = transform_to_head(montage).get_positions()["ch_pos"]
    rounded = {
        n: tuple(round(1e3 * float(v), 1) + 0.0 for v in p) for n, p in found.items()
    }
    twice = [old for old, new in RENAMED.items() if old in rounded and new in rounded]
    positions = {n: (p[0], p[1], p[2]) for n, p in rounded.items() if n not in twice}
    return Layout(own, positions)


@lru_cache(maxsize=32)
def _spellings(name: str) -> dict[str, str]:
    names = layout(name).positions
    spelled = {n.lower(): n for n in names}
    return {o.lower(): n for o, n in RENAMED.items() if n in names} | spelled
