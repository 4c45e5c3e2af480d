"""Finds the result in what a language model, an interpreter or a service answered."""

from __future__ import annotations

from typing import Any

from ...event import Event
from ...routine import Routine
from ...slot import Slot
from ..function_table import FunctionTable
from .extraction import extract
from .extractors import Extractor, built_in


class ResultExtractor(Routine):
    """Finds results in text and data: code blocks, JSON, YAML, an interpreter's output, dicts and lists.

    Slot `input`: `data`. Event `output`: `extracted_result`, `format`, `metadata`, `confidence` (0 to 1),
    `extraction_path` (names of extractors). Where nothing matches, the result is the input itself.

    Extractors in their usual order: `interpreter_output`, `json_code_block`, `json_string`,
    `yaml_code_block`, `yaml_string` (both only with PyYAML), `xml_code_block`, `code_block`,
    `dict_extractor`, `list_extractor`, then registered ones.

    Configuration: `strategy` (`"auto"`, `"priority"`, `"first_match"`: the first that matches; `"all"`:
    lists of all that match), `extractor_priority` (names that go first), `code_block_languages`,
    `continue_on_error` (`True`; off, the first extractor that raises is the last one tried),
    `return_original_on_failure` (`True`; off, no match is a `ValueError`), `log_errors`; and switches:
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

        Raises `ValueError` when it is not callable. Functions are no part of the configuration and
        are not saved: a subclass that registers its own in `__init__` has them after loading.
        """
        self._functions.register(name, extractor)

    def _handle_input(self, data: Any = None, **kwargs: Any) -> None:
        value = self._extract_input_data(data, **kwargs)
        self.emit("output", **extract(value, self._functions, self.config()).as_dict())
