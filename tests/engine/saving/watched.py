"""A process that loads a document and reports the audit events of the interpreter meanwhile.

Its audit hook notes everything but what loading needs; hooks cannot be removed, so this is a process of its own.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from routilux import Flow, JobState
from tests.engine.saving.fuzzing import FUZZ
from tests.engine.saving.hostile import DEEP, deep, mutations
from tests.engine.saving.samples import flow_plain, job_plain, resumable_flow

HARMLESS = {"object.__getattr__", "builtins.id", "sys._getframe", "time.sleep"}
"""Events that are no danger by themselves."""
WHILE_RUNNING = ("os.", "subprocess.", "shutil.", "socket.", "ctypes.", "pty.", "builtins.input", "pickle.", "marshal.")
"""Prefixes of the audit events recorded while loaded code runs, when Python itself opens and imports files."""

Plain = dict[str, Any]


class Watch:
    """The audit hook. `loading`: everything is noted."""

    def __init__(self) -> None:
        self.loading = self.running = False
        self.events: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if event in HARMLESS:
            return
        if self.loading or (self.running and event.startswith(WHILE_RUNNING)):
            self.events.append(f"{event} {args[1:2]!r:.100} {args[:1]!r:.200}")

    def load(self, load: Callable[[], object], go_on: Callable[[], object]) -> Plain:
        """Load, and go on when that was possible; a `ValueError` is expected, and part of the report."""
        error: list[str] | None = None
        self.events.clear()
        began = time.process_time()
        try:
            self.loading = True
            load()
            self.loading, self.running = False, True
            go_on()
        except Exception as raised:
            self.loading = False
            text = str(raised)
            error = [type(raised).__name__, text[:2000], f"{len(text)}"]
        finally:
            self.loading = self.running = False
        return {"error": error, "seconds": time.process_time() - began, "events": list(self.events)}


def load_file(watch: Watch, path: str) -> Plain:
    return watch.load(lambda: JobState.load(path), lambda: None)


def load_job(watch: Watch, plain: Any) -> Plain:
    """Load a job, go on with it where that is possible, and save it."""
    job, flow = JobState(), resumable_flow()

    def go_on() -> None:
        json.dumps(job.serialize())
        flow.resume(job)
        if job.status != "pending":
            assert JobState.wait_for_completion(flow, job, 10.0), "it hangs"
        json.dumps(job.serialize())

    report = watch.load(lambda: job.deserialize(plain), go_on)
    flow.shutdown(wait=False)
    return report


def load_flow(watch: Watch, plain: Any) -> Plain:
    """Load a flow, save it, and run it when it still has its entry."""
    flow = Flow()

    def go_on() -> None:
        json.dumps(flow.serialize())
        if "a" in flow.routines:
            job = flow.start("a", {"data": 7}, timeout=5.0)
            assert JobState.wait_for_completion(flow, job, 10.0), "it hangs"

    report = watch.load(lambda: flow.deserialize(plain), go_on)
    flow.shutdown(wait=False)
    return report


LOADS = {"job": load_job, "flow": load_flow}
SAMPLES = {"job": job_plain, "flow": flow_plain}


def reports(watch: Watch, request: Plain) -> Iterator[Plain]:
    """One report for a file or a document; one for each mutation of a sample."""
    match request:
        case {"file": path}:
            yield load_file(watch, path)
        case {"job": plain}:
            yield load_job(watch, plain)
        case {"flow": plain}:
            yield load_flow(watch, plain)
        case {"deep": "flow"}:
            plain = flow_plain()
            plain["routines"]["b"]["_config"]["deep"] = deep(DEEP)
            yield load_flow(watch, plain)
        case {"deep": "job"}:
            for key in ("shared_data", "routine_states", "metadata", "entry_params"):
                yield load_job(watch, {**job_plain(), key: {"x": {"deep": deep(DEEP)}}})
        case {"mutations": kind}:
            for mutation in mutations(SAMPLES[kind](), 1 if FUZZ else 4):
                change = {"place": mutation.place, "change": mutation.change, "breaks": mutation.breaks}
                yield LOADS[kind](watch, mutation.plain) | change


def peak_kib() -> int:
    """The most memory of this program; on Linux `ru_maxrss` begins with that of the process that started it."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(Path("/proc/self/status").read_text(encoding="ascii").split("VmHWM:")[1].split()[0])


def main() -> None:
    warnings.simplefilter("ignore")  # deferred events that cannot be emitted are warned of
    logging.disable()
    watch = Watch()
    for line in iter(sys.stdin.readline, ""):
        found = list(reports(watch, json.loads(line)))
        print(json.dumps({"reports": found, "peak_kib": peak_kib()}), flush=True)


if __name__ == "__main__":
    main()
