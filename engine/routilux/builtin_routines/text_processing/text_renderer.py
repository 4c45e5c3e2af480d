"""Renders data as text with tags, or as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from ...event import Event
from ...routine import Routine
from ...slot import Slot
from ..too_deep import preview, text_of

CIRCULAR = "[Circular Reference]"
Container: TypeAlias = dict[Any, Any] | list[Any]


class TextRenderer(Routine):
    """Renders nested dicts and lists as text, for a person or a language model to read.

    Slot `input`: `data`. Event `output`: `rendered_text`, `original_type` (the class name).

    Configuration: `tag_format` (`"xml"`; any other word gives Markdown), `indent` (two spaces),
    `include_type_hints` (kept, without effect). Values are not escaped.

    >>> from routilux import Slot
    >>> renderer = TextRenderer()
    >>> _ = renderer.output_event.connect(Slot("seen", handler=lambda rendered_text: print(rendered_text)))
    >>> renderer.input_slot.receive({"data": {"name": "Ada", "born": 1815}})
    <name>Ada</name>
    <born>1815</born>
    """

    def __init__(self) -> None:
        super().__init__()
        self.set_config(tag_format="xml", indent="  ", include_type_hints=False)
        self.input_slot: Slot = self.define_slot("input", handler=self._handle_input)
        self.output_event: Event = self.define_event("output", ["rendered_text", "original_type"])

    def _handle_input(self, data: Any = None, **kwargs: Any) -> None:
        value = self._extract_input_data(data, **kwargs)
        text = render(value, self.get_config("tag_format", "xml"), self.get_config("indent", "  "))
        self.emit("output", rendered_text=text, original_type=type(value).__name__)


def render(value: Any, tag_format: str = "xml", indent: str = "  ") -> str:
    """Render a value, one line for each key or item.

    A nested value follows the tag of its parent, each of its lines with one more indent. Whatever
    is neither a dict nor a list is its `str`; one that holds itself is `[Circular Reference]`; one
    that is nested too deeply for Python is the text of its outermost levels.

    >>> print(render({"user": {"name": "Ada"}, "tags": ["x", "y"]}, "markdown"))
    **user**:   **name**: Ada
    **tags**:   - x
      - y
    >>> render([1, {"a": 2}])
    '<item_0>1</item_0>\\n<item_1>  <a>2</a></item_1>'
    """
    return _render(value, _tagged if tag_format == "xml" else _marked, indent, 0, set())


Parts = Iterator[tuple[str, Any, str]]
"""What comes before an item, the item, what comes after it."""


def _render(value: Any, parts: Callable[[Container], Parts], indent: str, level: int, parents: set[int]) -> str:
    if not isinstance(value, (dict, list)):
        return text_of(value)
    if id(value) in parents:
        return CIRCULAR
    parents.add(id(value))
    try:
        lines = [
            f"{indent * level}{before}{_render(item, parts, indent, level + 1, parents)}{after}"
            for before, item, after in parts(value)
        ]
        return "\n".join(lines)
    except RecursionError:  # raised again if there is no room for this either: then it is said further out
        return preview(value)
    finally:
        parents.discard(id(value))


def _tagged(value: Container) -> Parts:
    named = value.items() if isinstance(value, dict) else ((f"item_{place}", item) for place, item in enumerate(value))
    return ((f"<{tag}>", item, f"</{tag}>") for tag, item in named)


def _marked(value: Container) -> Parts:
    if isinstance(value, dict):
        return ((f"**{key}**: ", item, "") for key, item in value.items())
    return (("- ", item, "") for item in value)
