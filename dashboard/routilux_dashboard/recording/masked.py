"""Segments and keyframes without the values of masked keys."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from ..payloads.mask import Mask
from ..protocol import DataValue, EntryPoint, FlowDefinition, Keyframe
from ..segments.segment import Segment

_ENTRY_FIELDS = frozenset({
    "action", "attempt", "by", "delay", "dropped", "due_ns", "error", "error_type", "kept", "key", "max_retries", "n",
    "outcome", "previous", "reason", "routines", "slot", "state", "status", "traceback",
})  # fmt: skip
"""The engine's own fields of journal entries (see `JournalEntry`), which are never masked."""


def masked(segment: Segment, mask: Mask) -> Segment:
    """A copy with masked payloads, stored values and parameters; the segment itself if nothing is masked."""
    if not mask:
        return segment
    return replace(
        segment,
        beginning=segment.beginning and replace(segment.beginning, params=mask.apply(segment.beginning.params)),
        flow=segment.flow and _flow(segment.flow, mask),
        records=replace(segment.records, data=[_payload(data, mask) for data in segment.records.data]),
        entries=[replace(entry, data=_entry_data(entry.data, mask)) for entry in segment.entries],
        log=[replace(row, entry=mask.apply(row.entry)) for row in segment.log],
        outputs=[replace(row, data=mask.apply(row.data)) for row in segment.outputs],
        states={key: replace(state, state=mask.apply(state.state)) for key, state in segment.states.items()},
        data={key: DataValue(mask.apply({key: shared.value})[key], shared.cut) for key, shared in segment.data.items()},
    )


def masked_keyframe(keyframe: Keyframe, mask: Mask) -> Keyframe:
    """The same for a keyframe."""
    if not mask:
        return keyframe
    log, outputs = keyframe.log, keyframe.outputs
    return replace(
        keyframe,
        flow=_flow(keyframe.flow, mask),
        job=replace(keyframe.job, params=mask.apply(keyframe.job.params)),
        states={key: replace(state, state=mask.apply(state.state)) for key, state in keyframe.states.items()},
        records=[replace(record, data=mask.apply(record.data)) for record in keyframe.records],
        log=replace(log, rows=[replace(row, entry=mask.apply(row.entry)) for row in log.rows]),
        outputs=replace(outputs, rows=[replace(row, data=mask.apply(row.data)) for row in outputs.rows]),
    )


def _entry_data(data: dict[str, Any], mask: Mask) -> dict[str, Any]:
    return {key: value if key in _ENTRY_FIELDS else mask.apply({key: value})[key] for key, value in data.items()}


def _payload(data: bytes, mask: Mask) -> bytes:
    value = msgspec.json.decode(data)
    hidden = mask.apply(value)
    return data if hidden == value else msgspec.json.encode(hidden)  # unmasked data stays byte for byte


def _flow(flow: FlowDefinition, mask: Mask) -> FlowDefinition:
    """An entry's parameters are a schema, in which only the defaults are values."""
    return replace(flow, entries=[_entry(entry, mask) for entry in flow.entries])


def _entry(entry: EntryPoint, mask: Mask) -> EntryPoint:
    properties = entry.parameters.get("properties")
    if not isinstance(properties, dict):
        return entry
    shown = {name: _parameter(name, schema, mask) for name, schema in properties.items()}
    return replace(entry, parameters={**entry.parameters, "properties": shown})


def _parameter(name: str, schema: Any, mask: Mask) -> Any:
    if not isinstance(schema, dict) or "default" not in schema:
        return schema
    return {**schema, "default": mask.apply({name: schema["default"]})[name]}
