"""What handlers really did, written down by themselves: what the page says is compared with it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from routilux import ExecutionContext, Routine


class Ledger:
    """How many handler runs of each routine `returned` and `raised`, and how many are `inside` one now.

    Keys are (job id, routine id). Threads of the engine write, the test reads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the three
        self.returned: Counter[tuple[str, str]] = Counter()
        self.raised: Counter[tuple[str, str]] = Counter()
        self.inside: Counter[str] = Counter()

    @contextmanager
    def entry(self, job_id: str, routine_id: str) -> Iterator[None]:
        """Around what a handler does."""
        with self._lock:
            self.inside[job_id] += 1
        ended = self.raised
        try:
            yield
            ended = self.returned
        finally:
            with self._lock:
                self.inside[job_id] -= 1
                ended[job_id, routine_id] += 1

    def runs(self, job_id: str) -> int:
        """Handler runs of a job that have ended."""
        with self._lock:
            return sum(
                count for ended in (self.returned, self.raised) for (job, _), count in ended.items() if job == job_id
            )


class NotedRoutine(Routine):
    """A routine whose handlers note in a ledger that they ran."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    def noted(self) -> Any:
        """A context manager for the body of a handler."""
        context = self.context()
        return self._ledger.entry(context.job_state.job_id, context.routine_id)

    def context(self) -> ExecutionContext:
        """Where the handler runs."""
        context = self.get_execution_context()
        assert context is not None
        return context
