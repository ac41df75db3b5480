"""In words, for the Run: why an engine was taken, and how far to trust its answer."""

from __future__ import annotations

from math import isfinite

import numpy as np

from atlasdb_ingest import models
from atlasdb_ingest.types import Estimate

_REASONS = {
    "contemporaneous": "blood delays and blurs each region in its own way, so lags say "
    "little about direction: it is read from what regions share at the same time",
    "lagged": "the series are sampled faster than activity travels: the past of one "
    "region is tested for what it adds to the future of another",
}
_COIN = 0.5
_LAGGED = (
    "A connection is what the past of one region adds to that of all others recorded; "
    "what was not recorded and drives two of them joins them."
)


def why(engine: str, modality: str, *, asked: bool) -> str:
    """Say why an engine was taken.

    Parameters
    ----------
    engine : str
        "contemporaneous" or "lagged".
    modality : str
        Kind of recording.
    asked : bool
        Whether the user named engine or model.

    Examples
    --------
    >>> why("lagged", "eeg", asked=True)
    'lagged engine: asked for'
    """
    reason = "asked for" if asked else f"{modality}: {_REASONS[engine]}"
    return f"{engine} engine: {reason}"


def trust(estimate: Estimate) -> str:
    """Say how far to trust what was learned from one recording."""
    lagged = estimate.engine == "lagged"
    words = [_LAGGED if lagged else models.load(estimate.method).MEANING]
    if "caution" in estimate.params:  # of a score above 1, it holds the score
        words.append(f"Caution: {estimate.params['caution']}.")
    elif estimate.ood_score is not None:
        words.append(
            f"ood_score {estimate.ood_score:.2f}: above 1, the recording is unlike the "
            "simulated brains."
        )
    words += [_repeated(estimate), "What is true in this brain is unknown."]
    return " ".join(filter(None, words))


def _repeated(estimate: Estimate) -> str:
    """Say what a second recording is expected to show."""
    if not isfinite(estimate.reliability) or not _told(estimate):
        return ""
    if estimate.reliability < _COIN:
        return (
            "The halves of the recording contradict each other: a second one may show "
            "other directions."
        )
    return (
        f"{estimate.reliability:.0%} of the directions are expected to be the same in "
        "a second such recording."
    )


def _told(estimate: Estimate) -> bool:
    """Tell whether any direction is given."""
    known = estimate.direction[np.isfinite(estimate.direction)]
    return bool((known != _COIN).any())
