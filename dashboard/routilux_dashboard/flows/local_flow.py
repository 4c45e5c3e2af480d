"""A watched flow and its description, which is remade when the flow changes."""

from __future__ import annotations

from routilux import Flow

from ..fold.flow_index import FlowIndex, masked, view_of
from ..payloads.mask import NO_MASK, Mask
from ..protocol import FlowDefinition
from .describe import describe


def need_flow(flow: object) -> None:
    """Raise `TypeError` if `flow` is not a flow; the message says what to pass instead."""
    if isinstance(flow, type):
        name = flow.__name__
        raise TypeError(f"{name} is a class, and a flow is needed: make one, {name}(…), and give that")
    if not isinstance(flow, Flow):
        raise TypeError(f"{flow!r} is no flow: what is watched are objects of Flow")


class LocalFlow:
    """Describes a flow. Any thread may call it: its state is replaced, never modified.

    Defaults of parameters that `mask` hides are replaced by a placeholder.
    """

    def __init__(self, flow: Flow, mask: Mask = NO_MASK) -> None:
        self.flow = flow
        self._mask = mask
        self._known: tuple[object, FlowIndex] | None = None

    @property
    def flow_id(self) -> str:
        return self.flow.flow_id

    def definition(self) -> FlowDefinition:
        """The current description."""
        return self.look().definition

    def view(self) -> FlowIndex:
        """The flow as of the last `look`."""
        return self._known[1] if self._known is not None else self.look()

    def look(self) -> FlowIndex:
        """The current flow. Checks each routine; makes a new description only if something changed."""
        state = self._state()
        if self._known is not None and self._known[0] == state:
            return self._known[1]
        view = view_of(masked(describe(self.flow), self._mask))
        self._known = (state, view)
        return view

    def _state(self) -> object:
        """Everything a description depends on, for comparison."""
        flow = self.flow
        handlers = [routine.get_error_handler() for routine in list(flow.routines.values())]
        return flow.structure_version, flow.execution_strategy, flow.max_workers, flow.error_handler, handlers
