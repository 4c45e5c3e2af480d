"""Finding results in answers."""

from __future__ import annotations

import importlib.util
import json
import logging
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux import ErrorHandler, Flow, ResultExtractor
from routilux.builtin_routines.extraction import built_in, code_blocks, confidence
from tests.engine.builtin_routines.collected import output_of
from tests.engine.parts import Node, chain, over

HAS_YAML = importlib.util.find_spec("yaml") is not None
yaml_only = pytest.mark.skipif(not HAS_YAML, reason="PyYAML is not installed")


def fenced(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"


def found(data: Any, **config: Any) -> dict[str, Any]:
    routine = ResultExtractor()
    routine.set_config(**config)
    return output_of(routine, data=data)


def result(data: Any, **config: Any) -> Any:
    return found(data, **config)["extracted_result"]


def path(data: Any, **config: Any) -> Any:
    return found(data, **config)["extraction_path"]


# -- code blocks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fence", ["json", "JSON", "Json", "{json}", "{JSON}"])
def test_a_fence_may_name_its_language_plain_or_in_braces_in_any_case(fence: str) -> None:
    assert result(f"Here:\n{fenced(fence, '[1, 2]')}\nBye") == [1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "```json\n[1]",
        "```\n[1]\n```",
        "``` json\n[1]\n```",
        "```json5\n[1]\n```",
        "```json title=x\n[1]\n```",
        "~~~json\n[1]\n~~~",
        "```json [1]```",
    ],
)
def test_another_kind_of_fence_is_no_code_block(text: str) -> None:
    assert code_blocks(text, "json") == []


def test_a_block_ends_at_the_next_fence_wherever_that_is() -> None:
    assert code_blocks("  ```json\r\n  [1]\r\n  ```", "json") == ["  [1]\r\n  "]
    assert code_blocks("```json\n[1]```", "json") == ["[1]"]


@given(st.lists(st.tuples(st.sampled_from(["json", "python", "c++"]), st.text("ab \n", max_size=6))))
def test_the_blocks_of_a_language_are_found_in_order(blocks: list[tuple[str, str]]) -> None:
    text = "and\n".join(f"```{language}\n{body}```\n" for language, body in blocks)
    for language in ("json", "python", "c++"):
        assert code_blocks(text, language) == [body for name, body in blocks if name == language]


def test_text_full_of_fences_is_searched_in_linear_time() -> None:
    for text in ("```json\n" * 100_000, "```" * 300_000, "```json" + " " * 300_000, "`" * 500_000):
        began = time.perf_counter()
        code_blocks(text, "json")
        assert time.perf_counter() - began < 2


# -- extractors ------------------------------------------------------------------------------------------------------


def test_the_last_json_block_that_parses_wins() -> None:
    text = "\n".join([fenced("json", "[1]"), fenced("json", "[2]"), fenced("json", "no json")])
    told = found(text)
    assert told["extracted_result"] == [2]
    assert told["metadata"] == {
        "extraction_method": "json_code_block",
        "block_count": 3,
        "block_index": 1,
        "extractor": "json_code_block",
        "strategy": "auto",
    }
    assert result(fenced("json", "null")) is None


@pytest.mark.parametrize("language", ["python", "output", "yaml", "xml"])
def test_the_last_block_of_another_language_wins(language: str) -> None:
    told = found(fenced(language, "first") + "\n" + fenced(language.upper(), "last"))
    assert told["extracted_result"].strip() == "last"
    assert told["format"] == language
    assert told["extraction_path"] == ["code_block"]
    assert told["metadata"]["extraction_method"] == f"{language}_code_block"
    assert told["metadata"]["block_count"] == 2


def test_languages_are_searched_in_the_configured_order() -> None:
    text = fenced("output", "out") + "\n" + fenced("ruby", "puts 1")
    assert result(text).strip() == "out"
    assert result(text, code_block_languages=["ruby", "output"]).strip() == "puts 1"
    assert path(text, code_block_languages=[]) == []
    assert path(text, extract_code_blocks=False) == []


@pytest.mark.parametrize("text", ['{"a": [1]}', "  [1, 2]\n", "[]", "{}"])
def test_a_json_string_that_begins_with_a_bracket_is_parsed(text: str) -> None:
    told = found(text)
    assert told["extracted_result"] == json.loads(text)
    assert (told["format"], told["extraction_path"]) == ("json", ["json_string"])


