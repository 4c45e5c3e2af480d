"""One job at work: its queue, the gate that keeps handlers from starting, and how it comes to rest.

`SequentialRunner` and `ConcurrentRunner` differ in who takes activations from the queue.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from ..binding import merge
from ..graph.routing import Delivery, Plan
from ..journal.entries import JournalEntry, Run, RunningHandler
from ..persistence.snapshot import snapshot
from ..status import COMPLETED, PENDING, RUNNING
from ..threads.current_frame import runs_here
from ..threads.synchronization import UNDER_WAY
from ..threads.timers import TimeLimit
from .controls import Controls, take_step
from .failures import Failures, Item
from .frame import RunFrame
from .settling import ACTIVE, AT_REST, PAUSING, SETTLING, rest_anyhow, settle

if TYPE_CHECKING:
    from ..flow import Flow
    from ..job_state import JobState
    from ..journal.journal import Journal


class Runner:
    """What both kinds share. `strategy` is the word for the kind.

    `lock` (the journal's) guards `queue`, `gate`, `closed` and `phase`; `_changed` is the job's
    condition on it. `gate` says why no further handler starts: `"pause"`, `"cancel"`, `"fail"`,
    `"deferred"` (deferred events are being emitted), `"step"` (but one), or `None`. `closed`: nothing more is queued.
    Code of the user is never called with the lock held.
    """

    strategy: str

    def __init__(self, flow: Flow, plan: Plan, job_state: JobState, timeout: float) -> None:
        self.flow = flow
        self.plan = plan
        self.job_state = job_state
        self.journal: Journal = job_state._journal
        self.lock: threading.Lock = self.journal.lock
        self.queue: deque[Item] = deque()
        self.gate: str | None = None
        self.closed: bool = False
        self.phase: str = ACTIVE
        self.guardian: int | None = threading.get_ident()
        """The thread that ends the job when it is interrupted: it begins or drives it, or runs its entry's handler."""
        self.settler: int | None = None
        """The thread that brings the job to rest."""
        self.beginning: bool = True
        self.held: int = 1
        """Threads that begin or resume the job: until each has called `let_go`, nobody brings it to rest."""
        self.in_hand: list[Item] = []
        """The activations that they will queue then."""
        self.parked = 0
        """Handlers that wait at a checkpoint for a paused job to be resumed."""
        self.wants_help = False
        """Whether whoever queues an activation must call `call_help`."""
        self.frames: list[RunFrame] = []
        self.entry: Delivery | None = None
        self.dropped: int = 0
        self.error: str | None = None
        self.failures: Failures = Failures(self)
        self.controls: Controls = Controls(self)
        self._changed = job_state._changed
        self._merge_lock = threading.RLock()  # guards `slot_data`; a merge function may emit
        self.slot_data: dict[tuple[str, str], dict[str, Any]] = {}
        self.started: int = perf_counter_ns()
        self.time_limit: TimeLimit = TimeLimit(timeout, self._time_is_up)
        self.retried_entry: bool = False
        self.completed_before: list[str] = []
        self.completed_recorded = False

    # -- what the two kinds decide

    def call_help(self) -> None:
        """Something was queued and `wants_help` is set. Called with the lock held."""
        raise NotImplementedError

    def busy(self) -> bool:
        """Whether somebody is at work who will bring the job to rest. Called with the lock held."""
        raise NotImplementedError

    def begun(self) -> list[Item] | None:
        """The activations that have begun; `None` in a moment when that cannot be told. Called with the lock held."""
        return self.in_frames()

    def in_frames(self) -> list[Item]:
        """The activations that threads have taken. Called with the lock held."""
        return [frame.item for frame in self.frames if frame.item is not None]

    def go_on(self) -> None:
        """Have what is queued worked off by other threads."""
        raise NotImplementedError

    def begin_step(self, item: Item) -> RunFrame:
        """Be busy with this activation: the frame is for `run_step`. Called with the lock held."""
        raise NotImplementedError

    def run_step(self, frame: RunFrame) -> None:
        """Have the frame's activation run by another thread, although the gate is closed."""
        raise NotImplementedError

    # -- beginning

    def begin(self, entry_routine_id: str, params: dict[str, Any]) -> Item:
        """Make the job run; return the entry's activation, for `let_go`."""
        job_state = self.job_state
        self.flow._job_begins(job_state)
        delivery = self.plan.entry(entry_routine_id) or self.plan.missing_entry(entry_routine_id)
        self.entry = delivery
        job_state.entry_routine_id = job_state.current_routine_id = entry_routine_id
        job_state.entry_params = snapshot(params)
        source = self.journal.own_source(entry_routine_id, "start", "start")
        with self.lock:
            entry = job_state._become(RUNNING)
            item: Item = (delivery, params, self.journal.put_record(source, job_state.entry_params, 0), 0, False)
            self.in_hand = [item]
        job_state._announce(entry)
        self.time_limit.run()
        return item

    # -- activations

    def prepare(self, delivery: Delivery, data: dict[str, Any]) -> dict[str, Any]:
        """Rename, and merge with what the slot got before in this job."""
        data = delivery.renamed(data)
        if not delivery.merges:
            return data
        key = (delivery.target.routine_id, delivery.target.slot_name)
        strategy = delivery.target.slot.merge_strategy
        with self._merge_lock:
            passed, self.slot_data[key] = merge(strategy, self.slot_data.get(key, {}), data)
        return passed

    def entry_done(self, start: int, attempt: int) -> None:
        """The entry's handler has returned."""
        after: dict[str, Any] = {}
        if attempt:
            self.retried_entry = True
            seconds = (perf_counter_ns() - start) / 1e9
            after = {"status": COMPLETED, "execution_time": seconds, "retry_count": attempt}
        assert self.entry is not None
        self.job_state._merge_routine_state(self.entry.target.routine_id, {"status": COMPLETED}, after)

    def put_back(self, item: Item) -> None:
        """Queue an activation again. Called with the lock held."""
        self.queue.append(item)
        if self.wants_help:
            self.call_help()

    def waiting(self) -> int:
        """How many activations wait, for their turn or for their retry."""
        return len(self.queue) + len(self.failures.delayed)

    def run_one(self, frame: RunFrame, item: Item) -> Run:
        """Run one activation in this thread; what is returned goes to the journal.

        Then `frame.target` is unset: a reader sees a handler that runs, or its end.
        """
        # jscpd:ignore-start - the same lines are in sequential.py: a call in between costs a tenth of an event
        frame.item = item
        delivery, data, cause, attempt, prepared = item
        target = delivery.target
        frame.cause = cause
        frame.started = start = perf_counter_ns()
        frame.target = target
        try:
            if delivery.plain is not None and not prepared:
                delivery.plain(**data)
            else:
                if not prepared:
                    data = self.prepare(delivery, data)
                    prepared = True
                    frame.item = (delivery, data, cause, attempt, True)
                target.call(data)
                if delivery is self.entry:
                    self.entry_done(start, attempt)
        # jscpd:ignore-end: what follows differs
        except BaseException as error:
            run = self.failures.deal_with((delivery, data, cause, attempt, prepared), error, start)
            self.note_raised(delivery, error)
        else:
            run = (target.number, start, perf_counter_ns() - start, "completed", cause)
        frame.item = None
        return run

    def note_raised(self, delivery: Delivery, error: BaseException) -> None:
        """A handler of `run_one` has raised, which is dealt with."""

    # -- guests, and handlers that wait

    def hold(self, guest: RunFrame) -> None:
        """Another thread will do work of the handler that runs here."""
        with self.lock:
            self.held += 1
            self.frames.append(guest)

    def release(self, guest: RunFrame) -> None:
        """It has done it."""
        with self.lock:
            self.frames.remove(guest)
        self.let_go()

    def waits_at_checkpoint(self, handlers: int) -> bool:
        """Whether so many handlers wait at a checkpoint for the job to be resumed. Called with the lock held."""
        return self.gate in PAUSING and self.parked == handlers

    # -- the gate

    def let_go(self, items: Iterable[Item] = (), steps: bool = False) -> None:
        """Queue `items` and have the job worked off, or bring it to rest where that was asked for meanwhile.

        With `steps` one activation is worked off, unless another control has come in between.
        """
        with self.lock:
            entries = self.take_in(items)
            if self.gate == "deferred":
                self.gate = None
            item = take_step(self) if steps and self.gate == "step" else None
            frame = None if item is None else self.begin_step(item)
            over = (self.gate is not None or not self.waiting()) and self.phase == ACTIVE and not self.busy()
            if over:
                self.claim()
            else:
                self._changed.notify_all()
        for entry in entries:
            self.job_state._announce(entry)
        if frame is not None:
            self.run_step(frame)
        elif over:
            self.settle()
        else:
            self.go_on()

    def take_in(self, items: Iterable[Item]) -> list[JournalEntry]:
        """Queue activations (or throw them away: the job may have been closed) and hold the job no longer.

        Called with the lock held.
        """
        if self.guardian == threading.get_ident():
            self.beginning = False
        self.held -= 1
        brought = list(items)
        if brought:  # else it is a guest who lets go
            self.in_hand = []
        if not self.closed:
            self.queue.extend(brought)
            return []
        return [self._throw_away(brought)] if brought else []

    def close_gate(self, why: str) -> None:
        """Let no further handler start. Called with the lock held."""
        self.gate = why
        self.phase = ACTIVE

    def open_gate(self, step: bool = False) -> None:
        """Let handlers start again, once deferred events are out and `let_go` is called; or one of them, for a `step`.

        Called with the lock held.
        """
        self.gate = "step" if step else "deferred" if self.job_state.deferred_events else None
        self.phase = ACTIVE
        self.closed = False
        self.held += 1
        UNDER_WAY.begins(self)
        self.flow._job_resumed(self.job_state)
        self.time_limit.run()

    def close(self, why: str) -> list[JournalEntry]:
        """Take no more activations and throw away what waits. Called with the lock held."""
        self.close_gate(why)
        self.closed = True
        thrown = [*self.queue, *self.failures.drop_delayed()]
        self.queue.clear()
        self.job_state._ask_handlers_to_stop()
        return [self._throw_away(thrown)]

    def _throw_away(self, items: list[Item]) -> JournalEntry:
        self.dropped += len(items)
        counts = Counter(item[0].target.routine_id for item in items)
        return self.journal.make_entry("dropped", None, {"routines": dict(counts)})

    def fail(self) -> None:
        """A handler that runs now has failed the job."""
        self.command(lambda: [] if self.closed else self._close_failed(), settle=False)

    def _close_failed(self) -> list[JournalEntry]:
        withdrawn = [self.controls.withdraw()] if self.gate in PAUSING else []
        return [*withdrawn, *self.close("fail")]

    def _time_is_up(self) -> None:
        text = f"The job was not done after {self.time_limit.seconds:g} s; give it a larger timeout"
        source = self.journal.own_source(self.job_state.current_routine_id or "", "error", "error")

        def change() -> list[JournalEntry]:
            if self.job_state.status != RUNNING or self.closed:
                return []
            self.error = text
            self.journal.put_record(source, {"error": text, "error_type": "TimeoutError"}, 0)
            return self._close_failed()

        self.command(change)

    def command(self, change: Callable[[], list[JournalEntry]], settle: bool = True) -> None:
        """Make a change under the lock; settle the job here when nobody is at work; then tell the hooks."""
        with self.lock:
            while self.phase == SETTLING:
                self._changed.wait()
            entries = change()
            here = settle and bool(entries) and self.gate is not None and not self.busy()
            if here:
                self.claim()
            elif entries:
                self._changed.notify_all()
        for entry in entries:
            self.job_state._announce(entry)
        if here:
            self.settle()

    # -- coming to rest

    def settle(self) -> None:
        """Nothing runs, and nothing more will: become what the gate says. The caller has set `phase` to SETTLING."""
        self.time_limit.hold()
        try:
            settle(self)
        except BaseException as error:
            rest_anyhow(self, error)
            raise
        finally:
            with self.lock:
                if self.phase == AT_REST:  # else it has been resumed already
                    UNDER_WAY.rests(self)

    def claim(self) -> None:
        """This thread will call `settle`. Called with the lock held."""
        self.settler = threading.get_ident()
        self.phase = SETTLING

    def give_up(self, error: BaseException) -> None:
        """An interrupt, or a mistake of the engine, has come between two steps of the guardian: end the job."""
        entries: list[JournalEntry] = []
        with self.lock:
            while self.phase == SETTLING and self.settler != threading.get_ident():
                self._changed.wait()
            if self.guardian != threading.get_ident() or self.phase == AT_REST:
                return
            self.guardian = None
            self.leave_work()
            settles = self.phase == SETTLING
            if not settles:
                entries = self._close_given_up(error)
                settles = not self.busy()
            if settles:
                self.claim()
        for entry in entries:
            self.job_state._announce(entry)
        if settles:
            self.settle()

    def _close_given_up(self, error: BaseException) -> list[JournalEntry]:
        begun = [self.job_state._become(RUNNING)] if self.job_state.status == PENDING else []
        if self.closed:
            return begun
        self.error = f"{type(error).__name__} while the job ran"
        return [*begun, *self.close("cancel")]

    def leave_work(self) -> None:
        """The guardian does nothing more for the job. Called with the lock held."""
        if self.beginning:
            self.beginning = False
            self.held -= 1

    def completed_routines(self) -> list[str]:
        """Those with a handler run that completed, also before the job was saved and loaded."""
        numbers = sorted(self.journal.completed_targets())
        return list(dict.fromkeys([*self.completed_before, *(self.journal.target(n).routine_id for n in numbers)]))

    def wait_settled(self, gate: str) -> None:
        """Wait until a pause or cancel has taken effect, unless a handler of this job asks for it."""
        if runs_here(self.job_state):
            return
        with self.lock:
            while self.gate == gate or self.phase == SETTLING:
                self._changed.wait()

    # -- what others want to know

    def running_handlers(self) -> tuple[RunningHandler, ...]:
        """The handlers that run now. Takes no lock: who reads the journal holds it."""
        now = perf_counter_ns()
        running = [frame.running(now) for frame in tuple(self.frames)]
        return tuple(handler for handler in running if handler is not None)

    def queue_figures(self) -> tuple[int, int]:
        """How many activations wait, and how many handlers run."""
        return self.waiting(), len(self.running_handlers())
