"""A slot: the named input of a routine, with the handler that takes what arrives."""

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
    """An `Event`, as the slots that it leads to know it."""

    def connect(self, slot: Slot, param_mapping: dict[str, str] | None = None) -> None: ...
    def disconnect(self, slot: Slot) -> None: ...


class Slot:
    """An input of a routine.

    Args:
        name: the slot's name within its routine.
        routine: the routine, or `None` for a slot that stands alone.
        handler: called with what arrives; how is decided from its signature.
        merge_strategy: `"override"`, `"append"` or a callable `(old, new) -> merged`.

    Attributes:
        connected_events: the events that lead here.
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
        self._listeners: Listeners = []
        self.handler = handler

    def __repr__(self) -> str:
        return f"Slot[{self.routine!r}.{self.name}]" if self.routine is not None else f"Slot[{self.name}]"

    @property
    def handler(self) -> Callable[..., Any] | None:
        """What is called with the data that arrives."""
        return self._handler

    @handler.setter
    def handler(self, handler: Callable[..., Any] | None) -> None:
        self.binding: Binding | None = None if handler is None else Binding(handler)
        self._handler = handler
        notify(self._listeners)

    def connect(self, event: EventPort, param_mapping: dict[str, str] | None = None) -> None:
        """List each other with `event`. `param_mapping` is ignored here: it belongs to a `Connection`."""
        event.connect(self)

    def disconnect(self, event: EventPort) -> None:
        """Take the connection from `event` away; nothing happens when not connected."""
        event.disconnect(self)

    def receive(self, data: dict[str, Any], job_state: Any = None, flow: Any = None) -> None:
        """Merge `data` with what came before and call the handler, now and in this thread.

        An exception of the handler is logged and goes no further; with a `job_state` it is recorded
        there too, under the routine's id in `flow`. Inside a job, data arrives through the job's queue
        instead, and errors go the way of the error strategies.
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
        """Call the handler with `data`; with `propagate_exceptions` what it raises reaches the caller."""
        if self.binding is None:
            return
        try:
            self.binding.call(data)
        except Exception:
            if propagate_exceptions:
                raise
            _log.exception("The handler of %r raised", self)

    def serialize(self) -> dict[str, Any]:
        """Plain data. The handler is only described: its routine's constructor makes it."""
        strategy = self.merge_strategy
        return {
            "_type": "Slot",
            "name": self.name,
            "handler": None if self.handler is None else callable_to_plain(self.handler),
            "merge_strategy": callable_to_plain(strategy) if callable(strategy) else strategy,
            "_data": to_plain(self._stored),
        }

    def deserialize(self, data: dict[str, Any]) -> None:
        """Set `data`, what `serialize` gave; the handler, and a merge function, stay as they are.

        Raises `ValueError`, saying what is wrong and where.
        """
        self.load_from(PlainReader(data, "slot"))

    def load_from(self, part: PlainReader) -> None:
        """As `deserialize`, for a part of a larger document."""
        part.child("_type", "Slot").expect("Slot")
        name, stored = part.string("name"), part.object("_data")
        strategy = _strategy(part.child("merge_strategy", "override"))
        if strategy is None and not callable(self.merge_strategy):
            _log.warning("%s: its merge function is not known here; new data replaces what came before", part.path)
        if isinstance(strategy, str) or not callable(self.merge_strategy):
            self.merge_strategy = strategy or "override"
        self.name, self._stored = name, stored


def _strategy(part: PlainReader) -> MergeStrategy | None:
    """A word, or the function that is named there; `None` when that is not known here."""
    if not isinstance(part.value, dict):
        return part.as_string()
    part.child("_type").expect("callable")
    return callable_from_plain(part.fields())
