"""A program that speaks the protocol and sends whatever a test wants."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from routilux_dashboard.forwarding.link import NotConnected, SocketLink
from routilux_dashboard.protocol import Control, FlowDefinition
from routilux_dashboard.protocol.programs import VERSION, Hello
from routilux_dashboard.segments.segment import JobStart, Records, Segment, SegmentFacts, SourceName

FREE = Control(None, None, "", "", None, [], 0, 0, {})
FLOW = FlowDefinition("odd", "1", "sequential", 1, [], [], [])


class Intruder:
    """A link with no honest program behind it."""

    def __init__(self, url: str, **greeting: Any) -> None:
        said: dict[str, Any] = {"version": VERSION, "key": secrets.token_hex(32), "origin": "odd @ nowhere:1"}
        self.link = SocketLink(url, Hello(**{**said, "now_ns": time.time_ns(), **greeting}))

    def send(self, event: str, message: Any) -> None:
        self.link.send(event, message)

    def wait_for(self, event: str) -> Any:
        """The next message of that event."""
        while True:
            found, message = self.link.receive()
            if found == event:
                return message

    def all_until(self, event: str) -> list[tuple[str, Any]]:
        """The messages up to the next of that event."""
        found = [self.link.receive()]
        while found[-1][0] != event:
            found.append(self.link.receive())
        return found

    def ask(self, *job_ids: str) -> Any:
        """What the server has of jobs."""
        self.send("jobs", list(job_ids))
        return self.wait_for("have")

    def send_segments(self, *segments: Segment | bytes) -> None:
        self.send("segments", [each if isinstance(each, bytes) else msgspec.msgpack.encode(each) for each in segments])

    def last_words(self) -> str:
        """Read until the server ends it: the reason that it gives."""
        try:
            while True:
                self.link.receive()
        except NotConnected as error:
            return str(error)


@contextmanager
def intruder(url: str, **greeting: Any) -> Iterator[Intruder]:
    """An intruder that is gone when the block is left."""
    found = Intruder(url, **greeting)
    try:
        yield found
    finally:
        found.link.close()
        found.link.release()


def first_segment(job_id: str, **changed: Any) -> Segment:
    """A job's first segment, as an honest program could send it."""
    now = time.time_ns()
    segment = Segment(
        job_id=job_id,
        n=1,
        at_ns=now,
        after_seq=0,
        seq=3,
        after_run=0,
        facts=SegmentFacts("running", "2026-01-01T00:00:00+00:00", None, FREE),
        beginning=JobStart("odd", "odd @ nowhere:1", "2026-01-01T00:00:00+00:00", None, None),
        flow=FLOW,
        sources=[SourceName(0, "a", "out", "event")],
        records=Records([0] * 3, [now] * 3, [0] * 3, [b"{}"] * 3),
    )
    return msgspec.structs.replace(segment, **changed)
