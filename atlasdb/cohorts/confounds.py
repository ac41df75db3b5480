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
    """Name what differs strongly between two cohorts beside what they are.

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
        Go on where no site, or no scanner, has people of both.

    Returns
    -------
    str or None
        One line.

    Raises
    ------
    InvalidDataError
        If no site, or no scanner, has people of both cohorts: between them lies what
        is done there, too.

    Examples
    --------
    >>> people = {"p": {"site": "Olin"}, "q": {"site": "Yale"}, "r": {"site": "Yale"}}
    >>> differing(("patients", "controls"), (["p", "q"], ["r"]), people, allow=False)
    'Only people of patients were recorded at site Olin (1).'
    """
    lines = []
    for place in _PLACES:
        at = (_known(subjects, groups[0], place), _known(subjects, groups[1], place))
        line = _alone(names, at, place)
        if all(at) and not set(at[0]) & set(at[1]) and not allow:
            raise InvalidDataError(
                f"{line} What is done there cannot be told from the cohort. Add people "
                f"of both from one {place}, or go on with --allow-confounded."
            )
        lines += [line] if line else []
    said = [*_numbers(groups, subjects), *_categories(groups, subjects)]
    if said:
        lines.append(
            f"{names[0]} and {names[1]} differ in {' and '.join(said)}: what is told "
            "apart may be that."
        )
    return " ".join(lines) or None


def _alone(names: tuple[str, str], at: tuple[list[Any], list[Any]], place: str) -> str:
    """Name the places at which people of one cohort only were recorded."""
    said = []
    for name, own, other in ((names[0], *at), (names[1], *reversed(at))):
        alone = sorted(set(own) - set(other))
        if alone and other:
            counted = ", ".join(f"{site} ({own.count(site)})" for site in alone[:5])
            more = f" and {len(alone) - 5} more" if len(alone) > 5 else ""
            said.append(
                f"Only people of {name} were recorded at {place} {counted}{more}."
            )
    return " ".join(said)


def _numbers(
    groups: tuple[Sequence[str], Sequence[str]],
    subjects: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    said = []
    for name in _NUMBERS:
        first, second = (_known(subjects, group, name) for group in groups)
        if min(len(first), len(second)) < 2 or np.ptp(first + second) == 0:
            continue
        same = np.ptp(first) == np.ptp(second) == 0  # each group has one value
        if same or stats.ttest_ind(first, second, equal_var=False).pvalue < STRONG:
            said.append(f"{name} (mean {np.mean(first):.3g}, {np.mean(second):.3g})")
    return said


def _categories(
    groups: tuple[Sequence[str], Sequence[str]],
    subjects: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    said = []
    for name in _CATEGORIES:
        values = [_known(subjects, group, name) for group in groups]
        levels = sorted({v for group in values for v in group})
        if len(levels) < 2 or not all(values):
            continue
        table = [[group.count(level) for level in levels] for group in values]
        if stats.chi2_contingency(table).pvalue < STRONG:
            said.append(name)
    return said


def _known(
    subjects: Mapping[str, Mapping[str, Any]], group: Sequence[str], name: str
) -> list[Any]:
    found = [subjects[subject].get(name) for subject in group]
    return [value for value in found if value is not None and value == value]
