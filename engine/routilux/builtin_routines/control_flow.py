"""Route data by conditions."""

from __future__ import annotations

from itertools import islice
from operator import is_
from typing import Any

from ..event import Event
from ..persistence.plain_data import PlainReader
from ..routine import Routine
from ..slot import Slot
from .stored_conditions import Condition, Matcher, compile_routes, restored_routes, stored_routes

__all__ = ["ConditionalRouter"]


UNMATCHED = "unmatched"

_PARAMETERS = ["data", "route"]


class ConditionalRouter(Routine):
    """Emits data on the event of each route whose condition it matches.

    Slot `input`: `data`. One event for each route, with the route's name, and event `output` for data
    that matches none (`default_output`): all with `data` and `route` (the name, or `"unmatched"`). The event
    of a route is created on first access, so that it can be connected.

    Configuration: `routes`, a list of `(name, condition)`; `route_priority`, `"first_match"` or
    `"all_matches"`; `default_route`, the route for data that matches none.

    A condition is text (see `Expression`), over `data`, `config` (this configuration) and `stats`
    (always empty); a dict of field to expected value or callable on the value; or a callable. A
    callable with one parameter gets the data; with two, the data and, by the other's name, `config` or `stats`
    (any other name gets the configuration); with more, each by its name. A condition that raises does not match.

    >>> from routilux import Slot
    >>> router = ConditionalRouter()
    >>> router.add_route("urgent", "data.get('priority') == 'high'")
    >>> router.add_route("bulk", {"items": lambda items: len(items) > 10})
    >>> _ = router.get_event("urgent").connect(Slot("seen", handler=lambda data, route: print(route, data)))
    >>> router.input_slot.receive({"data": {"priority": "high"}})
    urgent {'priority': 'high'}
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: tuple[list[Any], list[tuple[str, Matcher]]] = ([], [])
        self.set_config(routes=[], default_route=None, route_priority="first_match")
        self.input_slot: Slot = self.define_slot("input", handler=self._handle_input)
        self.default_output: Event = self.define_event("output", _PARAMETERS)

    def add_route(self, route_name: str, condition: Condition) -> None:
        """Add the route `route_name` after the others, and define its event.

        Raises `ValueError` if the condition is invalid.
        """
        self.set_config(routes=[*self.get_config("routes", []), (route_name, condition)])
        self._event_of(route_name)

    def set_config(self, **kwargs: Any) -> None:
        """Update the configuration with `kwargs`.

        Raises `ValueError`, and changes nothing, if a condition of `routes` is invalid.
        """
        if "routes" in kwargs:
            matchers = compile_routes(kwargs["routes"])
            self._known = list(kwargs["routes"]), matchers
        super().set_config(**kwargs)

    def get_event(self, name: str) -> Event | None:
        """Return the event `name`, or `None`; a route's event is created on first access."""
        is_route = name == self.get_config("default_route") or any(name == route for route, _ in self._matchers())
        return self._event_of(name) if is_route else super().get_event(name)

    def _config_to_plain(self) -> dict[str, Any]:
        plain = super()._config_to_plain()
        plain["routes"] = stored_routes(self.get_config("routes", []))
        return plain

    def _config_from_plain(self, part: PlainReader) -> None:
        super()._config_from_plain(part)
        self.set_config(routes=restored_routes(part.child("routes", [])))

    def _handle_input(self, data: Any = None, **kwargs: Any) -> None:
        value = self._extract_input_data(data, **kwargs)
        names = self._routes_for(value)
        for name in names:
            self._event_of(name)
            self.emit(name, data=value, route=name)
        if not names:
            self.emit("output", data=value, route=UNMATCHED)

    def _routes_for(self, value: Any) -> list[str]:
        matching = (name for name, matches in self._matchers() if matches(value, self._config))
        one_is_enough = self.get_config("route_priority") != "all_matches"
        default = self.get_config("default_route")
        return list(islice(matching, 1 if one_is_enough else None)) or ([default] if default else [])

    def _matchers(self) -> list[tuple[str, Matcher]]:
        """The compiled routes; compiled again if the configuration was changed other than by `set_config`."""
        routes = self.get_config("routes", [])
        seen, matchers = self._known
        if len(routes) == len(seen) and all(map(is_, routes, seen)):
            return matchers
        self._known = list(routes), compile_routes(routes)
        return self._known[1]

    def _event_of(self, route_name: str) -> Event:
        event = self._events.get(route_name)
        # Two workers may get here at once; both get the same event.
        return event or self._events.setdefault(route_name, Event(route_name, self, _PARAMETERS))
