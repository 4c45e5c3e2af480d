"""A flow for many jobs at once, whose every job says exactly what must have happened in it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from routilux import ErrorHandler, Flow, JobState, Routine

WORKERS = 8
SENT = 6
"""Emissions of the source; each goes to the worker and to the collector."""


class Telling(Routine):
    """Counts its activations in the job, and notes when it runs in a job that does not."""

    def __init__(self) -> None:
        super().__init__()
        self.define_event("out", ["n"])

    def begin(self) -> JobState:
        context = self.get_execution_context()
        assert context is not None
        job = context.job_state
        if job.status != "running":
            job.append_to_shared_log({"wrong": f"{context.routine_id} runs while the job is {job.status}"})
        with job.edit_routine_state(context.routine_id) as state:
            state["runs"] = state.get("runs", 0) + 1
        return job


class Source(Telling):
    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.run)

    def run(self, **_: Any) -> None:
        self.begin()
        for n in range(SENT):
            self.emit("out", n=n)


class Worker(Telling):
    """Fails at the first attempt of every third activation."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("input", handler=self.run)

    def run(self, n: int) -> None:
        job = self.begin()
        if n % 3 == 0:
            with job.edit_shared_data("tried", []) as tried:
                first = n not in tried.value
                tried.value = [*tried.value, n]
            if first:
                raise ConnectionError("the first attempt")
        self.emit("out", n=n)


class Collector(Telling):
    """Merges what it gets; `got` in the job grows with it."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("input", handler=self.run, merge_strategy="append")

    def run(self, n: list[int]) -> None:
        job = self.begin()
        with job.edit_shared_data("got", 0) as got:
            got.value = max(got.value, len(n))
        self.send_output("collected", count=len(n))


class Grumbler(Telling):
    """Always fails; its flow continues."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("input", handler=self.run)

    def run(self, n: int) -> None:
        self.begin()
        raise ValueError(f"no {n}")


def crowd_flow() -> Flow:
    flow = Flow("crowd", "concurrent", WORKERS)
    routines = {"source": Source(), "worker": Worker(), "collector": Collector(), "grumbler": Grumbler()}
    routines["worker"].set_error_handler(ErrorHandler("retry", 2, 0.001))
    routines["grumbler"].set_error_handler(ErrorHandler("continue"))
    for routine_id, routine in routines.items():
        flow.add_routine(routine, routine_id)
    flow.connect("source", "out", "worker", "input")
    flow.connect("source", "out", "collector", "input")
    flow.connect("worker", "out", "collector", "input")
    flow.connect("worker", "out", "grumbler", "input")
    return flow


RETRIES = len(range(0, SENT, 3))
EVENTS = {"source": SENT, "worker": SENT}
RUNS = {"source": 1, "worker": SENT + RETRIES, "collector": 2 * SENT, "grumbler": SENT}
KINDS = {"start": 1, "event": 2 * SENT, "retry": RETRIES, "error_continued": SENT, "completed": 1}


def problems(job: JobState) -> list[str]:
    """What is wrong with a job that has ended: everything is counted anew from its history, and compared.

    What a handler emits while its job is being cancelled is in the history, and goes nowhere.
    """
    history = job.execution_history
    kinds = Counter(record.kind for record in history)
    events = Counter(record.routine_id for record in history if record.kind == "event")
    figures = job.execution_tracker.get_routine_performances()
    runs = {key: found["total_executions"] for key, found in figures.items()}
    told = {key: state["runs"] for key, state in job.routine_states.items() if "runs" in state}
    sources = [job._journal.source(row[0]) for row in job._journal.records]
    queued = 1 + sum(len(source.target_ids) for source in sources) + kinds["retry"]
    checks = {
        "the log": (list(job.shared_log), []),
        "the numbers of records": ([record.seq for record in history], list(range(1, len(history) + 1))),
        "causes": ([record.seq for record in history if (record.cause or 0) >= record.seq], []),
        "pending tasks": (job.pending_tasks, []),
        "runs that the tracker and the handlers count": (runs, told),
        "events that the tracker counts": (
            job.execution_tracker.get_flow_performance()["total_events"],
            events.total(),
        ),
        "outputs": (len(job.output_log), runs.get("collector", 0)),
        "what was merged": (job.get_shared_data("got", 0), runs.get("collector", 0)),
        "queued activations": (queued, sum(runs.values()) + job.control.dropped),
    }
    if job.status == "completed":
        checks |= {
            "kinds of records": (dict(kinds), KINDS),
            "events": (dict(events), EVENTS),
            "runs": (runs, RUNS),
            "dropped": (job.control.dropped, 0),
            "receivers": (queued, 1 + 2 * events.total() + kinds["retry"]),
        }
    found = [f"{what}: {one} and {other}" for what, (one, other) in checks.items() if one != other]
    if job.status not in ("completed", "cancelled"):
        found.append(f"it is {job.status}: {history[-1].data}")
    return found
