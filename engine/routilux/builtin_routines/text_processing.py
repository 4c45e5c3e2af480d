"""Routines for text: clip it, render data as text, and extract results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any, TypeAlias

from ..event import Event
from ..routine import Routine
from ..slot import Slot
from .extraction import Extractor, built_in, extract
from .function_table import FunctionTable, preview, text_of

__all__ = ["ResultExtractor", "TextClipper", "TextRenderer"]


MESSAGE = "...(省略了{remaining}行)"

_TEXT_KEYS = ("text", "content", "message", "data")


class TextClipper(Routine):
    """Clips text to a number of characters, at the end of a line.

    Slot `input`: `text`, and optionally `max_length` for this text only. Event `output`:
    `clipped_text`, `was_clipped`, `original_length` (characters).

    Configuration: `max_length` (characters, 1000); `preserve_tracebacks` (`True`: text with a
    traceback is never clipped); `truncation_message`, which replaces the omitted lines; `{remaining}` in it
    is their number.

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
        whole = text_in(text if text is not None else self._extract_input_data(**kwargs))
        limit = self.get_config("max_length", 1000) if max_length is None else max_length
        clipped = whole
        if not (self.get_config("preserve_tracebacks", True) and "Traceback" in whole):
            clipped = clip(whole, limit, self.get_config("truncation_message", MESSAGE))
        self.emit("output", clipped_text=clipped, was_clipped=clipped is not whole, original_length=len(whole))


def clip(text: str, max_length: int, message: str = MESSAGE) -> str:
    """Return `text` if it has at most `max_length` characters, else its first lines and the message.

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


def text_in(value: Any) -> str:
    """Return the text in a value: a dict's string under a usual key, else its first string; else its `str`.

    >>> text_in({"id": "x", "content": "hello"})
    'hello'
    >>> text_in(5)
    '5'
    """
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        candidates = [*(value.get(key) for key in _TEXT_KEYS), *value.values()]
        return next((text for text in candidates if isinstance(text, str)), str(value))
    return str(value)


CIRCULAR = "[Circular Reference]"

Container: TypeAlias = dict[Any, Any] | list[Any]


class TextRenderer(Routine):
    """Renders nested dicts and lists as text, for a person or a language model to read.

    Slot `input`: `data`. Event `output`: `rendered_text`, `original_type` (the class name).

    Configuration: `tag_format` (`"xml"`; anything else gives Markdown), `indent` (two spaces),
    `include_type_hints` (accepted, without effect). Values are not escaped.

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

    A nested value follows its parent's tag, with its lines indented one level more. Values other than dicts
    and lists are rendered with `str`, a container inside itself as `[Circular Reference]`, and one that is
    nested too deeply for Python as a preview of its outermost levels.

    >>> print(render({"user": {"name": "Ada"}, "tags": ["x", "y"]}, "markdown"))
    **user**:   **name**: Ada
    **tags**:   - x
      - y
    >>> render([1, {"a": 2}])
    '<item_0>1</item_0>\\n<item_1>  <a>2</a></item_1>'
    """
    return _render(value, _tagged if tag_format == "xml" else _marked, indent, 0, set())


Parts = Iterator[tuple[str, Any, str]]
"""(prefix, item, suffix)."""


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
    except RecursionError:  # if the stack is too full for the preview too, an outer level handles it
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


class ResultExtractor(Routine):
    """Finds results in text and data: code blocks, JSON, YAML, an interpreter's output, dicts and lists.

    Slot `input`: `data`. Event `output`: `extracted_result`, `format`, `metadata`, `confidence` (0 to 1),
    `extraction_path` (names of extractors). If nothing matches, the result is the input itself.

    Extractors in their usual order: `interpreter_output`, `json_code_block`, `json_string`,
    `yaml_code_block`, `yaml_string` (both only with PyYAML), `xml_code_block`, `code_block`,
    `dict_extractor`, `list_extractor`, then registered ones.

    Configuration: `strategy` (`"auto"`, `"priority"`, `"first_match"`: the first that matches; `"all"`:
    lists of all that match), `extractor_priority` (names to try first), `code_block_languages`,
    `continue_on_error` (`True`; if false, an extractor that raises ends the search),
    `return_original_on_failure` (`True`; if false, no match raises `ValueError`), `log_errors`; and switches:
    `extract_json_blocks`, `extract_code_blocks`, `format_interpreter_output`, `parse_json_strings`
    (on), `extract_yaml_blocks`, `extract_xml_blocks`, `parse_yaml_strings` (off).

    >>> from routilux import Slot
    >>> extractor = ResultExtractor()
    >>> _ = extractor.output_event.connect(Slot("seen", handler=lambda extracted_result: print(extracted_result)))
    >>> extractor.input_slot.receive({"data": 'Here it is: ```json\\n{"n": 42}\\n```'})
    {'n': 42}
    """

    def __init__(self) -> None:
        super().__init__()
        self._functions = FunctionTable("extractor", built_in())
        self.set_config(
            strategy="auto",
            extractor_priority=[],
            extract_json_blocks=True,
            extract_code_blocks=True,
            extract_yaml_blocks=False,
            extract_xml_blocks=False,
            code_block_languages=["json", "python", "output", "yaml", "xml"],
            format_interpreter_output=True,
            parse_json_strings=True,
            parse_yaml_strings=False,
            detect_nested_structures=True,
            continue_on_error=True,
            return_original_on_failure=True,
            log_errors=True,
        )
        self.input_slot: Slot = self.define_slot("input", handler=self._handle_input)
        self.output_event: Event = self.define_event(
            "output", ["extracted_result", "format", "metadata", "confidence", "extraction_path"]
        )

    def register_extractor(self, name: str, extractor: Extractor) -> None:
        """Add an extractor under `name`.

        `extractor(data, config)` returns `(result, format, metadata)`, or `None` for no match.

        Raises `ValueError` if it is not callable. Functions are not part of the configuration and are
        not saved; to have them after loading, register them in a subclass's `__init__`.
        """
        self._functions.register(name, extractor)

    def _handle_input(self, data: Any = None, **kwargs: Any) -> None:
        value = self._extract_input_data(data, **kwargs)
        self.emit("output", **extract(value, self._functions, self.config()).as_dict())
