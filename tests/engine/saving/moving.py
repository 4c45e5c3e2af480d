"""Takes paused jobs from flow to flow and from process to process until they have ended."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from routilux import Flow, JobState
from tests.engine.parts import DEADLINE


class Helper:
    """A separate process that continues jobs: it receives a flow's and a job's document, and returns the job's.

    It knows only the documents, and the module with the classes of the routines.
    """

    def __init__(self, folder: Path, module: str = "tests.engine.saving.steps") -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.saving.moving", module],
            cwd=Path(__file__).parents[3],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def go_on(self, flow: Flow, job: JobState) -> JobState:
        """Have the job resumed there; the job as it comes to rest there is loaded again."""
        files = {name: str(self._folder / f"{name}.json") for name in ("flow", "job", "back")}
        Path(files["flow"]).write_text(json.dumps(flow.serialize()), encoding="utf-8")
        job.save(files["job"])
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(files) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer == "done\n", f"the other process says {answer!r}"
        return JobState.load(files["back"])

    def end(self) -> None:
        self._process.communicate(timeout=DEADLINE)


def serve(lines: Iterator[str]) -> None:
    """What the other process does."""
    for line in lines:
        files = json.loads(line)
        flow = Flow()
        flow.deserialize(json.loads(Path(files["flow"]).read_text(encoding="utf-8")))
        job = JobState.load(files["job"])
        assert flow.resume(job) is job
        at_rest(flow, job).save(files["back"])
        flow.shutdown()
        print("done", flush=True)


def at_rest(flow: Flow, job: JobState) -> JobState:
    """Wait until the job is over; return it."""
    assert JobState.wait_for_completion(flow, job, DEADLINE), f"{job} does not come to rest"
    return job


def copied(flow: Flow) -> Flow:
    """A new flow, loaded from the document of another."""
    other = Flow()
    other.deserialize(json.loads(json.dumps(flow.serialize())))
    return other


def to_the_end(flow: Flow, job: JobState, moves: Iterator[str], folder: Path, helper: Helper | None) -> dict[str, Any]:
    """Resume the job as often as it is paused, each time moved in the next way; return its document at the end."""
    made = [flow]
    while at_rest(made[-1], job).status == "paused":
        move = next(moves)
        if move == "process":
            assert helper is not None
            job = helper.go_on(made[-1], job)
            continue
        if move == "step":
            take_step(made[-1], job)
            continue
        if move != "stay":
            made.append(copied(made[-1]))
            job = loaded(job, folder, move)
        made[-1].resume(job)
    for one in made[1:]:
        one.shutdown()
    plain: dict[str, Any] = json.loads(json.dumps(job.serialize()))
    return plain


def take_step(flow: Flow, job: JobState) -> None:
    """Let the job take one step; with nothing left for that, it is resumed to complete."""
    if job.control.refusals["step"] is None:
        flow.step(job)
    else:
        flow.resume(job)


def loaded(job: JobState, folder: Path, how: str) -> JobState:
    """The job as another object, by way of a file or of a text."""
    if how == "file":
        job.save(folder / "moved.json")
        return JobState.load(folder / "moved.json")
    other = JobState()
    other.deserialize(json.loads(json.dumps(job.serialize())))
    return other


if __name__ == "__main__":
    __import__(sys.argv[1])
    serve(iter(sys.stdin.readline, ""))
