"""Peers that are packages of their own; one that is missing is named, not skipped."""

from __future__ import annotations

import contextlib
import io
import warnings

import numpy as np

from directed import separate
from directed.known import Array, System
from directed.method import Found, Method


def nilearn_partial(data: Array, system: System) -> Found:
    from nilearn.connectome import ConnectivityMeasure

    measure = ConnectivityMeasure(kind="partial correlation", standardize=False)
    return Found(np.abs(measure.fit_transform([data.T])[0]))


def statsmodels_granger(data: Array, system: System) -> Found:
    """Test each source for each target in one autoregression, order by BIC."""
    from statsmodels.tsa.api import VAR

    most = max(1, min(system.lags, data.shape[1] // (3 * len(data))))
    model = VAR(data.T).fit(maxlags=most, ic="bic", trend="c")
    if model.k_ar == 0:  # nothing is predictable
        nothing = np.zeros((len(data), len(data)))
        return Found(nothing, p=nothing + 1.0)
    score, p = np.zeros((2, len(data), len(data)))
    for source in range(len(data)):
        for target in range(len(data)):
            if source != target:
                test = model.test_causality(target, source, kind="f")
                score[source, target], p[source, target] = (
                    test.test_statistic,
                    test.pvalue,
                )
    return Found(score, p=p)


def _tigramite(data: Array):
    from tigramite.data_processing import DataFrame
    from tigramite.independence_tests.parcorr import ParCorr
    from tigramite.pcmci import PCMCI

    with contextlib.redirect_stdout(io.StringIO()):
        return PCMCI(DataFrame(data.T.copy()), ParCorr(), verbosity=0)


def pcmci(data: Array, system: System) -> Found:
    """Partial correlation tests of lagged links, at the default settings."""
    found = _tigramite(data).run_pcmci(tau_min=1, tau_max=system.lags)
    lagged = found["p_matrix"][:, :, 1:]
    p = np.minimum(1.0, lagged.min(axis=2) * lagged.shape[2])
    return Found(np.abs(found["val_matrix"][:, :, 1:]).max(axis=2), p=p)


def pcmci_plus(data: Array, system: System) -> Found:
    """The same with links at one time. An arrow counts whole, a line half."""
    found = _tigramite(data).run_pcmciplus(tau_min=0, tau_max=2)
    size, graph = np.abs(found["val_matrix"]), found["graph"]
    weight = np.full(graph.shape, 0.2)
    weight[graph == "-->"] = 1.0
    weight[(graph == "o-o") | (graph == "x-x")] = 0.5
    arrow = (graph == "-->").any(axis=2)
    return Found((size * weight).max(axis=2), supported=arrow)


def _epochs(data: Array, system: System) -> Array:
    length = round(2 * system.sfreq)
    n = data.shape[1] // length
    return np.moveaxis(data[:, : n * length].reshape(len(data), n, length), 1, 0)


def mne_granger(data: Array, system: System) -> Found:
    """Spectral Granger causality of each pair, mean over 1-50 Hz."""
    from mne_connectivity import spectral_connectivity_epochs

    sources, targets = np.nonzero(~np.eye(len(data), dtype=bool))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = spectral_connectivity_epochs(
            _epochs(data, system),
            method="gc",
            indices=([[s] for s in sources], [[t] for t in targets]),
            sfreq=system.sfreq,
            fmin=1.0,
            fmax=50.0,
            gc_n_lags=system.lags,
            verbose="error",
        )
    score = np.zeros((len(data), len(data)))
    score[sources, targets] = found.get_data().mean(axis=1)
    return Found(score)


def mne_slope(data: Array, system: System) -> Found:
    """Phase slope index: who is ahead over 4-40 Hz."""
    from mne_connectivity import phase_slope_index

    first, second = np.tril_indices(len(data), -1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = phase_slope_index(
            _epochs(data, system),
            indices=(first, second),
            sfreq=system.sfreq,
            fmin=4.0,
            fmax=40.0,
            verbose="error",
        )
    score = np.zeros((len(data), len(data)))
    score[first, second] = found.get_data()[:, 0]
    return Found(score - score.T)


PACKAGES = (
    Method(
        "nilearn partial corr.",
        nilearn_partial,
        fast=False,
        quick=True,
        needs="nilearn",
    ),
    Method(
        "statsmodels VAR Granger",
        statsmodels_granger,
        most_regions=64,
        needs="statsmodels",
    ),
    Method("tigramite PCMCI", pcmci, most_regions=100, needs="tigramite"),
    Method(
        "tigramite PCMCI+",
        pcmci_plus,
        fast=False,
        most_regions=100,
        needs="tigramite",
    ),
    Method(
        "mne-connectivity GC",
        mne_granger,
        slow=False,
        only="eeg",
        needs="mne_connectivity",
    ),
    Method(
        "mne-connectivity PSI",
        mne_slope,
        slow=False,
        only="eeg",
        needs="mne_connectivity",
    ),
    Method("DirectLiNGAM", separate.direct, fast=False, most_regions=100, apart=True),
    Method("VARLiNGAM", separate.lagged, most_regions=100, apart=True),
)
