"""What the public names' docstrings do not say: the reference is made from them, so it would not say it either."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from griffe import Attribute, Class, DocstringSectionKind, Function, Object

from .api import SOURCES, PublicClass, package, public_names, resolved
from .text import Told, entries

VALUE_WORDS = {"A", "An", "The", "Whether", "What", "When", "Where", "Everything", "Records", "Plain", "Nanoseconds"}
"""A docstring that begins with one of these describes the value that is returned."""
_LISTS = {
    DocstringSectionKind.parameters: "arguments",
    DocstringSectionKind.attributes: "listed",
    DocstringSectionKind.raises: "raises",
}
_AS = re.compile(r"\bAs `(?:(?P<owner>\w+)\.)?(?P<name>\w+)`")


def missing() -> list[str]:
    """What is missing in both packages, one line each."""
    found: list[str] = []
    for name, public in ((name, public) for known in SOURCES for name, public in public_names(known).items()):
        if isinstance(public, PublicClass):
            found += missing_of_class(public)
        elif isinstance(public, Function):
            found += missing_of_function(public, name)
    return found


def missing_of_class(kind: PublicClass) -> Iterator[str]:
    """What a class and its public members do not say."""
    text = said_of(kind.source)
    if not text:
        yield f"{kind.name}: no docstring"
    constructor = kind.constructor
    for parameter in constructor.parameters if constructor is not None else ():
        if parameter.name != "self" and not _names(text, parameter.name):
            yield f"{kind.name}: nothing about the argument {parameter.name}"
    for name, member in kind.members.items():
        path = f"{kind.name}.{name}"
        if isinstance(member, Function):
            yield from missing_of_function(member, path)
        elif not said_of(member) and not _names(text, name):
            yield f"{path}: nothing says what it is"


def missing_of_function(function: Function, path: str) -> Iterator[str]:
    """What a function's docstring does not say: what it does, each argument, what it returns, what it raises.

    Each argument must be named, and each exception that the function itself raises. A docstring that
    says "As `method`" or "As `Class.method`" says what that one says, too.
    """
    text = said_of(function)
    if not text:
        yield f"{path}: no docstring"
        return
    for parameter in function.parameters:
        if parameter.name not in ("self", "cls") and not _names(text, parameter.name):
            yield f"{path}: nothing about the argument {parameter.name}"
    if returns_something(function) and not _tells_a_value(text):
        yield f"{path}: nothing about what it returns"
    for error in sorted(raised_in(function)):
        if not _names(text, error):
            yield f"{path}: nothing about raising {error}"


def said_of(documented: Object) -> str:
    """The docstring, with what it refers to; for a method without one, that of the method it overrides."""
    if documented.docstring is None:
        overridden = next(_overridden(documented), None)
        return "" if overridden is None else said_of(overridden)
    text = documented.docstring.value
    return "\n".join([text, *(said_of(other) for other in _referred_to(text, documented))])


def tells(documented: Object) -> Told:
    """The docstring, taken apart; for a method without one, that of the method it overrides."""
    if documented.docstring is None:
        overridden = next(_overridden(documented), None)
        return Told() if overridden is None else tells(overridden)
    told = Told()
    for section in documented.docstring.parsed:
        if section.kind is DocstringSectionKind.text:
            told.paragraphs.extend(_paragraphs(section.value))
        elif section.kind in _LISTS:
            rows = getattr(told, _LISTS[section.kind])
            for item in section.value:
                rows.extend(entries(_name_of(item), item.description))
        else:
            raise ValueError(f"{documented.path}: a section {section.kind.value!r} has no form in the reference yet")
    return told


def returns_something(function: Function) -> bool:
    """Whether the function returns more than `None` or itself."""
    return function.returns is not None and str(function.returns) not in ("None", "Self")


def raised_in(function: Function) -> set[str]:
    """The exceptions that a `raise` in the function itself names (not those of functions that it calls)."""
    indent = len(function.source) - len(function.source.lstrip())
    body = ast.parse("\n".join(line[indent:] for line in function.source.splitlines()))
    raised = (node.exc for node in ast.walk(body) if isinstance(node, ast.Raise) and node.exc is not None)
    called = (node.func if isinstance(node, ast.Call) else node for node in raised)
    return {node.id for node in called if isinstance(node, ast.Name) and node.id[0].isupper()}


def _name_of(item: Any) -> str:
    """The name of an entry of a list: an exception is an annotation, and so is a second name behind a comma."""
    name = getattr(item, "name", "")
    return name if name and not name.endswith(",") else f"{name} {item.annotation}".strip()


def _paragraphs(text: str) -> list[str]:
    return [paragraph for paragraph in re.split(r"\n\n+", text) if paragraph.strip()]


def _overridden(documented: Object) -> Iterator[Object]:
    owner = documented.parent
    for base in owner.mro() if isinstance(owner, Class) else ():
        member = base.members.get(documented.name)
        if isinstance(member, (Function, Attribute)) and member.docstring is not None:
            yield member


def _referred_to(text: str, documented: Object) -> Iterator[Object]:
    for found in _AS.finditer(text):
        owner = documented.parent if found["owner"] is None else package("routilux")[found["owner"]]
        other = owner.all_members.get(found["name"]) if owner is not None else None
        if other is not None and (target := resolved(other)) is not documented:
            yield target


def _tells_a_value(text: str) -> bool:
    return text.split(maxsplit=1)[0] in VALUE_WORDS or re.search(r"\b[Rr]eturn", text) is not None


def _names(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None
