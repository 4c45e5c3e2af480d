"""Find results in data with extractors, and rate how reliable they are."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

_log = logging.getLogger("routilux")

Errors = list[dict[str, str]]


@dataclass(frozen=True)
class Extraction:
    """A result, its format (`"json"`, `"python"`, …), its confidence (0 to 1) and the extractors that found it."""

    extracted_result: Any
    format: str
    metadata: dict[str, Any]
    confidence: float
    extraction_path: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The fields by name; their values are not copied."""
        return vars(self).copy()


def extract(data: Any, extractors: Mapping[str, Extractor], config: Config) -> Extraction:
    """Find a result in `data` with the first extractor that matches, or with all for the strategy `"all"`.

    Raises `ValueError` if none matches and `return_original_on_failure` is off.

    >>> from routilux.builtin_routines.extraction import built_in
    >>> extract('The answer: ```json\\n{"n": 42}\\n```', built_in(), {}).extracted_result
    {'n': 42}
    """
    errors: Errors = []
    matches = _extractions(data, extractors, config, errors)
    if config.get("strategy") == "all":
        extractions = list(matches)
        if extractions:
            return _merged(extractions, errors)
    elif (first := next(matches, None)) is not None:
        return first
    if not config.get("return_original_on_failure", True):
        raise ValueError(f"All extractors failed: none matches {type(data).__name__} data. Errors: {errors}")
    kind = type(data).__name__
    metadata = {"extraction_method": "none", "errors": errors, "original_type": kind}
    return Extraction(data, kind.lower(), metadata, 0.0, [])


def confidence(result: Any, form: str, extraction_method: str) -> float:
    """Rate how reliable a result is, from 0 to 1.

    >>> confidence({"n": 42}, "json", "json_code_block")
    0.9
    >>> confidence("", "output", "output_code_block")
    0.3
    """
    trust = 0.5
    trust += 0.2 * isinstance(result, (dict, list))
    trust += 0.1 * ("code_block" in extraction_method)
    trust += 0.1 * (form.lower() in ("json", "yaml"))
    trust -= 0.3 * _is_empty(result)
    return round(min(max(trust, 0.0), 1.0), 2)


def _is_empty(result: Any) -> bool:
    if isinstance(result, str):
        return not result.strip()
    return result is None or (isinstance(result, (dict, list, tuple, set)) and not result)


def _extractions(
    data: Any, extractors: Mapping[str, Extractor], config: Config, errors: Errors
) -> Iterator[Extraction]:
    """Yield the result of each extractor that matches; add their errors to `errors`."""
    strategy = str(config.get("strategy", "auto"))
    for name in _in_order(extractors, config.get("extractor_priority", ())):
        try:
            found = extractors[name](data, config)
            if found is None:
                continue
            extraction = _extraction(name, found, strategy)
        except Exception as error:
            errors.append({"extractor": name, "error": f"Extractor {name!r} failed: {error}"})
            if config.get("log_errors", True):
                _log.warning("Extractor %r failed on %s data", name, type(data).__name__, exc_info=True)
            if not config.get("continue_on_error", True):
                return
            continue
        yield extraction


def _in_order(extractors: Mapping[str, Extractor], first: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*(name for name in first if name in extractors), *extractors]))


def _extraction(name: str, found: Match, strategy: str) -> Extraction:
    result, form, metadata = found
    known = {"extraction_method": name, **(metadata or {}), "extractor": name, "strategy": strategy}
    return Extraction(result, form, known, confidence(result, form, str(known["extraction_method"])), [name])


def _merged(extractions: list[Extraction], errors: Errors) -> Extraction:
    rows = [extraction.as_dict() for extraction in extractions]
    return Extraction(
        [extraction.extracted_result for extraction in extractions],
        "multi",
        {"extractions": rows, "count": len(rows), "errors": errors},
        max(extraction.confidence for extraction in extractions),
        [name for extraction in extractions for name in extraction.extraction_path],
    )


Match = tuple[Any, str, dict[str, Any]]
"""(result, format, metadata)."""

Config = Mapping[str, Any]

Extractor = Callable[[Any, Config], Match | None]

Parser = Callable[[str], Any]


def built_in() -> dict[str, Extractor]:
    """Return the extractors by name, in their usual order; those for YAML only if PyYAML is installed."""
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


