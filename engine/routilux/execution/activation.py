"""What a run queues and holds: activations, the frames that run them, leases, and control requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from ..graph.routing import Delivery, Receiver
from ..status import RunningHandler

Activation: TypeAlias = tuple[Delivery, dict[str, Any], int, int, bool]
"""A handler call to come: (delivery, data, `seq` of its cause, retries so far, whether data is mapped and merged)."""


@dataclass(frozen=True, slots=True)
class RequestedControl:
    """A control as it was requested."""

    action: str
    by: str
    reason: str
    since_ns: int
    checkpoint: dict[str, Any] | None = None


class Lease:
    """Keeps a run from being drained until it is released; `activations` are queued then."""

    __slots__ = ("activations",)

    def __init__(self) -> None:
        self.activations: list[Activation] = []


class HandlerFrame:
    """What a thread runs for a job. Set before each handler run; `target` is `None` between runs.

    Attributes:
        target, cause, started: the handler's slot, the `seq` that led to it, and when it began (monotonic ns).
        activation: the activation that runs, so that a job can be saved while a handler runs.
        origin: of a carried function: the activation that it works for, which may have ended.
        suspended: the handler waits at a checkpoint.
    """

    __slots__ = ("activation", "cause", "origin", "started", "suspended", "target")

    target: Receiver | None
    cause: int
    started: int
    activation: Any
    origin: Any
    suspended: bool

    def running(self, now_ns: int) -> RunningHandler | None:
        """The handler that runs here now, or `None`."""
        target = self.target
        if target is None or self.suspended:
            return None
        started = self.started
        return RunningHandler(target.routine_id, target.slot_name, max(now_ns - started, 0), started)
