"""The states of a run, and what each event does in each of them: one pure table.

A *job* has a status that users see (`status.py`). The *run* that carries it out has a state, which says more: whether
handlers may start, whether activations are still queued, and which status the job takes once nothing is in flight.

               BEGIN                  DRAINED               SETTLED
        NEW ──────────▶ RUNNING ────────────────▶ COMPLETING ──────────▶ COMPLETED or FAILED
                        │ ▲  ▲ │
               PAUSE    │ │  │ │   DRAINED                  SETTLED
               ┌────────┘ │  │ └─▶ …             ┌──────────────────────────┐
               ▼          │  │                   │                          ▼
            PAUSING ──────┼──┼──DRAINED──▶ SETTLING_PAUSE ──SETTLED──▶   PAUSED
               ▲    RESUME│  │                   ▲                       │    │
               │          │  └──── RESUMING ◀────┼──────── RESUME ───────┘    │ STEP
               └──PAUSE───┴─────── STEPPING ─────┘ ◀──────────────────────────┘

        CANCEL   in any of these ──▶ CANCELLING ──DRAINED──▶ SETTLING_CANCEL  ──SETTLED──▶ CANCELLED
        a failed handler, timeout ──▶ FAILING   ──DRAINED──▶ SETTLING_FAILURE ──SETTLED──▶ FAILED

- A run is *drained* when no lease is held, no handler is in flight (one that waits at a checkpoint is suspended, not in
  flight), and nothing can be dispatched. The thread that drains a run settles it.
- While a run *settles*, commands wait. They never reach the table, so most events are impossible in those states.
- RESUMING: deferred events are being emitted; handlers start once they are out. STEPPING: exactly one activation runs.
- RESTORED: the job was saved while it ran and has been loaded; resuming it continues the run.
- A completed run can be paused or cancelled; FAILED and CANCELLED are final.

`decide` is total over the pairs in `TABLE`; any other pair raises `ImpossibleEvent`, which is a bug of the engine.
`execution/run.py` performs the effects, under the job's lock, in the order in which they are listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, TypeAlias

from ..status import CANCELLED as JOB_CANCELLED
from ..status import COMPLETED as JOB_COMPLETED
from ..status import FAILED as JOB_FAILED
from ..status import PAUSED as JOB_PAUSED
from ..status import PENDING as JOB_PENDING
from ..status import RUNNING as JOB_RUNNING
from ..status import ControlAction, refuse_all

# States are plain strings: a lookup in a dict by them costs a third of one by members of an Enum.
NEW, RESTORED = "new", "restored"
RUNNING, RESUMING, STEPPING, PAUSING = "running", "resuming", "stepping", "pausing"
CANCELLING, FAILING = "cancelling", "failing"
COMPLETING, SETTLING_PAUSE = "completing", "settling_pause"
SETTLING_CANCEL, SETTLING_FAILURE = "settling_cancel", "settling_failure"
PAUSED, COMPLETED, FAILED, CANCELLED = "paused", "completed", "failed", "cancelled"

STATES = (
    NEW, RESTORED, RUNNING, RESUMING, STEPPING, PAUSING, CANCELLING, FAILING,
    COMPLETING, SETTLING_PAUSE, SETTLING_CANCEL, SETTLING_FAILURE, PAUSED, COMPLETED, FAILED, CANCELLED,
)  # fmt: skip
SETTLING = frozenset({COMPLETING, SETTLING_PAUSE, SETTLING_CANCEL, SETTLING_FAILURE})
SETTLED = frozenset({RESTORED, PAUSED, COMPLETED, FAILED, CANCELLED})
"""No thread works on the run."""
ACCEPTING = frozenset({NEW, RESTORED, RUNNING, RESUMING, STEPPING, PAUSING, COMPLETING, SETTLING_PAUSE, PAUSED})
"""Emissions are queued; in the other states they are recorded and discarded."""
DRAINING = frozenset({PAUSING, STEPPING, CANCELLING, SETTLING_PAUSE, SETTLING_CANCEL})
"""A control was requested and is not effective yet."""

RunEvent = Literal[
    "restore", "begin", "pause", "resume", "step", "cancel", "handler failed", "timed out", "interrupted",
    "deferred emitted", "drained", "settled", "settle error",
]  # fmt: skip
EVENTS: tuple[RunEvent, ...] = (
    "restore", "begin", "pause", "resume", "step", "cancel", "handler failed", "timed out", "interrupted",
    "deferred emitted", "drained", "settled", "settle error",
)  # fmt: skip

Effect = Literal[
    "withdraw", "record error", "record request", "set status", "discard", "request stop", "reopen",
    "record effective", "start clock", "add pause point", "unregister",
]  # fmt: skip
"""What a transition does besides changing the state.

