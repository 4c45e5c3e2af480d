"""A writing process that is killed at any moment leaves whole segments, in order.

`KILLS=30` kills that often; else 5 times. (Writing to PostgreSQL half as often: its processes are not killed.)
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from routilux_dashboard.fold.playback import Playback
from routilux_dashboard.segments.history_query import HistoryQuery
from tests.dashboard.store.conftest import OpenStore
from tests.dashboard.store.made_up import MadeUpJob

KILLS = int(os.environ.get("KILLS", "5"))
ROOT = Path(__file__).resolve().parents[3]
JOBS = ("a", "b", "c")
ROWS = 37

WRITING = """
import sys, threading
from routilux_dashboard.store import Store
from tests.dashboard.store.made_up import MadeUpJob

place, rows, *begun = sys.argv[1:]
store = Store(place)
store.start()
jobs = [MadeUpJob(part.partition("=")[0]) for part in begun]
for job, part in zip(jobs, begun):  # safe segments are not put again
    while job.n < int(part.partition("=")[2]):
        job.next(int(rows))
print("writing", flush=True)
few = threading.Semaphore(60)

def safe(job_id, n):
    few.release()
    print(job_id, n, flush=True)

while True:
    for job in jobs:
        few.acquire()
        segment = job.next(int(rows))
        store.put([segment], done=lambda job_id=job.job_id, n=segment.n: safe(job_id, n))
"""


def kill_one(place: str, begun: dict[str, int], lines: int) -> dict[str, int]:
    """Write until so many segments were reported safe, then kill; returns each job's last safe segment."""
    command = [sys.executable, "-c", WRITING, place, str(ROWS), *(f"{job_id}={n}" for job_id, n in begun.items())]
    safe = dict(begun)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writing:
        assert writing.stdout is not None
        assert writing.stdout.readline() == "writing\n"
        for _ in range(lines):
            job_id, n = writing.stdout.readline().split()
            safe[job_id] = int(n)
        writing.send_signal(signal.SIGKILL)
        for line in writing.stdout:
            words = line.split()
            if len(words) == 2 and line.endswith("\n"):
                safe[words[0]] = int(words[1])
    return safe


@pytest.mark.timeout(60 + 20 * KILLS)
def test_segments_reported_safe_survive_any_kill(place: str, open_store: OpenStore) -> None:
    chance = random.Random(7)
    jobs = {job_id: (MadeUpJob(job_id), Playback()) for job_id in JOBS}
    kept = dict.fromkeys(JOBS, 0)
    for _ in range(KILLS if "://" not in place else KILLS // 2):
        safe = kill_one(place, kept, chance.randrange(1, 300))
        store = open_store(place)
        last = store.last_segments(JOBS)
        assert all(last[job_id] >= n for job_id, n in safe.items())
        for job_id, (job, played) in jobs.items():
            fresh = list(store.segments(job_id, kept[job_id]))
            assert fresh == [job.next(ROWS) for _ in range(last[job_id] - kept[job_id])]
            for segment in fresh:
                played.add(segment)
            found = store.playback(job_id)
            assert (found.n, found.seq, found.job().counts) == (last[job_id], played.seq, played.job().counts)
        kept = last
        store.stop()
    store = open_store(place)
    for job_id, n in kept.items():
        assert n > 0
        whole, seqs = MadeUpJob(job_id), 0
        for segment in store.segments(job_id):
            assert segment == whole.next(ROWS)
            seqs += len(segment.records.source)
        page = store.history(job_id, HistoryQuery(before=seqs + 1, limit=1000))
        assert [record.seq for record in page.records] == list(range(max(1, seqs - 999), seqs + 1))
        assert (whole.n, page.first, page.last, page.total) == (n, 1, seqs, seqs)
