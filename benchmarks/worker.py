"""Runs workloads in an environment of its own: a name a line comes in, (time, events) as JSON goes out."""

from __future__ import annotations

import gc
import json
import logging
import sys

import workloads  # type: ignore[import-not-found]  # beside this file: run as a script


def main() -> None:
    """Serve until the input ends."""
    logging.disable()
    for line in sys.stdin:
        gc.collect()
        print(json.dumps(workloads.WORKLOADS[line.strip()]()), flush=True)


if __name__ == "__main__":
    main()
