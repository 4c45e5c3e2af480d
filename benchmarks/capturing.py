"""The cost of capturing a job's journal and of playing it back: `python -m benchmarks.capturing [--rounds N]`.

Batches of 5,000 records, as one batch of a busy job has, and their runs, compared with encoding the same payloads with
msgspec and nothing else.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from time import thread_time, time_ns
from typing import Any

import msgspec

from benchmarks.report import interleave, print_table
from routilux import Flow, JobHook, JobState, JournalReader, Routine
from routilux_dashboard.flows.local_flow import LocalFlow
from routilux_dashboard.fold.playback import Playback
from routilux_dashboard.payloads.encoder import PayloadEncoder
from routilux_dashboard.payloads.mask import NO_MASK
from routilux_dashboard.segments.segment import Segment
from routilux_dashboard.sources.capturing import BatchEncoder

ROWS = 50_000
BATCH = 5_000
PAYLOADS: Mapping[str, Callable[[int], dict[str, Any]]] = {
    "{i}": lambda i: {"i": i},
    "{i, text}": lambda i: {"i": i, "text": "some text"},
    "{i, share, name, list, dict}": lambda i: {"i": i, "share": 0.5, "name": "a", "rows": [1, 2], "more": {"b": None}},
}


class Source(Routine):
    """Emits payloads and calls `took` after each batch."""

    def __init__(self, payloads: Iterable[dict[str, Any]], took: Callable[[], object]) -> None:
        super().__init__()
        self.payloads = payloads
        self.took = took
        self.define_slot("trigger", handler=self.run)
        self.define_event("out")

    def run(self) -> None:
        for i, payload in enumerate(self.payloads, 1):
            self.emit("out", **payload)
            if i % BATCH == 0:
                self.took()


class Taker(JobHook):
    """Takes a job's segments and measures the time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.segments: list[Segment] = []

    def job_started(self, job_state: JobState, reader: JournalReader) -> None:
        self.capture = BatchEncoder(job_state, reader, LocalFlow(job_state_flow[job_state.flow_id]), "here")

    def take(self) -> None:
        started = thread_time()
        self.segments += self.capture.take(time_ns())
        self.seconds += thread_time() - started


job_state_flow: dict[str, Flow] = {}


def captured(make: Callable[[int], dict[str, Any]]) -> Taker:
    """Run a job of `ROWS` records and capture it."""
    taker, flow = Taker(), Flow("source")
    job_state_flow["source"] = flow
    flow.add_routine(Source(map(make, range(ROWS)), taker.take), "source")
    flow.add_hook(taker)
    flow.execute("source")
    return taker


def _encoded(payloads: list[dict[str, Any]], encode: Callable[[list[Any]], object]) -> Callable[[], float]:
    def run() -> float:
        started = thread_time()
        for start in range(0, ROWS, BATCH):
            encode(payloads[start : start + BATCH])
        return thread_time() - started

    return run


def _played(segments: list[Segment]) -> Callable[[], float]:
    def run() -> float:
        playback, started = Playback(), thread_time()
        for segment in segments:
            playback.add(segment)
        return thread_time() - started

    return run


def measure(rounds: int) -> None:
    """Print the tables."""
    encoder = msgspec.json.Encoder()
    for name, make in PAYLOADS.items():
        payloads = [make(i) for i in range(ROWS)]
        kinds: dict[str, Callable[[], float]] = {
            "encode_lines alone": _encoded(payloads, encoder.encode_lines),
            "payloads looked at": _encoded(payloads, PayloadEncoder(NO_MASK).encode),
            "captured": lambda make=make: captured(make).seconds,  # type: ignore[misc]
            "played back": _played(captured(make).segments),
        }
        title = f"{ROWS:,} records with {name}, {BATCH:,} at a time (µs a record)"
        print_table(title, interleave(kinds, rounds, ROWS), "encode_lines alone", {})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    measure(parser.parse_args().rounds)