def interpreter_output(data: Any, config: Config) -> Match | None:
    """An interpreter's output, from a list of strings and of dicts with `format` and `content`.

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


def json_code_block(data: Any, config: Config) -> Match | None:
    """The last block of JSON that parses."""
    return _parsed_block(data, "json", json.loads) if config.get("extract_json_blocks", True) else None


def json_string(data: Any, config: Config) -> Match | None:
    """A text that is a JSON document and begins with `{` or `[`."""
    if not config.get("parse_json_strings", True) or not isinstance(data, str) or data.lstrip()[:1] not in ("{", "["):
        return None
    parsed = _parsed(data, json.loads)
    return (parsed[0], "json", {"extraction_method": "json_string"}) if parsed else None


def yaml_code_block(data: Any, config: Config) -> Match | None:
    """The last block of YAML that parses."""
    return _parsed_block(data, "yaml", _load_yaml) if config.get("extract_yaml_blocks", False) else None


def yaml_string(data: Any, config: Config) -> Match | None:
    """A text that is a YAML mapping or sequence (any text at all is a valid YAML string)."""
    if not config.get("parse_yaml_strings", False) or not isinstance(data, str):
        return None
    parsed = _parsed(data, _load_yaml)
    fits = parsed and isinstance(parsed[0], (dict, list))
    return (parsed[0], "yaml", {"extraction_method": "yaml_string"}) if parsed and fits else None


def xml_code_block(data: Any, config: Config) -> Match | None:
    """The text of the last block of XML."""
    return _last_block(data, "xml") if config.get("extract_xml_blocks", False) else None


def code_block(data: Any, config: Config) -> Match | None:
    """The last block in the first language that has any; JSON has an extractor of its own."""
    if not config.get("extract_code_blocks", True):
        return None
    languages = [language for language in config.get("code_block_languages", ()) if language.lower() != "json"]
    return next((found for language in languages if (found := _last_block(data, language))), None)


def dict_extractor(data: Any, _config: Config) -> Match | None:
    """A dict, unchanged."""
    return (data, "dict", {"extraction_method": "direct", "key_count": len(data)}) if isinstance(data, dict) else None


def list_extractor(data: Any, _config: Config) -> Match | None:
    """A list, unchanged."""
    return (data, "list", {"extraction_method": "direct", "item_count": len(data)}) if isinstance(data, list) else None


def _last_block(data: Any, language: str) -> Match | None:
    blocks = code_blocks(data, language) if isinstance(data, str) else []
    metadata = {"extraction_method": f"{language}_code_block", "block_count": len(blocks)}
    return (blocks[-1], language, metadata) if blocks else None


def _parsed_block(data: Any, language: str, parse: Parser) -> Match | None:
    blocks = code_blocks(data, language) if isinstance(data, str) else []
    for place in reversed(range(len(blocks))):
        parsed = _parsed(blocks[place], parse)
        if parsed:
            counts = {"block_count": len(blocks), "block_index": place}
            return parsed[0], language, {"extraction_method": f"{language}_code_block", **counts}
    return None


def _parsed(text: str, parse: Parser) -> tuple[Any] | None:
    """Return the parsed text in a tuple, since it may be `None`; `None` if it does not parse."""
    try:
        return (parse(text),)
    except (ValueError, RecursionError):  # RecursionError: brackets in brackets in brackets
        return None


def _load_yaml(text: str) -> Any:
    """Parse YAML, or raise `ValueError`. PyYAML is optional and used if installed."""
    yaml = import_module("yaml")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


_FENCE = re.compile(r"```(?:\{([\w+#.-]+)\}|([\w+#.-]+))[ \t]*\r?\n(.*?)```", re.DOTALL)


def code_blocks(text: str, language: str) -> list[str]:
    """Return the contents of the blocks whose fence names that language, with or without braces, in any case.

    >>> code_blocks("Run:\\n```Python\\nprint(1)\\n```\\nand\\n```{python}\\nprint(2)\\n```", "python")
    ['print(1)\\n', 'print(2)\\n']
    """
    wanted = language.lower()
    return [body for braced, plain, body in _FENCE.findall(text) if (braced or plain).lower() == wanted]
