"""A program that runs one job and sends it to a server: `python -m tests.dashboard.remote.program URL …`.

It prints the job's id when it has started, `ended` and the status when it has, and `sent` when the server has all of
it. Then it ends; with `--stay`, when it is given a line.
"""

from __future__ import annotations

import argparse
import re
import sys
import time

from routilux import Flow, JobState, Routine
from routilux_dashboard import connect
from tests.dashboard.flows import Collector


class Paced(Routine):
    """Emits numbers, at about so many a second."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.run)
        self.define_event("item", ["i"])

    def run(self, count: int, rate: int, hang_at: int = -1) -> None:
        context = self.get_execution_context()
        assert context is not None
        began = time.monotonic()
        for i in range(count):
            if i == hang_at:
                re.match("(a+)+$", "a" * 60 + "b")  # for years, with the interpreter's lock in its hands
            self.emit("item", i=i)
            if i % 100 == 99:
                ahead = i / rate - (time.monotonic() - began)
                if ahead > 0:
                    time.sleep(ahead)
                if context.cancelled.is_set():
                    return


def paced(flow_id: str = "paced") -> Flow:
    """`source.item -> sink.item`."""
    flow = Flow(flow_id)
    flow.add_routine(Paced(), "source")
    flow.add_routine(Collector(), "sink")
    flow.connect("source", "item", "sink", "item")
    return flow


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=1_000_000)
    parser.add_argument("--name", default="tested")
    parser.add_argument("--flow", default="paced")
    parser.add_argument("--hang-at", type=int, default=-1)
    parser.add_argument("--token")
    parser.add_argument("--stay", action="store_true")
    wanted = parser.parse_args()
    flow = paced(wanted.flow)
    with connect(wanted.url, flow, name=wanted.name, token=wanted.token) as connection:
        job = flow.start("source", {"count": wanted.count, "rate": wanted.rate, "hang_at": wanted.hang_at})
        print(job.job_id, flush=True)
        JobState.wait_for_completion(flow, job, timeout=600)
        print("ended", job.status, flush=True)
        print("sent" if connection.flush(60) else "not sent", flush=True)
        if wanted.stay:
            sys.stdin.readline()


if __name__ == "__main__":
    main()
