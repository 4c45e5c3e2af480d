"""The reference is what the docstrings say, of every public name, and the docstrings say all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import griffe
import pytest

import routilux
import routilux_dashboard
from tools.docs import api
from tools.docs.__main__ import REFERENCE
from tools.docs.docstrings import missing, missing_of_class, missing_of_function
from tools.docs.reference import PAGES, UNTOLD, reference


@pytest.mark.parametrize("page", sorted(reference()))
def test_a_page_is_what_the_docstrings_say(page: str) -> None:
    written = (REFERENCE / page).read_text(encoding="utf-8")
    assert written == reference()[page], "it has drifted: run `make docs`"


def test_no_page_is_left_over() -> None:
    assert {path.name for path in REFERENCE.iterdir()} == set(reference())


@pytest.mark.parametrize("package", [routilux, routilux_dashboard], ids=lambda package: package.__name__)
def test_every_public_name_is_told_of_once(package: object) -> None:
    name = getattr(package, "__name__", "")
    told = Counter(told for page in PAGES if page.package == name for told in page.names)
    assert told == Counter(set(getattr(package, "__all__", ())) - UNTOLD)


def test_every_docstring_says_what_is_passed_returned_and_raised() -> None:
    assert missing() == []


# -- and what checks them can fail -----------------------------------------------------------------------------------


@contextmanager
def visited(source: str) -> Iterator[griffe.Module]:
    """A module made of this source."""
    with griffe.temporary_visited_module(
        source, modules_collection=griffe.ModulesCollection(), docstring_parser="google"
    ) as module:
        yield module


@pytest.mark.parametrize(
    ("signature", "docstring", "body", "lacks"),
    [
        ("() -> None", "Do it.", "...", []),
        ("() -> None", "", "...", ["work: no docstring"]),
        ("(size: int) -> None", "Do it.", "...", ["work: nothing about the argument size"]),
        ("(size: int) -> None", "Do it in pieces of `size`.", "...", []),
        ("() -> int", "Do it.", "...", ["work: nothing about what it returns"]),
        ("() -> int", "Do it; return how often.", "...", []),
        ("() -> int", "The number of pieces.", "...", []),
        ("() -> None", "Do it.", "raise KeyError(1)", ["work: nothing about raising KeyError"]),
        ("() -> None", "Do it. Raises `KeyError`.", "raise KeyError(1)", []),
    ],
)
def test_what_a_functions_docstring_lacks_is_told(signature: str, docstring: str, body: str, lacks: list[str]) -> None:
    source = f'def work{signature}:\n    """{docstring}"""\n    {body}\n'
    with visited(source) as module:
        work = module["work"]
        assert list(missing_of_function(work, "work")) == lacks


def test_what_a_class_lacks_is_told_and_what_it_inherits_counts() -> None:
    source = '''
class Base:
    """A base."""

    def run(self, data: str) -> None:
        """Run `data`."""


class Kind(Base):
    """A kind of `size`."""

    def __init__(self, size: int, colour: str) -> None:
        self.size = size
        self.weight = 3

    def run(self, data: str) -> None: ...

    def again(self, data: str) -> None:
        """As `run`, once more."""
'''
    with visited(source) as module:
        kind = module["Kind"]
        members = {name: kind.members[name] for name in ("size", "weight", "run", "again")}
        assert list(missing_of_class(api.PublicClass("Kind", kind, members, ()))) == [
            "Kind: nothing about the argument colour",
            "Kind.weight: nothing says what it is",
        ]
