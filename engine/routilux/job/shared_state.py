"""What the routines of a run keep and share: their states, shared data, the shared log and outputs."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from os import urandom
from typing import Any

from ..output_handler import OutputHandler
from ..persistence.plain_data import now_iso
from ..persistence.snapshot import snapshot
from ..status import FAILED


class SharedValue:
    """A value while it is edited (`JobState.edit_shared_data`)."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value: Any = value


def new_job_id() -> str:
    """Return a random UUID4 as text. `str(uuid.uuid4())` takes 2 µs longer: a twenty-fifth of an empty job."""
    text = urandom(16).hex()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


class SharedState:
    """The part of a `JobState` that handlers write to. `_data_lock` guards all of it.

    `limit`: newest entries of the shared log and of the output log that are kept, or `None` for all.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.job_id: str = new_job_id()
        self.routine_states: dict[str, dict[str, Any]] = {}
        self.shared_data: dict[str, Any] = {}
        self.shared_log: list[dict[str, Any]] = []
        self.shared_log_dropped: int = 0
        self.output_log: list[dict[str, Any]] = []
        self.output_log_dropped: int = 0
        self.output_handler: OutputHandler | None = None
        self.metadata: dict[str, Any] = {}
        self._limit = limit
        self._data_lock = threading.RLock()

    def _record_change(self, kind: str, routine_id: str | None, data: dict[str, Any]) -> None:
        """Called after each change."""

    # -- routine states and shared data

    def update_routine_state(self, routine_id: str, state: dict[str, Any]) -> None:
        """Replace the state of routine `routine_id` by a copy of `state`."""
        kept = snapshot(dict(state))
        with self._data_lock:
            self.routine_states[routine_id] = kept
        self._record_change("routine_state", routine_id, {})

    def get_routine_state(self, routine_id: str) -> dict[str, Any] | None:
        """A copy of the state of routine `routine_id`, or `None`."""
        with self._data_lock:
            state = self.routine_states.get(routine_id)
            return None if state is None else snapshot(state)

    @contextmanager
    def edit_routine_state(self, routine_id: str) -> Iterator[dict[str, Any]]:
        """Read, change and store the state of routine `routine_id` as one step.

        Returns a context manager for a copy of the state, an empty dict when there is none; what the
        block made of it is stored, and nothing when the block raises.

        >>> from routilux import JobState
        >>> job_state = JobState()
        >>> with job_state.edit_routine_state("counter") as state:
        ...     state["count"] = state.get("count", 0) + 1
        >>> job_state.get_routine_state("counter")
        {'count': 1}
        """
        with self._data_lock:
            state = self.get_routine_state(routine_id) or {}
            yield state
            self.update_routine_state(routine_id, state)

    def update_shared_data(self, key: str, value: Any) -> None:
        """Store `value` under `key`, for every routine of this run."""
        with self._data_lock:
            self.shared_data[key] = value
        self._record_change("shared_data", None, {"key": key})

    def get_shared_data(self, key: str, default: Any = None) -> Any:
        """The object stored under `key` itself, or `default`."""
        return self.shared_data.get(key, default)

    @contextmanager
    def edit_shared_data(self, key: str, default: Any = None) -> Iterator[SharedValue]:
        """Read, change and store the value under `key` as one step.

        Returns a context manager for an object whose `value` is the stored object, or `default`; what
        the block made of it is stored, and nothing when the block raises.

        >>> from routilux import JobState
        >>> job_state = JobState()
        >>> with job_state.edit_shared_data("total", default=0) as total:
        ...     total.value += 5
        >>> job_state.get_shared_data("total")
        5
        """
        with self._data_lock:
            shared = SharedValue(self.shared_data.get(key, default))
            yield shared
            self.update_shared_data(key, shared.value)

    def snapshot_state(self, routine_id: str) -> dict[str, Any] | None:
        """The state of routine `routine_id`, copied so that later changes do not show; `None` when there is none."""
        return self.get_routine_state(routine_id)

    def snapshot_data(self, key: str) -> Any:
        """The value under `key`, its plain containers copied so that later changes do not show, or `None`."""
        with self._data_lock:
            return snapshot(self.shared_data.get(key))

    # -- shared log and outputs

    def append_to_shared_log(self, entry: dict[str, Any]) -> None:
        """Append `entry`, a dict, with the time under `timestamp` unless it has one; `ValueError` for anything else."""
        if not isinstance(entry, dict):
            raise ValueError(f"An entry of the shared log is a dict, not {type(entry).__name__}: {entry!r:.100}")
        kept = snapshot(dict(entry))
        if "timestamp" not in kept:
            kept["timestamp"] = now_iso()
        with self._data_lock:
            self.shared_log.append(kept)
            self.shared_log_dropped += self._trim(self.shared_log)
            number = self.shared_log_dropped + len(self.shared_log)
        self._record_change("shared_log", None, {"n": number})

    def get_shared_log(self, filter_func: Callable[[dict[str, Any]], bool] | None = None) -> list[dict[str, Any]]:
        """The entries in the order in which they were appended; with `filter_func`, those for which it is true."""
        entries = self.shared_log[:]
        return entries if filter_func is None else [entry for entry in entries if filter_func(entry)]

    def set_output_handler(self, handler: OutputHandler | None) -> None:
        """Send outputs to `handler`; `None` switches that off (the output log is kept all the same)."""
        self.output_handler = handler

    def send_output(self, routine_id: str, output_type: str, data: dict[str, Any]) -> None:
        """Hand an output of routine `routine_id` to the output handler and append it to the output log.

        `output_type` is a word of yours, `data` a dict. A handler that raises leads to a warning and nothing else.
        """
        now = datetime.now()
        row = {"routine_id": routine_id, "output_type": output_type, "data": snapshot(data)}
        row["timestamp"] = now.astimezone(UTC).isoformat()
        with self._data_lock:
            self.output_log.append(row)
            self.output_log_dropped += self._trim(self.output_log)
            number = self.output_log_dropped + len(self.output_log)
        self._record_change("output", routine_id, {"n": number})
        handler = self.output_handler
        if handler is None:
            return
        try:
            handler.handle(job_id=self.job_id, routine_id=routine_id, output_type=output_type, data=data, timestamp=now)
        except Exception as error:
            warnings.warn(f"{type(handler).__name__} raised {type(error).__name__}; the output is logged", stacklevel=2)

    def _trim(self, rows: list[dict[str, Any]]) -> int:
        gone = 0 if self._limit is None else max(len(rows) - self._limit, 0)
        del rows[:gone]
        return gone


def merge_routine_state(shared: SharedState, routine_id: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Store `before`, then what the handler stored, then `after`."""
    with shared._data_lock:
        stored = shared.routine_states.get(routine_id, {})
        shared.routine_states[routine_id] = {**before, **stored, **after}
    shared._record_change("routine_state", routine_id, {})


def has_failed_routine(shared: SharedState) -> bool:
    """Whether a routine's state says that it failed."""
    with shared._data_lock:
        words = [state.get("status") for state in shared.routine_states.values()]
    return any(isinstance(word, str) and word in (FAILED, "error") for word in words)


def copy_shared(shared: SharedState) -> dict[str, Any]:
    """Copies of everything that handlers write to, taken at one moment, by the keys of a job's document."""
    with shared._data_lock:
        return {
            "routine_states": snapshot(shared.routine_states),
            "shared_data": snapshot(shared.shared_data),
            "shared_log": snapshot(shared.shared_log),
            "output_log": snapshot(shared.output_log),
            "metadata": snapshot(shared.metadata),
            "shared_log_dropped": shared.shared_log_dropped,
            "output_log_dropped": shared.output_log_dropped,
        }
