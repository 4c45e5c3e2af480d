"""The delay from an event's record, or a change of status, to the arrival of its frame in a client.

`python -m benchmarks.frame_delay [--seconds N]`. The client is a separate process, as a
browser is. Each kind of delay is measured twice: with an idle server process, and with two handlers in it that burn
processor time.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from benchmarks.live_client import live_client
from routilux import Flow, Routine
from routilux_dashboard import Dashboard

CHANGES = 60
GOALS = {"change of status, idle": "p50 2", "frame, two busy handlers": "p50 35, p99 70"}


class Ticker(Routine):
    """Emits an event every few milliseconds until the job is cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.tick)
        self.define_event("tick", ["i"])

    def tick(self, **_: Any) -> None:
        context = self.get_execution_context()
        assert context is not None
        i = 0
        while not context.cancelled.wait(0.007):
            self.emit("tick", i=i)
            i += 1


class Burner(Routine):
    """Burns processor time in Python until the job is cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.burn)

    def burn(self, **_: Any) -> None:
        context = self.get_execution_context()
        assert context is not None
        while not context.cancelled.is_set():
            sum(i * i for i in range(100))


class Sleeper(Routine):
    """Waits to be cancelled, so that controls are the only changes of its job."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.wait)

    def wait(self, **_: Any) -> None:
        context = self.get_execution_context()
        assert context is not None
        context.cancelled.wait()


def flow_of(routine: Routine, name: str) -> Flow:
    flow = Flow(name, execution_timeout=3600)
    flow.add_routine(routine, "entry")
    return flow


def frames(seconds: float, burners: int) -> list[float]:
    """Delays of events emitted every 7 ms while so many handlers burn processor time."""
    ticker, burner = flow_of(Ticker(), "ticker"), flow_of(Burner(), "burner")
    with Dashboard(ticker, burner, port=0, store="none") as dashboard:
        burning = [burner.start("entry") for _ in range(burners)]
        ticking = ticker.start("entry")
        with live_client(dashboard.url, ticking.job_id) as measured:
            time.sleep(seconds)
        for flow, jobs in ((ticker, [ticking]), (burner, burning)):
            for job_state in jobs:
                flow.cancel(job_state)
    return measured["frames"]


def changes(burners: int) -> list[float]:
    """Delays of controls, one at a time, while the server has nothing else to send."""
    sleeper, burner = flow_of(Sleeper(), "sleeper"), flow_of(Burner(), "burner")
    with Dashboard(sleeper, port=0, store="none") as dashboard:
        burning = [burner.start("entry") for _ in range(burners)]
        job_state = sleeper.start("entry")
        with live_client(dashboard.url, job_state.job_id) as measured:
            for number in range(CHANGES):
                time.sleep(0.12)
                if number % 2:
                    sleeper.resume(job_state)
                else:
                    sleeper.pause(job_state, wait=False)
            time.sleep(0.2)
        sleeper.cancel(job_state)
        for each in burning:
            burner.cancel(each)
    return measured["changes"]


def print_row(name: str, delays: list[float]) -> None:
    """Print one line: percentiles in ms, and the goal if any."""
    ordered = sorted(delay * 1000 for delay in delays)
    p50, p95, p99 = (ordered[min(int(len(ordered) * share), len(ordered) - 1)] for share in (0.5, 0.95, 0.99))
    print(f"{name:32}{len(ordered):>8}{p50:>9.1f}{p95:>9.1f}{p99:>9.1f}   {GOALS.get(name, '')}")


def measure(seconds: float) -> None:
    """Measure everything, with frames for `seconds` each, and print the table."""
    print(f"\n{'delay until arrival, ms':32}{'samples':>8}{'p50':>9}{'p95':>9}{'p99':>9}   goal")
    print_row("change of status, idle", changes(0))
    print_row("change of status, two busy", changes(2))
    print_row("frame, nothing else", frames(seconds, 0))
    print_row("frame, two busy handlers", frames(seconds, 2))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="how long frames are measured (default 10)")
    measure(parser.parse_args().seconds)


if __name__ == "__main__":
    main()
