"""What a job's page has to say, worked out from the JobState alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from routilux import Flow, JobState


class Done(NamedTuple):
    """Handler runs of one routine."""

    done: int
    errors: int


@dataclass(frozen=True)
class Truth:
    """Handler runs by routine, messages by connection, and the figures of the whole job."""

    routines: dict[str, Done]
    connections: dict[str, int]
    events: int
    errors: int
    records: int


def truth_of(flow: Flow, job_state: JobState, skipped: dict[str, int] | None = None) -> Truth:
    """Read from the history of a job that has completed with everything kept.

    Each event of the history is a message along each of its connections; each message and the start is a handler run,
    that failed if there is a record of it. `skipped`: failures by routine that the strategy SKIP leaves no record of.
    """
    assert job_state.status == "completed"
    assert job_state.history_dropped == 0
    history = job_state.execution_history
    emitted = Counter((record.routine_id, record.event_name) for record in history if record.kind == "event")
    errors = Counter(record.routine_id for record in history if record.kind in ("error", "error_continued"))
    errors.update(skipped or {})
    connections: dict[str, int] = {}
    received = Counter(record.routine_id for record in history if record.kind == "start")
    for connection in flow.connections:
        source, event, target, _ = flow.connection_ends(connection)
        connections[flow.connection_id(connection)] = emitted[source, event]
        received[target] += emitted[source, event]
    return Truth(
        {name: Done(received[name] - errors[name], errors[name]) for name in flow.routines},
        connections,
        emitted.total(),
        errors.total(),
        len(history),
    )
