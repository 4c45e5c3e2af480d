"""Runs several things alternately and prints their times side by side."""

from __future__ import annotations

import gc
from collections.abc import Callable
from statistics import median
from typing import NamedTuple


class Measured(NamedTuple):
    """`times`: seconds of each round; `events`: events in a round."""

    name: str
    times: list[float]
    events: int

    @property
    def microseconds(self) -> float:
        """Median time of an event, in µs."""
        return median(self.times) / self.events * 1e6


def interleave(kinds: dict[str, Callable[[], float]], rounds: int, events: int) -> list[Measured]:
    """Time every kind once a round, after one warm-up round."""
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(rounds + 1):
        for name, run in kinds.items():
            gc.collect()
            took = run()
            if number:
                times[name].append(took)
    return [Measured(name, taken, events) for name, taken in times.items()]


def ratio(a: Measured, b: Measured) -> float:
    """Return the median of the rounds' ratios a / b; drift affects both sides of a round alike."""
    return median(x / y for x, y in zip(a.times, b.times, strict=True))


def print_table(title: str, rows: list[Measured], base: str, goals: dict[str, float]) -> None:
    """Print each row's µs an event, its ratio to `base`, and its goal."""
    baseline = next(row for row in rows if row.name == base)
    print(f"\n{title}\n{'':28}{'µs/event':>10}{'ratio to ' + base:>22}{'goal':>8}")
    for row in rows:
        goal = f"{goals[row.name]:.2f}" if row.name in goals else ""
        print(f"{row.name:28}{row.microseconds:>10.2f}{ratio(row, baseline):>22.2f}{goal:>8}")
