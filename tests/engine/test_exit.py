"""A program that ends waits for its running jobs first."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import threading, time
from routilux import ErrorHandler, Flow, Routine, carry

class Node(Routine):
    def __init__(self, work):
        super().__init__()
        for slot in ("trigger", "input"):
            self.define_slot(slot, handler=lambda **data: work(self, data))
        self.define_event("out")

def flow_of(*works):
    flow = Flow("exit", {strategy!r}, max_workers=2)
    for number, work in enumerate(works):
        flow.add_routine(Node(work), str(number))
        if number:
            flow.connect(str(number - 1), "out", str(number), "input")
    return flow

begun = threading.Event()

"""

RETRY = """
def fails_once(node, data, calls=[]):
    calls.append(1)
    begun.set()
    if len(calls) == 1:
        raise OSError
    print("done")

flow = flow_of(fails_once)
flow.set_error_handler(ErrorHandler("retry", retry_delay=0.5))
"""

MANY = """
done = []

def many(node, data):
    for number in range(500):
        node.emit("out", number=number)
    begun.set()

def count(node, data):
    time.sleep(0.001)
    done.append(data)
    if len(done) == 500:
        print("done")

flow = flow_of(many, count)
"""

CARRIED = """
def later(node):
    time.sleep(0.3)
    node.emit("out")

def carries(node, data):
    threading.Thread(target=carry(lambda: later(node)), daemon=True).start()
    begun.set()

flow = flow_of(carries, lambda node, data: print("done"))
"""

CARRIED_LATE = """
def call_later(function):
    time.sleep(0.3)
    function()

def carries(node, data):
    send = carry(lambda: node.emit("out"))
    threading.Thread(target=call_later, args=(send,), daemon=True).start()
    begun.set()

flow = flow_of(carries, lambda node, data: print("done"))
"""

RUN = """
flow.start("0")
begun.wait(10)
"""


@pytest.mark.parametrize("strategy", ["sequential", "concurrent"])
@pytest.mark.parametrize(
    "jobs",
    [RETRY, MANY, CARRIED, CARRIED_LATE],
    ids=["retry due", "much queued", "function carried", "carried function called late"],
)
def test_a_job_under_way_is_done_before_the_program_ends(jobs: str, strategy: str) -> None:
    program = PROGRAM.replace("{strategy!r}", repr(strategy)) + jobs + RUN
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


AT_A_CHECKPOINT = """
def copies(node, data):
    ctx = node.get_execution_context()
    while True:
        begun.set()
        ctx.checkpoint()
        ctx.sleep(0.01)

flow = flow_of(copies)
"""

PAUSE = """
job = flow.live_jobs()[0]
flow.pause(job)
print(job.status)
"""


@pytest.mark.parametrize("strategy", ["sequential", "concurrent"])
@pytest.mark.parametrize("jobs", [MANY, AT_A_CHECKPOINT], ids=["much queued", "handler at a checkpoint"])
def test_a_paused_job_does_not_keep_the_program(jobs: str, strategy: str) -> None:
    program = PROGRAM.replace("{strategy!r}", repr(strategy)) + jobs + RUN + PAUSE
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "paused\n", "")


@pytest.mark.parametrize("strategy", ["sequential", "concurrent"])
def test_a_job_that_was_resumed_is_done_before_the_program_ends(strategy: str) -> None:
    resume = PAUSE + "flow.resume(job)\n"
    program = PROGRAM.replace("{strategy!r}", repr(strategy)) + MANY + RUN + resume
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "paused\ndone\n", "")
