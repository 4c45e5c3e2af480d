"""A flow to and from plain data: structure and configuration, nothing of any run."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from .connection import Connection
from .documents import FORMAT, Part, shown
from .error_handler import ErrorHandler
from .known_classes import KnownClasses
from .routine import Routine

if TYPE_CHECKING:
    from .flow import Flow

_log = logging.getLogger("routilux")
_STRATEGIES = ("sequential", "concurrent")


def flow_to_plain(flow: Flow) -> dict[str, Any]:
    """The document of a flow. Raises `TypeError` for a routine whose class needs constructor arguments."""
    handler = flow.error_handler
    return {
        "_type": "Flow",
        "format": FORMAT,
        "flow_id": flow.flow_id,
        "execution_strategy": flow.execution_strategy,
        "max_workers": flow.max_workers,
        "execution_timeout": flow.execution_timeout,
        "history_limit": flow.history_limit,
        "error_handler": None if handler is None else handler.serialize(),
        "routines": {key: routine.serialize() for key, routine in flow.routines.items()},
        "connections": [connection.serialize() for connection in flow.connections],
        "_paused": False,
    }


def fill_flow(flow: Flow, data: Any, allow: Collection[str]) -> None:
    """Make `flow` what the document says; it stays as it was when something is wrong.

    Raises:
        ValueError: saying what is wrong and where.
    """
    part = Part(data, "flow")
    part.must_be("Flow")
    strategy = part.text("execution_strategy", "sequential")
    if strategy not in _STRATEGIES:
        raise part.at("execution_strategy").wrong(" or ".join(map(repr, _STRATEGIES)))
    known = KnownClasses(allow)
    routines = {key: Routine.of(item, known) for key, item in part.at("routines", {}).entries()}
    handler = ErrorHandler.of(part.at("error_handler"))
    timeout = part.number("execution_timeout", flow.execution_timeout)
    limit = None if part.at("history_limit").value is None else part.whole("history_limit")
    workers = part.whole("max_workers", 1)
    flow_id = part.text("flow_id", flow.flow_id)
    owners = _owners(routines, "events"), _owners(routines, "slots")
    ends = [_ends(item, routines, *owners) for item in part.at("connections", []).items()]
    flow.flow_id = flow_id
    flow.execution_strategy = strategy
    flow.max_workers = max(workers, 1) if strategy == "concurrent" else 1
    flow.execution_timeout = timeout
    flow.history_limit = limit
    flow.error_handler = handler
    flow._clear()
    for key, routine in routines.items():
        flow.add_routine(routine, key)
    for end in ends:
        if end is not None:
            flow.connect(*end)


_Ends = tuple[str, str, str, str, dict[str, str]]
_Owners = dict[str, str | None]


def _ends(part: Part, routines: dict[str, Any], sources: _Owners, targets: _Owners) -> _Ends | None:
    connection = Connection()
    connection.fill(part)
    event, slot = part.optional_text("_source_event_name"), part.optional_text("_target_slot_name")
    if event is None or slot is None:  # it was taken apart before the flow was saved
        return None
    source = connection.source_routine_id or sources.get(event)
    target = connection.target_routine_id or targets.get(slot)
    if source is None or target is None:
        names = shown(event), shown(slot)
        _log.warning("%s: it cannot be told which routines %s and %s belong to; it is left out", part.path, *names)
        return None
    if source not in routines or event not in routines[source].events:
        raise ValueError(f"{part.path}: there is no event {shown(event)} of a routine {shown(source)} in this flow")
    if target not in routines or slot not in routines[target].slots:
        raise ValueError(f"{part.path}: there is no slot {shown(slot)} of a routine {shown(target)} in this flow")
    return source, event, target, slot, connection.param_mapping


def _owners(routines: dict[str, Any], kind: str) -> _Owners:
    """For each event or slot name the routine that alone has it: data of older releases names none."""
    owners: _Owners = {}
    for key, routine in routines.items():
        for name in getattr(routine, kind):
            owners[name] = None if name in owners else key
    return owners
