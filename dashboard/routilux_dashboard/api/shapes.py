"""Shapes that only REST answers with; what it shares with the live pages is in `protocol`."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ..protocol import FlowDefinition, JobStatus, JobSummary, RoutineState, StoreHealth
from ..segments.segment import DataValue

States = dict[str, RoutineState]
Data = dict[str, DataValue]


class FlowList(msgspec.Struct):
    """`GET /flows`."""

    flows: list[FlowDefinition]


class JobsPage(msgspec.Struct):
    """`GET /jobs`: a page, newest first; `next` is the cursor of the one after it. `counts` are of all that match
    `flow` and `q`, by status. While the `store` fails, these are the jobs in memory only."""

    jobs: list[JobSummary]
    next: str | None
    counts: dict[JobStatus, int]
    store: StoreHealth


class ControlStep(msgspec.Struct):
    """One step of a control: who asked for what, and how far it was at that time."""

    timestamp: str
    action: str
    state: str
    by: str
    reason: str
    kept: int
    dropped: int


class Metrics(msgspec.Struct):
    """The tracker's figures, times in seconds; each routine's with `p50_ms`, `p95_ms` and `histogram` as shown."""

    flow: dict[str, Any]
    routines: dict[str, dict[str, Any]]


class Health(msgspec.Struct):
    """`GET /healthz`: whether the pump runs, and by how much it is behind; the jobs in memory, and how the store is:
    both null for whoever would need a token, and has none."""

    status: Literal["ok", "stuck"]
    behind_seconds: float
    jobs: int | None
    store: StoreHealth | None
