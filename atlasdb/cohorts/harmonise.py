"""Differences between sites taken out: ComBat on connections.

A site shifts and stretches what it measures. Both are estimated for every value, held
together over all values by empirical Bayes, on the people of a training set only (the
controls, say), and taken out of everybody. What covariates explain is kept.

The rules for what cannot be estimated:

- A site where nobody of the training set was recorded is refused by name, unless
  ``fewest_unseen`` allows to estimate it from its own people.
- A site with one person of the training set who has a value is shifted, not stretched.
- A value is lost (NaN, and counted) where its site has nobody in the training set who
  has it, where it does not vary in the training set, or where those who have it are
  too few for sites and covariates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlasdb.cohorts.siteeffects import (
    SiteEffects,
    added,
    apply,
    fit,
    sites_known,
    unseen_of,
)
from atlasdb.types import FloatArray


@dataclass(frozen=True, eq=False)
class Harmonised:
    """Values without their sites, and what that was based on.

    Attributes
    ----------
    values : ndarray, shape (n_people, ...)
    effects : SiteEffects
    unseen : tuple of str
        Sites that were estimated from their own people.
    alone : tuple of str
        Sites with one person to be estimated from: shifted, not stretched.
    n_lost : int
        Values that were there and could not be harmonised.
    """

    values: FloatArray
    effects: SiteEffects
    unseen: tuple[str, ...]
    alone: tuple[str, ...]
    n_lost: int


def harmonise(
    values: FloatArray,
    sites: Sequence[str],
    covariates: FloatArray,
    *,
    train: NDArray[np.bool_] | None = None,
    fewest_unseen: int | None = None,
) -> Harmonised:
    """Take the differences between sites out of everybody's values.

    Parameters
    ----------
    values : ndarray, shape (n_people, ...)
        Such as ``[person, source, target]``; NaN where a person has no estimate.
    sites : sequence of str
        Where each person was recorded.
    covariates : ndarray, shape (n_people, n_columns)
        Whose effects are kept: age, sex. A group that is in the training set too
        must be a column, or its effect is taken for the site's where sites differ
        in it.
    train : ndarray of bool, shape (n_people,), optional
        Whom sites are estimated from; everybody by default.
    fewest_unseen : int, optional
        A site where nobody of the training set was recorded is estimated from its own
        people if it has at least so many. What sets them apart as a group, an illness
        too, is then taken out with the site. By default such a site is refused.

    Returns
    -------
    Harmonised

    Raises
    ------
    InvalidDataError
        If a site cannot be estimated, there is only one, or the covariates cannot be
        told from the sites.
    """
    where = sites_known(sites, len(values))
    chosen = np.ones(len(values), dtype=bool) if train is None else train
    effects = fit(values[chosen], where[chosen].tolist(), covariates[chosen])
    unseen = unseen_of(effects, where, fewest_unseen)
    for site in unseen:
        of_site = where == site
        effects = added(effects, site, values[of_site], covariates[of_site])
    made = apply(effects, values, where.tolist(), covariates)
    alone = effects.n_train == 1
    return Harmonised(
        made,
        effects,
        unseen,
        tuple(s for s, one in zip(effects.sites, alone, strict=True) if one),
        int((np.isfinite(values) & ~np.isfinite(made)).sum()),
    )
