"""One question analysed in many ways: which differences survive the choice.

A variant is one way to the same answer: another parcellation, threshold, set of
covariates, harmonisation. A difference that hangs on one of them is no finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from atlasdb.errors import InvalidDataError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["source", "target", "sign", "share", "n_survived", "n_tested"]
COLUMNS += ["n_against", "n_variants", "effect_low", "effect_high", "lost_in"]
_NEEDED = ("source", "target", "effect", "p", "significant")


def survival(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Say of each difference in what share of the variants it survives.

    It survives where it is significant with the same sign. Only variants in which the
    pair was tested count: a pair that a parcellation does not have says nothing.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By the name of the variant; one row a pair, with columns ``source, target``
        (area ids, or names, where parcellations differ: pairs match only when they
        are equal), ``effect, p, significant``. A pair whose p is NaN was not tested.

    Returns
    -------
    DataFrame
        One row for each pair and sign that is significant in some variant, those that
        survive most first: ``source, target, sign`` (1 or -1), ``share`` of the
        variants that tested it, ``n_survived, n_tested``, ``n_against`` (significant
        with the other sign), ``n_variants``, ``effect_low, effect_high`` (smallest
        and largest over the variants that tested it), ``lost_in``, names of those in
        which it did not survive.

    Raises
    ------
    InvalidDataError
        If there are fewer than two variants, a column lacks, or a pair is in one
        table twice.

    Examples
    --------
    >>> import pandas as pd
    >>> columns = ["source", "target", "effect", "p", "significant"]
    >>> one = pd.DataFrame([["A", "B", 0.9, 0.001, True]], columns=columns)
    >>> two = pd.DataFrame([["A", "B", 0.4, 0.2, False]], columns=columns)
    >>> found = survival({"aal": one, "covariates": two})
    >>> found[["source", "target", "sign", "share", "n_tested"]]
      source target  sign  share  n_tested
    0      A      B     1    0.5         2
    """
    import pandas as pd

    if len(tables) < 2:
        raise InvalidDataError(
            f"What survives is asked of several variants, and {len(tables)} was given. "
            "Compare with another setting too."
        )
    parts = [_tested(name, table) for name, table in tables.items()]
    rows = pd.concat(parts, ignore_index=True)
    pair = ["source", "target"]
    found = rows.loc[rows["sign"] != 0, [*pair, "sign"]].drop_duplicates()
    counted = rows.assign(plus=rows["sign"] == 1, minus=rows["sign"] == -1)
    tested = counted.groupby(pair, as_index=False).agg(
        n_tested=("sign", "size"),
        n_plus=("plus", "sum"),
        n_minus=("minus", "sum"),
        effect_low=("effect", "min"),
        effect_high=("effect", "max"),
    )
    found = found.merge(tested, on=pair)
    rises = found["sign"] == 1
    found["n_survived"] = found["n_plus"].where(rises, found["n_minus"])
    found["n_against"] = found["n_minus"].where(rises, found["n_plus"])
    found["share"] = found["n_survived"] / found["n_tested"]
    found["n_variants"] = len(tables)
    each = found[[*pair, "sign"]].merge(rows, on=pair, suffixes=("", "_there"))
    lost = each[each["sign"] != each["sign_there"]]
    names = lost.groupby([*pair, "sign"])["variant"].agg(", ".join)
    found = found.merge(
        names.rename("lost_in").reset_index(), on=[*pair, "sign"], how="left"
    )
    found["lost_in"] = found["lost_in"].fillna("")
    return found.sort_values(
        ["share", "n_tested", "source", "target", "sign"],
        ascending=[False, False, True, True, False],
        ignore_index=True,
    )[COLUMNS]


def _tested(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Give the pairs that a variant tested, with the sign of those that differ or 0."""
    lacks = [column for column in _NEEDED if column not in table]
    if lacks:
        raise InvalidDataError(
            f"The table of {name} has no column {lacks[0]}; it needs "
            f"{', '.join(_NEEDED)}."
        )
    twice = table[table.duplicated(["source", "target"])]
    if len(twice):
        first = twice.iloc[0]
        raise InvalidDataError(
            f"{first['source']} to {first['target']} is in the table of {name} twice. "
            "Give each pair once, or areas names of their own."
        )
    rows = table.loc[table["p"].notna(), ["source", "target", "effect"]].copy()
    differs = table.loc[rows.index, "significant"].astype(bool)
    sign = (rows["effect"] > 0).astype(int) - (rows["effect"] < 0).astype(int)
    rows["sign"] = sign.where(differs, 0)
    rows["variant"] = name
    return rows
