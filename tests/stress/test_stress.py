"""Hundreds of jobs at once under random controls: nothing hangs, nothing leaks, every count is right.

`STRESS_SECONDS` says how long in all; `make stress` takes two minutes.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator

import pytest

from tests.stress.crowd import WORKERS, crowd_flow
from tests.stress.meddling import STANDSTILL, Crowd, resident_mib
from tests.waiting import eventually

SECONDS = float(os.environ.get("STRESS_SECONDS", "10"))
JOBS = 200
MEDDLERS = 8
GROWTH_MIB = 40
"""Memory that may be more at the end than after the first third."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is asked for as Linux tells")


@pytest.fixture
def switch_interval(request: pytest.FixtureRequest) -> Iterator[float]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(request.param)
    yield request.param
    sys.setswitchinterval(before)


def worker_threads() -> list[str]:
    """Those of the crowd's flow; another flow's may linger until the collector finds it."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("routilux-crowd-")]


@pytest.mark.timeout(4 * SECONDS + 4 * STANDSTILL)
@pytest.mark.parametrize("switch_interval", [0.005, 1e-6], ids=["usual switches", "hasty switches"], indirect=True)
def test_a_crowd_of_jobs_under_random_controls(switch_interval: float, capsys: pytest.CaptureFixture[str]) -> None:
    flow = crowd_flow()
    memory = [resident_mib()]
    crowds = [Crowd(flow, JOBS, MEDDLERS, seed) for seed in range(3)]
    for crowd in crowds:
        crowd.run(SECONDS / 2 / len(crowds))
        assert crowd.wrong == []
        eventually(lambda crowd=crowd: crowd.left_in_memory() == 0, what="no job is left in memory")  # type: ignore[misc]
        memory.append(resident_mib())
    assert len(worker_threads()) <= WORKERS
    flow.shutdown()
    eventually(lambda: not worker_threads(), what="all threads of the flow have ended")
    ended = sum((crowd.statuses for crowd in crowds[1:]), crowds[0].statuses)
    controls = sum((crowd.controls for crowd in crowds[1:]), crowds[0].controls)
    with capsys.disabled():
        print(f"\n{SECONDS / 2:g} s, switches every {switch_interval:g} s: {ended.total():,} jobs ended: {dict(ended)}")
        print(f"  controls: {controls.total():,}: {dict(sorted(controls.items()))}")
        print(f"  at most {max(crowd.most_alive for crowd in crowds)} jobs at once on {WORKERS} workers")
        print(f"  memory at the beginning and after each third (MiB): {', '.join(f'{mib:.1f}' for mib in memory)}")
    assert memory[-1] - memory[1] < GROWTH_MIB
    assert ended["completed"] > 0
    assert ended["cancelled"] > 0
