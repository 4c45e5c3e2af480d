"""The reference shows every public name once, and docstrings describe every argument, result and exception."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import griffe
import pytest

import routilux
import routilux_dashboard

ROOT = Path(__file__).resolve().parent.parent
SOURCES = {"routilux": ROOT / "engine", "routilux_dashboard": ROOT / "dashboard"}
DIRECTIVE = re.compile(r"^::: (\w+)\.(\w+)\n(?:    options:\n      filters: (.*)\n)?", re.MULTILINE)
FILTERS = re.compile(r'^ +- ("!.*")$', re.MULTILINE)
ALIAS = re.compile(r"\bAs `(?:(\w+)\.)?(\w+)`")
NOUN = re.compile(r"(?:An?|The|Whether|What|When|Where|Everything|Records|Plain|Nanoseconds)\b|(?s:.*)\b[Rr]eturn")
"""How a docstring begins that describes the value returned, or any mention of returning."""


def directives() -> list[tuple[str, str, list[str]]]:
    """Each directive of the reference: the package, the name, and the filters that hide members."""
    common = FILTERS.findall((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    pages = [page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs" / "reference").glob("*.md"))]
    found = [match for page in pages for match in DIRECTIVE.findall(page + "\n")]
    return [(package, name, [*common, *re.findall(r'"[^"]+"', own)]) for package, name, own in found]


@cache
def package(name: str) -> griffe.Module:
    loaded = griffe.load(name, search_paths=[SOURCES[name]])
    assert isinstance(loaded, griffe.Module)
    return loaded


def resolve(found: griffe.Object | griffe.Alias) -> griffe.Object:
    target = found.final_target if isinstance(found, griffe.Alias) else found
    assert isinstance(target, griffe.Object)
    return target


def docstring(documented: griffe.Object) -> str:
    """The docstring, with those that it refers to by "As `name`"; without one, that of the member overridden."""
    owner = documented.parent
    if documented.docstring is None:
        bases = owner.mro() if isinstance(owner, griffe.Class) else []
        inherited = [resolve(base.members[documented.name]) for base in bases if documented.name in base.members]
        return docstring(inherited[0]) if inherited else ""
    text = documented.docstring.value
    for of, name in ALIAS.findall(text):
        other = (package("routilux")[of] if of else owner).all_members.get(name)  # type: ignore[union-attr]
        if other is not None and resolve(other) is not documented:
            text += "\n" + docstring(resolve(other))
    return text


def mentions(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def raised_by(function: griffe.Function) -> set[str]:
    """The exceptions that the function's own `raise` statements name."""
    tree = ast.parse("if 1:\n" + "\n".join(f" {line}" for line in function.source.splitlines()))
    raised = (node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise))
    names = (node.func if isinstance(node, ast.Call) else node for node in raised)
    return {node.id for node in names if isinstance(node, ast.Name) and node.id[0].isupper()}


def missing_of_function(function: griffe.Function, path: str) -> Iterator[str]:
    text = docstring(function)
    if not text:
        yield f"{path}: no docstring"
        return
    for parameter in function.parameters:
        if parameter.name not in ("self", "cls") and not mentions(text, parameter.name):
            yield f"{path}: argument {parameter.name} is not described"
    if str(function.returns) not in ("None", "Self") and not NOUN.match(text):
        yield f"{path}: the result is not described"
    yield from (f"{path}: raising {name} is not described" for name in raised_by(function) if not mentions(text, name))


def own_init_hidden(filters: list[str]) -> bool:
    """Whether users do not construct the class."""
    return any("__init__" in pattern for pattern in filters)


def missing_of_class(kind: griffe.Class, filters: list[str]) -> Iterator[str]:
    text = docstring(kind)
    if not text:
        yield f"{kind.name}: no docstring"
    hidden = re.compile("|".join(pattern.strip('"')[1:] for pattern in filters))
    for name, member in kind.members.items():
        if name == "__init__" and not own_init_hidden(filters) and member.lineno != kind.lineno:
            assert isinstance(member, griffe.Function)
            arguments = [parameter.name for parameter in member.parameters if parameter.name != "self"]
            yield from (f"{kind.name}: argument {one} is not described" for one in arguments if not mentions(text, one))
        if hidden.search(name):
            continue
        if isinstance(member, griffe.Function):
            yield from missing_of_function(member, f"{kind.name}.{name}")
        elif isinstance(member, griffe.Attribute) and not docstring(member) and not mentions(text, name):
            yield f"{kind.name}.{name}: not described"


@pytest.mark.parametrize("public", [routilux, routilux_dashboard], ids=lambda module: module.__name__)
def test_every_public_name_is_in_the_reference_once(public: object) -> None:
    name = getattr(public, "__name__", "")
    shown = Counter(shown for owner, shown, _ in directives() if owner == name)
    assert shown == Counter(set(getattr(public, "__all__", ())) - {"__version__"})


def test_every_directive_stands_under_a_heading_of_its_name_and_is_listed() -> None:
    index = (ROOT / "docs" / "reference" / "README.md").read_text(encoding="utf-8")
    for page in set((ROOT / "docs" / "reference").glob("*.md")):
        for title, name in re.findall(r"^## (\w+)\n\n::: \w+\.(\w+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
            assert title == name
            assert f"[`{name}`]({page.name}#{name.lower()})" in index


def test_docstrings_describe_arguments_results_and_exceptions() -> None:
    missing: list[str] = []
    for owner, name, filters in directives():
        shown = resolve(package(owner)[name])
        if isinstance(shown, griffe.Class):
            missing += missing_of_class(shown, filters)
        elif isinstance(shown, griffe.Function):
            missing += missing_of_function(shown, name)
    assert missing == []


# -- and the check can fail ------------------------------------------------------------------------------------------


@contextmanager
def visited(source: str) -> Iterator[griffe.Module]:
    with griffe.temporary_visited_module(source, modules_collection=griffe.ModulesCollection()) as module:
        yield module


@pytest.mark.parametrize(
    ("signature", "text", "body", "missing"),
    [
        ("() -> None", "Do it.", "...", []),
        ("() -> None", "", "...", ["work: no docstring"]),
        ("(size: int) -> None", "Do it.", "...", ["work: argument size is not described"]),
        ("(size: int) -> None", "Do it in pieces of `size`.", "...", []),
        ("() -> int", "Do it.", "...", ["work: the result is not described"]),
        ("() -> int", "Do it; return how often.", "...", []),
        ("() -> int", "The number of pieces.", "...", []),
        ("() -> None", "Do it.", "raise KeyError(1)", ["work: raising KeyError is not described"]),
        ("() -> None", "Do it. Raises `KeyError`.", "raise KeyError(1)", []),
    ],
)
def test_an_incomplete_docstring_of_a_function_is_found(
    signature: str, text: str, body: str, missing: list[str]
) -> None:
    quoted = f'"""{text}"""' if text else ""
    with visited(f"def work{signature}:\n    {quoted}\n    {body}\n") as module:
        function = module["work"]
        assert list(missing_of_function(function, "work")) == missing


def test_an_incomplete_docstring_of_a_class_is_found() -> None:
    source = (
        'class Shop:\n    """Sells."""\n    price: int = 3\n    def __init__(self, name: str) -> None: ...\n'
        "    def open(self) -> None: ...\n    def hidden(self) -> None: ...\n"
    )
    with visited(source) as module:
        missing = list(missing_of_class(module["Shop"], ['"!^_"', '"!^hidden$"']))
    assert missing == [
        "Shop.price: not described", "Shop: argument name is not described", "Shop.open: no docstring",
    ]  # fmt: skip
