"""A first flow: it counts the words in the files of a folder, and you watch it in the browser.

python examples/first_flow.py [FOLDER]
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from routilux import Flow, JobState, Routine
from routilux_dashboard import Dashboard


class FileLister(Routine):
    """Lists the files of a folder. A flow starts at a routine with a slot named `trigger`."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.list_files)
        self.define_event("file", ["path"])

    def list_files(self, folder: str = ".", **_: object) -> None:
        for path in sorted(Path(folder).iterdir()):
            if path.is_file():
                self.emit("file", path=str(path))


class WordCounter(Routine):
    """Counts the words of one file."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("path", handler=self.count)
        self.define_event("counted", ["path", "words"])

    def count(self, path: str) -> None:
        words = len(Path(path).read_text(encoding="utf-8", errors="replace").split())
        self.emit("counted", path=path, words=words)


class Total(Routine):
    """Adds up. What belongs to a run is kept in its job, for one routine may serve many jobs at once."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("words", handler=self.add)

    def add(self, words: int) -> None:
        context = self.get_execution_context()
        if context is not None:
            with context.job_state.edit_routine_state(context.routine_id) as state:
                state["files"] = state.get("files", 0) + 1
                state["words"] = state.get("words", 0) + words


def make_flow() -> Flow:
    flow = Flow("word-count", execution_strategy="concurrent", max_workers=4)
    flow.add_routine(FileLister(), "lister")
    flow.add_routine(WordCounter(), "counter")
    flow.add_routine(Total(), "total")
    flow.connect("lister", "file", "counter", "path")
    flow.connect("counter", "counted", "total", "words")
    return flow


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).parent)
    flow = make_flow()
    dashboard = Dashboard(flow, port=0).start()  # port 0: any that is free
    job_state = flow.start("lister", {"folder": folder})
    print(f"Dashboard: {dashboard.url_of_job(job_state.job_id)}", flush=True)
    JobState.wait_for_completion(flow, job_state)
    with suppress(KeyboardInterrupt):  # Ctrl-C just before `wait`
        print(f"{job_state.status}: {job_state.get_routine_state('total')}", flush=True)
        dashboard.wait()  # until Ctrl-C: the page stays, and can run the job again


if __name__ == "__main__":
    main()
