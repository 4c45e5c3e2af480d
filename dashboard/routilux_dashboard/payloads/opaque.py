"""What can be said of an object without running any of its code."""

from __future__ import annotations

from collections.abc import Iterator
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

_mro = type.__dict__["__mro__"].__get__
_namespace = type.__dict__["__dict__"].__get__
_module = type.__dict__["__module__"].__get__
_qualname = type.__dict__["__qualname__"].__get__
_MISSING = object()


def class_name(cls: type) -> str:
    """`module.Class`, past any metaclass of the class; `Class` alone for builtins."""
    module, name = _module(cls), _qualname(cls)
    return f"{module}.{name}" if type(module) is str and module != "builtins" else str(name)


def is_dataclass(cls: type) -> bool:
    """Whether instances of `cls` are dataclasses."""
    return _class_attribute(cls, "__dataclass_fields__") is not _MISSING


def fields(value: object) -> Iterator[tuple[str, Any]]:
    """The named values stored in a dataclass instance, no property asked."""
    cls = type(value)
    stored = _instance_dict(value, cls)
    declared = _class_attribute(cls, "__dataclass_fields__")
    for name in list(declared) if type(declared) is dict else []:
        if type(name) is not str:
            continue
        if name in stored:
            yield name, stored[name]
        elif type(slot := _class_attribute(cls, name)) is MemberDescriptorType:
            try:
                yield name, MemberDescriptorType.__get__(slot, value, cls)
            except AttributeError:  # never set
                continue


def enum_member(value: object) -> str:
    """`.NAME` of a member of an enum, as it is stored; empty when there is none."""
    name = _instance_dict(value, type(value)).get("_name_")
    return f".{name}" if type(name) is str else ""


def _class_attribute(cls: type, name: str) -> Any:
    """What the class or a base has stored under `name`, as it is stored."""
    for base in _mro(cls):
        found = _namespace(base).get(name, _MISSING)
        if found is not _MISSING:
            return found
    return _MISSING


def _instance_dict(value: object, cls: type) -> dict[str, Any]:
    """The `__dict__` of an instance, unless its class has made that word into code of its own."""
    if type(_class_attribute(cls, "__dict__")) is not GetSetDescriptorType:
        return {}
    stored = object.__getattribute__(value, "__dict__")
    return stored if type(stored) is dict else {}
