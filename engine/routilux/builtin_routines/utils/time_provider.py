"""Tells the time, in the form that is asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...event import Event
from ...routine import Routine
from ...slot import Slot

CUSTOM_FORMAT = "%Y-%m-%d %H:%M:%S"
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December")  # fmt: skip


class TimeProvider(Routine):
    """Tells the local time whenever it is asked.

    Slot `request`: anything; a `format` in it, or in its `data`, is used for this answer. Event
    `output`: `time_string` (in that format), `timestamp` (seconds since the epoch, a float),
    `datetime` (ISO), `formatted` (by `custom_format`); all of the same moment.

    Configuration: `format` (`"iso"`, `"formatted"`, `"timestamp"` or `"custom"`; another word means
    iso); `custom_format` (as `strftime` takes it); `include_weekday` (`True`) and `locale`
    (`"zh_CN"`; any other gives English), both for `"formatted"`.

    >>> from routilux import Slot
    >>> clock = TimeProvider()
    >>> clock.set_config(format="custom", custom_format="It is %Y.")
    >>> _ = clock.output_event.connect(Slot("seen", handler=lambda time_string: print(time_string[:5])))
    >>> clock.trigger_slot.receive({})
    It is
    """

    def __init__(self) -> None:
        super().__init__()
        self.set_config(format="iso", custom_format=CUSTOM_FORMAT, include_weekday=True, locale="zh_CN")
        self.trigger_slot: Slot = self.define_slot("request", handler=self._handle_request)
        self.output_event: Event = self.define_event("output", ["time_string", "timestamp", "datetime", "formatted"])

    def _handle_request(self, data: Any = None, **kwargs: Any) -> None:
        now = datetime.now()
        custom = self.get_config("custom_format", CUSTOM_FORMAT)
        style = asked_format(data) or asked_format(kwargs) or self.get_config("format", "iso")
        weekday, locale = self.get_config("include_weekday", True), self.get_config("locale", "zh_CN")
        self.emit(
            "output",
            time_string=time_string(now, style, custom, include_weekday=weekday, locale=locale),
            timestamp=now.timestamp(),
            datetime=now.isoformat(),
            formatted=now.strftime(custom),
        )


def asked_format(request: Any) -> Any:
    """The format that a request names, or `None`."""
    return request.get("format") if isinstance(request, dict) else None


def time_string(
    moment: datetime,
    style: str,
    custom_format: str = CUSTOM_FORMAT,
    *,
    include_weekday: bool = True,
    locale: str = "zh_CN",
) -> str:
    """A moment in one of the formats.

    >>> moment = datetime(2024, 2, 29, 8, 5, 7)
    >>> time_string(moment, "formatted")
    '2024年02月29日，星期四，08:05:07'
    >>> time_string(moment, "formatted", locale="en_US")
    'Thursday, February 29, 2024 08:05:07'
    >>> time_string(moment, "iso")
    '2024-02-29T08:05:07'
    """
    if style == "timestamp":
        return str(moment.timestamp())
    if style == "custom":
        return moment.strftime(custom_format)
    if style != "formatted":
        return moment.isoformat()
    if not include_weekday:
        return f"{moment:%Y-%m-%d %H:%M:%S}"
    if locale == "zh_CN":
        return f"{moment:%Y年%m月%d日}，星期{'一二三四五六日'[moment.weekday()]}，{moment:%H:%M:%S}"
    return f"{_WEEKDAYS[moment.weekday()]}, {_MONTHS[moment.month - 1]} {moment:%d, %Y %H:%M:%S}"
