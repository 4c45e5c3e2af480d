"""Which classes, exceptions and functions a document may name, and which not."""

from __future__ import annotations

import json
import sys
import types
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from routilux import ErrorHandler, Flow, Routine, Slot
from tests.engine.saving.routines import Itself, Needy, Outer, Sorter, TooLate, Unlucky, newest

HERE = "tests.engine.saving.routines"


def flow_of(routine: Routine) -> dict[str, Any]:
    flow = Flow("f")
    flow.add_routine(routine, "r")
    plain: dict[str, Any] = json.loads(json.dumps(flow.serialize()))
    return plain


def load(plain: dict[str, Any], **options: Any) -> Routine:
    flow = Flow()
    flow.deserialize(plain, **options)
    return flow.routines["r"]


def renamed(plain: dict[str, Any], name: str | None, bare_name: str | None = None) -> dict[str, Any]:
    """The document with another class for its routine; without `_class` when `name` is `None`."""
    routine = {**plain["routines"]["r"], "_class": name}
    if name is None:
        del routine["_class"]
    routine["_type"] = bare_name or routine["_type"]
    return {**plain, "routines": {"r": routine}}


# -- classes that this process knows


@pytest.mark.parametrize("kind", [Sorter, Outer.Inner, Itself])
def test_a_routine_loads_as_its_class_without_registration(kind: type[Routine]) -> None:
    plain = flow_of(kind())
    assert plain["routines"]["r"]["_class"] == f"{HERE}:{kind.__qualname__}"
    assert plain["routines"]["r"]["_type"] == kind.__name__
    assert type(load(plain)) is kind


def test_a_class_made_in_a_function_comes_back_in_the_same_process() -> None:
    class Local(Routine):
        pass

    assert type(load(flow_of(Local()))) is Local


def test_of_two_classes_with_the_same_full_name_the_newest_counts_as_when_a_cell_is_run_again() -> None:
    first, second = (_class("Again", "a_notebook", Sorter) for _ in range(2))
    assert type(load(flow_of(first()))) is second


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_classes_with_the_same_bare_name_the_newest_counts_wherever_it_descends_from(turned: bool) -> None:
    name = f"Same{turned}"
    parents = (Sorter, Routine) if turned else (Routine, Sorter)
    kinds = [_class(name, f"module_{number}", parent) for number, parent in enumerate(parents)]
    assert type(load(renamed(flow_of(kinds[0]()), None))) is kinds[1]


def test_a_class_with_many_ways_to_its_base_is_found_at_once() -> None:
    left = right = bottom = _class("Bottom", "diamonds", Routine)
    for number in range(60):
        left = _class(f"Left{number}", "diamonds", bottom)
        right = _class(f"Right{number}", "diamonds", bottom)
        bottom = types.new_class(f"Bottom{number}", (left, right))
    assert type(load(flow_of(bottom()))) is bottom


def _class(name: str, module: str, *parents: type[Any]) -> type[Any]:
    return types.new_class(name, parents, exec_body=lambda body: body.update(__module__=module))


# -- classes that it does not know


