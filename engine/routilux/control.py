"""What is asked of a job and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .rows import RunningHandler


@dataclass(frozen=True, slots=True)
class ControlState:
    """The last control of a job.

    Attributes:
        action: `"pause"`, `"resume"`, `"step"`, `"cancel"` or `None`.
        state: `"requested"`, `"draining"` (no handler starts, those in `waiting_for` still run) or `"effective"`.
        by: who asked; reason: why, in their words.
        since_ns: when it was asked or, once effective, when it took effect (ns since the epoch).
        waiting_for: the handlers that still run while draining.
        kept: activations that wait for a resume; dropped: activations thrown away so far.
        refusals: for each action, why it makes no sense now, or `None`.
    """

    action: str | None = None
    state: str | None = None
    by: str = ""
    reason: str = ""
    since_ns: int | None = None
    waiting_for: tuple[RunningHandler, ...] = ()
    kept: int = 0
    dropped: int = 0
    refusals: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """A control as it was asked for."""

    action: str
    by: str
    reason: str
    since_ns: int
    checkpoint: dict[str, Any] | None = None
