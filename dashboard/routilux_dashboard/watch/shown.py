"""What the server shows: a job or a flow, wherever it is: in this program, in one elsewhere, or only in the store."""

from __future__ import annotations

from typing import Any, Protocol

from ..protocol import (
    FlowDefinition,
    Frame,
    Job,
    JobSummary,
    Keyframe,
    LogPage,
    OutputPage,
    RoutineState,
)


class ShownJob(Protocol):
    """A job as the pump, the pages and REST know it.

    The pump's thread calls `tick` and `activity`; any thread the rest.

    `closed`: nothing is expected to come any more. `restless`: something may come, or fade, without
    anybody saying so.
    """

    job_id: str

    @property
    def closed(self) -> bool: ...
    @property
    def flow_id(self) -> str: ...
    @property
    def summary(self) -> JobSummary: ...
    @property
    def restless(self) -> bool: ...
    def tick(self, now_ns: int) -> Frame | None: ...
    def activity(self, now_ns: int) -> list[int]: ...
    def records_kept(self) -> int: ...
    def keyframe(self) -> Keyframe: ...
    def view(self) -> Job: ...
    def actions(self) -> list[dict[str, Any]]: ...
    def metrics(self) -> dict[str, Any]: ...
    def log(self, after: int = 0, limit: int = 100) -> LogPage: ...
    def outputs(self, after: int = 0, limit: int = 100) -> OutputPage: ...
    def states(self) -> dict[str, RoutineState]: ...
    def data(self) -> dict[str, dict[str, Any]]: ...


class ShownFlow(Protocol):
    """A flow that jobs can be started of."""

    @property
    def flow_id(self) -> str: ...
    def definition(self) -> FlowDefinition:
        """Its description as it is now."""
