"""Output handlers: the destinations of a job's outputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol


class SupportsPut(Protocol):
    """A queue, as seen by `QueueOutputHandler`."""

    def put(self, item: Any, /) -> Any: ...


class OutputHandler(ABC):
    """Receives the outputs that routines send with `send_output`. An exception is logged as a warning."""

    @abstractmethod
    def handle(
        self,
        job_id: str,
        routine_id: str,
        output_type: str,
        data: dict[str, Any],
        timestamp: datetime | None = None,
    ) -> None:
        """Handle one output of routine `routine_id` of job `job_id`. Called in the sending handler's thread.

        `output_type` and `data` are the arguments of `send_output`; `timestamp` is local and naive.
        """


class QueueOutputHandler(OutputHandler):
    """Puts each output into `queue`, as a dict with the timestamp in ISO form."""

    def __init__(self, queue: SupportsPut) -> None:
        self.queue = queue

    def handle(
        self,
        job_id: str,
        routine_id: str,
        output_type: str,
        data: dict[str, Any],
        timestamp: datetime | None = None,
    ) -> None:
        self.queue.put(
            {
                "job_id": job_id,
                "routine_id": routine_id,
                "output_type": output_type,
                "data": data,
                "timestamp": (timestamp or datetime.now()).isoformat(),
            }
        )


class CallbackOutputHandler(OutputHandler):
    """Calls `callback(job_id, routine_id, output_type, data, timestamp)` for each output."""

    def __init__(self, callback: Callable[[str, str, str, dict[str, Any], datetime], Any]) -> None:
        self.callback = callback

    def handle(
        self,
        job_id: str,
        routine_id: str,
        output_type: str,
        data: dict[str, Any],
        timestamp: datetime | None = None,
    ) -> None:
        self.callback(job_id, routine_id, output_type, data, timestamp or datetime.now())


class NullOutputHandler(OutputHandler):
    """Drops every output."""

    def handle(
        self,
        job_id: str,
        routine_id: str,
        output_type: str,
        data: dict[str, Any],
        timestamp: datetime | None = None,
    ) -> None:
        """Take the output and do nothing with it. As `OutputHandler.handle`."""
