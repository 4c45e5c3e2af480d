"""The routines of a flow that can send to each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from ..protocol import ConnectionDefinition, FlowDefinition

ANSWERS_KEPT = 16


class Wiring:
    """The connections of a flow, by routine. Made once per structure.

    `downstream(routine_ids)` returns the routines that these can reach, directly or through others;
    it includes one of them only if it is in a cycle. The 16 most recent answers are cached, because
    the same ones are requested repeatedly.
    """

    def __init__(self, flow: FlowDefinition) -> None:
        self._targets: defaultdict[str, set[str]] = defaultdict(set)
        self._inputs: defaultdict[str, list[ConnectionDefinition]] = defaultdict(list)
        self.downstream = lru_cache(ANSWERS_KEPT)(self._downstream)
        for connection in flow.connections:
            self._targets[connection.source.routine_id].add(connection.target.routine_id)
            self._inputs[connection.target.routine_id].append(connection)

    def _downstream(self, routine_ids: frozenset[str]) -> frozenset[str]:
        found: set[str] = set()
        ahead = list(routine_ids)
        while ahead:
            fresh = self._targets.get(ahead.pop(), set()) - found
            found |= fresh
            ahead.extend(fresh)
        return frozenset(found)

    def targets(self, routine_ids: Iterable[str]) -> set[str]:
        """The routines that these send to directly."""
        return set().union(*(self._targets.get(routine_id, ()) for routine_id in routine_ids))

    def inputs(self, routine_id: str) -> list[ConnectionDefinition]:
        """The connections into a routine."""
        return self._inputs.get(routine_id, [])
