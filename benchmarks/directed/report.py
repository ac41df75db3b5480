"""The section "Measured" of a page, made from the results of a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from directed.ours import DEFAULTS, NETWORKS

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_FIGURES = {
    "connectivity-peers.png": "AUPRC and directions of our models and of peers",
    "connectivity-calibration.png": "What was said against what was so",
    "connectivity-cost.png": "CPU seconds against AUPRC",
}
_NEAR = 0.005
"""Smaller differences are called equal."""


def rows_of(system: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the rows of methods that ran."""
    return [row for row in system["rows"] if "why" not in row]


def judged(system: dict[str, Any]) -> bool:
    """Whether something was planted."""
    return any(row.get("auprc") is not None for row in rows_of(system))


def renew(page: Path, results: dict[str, Any]) -> None:
    """Write the section of a page anew, between its two marks."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{page} has no lines '{BEGIN}' and '{END}' to write between.")
    body = section(results, page)
    page.write_text(f"{before}{BEGIN}\n{body}\n{END}{after}", encoding="utf-8")


def section(results: dict[str, Any], page: Path) -> str:
    """Give the section as Markdown; figures are shown where they lie by the page."""
    known = [s for s in results["systems"] if judged(s)]
    full = [s for s in known if any(not r["ours"] for r in s["rows"])]
    parts = [
        _conditions(results),
        _table(_beside(full)),
        _losses(full),
        _sure(results["systems"]),
        _models(known),
        _denoising(known),
        _pooled(known),
        _readouts(results["readouts"]),
        _nothing(results["systems"]),
        _missing(results["systems"]),
        *(
            f"![{about}](figures/{name})"
            for name, about in _FIGURES.items()
            if (page.parent / "figures" / name).exists()
        ),
    ]
    return "\n\n".join(part for part in parts if part)


def _conditions(results: dict[str, Any]) -> str:
    said = results["conditions"]
    packages = ", ".join(f"{k} {v}" for k, v in said["packages"].items())
    return (
        f"Graphs for each system: {said['seeds']}; Python {said['python']}, "
        f"{packages}; one thread. AUPRC / share of directions right, means over "
        "recordings; MiB: what the largest resident set grew by; the best peer is the "
        "one with the largest AUPRC **on that system**, which nobody knows beforehand. "
        f"A method that took more than {said['patience_s']:g} s for a recording was "
        "ended."
    )


def _pair(row: dict[str, Any] | None, *keys: str) -> str:
    if row is None or row.get(keys[0]) is None:
        return "-"
    return " / ".join("-" if row.get(k) is None else f"{row[k]:.2f}" for k in keys)


def best(
    system: dict[str, Any], key: str, among: str = "peers"
) -> dict[str, Any] | None:
    """Give the row that is largest in one measure: of the peers, or of our others."""
    rows = [
        row
        for row in rows_of(system)
        if row.get(key) is not None
        and row["ours"] == (among == "ours")
        and row["method"] != DEFAULTS[system["modality"]]
    ]
    return max(rows, key=lambda row: row[key], default=None)


def default(system: dict[str, Any]) -> dict[str, Any] | None:
    """Give the row of the model that a user gets unasked."""
    name = DEFAULTS[system["modality"]]
    return next((row for row in rows_of(system) if row["method"] == name), None)


def _beside(known: list[dict[str, Any]]) -> Iterator[list[str]]:
    yield [
        "system",
        "",
        "ours, by default",
        "best peer",
        "difference",
        "best of our others",
        "CPU s, ours / peer",
        "MiB, ours / peer",
    ]
    for system in known:
        ours, peer = default(system), best(system, "auprc")
        other = best(system, "auprc", "ours")
        if ours is None or peer is None:
            continue
        gap = round(ours["auprc"] - peer["auprc"], 2) + 0.0
        yield [
            f"`{system['name']}`",
            system["about"],
            f"{ours['method']} {_pair(ours, 'auprc', 'direction')}",
            f"{peer['method']} {_pair(peer, 'auprc', 'direction')}",
            f"**{gap:+.2f}**" if gap < 0 else f"{gap:+.2f}",
            f"{other['method']} {_pair(other, 'auprc', 'direction')}" if other else "-",
            f"{ours['seconds']:.2g} / {peer['seconds']:.2g}",
            f"{ours['mib']:.0f} / {peer['mib']:.0f}",
        ]


def _losses(known: list[dict[str, Any]]) -> str:
    """Name the systems where something is better than what a user gets unasked."""
    lines = []
    for system in known:
        ours = default(system)
        for key, label in (("auprc", "AUPRC"), ("direction", "directions")):
            if not ours or ours.get(key) is None:
                continue
            others = [best(system, key), best(system, key, "ours")]
            better = [
                f"{'our ' if other['ours'] else ''}{other['method']} {other[key]:.2f}"
                for other in others
                if other and other[key] - ours[key] > _NEAR
            ]
            if better:
                lines.append(
                    f"- `{system['name']}`, {label}: {ours['method']} {ours[key]:.2f}; "
                    + ", ".join(better)
                )
    if not lines:
        return "**Where our defaults lose:** on none of these systems."
    head = (
        f"**Where our defaults lose** by more than {_NEAR}, to the peer that is best "
        "on that system or to another model of ours:"
    )
    return "\n".join([head, "", *lines])


def _sure(known: list[dict[str, Any]]) -> str:
    """How well the default models know what they know."""
    rows = [["system", "ECE", "ECE of directions", "FDP", "found", "withheld"]]
    for system in known:
        ours = default(system)
        if ours and ours.get("auprc") is not None:
            keys = ("existence_error", "direction_error", "false", "found", "withheld")
            rows.append([f"`{system['name']}`", *(_pair(ours, key) for key in keys)])
    if len(rows) == 1:
        return ""
    return (
        "How far our default models can be believed: calibration errors of P(source "
        "\u2192 target) and of directions, the share of the supported connections that "
        "is false (a reversed one is), the share of the planted ones that is "
        "supported, and the share of recordings in which direction is withheld.\n\n"
        + _table(rows)
    )


def _models(known: list[dict[str, Any]]) -> str:
    names = ("linear", *NETWORKS)
    rows = [["system", *names]]
    for system in known:
        if system["modality"] != "fmri":
            by = {row["method"]: row for row in rows_of(system)}
            rows.append(
                [
                    f"`{system['name']}`",
                    *(_pair(by.get(n), "auprc", "direction") for n in names),
                ]
            )
    if len(rows) == 1:
        return ""
    return "Our lagged models beside each other:\n\n" + _table(rows)


def _denoising(known: list[dict[str, Any]]) -> str:
    by = {system["name"]: system for system in known}
    rows = [["system", "amortised", "fask", "best peer"]]
    for system in known:
        base = by.get("-".join(system["name"].split("-")[:2]))
        if system["name"].count("-") != 2 or base is None or base is system:
            continue
        for one in (base, system):
            own = {row["method"]: row for row in rows_of(one)}
            peer = best(one, "auprc")
            row = [
                f"`{one['name']}`",
                *(
                    _pair(own.get(n), "auprc", "direction")
                    for n in ("amortised", "fask")
                ),
                f"{peer['method']} {_pair(peer, 'auprc', 'direction')}"
                if peer
                else "-",
            ]
            if row not in rows:
                rows.append(row)
    if len(rows) == 1:
        return ""
    return "What denoising costs:\n\n" + _table(rows)


def _pooled(known: list[dict[str, Any]]) -> str:
    rows = [["system", "ours, 5 people", "best peer, 5 people"]]
    for system in known:
        ours, peer = default(system), best(system, "auprc_pooled")
        if ours and peer and ours.get("auprc_pooled") is not None:
            rows.append(
                [
                    f"`{system['name']}`",
                    _pair(ours, "auprc_pooled", "direction_pooled"),
                    f"{peer['method']} "
                    + _pair(peer, "auprc_pooled", "direction_pooled"),
                ]
            )
    if len(rows) == 1:
        return ""
    return "Five people pooled (ours by mean log-odds):\n\n" + _table(rows)


def _readouts(found: list[dict[str, Any]]) -> str:
    if not found:
        return ""
    names = list(dict.fromkeys(name for one in found for name in one["auprc"]))
    rows = [["system", "network", *names]]
    for one in found:
        cells = [
            "-" if one["auprc"].get(name) is None else f"{one['auprc'][name]:.2f}"
            for name in names
        ]
        rows.append([f"`{one['system']}`", one["network"], *cells])
    return (
        "Ways to read one trained network (AUPRC), trained at the sparsity where the "
        "search begins: what is lost without the source, derivatives, size of the "
        "weights that enter:\n\n" + _table(rows)
    )


def _nothing(systems: list[dict[str, Any]]) -> str:
    lines = []
    for system in systems:
        if judged(system):
            continue
        said = [
            f"{row['method']} {row['delivered']:.1f}"
            for row in rows_of(system)
            if row.get("delivered") is not None
        ]
        n = system["n_regions"] * (system["n_regions"] - 1)
        lines.append(
            f"- `{system['name']}` (of {n} ordered pairs in {system['n_recordings']} "
            f"recordings): {', '.join(said)}"
        )
    if not lines:
        return ""
    head = (
        "Where nothing is connected, this many connections are delivered a recording:"
    )
    return "\n".join([head, "", *lines])


def _missing(systems: list[dict[str, Any]]) -> str:
    why: dict[str, list[str]] = {}
    for system in systems:
        for row in system["rows"]:
            if "why" in row:
                why.setdefault(f"{row['method']}: {row['why']}", []).append(
                    f"`{system['name']}`"
                )
    if not why:
        return ""
    lines = [f"- {reason} ({', '.join(where)})" for reason, where in why.items()]
    return "\n".join(["Methods without a result:", "", *lines])


def _table(rows: Any) -> str:
    head, *rest = [list(row) for row in rows]
    lines = [head, ["---"] * len(head), *rest]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
