"""One side of a comparison: a worker process with its own interpreter, or with another source tree."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent


class Side:
    """A worker process that runs workloads one at a time.

    Args:
        interpreter: the Python that runs it.
        tree: the source tree whose `engine` and `dashboard` it imports; `None` for the installed packages.
        module: where the workloads are.
    """

    def __init__(self, interpreter: Path, tree: Path | None = None, module: str = "benchmarks.workloads") -> None:
        paths = [str(tree / folder) for folder in ("engine", "dashboard")] if tree else []
        self._process = subprocess.Popen(
            [interpreter, "-m", "benchmarks.worker", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def cost(self, workload: str) -> float:
        """Run a workload of `benchmarks.workloads` once: the cost of an event in µs, or in bytes."""
        cost, events = self.answer(workload)
        return float(cost) / float(events) * 1e6

    def figures(self, workload: str) -> dict[str, float]:
        """Run a workload of `benchmarks.dashboard_workloads` once: its figures, by name."""
        figures: dict[str, float] = self.answer(workload)
        return figures

    def answer(self, workload: str) -> Any:
        """Run a workload once and return what it returned."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(workload, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The worker ended in {workload!r}, with exit code {self._process.wait()}")
        return json.loads(line)
