"""Clips long text to whole lines."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from ...event import Event
from ...routine import Routine
from ...slot import Slot

MESSAGE = "...(省略了{remaining}行)"
_TEXT_KEYS = ("text", "content", "message", "data")


class TextClipper(Routine):
    """Clips text to a number of characters, at the end of a line.

    Slot `input`: `text`, and optionally `max_length` for this text only. Event `output`:
    `clipped_text`, `was_clipped`, `original_length` (characters).

    Configuration: `max_length` (characters, 1000); `preserve_tracebacks` (`True`: text with a
    traceback is never clipped); `truncation_message`, put in place of what is left out, with the
    number of lines for `{remaining}`.

    >>> from routilux import Slot
    >>> clipper = TextClipper()
    >>> clipper.set_config(max_length=12, truncation_message="({remaining} more)")
    >>> _ = clipper.output_event.connect(Slot("seen", handler=lambda clipped_text: print(clipped_text)))
    >>> clipper.input_slot.receive({"text": "first\\nsecond\\nthird"})
    first
    (2 more)
    """

    def __init__(self) -> None:
        super().__init__()
        self.set_config(max_length=1000, preserve_tracebacks=True, truncation_message=MESSAGE)
        self.input_slot: Slot = self.define_slot("input", handler=self._handle_input)
        self.output_event: Event = self.define_event("output", ["clipped_text", "was_clipped", "original_length"])

    def _handle_input(self, text: Any = None, max_length: int | None = None, **kwargs: Any) -> None:
        whole = text_of(text if text is not None else self._extract_input_data(**kwargs))
        limit = self.get_config("max_length", 1000) if max_length is None else max_length
        clipped = whole
        if not (self.get_config("preserve_tracebacks", True) and "Traceback" in whole):
            clipped = clip(whole, limit, self.get_config("truncation_message", MESSAGE))
        self.emit("output", clipped_text=clipped, was_clipped=clipped is not whole, original_length=len(whole))


def clip(text: str, max_length: int, message: str = MESSAGE) -> str:
    """Return `text` itself when it has at most `max_length` characters; else its first lines and the message.

    Lines are kept while their lengths, each plus 1, add up to less than `max_length`.

    >>> clip("aaaa\\nbbbb\\ncccc", 11, "{remaining} line left out")
    'aaaa\\nbbbb\\n1 line left out'
    >>> clip("one line that is too long", 10, "({remaining})")
    '\\n(1)'
    """
    if len(text) <= max_length:
        return text
    lines = text.split("\n")
    kept = sum(end < max_length for end in accumulate(len(line) + 1 for line in lines))
    note = message.replace("{remaining}", str(len(lines) - kept))
    return "\n".join(lines[:kept]) + "\n" + note


def text_of(value: Any) -> str:
    """The text in a value: of a dict its first string, those under usual names first; else its `str`.

    >>> text_of({"id": "x", "content": "hello"})
    'hello'
    >>> text_of(5)
    '5'
    """
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        candidates = [*(value.get(key) for key in _TEXT_KEYS), *value.values()]
        return next((text for text in candidates if isinstance(text, str)), str(value))
    return str(value)
