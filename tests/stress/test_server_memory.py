"""The memory of a server with a store stays flat, however many jobs it shows and however many watchers come and go.

`SERVER_MEMORY=long` (so does `make stress`): 100 jobs of 100,000 records, 1,000 watchers. Else a tenth of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.dashboard.peers import LiveClient
from tests.stress.served import ServerProcess, in_the_program, of_its_own

LONG = os.environ.get("SERVER_MEMORY") == "long"
JOBS, RECORDS, WATCHERS = (100, 100_000, 1_000) if LONG else (10, 20_000, 100)
LOOKS = 5
"""How often memory is looked at; the first two looks are at a server that warms up."""
GROWTH_MIB = 30 if LONG else 12
"""That may come from the second look to the last: a single job of these has more in memory."""
WATCHERS_GROWTH_MIB = 15 if LONG else 4
"""The same; a client that stayed would have 0.07 MiB."""
AT_ONCE = 20

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="memory is asked for as Linux tells"),
    pytest.mark.timeout(1800 if LONG else 300),
]


@pytest.fixture(params=["in the program", "of its own"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServerProcess]:
    store = tmp_path / "store.sqlite"
    if request.param == "of its own":
        with of_its_own(store) as running:
            yield running
    else:
        with in_the_program(store=str(store), keep_jobs=200 if LONG else 3) as running:
            yield running


def grown(server: ServerProcess, step: Callable[[int], object], steps: int) -> list[float]:
    """Take steps, and say what memory the server had at the beginning and after each fifth of them."""
    seen = [server.settled_mib()]
    for number in range(steps):
        step(number)
        if (number + 1) % (steps // LOOKS) == 0:
            seen.append(server.settled_mib())
    return seen


def told(what: str, seen: list[float]) -> str:
    return f"\n{what}, MiB at the beginning and after each fifth: {', '.join(f'{mib:.1f}' for mib in seen)}"


def test_many_jobs_leave_memory_flat(server: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    seen = grown(server, lambda _: server.run_job(RECORDS, within=120), JOBS)
    with capsys.disabled():
        print(told(f"{JOBS} jobs of {RECORDS:,} records", seen))
    assert seen[-1] - seen[2] < GROWTH_MIB


def test_watchers_that_came_and_went_leave_memory_flat(
    server: ServerProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = server.start_job("ticking", {})
    with ThreadPoolExecutor(AT_ONCE) as threads:

        def some(round_: int) -> None:
            list(threads.map(lambda number: come_and_go(server, job_id, number), range(AT_ONCE)))

        seen = grown(server, some, WATCHERS // AT_ONCE)
    with capsys.disabled():
        print(told(f"{WATCHERS} watchers", seen))
    assert seen[-1] - seen[2] < WATCHERS_GROWTH_MIB


def come_and_go(server: ServerProcess, job_id: str, number: int) -> None:
    """A watcher of the list and of a job that runs; some never say that they have shown what they got."""
    client = LiveClient(server, acknowledges=number % 3 != 0)
    try:
        assert client.call("subscribe", {"jobs": True}) is None
        assert client.call("subscribe", {"job_id": job_id}) is None
        client.wait(lambda messages: {name for name, _ in messages} == {"jobs", "keyframe", "frame"})
        if number % 2:
            assert client.call("unsubscribe", {"job_id": job_id}) is None
    finally:
        client.close()
