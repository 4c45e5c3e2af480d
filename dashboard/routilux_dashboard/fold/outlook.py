"""The job-wide facts that determine the statuses of its routines. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..protocol import ENDED
from ..times import SECOND
from .routine_counters import RoutineCounters
from .wiring import Wiring

AT_REST = ENDED | {"lost"}
"""Statuses after which no more messages come: recent ones no longer count towards a rate."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """A job at one moment.

    `held` says why no handler starts ("the job is paused"), or is empty; `held_since_ns` says since
    when. `live`: routines with queued or running work; `awaited`: routines that these can still send
    to. `cut`: routines whose work failed or was dropped; `cut_off`: routines that these would have
    sent to. `retrying`: routines with a pending retry. `active`: routines with a handler that ended
    in the last 20 seconds. `reachable`: the job's entry and the routines it leads to.
    """

    job_status: str
    held: str
    now_ns: int
    live: frozenset[str]
    awaited: frozenset[str]
    cut: frozenset[str]
    cut_off: frozenset[str]
    retrying: frozenset[str]
    active: frozenset[str]
    reachable: frozenset[str]
    held_since_ns: int | None = None

    @property
    def standing(self) -> tuple[str, str, int | None]:
        """The facts that, when they change, may affect the status of every routine."""
        return self.job_status, self.held, self.held_since_ns

    def affected(self, before: JobContext, wiring: Wiring) -> frozenset[str]:
        """Routines whose status or activity may differ from `before` although nothing happened to them.

        Not valid if `standing` changed: that may affect all routines.
        """
        moved = (before.live ^ self.live) | (before.awaited ^ self.awaited)
        cut = (before.cut ^ self.cut) | (before.cut_off ^ self.cut_off)
        found = moved | wiring.targets(moved) | cut | before.retrying | self.retrying
        if before.now_ns // SECOND == self.now_ns // SECOND:
            return found
        return found | before.active | self.active


def job_context(
    job_status: str,
    held: str,
    entry: str | None,
    routines: Mapping[str, RoutineCounters],
    active: frozenset[str],
    wiring: Wiring,
    now_ns: int,
    held_since_ns: int | None = None,
) -> JobContext:
    """The context of a job that started at `entry`."""
    live = frozenset([key for key, tally in routines.items() if tally.slots or tally.queued])
    cut = frozenset([key for key, tally in routines.items() if tally.cut])
    entries = frozenset([entry] if entry is not None else [])
    return JobContext(
        job_status=job_status,
        held=held,
        now_ns=now_ns,
        live=live,
        awaited=wiring.downstream(live),
        cut=cut,
        cut_off=wiring.downstream(cut),
        retrying=frozenset([key for key, tally in routines.items() if tally.retries_ahead]),
        active=active,
        reachable=wiring.downstream(entries) | entries,
        held_since_ns=held_since_ns if held else None,
    )
