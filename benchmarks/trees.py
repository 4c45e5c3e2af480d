"""Compares two source trees, run alternately: `python -m benchmarks.trees OLD_TREE [WORKLOAD ...] [--rounds N]`.

The old tree is a checkout of an earlier commit and needs no environment of its own: this interpreter runs the
workloads of this tree with each tree's `engine` and `dashboard` in turn. It prints the median of the rounds'
ratios, new over old; where other work disturbs the machine, `best/best` (the best rounds' ratio) says more. A dashboard
workload is also divided by the same job alone, run just before it with the same tree.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median

from benchmarks.dashboard_workloads import COLLECTOR, COST, MEMORY
from benchmarks.dashboard_workloads import WORKLOADS as DASHBOARD
from benchmarks.side import ROOT, Side

ENGINE = {
    "W1": 1.02,
    "W2": 1.02,
    "W3": 1.02,
    "W1 concurrent": 1.02,
    "W5": 1.03,
    "empty job": 1.05,
    "10 routines": None,
    "1,000 routines": None,
    "memory": None,
}
"""The engine's workloads, with the highest ratio that a change may cost."""
BASE = {"memory without store": "memory alone", "folding": None}
"""The workload that a dashboard workload is divided by, if not `alone`."""


def main() -> None:
    """Compare the workloads named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path, metavar="OLD_TREE", help="a checkout of the commit to compare with")
    names = [*ENGINE, *(name for name in DASHBOARD if name not in {"alone", "memory alone"})]
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"default: all of {', '.join(names)}")
    parser.add_argument("--rounds", type=int, default=9, help="rounds of each workload (default 9)")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.workloads if name not in names]:
        parser.error(f"unknown workload {unknown[0]!r}; known are {', '.join(names)}")
    if not (arguments.old / "engine" / "routilux").is_dir():
        parser.error(f"{arguments.old} is no source tree: it has no engine/routilux")
    chosen, trees = arguments.workloads or names, (arguments.old.resolve(), ROOT)
    if engine := [name for name in chosen if name in ENGINE]:
        compare_engines(trees, engine, arguments.rounds)
    if dashboard := [name for name in chosen if name in DASHBOARD]:
        compare_dashboards(trees, dashboard, arguments.rounds)


def compare_engines(trees: tuple[Path, Path], workloads: list[str], rounds: int) -> None:
    """Print the cost of an event in each tree (µs, or bytes), and the ratio."""
    print(f"\n{'engine':28}{'old':>10}{'new':>10}{'new/old':>9}{'limit':>8}{'best/best':>11}")
    with _side(trees[0], "benchmarks.workloads") as old, _side(trees[1], "benchmarks.workloads") as new:
        for name in workloads:
            pairs = []
            for number in range(rounds + 1):
                # the order alternates, so that neither tree always runs on the warmer machine
                first, second = (old, new) if number % 2 else (new, old)
                costs = {first: first.cost(name), second: second.cost(name)}
                pairs.append((costs[old], costs[new]))
            before, after = median(old for old, _ in pairs[1:]), median(new for _, new in pairs[1:])
            ratio = median(new / old for old, new in pairs[1:])
            best = min(new for _, new in pairs[1:]) / min(old for old, _ in pairs[1:])
            limit = f"{ENGINE[name]:.2f}" if ENGINE[name] else ""
            print(f"{name:28}{before:>10.2f}{after:>10.2f}{ratio:>9.3f}{limit:>8}{best:>11.3f}", flush=True)


def compare_dashboards(trees: tuple[Path, Path], workloads: list[str], rounds: int) -> None:
    """Print each workload's figures in both trees, and their ratios to the job alone."""
    print(f"\n{'dashboard':66}{'old':>10}{'new':>10}{'new/old':>9}{'old/alone':>11}{'new/alone':>11}")
    module = "benchmarks.dashboard_workloads"
    with _side(trees[0], module) as old, _side(trees[1], module) as new:
        for name in workloads:
            _compare_dashboards(name, (old, new), rounds)


def _compare_dashboards(name: str, sides: tuple[Side, Side], rounds: int) -> None:
    base = BASE.get(name, "alone")
    measured: tuple[list[dict[str, float]], ...] = ([], [])
    alone: tuple[list[dict[str, float]], ...] = ([], [])
    for number in range(rounds + 1):
        for place in (0, 1) if number % 2 else (1, 0):
            if base:
                alone[place].append(sides[place].figures(base))
            measured[place].append(sides[place].figures(name))
    for figure in measured[0][-1]:
        old, new = ([run[figure] for run in runs[1:]] for runs in measured)
        ratio = median(b / a if a else 1.0 for a, b in zip(old, new, strict=True))
        row = f"{name + ': ' + figure:66}{_shown(median(old))}{_shown(median(new))}{ratio:>9.3f}"
        if base and figure in {COST, COLLECTOR, MEMORY}:
            for runs, bases in ((old, alone[0]), (new, alone[1])):
                row += f"{median(a / b[figure] for a, b in zip(runs, bases[1:], strict=True) if b[figure]):>11.3f}"
        print(row, flush=True)


def _shown(figure: float) -> str:
    return f"{figure:>10,.0f}" if figure >= 1_000 else f"{figure:>10.2f}"


def _side(tree: Path, module: str) -> Side:
    return Side(Path(sys.executable), tree, module)


if __name__ == "__main__":
    main()
