"""Applies transformations to data."""

from __future__ import annotations

import logging
from typing import Any

from ...callables import to_plain
from ...documents import Part
from ...event import Event
from ...routine import Routine
from ...slot import Slot
from ..function_table import FunctionTable
from .transformations import BUILT_IN, Transformation, transform

_log = logging.getLogger("routilux")


class DataTransformer(Routine):
    """Applies transformations one after the other; one that fails leaves the data as it was.

    Slot `input`: `data`, and optionally `transformations` for this data only. Event `output`:
    `transformed_data`, `transformation_applied` (names), `errors` (texts, or `None`).

    Configuration: `transformations` (names or callables, `[]`); `transformation_map` (further names
    with their callables: the same as `register_transformation` for each); `chain_transformations`
    (kept, without effect). Names that are always there: `lowercase`, `uppercase`,
    `strip_whitespace`, `to_string`, `to_int`, `to_float`, `remove_none`.

    >>> from routilux import Slot
    >>> transformer = DataTransformer()
    >>> transformer.register_transformation("exclaim", lambda text: text + "!")
    >>> transformer.set_config(transformations=["uppercase", "exclaim"])
    >>> _ = transformer.output_event.connect(Slot("seen", handler=lambda transformed_data: print(transformed_data)))
    >>> transformer.input_slot.receive({"data": "hello"})
    HELLO!
    """

    def __init__(self) -> None:
        super().__init__()
        self._functions = FunctionTable("transformation", BUILT_IN)
        self.set_config(transformations=[], chain_transformations=True)
        self.input_slot: Slot = self.define_slot("input", handler=self._handle_input)
        self.output_event: Event = self.define_event("output", ["transformed_data", "transformation_applied", "errors"])

    def register_transformation(self, name: str, func: Transformation) -> None:
        """Make a transformation known by `name`; `func(data)` returns the new data.

        Raises `ValueError` when `func` is not callable. What is saved is its name: after loading, a
        function of a module of yours is there again, and so is whatever a subclass registers in its
        `__init__`; another must be registered anew.
        """
        self._functions.register(name, func)

    def set_config(self, **kwargs: Any) -> None:
        """Update the configuration with `kwargs`; the functions of a `transformation_map` are registered."""
        for name, function in dict(kwargs.pop("transformation_map", None) or {}).items():
            self._functions.register(name, function)
        super().set_config(**kwargs)

    def get_config(self, key: str, default: Any = None) -> Any:
        """The value under `key`, or `default`; `transformation_map` is everything that is known by name."""
        return dict(self._functions) if key == "transformation_map" else super().get_config(key, default)

    def config(self) -> dict[str, Any]:
        """A copy of the configuration, with the `transformation_map`."""
        return {**super().config(), "transformation_map": dict(self._functions)}

    def _config_to_plain(self) -> dict[str, Any]:
        return {**super()._config_to_plain(), "transformation_map": to_plain(dict(self._functions.registered))}

    def _config_from_plain(self, part: Part) -> None:
        super()._config_from_plain(part)
        found = self._config.pop("transformation_map", None)
        for name, function in found.items() if isinstance(found, dict) else ():
            if callable(function):
                self._functions.register(name, function)
            elif name not in self._functions:
                _log.warning("Transformation %r of %r was not restored: register it again", name, self)

    def _handle_input(self, data: Any = None, transformations: Any = None, **kwargs: Any) -> None:
        value = self._extract_input_data(data, **kwargs)
        steps = self.get_config("transformations", []) if transformations is None else transformations
        result = transform(value, [steps] if isinstance(steps, str) else steps, self._functions)
        self.emit(
            "output",
            transformed_data=result.data,
            transformation_applied=result.applied,
            errors=result.errors or None,
        )