withdraw: the pending request will not happen. record error: the timeout goes into the history. record request: the
control goes into the journal. set status: the job takes `Transition.status`. discard: drop the queue and
pending retries. request stop: set the job's stop event. reopen: take a lease and register the run as live again.
record effective: the control has taken effect. start clock: the time limit counts. add pause point: note where the
job paused. unregister: the run is no longer live.
"""


class Facts(NamedTuple):
    """What a decision may depend on besides the state.

    Attributes:
        status: the job's status; restored: the status of the document that is being restored.
        deferred: deferred events wait to be emitted; can_step: a step would do something.
        routine_failed: a routine's state says that it failed.
        ordinary_error: settling raised an `Exception`, not an interrupt.
    """

    status: str = JOB_RUNNING
    restored: str = JOB_PAUSED
    deferred: bool = False
    can_step: bool = False
    routine_failed: bool = False
    ordinary_error: bool = True


NO_FACTS = Facts()
"""For events whose outcome depends on the state alone."""


class Transition(NamedTuple):
    """The state that follows, the effects in their order, and the job's new status for `"set status"`."""

    state: str
    effects: tuple[Effect, ...] = ()
    status: str = ""


class Refusal(NamedTuple):
    """Why a command can't be carried out: a predicate, such as `"has ended: it is 'failed' and cannot be paused"`."""

    reason: str


class ImpossibleEvent(RuntimeError):
    """An event that can't happen in this state: a bug of the engine."""


Decision: TypeAlias = Transition | Refusal
Rule: TypeAlias = Decision | Callable[[Facts], Decision]


def decide(state: str, event: RunEvent, facts: Facts) -> Decision:
    """Return what `event` does to a run in `state`. Raises `ImpossibleEvent` for a pair that is not in `TABLE`."""
    rule = TABLE.get((state, event))
    if rule is None:
        raise ImpossibleEvent(f"{event!r} can't happen while a run is {state!r}")
    return rule(facts) if callable(rule) else rule


def restored_state(status: str) -> str:
    """The state of a run whose job was saved with `status`."""
    return {JOB_PENDING: NEW, JOB_RUNNING: RESTORED}.get(status, status)


# -- what a page offers ------------------------------------------------------------------------------------------------

_ACTIVE: dict[ControlAction, str | None] = {
    "pause": None,
    "resume": "the job is running",
    "step": "the job is running; pause it first",
    "cancel": None,
}
_PAUSING: dict[ControlAction, str | None] = {
    "pause": "the job is pausing",
    "resume": None,
    "step": "the job is pausing",
    "cancel": None,
}
_CANCELLING = refuse_all("the job is being cancelled")
_FAILING = refuse_all("the job has failed and is ending")
_REFUSALS: dict[str, dict[ControlAction, str | None]] = {
    NEW: refuse_all("the job has not started"),
    RESTORED: {**_ACTIVE, "resume": None},
    RUNNING: _ACTIVE,
    RESUMING: _ACTIVE,
    COMPLETING: _ACTIVE,
    STEPPING: {"pause": None, "resume": None, "step": "a step is in progress", "cancel": None},
    PAUSING: _PAUSING,
    SETTLING_PAUSE: _PAUSING,
    CANCELLING: _CANCELLING,
    SETTLING_CANCEL: _CANCELLING,
    FAILING: _FAILING,
    SETTLING_FAILURE: _FAILING,
    PAUSED: {"pause": "the job is paused", "resume": None, "step": None, "cancel": None},
    COMPLETED: refuse_all("the job has ended: completed"),
    FAILED: refuse_all("the job has ended: failed"),
    CANCELLED: refuse_all("the job has ended: cancelled"),
}


def refusals(state: str, can_step: bool) -> dict[str, str | None]:
    """For each control, why a page should not offer it now, or `None`. `Flow.pause` and its kin are more lenient."""
    offered: dict[str, str | None] = dict(_REFUSALS[state].items())
    if state == PAUSED and not can_step:
        offered["step"] = "nothing waits; resume the job to complete it"
    return offered


# -- the table ---------------------------------------------------------------------------------------------------------

TABLE: dict[tuple[str, RunEvent], Rule] = {}
"""What each event does in each state. A pair that is not here can't happen."""


def _on(event: RunEvent, states: Iterable[str], rule: Rule) -> None:
    TABLE.update({(state, event): rule for state in states})


def _stay(event: RunEvent, states: Iterable[str]) -> None:
    TABLE.update({(state, event): Transition(state) for state in states})


def _refuse_ended(event: RunEvent, verb: str, states: Iterable[str]) -> None:
    for state in states:
        TABLE[state, event] = Refusal(f"has ended: it is {state!r} and cannot be {verb}")


_OPEN = (NEW, RESTORED, RUNNING, RESUMING, STEPPING, PAUSING)
_STOP: tuple[Effect, ...] = ("discard", "request stop")

_on("restore", [NEW], lambda facts: Transition(restored_state(facts.restored)))

_on("begin", [NEW], Transition(RUNNING, ("set status", "start clock"), JOB_RUNNING))
for _state in (PAUSING, CANCELLING):  # a hook requested it before the job began
    _on("begin", [_state], Transition(_state, ("set status", "start clock"), JOB_RUNNING))

