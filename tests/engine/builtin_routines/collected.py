"""What a routine that is tried alone emits."""

from __future__ import annotations

from typing import Any

from routilux import Routine, Slot

Emitted = list[tuple[str, dict[str, Any]]]


def emitted(routine: Routine, slot: str, **data: Any) -> Emitted:
    """Send data to a slot of a routine outside any flow; return what it emits, as (event, data), in order.

    What the handler raises reaches the caller.
    """
    got: Emitted = []
    listeners = []
    for name, event in routine.events.items():

        def note(_name: str = name, **emission: Any) -> None:
            got.append((_name, emission))

        listener = Slot("listener", None, lambda _note=note, **emission: _note(**emission))
        event.connect(listener)
        listeners.append((event, listener))
    target = routine.get_slot(slot)
    assert target is not None
    try:
        target.call_handler(data, propagate_exceptions=True)
    finally:
        for event, listener in listeners:
            event.disconnect(listener)
    return got


def output_of(routine: Routine, *, slot: str = "input", event: str = "output", **data: Any) -> dict[str, Any]:
    """The only emission of a routine that is sent `data`."""
    [(name, emission)] = emitted(routine, slot, **data)
    assert name == event
    return emission
