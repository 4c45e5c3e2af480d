"""The number of examples of a property, multiplied in `make fuzz`."""

from __future__ import annotations

import os

from hypothesis import settings

FUZZ = int(os.environ.get("FUZZ", "0"))


def examples(count: int) -> settings:
    """`count` examples, the same ones each time in CI; with FUZZ=n, n times as many and always others."""
    if not FUZZ:
        return settings(max_examples=count)
    return settings(max_examples=count * FUZZ, derandomize=False, print_blob=True)
