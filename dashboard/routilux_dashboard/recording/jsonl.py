"""A recording as JSON lines: segments in, lines out, and back.

>>> from routilux_dashboard.recording import jsonl
>>> list(jsonl.read(jsonl.write([])))
Traceback (most recent call last):
...
ValueError: there is nothing to record: the job has no segment
"""

from __future__ import annotations

from .reading import read
from .refusal import RecordingRefused
from .writing import write

__all__ = ["RecordingRefused", "read", "write"]
