"""Figures of a job, computed from its journal."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from .journal.entries import Figures, HandlerRun, RunTotals, figures_from_plain, figures_to_plain
from .journal.journal import Journal
from .persistence.plain_data import PlainReader, iso_utc, now_iso
from .persistence.snapshot import snapshot

KEPT_PER_ROUTINE = 10_000
"""Executions of each routine, and events, kept in the raw lists. The figures count all of them."""


class ExecutionTracker:
    """Executions and events of one job, with exact totals.

    A job's own tracker (`job_state.execution_tracker`) reads the job's journal on request, so counting
    costs the job nothing. Starts, ends and events can also be recorded by hand.

    Attributes:
        flow_id: the id of the job's flow.
        performance_metrics: a dict for your own use; the engine ignores it.
    """

    def __init__(self, flow_id: str = "") -> None:
        self.flow_id: str = flow_id
        self.performance_metrics: dict[str, Any] = {}
        self._noted: dict[str, deque[dict[str, Any]]] = {}
        self._noted_figures: dict[str, Figures] = {}
        self._noted_events: deque[dict[str, Any]] = deque(maxlen=KEPT_PER_ROUTINE)
        self._noted_event_count = 0
        self._journal: Journal | None = None
        self._recent: dict[int, deque[HandlerRun]] = {}

    def bind(self, journal: Journal) -> None:
        """Read figures from `journal`."""
        self._journal = journal
        journal.on_runs_folded = self._keep_recent

    # -- recording by hand

    def record_routine_start(self, routine_id: str, params: dict[str, Any] | None = None) -> None:
        """Record that `routine_id` starts, with `params`."""
        note: dict[str, Any] = {"routine_id": routine_id, "start_time": now_iso(), "params": params}
        note |= {"status": "running", "_started": time.perf_counter()}
        self._noted.setdefault(routine_id, deque(maxlen=KEPT_PER_ROUTINE)).append(note)
        self._noted_figures.setdefault(routine_id, Figures()).started += 1

    def record_routine_end(
        self, routine_id: str, status: str = "completed", result: Any = None, error: str | None = None
    ) -> None:
        """Record that the last start of `routine_id` ends; does nothing without a start.

        Any `status` but `"completed"` counts as failed; `result` and `error` are kept unless `None`.
        """
        notes = self._noted.get(routine_id)
        if not notes or "_started" not in notes[-1]:
            return
        note = notes[-1]
        seconds = time.perf_counter() - note.pop("_started")
        note |= {"end_time": now_iso(), "status": status, "execution_time": seconds}
        note |= {key: value for key, value in (("result", result), ("error", error)) if value is not None}
        figures = self._noted_figures[routine_id]
        (figures.completed if status == "completed" else figures.failed).add([round(seconds * 1e9)])

    def record_event(
        self,
        source_routine_id: str,
        event_name: str,
        target_routine_id: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        """Record that `source_routine_id` emitted `event_name` with `data`, to `target_routine_id` if given."""
        self._noted_event_count += 1
        self._noted_events.append(
            {
                "timestamp": now_iso(),
                "source_routine_id": source_routine_id,
                "event_name": event_name,
                "target_routine_id": target_routine_id,
                "data": data,
            }
        )

    # -- figures

    def get_routine_performance(self, routine_id: str) -> dict[str, Any] | None:
        """Return the figures of the handler runs of `routine_id`, or `None` if it never ran.

        `total_executions`, `completed`, `failed`, `success_rate` (0 to 1), and `avg_execution_time`,
        `min_execution_time`, `max_execution_time` in seconds.
        """
        return self.get_routine_performances().get(routine_id)

    def get_routine_performances(self) -> dict[str, dict[str, Any]]:
        """Return `get_routine_performance` of every routine that ran, by id, in one pass."""
        return {key: _performance(figures) for key, figures in self.figures().items()}

    def figures(self) -> dict[str, Figures]:
        """Return the exact totals of every routine that ran, by id."""
        found: dict[str, Figures] = {}
        for routine_id, noted in list(self._noted_figures.items()):
            found.setdefault(routine_id, Figures()).merge(noted)
        for routine_id, outcome, totals in self._journal_totals():
            figures = found.setdefault(routine_id, Figures())
            figures.started += totals.count
            (figures.completed if outcome == "completed" else figures.failed).merge(totals)
        return found

    def get_flow_performance(self) -> dict[str, Any]:
        """Return `total_routines`, `total_events`, `total_execution_time` and `avg_routine_time`.

        The times are the sum and the mean of the routines' average times, in seconds.
        """
        performances = self.get_routine_performances()
        total = sum(figures["avg_execution_time"] for figures in performances.values())
        return {
            "total_routines": len(performances),
            "total_events": self.event_count(),
            "total_execution_time": total,
            "avg_routine_time": total / len(performances) if performances else 0,
        }

    def _journal_totals(self) -> list[tuple[str, str, RunTotals]]:
        journal = self._journal
        if journal is None:
            return []
        journal.fold_runs()
        with journal.lock:
            items = list(journal.totals.runs.items())
        return [(journal.target(number).routine_id, outcome, totals) for (number, outcome), totals in items]

    def event_count(self) -> int:
        """Return the number of events."""
        if self._journal is None:
            return self._noted_event_count
        emissions = self._journal.emission_counts()
        journal = self._journal
        return self._noted_event_count + sum(n for s, n in emissions.items() if journal.source(s).kind == "event")

    # -- saving and loading

    def serialize(self) -> dict[str, Any]:
        """Return plain data: the newest executions and events, and the exact totals."""
        return {
            "_type": "ExecutionTracker",
            "flow_id": self.flow_id,
            "routine_executions": snapshot(self.routine_executions),
            "event_flow": snapshot(self.event_flow),
            "performance_metrics": snapshot(self.performance_metrics),
            **figures_to_plain(self.figures(), self.event_count()),
        }

    def deserialize(self, data: dict[str, Any]) -> None:
        """Load `data`, the result of `serialize`, into a new tracker. Raises `ValueError` if it is invalid."""
        part = PlainReader(data, "tracker")
        part.child("_type").expect("ExecutionTracker")
        flow_id, metrics, events = (
            part.string("flow_id"),
            part.object("performance_metrics"),
            part.objects("event_flow"),
        )
        lists = part.child("routine_executions", {})
        executions = {key: lists.objects(key) for key in lists.fields()}
        added_up = {key: _figures_of(rows) for key, rows in lists.entries()}
        figures, event_count = figures_from_plain(part)
        self.flow_id, self.performance_metrics = flow_id, metrics
        self.load_totals(figures or added_up, event_count if figures else len(events), executions, events)

    def load_totals(
        self,
        figures: dict[str, Figures],
        event_count: int,
        executions: dict[str, list[dict[str, Any]]] | None = None,
        events: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Replace everything recorded by hand with totals, and the newest executions and events if given."""
        self._noted = {key: deque(rows, maxlen=KEPT_PER_ROUTINE) for key, rows in (executions or {}).items()}
        self._noted_events = deque(events, maxlen=KEPT_PER_ROUTINE)
        self._noted_figures, self._noted_event_count = figures, event_count

    # -- raw lists

    @property
    def routine_executions(self) -> dict[str, list[dict[str, Any]]]:
        """The newest executions of each routine as dicts, oldest first."""
        lists = {key: [_public(note) for note in notes] for key, notes in list(self._noted.items())}
        if self._journal is not None:
            self._journal.fold_runs()
            for number, runs in list(self._recent.items()):
                routine_id = self._journal.target(number).routine_id
                lists.setdefault(routine_id, []).extend(self._execution(routine_id, run) for run in list(runs))
        return lists

    @property
    def event_flow(self) -> list[dict[str, Any]]:
        """The newest events as dicts, with all receivers in `target_routine_ids`, oldest first."""
        events = list(self._noted_events)
        journal = self._journal
        if journal is not None:
            rows, _, _ = journal.read_records(max(journal.seq - KEPT_PER_ROUTINE, 0), KEPT_PER_ROUTINE)
            for number, data, time_ns, _ in rows:
                source = journal.source(number)
                if source.kind == "event":
                    events.append(
                        {
                            "timestamp": iso_utc(journal.wall_ns(time_ns)),
                            "source_routine_id": source.routine_id,
                            "event_name": source.event_name,
                            "target_routine_id": source.target_ids[0] if source.target_ids else None,
                            "target_routine_ids": list(source.target_ids),
                            "data": data,
                        }
                    )
        return events

    def _keep_recent(self, runs: list[HandlerRun]) -> None:
        for run in runs:
            recent = self._recent.get(run[0])
            if recent is None:
                recent = self._recent[run[0]] = deque(maxlen=KEPT_PER_ROUTINE)
            recent.append(run)

    def _execution(self, routine_id: str, run: HandlerRun) -> dict[str, Any]:
        assert self._journal is not None
        _, start, duration, outcome, cause = run
        rows, _, _ = self._journal.read_records(cause - 1, 1) if cause else ([], 0, 0)
        return {
            "routine_id": routine_id,
            "start_time": iso_utc(self._journal.wall_ns(start)),
            "params": rows[0][1] if rows else None,
            "status": "completed" if outcome == "completed" else "failed",
            "outcome": outcome,
            "end_time": iso_utc(self._journal.wall_ns(start + duration)),
            "execution_time": duration / 1e9,
        }


def _performance(figures: Figures) -> dict[str, Any]:
    both = RunTotals()
    both.merge(figures.completed)
    both.merge(figures.failed)
    return {
        "total_executions": figures.started,
        "completed": figures.completed.count,
        "failed": figures.failed.count,
        "success_rate": figures.completed.count / figures.started if figures.started else 0,
        "avg_execution_time": both.total_ns / both.count / 1e9 if both.count else 0,
        "min_execution_time": both.min_ns / 1e9,
        "max_execution_time": both.max_ns / 1e9,
    }


def _public(note: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in note.items() if key != "_started"}


def _figures_of(rows: PlainReader) -> Figures:
    figures = Figures()
    for row in rows.items():
        figures.started += 1
        if row.child("execution_time").value is not None:
            seconds = row.number("execution_time")
            if not 0 <= seconds < 1e12:
                raise row.child("execution_time").invalid("a number of seconds")
            totals = figures.completed if row.string("status") == "completed" else figures.failed
            totals.add([round(seconds * 1e9)])
    return figures
