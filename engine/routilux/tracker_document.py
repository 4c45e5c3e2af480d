"""What a tracker knows, to and from plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from .documents import Part
from .rows import RunTotals
from .snapshot import snapshot

if TYPE_CHECKING:
    from .execution_tracker import ExecutionTracker


@dataclass(slots=True)
class Figures:
    """Handler runs of a routine, added up."""

    started: int = 0
    completed: RunTotals = field(default_factory=RunTotals)
    failed: RunTotals = field(default_factory=RunTotals)

    def merge(self, other: Figures) -> None:
        self.started += other.started
        self.completed.merge(other.completed)
        self.failed.merge(other.failed)


def tracker_to_plain(tracker: ExecutionTracker) -> dict[str, Any]:
    """The document of a tracker."""
    return {
        "_type": "ExecutionTracker",
        "flow_id": tracker.flow_id,
        "routine_executions": snapshot(tracker.routine_executions),
        "event_flow": snapshot(tracker.event_flow),
        "performance_metrics": snapshot(tracker.performance_metrics),
        **totals_to_plain(tracker),
    }


def fill_tracker(tracker: ExecutionTracker, part: Part) -> None:
    """Make a fresh tracker what the document says; without totals they are those of its executions and events."""
    part.at("_type").must_say("ExecutionTracker")
    flow_id, metrics, events = part.text("flow_id"), part.object("performance_metrics"), part.objects("event_flow")
    lists = part.at("routine_executions", {})
    executions = {key: lists.objects(key) for key in lists.fields()}
    added_up = {key: _figures_of(rows) for key, rows in lists.entries()}
    figures, event_count = totals_of(part)
    tracker.flow_id, tracker.performance_metrics = flow_id, metrics
    tracker.take(executions, events, figures or added_up, event_count if figures else len(events))


def totals_to_plain(tracker: ExecutionTracker) -> dict[str, Any]:
    """The keys of a document that hold the exact totals."""
    figures = {key: asdict(value) for key, value in tracker.figures().items()}
    return {"figures": figures, "total_events": tracker.event_count()}


def totals_of(part: Part) -> tuple[dict[str, Figures], int]:
    """What such keys say."""
    figures = {
        key: Figures(item.whole("started"), _totals(item.at("completed")), _totals(item.at("failed")))
        for key, item in part.at("figures", {}).entries()
    }
    return figures, part.whole("total_events", 0)


def _totals(part: Part) -> RunTotals:
    return RunTotals(part.whole("count"), part.whole("total_ns"), part.whole("min_ns"), part.whole("max_ns"))


def _figures_of(rows: Part) -> Figures:
    figures = Figures()
    for row in rows.items():
        figures.started += 1
        if row.at("execution_time").value is not None:
            seconds = row.number("execution_time")
            if not 0 <= seconds < 1e12:
                raise row.at("execution_time").wrong("a number of seconds")
            totals = figures.completed if row.text("status") == "completed" else figures.failed
            totals.add([round(seconds * 1e9)])
    return figures
