"""What tells two cohorts apart beside the diagnosis is named, or refused."""

from __future__ import annotations

import numpy as np
import pytest

from atlasdb.cohorts.confounds import differing
from atlasdb.errors import InvalidDataError

NAMES = ("patients", "controls")


def study(**columns: tuple[list[object], list[object]]) -> tuple[tuple, dict]:
    """Give people of two cohorts with these properties."""
    sizes = [len(part) for part in next(iter(columns.values()))]
    groups = tuple(
        [f"{g}{i}" for i in range(n)] for g, n in zip("pc", sizes, strict=True)
    )
    people = {
        subject: {name: parts[g][i] for name, parts in columns.items()}
        for g, group in enumerate(groups)
        for i, subject in enumerate(group)
    }
    return groups, people


@pytest.mark.parametrize("place", ["site", "scanner"])
def test_cohorts_without_a_site_in_common_are_refused_by_name(place: str) -> None:
    parts = (["Olin"] * 4, ["Yale"] * 3 + ["NYU"] * 2)
    groups, people = study(**{place: parts})
    with pytest.raises(
        InvalidDataError, match=f"patients were recorded at {place}"
    ) as e:
        differing(NAMES, groups, people, allow=False)
    assert "\n" not in str(e.value)
    said = differing(NAMES, groups, people, allow=True)
    assert said is not None
    assert f"people of controls were recorded at {place} NYU (2), Yale (3)" in said


def test_a_site_of_one_cohort_only_is_named_where_others_are_shared() -> None:
    groups, people = study(site=(["Olin", "Yale"] * 3, ["Yale"] * 5))
    said = differing(NAMES, groups, people, allow=False)
    assert said == "Only people of patients were recorded at site Olin (3)."


def test_sites_that_both_cohorts_share_are_no_confound() -> None:
    groups, people = study(site=(["Olin", "Yale"] * 3, ["Yale", "Olin"] * 2))
    assert differing(NAMES, groups, people, allow=False) is None


def test_one_site_or_none_known_is_no_confound() -> None:
    groups, people = study(site=(["Olin"] * 3, ["Olin", None, float("nan")]))
    assert differing(NAMES, groups, people, allow=False) is None
    groups, people = study(site=(["Olin", "Yale", "NYU"], [None] * 3))
    assert differing(NAMES, groups, people, allow=False) is None


def test_longer_recordings_and_more_motion_are_named_and_chance_is_not() -> None:
    rng = np.random.default_rng(0)

    def drawn(mean: float) -> list[object]:
        return rng.normal(mean, 1, 20).tolist()

    groups, people = study(
        duration_s=(drawn(300), drawn(310)),
        mean_fd_mm=(drawn(5), drawn(9)),
        age_years=(drawn(40), drawn(40)),
    )
    said = differing(NAMES, groups, people, allow=False)
    assert said is not None
    assert "duration_s (mean 300, 310)" in said
    assert "mean_fd_mm" in said
    assert "age_years" not in said