@pytest.mark.parametrize("text", ["5", '"x"', "null", "{a}", "[1] and more", "", "  "])
def test_other_strings_are_not_json(text: str) -> None:
    assert path(text) == []


def test_endlessly_nested_brackets_are_not_json() -> None:
    text = "[" * 200_000
    assert found(text)["extraction_path"] == []
    assert found(fenced("json", text))["extraction_path"] == []


def test_interpreter_output_is_joined_with_adjacent_strings() -> None:
    rows = [
        {"type": "console", "format": "output", "content": "A"},
        {"format": "code", "content": "B"},
        "plain",
        {"format": "output", "content": 5},
        {"format": "output", "content": ""},
        {"format": "output"},
        7,
    ]
    told = found(rows)
    assert told["extracted_result"] == "A\nplain\n5"
    assert told["format"] == "interpreter_output"
    assert told["metadata"]["output_count"] == told["metadata"]["line_count"] == 3


@pytest.mark.parametrize("rows", [[1, 2], ["a", "b"], [{"x": 1}], [{"format": "code", "content": "B"}], []])
def test_a_list_without_output_is_a_list(rows: list[Any]) -> None:
    told = found(rows)
    assert told["extracted_result"] is rows
    assert (told["format"], told["extraction_path"]) == ("list", ["list_extractor"])
    assert told["metadata"]["item_count"] == len(rows)


def test_a_dict_is_its_own_result() -> None:
    told = found({"a": 1, "b": '{"c": 2}'})
    assert told["extracted_result"] == {"a": 1, "b": '{"c": 2}'}
    assert told["metadata"] == {
        "extraction_method": "direct",
        "key_count": 2,
        "extractor": "dict_extractor",
        "strategy": "auto",
    }


def test_xml_blocks_have_an_extractor_that_is_off_by_default() -> None:
    text = fenced("xml", "<a/>") + fenced("python", "print()")
    assert path(text) == ["code_block"]
    told = found(text, extract_xml_blocks=True)
    assert (told["extracted_result"].strip(), told["extraction_path"]) == ("<a/>", ["xml_code_block"])


@pytest.mark.parametrize(
    ("switch", "data"),
    [
        ("extract_json_blocks", fenced("json", "[1]")),
        ("parse_json_strings", "[1]"),
        ("format_interpreter_output", [{"format": "output", "content": "x"}]),
        ("extract_code_blocks", fenced("python", "x")),
    ],
)
def test_an_extractor_can_be_switched_off(switch: str, data: Any) -> None:
    assert path(data) != path(data, **{switch: False})


def test_the_extractors_have_their_usual_order() -> None:
    yaml = ["yaml_code_block", "yaml_string"] if HAS_YAML else []
    first = ["interpreter_output", "json_code_block", "json_string"]
    assert list(built_in()) == [*first, *yaml, "xml_code_block", "code_block", "dict_extractor", "list_extractor"]


def test_without_pyyaml_the_text_of_a_yaml_block_is_a_code_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routilux.builtin_routines.extraction.find_spec", lambda name: None)
    assert "yaml_string" not in built_in()
    assert path(fenced("yaml", "a: 1"), extract_yaml_blocks=True, parse_yaml_strings=True) == ["code_block"]


@yaml_only
def test_yaml_is_parsed_if_pyyaml_is_installed_and_enabled() -> None:
    block = fenced("yaml", "a: [1, 2]") + "\n" + fenced("yaml", "a: [")
    assert path(block) == ["code_block"]
    told = found(block, extract_yaml_blocks=True)
    assert (told["extracted_result"], told["format"]) == ({"a": [1, 2]}, "yaml")
    assert told["extraction_path"] == ["yaml_code_block"]
    assert told["metadata"]["block_index"] == 0
    assert path("a: 1") == []
    assert found("a: 1", parse_yaml_strings=True)["extracted_result"] == {"a": 1}
    assert path("just text", parse_yaml_strings=True) == []
    assert path("a: [", parse_yaml_strings=True) == []


@yaml_only
def test_yaml_constructs_no_objects() -> None:
    hostile = fenced("yaml", "!!python/object/apply:os.system ['true']")
    assert path(hostile, extract_yaml_blocks=True) == ["code_block"]


