"""Makes nested data flat."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...event import Event
from ...routine import Routine
from ...slot import Slot
from ..too_deep import preview, text_of

CIRCULAR = "[Circular Reference]"


class DataFlattener(Routine):
    """Joins the keys of nested dicts and the positions in nested lists to one flat dict.

    Slot `input`: `data`. Event `output`: `flattened_data`, `original_type` (the class name),
    `depth` (the deepest level; 0 for what is no container).

    Configuration: `separator` (`"."`); `preserve_lists` (`True`; off, the items of a list share its
    key, and the last one wins); `max_depth` (100 levels).

    >>> from routilux import Slot
    >>> flattener = DataFlattener()
    >>> _ = flattener.output_event.connect(Slot("seen", handler=lambda flattened_data: print(flattened_data)))
    >>> flattener.input_slot.receive({"data": {"a": {"c": [2, 3]}}})
    {'a.c.0': 2, 'a.c.1': 3}
    """

    def __init__(self) -> None:
        super().__init__()
        self.set_config(separator=".", preserve_lists=True, max_depth=100)
        self.input_slot: Slot = self.define_slot("input", handler=self._handle_input)
        self.output_event: Event = self.define_event("output", ["flattened_data", "original_type", "depth"])

    def _handle_input(self, data: Any = None, **kwargs: Any) -> None:
        value = self._extract_input_data(data, **kwargs)
        flat = flatten(
            value,
            self.get_config("separator", "."),
            preserve_lists=self.get_config("preserve_lists", True),
            max_depth=self.get_config("max_depth", 100),
        )
        self.emit("output", flattened_data=flat.data, original_type=type(value).__name__, depth=flat.depth)


class Flattened(NamedTuple):
    """Flat data and how deep it was."""

    data: dict[str, Any]
    depth: int


def flatten(value: Any, separator: str = ".", *, preserve_lists: bool = True, max_depth: int = 100) -> Flattened:
    """Flatten a value. Only dicts and lists are taken apart; anything else is under `"value"`.

    An empty dict or list leaves nothing, one at `max_depth` its `str`, one inside itself
    `"[Circular Reference]"`, and one that is nested too deeply for Python its outermost levels as text.
    Where two paths have the same name, the later wins.

    >>> flatten([1, {"a": 2}])
    Flattened(data={'0': 1, '1.a': 2}, depth=2)
    >>> flatten({"a": {"b": {"c": 1}}, "x": 2}, max_depth=2)
    Flattened(data={'a.b': "{'c': 1}", 'x': 2}, depth=2)
    >>> flatten({"a": [1, 2]}, preserve_lists=False)
    Flattened(data={'a': 2}, depth=2)
    """
    work = _Work(separator, preserve_lists, max_depth)
    work.add(None, value, 0)
    return Flattened(work.flat, work.depth)


class _Work:
    """What a flattening has found so far."""

    def __init__(self, separator: str, preserve_lists: bool, max_depth: int) -> None:
        self.separator = separator
        self.preserve_lists = preserve_lists
        self.max_depth = max_depth
        self.flat: dict[str, Any] = {}
        self.depth = 0
        self._parents: set[int] = set()

    def add(self, path: str | None, value: Any, level: int) -> None:
        self.depth = max(self.depth, level)
        if not isinstance(value, (dict, list)):
            self._put(path, value)
        elif id(value) in self._parents:
            self._put(path, CIRCULAR)
        elif level >= self.max_depth:
            self._put(path, text_of(value))
        else:
            self._add_items(path, value, level + 1)

    def _add_items(self, path: str | None, value: dict[Any, Any] | list[Any], level: int) -> None:
        self._parents.add(id(value))
        try:
            if isinstance(value, dict):
                for key, item in value.items():
                    self.add(self._below(path, key), item, level)
            else:
                for place, item in enumerate(value):
                    self.add(self._below(path, place) if self.preserve_lists else path, item, level)
        except RecursionError:  # raised again if there is no room for this either: then it is said further out
            self._put(path, preview(value))
        finally:
            self._parents.discard(id(value))

    def _below(self, path: str | None, key: Any) -> str:
        return str(key) if path is None else f"{path}{self.separator}{key}"

    def _put(self, path: str | None, value: Any) -> None:
        self.flat["value" if path is None else path] = value
