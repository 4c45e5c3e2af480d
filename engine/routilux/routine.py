"""A routine: a node of a flow, with input slots and output events."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .binding import MergeStrategy
from .context import ExecutionContext, current_context
from .error_handler import ErrorHandler, ErrorStrategy, check_handler, error_text
from .event import Event
from .persistence.class_registry import ClassResolver, Registered, check_constructible, class_name, restored, to_plain
from .persistence.plain_data import PlainReader
from .slot import Slot
from .threads.current_frame import THREAD

__all__ = ["ExecutionContext", "Routine"]

_MADE_BY_INIT = ("_id", "_config", "_slots", "_events", "_error_handler")


class Routine(Registered):
    """Base class of the nodes of a flow.

    A subclass calls `super().__init__()` first and then defines its slots and events. One routine
    object may serve many jobs at once, so handlers keep the data of a run in its job
    (`get_execution_context().job_state`) and read settings with `get_config`.

    >>> class Greeter(Routine):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.define_slot("trigger", handler=self.greet)
    ...         self.define_event("greeting", ["text"])
    ...
    ...     def greet(self, name="world"):
    ...         self.emit("greeting", text=f"Hello {name}")
    """

    _routilux_part = True

    def __init__(self) -> None:
        self._id = f"{type(self).__name__}-{uuid.uuid4().hex[:12]}"
        self._config: dict[str, Any] = {}
        self._slots: dict[str, Slot] = {}
        self._events: dict[str, Event] = {}
        self._error_handler: ErrorHandler | None = None

    if not TYPE_CHECKING:  # type checkers report a missing attribute themselves

        def __getattr__(self, name):
            """Explain a missing attribute if the cause is that `__init__` was not called."""
            kind = type(self).__name__
            message = f"{kind!r} object has no attribute {name!r}"
            if "_error_handler" not in self.__dict__ and name in _MADE_BY_INIT:
                message += f": {kind}.__init__ must begin with super().__init__()"
            raise AttributeError(message, name=name, obj=self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}[{self._id}]"

    def __call__(self, **kwargs: Any) -> None:
        """Deprecated; does nothing. A routine works through its slots."""

    # -- inputs and outputs

    def define_slot(
        self,
        name: str,
        handler: Callable[..., Any] | None = None,
        merge_strategy: MergeStrategy = "override",
    ) -> Slot:
        """Add an input and return it. `handler` and `merge_strategy` as for `Slot`.

        Raises `ValueError` if `name` is taken.
        """
        if PlainReader(name, "slot name").as_string() in self._slots:
            raise ValueError(f"Slot {name!r} already exists in {self!r}; choose another name")
        slot = self._slots[name] = Slot(name, self, handler, merge_strategy)
        return slot

    def define_event(self, name: str, output_params: list[str] | None = None) -> Event:
        """Add an output and return it; `output_params` names its parameters, for documentation.

        Raises `ValueError` if `name` is taken.
        """
        if PlainReader(name, "event name").as_string() in self._events:
            raise ValueError(f"Event {name!r} already exists in {self!r}; choose another name")
        event = self._events[name] = Event(name, self, output_params)
        return event

    def get_slot(self, name: str) -> Slot | None:
        """Return the slot `name`, or `None`."""
        return self._slots.get(name)

    def get_event(self, name: str) -> Event | None:
        """Return the event `name`, or `None`."""
        return self._events.get(name)

    @property
    def slots(self) -> Mapping[str, Slot]:
        """The inputs by name, in order of definition."""
        return MappingProxyType(self._slots)

    @property
    def events(self) -> Mapping[str, Event]:
        """The outputs by name, in order of definition."""
        return MappingProxyType(self._events)

    def emit(self, event_name: str, flow: Any = None, **kwargs: Any) -> None:
        """Emit `event_name` with `kwargs`: queue one activation for each receiver and return.

        Outside a job, or if `flow` is given and is not the running handler's, the receivers
        are called directly. Raises `ValueError` for an unknown event.
        """
        event = self._events.get(event_name)
        if event is None:
            known = ", ".join(map(repr, self._events)) or "none"
            raise ValueError(f"{self!r} has no event {event_name!r}; it has {known}")
        frame = THREAD.frame  # as `current_frame()`: a call costs a fiftieth of an event (W1)
        if frame is not None and (flow is None or flow is frame.flow):
            frame.emit(self, event, kwargs)
        else:
            event.call_slots(kwargs)

    # -- configuration

    def set_config(self, **kwargs: Any) -> None:
        """Update the configuration with `kwargs`."""
        self._config.update(kwargs)

    def get_config(self, key: str, default: Any = None) -> Any:
        """Return the configuration's value under `key`, or `default`."""
        return self._config.get(key, default)

    def config(self) -> dict[str, Any]:
        """Return a shallow copy of the configuration."""
        return self._config.copy()

    # -- errors

    def set_error_handler(self, handler: ErrorHandler | None) -> None:
        """Handle errors of this routine with `handler`, which takes precedence over the flow's."""
        self._error_handler = check_handler(handler)

    def get_error_handler(self) -> ErrorHandler | None:
        """Return the routine's own error handler, or `None`."""
        return self._error_handler

    def set_as_optional(self, strategy: str | ErrorStrategy | None = None) -> None:
        """Let the job continue when this routine fails (CONTINUE, or the given `strategy`)."""
        self._error_handler = ErrorHandler(strategy or ErrorStrategy.CONTINUE)

    def set_as_critical(self, max_retries: int = 3, retry_delay: float = 1.0, retry_backoff: float = 2.0) -> None:
        """Retry this routine, and fail the job when its retries are exhausted.

        `max_retries`, `retry_delay` (seconds) and `retry_backoff` as for `ErrorHandler`.
        """
        self._error_handler = ErrorHandler(
            ErrorStrategy.RETRY, max_retries, retry_delay, retry_backoff, is_critical=True
        )

    # -- inside a handler

    def get_execution_context(self) -> ExecutionContext | None:
        """Return the running handler's flow, job and routine id, or `None` outside a handler."""
        return current_context()

    def send_output(self, output_type: str, **data: Any) -> None:
        """Send `data` to the job's output handler and output log.

        `output_type` is a name of your choice. Raises `RuntimeError` outside a handler.
        """
        context = self._context("send_output")
        context.job_state.send_output(context.routine_id, output_type, data)

    def emit_deferred_event(self, event_name: str, **kwargs: Any) -> None:
        """Store the event `event_name` with `kwargs` in the job, to be emitted when it is resumed.

        Raises `RuntimeError` outside a handler.
        """
        context = self._context("emit_deferred_event")
        context.job_state.add_deferred_event(context.routine_id, event_name, kwargs)

    def _context(self, what: str) -> ExecutionContext:
        context = current_context()
        if context is None:
            raise RuntimeError(f"{what} of {self!r} works inside a running handler only: start the flow with execute")
        return context

    def _extract_input_data(self, data: Any = None, **kwargs: Any) -> Any:
        """Return the payload of a call: `data`, else the only value, else all of `kwargs`."""
        if data is not None:
            return data
        if "data" in kwargs:
            return kwargs["data"]
        return next(iter(kwargs.values())) if len(kwargs) == 1 else kwargs

    # -- saving and loading

    def serialize(self) -> dict[str, Any]:
        """Return plain data. Raises `TypeError` if the class needs constructor arguments and so could not be loaded."""
        check_constructible(type(self))
        handler = self._error_handler
        return {
            "_type": type(self).__name__,
            "_class": class_name(type(self)),
            "_id": self._id,
            "_config": self._config_to_plain(),
            "_error_handler": None if handler is None else handler.serialize(),
            "_slots": {name: slot.serialize() for name, slot in self._slots.items()},
            "_events": {name: event.serialize() for name, event in self._events.items()},
        }

    def deserialize(self, data: dict[str, Any]) -> None:
        """Load `data`, the result of `serialize`. Raises `ValueError` if it is invalid."""
        self.load_from(PlainReader(data, "routine"))

    def load_from(self, part: PlainReader) -> None:
        """As `deserialize`, for a part of a larger document. Slots and events that the class lacks are added."""
        self._id = part.string("_id", self._id)
        self._config_from_plain(part.child("_config", {}))
        self._error_handler = ErrorHandler.from_plain(part.child("_error_handler"))
        for name, slot_part in part.child("_slots", {}).entries():
            slot_part.child("name").expect(name)
            (self._slots.get(name) or self.define_slot(name)).load_from(slot_part)
        for name, event_part in part.child("_events", {}).entries():
            event_part.child("name").expect(name)
            (self._events.get(name) or self.define_event(name)).load_from(event_part)

    @staticmethod
    def from_plain(part: PlainReader, known: ClassResolver) -> Routine:
        """Construct the routine that a document describes, and load its state."""
        name, bare_name = part.optional_string("_class"), part.string("_type")
        try:
            routine = known.find(name, bare_name)()
        except ValueError as error:
            raise ValueError(f"{part.path}: {error}") from error
        except Exception as error:
            text = f"{part.path}: {name or bare_name} cannot be made: {type(error).__name__}: {error_text(error)}"
            raise ValueError(text) from error
        assert isinstance(routine, Routine)
        routine.load_from(part)
        return routine

    def _config_to_plain(self) -> dict[str, Any]:
        """Return the configuration as plain data. A class whose configuration needs conversion overrides this."""
        return {key: self._plain_value(key, value) for key, value in self._config.items()}

    def _plain_value(self, key: str, value: Any) -> Any:
        try:
            return to_plain(value)
        except RecursionError:
            text = f"{self!r} cannot be saved: its configuration {key!r} holds itself, or is nested too deeply"
            raise TypeError(text) from None

    def _config_from_plain(self, part: PlainReader) -> None:
        """Load the configuration that `_config_to_plain` returned."""
        self._config = {key: restored(value) for key, value in part.entries()}


def generated_id(routine: Routine) -> str:
    """Return the id of a routine in a flow that was given no other."""
    return routine._id
