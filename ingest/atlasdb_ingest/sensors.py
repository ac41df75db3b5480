"""Electrodes as areas of a parcellation, the same for everybody with the same cap."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

import numpy as np

from atlasdb.errors import InvalidDataError
from atlasdb.types import Area, FloatArray, Parcellation

TEMPLATE = "standard_1005"
MIDLINE_MM = 8.0
"""Electrodes nearer to the midline than this are on it."""
_OLD = {"t3": "T7", "t4": "T8", "t5": "P7", "t6": "P8"}
_REFERENCE = r"[-_:/ ]+(ref|le|re|avg|ar|a1|a2|m1|m2|cle|ce|linked|org)$"
_KINDS = {
    "eog": r"^(h|v)?eog|^eog|^(loc|roc|lo1|lo2|io1|io2|so1|so2)$",
    "ecg": r"^(ecg|ekg)",
    "emg": r"emg|^chin|^leg",
    "misc": r"^(misc|resp|acc|gsr|spo2|sao2|pulse|puls|photic|aux|temp|flow|snore|nd$)"
    r"|^(exg\d|gnd|ground|dc\d|osat|pr$|event|marker|x_dir|y_dir|z_dir|status|annot)",
    "stim": r"^(stim?|trig|trigger|sti ?\d+|di\d+)",
}


def clean_name(name: str) -> str:
    """Give an electrode's own name out of what recorders call a channel.

    Examples
    --------
    >>> [clean_name(n) for n in ("EEG Fp1-REF", "Fc5.", "EEG T3-LE", "POZ")]
    ['Fp1', 'FC5', 'T7', 'POz']
    """
    bare = re.sub(r"^(eeg|electrode)[ _:-]+", "", name.strip(), flags=re.IGNORECASE)
    bare = re.sub(_REFERENCE, "", bare, flags=re.IGNORECASE).strip(" ._-")
    bare = bare or name.strip()
    canonical = _OLD.get(bare.lower()) or _names().get(bare.lower())
    return canonical or bare


def kind_of(name: str, said: str) -> str:
    """Give the type of a channel that the file calls EEG for want of better."""
    if said != "eeg":
        return said
    bare = re.sub(r"^eeg[ _:-]+", "", name.strip().lower())
    for kind, pattern in _KINDS.items():
        if re.search(pattern, bare):
            return kind
    return "eeg"


def parcellation(
    names: Sequence[str],
    positions: Mapping[str, FloatArray],
    montage: str | None = None,
) -> tuple[Parcellation, tuple[str, ...]]:
    """Make electrodes areas.

    Parameters
    ----------
    names : sequence of str
        Clean names.
    positions : mapping of str to ndarray
        The file's own, mm, by clean name.
    montage : str, optional
        A montage that MNE has built in. Default: ``standard_1005``, where it has all
        of the names; else the file's own positions.

    Returns
    -------
    parcellation, notes
    """
    asked = montage or TEMPLATE
    template = _template(asked)
    lower = {name.lower(): name for name in template}
    known = [name.lower() in lower for name in names]
    if montage and not all(known):
        missing = [n for n, k in zip(names, known, strict=True) if not k]
        raise InvalidDataError(
            f"The montage {montage} has no electrode {', '.join(missing[:6])}. Leave "
            "out --montage to take the positions of the file."
        )
    if all(known):
        areas = tuple(
            _area(lower[n.lower()], template[lower[n.lower()]]) for n in names
        )
        text = ";".join(f"{n} {np.round(p, 3).tolist()}" for n, p in template.items())
        digest = hashlib.sha256(text.encode()).hexdigest()
        return (
            Parcellation(asked.lower(), asked, "sensors", areas, len(template), digest),
            (),
        )
    areas = tuple(_area(name, positions.get(name)) for name in names)
    digest = hashlib.sha256("\0".join(sorted(n.lower() for n in names)).encode())
    name = f"sensors-{digest.hexdigest()[:8]}"
    without = [n for n in names if n not in positions]
    notes = []
    if without:
        notes.append(
            f"{len(without)} of {len(names)} electrodes have no position (--montage "
            "names one)."
        )
    return (
        Parcellation(name, name, "sensors", areas, len(areas), digest.hexdigest()),
        tuple(notes),
    )


def _area(name: str, place: FloatArray | None) -> Area:
    if place is None or not np.isfinite(place).all():
        return Area(name.lower(), name, _side_of_name(name))
    x, y, z = (round(float(v), 3) for v in place)
    side: Literal["L", "R", "M"] = "M" if abs(x) < MIDLINE_MM else "L" if x < 0 else "R"
    return Area(name.lower(), name, side, x_mm=x, y_mm=y, z_mm=z)


def _side_of_name(name: str) -> Literal["L", "R", "M"] | None:
    """Odd numbers are left, even ones right, z is the midline (10-20 names only)."""
    match = re.fullmatch(r"(?i)(fp|af|f|ft|fc|t|c|tp|cp|p|po|o|i)(z|\d{1,2})h?", name)
    if match is None:
        return None
    if match[2].lower() == "z":
        return "M"
    return "L" if int(match[2]) % 2 else "R"


@lru_cache(maxsize=8)
def _template(name: str) -> dict[str, FloatArray]:
    """Give the positions of a built-in montage in head coordinates, mm."""
    import mne

    try:
        montage = mne.channels.make_standard_montage(_built_in(name))
    except ValueError as error:
        built_in = ", ".join(mne.channels.get_builtin_montages()[:12])
        raise InvalidDataError(
            f"There is no montage '{name}'. There are: {built_in}, ..."
        ) from error
    transform = mne.channels.compute_native_head_t(montage)["trans"]
    found = montage.get_positions()["ch_pos"]
    return {
        channel: (transform[:3, :3] @ place + transform[:3, 3]) * 1000
        for channel, place in found.items()
    }


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    import mne

    montage = mne.channels.make_standard_montage(_built_in(TEMPLATE))
    return {name.lower(): name for name in montage.ch_names}


def _built_in(name: str) -> str:
    """Give MNE's name of a montage: the template's has changed there."""
    import mne

    newer = name.replace("standard_", "colin27_")
    return newer if newer in mne.channels.get_builtin_montages() else name
