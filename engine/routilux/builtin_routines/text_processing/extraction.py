"""Trying extractors on data, and how far what they found can be trusted."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .extractors import Config, Extractor, Found

_log = logging.getLogger("routilux")
Errors = list[dict[str, str]]


@dataclass(frozen=True)
class Extraction:
    """A result, its format (`"json"`, `"python"`, …), how sure it is (0 to 1) and the extractors it came by."""

    extracted_result: Any
    format: str
    metadata: dict[str, Any]
    confidence: float
    extraction_path: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The fields by name; their values are not copied."""
        return vars(self).copy()


def extract(data: Any, extractors: Mapping[str, Extractor], config: Config) -> Extraction:
    """Find a result in `data`: by the first extractor that matches, or by all with the strategy `"all"`.

    Raises `ValueError` when none matches, unless `return_original_on_failure` is set (it is by default).

    >>> from .extractors import built_in
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
    """How far a result can be trusted, from 0 to 1.

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
    """What each extractor finds; what one raises is added to `errors`."""
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


def _extraction(name: str, found: Found, strategy: str) -> Extraction:
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
