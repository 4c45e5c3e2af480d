"""Sends data along the routes whose conditions it meets."""

from __future__ import annotations

from itertools import islice
from operator import is_
from typing import Any

from ..event import Event
from ..persistence.plain_data import PlainReader
from ..routine import Routine
from ..slot import Slot
from .stored_conditions import Condition, Matcher, restored_routes, routes_of, stored_routes

__all__ = ["ConditionalRouter"]


UNMATCHED = "unmatched"

_PARAMETERS = ["data", "route"]


class ConditionalRouter(Routine):
    """Emits data on the event of the route whose condition it meets.

    Slot `input`: `data`. One event for each route, named like it, and event `output` for what
    matches none (`default_output`): all with `data` and `route` (the name, or `"unmatched"`). The event of a route is
    there as soon as it is asked for, so that it can be connected.

    Configuration: `routes`, a list of `(name, condition)`; `route_priority`, `"first_match"` or
    `"all_matches"`; `default_route`, the route of what matches none.

    A condition is text (see `Expression`), over `data`, `config` (this configuration) and `stats`
    (always empty); a dict of field to expected value, or to a callable on the value; or a callable:
    with one parameter it gets the data, with two the data and what the other is named after (`config`
    or `stats`; else the configuration), with more what each is named after. One that raises does not match.

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
        """Add the route `route_name` behind the others, and define its event.

        Raises `ValueError` for text that is no expression as `Expression` describes, and for what is
        no condition.
        """
        self.set_config(routes=[*self.get_config("routes", []), (route_name, condition)])
        self._event_of(route_name)

    def set_config(self, **kwargs: Any) -> None:
        """Update the configuration with `kwargs`.

        Raises `ValueError`, and nothing changes, when a condition of `routes` cannot be used.
        """
        if "routes" in kwargs:
            matchers = routes_of(kwargs["routes"])
            self._known = list(kwargs["routes"]), matchers
        super().set_config(**kwargs)

    def get_event(self, name: str) -> Event | None:
        """The output of that `name`, or `None`; that of a route is made when it is not there yet."""
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
        """The routes as functions: made anew when the configuration was changed in another way than by `set_config`."""
        routes = self.get_config("routes", [])
        seen, matchers = self._known
        if len(routes) == len(seen) and all(map(is_, routes, seen)):
            return matchers
        self._known = list(routes), routes_of(routes)
        return self._known[1]

    def _event_of(self, route_name: str) -> Event:
        event = self._events.get(route_name)
        # Two workers may come here at once: both then get the same event.
        return event or self._events.setdefault(route_name, Event(route_name, self, _PARAMETERS))
