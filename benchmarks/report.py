"""Running several things in turn, and printing what they took beside each other."""

from __future__ import annotations

import gc
from collections.abc import Callable
from statistics import median
from typing import NamedTuple


class Measured(NamedTuple):
    """`times`: seconds of each round; `events`: what they are divided by."""

    name: str
    times: list[float]
    events: int

    @property
    def microseconds(self) -> float:
        """Median time of an event, in µs."""
        return median(self.times) / self.events * 1e6


def interleave(kinds: dict[str, Callable[[], float]], rounds: int, events: int) -> list[Measured]:
    """Time every kind once a round, in turn, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(rounds + 1):
        for name, run in kinds.items():
            gc.collect()
            took = run()
            if number:
                times[name].append(took)
    return [Measured(name, taken, events) for name, taken in times.items()]


def ratio(a: Measured, b: Measured) -> float:
    """The median of the rounds' own ratios a / b: what drifts in a round drifts in both."""
    return median(x / y for x, y in zip(a.times, b.times, strict=True))


def print_table(title: str, rows: list[Measured], base: str, goals: dict[str, float]) -> None:
    """Print each row's µs an event and its ratio to `base`, with the goal beside it."""
    baseline = next(row for row in rows if row.name == base)
    print(f"\n{title}\n{'':28}{'µs/event':>10}{'ratio to ' + base:>22}{'goal':>8}")
    for row in rows:
        goal = f"{goals[row.name]:.2f}" if row.name in goals else ""
        print(f"{row.name:28}{row.microseconds:>10.2f}{ratio(row, baseline):>22.2f}{goal:>8}")
