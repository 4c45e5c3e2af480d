"""The demos that `routilux demo` can run, by name."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from routilux import Flow

MODULES = {"stdlib-census": "routilux_dashboard.demos.stdlib_census"}


class Demo(Protocol):
    """What the module of a demo offers: its words, the id of its entry routine, and its flow.

    The entry takes a parameter `pace`: seconds to wait after each step, for watching.
    """

    NAME: str
    SUMMARY: str
    ENTRY: str

    @staticmethod
    def make_flow() -> Flow: ...


def demo_names() -> list[str]:
    """The names of all demos; the first is the one that is meant when none is named."""
    return list(MODULES)


def load_demo(name: str) -> Demo:
    """The demo of that name; raises `ValueError` that lists the names when there is none.

    >>> load_demo("stdlib-census").ENTRY
    'walker'
    """
    if name not in MODULES:
        raise ValueError(f"There is no demo {name!r}; there is {', '.join(map(repr, demo_names()))}")
    return cast(Demo, import_module(MODULES[name]))
