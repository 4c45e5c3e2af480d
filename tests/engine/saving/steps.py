"""Routines that tell in their job what they got, so that a run can be followed from process to process."""

from __future__ import annotations

from typing import Any

from routilux import ExecutionContext, Routine

Data = dict[str, Any]
EVENTS = ("out", "alt")
SLOTS = ("input", "gather", "fold", "pair")


def fold(old: Data, new: Data) -> Data:
    """A merge function: it keeps a sum beside what is new."""
    return {**new, "sum": old.get("sum", 0) + new["value"]}


def pair_up(old: Data, new: Data) -> Data:
    """A merge function of another kind: each gets what the one before it brought."""
    return {**new, "before": {key: value for key, value in old.items() if key != "before"}}


class Step(Routine):
    """Notes each activation in the shared log, sends an output, counts in its state, and emits while `ttl` lasts.

    Configuration: `emits`, the events in order; `fails_first`, whether the first attempt of each activation
    raises; `keeps_state`. Data: `path` (along which events it came), `value`, `ttl`, and what merging adds.

    The job pauses itself at those of its activations, counted from 1, given to the entry as `pause_at`.
    """

    def __init__(self) -> None:
        super().__init__()
        for name in ("trigger", "input"):
            self.define_slot(name, handler=self.run)
        self.define_slot("gather", handler=self.gather, merge_strategy="append")
        self.define_slot("fold", handler=self.run, merge_strategy=fold)
        self.define_slot("pair", handler=self.run, merge_strategy=pair_up)
        for event in EVENTS:
            self.define_event(event, ["path", "value", "ttl", "extra"])

    @property
    def ctx(self) -> ExecutionContext:
        context = self.get_execution_context()
        assert context is not None
        return context

    def gather(self, path: list[str], value: list[int], ttl: list[int], **more: Any) -> None:
        self.run(path[-1], value[-1], ttl[-1], paths=path, values=value, **more)

    def run(self, path: str = "", value: int = 1, ttl: int = 0, pause_at: list[int] | None = None, **more: Any) -> None:
        job, me = self.ctx.job_state, self.ctx.routine_id
        if pause_at:
            job.metadata["pause_at"] = pause_at
        if job.metadata:
            self._pause_if_asked()
        if self.get_config("fails_first") and self._is_new(path):
            raise ConnectionError("the first attempt")
        job.append_to_shared_log({"routine": me, "path": path, "value": value, "more": more})
        self.send_output("step", path=path)
        if self.get_config("keeps_state"):
            with job.edit_routine_state(me) as state:
                state["count"] = state.get("count", 0) + 1
        if ttl > 0:
            for number, event in enumerate(self.get_config("emits", [])):
                following = {"path": f"{path}/{me}.{number}", "value": (value * 3 + number) % 1000, "ttl": ttl - 1}
                self.emit(event, **following, extra=number)

    def _pause_if_asked(self) -> None:
        job = self.ctx.job_state
        with job.edit_routine_state("_pausing") as state:
            state["activations"] = state.get("activations", 0) + 1
            asked = state["activations"] in job.metadata["pause_at"]
        if asked:
            self.ctx.flow.pause(job, "by a handler")

    def _is_new(self, path: str) -> bool:
        with self.ctx.job_state.edit_shared_data("tried", []) as tried:
            mine = [self.ctx.routine_id, path]
            if mine in tried.value:
                return False
            tried.value.append(mine)
            return True
