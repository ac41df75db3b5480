"""What else may tell two cohorts apart: age, sex, site, scanner, motion, length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from atlasdb.errors import InvalidDataError

STRONG = 0.01
"""A property differs strongly where chance makes such a difference more rarely."""

_NUMBERS = ("age_years", "duration_s", "mean_fd_mm")
_CATEGORIES = ("sex", "site", "scanner")
_PLACES = ("site", "scanner")


def differing(
    names: tuple[str, str],
    groups: tuple[Sequence[str], Sequence[str]],
    subjects: Mapping[str, Mapping[str, Any]],
    *,
    allow: bool,
) -> str | None:
    """Name what differs strongly between two cohorts beside the diagnosis.

    Parameters
    ----------
    names : (str, str)
        Of the cohorts.
    groups : (sequence of str, sequence of str)
        Their people.
    subjects : mapping
        Properties of subjects by id, with ``duration_s`` and ``mean_fd_mm`` of their
        recordings where they are known.
    allow : bool
        Go on where the sites alone tell the cohorts apart.

    Returns
    -------
    str or None
        One line.

    Raises
    ------
    InvalidDataError
        If a cohort comes from one site where nobody of the other was recorded.
    """
    values = {
        name: [_known(subjects, group, name) for group in groups]
        for name in (*_NUMBERS, *_CATEGORIES)
    }
    sites = [set(found) for found in values["site"]]
    apart = all(sites) and not (sites[0] & sites[1])
    if apart and min(map(len, sites)) == 1 and not allow:
        which = names[0] if len(sites[0]) == 1 else names[1]
        raise InvalidDataError(
            f"All people of {which} with a known site come from one where nobody of "
            "the other cohort was recorded: the site cannot be told from the "
            "diagnosis. Add people of both from one site, or go on with "
            "--allow-confounded."
        )
    said = []
    for name in _NUMBERS:
        first, second = values[name]
        if min(len(first), len(second)) < 2 or np.ptp(first + second) == 0:
            continue
        same = np.ptp(first) == np.ptp(second) == 0  # each group has one value
        if same or stats.ttest_ind(first, second, equal_var=False).pvalue < STRONG:
            said.append(f"{name} (mean {np.mean(first):.3g}, {np.mean(second):.3g})")
    for name in _CATEGORIES:
        levels = sorted({v for group in values[name] for v in group})
        if len(levels) < 2 or not all(values[name]):
            continue
        table = [[group.count(level) for level in levels] for group in values[name]]
        alone = name == "site" and apart
        if alone or stats.chi2_contingency(table).pvalue < STRONG:
            said.append(name)
    if not said:
        return None
    return (
        f"{names[0]} and {names[1]} differ in {' and '.join(said)}: what is told apart "
        "may be that, not the diagnosis."
    )


def separated(
    names: tuple[str, str],
    groups: tuple[Sequence[str], Sequence[str]],
    subjects: Mapping[str, Mapping[str, Any]],
    *,
    allow: bool,
) -> str | None:
    """Find sites, and scanners, where people of one cohort only were recorded.

    What such a site does cannot be told from what the cohort is: between its people
    and those of the other cohort lie both.

    Parameters
    ----------
    names : (str, str)
        Of the cohorts.
    groups : (sequence of str, sequence of str)
        Their people.
    subjects : mapping
        Properties of subjects by id; those of whom the site is not known are left
        out, and a cohort of whom none is known is no confound.
    allow : bool
        Say it instead of refusing.

    Returns
    -------
    str or None
        One line, where it is allowed.

    Raises
    ------
    InvalidDataError
        If there is such a site and it is not allowed.

    Examples
    --------
    >>> people = {"p": {"site": "Olin"}, "q": {"site": "Yale"}, "r": {"site": "Yale"}}
    >>> groups = (["p", "q"], ["r"])
    >>> separated(("patients", "controls"), groups, people, allow=True)
    'Only people of patients were recorded at site Olin (1).'
    """
    said = []
    for place in _PLACES:
        at = [_known(subjects, group, place) for group in groups]
        for name, own, other in ((names[0], *at), (names[1], *reversed(at))):
            alone = sorted(set(own) - set(other))
            if alone and other:
                counted = ", ".join(f"{site} ({own.count(site)})" for site in alone[:5])
                more = f" and {len(alone) - 5} more" if len(alone) > 5 else ""
                said.append(
                    f"Only people of {name} were recorded at {place} {counted}{more}."
                )
    if not said:
        return None
    line = " ".join(said)
    if not allow:
        raise InvalidDataError(
            f"{line} What is done there cannot be told from the cohort. Add people of "
            "the other cohort from there, leave these out, or go on with "
            "--allow-confounded."
        )
    return line


def _known(
    subjects: Mapping[str, Mapping[str, Any]], group: Sequence[str], name: str
) -> list[Any]:
    found = [subjects[subject].get(name) for subject in group]
    return [value for value in found if value is not None and value == value]
