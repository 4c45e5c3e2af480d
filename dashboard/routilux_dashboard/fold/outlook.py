"""What of a whole job decides over its routines' statuses. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..protocol import ENDED
from ..times import SECOND
from .routine_counters import RoutineCounters
from .wiring import Wiring

AT_REST = ENDED | {"lost"}
"""Those of which nothing is heard any more: messages that flowed a moment ago have no rate."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """A job at one moment.

    `held` says why no handler starts ("the job is paused"), or is empty; `held_since_ns` since
    when. `live`: routines that have something queued or running; `awaited`: those that these can
    still send to. `cut`:
    routines whose work failed or was dropped; `cut_off`: those that these would have sent to.
    `retrying`: those with a handler to be tried again. `active`: those with a handler that ended
    in the last 20 seconds. `reachable`: what the job's entry leads to, and the entry itself.
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
        """What, when it differs, may affect the status of every routine."""
        return self.job_status, self.held, self.held_since_ns

    def affected(self, before: JobContext, wiring: Wiring) -> frozenset[str]:
        """Routines whose status, or activity, may differ from `before` though nothing happened to them.

        Not for a job whose status changed, or what holds it: that may affect all of them.
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
    """The context of a job that began at `entry`."""
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
