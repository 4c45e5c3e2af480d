"""The threads that serve concurrent flows."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from routilux.threads.worker_pool import WorkerPool
from tests.engine.parts import DEADLINE
from tests.waiting import eventually


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads take turns a thousand times more often than usual, so that every order of steps comes up."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty_threads")
def test_submitted_work_runs_while_its_submitter_waits() -> None:
    assert [waits_in_vain(f"hasty-{number}") for number in range(60)] == [False] * 60


def waits_in_vain(name: str) -> bool:
    workers = WorkerPool(4, name)
    outcomes: SimpleQueue[bool] = SimpleQueue()

    def wait_for_another() -> None:
        inner = threading.Event()
        workers.submit(inner.set)
        outcomes.put(inner.wait(1))

    for work in (lambda: None, lambda: None, wait_for_another):
        workers.submit(work)
    done = outcomes.get(timeout=5)
    workers.stop(1)
    return not done


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_lost_thread_is_replaced() -> None:
    workers = WorkerPool(1, "lost")
    done = list[int]()

    class Lost(BaseException):
        pass

    def lose() -> None:
        raise Lost

    for _ in range(3):
        workers.submit(lose)
    workers.submit(lambda: done.append(1))
    eventually(lambda: done == [1])
    workers.submit(lose)
    eventually(lambda: not workers._pool.threads)
    workers.submit(lambda: done.append(2))
    eventually(lambda: done == [1, 2])
    workers.stop(DEADLINE)
