"""Runs workloads in a process of its own: reads a workload's name a line, answers with its figures as JSON.

`python -m benchmarks.worker MODULE`, where the module has a dict `WORKLOADS`. The tree under test, or the reference,
comes first in `PYTHONPATH` or is installed.
"""

from __future__ import annotations

import gc
import json
import logging
import sys
from importlib import import_module


def main(module: str) -> None:
    """Serve until the input ends."""
    logging.disable()
    workloads = import_module(module).WORKLOADS
    for line in sys.stdin:
        gc.collect()
        print(json.dumps(workloads[line.strip()]()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
