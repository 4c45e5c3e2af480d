"""A process that is killed while it saves leaves the whole old file or the whole new one, and nothing else for long."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from routilux import JobState
from tests.engine.parts import DEADLINE
from tests.engine.saving.saver import job_of, numbers_in

KILLS = 50
ROWS = 20_000
ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")


def saver(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.engine.saving.saver", str(path), str(ROWS)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def saved_by(process: subprocess.Popen[str]) -> int:
    """Wait for the next save to be done; its number."""
    assert process.stdout is not None
    return int(process.stdout.readline())


def killed(process: subprocess.Popen[str]) -> list[int]:
    """Kill it; the numbers of the saves that were done meanwhile."""
    process.kill()
    assert process.stdout is not None
    with process.stdout:
        numbers = [int(line) for line in process.stdout]
    process.wait(DEADLINE)
    return numbers


def test_a_kill_at_any_moment_of_a_save_leaves_a_whole_file(tmp_path: Path) -> None:
    """Each process has saved at least twice before it is killed, so most moments are within a save."""
    path = tmp_path / "job.json"
    chance = random.Random(20260131)
    left = 0
    for _ in range(KILLS):
        process = saver(path)
        saved_by(process)
        began = time.perf_counter()
        done = saved_by(process)
        one_save = time.perf_counter() - began
        threading.Event().wait(chance.random() * 2 * one_save)
        newest = [done, *killed(process)][-1]
        numbers = numbers_in(JobState.load(path))
        assert len(numbers) == 1
        assert numbers <= {newest, newest + 1}
        files = {file.name for file in tmp_path.iterdir()}
        assert files <= {"job.json", ".job.json.tmp"}, "a stale file always has the same name"
        left += len(files) - 1
    print(f"{KILLS} kills, {left} of them while writing")
    job_of(0, 1).save(path)
    assert [file.name for file in tmp_path.iterdir()] == ["job.json"]
    assert left, "no kill came while writing"


def test_two_processes_that_save_to_one_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    processes = [saver(path) for _ in range(2)]
    for process in processes * 10:
        saved_by(process)
        assert len(numbers_in(JobState.load(path))) == 1
    for process in processes:
        killed(process)
    for _ in range(2):
        job_of(0, 1).save(path)
    assert numbers_in(JobState.load(path)) == {0}
