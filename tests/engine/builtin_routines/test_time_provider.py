"""Telling the time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux import TimeProvider
from routilux.builtin_routines.utils import time_string
from tests.engine.builtin_routines.collected import output_of

MOMENT = datetime(2024, 2, 29, 8, 5, 7, 250_000)


def answer(routine: TimeProvider | None = None, **request: Any) -> dict[str, Any]:
    return output_of(routine or TimeProvider(), slot="request", **request)


@pytest.mark.parametrize(
    ("style", "options", "text"),
    [
        ("iso", {}, "2024-02-29T08:05:07.250000"),
        ("something else", {}, "2024-02-29T08:05:07.250000"),
        ("formatted", {}, "2024年02月29日，星期四，08:05:07"),
        ("formatted", {"locale": "en_US"}, "Thursday, February 29, 2024 08:05:07"),
        ("formatted", {"include_weekday": False}, "2024-02-29 08:05:07"),
        ("formatted", {"include_weekday": False, "locale": "en_US"}, "2024-02-29 08:05:07"),
        ("custom", {"custom_format": "%d.%m.%y"}, "29.02.24"),
        ("timestamp", {}, str(MOMENT.timestamp())),
    ],
)
def test_a_moment_is_formatted_in_each_format(style: str, options: dict[str, Any], text: str) -> None:
    assert time_string(MOMENT, style, **options) == text


def test_the_weekdays_of_a_week_are_seven_in_both_languages() -> None:
    days = [MOMENT + timedelta(days=day) for day in range(7)]
    assert "".join(time_string(day, "formatted").split("，")[1][-1] for day in days) == "四五六日一二三"
    english = [time_string(day, "formatted", locale="en").split(",")[0] for day in days]
    assert english == ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"]


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)))
def test_iso_and_timestamp_can_be_read_back(moment: datetime) -> None:
    assert datetime.fromisoformat(time_string(moment, "iso")) == moment
    assert float(time_string(moment, "timestamp")) == moment.timestamp()


def test_all_fields_of_a_reply_are_the_same_moment() -> None:
    before = datetime.now()
    told = answer()
    after = datetime.now()
    moment = datetime.fromisoformat(told["datetime"])
    assert before <= moment <= after
    assert set(told) == {"time_string", "timestamp", "datetime", "formatted"}
    assert told["time_string"] == told["datetime"]
    assert isinstance(told["timestamp"], float)
    assert told["timestamp"] == moment.timestamp()
    assert told["formatted"] == f"{moment:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize("request_", [{"data": {"format": "custom"}}, {"format": "custom"}])
def test_a_request_may_name_another_format(request_: dict[str, Any]) -> None:
    routine = TimeProvider()
    routine.set_config(custom_format="custom!")
    assert answer(routine, **request_)["time_string"] == "custom!"
    assert answer(routine)["time_string"] != "custom!"


@pytest.mark.parametrize(
    "request_", [{}, {"data": "now"}, {"data": None}, {"data": {}}, {"data": {"format": None}}, {"x": 1}]
)
def test_other_requests_get_the_configured_format(request_: dict[str, Any]) -> None:
    routine = TimeProvider()
    routine.set_config(format="custom", custom_format="custom!")
    told = answer(routine, **request_)
    assert told["time_string"] == told["formatted"] == "custom!"


def test_a_new_time_provider_has_its_defaults() -> None:
    routine = TimeProvider()
    assert routine.config() == {
        "format": "iso",
        "custom_format": "%Y-%m-%d %H:%M:%S",
        "include_weekday": True,
        "locale": "zh_CN",
    }
    assert routine.trigger_slot is routine.get_slot("request")
    assert routine.output_event is routine.get_event("output")
    assert routine.output_event.output_params == ["time_string", "timestamp", "datetime", "formatted"]
