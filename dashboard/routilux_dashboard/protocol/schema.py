"""The JSON Schema that the browser's types are generated from."""

from __future__ import annotations

from typing import Any

import msgspec

from .calls import ControlRequest, Problem, StartJob
from .frames import Frame, Keyframe
from .jobs import Job
from .rows import HistoryPage, LogPage, OutputPage
from .topics import Ack, AckReply, Dropped, Jobs, LiveError, Subscribe, Unsubscribe
from .vocabulary import ACTIONS, ENDED, ENTRY_SLOT, JOB_STATUSES, OUTCOMES, RECORD_KINDS

WIRE_TYPES: tuple[type, ...] = (
    Keyframe, Frame, Jobs, Subscribe, Unsubscribe, Ack, AckReply, LiveError, Dropped,
    Job, HistoryPage, LogPage, OutputPage, StartJob, ControlRequest, Problem,
)  # fmt: skip

VOCABULARY: dict[str, str | list[str]] = {
    "JOB_STATUSES": list(JOB_STATUSES),
    "ENDED_STATUSES": [status for status in JOB_STATUSES if status in ENDED],
    "ACTIONS": list(ACTIONS),
    "OUTCOMES": list(OUTCOMES),
    "RECORD_KINDS": list(RECORD_KINDS),
    "ENTRY_SLOT": ENTRY_SLOT,
}
"""Constants of `vocabulary` that the page uses."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of every shape on the wire, under `$defs`, and the vocabulary, under `x-vocabulary`."""
    _, components = msgspec.json.schema_components(WIRE_TYPES, ref_template="#/$defs/{name}")
    for shape in ("Counts", "StoreHealth"):
        components[shape]["required"] = list(components[shape]["properties"])  # their defaults are sent too
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": components,
        "x-vocabulary": VOCABULARY,
    }
