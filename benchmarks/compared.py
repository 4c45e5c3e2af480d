"""The engine beside the reference and beside the limit, each goal of the engine as a ratio."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks import reference

IDEAL_W4 = 1_000 * 0.005 / 32
WORKER = Path(__file__).with_name("worker.py")


class Goal(NamedTuple):
    """A ratio to show: workload a over workload b, each as 'side: workload'; `want` is `'≥ 25'` or `'≤ 1.5'`."""

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


class Side:
    """A worker process; `run(name)` is the cost of one event (µs, or bytes) in one run of that workload."""

    def __init__(self, interpreter: Path) -> None:
        self._process = subprocess.Popen(
            [interpreter, WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def run(self, name: str) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(name, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"The worker ended in {name!r}, with exit code {self._process.wait()}")
        cost, events = json.loads(answer)
        return float(cost) / float(events) * 1e6

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@contextmanager
def sides() -> Iterator[dict[str, Callable[[str], float]]]:
    """What can be run, by the name of its side."""
    own, other = Side(reference.own_python()), Side(reference.python())
    try:
        yield {"own": own.run, "reference": other.run, "ideal": lambda _: IDEAL_W4 / 1_000 * 1e6}
    finally:
        own.close()
        other.close()


def measure(rounds: int) -> None:
    """Print each goal's ratio: in each round both of its sides are run, one after the other."""
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
