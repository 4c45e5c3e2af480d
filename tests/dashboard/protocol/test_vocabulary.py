"""The wire uses the engine's vocabulary, and adds only `lost`."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

import msgspec
import pytest

import routilux
from routilux_dashboard import protocol
from routilux_dashboard.protocol.programs import Command
from routilux_dashboard.protocol.schema import VOCABULARY


def values(type_: Any) -> set[str]:
    return {value for value in get_args(type_) if isinstance(value, str)}


def values_of_field(struct: type[msgspec.Struct], name: str) -> set[str]:
    """The strings that a field of a struct may hold."""
    hint = get_type_hints(struct)[name]
    return values(hint) | {value for part in get_args(hint) for value in values(part)}


def test_the_wire_adds_only_lost_to_the_engines_statuses() -> None:
    assert values(protocol.JobStatus) == values(routilux.JobStatus) | {"lost"}


@pytest.mark.parametrize(
    ("struct", "field", "engine"),
    [
        (protocol.Control, "action", routilux.ControlAction),
        (protocol.Record, "kind", routilux.RecordKind),
    ],
)
def test_a_field_on_the_wire_holds_the_engines_values(struct: type[msgspec.Struct], field: str, engine: Any) -> None:
    assert values_of_field(struct, field) == values(engine)


def test_a_withdrawn_control_is_never_sent() -> None:
    assert values_of_field(protocol.Control, "state") == values(routilux.ControlPhase) - {"withdrawn"}


def test_a_program_is_sent_the_engines_actions_and_start() -> None:
    assert values_of_field(Command, "action") == values(routilux.ControlAction) | {"start"}


def test_stored_runs_keep_the_order_of_outcomes() -> None:
    """Stored runs hold indices into `OUTCOMES`: a new outcome goes to the end."""
    assert protocol.OUTCOMES[:6] == ("completed", "failed", "error_continued", "skipped", "retry", "cancelled")
    assert get_args(routilux.RunOutcome) == protocol.OUTCOMES


def test_the_page_gets_every_status_that_ends_a_job() -> None:
    assert set(VOCABULARY["ENDED_STATUSES"]) == routilux.ENDED_STATUSES
