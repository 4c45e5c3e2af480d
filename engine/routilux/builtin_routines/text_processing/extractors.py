"""The extractors that come with `ResultExtractor`: each finds one kind of result, or returns `None`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from .code_blocks import code_blocks

Found = tuple[Any, str, dict[str, Any]]
"""(result, format, metadata)."""
Config = Mapping[str, Any]
Extractor = Callable[[Any, Config], Found | None]
Parser = Callable[[str], Any]


def built_in() -> dict[str, Extractor]:
    """The extractors by name, in their usual order; those for YAML only where PyYAML is installed."""
    yaml: dict[str, Extractor] = {"yaml_code_block": yaml_code_block, "yaml_string": yaml_string}
    return {
        "interpreter_output": interpreter_output,
        "json_code_block": json_code_block,
        "json_string": json_string,
        **(yaml if find_spec("yaml") is not None else {}),
        "xml_code_block": xml_code_block,
        "code_block": code_block,
        "dict_extractor": dict_extractor,
        "list_extractor": list_extractor,
    }


def interpreter_output(data: Any, config: Config) -> Found | None:
    """What an interpreter printed, out of a list of dicts with `format` and `content`, and of strings.

    >>> interpreter_output([{"format": "code", "content": "1 + 1"}, {"format": "output", "content": "2"}], {})[0]
    '2'
    """
    if not config.get("format_interpreter_output", True) or not isinstance(data, list):
        return None
    if not any(isinstance(item, dict) and ("format" in item or "content" in item) for item in data):
        return None
    texts = [text for item in data if (text := _output_of(item))]
    joined = "\n".join(texts)
    counts = {"output_count": len(texts), "line_count": len(joined.splitlines())}
    return (joined, "interpreter_output", {"extraction_method": "interpreter_output", **counts}) if texts else None


def _output_of(item: Any) -> str:
    if isinstance(item, str):
        return item
    is_output = isinstance(item, dict) and item.get("format") == "output" and item.get("content") is not None
    return str(item["content"]) if is_output else ""


def json_code_block(data: Any, config: Config) -> Found | None:
    """The last block of JSON that parses."""
    return _parsed_block(data, "json", json.loads) if config.get("extract_json_blocks", True) else None


def json_string(data: Any, config: Config) -> Found | None:
    """A text that is JSON as a whole and begins with `{` or `[`."""
    if not config.get("parse_json_strings", True) or not isinstance(data, str) or data.lstrip()[:1] not in ("{", "["):
        return None
    parsed = _parsed(data, json.loads)
    return (parsed[0], "json", {"extraction_method": "json_string"}) if parsed else None


def yaml_code_block(data: Any, config: Config) -> Found | None:
    """The last block of YAML that parses."""
    return _parsed_block(data, "yaml", _load_yaml) if config.get("extract_yaml_blocks", False) else None


def yaml_string(data: Any, config: Config) -> Found | None:
    """A text that is YAML as a whole, and a mapping or a sequence: any text at all is YAML for a string."""
    if not config.get("parse_yaml_strings", False) or not isinstance(data, str):
        return None
    parsed = _parsed(data, _load_yaml)
    fits = parsed and isinstance(parsed[0], (dict, list))
    return (parsed[0], "yaml", {"extraction_method": "yaml_string"}) if parsed and fits else None


def xml_code_block(data: Any, config: Config) -> Found | None:
    """The text of the last block of XML."""
    return _last_block(data, "xml") if config.get("extract_xml_blocks", False) else None


def code_block(data: Any, config: Config) -> Found | None:
    """The text of the last block in the first of the languages that has any; JSON has an extractor of its own."""
    if not config.get("extract_code_blocks", True):
        return None
    languages = [language for language in config.get("code_block_languages", ()) if language.lower() != "json"]
    return next((found for language in languages if (found := _last_block(data, language))), None)


def dict_extractor(data: Any, _config: Config) -> Found | None:
    """A dict, as it is."""
    return (data, "dict", {"extraction_method": "direct", "key_count": len(data)}) if isinstance(data, dict) else None


def list_extractor(data: Any, _config: Config) -> Found | None:
    """A list, as it is."""
    return (data, "list", {"extraction_method": "direct", "item_count": len(data)}) if isinstance(data, list) else None


def _last_block(data: Any, language: str) -> Found | None:
    blocks = code_blocks(data, language) if isinstance(data, str) else []
    metadata = {"extraction_method": f"{language}_code_block", "block_count": len(blocks)}
    return (blocks[-1], language, metadata) if blocks else None


def _parsed_block(data: Any, language: str, parse: Parser) -> Found | None:
    blocks = code_blocks(data, language) if isinstance(data, str) else []
    for place in reversed(range(len(blocks))):
        parsed = _parsed(blocks[place], parse)
        if parsed:
            counts = {"block_count": len(blocks), "block_index": place}
            return parsed[0], language, {"extraction_method": f"{language}_code_block", **counts}
    return None


def _parsed(text: str, parse: Parser) -> tuple[Any] | None:
    """What a text parses to, in a tuple (it may be `None`); `None` when it does not parse."""
    try:
        return (parse(text),)
    except (ValueError, RecursionError):  # RecursionError: brackets in brackets in brackets
        return None


def _load_yaml(text: str) -> Any:
    """Parse YAML; `ValueError` when it is none. PyYAML is no dependency: it is used where it is installed."""
    yaml = import_module("yaml")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