_on(
    "pause",
    [NEW, RESTORED, RUNNING, RESUMING, STEPPING, COMPLETED],
    Transition(PAUSING, ("record request",)),
)
_stay("pause", [PAUSING, PAUSED])
_on("pause", [CANCELLING, FAILING], Refusal("is ending and cannot be paused"))
_refuse_ended("pause", "paused", [FAILED, CANCELLED])


def _resumed(facts: Facts) -> str:
    return RESUMING if facts.deferred else RUNNING


def _withdraw_pause(facts: Facts) -> Decision:
    if facts.status == JOB_PENDING:  # a hook takes back what a hook requested before the job began
        return Transition(NEW, ("withdraw",))
    return Transition(_resumed(facts), ("withdraw", "record request", "reopen", "start clock", "record effective"))


def _resume_settled(facts: Facts) -> Decision:
    effects: tuple[Effect, ...] = ("record request", "reopen", "start clock", "set status", "record effective")
    return Transition(_resumed(facts), effects, JOB_RUNNING)


_on("resume", [PAUSING, STEPPING], _withdraw_pause)
_on("resume", [PAUSED, RESTORED], _resume_settled)
_stay("resume", [NEW, RUNNING, RESUMING, CANCELLING, FAILING, COMPLETED])
_refuse_ended("resume", "resumed", [FAILED, CANCELLED])


def _step_from(state: str) -> Callable[[Facts], Decision]:
    def rule(facts: Facts) -> Decision:
        refused = refusals(state, facts.can_step)["step"]
        if refused is not None:
            return Refusal(f"cannot take a step: {refused}")
        return Transition(STEPPING, ("record request", "reopen", "start clock", "set status"), JOB_RUNNING)

    return rule


for _state in STATES:
    if _state not in SETTLING:
        _on("step", [_state], _step_from(_state))

_on("cancel", [*_OPEN, PAUSED, COMPLETED], Transition(CANCELLING, ("record request", *_STOP)))
_stay("cancel", [CANCELLING, CANCELLED])
_on("cancel", [FAILING], Refusal("has failed and is ending; it cannot be cancelled"))
_refuse_ended("cancel", "cancelled", [FAILED])

# PAUSED: a handler that is suspended there was hit by an interrupt.
_on("handler failed", [RUNNING, RESUMING, PAUSED], Transition(FAILING, _STOP))
_on("handler failed", [STEPPING, PAUSING], Transition(FAILING, ("withdraw", *_STOP)))
_stay("handler failed", [CANCELLING, FAILING, COMPLETED, FAILED, CANCELLED])
_on("timed out", [RUNNING, RESUMING], Transition(FAILING, ("record error", *_STOP)))
_on("timed out", [STEPPING, PAUSING], Transition(FAILING, ("record error", "withdraw", *_STOP)))
_stay("timed out", [CANCELLING, FAILING, *SETTLED])


def _interrupted(state: str) -> Callable[[Facts], Decision]:
    """The thread that runs the job was interrupted, or the engine failed between two steps: end the job."""

    def rule(facts: Facts) -> Decision:
        begun: tuple[Effect, ...] = ("set status",) if facts.status == JOB_PENDING else ()
        if state in (CANCELLING, FAILING):
            return Transition(state, begun, JOB_RUNNING)
        return Transition(CANCELLING, (*begun, *_STOP), JOB_RUNNING)

    return rule


for _state in (NEW, RUNNING, RESUMING, STEPPING, PAUSING, CANCELLING, FAILING):
    _on("interrupted", [_state], _interrupted(_state))
_stay("interrupted", [*SETTLING, *SETTLED])  # in SETTLING: by the thread that settles, which does so again

_on("deferred emitted", [RESUMING], Transition(RUNNING))

_on("drained", [RUNNING], Transition(COMPLETING))
_on("drained", [PAUSING], Transition(SETTLING_PAUSE, ("add pause point",)))
_on("drained", [STEPPING], Transition(SETTLING_PAUSE))
_on("drained", [CANCELLING], Transition(SETTLING_CANCEL))
_on("drained", [FAILING], Transition(SETTLING_FAILURE))


def _complete(facts: Facts) -> Decision:
    status = JOB_FAILED if facts.routine_failed else JOB_COMPLETED
    return Transition(status, ("set status", "unregister"), status)


_SETTLED: tuple[Effect, ...] = ("set status", "unregister", "record effective")
_on("settled", [COMPLETING], _complete)
_on("settled", [SETTLING_PAUSE], Transition(PAUSED, _SETTLED, JOB_PAUSED))
_on("settled", [SETTLING_CANCEL], Transition(CANCELLED, _SETTLED, JOB_CANCELLED))
_on("settled", [SETTLING_FAILURE], Transition(FAILED, ("set status", "unregister"), JOB_FAILED))


def _settle_error(facts: Facts) -> Decision:
    if facts.status == JOB_COMPLETED:
        return Transition(COMPLETED, ("unregister",))
    status = JOB_FAILED if facts.status == JOB_RUNNING and facts.ordinary_error else JOB_CANCELLED
    return Transition(status, ("set status", "unregister"), status)


_on("settle error", SETTLING, _settle_error)