# -- strategies ------------------------------------------------------------------------------------------------------

BOTH = fenced("json", "[1]") + "\n" + fenced("python", "p")


@pytest.mark.parametrize("strategy", ["auto", "priority", "first_match", "anything"])
def test_the_first_extractor_that_matches_gives_the_result(strategy: str) -> None:
    told = found(BOTH, strategy=strategy)
    assert told["extracted_result"] == [1]
    assert told["metadata"]["strategy"] == strategy
    assert path(BOTH, strategy=strategy, extractor_priority=["unknown", "code_block"]) == ["code_block"]


def test_the_strategy_all_returns_every_match() -> None:
    told = found(BOTH, strategy="all")
    assert told["extracted_result"] == [[1], "p\n"]
    assert told["format"] == "multi"
    assert told["confidence"] == 0.9
    assert told["extraction_path"] == ["json_code_block", "code_block"]
    assert told["metadata"]["count"] == 2
    assert told["metadata"]["errors"] == []
    assert [each["extracted_result"] for each in told["metadata"]["extractions"]] == [[1], "p\n"]
    assert [each["format"] for each in told["metadata"]["extractions"]] == ["json", "python"]


@pytest.mark.parametrize("strategy", ["auto", "all"])
@pytest.mark.parametrize(
    ("data", "kind"), [("text", "str"), (5, "int"), (1.5, "float"), (False, "bool"), ((1,), "tuple")]
)
def test_unmatched_data_is_the_result(data: Any, kind: str, strategy: str) -> None:
    assert found(data, strategy=strategy) == {
        "extracted_result": data,
        "format": kind,
        "metadata": {"extraction_method": "none", "errors": [], "original_type": kind},
        "confidence": 0.0,
        "extraction_path": [],
    }


class Kind:
    """Data of a class with a capital letter."""


def test_the_format_of_unmatched_data_is_its_type_in_lower_case() -> None:
    told = found(Kind())
    assert (told["format"], told["metadata"]["original_type"]) == ("kind", "Kind")


@pytest.mark.parametrize("strategy", ["auto", "all"])
def test_no_match_raises_if_return_original_on_failure_is_off(strategy: str) -> None:
    with pytest.raises(ValueError, match="All extractors failed: none matches str data"):
        found("text", strategy=strategy, return_original_on_failure=False)


# -- registered extractors -------------------------------------------------------------------------------------------


def extractor(**config: Any) -> ResultExtractor:
    routine = ResultExtractor()
    routine.set_config(**config)
    return routine


def test_a_registered_extractor_comes_after_the_built_in_ones() -> None:
    routine = extractor()
    routine.register_extractor("words", lambda data, config: (data.split(), "words", {"n": 2}))
    assert output_of(routine, data="a b") == {
        "extracted_result": ["a", "b"],
        "format": "words",
        "metadata": {"extraction_method": "words", "n": 2, "extractor": "words", "strategy": "auto"},
        "confidence": 0.7,
        "extraction_path": ["words"],
    }
    assert output_of(routine, data="[1]")["extraction_path"] == ["json_string"]
    routine.set_config(extractor_priority=["words"])
    assert output_of(routine, data="[1]")["extraction_path"] == ["words"]


def test_a_registered_extractor_replaces_a_built_in_one_of_the_same_name() -> None:
    routine = extractor()
    routine.register_extractor("dict_extractor", lambda data, config: (len(data), "size", {}))
    assert output_of(routine, data={"a": 1})["extracted_result"] == 1


def test_an_extractor_receives_the_configuration() -> None:
    routine = extractor(mine=5, extractor_priority=["configured"])
    routine.register_extractor("configured", lambda data, config: (config["mine"], "number", {}))
    assert output_of(routine, data="x")["extracted_result"] == 5


def fails(data: Any, config: Any) -> Any:
    raise RuntimeError("broken")


@pytest.mark.parametrize("broken", [fails, lambda data, config: 5, lambda data, config: (1, 2)])
def test_an_extractor_that_raises_is_recorded_logged_and_skipped(broken: Any, caplog: pytest.LogCaptureFixture) -> None:
    routine = extractor(extractor_priority=["broken"])
    routine.register_extractor("broken", broken)
    with caplog.at_level(logging.WARNING, "routilux"):
        assert output_of(routine, data="[1]")["extracted_result"] == [1]
        assert "'broken'" in caplog.text
        [error] = output_of(routine, data="text")["metadata"]["errors"]
        assert error["extractor"] == "broken"
        assert "'broken' failed" in error["error"]
        routine.set_config(strategy="all")
        assert output_of(routine, data="[1]")["metadata"]["errors"] == [error]
        caplog.clear()
        routine.set_config(log_errors=False)
        output_of(routine, data="[1]")
        assert caplog.text == ""


