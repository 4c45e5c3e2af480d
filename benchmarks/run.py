"""Prints the benchmarks: `python -m benchmarks.run [--rounds N]`, or `make bench`."""

from __future__ import annotations

import argparse
import os
import platform

from benchmarks import engine_goals, frame_delay, storing, watched
from benchmarks.report import print_table

WATCHED_GOALS = {"dashboard on": 1.05, "one browser": 1.10}


def main() -> None:
    """Run every part and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], help="the parts to measure (default: all)")
    parser.add_argument("--rounds", type=int, default=9, help="rounds of each workload (default 9)")
    arguments = parser.parse_args()
    rounds: int = arguments.rounds
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; medians of {rounds} rounds, run alternately")
    for part in arguments.part or PARTS:
        PARTS[part](rounds)


def _watched(rounds: int) -> None:
    rows = watched.measure(rounds)
    print_table("W1, sequential: a chain of 3, 20,000 items, being watched", rows, "no hook", WATCHED_GOALS)
    print_table("The same beside the limit", [row for row in rows if row.name != "one browser"], "deque limit", {})


PARTS = {"watched": _watched, "engine": engine_goals.measure, "delay": frame_delay.measure, "storing": storing.measure}

if __name__ == "__main__":
    main()
