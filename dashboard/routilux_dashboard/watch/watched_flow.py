"""A flow that is watched: its description, made anew when the flow has changed."""

from __future__ import annotations

from typing import NamedTuple

from routilux import Flow

from ..film.wiring import Wiring
from ..protocol import FlowDefinition
from .describe import describe


class FlowView(NamedTuple):
    """A description and what follows from it. The same object until the flow changes."""

    definition: FlowDefinition
    wiring: Wiring
    routine_ids: frozenset[str]
    connection_ids: frozenset[str]


class WatchedFlow:
    """Describes a flow. Any thread may call it: what it keeps is replaced, never changed."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self._known: tuple[object, FlowView] | None = None

    @property
    def flow_id(self) -> str:
        return self.flow.flow_id

    def definition(self) -> FlowDefinition:
        """The description as it is now."""
        return self.look().definition

    def view(self) -> FlowView:
        """The flow as it was at the last look."""
        return self._known[1] if self._known is not None else self.look()

    def look(self) -> FlowView:
        """The flow as it is now. Costs a look at each routine; a description only when something changed."""
        state = self._state()
        if self._known is not None and self._known[0] == state:
            return self._known[1]
        definition = describe(self.flow)
        routine_ids = frozenset(routine.routine_id for routine in definition.routines)
        connection_ids = frozenset(connection.connection_id for connection in definition.connections)
        view = FlowView(definition, Wiring(definition), routine_ids, connection_ids)
        self._known = (state, view)
        return view

    def _state(self) -> object:
        """What a description depends on, to be compared."""
        flow = self.flow
        handlers = [routine.get_error_handler() for routine in list(flow.routines.values())]
        return flow.structure_version, flow.execution_strategy, flow.max_workers, flow.error_handler, handlers