@pytest.mark.parametrize("strategy", ["auto", "all"])
def test_an_extractor_that_raises_ends_the_search_unless_errors_are_ignored(strategy: str) -> None:
    routine = extractor(extractor_priority=["broken"], continue_on_error=False, strategy=strategy, log_errors=False)
    routine.register_extractor("broken", fails)
    told = output_of(routine, data="[1]")
    assert told["extracted_result"] == "[1]"
    assert told["metadata"]["errors"] == [{"extractor": "broken", "error": "Extractor 'broken' failed: broken"}]


def test_only_a_function_can_be_registered() -> None:
    with pytest.raises(ValueError, match="extractor 'x' must be callable, not 5"):
        ResultExtractor().register_extractor("x", 5)  # type: ignore[arg-type]


# -- confidence ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "form", "method", "sure"),
    [
        ("x", "text", "mine", 0.5),
        ({"a": 1}, "dict", "direct", 0.7),
        ([1], "json", "json_string", 0.8),
        ([1], "json", "json_code_block", 0.9),
        ("x", "YAML", "yaml_code_block", 0.7),
        ("x", "python", "python_code_block", 0.6),
        ([], "list", "direct", 0.4),
        (" ", "text", "mine", 0.2),
        (None, "json", "json_code_block", 0.4),
        (0, "number", "mine", 0.5),
    ],
)
def test_confidence_depends_on_the_kind_of_result(value: Any, form: str, method: str, sure: float) -> None:
    assert confidence(value, form, method) == sure


DATA = st.recursive(
    st.none() | st.integers() | st.text('ab{}[]`\n"json:1 ', max_size=30),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["format", "content", "x"]), inner),
    max_leaves=6,
)


@given(DATA, st.sampled_from(["auto", "all"]))
def test_confidence_is_between_0_and_1_for_any_data(data: Any, strategy: str) -> None:
    told = found(data, strategy=strategy, extract_yaml_blocks=True, extract_xml_blocks=True, parse_yaml_strings=True)
    assert 0 <= told["confidence"] <= 1
    assert bool(told["extraction_path"]) == (told["metadata"].get("extraction_method") != "none")


JSON = st.recursive(
    st.none() | st.integers() | st.text(), lambda i: st.lists(i) | st.dictionaries(st.text(), i), max_leaves=5
)


@given(JSON.filter(lambda value: "```" not in json.dumps(value)))
def test_any_json_value_is_extracted_from_a_json_block(value: Any) -> None:
    assert result(f"The answer is\n```json\n{json.dumps(value)}\n```\n") == value


# -- the routine -----------------------------------------------------------------------------------------------------


def test_a_new_extractor_has_its_defaults() -> None:
    routine = ResultExtractor()
    assert routine.config() == {
        "strategy": "auto",
        "extractor_priority": [],
        "extract_json_blocks": True,
        "extract_code_blocks": True,
        "extract_yaml_blocks": False,
        "extract_xml_blocks": False,
        "code_block_languages": ["json", "python", "output", "yaml", "xml"],
        "format_interpreter_output": True,
        "parse_json_strings": True,
        "parse_yaml_strings": False,
        "detect_nested_structures": True,
        "continue_on_error": True,
        "return_original_on_failure": True,
        "log_errors": True,
    }
    assert routine.input_slot is routine.get_slot("input")
    assert routine.output_event is routine.get_event("output")
    names = ["extracted_result", "format", "metadata", "confidence", "extraction_path"]
    assert routine.output_event.output_params == names


def test_no_match_in_a_flow_is_handled_by_the_error_strategy(flow: Flow) -> None:
    routine = extractor(return_original_on_failure=False)
    chain(flow, ("source", Node(lambda node, data: node.emit("out", data="text"))), ("extractor", routine))
    over(flow.execute("source"), "failed")
    routine.set_error_handler(ErrorHandler("continue"))
    over(flow.execute("source"))