@pytest.fixture
def unimported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module with a routine, another one each time: classes live on after their modules."""
    name = f"allowed_{uuid.uuid4().hex}"
    (tmp_path / f"{name}.py").write_text(
        "from tests.engine.saving.routines import Sorter\nclass Stranger(Sorter):\n    pass\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)


def test_an_unknown_class_is_named_and_its_module_not_imported(unimported: str) -> None:
    plain = renamed(flow_of(Sorter()), f"{unimported}:Stranger")
    with pytest.raises(ValueError, match=rf"^flow\.routines\['r'\]: .*'{unimported}:Stranger' is not known.* allow="):
        load(plain)
    assert unimported not in sys.modules


@pytest.mark.parametrize("wrap", [lambda name: [name], lambda name: {name}, lambda name: name])
def test_a_module_that_the_caller_allows_is_imported(unimported: str, wrap: Any) -> None:
    plain = renamed(flow_of(Sorter()), f"{unimported}:Stranger")
    assert type(load(plain, allow=wrap(unimported))).__name__ == "Stranger"


def test_allowing_one_module_allows_no_other_whose_name_is_a_part_of_it(unimported: str) -> None:
    plain = renamed(flow_of(Sorter()), f"{unimported}:Stranger")
    with pytest.raises(ValueError, match="is not known"):
        load(plain, allow=f"{unimported}_and_more")
    assert unimported not in sys.modules


def test_an_allowed_module_that_is_missing_or_lacks_the_class_is_reported(unimported: str) -> None:
    plain = flow_of(Sorter())
    with pytest.raises(ValueError, match=r"routines\['r'\]: module 'no_such_module' is allowed but cannot be imported"):
        load(renamed(plain, "no_such_module:X"), allow=["no_such_module"])
    with pytest.raises(ValueError, match=f"module '{unimported}' has no such class"):
        load(renamed(plain, f"{unimported}:Other"), allow=[unimported])


def test_a_class_defined_in_another_main_module_is_reported() -> None:
    with pytest.raises(ValueError, match="put it into a module that this program can import"):
        load(renamed(flow_of(Sorter()), "__main__:Worker"))


@pytest.mark.parametrize(
    "name",
    [
        "builtins:object",
        "os:system",
        "subprocess:Popen",
        "routilux.flow:Flow",
        "routilux.persistence.class_registry:Registered",
        ":",
        "x",
    ],
)
def test_a_name_of_anything_but_a_routine_is_rejected(name: str) -> None:
    with pytest.raises(ValueError, match=r"flow\.routines\['r'\]: .* is not known here"):
        load(renamed(flow_of(Sorter()), name, name.rpartition(":")[2] or "y"))
    with pytest.raises(ValueError, match=r"flow\.routines\['r'\]: .* is not known here"):
        load(renamed(flow_of(Sorter()), None, name.rpartition(":")[2] or "y"))


def test_a_class_that_needs_arguments_is_refused_when_saved_and_when_named() -> None:
    with pytest.raises(TypeError, match=rf"{HERE}:Needy cannot be saved: its constructor needs arguments"):
        flow_of(Needy("here"))
    with pytest.raises(ValueError, match=r"flow\.routines\['r'\]: .*Needy cannot be made: TypeError: .*'source'"):
        load(renamed(flow_of(Sorter()), f"{HERE}:Needy"))


def test_a_constructor_that_fails_is_reported_with_its_path() -> None:
    assert Unlucky.__name__ == "Unlucky"
    with pytest.raises(ValueError, match=r"flow\.routines\['r'\]: .*Unlucky cannot be made: OSError: the disk is full"):
        load(renamed(flow_of(Sorter()), f"{HERE}:Unlucky"))


# -- exceptions


@pytest.mark.parametrize("kinds", [(Exception,), (KeyError, OSError), (TooLate, TooLate.Much), (json.JSONDecodeError,)])
def test_the_exceptions_that_are_retried_come_back(kinds: tuple[type[Exception], ...]) -> None:
    handler = ErrorHandler()
    handler.deserialize(json.loads(json.dumps(ErrorHandler("retry", retryable_exceptions=kinds).serialize())))
    assert handler.retryable_exceptions == kinds


def test_an_exception_class_made_in_a_function_comes_back_in_the_same_process() -> None:
    class Local(Exception):
        pass

    handler = ErrorHandler()
    handler.deserialize(ErrorHandler("retry", retryable_exceptions=Local).serialize())
    assert handler.retryable_exceptions == (Local,)


class _Answering(types.ModuleType):
    """A module that makes up what it is asked for, as lazy modules do."""

    asked: list[str]

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__"):
            self.asked.append(name)
        return KeyError


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    module = _Answering("answering")
    module.asked = []
    monkeypatch.setitem(sys.modules, "answering", module)
    _class("Routine", "answering", Routine)
    return module.asked


@pytest.mark.parametrize("name", ["answering:Error", "os:system", "builtins:int", "no.such:Error", "", ":", "KeyError"])
def test_an_unknown_exception_class_is_rejected_without_importing(name: str, answering: list[str]) -> None:
    plain = {**ErrorHandler("retry").serialize(), "retryable_exceptions": ["builtins:KeyError", name]}
    with pytest.raises(ValueError, match=r"^error_handler\.retryable_exceptions\[1\]: an exception class"):
        ErrorHandler().deserialize(plain)
    assert answering == []


# -- functions


def merge_of(strategy: Any) -> Any:
    slot = Slot("s")
    slot.deserialize({**Slot("s").serialize(), "merge_strategy": strategy})
    return slot.merge_strategy


def function(module: str, name: str) -> dict[str, Any]:
    return {"_type": "callable", "callable_type": "function", "module": module, "name": name}


def test_a_function_of_a_module_that_defines_routines_is_found_again() -> None:
    assert Slot("s", merge_strategy=newest).serialize()["merge_strategy"] == function(HERE, "newest")
    assert merge_of(function(HERE, "newest")) is newest


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("json", "dumps"),
        (HERE, "no_such"),
        (HERE, "Any"),
        (HERE, "Sorter"),
        (HERE, "Sorter.sort"),
        (HERE, "__builtins__"),
        ("answering", "anything"),
        ("", ""),
    ],
)
def test_no_other_function_is_ever_looked_up(
    module: str, name: str, answering: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert merge_of(function(module, name)) == "override"
    assert answering == []
    assert "slot: its merge function is not known here" in caplog.text


def test_a_merge_function_of_the_class_itself_stays() -> None:
    def local(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        return new

    slot = Slot("s", merge_strategy=local)
    slot.deserialize(slot.serialize())
    assert slot.merge_strategy is local
