"""The public names of both packages as griffe reads them from the sources, without importing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import griffe
from griffe import Attribute, Class, Function

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = {"routilux": ROOT / "engine", "routilux_dashboard": ROOT / "dashboard"}

INTERNAL: Mapping[str, frozenset[str]] = {
    "Connection": frozenset({"fill"}),
    "ErrorHandler": frozenset({"fill", "of"}),
    "Event": frozenset({"direct_slots", "emit_directly", "fill", "join", "part"}),
    "ExecutionRecord": frozenset({"fill"}),
    "ExecutionTracker": frozenset({"bind", "event_count", "figures", "take"}),
    "JournalReader": frozenset(
        {"__init__", "entries_taken", "miss_records", "miss_runs", "records_taken", "runs_taken", "start_with"}
    ),
    "Routine": frozenset({"fill", "of"}),
    "RunTotals": frozenset({"add", "merge"}),
    "Slot": frozenset({"binding", "fill"}),
    "Totals": frozenset({"add_records", "add_runs", "merge"}),
}
"""Members without an underscore that are for the engine's other modules, not for users."""


@dataclass(frozen=True)
class PublicClass:
    """A class that users see. `members` has those of its bases too, as far as these are not public themselves.

    `bases` are the public ones: what they have is told there.
    """

    name: str
    source: Class
    members: dict[str, Function | Attribute]
    bases: tuple[str, ...]

    @property
    def constructor(self) -> Function | None:
        """`__init__`, as it is written in the class or in a base that is not public; `None` for one that is made."""
        if "__init__" in INTERNAL.get(self.name, ()):
            return None
        written = (kind.members.get("__init__") for kind in _own_kinds(self.source))
        return next((found for found in written if isinstance(found, Function) and _is_written(found)), None)


def _is_written(constructor: Function) -> bool:
    """Whether a person wrote it: that of a dataclass is said to be where the class is."""
    return constructor.parent is not None and constructor.lineno not in (None, constructor.parent.lineno)


Public = PublicClass | Function | Attribute


@cache
def package(name: str) -> griffe.Module:
    """A package's sources."""
    loaded = griffe.load(
        name, search_paths=[SOURCES[name]], docstring_parser="google", docstring_options={"warnings": False}
    )
    assert isinstance(loaded, griffe.Module)
    return loaded


@cache
def public_names(name: str) -> dict[str, Public]:
    """What `__all__` of a package names, in that order."""
    exports = package(name).exports or []
    return {str(export): _public(str(export), package(name)[str(export)]) for export in exports}


def resolved(found: griffe.Object | griffe.Alias) -> griffe.Object:
    """What a name stands for, where it was imported or inherited."""
    target = found.final_target if isinstance(found, griffe.Alias) else found
    assert isinstance(target, griffe.Object)
    return target


def _public(name: str, found: griffe.Object | griffe.Alias) -> Public:
    source = resolved(found)
    if isinstance(source, Class):
        return PublicClass(name, source, _members(name, source), _public_bases(source))
    assert isinstance(source, (Function, Attribute))
    return source


def _members(name: str, source: Class) -> dict[str, Function | Attribute]:
    hidden = INTERNAL.get(name, frozenset())
    kinds = reversed(_own_kinds(source))
    found = {key: member for kind in kinds for key, member in kind.members.items() if not key.startswith("_")}
    shown = {key: member for key, member in found.items() if isinstance(member, (Function, Attribute))}
    return {key: member for key, member in shown.items() if key not in hidden}


def _own_kinds(source: Class) -> list[Class]:
    """The class and its bases that users do not see."""
    return [source, *(kind for kind in source.mro() if not _name_of(kind) and not _below_public(kind, source))]


def _below_public(kind: Class, source: Class) -> bool:
    """Whether a public base of `source` has it from there already."""
    return any(_name_of(base) and kind in base.mro() for base in source.mro())


def _public_bases(source: Class) -> tuple[str, ...]:
    names = [name for kind in source.mro() if (name := _name_of(kind))]
    return tuple(names[:1])


def _name_of(kind: Class) -> str | None:
    """The public name of a class, or `None`."""
    package_name = kind.path.partition(".")[0]
    if package_name not in SOURCES:
        return None
    known = package(package_name)
    exports = {str(export) for export in known.exports or []}
    return kind.name if kind.name in exports and known[kind.name].canonical_path == kind.path else None
