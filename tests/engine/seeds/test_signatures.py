"""The classes and methods that seed 003, a page of the API, lists are there, with its parameters and defaults."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import pytest

from routilux.job_state import ExecutionRecord, JobState
from tests.engine.seeds.blocks import DOCUMENTS

CLASSES = {"ExecutionRecord": ExecutionRecord, "JobState": JobState}


def listed() -> Iterator[tuple[str, str, str]]:
    """Class, method (`""` for the class itself) and parameters, as the page lists them."""
    (path,) = DOCUMENTS.glob("003_*.txt")
    owner = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        match = re.fullmatch(r"(class routilux\.job_state\.|classmethod |static |)(\w+)\((.*)\)\[source\]", line)
        if match is None:
            continue
        if match[1].startswith("class routilux"):
            owner = match[2]
        yield owner, "" if match[2] == owner else match[2], match[3]


def test_the_page_lists_what_is_looked_at_here() -> None:
    owners = [owner for owner, _, _ in listed()]
    assert (owners.count("ExecutionRecord"), owners.count("JobState")) == (5, 20)


@pytest.mark.parametrize(("owner", "method", "parameters"), list(listed()))
def test_a_listed_method_takes_the_parameters_that_are_listed(owner: str, method: str, parameters: str) -> None:
    kind = CLASSES[owner]
    signature = inspect.signature(getattr(kind, method) if method else kind)
    wanted = inspect.signature(eval(f"lambda {parameters}: None"))
    found = {name: one for name, one in signature.parameters.items() if name != "self"}
    for name, one in wanted.parameters.items():
        assert name in found
        assert found[name].default == one.default
    extra = [name for name, one in found.items() if name not in wanted.parameters and one.default is one.empty]
    assert extra == []
