"""Recordings as JSON lines: write segments as lines, and read them back.

>>> from routilux_dashboard.recording import jsonl
>>> list(jsonl.read(jsonl.write([])))
Traceback (most recent call last):
...
ValueError: there is nothing to record: the job has no segment
"""

from __future__ import annotations

from .lines import InvalidRecording
from .read_lines import read
from .write_lines import write

__all__ = ["InvalidRecording", "RecordingRefused", "read", "write"]

RecordingRefused = InvalidRecording
"""The documented name before the class was renamed."""
