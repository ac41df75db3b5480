"""What else may tell two cohorts apart: age, sex, site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from atlasdb.errors import InvalidDataError

STRONG = 0.01
"""A property differs strongly where chance makes such a difference more rarely."""


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
        Properties of subjects by id.
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
        name: [
            [v for s in group if not _missing(v := subjects[s][name])]
            for group in groups
        ]
        for name in ("age_years", "sex", "site")
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
    first, second = values["age_years"]
    if min(len(first), len(second)) > 1 and np.ptp(first + second) > 0:
        with np.errstate(all="ignore"):
            p = stats.ttest_ind(first, second, equal_var=False).pvalue
        if p < STRONG or (np.ptp(first) == 0 and np.ptp(second) == 0):
            said.append(f"age_years (mean {np.mean(first):.0f}, {np.mean(second):.0f})")
    for name in ("sex", "site"):
        levels = sorted({v for group in values[name] for v in group})
        if len(levels) < 2 or not all(values[name]):
            continue
        table = [[group.count(level) for level in levels] for group in values[name]]
        if stats.chi2_contingency(table).pvalue < STRONG:
            said.append(name)
    if not said:
        return None
    return (
        f"{names[0]} and {names[1]} differ in {' and '.join(said)}: what is told apart "
        "may be that, not the diagnosis."
    )


def _missing(value: Any) -> bool:
    return value is None or value != value
