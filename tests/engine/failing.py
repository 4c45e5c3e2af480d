"""Flows with a routine that fails, and where, at which level and how it is run."""

from __future__ import annotations

from typing import Any

import pytest

from routilux import ErrorHandler, Flow
from tests.engine.parts import Node, chain, emits, in_turn, raises


class Unspeakable(Exception):
    """Its text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


def failing_flow(flow: Flow, place: str, level: str, handler: ErrorHandler | None, error: Any = ValueError) -> Node:
    """a → b → c, where the entry `a` or the middle `b` fails after an emission; its handler is set at `level`."""
    failing = Node(in_turn(emits(1), raises(error("bad") if error is ValueError else error)))
    first, second = (failing, Node()) if place == "entry" else (Node(emits(2)), failing)
    chain(flow, ("a", first), ("b", second), ("c", Node()))
    if level == "flow":
        flow.set_error_handler(handler)
    else:
        failing.set_error_handler(handler)
    return failing


where = pytest.mark.parametrize(("place", "failed"), [("entry", "a"), ("other", "b")])
levels = pytest.mark.parametrize("level", ["routine", "flow"])
how = pytest.mark.parametrize("how", ["execute", "start"])
