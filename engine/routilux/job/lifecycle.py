"""Waiting for a job: the job's own changes wake those who wait."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..status import ENDED, OVER

if TYPE_CHECKING:
    from ..job_state import JobState


ProgressCallback = Callable[[int, int, str], Any]
"""Called with (queue size, running handlers, status)."""

PROGRESS_SECONDS = 5.0

_log = logging.getLogger("routilux")


def wait_until_over(job_state: JobState, timeout: float | None, progress: ProgressCallback | None = None) -> bool:
    """Wait until the job is paused or has ended; whether it is."""
    return _wait(job_state, lambda: job_state.status in OVER, timeout, None, progress)


def wait_until_true(
    job_state: JobState,
    condition: Callable[[], Any],
    timeout: float | None,
    interval: float,
    progress: ProgressCallback | None = None,
) -> bool:
    """Try `condition` every `interval` seconds and at the job's changes, until true, ended or over time."""
    met = False

    def try_it() -> bool:
        nonlocal met
        ended = job_state.status in ENDED
        met = _holds(condition)
        return met or ended

    _wait(job_state, try_it, timeout, interval, progress)
    return met


def _holds(condition: Callable[[], Any]) -> bool:
    try:
        return bool(condition())
    except Exception:
        _log.exception("A condition that is waited for raised; it counts as not met")
        return False


def _wait(
    job_state: JobState,
    is_over: Callable[[], bool],
    timeout: float | None,
    interval: float | None,
    progress: ProgressCallback | None,
) -> bool:
    deadline = None if timeout is None else time.monotonic() + timeout
    reported = float("-inf")
    while True:
        status = job_state.status
        if is_over():
            return True
        now = time.monotonic()
        if deadline is not None and now >= deadline:
            return False
        if progress is not None and now - reported >= PROGRESS_SECONDS:
            reported = now
            progress(*job_state._queue_figures(), status)
        limits = [interval, None if deadline is None else deadline - now, PROGRESS_SECONDS if progress else None]
        pause = min((limit for limit in limits if limit is not None and limit < threading.TIMEOUT_MAX), default=None)
        with job_state._journal.lock:
            if job_state.status == status:
                job_state._changed.wait(pause)
