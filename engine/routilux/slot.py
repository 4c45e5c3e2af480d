"""A slot: a named input of a routine, with its handler."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

from .binding import Binding, MergeStrategy, merge
from .error_handler import error_text
from .persistence.class_registry import callable_from_plain, callable_to_plain, to_plain
from .persistence.plain_data import PlainReader
from .threads.synchronization import Listeners, notify

_log = logging.getLogger("routilux")


class EventPort(Protocol):
    """An `Event`, as seen by its slots."""

    def connect(self, slot: Slot, param_mapping: dict[str, str] | None = None) -> None: ...
    def disconnect(self, slot: Slot) -> None: ...


class Slot:
    """An input of a routine.

    Args:
        name: the slot's name within its routine.
        routine: the routine, or `None` for a slot on its own.
        handler: called with the data that arrives; its signature decides how.
        merge_strategy: `"override"`, `"append"` or a callable `(old, new) -> merged`.

    Attributes:
        connected_events: the events connected to this slot.
        listeners: the engine's routing tables, notified when the handler changes.
    """

    _routilux_part = True

    def __init__(
        self,
        name: str = "",
        routine: Any = None,
        handler: Callable[..., Any] | None = None,
        merge_strategy: MergeStrategy = "override",
    ) -> None:
        self.name: str = name
        self.routine = routine
        self.merge_strategy = merge_strategy
        self.connected_events: list[EventPort] = []
        self._stored: dict[str, Any] = {}
        self.listeners: Listeners = []
        self.handler = handler

    def __repr__(self) -> str:
        return f"Slot[{self.routine!r}.{self.name}]" if self.routine is not None else f"Slot[{self.name}]"

    @property
    def handler(self) -> Callable[..., Any] | None:
        """The function that is called with the data that arrives."""
        return self._handler

    @handler.setter
    def handler(self, handler: Callable[..., Any] | None) -> None:
        self.binding: Binding | None = None if handler is None else Binding(handler)
        self._handler = handler
        notify(self.listeners)

    def connect(self, event: EventPort, param_mapping: dict[str, str] | None = None) -> None:
        """Connect to `event` directly. `param_mapping` is ignored: it belongs to a `Connection`."""
        event.connect(self)

    def disconnect(self, event: EventPort) -> None:
        """Disconnect from `event`; does nothing if not connected."""
        event.disconnect(self)

    def receive(self, data: dict[str, Any], job_state: Any = None, flow: Any = None) -> None:
        """Merge `data` with earlier data and call the handler, now and in this thread.

        An exception of the handler is logged and not propagated; with a `job_state` it is also recorded
        there, under the routine's id in `flow`. Inside a job, data arrives through the job's queue
        instead, and error handlers deal with exceptions.
        """
        passed, self._stored = merge(self.merge_strategy, self._stored, data)
        try:
            self.call_handler(passed, propagate_exceptions=True)
        except Exception as error:
            _log.exception("The handler of %r raised", self)
            if job_state is not None:
                row = {"slot": self.name, "error": error_text(error), "error_type": type(error).__name__}
                job_state.record_execution(self._routine_id(flow), "error", row)

    def _routine_id(self, flow: Any) -> str:
        known = flow.routines.items() if flow is not None else ()
        own = getattr(self.routine, "_id", "")
        return next((routine_id for routine_id, routine in known if routine is self.routine), own)

    def call_handler(self, data: dict[str, Any], propagate_exceptions: bool = False) -> None:
        """Call the handler with `data`. Its exceptions are logged, or raised with `propagate_exceptions`."""
        if self.binding is None:
            return
        try:
            self.binding.call(data)
        except Exception:
            if propagate_exceptions:
                raise
            _log.exception("The handler of %r raised", self)

    def serialize(self) -> dict[str, Any]:
        """Return plain data. The handler is only described: its routine's constructor defines it."""
        strategy = self.merge_strategy
        return {
            "_type": "Slot",
            "name": self.name,
            "handler": None if self.handler is None else callable_to_plain(self.handler),
            "merge_strategy": callable_to_plain(strategy) if callable(strategy) else strategy,
            "_data": to_plain(self._stored),
        }

    def deserialize(self, data: dict[str, Any]) -> None:
        """Load `data`, the result of `serialize`. The handler and a merge function are kept.

        Raises `ValueError` if the data is invalid.
        """
        self.load_from(PlainReader(data, "slot"))

    def load_from(self, part: PlainReader) -> None:
        """As `deserialize`, for a part of a larger document."""
        part.child("_type", "Slot").expect("Slot")
        name, stored = part.string("name"), part.object("_data")
        strategy = _strategy(part.child("merge_strategy", "override"))
        if strategy is None and not callable(self.merge_strategy):
            _log.warning("%s: its merge function is not known here; new data replaces earlier data", part.path)
        if isinstance(strategy, str) or not callable(self.merge_strategy):
            self.merge_strategy = strategy or "override"
        self.name, self._stored = name, stored


def _strategy(part: PlainReader) -> MergeStrategy | None:
    """Return a strategy's name, or its function; `None` if the function is unknown."""
    if not isinstance(part.value, dict):
        return part.as_string()
    part.child("_type").expect("callable")
    return callable_from_plain(part.fields())
