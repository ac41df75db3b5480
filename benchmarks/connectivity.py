"""Our engines beside peers, in the same run, on systems whose connections are known.

    python benchmarks/connectivity.py [--seeds 3] [--only GLOB,...] [--patience 120]
        [--data DIR] [--json FILE] [--figures DIR] [--report FILE]
    python benchmarks/connectivity.py --from FILE... [--json FILE] [--figures DIR]
        [--report FILE]

Prints a block for each system; ours have a star.

AUPRC     area under the precision-recall curve over ordered pairs, mean of recordings
d-acc     share of one-way connections whose right direction scores higher; 0.5: a coin
pooled    both, of five people together: mean log-odds, or mean score without any
ECE       how far probabilities are from what is so, over ordered pairs
d-ECE     the same of directions, over one-way connections
FDP       share of what is delivered that is not so, a reversed connection included
found     share of the planted connections that is delivered
CPU s     of one thread, a recording
MiB       what the largest resident set of the process grew by

Peers come with `pip install -e ".[ingest,benchmark]"`; LiNGAM makes an environment of
its own. A method that takes more than --patience seconds for a recording is ended.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# Before numpy: seconds are those of one thread.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import torch

from atlasdb_ingest import models
from directed import figures, judge, patience, published, readouts, report, systems
from directed.known import System
from directed.method import Method
from directed.ours import OURS
from directed.packages import PACKAGES
from directed.peers import PEERS

METHODS: tuple[Method, ...] = (*OURS, *PEERS, *PACKAGES)
COLUMNS = {
    "auprc": "AUPRC",
    "direction": "d-acc",
    "auprc_pooled": "pooled",
    "direction_pooled": "d-acc",
    "existence_error": "ECE",
    "direction_error": "d-ECE",
    "false": "FDP",
    "found": "found",
    "seconds": "CPU s",
    "mib": "MiB",
}
READ = ("var3-500", "lorenz-10", "lorenz-40", "eeg-sources", "eeg-leaky")
"""Systems on which ways to read a network are compared."""


def conditions(given: argparse.Namespace) -> dict[str, Any]:
    packages = {}
    for name in (
        "numpy",
        "scipy",
        "torch",
        "mne",
        "mne-connectivity",
        "nilearn",
        "statsmodels",
        "tigramite",
    ):
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "not installed"
    return {
        "seeds": given.seeds,
        "patience_s": given.patience,
        "machine": platform.machine(),
        "python": platform.python_version(),
        "packages": packages,
        "settings": {m.name: dict(models.load(m.name).SETTINGS) for m in OURS},
    }


def measure(system: System, n_seeds: int, wait: float) -> dict[str, Any]:
    n_cohorts = min(n_seeds, system.cohorts or n_seeds)
    cohorts = [system.cohort(seed) for seed in range(n_cohorts)]
    people = [one for cohort in cohorts for one in cohort]
    n_regions, n_times = people[0].series.shape
    print(f"\n{system.name}: {system.about}; {len(people)} recordings")
    print(" " * 28 + "".join(f"{name:>9}" for name in COLUMNS.values()), flush=True)
    rows = []
    for method in METHODS:
        if method.applies(system):
            found = patience.run(method, system, [one.series for one in people], wait)
            rows.append(judge.row(method, cohorts, found))
            print(line(rows[-1]), flush=True)
    return {
        "name": system.name,
        "about": system.about,
        "modality": system.modality,
        "n_regions": n_regions,
        "n_times": n_times,
        "n_recordings": len(people),
        "n_connections": sum(int(one.truth.sum()) for one in people) / len(people),
        "rows": rows,
    }


def line(row: dict[str, Any]) -> str:
    name = ("* " if row["ours"] else "  ") + row["method"]
    if "why" in row:
        return f"{name:<30}{row['why']}"
    return f"{name:<28}" + "".join(f"{cell(row, key):>9}" for key in COLUMNS)


def cell(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    if value is None or not math.isfinite(value):
        return "-"
    if key == "mib":
        return f"{value:.0f}"
    return f"{value:.2g}" if key == "seconds" and value < 0.1 else f"{value:.3f}"


def read(system: System, n_seeds: int) -> list[dict[str, Any]]:
    """Compare ways to read connections out of networks trained on one system."""
    people = [one for seed in range(n_seeds) for one in system.cohort(seed)]
    print(f"\n{system.name}: AUPRC of ways to read a trained network")
    print(" " * 28 + "".join(f"{name:>12}" for name in readouts.READINGS), flush=True)
    found = []
    for network in readouts.NETWORKS:
        scores = readouts.compare(network, system, people)
        cells = [f"{scores[n]:.3f}" if n in scores else "-" for n in readouts.READINGS]
        print(f"* {network:<26}" + "".join(f"{c:>12}" for c in cells), flush=True)
        found.append({"system": system.name, "network": network, "auprc": scores})
    return found


def plain(value: Any) -> Any:
    """Round for a file that is read and compared; what is not a number is null."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, float):
        return float(f"{value:.5g}") if math.isfinite(value) else None
    return value


def keep(results: dict[str, Any], path: Path | None) -> None:
    """Write what there is so far: a long run may be ended."""
    if path is not None:
        text = json.dumps(plain(results), separators=(",", ":"))
        path.write_text(text + "\n", encoding="utf-8")


def joined(paths: list[Path]) -> dict[str, Any]:
    """Put together what was measured in pieces, in the usual order of systems."""
    parts = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    if any(part["conditions"] != parts[0]["conditions"] for part in parts):
        sys.exit("Only what was measured under the same conditions goes together.")
    by = {system["name"]: system for part in parts for system in part["systems"]}
    usual = [system.name for system in systems.chosen()]
    order = [name for name in usual if name in by] + [n for n in by if n not in usual]
    read = {(r["system"], r["network"]): r for part in parts for r in part["readouts"]}
    return {
        "conditions": parts[-1]["conditions"],
        "systems": [by[name] for name in order],
        "readouts": list(read.values()),
    }


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3, help="graphs for each system")
    parser.add_argument("--only", default="*", metavar="GLOB,...", help="systems")
    parser.add_argument("--patience", type=float, default=120.0, metavar="SECONDS")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        default=published.DATA,
        help="published simulations, where they are (%(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything")
    parser.add_argument(
        "--figures", type=Path, metavar="DIR", help="draw into a folder"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="page to renew")
    parser.add_argument(
        "--from",
        dest="made",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="measure nothing anew; a system is taken from the last file that has it",
    )
    return parser.parse_args()


def main() -> int:
    given = parsed()
    if given.made is not None:
        results = joined(given.made)
        keep(results, given.json)
    else:
        torch.set_num_threads(1)
        wanted = systems.chosen(given.only, given.data)
        if not wanted:
            print(f"No system matches '{given.only}'.", file=sys.stderr)
            return 2
        results = {"conditions": conditions(given), "systems": [], "readouts": []}
        for system in wanted:
            results["systems"].append(measure(system, given.seeds, given.patience))
            keep(results, given.json)
        for system in wanted:
            if system.name in READ:
                results["readouts"] += read(system, given.seeds)
                keep(results, given.json)
        results = plain(results)
    if given.figures is not None:
        figures.draw(results, given.figures)
    if given.report is not None:
        report.renew(given.report, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
