"""The engine's goals, each a ratio to the reference or to the deque limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import NamedTuple

from benchmarks import reference
from benchmarks.side import Side

IDEAL_W4 = 1_000 * 0.005 / 32


class Goal(NamedTuple):
    """A ratio to print: workload a over workload b, each as 'side: workload'; `want` is `'≥ 25'` or `'≤ 1.5'`."""

    title: str
    a: str
    b: str
    want: str


GOALS = (
    Goal("1 W1, times faster than the reference", "reference: W1", "own: W1", "≥ 25"),
    Goal("1 W2, times faster than the reference", "reference: W2", "own: W2", "≥ 25"),
    Goal("1 W3, times faster than the reference", "reference: W3", "own: W3", "≥ 15"),
    Goal("1 W1 over the deque limit", "own: W1", "own: limit W1", "≤ 3"),
    Goal("2 W1 on 4 workers over own sequential", "own: W1 concurrent", "own: W1", "≤ 1.5"),
    Goal("2 W4 over the ideal", "own: W4", "ideal: W4", "≤ 1.10"),
    Goal("3 W5, times faster than the reference", "reference: W5", "own: W5", "≥ 10"),
    Goal("3 empty job, times faster than the reference", "reference: empty job, few", "own: empty job", "≥ 200"),
    Goal("4 growth: 10^5 events over 10^3", "own: W7 10^5", "own: W7 10^3", "≤ 1.6"),
    Goal("4 growth: 10^6 events over 10^3", "own: W7 10^6", "own: W7 10^3", "≤ 2.2"),
    Goal("4 growth: 1,000 routines over 10", "own: 1,000 routines", "own: 10 routines", "≤ 1.3"),
    Goal("4   the same when the new flow was swept before", "own: 1,000 routines, swept", "own: 10 routines", ""),
    Goal(
        "5 memory, history_limit: 10^5 over 2·10^4", "own: memory limited 10^5", "own: memory limited 2·10^4", "≤ 1.1"
    ),
    Goal("5 memory over the reference's, all kept", "own: memory", "reference: memory", "≤ 0.4"),
)


@contextmanager
def sides() -> Iterator[dict[str, Callable[[str], float]]]:
    """The functions that run a workload, by side."""
    with Side(reference.own_python()) as own, Side(reference.python()) as other:
        yield {"own": own.cost, "reference": other.cost, "ideal": lambda _: IDEAL_W4 / 1_000 * 1e6}


def measure(rounds: int) -> None:
    """Print each goal's ratio: each round runs both workloads, one after the other."""
    print(f"\nThe engine's goals\n{'':48}{'a, µs':>10}{'b, µs':>10}{'ratio':>9}   goal")
    with sides() as run:
        for goal in GOALS:
            pairs = [(_cost(run, goal.a), _cost(run, goal.b)) for _ in range(rounds)]
            a, b = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
            ratio = median(x / y for x, y in pairs)
            print(f"{goal.title:48}{a:>10.2f}{b:>10.2f}{ratio:>9.2f}   {goal.want}", flush=True)


def _cost(run: dict[str, Callable[[str], float]], what: str) -> float:
    side, _, workload = what.partition(": ")
    return run[side](workload)
