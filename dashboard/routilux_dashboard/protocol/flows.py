"""Definitions of flows."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class SourceLocation(msgspec.Struct, frozen=True):
    """Where a routine's class is written."""

    file: str
    line: int


class ErrorHandling(msgspec.Struct, frozen=True):
    """What happens when a handler of a routine raises, and who decided it."""

    strategy: Literal["stop", "continue", "retry", "skip"]
    level: Literal["routine", "flow", "default"]
    max_retries: int
    retry_delay: float
    retry_backoff: float
    is_critical: bool


class RoutineDefinition(msgspec.Struct, frozen=True, rename={"class_": "class"}):
    """One node of a flow."""

    routine_id: str
    class_: str
    doc: str
    slots: list[str]
    events: list[str]
    error_strategy: ErrorHandling
    source: SourceLocation | None


class EventRef(msgspec.Struct, frozen=True):
    routine_id: str
    event: str


class SlotRef(msgspec.Struct, frozen=True):
    routine_id: str
    slot: str


class ConnectionDefinition(msgspec.Struct, frozen=True):
    """One edge of a flow: `source.event` to `target.slot`."""

    connection_id: str
    source: EventRef
    target: SlotRef
    param_mapping: dict[str, str]


class EntryPoint(msgspec.Struct, frozen=True):
    """A routine with a `trigger` slot, and its parameters as JSON Schema."""

    routine_id: str
    doc: str
    parameters: dict[str, Any]


class FlowDefinition(msgspec.Struct, frozen=True):
    """The structure of a flow; `version` changes when the structure does."""

    flow_id: str
    version: str
    execution_strategy: Literal["sequential", "concurrent"]
    max_workers: int
    routines: list[RoutineDefinition]
    connections: list[ConnectionDefinition]
    entries: list[EntryPoint]
