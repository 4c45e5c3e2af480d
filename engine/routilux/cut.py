"""A job as it stands at one moment, whatever its threads are doing: what is saved of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .failures import Item
from .status import PAUSED, RUNNING

if TYPE_CHECKING:
    from .runner import Runner

LOOK_AGAIN = 0.0002
"""Seconds until the next look at a job whose thread is between two handlers."""
LOOKS = 1000
"""After that it stays between them: it is this very thread, in a handler of a signal."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What a job was at a moment.

    Attributes:
        status, ended_ns: as of the job (ns since the epoch, or `None`).
        seq: the number of its newest record.
        items: the activations that had not ended, in their order: those that had begun, or of which a carried
            function had not returned, are the first.
    """

    status: str
    ended_ns: int | None
    seq: int
    items: list[Item]


def cut(runner: Runner) -> Cut:
    """The job now. Stops nobody: looks until each activation waits, or is in a handler."""
    for _ in range(LOOKS):
        with runner.lock:
            begun = runner.begun()
            waiting = _waiting(runner)
            if begun is not None and _same(begun, runner.begun()):
                return _made(runner, begun, waiting)
        time.sleep(LOOK_AGAIN)
    with runner.lock:
        return _made(runner, runner.in_frames(), _waiting(runner))


def _same(begun: list[Item], again: list[Item] | None) -> bool:
    return again is not None and list(map(id, begun)) == list(map(id, again))


def _waiting(runner: Runner) -> list[Item]:
    return [*runner.queue, *runner.in_hand, *(item for item, _ in runner.failures.delayed.values())]


def _made(runner: Runner, begun: list[Item], waiting: list[Item]) -> Cut:
    job_state = runner.job_state
    guests_of = [frame.carried for frame in runner.frames if frame.carried is not None]
    under_way = {id(item): item for item in (*begun, *guests_of)}.values()
    items = [*(item for item in under_way if not _is_retried(item, waiting)), *waiting]
    open_ended = job_state.status in (RUNNING, PAUSED) and not runner.closed
    return Cut(job_state.status, job_state._ended_ns, runner.journal.seq, items if open_ended else [])


def _is_retried(item: Item, waiting: list[Item]) -> bool:
    """Whether a handler's next try waits already: it has failed just now."""
    return any(one[1] is item[1] and one[0] is item[0] and one[3] > item[3] for one in waiting)
