"""Small helpers: the current time, and flattening of nested data."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from ..event import Event
from ..routine import Routine
from ..slot import Slot
from .function_table import preview, text_of

__all__ = ["DataFlattener", "TimeProvider"]


CUSTOM_FORMAT = "%Y-%m-%d %H:%M:%S"

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_MONTHS = ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December")  # fmt: skip


class TimeProvider(Routine):
    """Emits the local time on request.

    Slot `request`: anything; a `format` in it, or in its `data`, applies to this request. Event
    `output`: `time_string` (in that format), `timestamp` (seconds since the epoch, a float),
    `datetime` (ISO), `formatted` (by `custom_format`); all for the same moment.

    Configuration: `format` (`"iso"`, `"formatted"`, `"timestamp"` or `"custom"`; anything else means
    iso); `custom_format` (for `strftime`); `include_weekday` (`True`) and `locale`
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
        style = requested_format(data) or requested_format(kwargs) or self.get_config("format", "iso")
        weekday, locale = self.get_config("include_weekday", True), self.get_config("locale", "zh_CN")
        self.emit(
            "output",
            time_string=time_string(now, style, custom, include_weekday=weekday, locale=locale),
            timestamp=now.timestamp(),
            datetime=now.isoformat(),
            formatted=now.strftime(custom),
        )


def requested_format(request: Any) -> Any:
    """Return the format that a request names, or `None`."""
    return request.get("format") if isinstance(request, dict) else None


def time_string(
    moment: datetime,
    style: str,
    custom_format: str = CUSTOM_FORMAT,
    *,
    include_weekday: bool = True,
    locale: str = "zh_CN",
) -> str:
    """Format a moment.

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


CIRCULAR = "[Circular Reference]"


class DataFlattener(Routine):
    """Flattens nested dicts and lists to one dict whose keys are paths.

    Slot `input`: `data`. Event `output`: `flattened_data`, `original_type` (the class name),
    `depth` (the deepest level; 0 for a value that is no container).

    Configuration: `separator` (`"."`); `preserve_lists` (`True`; if false, the items of a list share its
    key, and the last one wins); `max_depth` (100 levels).

    >>> from routilux import Slot
    >>> flattener = DataFlattener()
    >>> _ = flattener.output_event.connect(Slot("seen", handler=lambda flattened_data: print(flattened_data)))
    >>> flattener.input_slot.receive({"data": {"a": {"c": [2, 3]}}})
    {'a.c.0': 2, 'a.c.1': 3}
    """

    def __init__(self) -> None:
        super().__init__()
        self.set_config(separator=".", preserve_lists=True, max_depth=100)
        self.input_slot: Slot = self.define_slot("input", handler=self._handle_input)
        self.output_event: Event = self.define_event("output", ["flattened_data", "original_type", "depth"])

    def _handle_input(self, data: Any = None, **kwargs: Any) -> None:
        value = self._extract_input_data(data, **kwargs)
        flat = flatten(
            value,
            self.get_config("separator", "."),
            preserve_lists=self.get_config("preserve_lists", True),
            max_depth=self.get_config("max_depth", 100),
        )
        self.emit("output", flattened_data=flat.data, original_type=type(value).__name__, depth=flat.depth)


class Flattened(NamedTuple):
    """Flattened data, and its depth."""

    data: dict[str, Any]
    depth: int


def flatten(value: Any, separator: str = ".", *, preserve_lists: bool = True, max_depth: int = 100) -> Flattened:
    """Flatten a dict or list; any other value is returned under the key `"value"`.

    An empty container leaves no key, one at `max_depth` becomes its `str`, one inside itself becomes
    `"[Circular Reference]"`, and one that is nested too deeply for Python a preview of its outermost levels.
    If two paths are equal, the later value wins.

    >>> flatten([1, {"a": 2}])
    Flattened(data={'0': 1, '1.a': 2}, depth=2)
    >>> flatten({"a": {"b": {"c": 1}}, "x": 2}, max_depth=2)
    Flattened(data={'a.b': "{'c': 1}", 'x': 2}, depth=2)
    >>> flatten({"a": [1, 2]}, preserve_lists=False)
    Flattened(data={'a': 2}, depth=2)
    """
    flattener = Flattener(separator, preserve_lists, max_depth)
    flattener.add(None, value, 0)
    return Flattened(flattener.flat, flattener.depth)


class Flattener:
    """The result of one `flatten` so far."""

    def __init__(self, separator: str, preserve_lists: bool, max_depth: int) -> None:
        self.separator = separator
        self.preserve_lists = preserve_lists
        self.max_depth = max_depth
        self.flat: dict[str, Any] = {}
        self.depth: int = 0
        self._parents: set[int] = set()

    def add(self, path: str | None, value: Any, level: int) -> None:
        self.depth = max(self.depth, level)
        if not isinstance(value, (dict, list)):
            self._put(path, value)
        elif id(value) in self._parents:
            self._put(path, CIRCULAR)
        elif level >= self.max_depth:
            self._put(path, text_of(value))
        else:
            self._add_items(path, value, level + 1)

    def _add_items(self, path: str | None, value: dict[Any, Any] | list[Any], level: int) -> None:
        self._parents.add(id(value))
        try:
            if isinstance(value, dict):
                for key, item in value.items():
                    self.add(self._below(path, key), item, level)
            else:
                for place, item in enumerate(value):
                    self.add(self._below(path, place) if self.preserve_lists else path, item, level)
        except RecursionError:  # if the stack is too full for the preview too, an outer level handles it
            self._put(path, preview(value))
        finally:
            self._parents.discard(id(value))

    def _below(self, path: str | None, key: Any) -> str:
        return str(key) if path is None else f"{path}{self.separator}{key}"

    def _put(self, path: str | None, value: Any) -> None:
        self.flat["value" if path is None else path] = value
